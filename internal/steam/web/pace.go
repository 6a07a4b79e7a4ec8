package web

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"
)

// Gaps are the least times between two requests of a kind from one outgoing
// address; zero means none. Steam publishes no limits: 10 s between logins, 4 s
// between inventory pages, 10 s between confirmation lists and 0.3 s between
// requests in general are what careful operators keep.
type Gaps struct {
	Login        time.Duration
	Inventory    time.Duration
	Confirmation time.Duration
	Request      time.Duration
	// Penalty is how long no login is tried after Steam refused one for too
	// many attempts or for wrong credentials: new attempts prolong such a ban.
	Penalty time.Duration
}

// Pace is one outgoing address's allowance, and lets one client log in at a
// time. Clients that leave by the same address are given the same Pace. The zero
// Pace never waits.
type Pace struct {
	login, inventory, confirmation, request *rate.Limiter
	penalty                                 time.Duration
	logins                                  gate // held by whoever logs in; nil: nobody waits
}

// NewPace returns a Pace that keeps the gaps, whichever clients share it.
func NewPace(g Gaps) Pace {
	return Pace{
		login: limiter(g.Login), inventory: limiter(g.Inventory),
		confirmation: limiter(g.Confirmation), request: limiter(g.Request),
		penalty: g.Penalty, logins: make(gate, 1),
	}
}

func limiter(gap time.Duration) *rate.Limiter {
	if gap <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Every(gap), 1)
}

// wait returns once every given limiter allows a request, or an error that
// wraps errNotSent.
func wait(ctx context.Context, limiters ...*rate.Limiter) error {
	for _, l := range limiters {
		if l == nil {
			continue
		}
		if err := l.Wait(ctx); err != nil {
			return fmt.Errorf("%w: waiting for the pace: %w", errNotSent, err)
		}
	}
	return nil
}

// gate lets one caller in at a time and gives up with the context. Through a nil
// gate everybody goes.
type gate chan struct{}

func (g gate) enter(ctx context.Context) error {
	// An ended context never enters, even through an open gate.
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", errNotSent, err)
	}
	if g == nil {
		return nil
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: waiting for another call: %w", errNotSent, ctx.Err())
	}
}

func (g gate) leave() {
	if g != nil {
		<-g
	}
}
