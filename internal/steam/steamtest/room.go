package steamtest

import (
	"slices"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// room is one promise's world with short forms of what the promises need.
type room struct {
	*testing.T
	Fixture
	bot steam.Client
}

// must stops the test on an error of a read.
func (r *room) must(what string, err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
}

func (r *room) inventory(owner steam.ID64, app steam.AppID, context string) []steam.Item {
	r.Helper()
	items, err := r.bot.Inventory(r.Context(), owner, app, context)
	r.must("inventory", err)
	return items
}

// asset is the n-th item of an account's main inventory.
func (r *room) asset(owner steam.ID64, app steam.AppID, n int) steam.Asset {
	r.Helper()
	items := r.inventory(owner, app, steam.ContextMain)
	if len(items) <= n {
		r.Fatalf("account %s has %d items of app %d; the promise needs %d", owner, len(items), app, n+1)
	}
	return items[n].Asset
}

// ask sends an offer for one of the partner's items.
func (r *room) ask(message string, want ...steam.Asset) steam.OfferID {
	r.Helper()
	out := r.bot.Send(r.Context(), steam.NewOffer{Partner: r.Partner, Token: r.PartnerToken, Message: message, Receive: want})
	if out.Verdict != steam.Done || out.NeedConfirmation {
		r.Fatalf("send: %+v; want done without a confirmation", out)
	}
	return out.Offer
}

func (r *room) offer(id steam.OfferID) steam.Offer {
	r.Helper()
	o, err := r.bot.Offer(r.Context(), id)
	r.must("offer", err)
	return o
}

func (r *room) wantState(id steam.OfferID, want steam.OfferState) steam.Offer {
	r.Helper()
	o := r.offer(id)
	if o.State != want {
		r.Fatalf("offer %s is %s; want %s", id, o.State, want)
	}
	return o
}

// trade is the record of an accepted offer.
func (r *room) trade(id steam.OfferID) steam.Trade {
	r.Helper()
	o := r.wantState(id, steam.OfferAccepted)
	if o.Trade == "" {
		r.Fatalf("accepted offer %s names no trade", id)
	}
	t, err := r.bot.Trade(r.Context(), o.Trade)
	r.must("trade", err)
	return t
}

// find looks for a sent offer as one does after an unclear answer: by message,
// partner and exactly the same assets.
func (r *room) find(message string, since time.Time, receive []steam.Asset) (steam.Offer, bool) {
	r.Helper()
	list, err := r.bot.Offers(r.Context(), since)
	r.must("offers", err)
	for _, o := range list.Sent {
		if o.Message == message && o.Partner == r.Partner && slices.Equal(assetsOf(o.Receive), receive) {
			return o, true
		}
	}
	return steam.Offer{}, false
}

func assetsOf(items []steam.OfferItem) []steam.Asset {
	out := make([]steam.Asset, 0, len(items))
	for _, it := range items {
		out = append(out, it.Asset)
	}
	return out
}

func has(items []steam.Item, asset string) (steam.Item, bool) {
	i := slices.IndexFunc(items, func(it steam.Item) bool { return it.ID == asset })
	if i < 0 {
		return steam.Item{}, false
	}
	return items[i], true
}
