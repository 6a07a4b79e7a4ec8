package app

import (
	"context"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
)

// Transfer is money that came in from a merchant or goes out to him. Amount is
// decimal text in USD.
type Transfer struct {
	Project           int64
	Amount, Ref, Note string
	By                string // who books it
}

// PayIn books money that a merchant has paid in, or proposes it.
func (p Projects) PayIn(ctx context.Context, t Transfer) error { return p.book(ctx, t, cash.In) }

// PayOut books a payout, or proposes it and sets its money aside.
func (p Projects) PayOut(ctx context.Context, t Transfer) error { return p.book(ctx, t, cash.Out) }

func (p Projects) book(ctx context.Context, t Transfer, d cash.Direction) error {
	amount, err := dollars("amount", t.Amount)
	if err != nil {
		return explain(err)
	}
	return p.with(ctx, nil, func(k *desk) error {
		b, replayed, err := k.cash.Propose(ctx, cash.Proposal{Project: t.Project, Direction: d, Amount: amount,
			Ref: t.Ref, Note: t.Note, By: t.By}, k.now)
		if err != nil {
			return err
		}
		return p.printBooking(ctx, k, b, replayed)
	})
}

// Decision is what the second person says to a proposal.
type Decision struct {
	Booking  int64
	By, Note string
}

// Approve books what somebody else has proposed.
func (p Projects) Approve(ctx context.Context, d Decision) error {
	return p.with(ctx, nil, func(k *desk) error {
		b, err := k.cash.Approve(ctx, d.Booking, d.By, d.Note, k.now)
		if err != nil {
			return missing(err, d.Booking)
		}
		return p.printBooking(ctx, k, b, false)
	})
}

// Reject ends a proposal; a payout's money is available again.
func (p Projects) Reject(ctx context.Context, d Decision) error {
	return p.with(ctx, nil, func(k *desk) error {
		b, err := k.cash.Reject(ctx, d.Booking, d.By, d.Note, k.now)
		if err != nil {
			return missing(err, d.Booking)
		}
		return p.printBooking(ctx, k, b, false)
	})
}

func missing(err error, booking int64) error {
	if code, _ := fault.Of(err); code == fault.NotFound {
		return fault.New(code, "no booking %d; what waits is shown by  skinrail project show PROJECT", booking)
	}
	return err
}

// Limit prints the largest amount that one person may book.
func (p Projects) Limit(ctx context.Context) error {
	return p.with(ctx, nil, func(k *desk) error {
		m, err := k.cash.Limit(ctx)
		if err != nil {
			return err
		}
		return p.printLimit(m)
	})
}

// SetLimit changes the largest amount that one person may book.
func (p Projects) SetLimit(ctx context.Context, text string) error {
	m, err := dollars("limit", text)
	if err != nil {
		return explain(err)
	}
	return p.with(ctx, nil, func(k *desk) error {
		if err := k.cash.SetLimit(ctx, m); err != nil {
			return err
		}
		return p.printLimit(m)
	})
}

func dollars(what, text string) (money.Amount, error) {
	m, err := money.ParseAmount(text)
	if err != nil {
		return 0, wrong("%s %q: want US dollars such as 250 or 99.50, up to three digits after the point", what, text)
	}
	return m, nil
}

func (g *Gateway) cashFigures(ctx context.Context, now time.Time, put put) error {
	waiting, err := g.Cash.Waiting(ctx, 0)
	if err != nil {
		return err
	}
	var oldest time.Duration
	for _, b := range waiting {
		oldest = max(oldest, now.Sub(b.CreatedAt))
	}
	put("skinrail_bookings_waiting", float64(len(waiting)))
	put("skinrail_booking_wait_seconds", oldest.Seconds())
	return nil
}
