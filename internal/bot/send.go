package bot

import (
	"context"
	"errors"
	"time"

	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// sendPause is how long a send that Steam does not take now is put off.
const sendPause = 10 * time.Second

// readBack is how long to wait before each look for an unclear send: 5 s,
// 15 s, one and five minutes after it.
var readBack = []time.Duration{5 * time.Second, 10 * time.Second, 45 * time.Second, 4 * time.Minute}

// secondLooks is the same for a refusal that is not sure: 5 s and 15 s after it.
var secondLooks = readBack[:2]

// sendWanted starts each wanted trade whose time has come.
func (a *Agent) sendWanted(ctx context.Context, live []trade.Trade, now time.Time) (bool, error) {
	a.free = a.slots
	for _, t := range live {
		if t.State != trade.Wanted {
			a.free--
		}
	}
	moved := false
	for _, t := range live {
		if t.State != trade.Wanted || t.DueAt.After(now) {
			continue
		}
		did, err := a.start(ctx, t, now)
		moved = moved || did
		if err := a.alone(ctx, t, err); err != nil {
			return moved, err
		}
	}
	return moved, nil
}

func (a *Agent) start(ctx context.Context, t trade.Trade, now time.Time) (bool, error) {
	if !t.Deadline.After(now) {
		if t.Tries > 0 && t.Direction == trade.Receive { // what was not found may still turn up, and be accepted
			return a.move(ctx, t, trade.Failed, trade.Change{Reason: trade.ReasonNotMade}, now)
		}
		return a.move(ctx, t, trade.Canceled, trade.Change{Reason: trade.ReasonDeadline}, now)
	}
	if a.apart || a.free <= 0 { // it waits for a slot until its deadline
		return false, nil
	}
	refusal, err := a.preflight(ctx, t)
	if err != nil {
		return false, err
	}
	if refusal != "" {
		return a.move(ctx, t, trade.Failed, trade.Change{Reason: refusal}, now)
	}
	t, err = a.trades.Move(ctx, t, trade.Sending, trade.Change{}, now)
	if err != nil {
		return false, err
	}
	a.free--
	return a.send(ctx, t, now)
}

// preflight asks Steam before each offer whether the partner's trades are
// held: a held deposit is not a deposit.
func (a *Agent) preflight(ctx context.Context, t trade.Trade) (refusal string, err error) {
	held, err := a.client.HoldDurations(ctx, t.Partner, t.Token)
	if errors.Is(err, steam.ErrTradeURL) {
		return string(steam.RefusedTradeURL), nil
	}
	if err != nil {
		return "", err
	}
	if held.Theirs > 0 || held.Both > 0 {
		return string(steam.RefusedPartnerTrade), nil
	}
	return "", nil
}

// send makes the offer and stores what came of it, whatever it is.
func (a *Agent) send(ctx context.Context, t trade.Trade, now time.Time) (bool, error) {
	offer := steam.NewOffer{Partner: t.Partner, Token: t.Token, Message: t.Message()}
	for _, it := range t.Assets {
		if t.Direction == trade.Give {
			offer.Give = append(offer.Give, it.Asset)
		} else {
			offer.Receive = append(offer.Receive, it.Asset)
		}
	}
	out := a.client.Send(ctx, offer)
	ctx = context.WithoutCancel(ctx) // the answer is worth keeping even while stopping
	switch out.Verdict {
	case steam.Done:
		a.learnt = fleet.State{}
		return a.sent(ctx, t, out, now)
	case steam.Refused:
		return a.refused(ctx, t, out.Outcome, now)
	}
	c := trade.Change{Reason: "no clear answer: " + out.Detail, DueAt: now.Add(readBack[0])}
	return a.move(ctx, t, trade.Unknown, c, now)
}

func (a *Agent) sent(ctx context.Context, t trade.Trade, out steam.SendOutcome, now time.Time) (bool, error) {
	if !out.NeedConfirmation {
		return a.move(ctx, t, trade.Active, trade.Change{Offer: out.Offer}, now)
	}
	t, err := a.trades.Move(ctx, t, trade.Unconfirmed, trade.Change{Offer: out.Offer}, now)
	if err != nil {
		return false, err
	}
	_, err = a.confirm(ctx, t, now)
	return true, err
}

// confirm allows the offer. Whatever is not a clear yes is left to the next
// poll, which sees the offer's state.
func (a *Agent) confirm(ctx context.Context, t trade.Trade, now time.Time) (bool, error) {
	if a.apart {
		return false, nil
	}
	out := a.client.Confirm(ctx, t.OfferID)
	if out.Verdict == steam.Done {
		return a.move(context.WithoutCancel(ctx), t, trade.Active, trade.Change{}, now)
	}
	a.log.WarnContext(ctx, "offer is not confirmed yet", "trade", t.ID, "refusal", out.Refusal, "detail", out.Detail)
	a.learn(out, now)
	return false, nil
}

// refused ends a trade that Steam does not want, or puts it off when the cause
// passes by itself. What did not leave for want of a session was not made. Any other refusal is
// believed only after a look: Steam has been seen to refuse what it had made,
// and an offer that stays is accepted by somebody. The list can be late, so one
// that tells no cause of its own is looked at again in [secondLooks].
func (a *Agent) refused(ctx context.Context, t trade.Trade, out steam.Outcome, now time.Time) (bool, error) {
	a.learn(out, now)
	if out.Refusal == steam.RefusedSession && !out.Unsure || out.Refusal == steam.RefusedAcknowledge {
		return a.move(ctx, t, trade.Wanted, trade.Change{Reason: string(out.Refusal), DueAt: now.Add(sendPause)}, now)
	}
	list, err := a.offersOf(ctx, span{t.CreatedAt, t.CreatedAt}, now)
	o, made := find(t, list.Sent)
	if err == nil && !made && !out.Unsure {
		return a.believe(ctx, t, out.Refusal, now)
	}
	t, err = a.trades.Move(ctx, t, trade.Unknown, trade.Change{Reason: string(out.Refusal), DueAt: now.Add(secondLooks[0])}, now)
	if err != nil || !made {
		return err == nil, err
	}
	a.log.WarnContext(ctx, "Steam refused an offer that it has made", "trade", t.ID, "offer", o.ID, "refusal", out.Refusal, "detail", out.Detail)
	return a.follow(ctx, t, o, now)
}

// believe takes a refusal for true: nothing was made.
func (a *Agent) believe(ctx context.Context, t trade.Trade, why steam.Refusal, now time.Time) (bool, error) {
	c := trade.Change{Reason: string(why)}
	if why == steam.RefusedTooManyOffers || why == steam.RefusedRateLimit || why == steam.RefusedSession {
		c.DueAt = now.Add(sendPause)
		return a.move(ctx, t, trade.Wanted, c, now)
	}
	a.touch(t)
	return a.move(ctx, t, trade.Failed, c, now)
}
