package app

import (
	"context"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/trade"
	"github.com/skinrail/skinrail/internal/webhook"
)

// overdueFinding is a step that nobody has taken in time (G15). Trades and
// bookings, which carry more, are findings of their own; the other states of
// orders end with their trades.
type overdueFinding struct {
	What   string    `json:"what"`
	Since  time.Time `json:"due"`
	Advice string    `json:"advice"`
}

const noWorker = "does a process with the role worker run, and does its log say why it fails?"

// overdue asks the rooms, the oldest of each.
func overdue(ctx context.Context, d *db.DB, now time.Time) (all []overdueFinding, err error) {
	events := event.New(d)
	notify := webhook.New(webhook.Deps{DB: d, Events: events})
	for _, ask := range []struct {
		what, advice string
		due          func(context.Context) (time.Time, bool, error)
	}{
		{"a payment link ends", noWorker, deposit.New(deposit.Deps{DB: d, Trades: trade.New(d)}).NextDue},
		{"an event becomes a notification", noWorker, notify.Behind},
		{"a notification is tried", noWorker + " or the merchant's endpoint is slow", notify.NextDue},
	} {
		due, any, err := ask.due(ctx)
		if err != nil {
			return nil, err
		}
		if any && now.Sub(due) > trade.MaxLate {
			all = append(all, overdueFinding{ask.what, due, ask.advice})
		}
	}
	rotations, err := merchant.New(d, nil).Rotations(ctx)
	for _, r := range rotations {
		if now.Sub(r.Since) > merchant.MaxRotation {
			all = append(all, overdueFinding{fmt.Sprintf("the old %s secret of project %d ends", r.Purpose, r.Project), r.Since.Add(merchant.MaxRotation),
				fmt.Sprintf("skinrail project rotate %d --purpose %s --finish", r.Project, r.Purpose)})
		}
	}
	if err != nil {
		return nil, err
	}
	more, err := forgotten(ctx, d, now)
	return append(all, more...), err
}

// forgotten is what an operator has switched off for a while and not on again.
// Saying it once more is to mean it: then it may last as long again.
func forgotten(ctx context.Context, d *db.DB, now time.Time) (all []overdueFinding, err error) {
	since, on, err := merchant.New(d, nil).MaintenanceSince(ctx)
	if err != nil {
		return nil, err
	}
	if on && now.Sub(since) > merchant.MaxMaintenance {
		all = append(all, overdueFinding{"maintenance ends", since.Add(merchant.MaxMaintenance), "skinrail maintenance off  (or on, to keep it)"})
	}
	bots, err := fleet.New(d, nil).Bots(ctx)
	for _, b := range bots {
		if _, tooLong := b.OffDuty(now); tooLong > 0 {
			all = append(all, overdueFinding{fmt.Sprintf("bot %s works again: it is %s", b.AccountName, duty(b)), now.Add(-tooLong), again(b) + orKeep(b)})
		}
	}
	return all, err
}

// orKeep is how an operator says that a bot is kept from work on purpose.
func orKeep(b fleet.Bot) string {
	switch {
	case b.Stopped:
		return ""
	case b.Quarantined:
		return "  (or quarantine, to keep it so)"
	}
	return "  (or drain, to keep it so)"
}

// secretFigures tell of rotations that wait for their end.
func (g *Gateway) secretFigures(ctx context.Context, now time.Time, put put) error {
	rotations, err := g.Merchants.Rotations(ctx)
	if err != nil {
		return err
	}
	var oldest time.Duration
	for _, r := range rotations {
		oldest = max(oldest, now.Sub(r.Since))
	}
	put("skinrail_rotations", float64(len(rotations)))
	put("skinrail_rotation_seconds", oldest.Seconds())
	return nil
}
