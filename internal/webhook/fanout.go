package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/webhook/sqlc"
)

// reader is the name of this room's cursor in the event log.
const reader = "webhook"

// A batch is one write; no project gets all of it.
const (
	batchEvents   = 500
	projectEvents = 100
)

// portion is the next events of one project, and those up to the number to as
// deliveries.
type portion struct {
	from       event.Cursor
	events     []event.Event
	to         int64
	deliveries []Delivery
}

// FanOut turns events that have come since into deliveries, due now, and
// reports whether there were any. Each goes where its project's settings say,
// which are read after the event: a setting in force when something happened
// is never missed. An event that cannot be encoded stops its project there,
// until it can, and nobody else.
func (s *Service) FanOut(ctx context.Context, now time.Time) (bool, error) {
	cursors, err := s.events.Behind(ctx, reader)
	if err != nil {
		return false, err
	}
	var done []portion
	var errs []error
	for left := batchEvents; left > 0 && len(cursors) > 0; { // who is stopped takes no place
		var some []portion
		some, cursors, err = s.unsent(ctx, cursors, left)
		errs = append(errs, err)
		if err := s.merchants.Renew(ctx); err != nil {
			return false, errors.Join(append(errs, err)...)
		}
		for _, p := range some {
			if err := s.encode(ctx, &p); err != nil {
				errs = append(errs, fmt.Errorf("fan out events of project %d: %w", p.from.Project, err))
			}
			if p.to > p.from.Seq {
				done = append(done, p)
				left -= len(p.events)
			}
		}
	}
	if len(done) == 0 {
		return false, errors.Join(errs...)
	}
	if err := s.db.Write(ctx, func(tx *db.Tx) error { return s.storeTx(ctx, tx, done, now) }); err != nil {
		return false, errors.Join(append(errs, fmt.Errorf("fan out events: %w", err))...)
	}
	return true, errors.Join(errs...)
}

// unsent reads the next events of some projects, up to so many, and returns the
// cursors of the rest. What could not be read of one project is an error beside
// the others' events.
func (s *Service) unsent(ctx context.Context, cursors []event.Cursor, left int) (batch []portion, rest []event.Cursor, err error) {
	var errs []error
	for ; left > 0 && len(cursors) > 0; cursors = cursors[1:] {
		from := cursors[0]
		events, err := s.events.Since(ctx, from.Project, from.Seq, min(left, projectEvents))
		if err != nil {
			errs = append(errs, fmt.Errorf("read events of project %d: %w", from.Project, err))
			continue
		}
		p := portion{from: from, events: events, to: from.Seq}
		if len(events) == 0 { // the numbers have jumped, in a restore
			span, err := s.events.Span(ctx, from.Project)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			p.to = max(from.Seq, span.Base)
		}
		batch = append(batch, p)
		left -= len(events)
	}
	return batch, cursors, errors.Join(errs...)
}

// encode makes the deliveries of a portion. After an error it holds what comes
// before the event that caused it.
func (s *Service) encode(ctx context.Context, p *portion) error {
	project, err := s.merchants.Project(ctx, p.from.Project)
	if err != nil {
		return err
	}
	secrets, err := s.merchants.Secrets(ctx, p.from.Project)
	if err != nil {
		return err
	}
	_, keyAt := secrets.Legacy()
	for _, e := range p.events {
		m, ok, err := s.encoder.Encode(ctx, project, secrets, e)
		if err != nil {
			return fmt.Errorf("encode event %s: %w", e.ID, err)
		}
		if ok {
			p.deliveries = append(p.deliveries, Delivery{EventID: e.ID, Project: e.Project, Seq: e.Seq,
				Endpoint: m.Endpoint, Subject: e.Subject, Version: e.Version, URL: m.URL,
				ContentType: m.ContentType, Body: m.Body, keyAt: keyAt})
		}
		p.to = e.Seq
	}
	return nil
}

func (s *Service) storeTx(ctx context.Context, tx *db.Tx, batch []portion, now time.Time) error {
	for _, p := range batch {
		err := s.events.AdvanceTx(ctx, tx, reader, p.from, p.to)
		if errors.Is(err, fault.WrongState) { // another process stores these
			continue
		}
		if err != nil {
			return err
		}
		for _, d := range p.deliveries {
			if err := insert(ctx, tx, d, now); err != nil {
				return fmt.Errorf("event %s: %w", d.EventID, err)
			}
		}
	}
	tx.Wake(Topic)
	return nil
}

// insert stores a delivery and puts it into its lane. What was tried before and
// waits for a retry gives way at once.
func insert(ctx context.Context, tx *db.Tx, d Delivery, now time.Time) error {
	q := sqlc.New(tx)
	n, err := q.InsertDelivery(ctx, sqlc.InsertDeliveryParams{EventID: d.EventID, ProjectID: d.Project, Seq: d.Seq,
		Endpoint: d.Endpoint, Subject: d.Subject, Version: d.Version, Url: d.URL, ContentType: d.ContentType,
		Body: d.Body, KeyAt: db.Micros(d.keyAt), Now: db.Micros(now)})
	if err != nil || n == 0 {
		return err
	}
	lane, err := q.OpenLane(ctx, sqlc.OpenLaneParams{Subject: d.Subject, Endpoint: d.Endpoint, Host: host(d.URL),
		DueAt: db.Micros(now)})
	if err != nil || lane.LeaseUntil != 0 || lane.Fence == 0 { // in flight, or never claimed
		return err
	}
	return supersede(ctx, tx, d, now)
}

// supersede ends what was tried and is not the newest of the lane any more, and
// points the lane to the host of d if d took its place.
func supersede(ctx context.Context, tx *db.Tx, d Delivery, now time.Time) error {
	n, err := dropOlder(ctx, tx, d.Subject, d.Endpoint, db.Micros(now))
	if err != nil || n == 0 {
		return err
	}
	return sqlc.New(tx).MoveLane(ctx, sqlc.MoveLaneParams{Host: host(d.URL), DueAt: db.Micros(now), Subject: d.Subject, Endpoint: d.Endpoint})
}

// host is what the limit of tries in flight is counted by. A URL that cannot
// be read is a host of its own; its tries fail.
func host(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return raw
	}
	return strings.ToLower(u.Host)
}
