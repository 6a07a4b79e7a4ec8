package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// heedLate looks into offers that were accepted after their orders had ended:
// they turned up too late to be withdrawn. One whose payer may still pay is
// taken on. By another nothing is booked without a person's word, so he has to
// know; the look at everything, now, keeps it under a name.
func (a *Agent) heedLate(ctx context.Context, live []trade.Trade, sent []steam.Offer, now time.Time) (bool, error) {
	known, moved := map[steam.OfferID]bool{}, false
	for _, o := range sent {
		if o.State != steam.OfferAccepted {
			continue
		}
		if !a.accepted[o.ID] {
			t, err := a.referred(ctx, live, o)
			if err != nil && !errors.Is(err, fault.NotFound) {
				return moved, err
			}
			if err == nil && t.State.Live() && t.OfferID != o.ID {
				continue // it may still become the trade's
			}
			if err == nil && !t.State.Live() && t.OfferID != o.ID {
				did, err := a.late(ctx, t, o, now)
				if moved = moved || did; err != nil {
					return moved, err
				}
			}
		}
		known[o.ID] = true
	}
	a.accepted = known
	return moved, nil
}

func (a *Agent) late(ctx context.Context, t trade.Trade, o steam.Offer, now time.Time) (bool, error) {
	a.lookAt = now
	why, err := a.takeLate(ctx, t, o, now)
	if why != "" && err == nil {
		a.log.ErrorContext(ctx, "an offer was accepted after its order had ended: see skinrail doctor",
			"offer", o.ID, "steam_trade", o.Trade, "trade", t.ID, "owner", t.Owner, "why", why)
	}
	return why == "" && err == nil, err
}

// takeLate makes the trade of a late offer an accepted one, by its receipt, when
// the order's owner takes it; else it returns why not.
func (a *Agent) takeLate(ctx context.Context, t trade.Trade, o steam.Offer, now time.Time) (why string, err error) {
	if o.State != steam.OfferAccepted || o.Trade == "" || !ours(t, o) {
		return fmt.Sprintf("the offer is %s, or not what trade %d wanted", o.State, t.ID), nil
	}
	r, err := a.client.Trade(ctx, o.Trade)
	if err != nil {
		return "", fmt.Errorf("read trade %s: %w", o.Trade, err)
	}
	if r.Status != steam.TradeComplete || r.Partner != t.Partner {
		return fmt.Sprintf("Steam's trade %s is with %s and has the status %d", r.ID, r.Partner, r.Status), nil
	}
	settle, err := a.settleAt(ctx, t, r)
	if err != nil {
		return "", err
	}
	next, err := a.trades.Late(ctx, t, trade.Change{Offer: o.ID, Receipt: &r, SettleAt: settle, Reason: "accepted late"}, now)
	if errors.Is(err, fault.WrongState) {
		return err.Error(), nil
	}
	if err != nil {
		return "", err
	}
	a.log.WarnContext(ctx, "an offer that was accepted late counts", "offer", o.ID, "trade", t.ID, "owner", t.Owner)
	if err = a.drifts.End(ctx, reconcile.OfferLate, string(o.ID), now); err != nil {
		return "", err
	}
	a.touch(t)
	if settle.IsZero() {
		_, err = a.move(ctx, next, trade.Settled, trade.Change{}, now)
	}
	return "", err
}

// followWords takes on the late offers that a person has said count.
func (a *Agent) followWords(ctx context.Context, live []trade.Trade, now time.Time) (bool, error) {
	words, err := a.trades.Words(ctx, a.ID())
	moved := false
	for _, w := range words {
		why, err := a.followWord(ctx, live, w, now)
		if err == nil && why != "" {
			err = a.trades.CannotFollow(ctx, w.Offer, why, now)
		}
		if err != nil {
			return moved, err
		}
		moved, a.lookAt = true, now
	}
	return moved, err
}

func (a *Agent) followWord(ctx context.Context, live []trade.Trade, w trade.Word, now time.Time) (why string, err error) {
	o, err := a.client.Offer(ctx, w.Offer)
	if errors.Is(err, steam.ErrNotFound) {
		return "Steam does not know the offer", nil
	}
	if err != nil {
		return "", fmt.Errorf("read offer %s: %w", w.Offer, err)
	}
	t, err := a.referred(ctx, live, o)
	if errors.Is(err, fault.NotFound) {
		return "no order has the offer's reference", nil
	}
	if err != nil {
		return "", err
	}
	return a.takeLate(ctx, t, o, now)
}
