package app

import (
	"context"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam/sim"
	"github.com/skinrail/skinrail/internal/world"
)

// clock is the sandbox's control over its world's time.
type clock struct {
	gateway *Gateway
	world   *world.Service
	steam   *sim.Sim
}

// Now is the world's time.
func (c *clock) Now() time.Time { return c.world.Now() }

// Advance brings the world to a later time through every due moment in order,
// the simulated Steam first at each, and returns when all is quiet there.
// Notifications that became due are started, not awaited. A time before now is
// [fault.WrongState].
func (c *clock) Advance(ctx context.Context, to time.Time) error {
	c.gateway.loops.walk.Lock()
	defer c.gateway.loops.walk.Unlock()
	now := c.world.Stop()
	defer c.world.Resume()
	if to.Before(now) {
		return fault.New(fault.WrongState, "the world's clock only goes forward: it is %s", now.Format(time.RFC3339))
	}
	for {
		if err := c.gateway.settle(ctx, now, c.steam.Step); err != nil {
			return err
		}
		if !now.Before(to) {
			return nil
		}
		next, err := c.next(ctx, now, to)
		if err != nil {
			return err
		}
		if err := c.world.Set(ctx, next); err != nil {
			return err
		}
		now = c.world.Now()
	}
}

// next is the earliest due moment after now and not after to. What is overdue
// and did not move, because Steam is made to fail, is tried again in strides.
func (c *clock) next(ctx context.Context, now, to time.Time) (time.Time, error) {
	due, any, err := c.gateway.nextDue(ctx)
	if err != nil {
		return to, err
	}
	if s, ok := c.steam.NextDue(); ok && (!any || s.Before(due)) {
		due, any = s, true
	}
	if any && !due.After(now) {
		due = now.Add(max(time.Minute, to.Sub(now)/64))
	}
	if !any || due.After(to) {
		due = to
	}
	return due, nil
}
