package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// follow moves a trade by the state of its offer.
func (a *Agent) follow(ctx context.Context, t trade.Trade, o steam.Offer, now time.Time) (bool, error) {
	c := trade.Change{Offer: o.ID}
	switch o.State {
	case steam.OfferActive:
		return a.followActive(ctx, t, o, now)
	case steam.OfferNeedsConfirmation:
		return a.followUnconfirmed(ctx, t, c, now)
	case steam.OfferAccepted:
		return a.followAccepted(ctx, t, o, now)
	case steam.OfferInEscrow:
		return a.followEscrow(ctx, t, c, now)
	case steam.OfferDeclined, steam.OfferCountered:
		if o.Updated.Sub(o.Created) <= early {
			c.Reason = trade.ReasonEarly
		}
		return a.move(ctx, t, trade.Declined, c, now)
	case steam.OfferExpired:
		return a.move(ctx, t, trade.Expired, c, now)
	case steam.OfferCanceled, steam.OfferCanceledBySecondFactor:
		c.Reason = trade.ReasonElsewhere
		if !t.Deadline.After(now) {
			c.Reason = trade.ReasonDeadline
		}
		if t.State == trade.Escrow {
			c.Reason = trade.ReasonEscrow
		}
		return a.move(ctx, t, trade.Canceled, c, now)
	case steam.OfferInvalid, steam.OfferInvalidItems:
		a.touch(t)
		c.Reason = trade.ReasonItemsGone
		if !t.SentAt.IsZero() && t.Direction == trade.Receive {
			c.Reason = trade.ReasonMoved
		}
		return a.move(ctx, t, trade.Failed, c, now)
	}
	return false, fmt.Errorf("offer %s is in %s, which is not known", o.ID, o.State)
}

// early is how soon after an offer no person has read it and declined: programs
// that have taken over an account do, to put an offer of theirs in its place.
const early = 3 * time.Second

func (a *Agent) followActive(ctx context.Context, t trade.Trade, o steam.Offer, now time.Time) (bool, error) {
	if t.State != trade.Active {
		return a.move(ctx, t, trade.Active, trade.Change{Offer: o.ID}, now)
	}
	if t.Direction == trade.Receive && slices.ContainsFunc(o.Receive, func(it steam.OfferItem) bool { return it.Missing }) {
		return a.withdraw(ctx, t, now) // it went elsewhere, and Steam has not ended the offer yet
	}
	return a.cancelLate(ctx, t, now)
}

func (a *Agent) followUnconfirmed(ctx context.Context, t trade.Trade, c trade.Change, now time.Time) (bool, error) {
	if t.State == trade.Unknown {
		var err error
		if t, err = a.trades.Move(ctx, t, trade.Unconfirmed, c, now); err != nil {
			return false, err
		}
	}
	if !t.Deadline.After(now) {
		return a.cancelLate(ctx, t, now)
	}
	return a.confirm(ctx, t, now)
}

// cancel withdraws an offer on Steam, unless the database was restored and is
// not open yet: then nothing is done there.
func (a *Agent) cancel(ctx context.Context, id steam.OfferID) steam.Outcome {
	if a.restored.Closed() {
		return steam.Outcome{Verdict: steam.Refused, Detail: "the database was restored and is not open yet"}
	}
	return a.client.Cancel(ctx, id)
}

// cancelLate withdraws an offer past its deadline. The trade ends only when
// Steam shows the offer as canceled: an answer that says so has been a lie, and
// the partner could still accept what the merchant has his money back for.
func (a *Agent) cancelLate(ctx context.Context, t trade.Trade, now time.Time) (bool, error) {
	if t.Deadline.After(now) {
		return false, nil
	}
	return a.withdraw(ctx, t, now)
}

func (a *Agent) withdraw(ctx context.Context, t trade.Trade, now time.Time) (bool, error) {
	out := a.cancel(ctx, t.OfferID)
	if out.Verdict != steam.Done {
		a.log.WarnContext(ctx, "offer is not withdrawn yet", "trade", t.ID, "refusal", out.Refusal, "detail", out.Detail)
		return false, nil
	}
	ctx = context.WithoutCancel(ctx)
	o, err := a.client.Offer(ctx, t.OfferID)
	if err != nil || o.State == steam.OfferActive || o.State == steam.OfferNeedsConfirmation {
		return false, err // the next poll looks again
	}
	if o.State == steam.OfferCanceled && t.Deadline.After(now) {
		a.touch(t)
		return a.move(ctx, t, trade.Failed, trade.Change{Offer: o.ID, Reason: trade.ReasonMoved}, now)
	}
	return a.follow(ctx, t, o, now)
}

// followEscrow cancels a held trade: its items would be away for days.
func (a *Agent) followEscrow(ctx context.Context, t trade.Trade, c trade.Change, now time.Time) (bool, error) {
	if t.State != trade.Escrow {
		moved, err := a.move(ctx, t, trade.Escrow, c, now)
		if err != nil || !moved {
			return moved, err
		}
	}
	out := a.cancel(ctx, c.Offer)
	return t.State != trade.Escrow || out.Verdict == steam.Done, nil
}

// followAccepted reads the trade's own record, the only proof of what changed
// hands, and passes it on as the receipt.
func (a *Agent) followAccepted(ctx context.Context, t trade.Trade, o steam.Offer, now time.Time) (bool, error) {
	if o.Trade == "" {
		return false, nil
	}
	r, err := a.client.Trade(ctx, o.Trade)
	if errors.Is(err, steam.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read trade %s: %w", o.Trade, err)
	}
	if r.Partner != t.Partner {
		return false, fmt.Errorf("trade %s is with %s, the order's payer is %s", r.ID, r.Partner, t.Partner)
	}
	a.touch(t)
	switch r.Status {
	case steam.TradeCommitted:
		if slices.ContainsFunc(slices.Concat(r.Given, r.Received), func(it steam.TradeItem) bool { return it.NewID == "" }) {
			return false, nil
		}
		return a.accept(ctx, t, o, r, now)
	case steam.TradeComplete, steam.TradeProtectionRollback:
		return a.accept(ctx, t, o, r, now)
	case steam.TradeFailed, steam.TradeEscrowRollback:
		return a.move(ctx, t, trade.Failed, trade.Change{Offer: o.ID, Reason: trade.ReasonItemsGone}, now)
	}
	return false, nil
}

func (a *Agent) accept(ctx context.Context, t trade.Trade, o steam.Offer, r steam.Trade, now time.Time) (bool, error) {
	settle, err := a.settleAt(ctx, t, r)
	if err != nil {
		return false, err
	}
	c := trade.Change{Offer: o.ID, Receipt: &r, SettleAt: settle}
	switch {
	case r.Status == steam.TradeProtectionRollback:
		return a.moveOn(ctx, t, now, trade.Accepted, trade.Reversed, c)
	case settle.IsZero() && r.Status == steam.TradeCommitted:
		return false, nil // it would be irreversible at once, and is not complete
	case settle.IsZero():
		return a.moveOn(ctx, t, now, trade.Accepted, trade.Settled, c)
	}
	return a.move(ctx, t, trade.Accepted, c, now)
}

// settleAt is when the trade can be taken for irreversible: eight days after
// it, or an hour after the time that Steam names, whichever is later. Zero when
// no item is under protection.
func (a *Agent) settleAt(ctx context.Context, t trade.Trade, r steam.Trade) (time.Time, error) {
	protected := !r.Settlement.IsZero()
	for _, it := range t.Assets {
		p, err := a.fleet.Protected(ctx, it.App)
		if err != nil {
			return time.Time{}, err
		}
		protected = protected || p
	}
	if !protected {
		return time.Time{}, nil
	}
	at := r.Init.Add(Hold)
	if s := r.Settlement.Add(settleMargin); !r.Settlement.IsZero() && s.After(at) {
		at = s
	}
	return at, nil
}
