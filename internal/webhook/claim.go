package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/webhook/sqlc"
)

const (
	// perHost is how many tries may be in flight to one host, from all
	// processes together.
	perHost = 4
	// slack is how long a claim outlives the longest try: waiting for a worker
	// before it and for the database after it.
	slack = 20 * time.Second
	// apart is how far clocks of processes may be apart.
	apart = 5 * time.Minute
)

// Claim leases up to limit deliveries that are due in the world's time and
// returns them for [Service.Attempt], from all hosts in turn. Each is the next
// of its subject, and no other of that subject is in flight. The leases end
// by the wall clock: what a crashed sender had claimed is claimed again. When
// nothing is due it only reads.
func (s *Service) Claim(ctx context.Context, now, wall time.Time, limit int) ([]Delivery, error) {
	until := wall.Add(s.timeout() + slack)
	c := claim{now: db.Micros(now), wall: db.Micros(wall), until: until, longest: db.Micros(until.Add(apart)), limit: limit}
	due, err := dueLanes(ctx, s.db.Read(), c, 1)
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	if len(due) == 0 || limit <= 0 {
		return nil, nil
	}
	var out []Delivery
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		var err error
		out, err = c.run(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim deliveries: %w", err)
	}
	return out, nil
}

// claim is one call of [Service.Claim]. Times are as they are stored.
type claim struct {
	now, wall, fence int64
	until            time.Time
	longest          int64 // no claim ends after it, but by a clock that was wrong
	limit            int
}

// run takes the turn first: other claims wait until this one is committed.
func (c claim) run(ctx context.Context, tx *db.Tx) ([]Delivery, error) {
	var err error
	if c.fence, err = sqlc.New(tx).Turn(ctx); err != nil {
		return nil, err
	}
	leased := 0
	for leased < c.limit { // each round takes one of each host
		lanes, err := dueLanes(ctx, tx, c, min(c.limit-leased, leaseGroup))
		if err != nil {
			return nil, err
		}
		n, err := c.lease(ctx, tx, lanes)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		leased += n
	}
	return c.deliveries(ctx, tx, leased)
}

// lease takes lanes and returns how many it got: one may just have been
// changed.
func (c claim) lease(ctx context.Context, tx *db.Tx, lanes []dueLane) (int, error) {
	if len(lanes) == 0 {
		return 0, nil
	}
	n, err := leaseLanes(tx, c, lanes)
	if err != nil {
		return 0, err
	}
	for _, l := range lanes {
		if !l.lapsed {
			continue
		}
		// A crashed sender did not look whether something newer had come.
		q := sqlc.New(tx)
		lane, err := q.Lane(ctx, l.id)
		if err != nil {
			return 0, err
		}
		if _, err = dropOlder(ctx, tx, lane.Subject, lane.Endpoint, c.now); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// deliveries returns what is next in the leased lanes. An empty lane is
// removed.
func (c claim) deliveries(ctx context.Context, tx *db.Tx, leased int) ([]Delivery, error) {
	if leased == 0 {
		return nil, nil
	}
	q := sqlc.New(tx)
	rows, err := q.Claimed(ctx, c.fence)
	if err != nil {
		return nil, err
	}
	if len(rows) < leased {
		if err := q.CloseEmpty(ctx, c.fence); err != nil {
			return nil, err
		}
	}
	out := fromRows(rows)
	for i := range out {
		out[i].fence, out[i].leasedUntil = c.fence, c.until
	}
	return out, nil
}
