package webhook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/webhook/sqlc"
)

// replayBatch is how many deliveries one write puts back.
const replayBatch = 500

// Find returns a delivery of a project; [fault.NotFound] when it has none with
// that id.
func (s *Service) Find(ctx context.Context, project, id int64) (Delivery, error) {
	return find(ctx, s.db.Read(), project, id)
}

func find(ctx context.Context, q db.Querier, project, id int64) (Delivery, error) {
	r, err := sqlc.New(q).Find(ctx, sqlc.FindParams{ID: id, ProjectID: project})
	if errors.Is(err, sql.ErrNoRows) {
		return Delivery{}, fault.New(fault.NotFound, "no delivery %d", id)
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("delivery %d: %w", id, err)
	}
	return fromRow(r), nil
}

// List returns up to limit deliveries of a project with ids below before,
// newest first; before 0 starts at the newest.
func (s *Service) List(ctx context.Context, project, before int64, limit int) ([]Delivery, error) {
	rows, err := sqlc.New(s.db.Read()).Deliveries(ctx, sqlc.DeliveriesParams{ProjectID: project, Before: upper(before),
		AtMost: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("deliveries of project %d: %w", project, err)
	}
	return fromRows(rows), nil
}

// OfSubject returns all deliveries about a subject, oldest first.
func (s *Service) OfSubject(ctx context.Context, subject string) ([]Delivery, error) {
	rows, err := sqlc.New(s.db.Read()).OfSubject(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("deliveries about %s: %w", subject, err)
	}
	return fromRows(rows), nil
}

// Undelivered returns up to limit deliveries of an endpoint that had a failed
// try and are neither delivered nor superseded, ids below before, newest
// first, and how many there are in all. before 0 starts at the newest.
func (s *Service) Undelivered(ctx context.Context, project int64, endpoint string, before int64, limit int) ([]Delivery, int64, error) {
	q := sqlc.New(s.db.Read())
	rows, err := q.Undelivered(ctx, sqlc.UndeliveredParams{ProjectID: project, Endpoint: endpoint, Before: upper(before),
		AtMost: int32(limit)})
	if err != nil {
		return nil, 0, fmt.Errorf("undelivered of project %d: %w", project, err)
	}
	total, err := q.CountUndelivered(ctx, sqlc.CountUndeliveredParams{ProjectID: project, Endpoint: endpoint})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, 0, fmt.Errorf("undelivered of project %d: %w", project, err)
	}
	return fromRows(rows), total, nil
}

// Attempts returns the tries of a delivery, oldest first.
func (s *Service) Attempts(ctx context.Context, delivery int64) ([]Attempt, error) {
	rows, err := sqlc.New(s.db.Read()).Attempts(ctx, delivery)
	if err != nil {
		return nil, fmt.Errorf("attempts of delivery %d: %w", delivery, err)
	}
	out := make([]Attempt, 0, len(rows))
	for _, r := range rows {
		out = append(out, Attempt{N: int(r.N), At: db.Time(r.At), Took: time.Duration(r.Took) * time.Microsecond,
			Code: int(r.Code), Error: r.Error})
	}
	return out, nil
}

// Replay makes a failed or delivered delivery due now, with all its tries
// before it. It returns [fault.NotFound], or [fault.WrongState] when it is
// pending or was superseded.
func (s *Service) Replay(ctx context.Context, project, id int64, now time.Time) error {
	return s.db.Write(ctx, func(tx *db.Tx) error { return s.ReplayTx(ctx, tx, project, id, now) })
}

// ReplayTx is [Service.Replay] inside a write.
func (s *Service) ReplayTx(ctx context.Context, tx *db.Tx, project, id int64, now time.Time) error {
	d, err := find(ctx, tx, project, id)
	if err != nil {
		return err
	}
	q := sqlc.New(tx)
	if _, err := q.OpenLane(ctx, sqlc.OpenLaneParams{Subject: d.Subject, Endpoint: d.Endpoint, Host: host(d.URL),
		DueAt: db.Micros(now)}); err != nil {
		return fmt.Errorf("replay delivery %d: %w", id, err)
	}
	n, err := q.PutBack(ctx, sqlc.PutBackParams{ID: id, DueAt: db.Micros(now)})
	if err != nil {
		return fmt.Errorf("replay delivery %d: %w", id, err)
	}
	if n == 0 {
		return fault.New(fault.WrongState, "delivery %d is not failed or delivered", id)
	}
	tx.Wake(Topic)
	return nil
}

// ReplayFailed replays the failed deliveries of a project whose events came
// at since or later and before until, and returns how many.
func (s *Service) ReplayFailed(ctx context.Context, project int64, since, until, now time.Time) (int, error) {
	for total := 0; ; {
		ids, err := sqlc.New(s.db.Read()).FailedBetween(ctx, sqlc.FailedBetweenParams{ProjectID: project,
			Since: db.Micros(since), Until: db.Micros(until), AtMost: replayBatch})
		if err != nil {
			return total, fmt.Errorf("replay failed of project %d: %w", project, err)
		}
		n, err := s.replayAll(ctx, project, ids, now)
		total += n
		if err != nil || len(ids) < replayBatch {
			return total, err
		}
	}
}

func (s *Service) replayAll(ctx context.Context, project int64, ids []int64, now time.Time) (int, error) {
	var n int
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		n = 0
		for _, id := range ids {
			err := s.ReplayTx(ctx, tx, project, id, now)
			if errors.Is(err, fault.WrongState) { // somebody was faster
				continue
			}
			if err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func upper(before int64) int64 {
	if before <= 0 {
		return math.MaxInt64
	}
	return before
}
