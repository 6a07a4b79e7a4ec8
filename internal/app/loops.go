package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/lease"
	"github.com/skinrail/skinrail/internal/webhook"
)

// loops owns the goroutines that call the rooms' steps.
type loops struct {
	// walk is held for reading by every step, and for writing while the sandbox
	// walks through time: then nothing else moves.
	walk sync.RWMutex
	wg   sync.WaitGroup
}

// step does one round of work and reports whether there may be more.
type step func(ctx context.Context) (bool, error)

// sourceTick is how often price sources are looked at; each has its own pace.
const sourceTick = 5 * time.Second

// listTick is how often the market's lists are looked after.
const listTick = 400 * time.Millisecond

// leaseTick is how often this process says that it lives, and looks for work
// that is nobody's and for bots that were added.
const leaseTick = time.Second

// maxPause bounds how long a loop that fails waits before it tries again.
const maxPause = 10 * time.Second

// loop calls work at once, then when woken, at least every tick, and again at
// once while it finds something. Failures back off with jitter.
func (g *Gateway) loop(ctx context.Context, name string, tick time.Duration, wake <-chan struct{}, work step) {
	g.loops.wg.Go(func() {
		defer g.DB.Unsubscribe(wake) // bots come and go
		pause := time.Duration(0)
		for {
			select {
			case <-ctx.Done():
				return
			case <-wake:
			case <-time.After(pause):
			}
			pause = tick
			for more := true; more && ctx.Err() == nil; {
				var err error
				if more, err = g.guarded(ctx, work); err != nil && ctx.Err() == nil {
					g.Metrics.stepFailed(name)
					g.Log.Warn("step", "loop", name, "err", err)
					pause = min(maxPause, 2*pause) + rand.N(tick)
					more = false
				}
			}
		}
	})
}

func (g *Gateway) guarded(ctx context.Context, work step) (more bool, err error) {
	g.loops.walk.RLock()
	defer g.loops.walk.RUnlock()
	err = caught(func() (err error) {
		more, err = work(ctx)
		return err
	})
	return more, err
}

// caught is work whose panic is an error like any other: what is odd about one
// bot or one notification does not end the process that serves all others. What
// it was in the middle of is undone, or unclear as after a failed write.
func caught(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return work()
}

// Run starts the loops of this process's roles; they end with ctx. Wait returns
// after the last.
func (g *Gateway) Run(ctx context.Context) {
	g.loop(ctx, "beat", leaseTick, nil, g.steady("beat", func(ctx context.Context) error {
		return errors.Join(g.Leases.Beat(ctx), g.DB.SyncClock(ctx))
	}))
	g.loop(ctx, "leases", leaseTick, g.DB.Subscribe(lease.Topic), g.steady("leases", func(ctx context.Context) error {
		err := g.Hire(ctx)
		g.work(ctx)
		return err
	}))
	g.loop(ctx, "prices", time.Second, nil, func(ctx context.Context) (bool, error) { return false, g.Pricing.Follow(ctx) })
	if g.Roles.has(RoleAPI) {
		g.loop(ctx, "lists", listTick, nil, func(ctx context.Context) (bool, error) {
			return false, errors.Join(g.Market.Refresh(ctx, g.Now()), g.API.Prepare(ctx))
		})
	}
	g.loops.wg.Go(func() { g.keepBooks(ctx) })
	if g.Roles.has(RoleWorker) {
		g.runJobs(ctx)
		g.deliver(ctx)
	}
	if g.Roles.has(RoleSocket) {
		events := g.DB.Subscribe(event.Topic) // not a step: sockets only read, also while the sandbox walks through time
		g.loops.wg.Go(func() { g.Sockets.Run(ctx, events) })
	}
}

// runJobs starts what time and events ask for. One process at a time does each.
func (g *Gateway) runJobs(ctx context.Context) {
	g.job(ctx, restoredLease, time.Second, nil, g.reopen)
	g.job(ctx, linksLease, time.Second, nil, g.expire)
	g.job(ctx, eventsLease, time.Second, g.DB.Subscribe(event.Topic), func(ctx context.Context) (bool, error) {
		return g.Webhooks.FanOut(ctx, g.Now())
	})
	g.job(ctx, keysLease, time.Hour, nil, func(ctx context.Context) (bool, error) { return false, g.API.Prune(ctx, g.Wall()) })
	if g.Sources != "" {
		g.job(ctx, sourcesLease, sourceTick, nil, func(ctx context.Context) (bool, error) {
			_, err := g.Pricing.Refresh(ctx, g.Now())
			return false, err
		})
	}
}

// expire ends deposits that nobody has paid for. In a restored database that is
// closed it waits: they may have been paid for after the backup.
func (g *Gateway) expire(ctx context.Context) (bool, error) {
	if g.closed(ctx) {
		return false, nil
	}
	return g.Deposits.Expire(ctx, g.Now())
}

// closeSockets says goodbye to all sockets, after the loops have ended. Who does
// not answer in time is cut off, which is no failure.
func (g *Gateway) closeSockets() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := g.Sockets.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// Wait returns after all loops have ended and what they worked on is free for
// others.
func (g *Gateway) Wait() error {
	g.loops.wg.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	return errors.Join(g.Leases.Close(ctx), g.sign.drop())
}

// maxInFlight is how many notifications are being sent at the same time. A host
// never has more than a few of these places, so it takes many hanging hosts to
// hold them all.
const maxInFlight = 512

// deliver claims due notifications and sends each in a goroutine of its own: a
// slow endpoint keeps a place, never the loop.
func (g *Gateway) deliver(ctx context.Context) {
	places := make(chan struct{}, maxInFlight)
	ended := make(chan struct{}, 1)
	wake := merge(ctx, g.DB.Subscribe(webhook.Topic), ended)
	g.loop(ctx, "webhooks", 500*time.Millisecond, wake, func(ctx context.Context) (bool, error) {
		free := maxInFlight - len(places)
		if free == 0 || g.closed(ctx) {
			return false, nil
		}
		claimed, err := g.Webhooks.Claim(ctx, g.Now(), g.Wall(), free)
		for _, d := range claimed {
			places <- struct{}{}
			g.loops.wg.Go(func() {
				defer func() {
					<-places
					select {
					case ended <- struct{}{}:
					default:
					}
				}()
				err := caught(func() error { return g.Webhooks.Attempt(context.WithoutCancel(ctx), d, g.Now(), g.Wall()) })
				if err != nil {
					g.Log.Warn("delivery", "delivery", d.ID, "err", err)
				}
			})
		}
		return len(claimed) > 0, err
	})
}

// merge wakes on either channel.
func merge(ctx context.Context, a, b <-chan struct{}) <-chan struct{} {
	out := make(chan struct{}, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-a:
			case <-b:
			}
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	return out
}

// settle repeats every room's and every bot's step at one moment until nothing
// moves any more. The caller holds the walk.
func (g *Gateway) settle(ctx context.Context, now time.Time, outside func(time.Time) bool) error {
	for range 200 {
		moved := outside(now)
		for _, a := range g.Agents {
			did, err := g.step(ctx, a, now)
			if err != nil && ctx.Err() != nil {
				return err
			}
			moved = moved || did
		}
		if _, err := g.reopen(ctx); err != nil {
			return err
		}
		did, err := g.expire(ctx)
		if err != nil {
			return err
		}
		more, err := g.Webhooks.FanOut(ctx, now)
		if err != nil {
			return err
		}
		if !moved && !did && !more {
			return nil
		}
	}
	return errors.New("the world did not come to rest")
}

// nextDue is the earliest moment at which time itself asks a room for a step.
func (g *Gateway) nextDue(ctx context.Context) (time.Time, bool, error) {
	t, any, err := g.Trades.NextDue(ctx)
	if err != nil {
		return time.Time{}, false, err
	}
	d, more, err := g.Deposits.NextDue(ctx)
	if more && (!any || d.Before(t)) {
		t = d
	}
	return t, any || more, err
}
