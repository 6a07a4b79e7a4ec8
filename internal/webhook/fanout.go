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

// portion is the next events of one project as deliveries.
type portion struct {
	from       event.Cursor
	to         int64
	deliveries []Delivery
}

// FanOut turns events that have come since into deliveries, due now, and
// reports whether there were any. An event that cannot be encoded stops its
// project there, until it can, and nobody else.
func (s *Service) FanOut(ctx context.Context, now time.Time) (bool, error) {
	cursors, err := s.events.Behind(ctx, reader)
	if err != nil {
		return false, err
	}
	var batch []portion
	var errs []error
	for left := batchEvents; left > 0 && len(cursors) > 0; cursors = cursors[1:] {
		p, err := s.encode(ctx, cursors[0], min(left, projectEvents))
		if err != nil {
			errs = append(errs, fmt.Errorf("fan out events of project %d: %w", p.from.Project, err))
		}
		if p.to > p.from.Seq {
			batch = append(batch, p)
			left -= int(p.to - p.from.Seq)
		}
	}
	if len(batch) == 0 {
		return false, errors.Join(errs...)
	}
	if err := s.db.Write(ctx, func(tx *db.Tx) error { return s.storeTx(ctx, tx, batch, now) }); err != nil {
		return false, errors.Join(append(errs, fmt.Errorf("fan out events: %w", err))...)
	}
	return true, errors.Join(errs...)
}

// encode makes the deliveries of up to limit events after a cursor. With an
// error the portion holds what comes before the event that caused it.
func (s *Service) encode(ctx context.Context, from event.Cursor, limit int) (portion, error) {
	p := portion{from: from, to: from.Seq}
	project, err := s.merchants.Project(ctx, from.Project)
	if err != nil {
		return p, err
	}
	secrets, err := s.merchants.Secrets(ctx, from.Project)
	if err != nil {
		return p, err
	}
	events, err := s.events.Since(ctx, from.Project, from.Seq, limit)
	if err != nil {
		return p, err
	}
	_, keyAt := secrets.Legacy()
	for _, e := range events {
		m, ok, err := s.encoder.Encode(ctx, project, secrets, e)
		if err != nil {
			return p, fmt.Errorf("encode event %s: %w", e.ID, err)
		}
		if ok {
			p.deliveries = append(p.deliveries, Delivery{EventID: e.ID, Project: e.Project, Seq: e.Seq,
				Endpoint: m.Endpoint, Subject: e.Subject, Version: e.Version, URL: m.URL,
				ContentType: m.ContentType, Body: m.Body, keyAt: keyAt})
		}
		p.to = e.Seq
	}
	return p, nil
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
