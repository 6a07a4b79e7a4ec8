package webhook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/webhook/sqlc"
)

// store writes what a try brought: the attempt, the delivery's state and when
// its lane is due next. began is the world's time at which the try began.
func (s *Service) store(ctx context.Context, d Delivery, r result, began time.Time) error {
	now := began.Add(r.took)
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := endLease(ctx, tx, d); err != nil {
			return err
		}
		q := sqlc.New(tx)
		err := q.InsertAttempt(ctx, sqlc.InsertAttemptParams{DeliveryID: d.ID, N: int64(d.Tries) + 1,
			At: db.Micros(began), Took: r.took.Microseconds(), Code: int64(r.code), Error: r.reason})
		if err != nil {
			return err
		}
		o := outcome(d, r, now)
		if err := q.SetOutcome(ctx, o); err != nil {
			return err
		}
		if err := countFailing(ctx, q, d.Project, d.Endpoint, one(o.Failing)-one(d.Failing)); err != nil {
			return err
		}
		if !r.ok() {
			if _, err := dropOlder(ctx, tx, d.Subject, d.Endpoint, db.Micros(now)); err != nil {
				return err
			}
		}
		return moveOn(ctx, tx, d)
	})
	if err != nil {
		return fmt.Errorf("store outcome of delivery %d: %w", d.ID, err)
	}
	return nil
}

// outcome is the delivery's row after a try.
func outcome(d Delivery, r result, now time.Time) sqlc.SetOutcomeParams {
	o := sqlc.SetOutcomeParams{ID: d.ID, Tries: int64(d.Tries) + 1, DueAt: db.Micros(now), LastCode: int64(r.code),
		LastError: r.reason, EndedAt: db.Micros(now)}
	if r.ok() {
		o.State = string(Delivered)
		return o
	}
	o.Failing = true
	wait, again := pause(d.ID, d.Tries-d.replayed+1, r.retryAfter)
	if r.over || !again {
		o.State = string(Failed)
		return o
	}
	o.State, o.EndedAt = string(Pending), 0
	o.DueAt = db.Micros(now.Add(wait))
	return o
}

// release gives a claim back without a try.
func (s *Service) release(ctx context.Context, d Delivery, due time.Time) error {
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := endLease(ctx, tx, d); err != nil {
			return err
		}
		tx.Wake(Topic)
		return sqlc.New(tx).MoveLane(ctx, sqlc.MoveLaneParams{Host: host(d.URL), DueAt: db.Micros(due),
			Subject: d.Subject, Endpoint: d.Endpoint})
	})
	if err != nil {
		return fmt.Errorf("release delivery %d: %w", d.ID, err)
	}
	return nil
}

// endLease ends the claim that d came from, and refuses when somebody has
// claimed the lane since.
func endLease(ctx context.Context, tx *db.Tx, d Delivery) error {
	n, err := sqlc.New(tx).EndLease(ctx, sqlc.EndLeaseParams{Subject: d.Subject, Endpoint: d.Endpoint, Fence: d.fence})
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.WrongState, "the claim of delivery %d has lapsed", d.ID)
	}
	return nil
}

// moveOn points the lane to its next delivery, or removes it when there is
// none. Either way a host has room for one more.
func moveOn(ctx context.Context, tx *db.Tx, d Delivery) error {
	tx.Wake(Topic)
	q := sqlc.New(tx)
	next, err := q.Next(ctx, sqlc.NextParams{Subject: d.Subject, Endpoint: d.Endpoint})
	if errors.Is(err, sql.ErrNoRows) {
		return q.CloseLane(ctx, sqlc.CloseLaneParams{Subject: d.Subject, Endpoint: d.Endpoint})
	}
	if err != nil {
		return err
	}
	return q.MoveLane(ctx, sqlc.MoveLaneParams{Host: host(next.Url), DueAt: next.DueAt, Subject: d.Subject, Endpoint: d.Endpoint})
}
