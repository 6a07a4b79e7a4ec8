package app

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sealTick is how often what was committed is sealed, checkTick how often the
// books are checked.
const (
	sealTick  = 500 * time.Millisecond
	checkTick = time.Minute
)

// keepBooks seals and checks the books until ctx ends; what is committed by
// then is sealed before it returns. It goes by the wall and does not pause
// while the sandbox walks through time: it moves no money. One process does it,
// the others learn from it whether money may move.
func (g *Gateway) keepBooks(ctx context.Context) {
	checked := g.Wall() // at the start
	for {
		select {
		case <-ctx.Done():
			g.noteBooks(g.sealBooks(context.WithoutCancel(ctx)))
			return
		case <-time.After(sealTick):
		}
		g.noteBooks(caught(func() error { return g.Ledger.Follow(ctx) }))
		g.noteBooks(caught(func() error {
			err := g.sealBooks(ctx)
			if err == nil && g.Wall().Sub(checked) >= checkTick {
				checked = g.Wall()
				_, err = g.Leases.Under(ctx, booksLease, func(ctx context.Context) error {
					_, err := g.Ledger.Check(ctx, g.Wall())
					return errors.Join(err, g.noteDebts(ctx))
				})
			}
			return err
		}))
	}
}

// sealBooks seals all there is, in the process whose work it is.
func (g *Gateway) sealBooks(ctx context.Context) error {
	_, err := g.Leases.Under(ctx, booksLease, func(ctx context.Context) (err error) {
		for more := true; more && err == nil; {
			more, err = g.Ledger.Seal(ctx, g.Wall())
		}
		return err
	})
	return err
}

// noteBooks logs what went wrong, and when money stops or moves again.
func (g *Gateway) noteBooks(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		g.Metrics.stepFailed("books")
		g.Log.Warn("step", "loop", "books", "err", err)
	}
	stopped := g.Ledger.Stopped()
	if stopped == g.stopped {
		return
	}
	if g.stopped = stopped; stopped != "" {
		g.Log.Error("the books are not right: no money moves until skinrail audit finds nothing wrong", "first", stopped)
	} else {
		g.Log.Info("the books are right: money moves again")
	}
}

// checkBooks is the check at the start, before anything is served.
func (g *Gateway) checkBooks(ctx context.Context) error {
	if err := g.Ledger.Follow(ctx); err != nil {
		return err
	}
	_, err := g.Ledger.Check(ctx, g.Wall())
	if err == nil {
		g.noteBooks(nil)
	}
	return err
}

func (g *Gateway) bookFigures(ctx context.Context, _ time.Time, put put) error {
	put("skinrail_money_stopped", one(g.Ledger.Stopped() != ""))
	n, err := g.Ledger.Unsealed(ctx)
	if err != nil {
		return fmt.Errorf("books: %w", err)
	}
	put("skinrail_books_unsealed", float64(n))
	return nil
}
