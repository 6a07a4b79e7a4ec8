package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// Shown is Steam's view of a bot: its sent offers that are open or were updated
// since From, those it was sent, what it is asked to confirm, its trades since
// From, and what it holds of the games read.
type Shown struct {
	From          time.Time
	Offers        []steam.Offer
	Received      []steam.Offer
	Confirmations []steam.Confirmation
	Trades        []steam.Trade
	Items         map[steam.AppID][]steam.Item
}

// Kept is our view: trades that are live or have ended since From, and what is
// listed of the same games.
type Kept struct {
	Trades []trade.Trade
	Items  map[steam.AppID][]fleet.Held
}

// Drift is one difference. Subject tells it from others of its kind: an offer,
// a trade of Steam's or an item.
type Drift struct {
	Kind    Kind
	Subject string
	Detail  string
}

// Compare names every difference between two views of one bot.
func Compare(k Kept, s Shown) []Drift {
	c := comparison{late: map[steam.TradeID]bool{}}
	c.offers(k, s)
	c.trades(k, s)
	for app := range s.Items {
		c.items(k.Items[app], s.Items[app])
	}
	return c.found
}

// Covered tells of which differences two views would show whether they stand: all
// about what is now, and what happened to the offers and trades that are in one
// of them.
func Covered(k Kept, s Shown) func(Drift) bool {
	in := map[string]bool{}
	for _, t := range k.Trades {
		in[string(t.OfferID)], in[string(t.SteamTrade)] = true, true
	}
	for _, o := range s.Offers {
		in[string(o.ID)] = true
	}
	for _, t := range s.Trades {
		in[string(t.ID)] = true
	}
	return func(d Drift) bool { return !d.Kind.past() || in[d.Subject] }
}

type comparison struct {
	found []Drift
	late  map[steam.TradeID]bool // of offers that were accepted after their orders had ended
}

func (c *comparison) add(k Kind, subject, format string, args ...any) {
	c.found = append(c.found, Drift{k, subject, fmt.Sprintf(format, args...)})
}

func (c *comparison) offers(k Kept, s Shown) {
	shown := map[steam.OfferID]steam.Offer{}
	for _, o := range s.Offers {
		shown[o.ID] = o
	}
	ours, references := map[steam.OfferID]bool{}, map[string]trade.Trade{}
	for _, t := range k.Trades {
		references[t.Reference] = t
		if t.OfferID == "" {
			continue
		}
		ours[t.OfferID] = true
		if o, ok := shown[t.OfferID]; ok {
			c.offer(t, o)
		} else if pending(t.State) || t.CreatedAt.After(s.From) {
			c.add(OfferMissing, string(t.OfferID), "order %s is %s", t.Owner, t.State)
		}
	}
	for _, o := range s.Offers {
		if ours[o.ID] || !standing(o.State) {
			continue
		}
		t, known := references[trade.ReferenceIn(o.Message)]
		switch {
		case !known:
			c.add(OfferUnknown, string(o.ID), "%s, with %s, %d items given, %d received", o.State, o.Partner, len(o.Give), len(o.Receive))
		case !t.State.Live() && t.AcceptedAt.IsZero() && o.State == steam.OfferAccepted:
			c.late[o.Trade] = true
			c.add(OfferLate, string(o.ID), "trade %s, of order %s, which is %s", o.Trade, t.Owner, t.State)
		case t.OfferID != "" || !t.State.Live():
			c.add(OfferTwin, string(o.ID), "%s, of order %s, whose offer is %q", o.State, t.Owner, t.OfferID)
		default:
			ours[o.ID] = true // of a send whose answer is not known yet
		}
	}
	for _, o := range s.Received {
		if o.State == steam.OfferActive {
			c.add(OfferReceived, string(o.ID), "from %s, %d items asked for, %d given", o.Partner, len(o.Give), len(o.Receive))
		}
	}
	for _, conf := range s.Confirmations {
		if !ours[conf.Offer] {
			c.add(ConfUnknown, conf.ID, "of type %d, offer %q", conf.Type, conf.Offer)
		}
	}
}

// pending is a trade whose offer waits for somebody.
func pending(s trade.State) bool {
	return s == trade.Unconfirmed || s == trade.Active || s == trade.Escrow
}

// standing is an offer that can still, or did, move items.
func standing(s steam.OfferState) bool {
	switch s {
	case steam.OfferActive, steam.OfferNeedsConfirmation, steam.OfferInEscrow, steam.OfferAccepted:
		return true
	}
	return false
}

// ends are the states of an offer that a state of a trade may stand beside; a
// trade that is not here has no offer yet.
var ends = map[trade.State][]steam.OfferState{
	trade.Unconfirmed: {steam.OfferNeedsConfirmation, steam.OfferActive},
	trade.Active:      {steam.OfferActive},
	trade.Escrow:      {steam.OfferInEscrow},
	trade.Accepted:    {steam.OfferAccepted},
	trade.Review:      {steam.OfferAccepted},
	trade.Settled:     {steam.OfferAccepted},
	trade.Reversed:    {steam.OfferAccepted},
	trade.Declined:    {steam.OfferDeclined, steam.OfferCountered},
	trade.Canceled:    {steam.OfferCanceled, steam.OfferCanceledBySecondFactor, steam.OfferInvalidItems, steam.OfferExpired},
	trade.Expired:     {steam.OfferExpired},
	trade.Failed: {steam.OfferInvalid, steam.OfferInvalidItems, steam.OfferAccepted, steam.OfferCanceled,
		steam.OfferCanceledBySecondFactor, steam.OfferExpired, steam.OfferDeclined, steam.OfferCountered},
}

func (c *comparison) offer(t trade.Trade, o steam.Offer) {
	id := string(o.ID)
	if o.Partner != t.Partner {
		c.add(OfferPartner, id, "with %s, order %s is with %s", o.Partner, t.Owner, t.Partner)
	}
	if !strings.HasPrefix(o.Message, t.Reference) {
		c.add(OfferMessage, id, "order %s has the reference %s", t.Owner, t.Reference)
	}
	mine, other := o.Receive, o.Give
	if t.Direction == trade.Give {
		mine, other = o.Give, o.Receive
	}
	if !sameOffered(t.Assets, mine) || len(other) > 0 {
		c.add(OfferItems, id, "%d items, %d the other way; order %s has %d", len(mine), len(other), t.Owner, len(t.Assets))
	}
	if fit, any := ends[t.State]; !any || slices.Contains(fit, o.State) {
		return
	}
	if !t.State.Live() && o.State != steam.OfferAccepted && standing(o.State) {
		c.add(OfferOpen, id, "%s, order %s is %s", o.State, t.Owner, t.State)
		return
	}
	c.add(OfferState, id, "%s, order %s is %s", o.State, t.Owner, t.State)
}

func sameOffered(ours []trade.Asset, shown []steam.OfferItem) bool {
	if len(shown) == 0 { // Steam leaves out items that are gone
		return true
	}
	want := map[steam.Asset]bool{}
	for _, a := range ours {
		want[a.Asset] = true
	}
	for _, it := range shown {
		if !want[it.Asset] {
			return false
		}
	}
	return len(shown) == len(ours)
}
