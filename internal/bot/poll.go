package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// backdate is how far Steam may backdate a change of an offer.
const backdate = 30 * time.Minute

// idlePoll is how often offers are listed while no trade waits for one. A bot
// that Steam stops serving shows it within a minute, also without work.
const idlePoll = 45 * time.Second

// waryFor is how long offers are listed in each step after a send was taken for
// not made: should its offer turn up all the same, the partner can accept it.
const waryFor = 5 * time.Minute

// pollOffers reads the bot's offers once and moves every trade that they tell
// something about.
func (a *Agent) pollOffers(ctx context.Context, live []trade.Trade, now time.Time) (bool, error) {
	from, any := waiting(live)
	if !any && now.Sub(a.listed) < idlePoll && !a.wary.After(now) {
		return false, nil
	}
	if !any {
		from = span{a.steamNow(now), a.steamNow(now)}
	}
	list, err := a.offersOf(ctx, from, now)
	if err != nil {
		return false, fmt.Errorf("list offers: %w", err)
	}
	a.listed = now
	moved, err := a.cancelStrays(ctx, live, list.Sent, now)
	if err != nil {
		return moved, err
	}
	late, err := a.heedLate(ctx, live, list.Sent, now)
	if moved = moved || late; err != nil {
		return moved, err
	}
	for _, t := range live {
		did, err := a.look(ctx, t, list.Sent, now)
		moved = moved || did
		if err := a.alone(ctx, t, err); err != nil {
			return moved, err
		}
	}
	return moved, nil
}

// span is when trades were written down, by our clock.
type span struct{ oldest, newest time.Time }

// waiting is the span of the trades whose offers may still move.
func waiting(live []trade.Trade) (s span, any bool) {
	for _, t := range live {
		switch t.State {
		case trade.Unknown, trade.Unconfirmed, trade.Active, trade.Escrow:
			if !any || t.CreatedAt.Before(s.oldest) {
				s.oldest = t.CreatedAt
			}
			if !any || t.CreatedAt.After(s.newest) {
				s.newest = t.CreatedAt
			}
			any = true
		}
	}
	return s, any
}

// offersOf lists the offers of trades. What was written down by a clock ahead of
// Steam's was made at a time that nobody knows: everything is asked for then,
// also when only the answer shows it.
func (a *Agent) offersOf(ctx context.Context, s span, now time.Time) (steam.OfferList, error) {
	ahead := func() bool { return s.newest.After(a.steamNow(now).Add(backdate)) }
	if !ahead() {
		list, err := a.client.Offers(ctx, s.oldest.Add(-backdate))
		if err != nil || !ahead() {
			return list, err
		}
	}
	return a.client.Offers(ctx, time.Unix(1, 0)) // 0 would mean no ended ones
}

// steamNow is the earlier of our time and Steam's, by the last answer.
func (a *Agent) steamNow(now time.Time) time.Time {
	a.readClock(now)
	return now.Add(min(a.skew, 0))
}

// look moves one trade by what the list says about it.
func (a *Agent) look(ctx context.Context, t trade.Trade, sent []steam.Offer, now time.Time) (bool, error) {
	switch t.State {
	case trade.Unknown:
		if o, ok := find(t, sent); ok {
			return a.follow(ctx, t, o, now)
		}
		return a.missed(ctx, t, now)
	case trade.Unconfirmed, trade.Active, trade.Escrow:
		o, err := a.own(ctx, t, sent)
		if err != nil {
			return false, err
		}
		return a.follow(ctx, t, o, now)
	}
	return false, nil
}

// own is the offer of a trade as it is now. When that one is over and a twin
// was accepted in its place, the twin is it: of two with the same items only
// one can be.
func (a *Agent) own(ctx context.Context, t trade.Trade, sent []steam.Offer) (steam.Offer, error) {
	i := slices.IndexFunc(sent, func(o steam.Offer) bool { return o.ID == t.OfferID })
	var o steam.Offer
	if i >= 0 {
		o = sent[i]
	} else {
		var err error
		if o, err = a.client.Offer(ctx, t.OfferID); err != nil { // lists leave offers out at times
			return o, fmt.Errorf("read offer %s: %w", t.OfferID, err)
		}
	}
	if o.State == steam.OfferActive || o.State == steam.OfferNeedsConfirmation || o.State == steam.OfferAccepted {
		return o, nil
	}
	for _, twin := range sent {
		if (twin.State == steam.OfferAccepted || twin.State == steam.OfferInEscrow) && ours(t, twin) {
			a.log.WarnContext(ctx, "a twin was accepted", "trade", t.ID, "offer", o.ID, "twin", twin.ID)
			return twin, nil
		}
	}
	return o, nil
}

// find looks for the offer of an unclear send: partner, message and exactly
// the same assets. Of two, the accepted one is ours, else the older; the other
// is a stray.
func find(t trade.Trade, sent []steam.Offer) (steam.Offer, bool) {
	var best steam.Offer
	found := false
	for _, o := range sent {
		if !ours(t, o) {
			continue
		}
		if o.State == steam.OfferAccepted {
			return o, true
		}
		if !found || o.Created.Before(best.Created) || (o.Created.Equal(best.Created) && o.ID < best.ID) {
			best, found = o, true
		}
	}
	return best, found
}

// ours reports whether an offer is one that a trade wanted.
func ours(t trade.Trade, o steam.Offer) bool {
	return o.Partner == t.Partner && strings.HasPrefix(o.Message, t.Reference) && sameAssets(t, o)
}

func sameAssets(t trade.Trade, o steam.Offer) bool {
	items, other := o.Receive, o.Give
	if t.Direction == trade.Give {
		items, other = o.Give, o.Receive
	}
	if len(items) != len(t.Assets) || len(other) != 0 {
		return false
	}
	want := map[steam.Asset]bool{}
	for _, it := range t.Assets {
		want[it.Asset] = true
	}
	for _, it := range items {
		if !want[it.Asset] {
			return false
		}
	}
	return true
}

// missed counts a read-back that found nothing. An offer can appear late, so
// the trade is sent anew only after all the read-backs, five minutes after the
// first send; past its deadline it ends, because nothing was made that could be
// accepted. What Steam has refused is believed after fewer. Should the first
// offer still turn up, cancelStrays withdraws it.
func (a *Agent) missed(ctx context.Context, t trade.Trade, now time.Time) (bool, error) {
	if t.DueAt.After(now) {
		return false, nil
	}
	pauses, why := readBack, steam.Refusal(t.Problem)
	refused := why.Known()
	if refused {
		pauses = secondLooks
	}
	if n := int(t.Misses) + 1; n < len(pauses) {
		_, err := a.trades.Missed(ctx, t, now.Add(pauses[n]))
		return false, err
	}
	a.wary = now.Add(waryFor)
	switch {
	case refused:
		return a.believe(ctx, t, why, now)
	case t.Deadline.After(now):
		return a.move(ctx, t, trade.Wanted, trade.Change{Reason: "not found on Steam", DueAt: now}, now)
	}
	return a.move(ctx, t, trade.Failed, trade.Change{Reason: trade.ReasonNotMade}, now)
}

// cancelStrays withdraws offers that carry the reference of one of our trades
// without being its offer: the twin of a send that was repeated, or one that
// appeared after its order had ended. Offers without an intent are left alone.
func (a *Agent) cancelStrays(ctx context.Context, live []trade.Trade, sent []steam.Offer, now time.Time) (bool, error) {
	canceled := false
	for _, o := range sent {
		if o.State != steam.OfferActive && o.State != steam.OfferNeedsConfirmation {
			continue
		}
		t, err := a.referred(ctx, live, o)
		if errors.Is(err, fault.NotFound) {
			if !a.strange[o.ID] { // told by a look at everything, now
				a.log.WarnContext(ctx, "offer without an intent", "offer", o.ID)
				a.strange[o.ID], a.lookAt = true, now
			}
			continue
		}
		if err != nil {
			return canceled, err
		}
		if t.OfferID == o.ID || (t.OfferID == "" && t.State.Live()) {
			continue
		}
		a.log.WarnContext(ctx, "withdraw stray offer", "offer", o.ID, "trade", t.ID)
		canceled = a.cancel(ctx, o.ID).Verdict == steam.Done || canceled
	}
	return canceled, nil
}

// referred is the trade whose reference stands in an offer's message.
func (a *Agent) referred(ctx context.Context, live []trade.Trade, o steam.Offer) (trade.Trade, error) {
	reference := trade.ReferenceIn(o.Message)
	for _, t := range live {
		if t.Reference == reference {
			return t, nil
		}
	}
	return a.trades.ByReference(ctx, reference)
}
