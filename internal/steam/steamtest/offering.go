package steamtest

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

func receiving(r *room) {
	want := []steam.Asset{r.asset(r.Partner, r.Protected, 0), r.asset(r.Partner, r.Protected, 1)}
	start := r.Now()
	id := r.ask("reference R-1", want...)
	o := r.wantState(id, steam.OfferActive)
	if !o.Ours || o.Partner != r.Partner || o.Message != "reference R-1" || !slices.Equal(assetsOf(o.Receive), want) || len(o.Give) != 0 {
		r.Errorf("offer = %+v", o)
	}
	if o.Created.Before(start.Truncate(time.Second)) || o.Created.After(r.Now()) || !o.Expires.Equal(o.Created.Add(14*24*time.Hour)) {
		r.Errorf("offer made %s, expires %s; now is %s", o.Created, o.Expires, r.Now())
	}
	list, err := r.bot.Offers(r.Context(), time.Time{})
	r.must("offers", err)
	if len(list.Sent) != 1 || list.Sent[0].ID != id || len(list.Received) != 0 {
		r.Errorf("active offers = %+v; want the one", list)
	}
	for _, unknown := range []steam.OfferID{"1", "99999999999999999999"} {
		if _, err := r.bot.Offer(r.Context(), unknown); !errors.Is(err, steam.ErrNotFound) {
			r.Errorf("offer %s: %v; want ErrNotFound", unknown, err)
		}
	}
}

func manyOffers(r *room) {
	r.FewOffers(2)
	want := map[steam.OfferID]bool{}
	for n := range 5 {
		want[r.ask("one of five", r.asset(r.Partner, r.Protected, n))] = true
	}
	for _, since := range []time.Time{{}, r.Now().Add(-time.Hour)} {
		list, err := r.bot.Offers(r.Context(), since)
		r.must("offers", err)
		seen := map[steam.OfferID]bool{}
		for _, o := range list.Sent {
			seen[o.ID] = true
		}
		if len(list.Sent) != 5 || !maps.Equal(seen, want) {
			r.Errorf("%d offers since %s, %v; want %v", len(list.Sent), since, seen, want)
		}
	}
}

func giving(r *room) {
	item := r.asset(r.Bot, r.Protected, 0)
	out := r.bot.Send(r.Context(), steam.NewOffer{Partner: r.Partner, Token: r.PartnerToken, Message: "reference G-1", Give: []steam.Asset{item}})
	if out.Verdict != steam.Done || !out.NeedConfirmation {
		r.Fatalf("send = %+v", out)
	}
	if o := r.wantState(out.Offer, steam.OfferNeedsConfirmation); !slices.Equal(assetsOf(o.Give), []steam.Asset{item}) {
		r.Errorf("offer gives %+v", o.Give)
	}
	if c := r.bot.Confirm(r.Context(), out.Offer); c.Verdict != steam.Done {
		r.Fatalf("confirm = %+v", c)
	}
	r.wantState(out.Offer, steam.OfferActive)
	if c := r.bot.Confirm(r.Context(), out.Offer); c.Verdict != steam.Unknown {
		r.Errorf("confirm again = %+v; want unknown: not in the list", c)
	}
	r.wantState(out.Offer, steam.OfferActive)
	r.Accept(out.Offer)
	if t := r.trade(out.Offer); len(t.Given) != 1 || t.Given[0].Asset != item || len(t.Received) != 0 {
		r.Errorf("trade = %+v", t)
	}
}

func cancelling(r *room) {
	active := r.ask("reference C-1", r.asset(r.Partner, r.Protected, 0))
	waiting := r.bot.Send(r.Context(), steam.NewOffer{
		Partner: r.Partner, Token: r.PartnerToken, Message: "reference C-2", Give: []steam.Asset{r.asset(r.Bot, r.Protected, 0)},
	})
	since := r.Now().Add(-time.Minute)
	for _, id := range []steam.OfferID{active, waiting.Offer} {
		if out := r.bot.Cancel(r.Context(), id); out.Verdict != steam.Done {
			r.Fatalf("cancel = %+v", out)
		}
		r.wantState(id, steam.OfferCanceled)
		if out := r.bot.Cancel(r.Context(), id); out.Verdict != steam.Refused || out.Refusal != steam.RefusedState {
			r.Errorf("cancel again = %+v; want refused for its state", out)
		}
	}
	list, err := r.bot.Offers(r.Context(), time.Time{})
	r.must("offers", err)
	recent, err := r.bot.Offers(r.Context(), since)
	r.must("offers", err)
	if len(list.Sent) != 0 || len(recent.Sent) != 2 {
		r.Errorf("%d active and %d recent offers; want 0 and 2", len(list.Sent), len(recent.Sent))
	}
}

func declining(r *room) {
	id := r.ask("reference D-1", r.asset(r.Partner, r.Protected, 0))
	r.Decline(id)
	if o := r.wantState(id, steam.OfferDeclined); o.Trade != "" {
		r.Errorf("declined offer names trade %s", o.Trade)
	}
}

func refusals(r *room) {
	item := r.asset(r.Partner, r.Protected, 0)
	try := func(what string, want steam.Refusal, change func(*steam.NewOffer)) {
		r.Helper()
		o := steam.NewOffer{Partner: r.Partner, Token: r.PartnerToken, Message: what, Receive: []steam.Asset{item}}
		change(&o)
		if out := r.bot.Send(r.Context(), o); out.Verdict != steam.Refused || out.Refusal != want || out.Detail == "" {
			r.Errorf("%s: send = %+v; want refused as %s", what, out, want)
		}
	}
	try("wrong token", steam.RefusedTradeURL, func(o *steam.NewOffer) { o.Token = "wr0ngTok" })
	try("no such item", steam.RefusedItemsGone, func(o *steam.NewOffer) { o.Receive[0].ID = "999999999" })
	try("a banned partner", steam.RefusedPartnerTrade, func(o *steam.NewOffer) { o.Partner, o.Token = r.Banned, r.BannedToken })
	for range 5 {
		r.ask("one of five", item)
	}
	try("a sixth open offer", steam.RefusedTooManyOffers, func(*steam.NewOffer) {})
	list, err := r.bot.Offers(r.Context(), r.Now().Add(-time.Hour))
	r.must("offers", err)
	if len(list.Sent) != 5 {
		r.Errorf("%d offers; want the five that were taken", len(list.Sent))
	}
}

func lostAnswers(r *room) {
	want := []steam.Asset{r.asset(r.Partner, r.Protected, 0)}
	since := r.Now().Add(-time.Minute)
	r.LoseAnswer(Send)
	out := r.bot.Send(r.Context(), steam.NewOffer{Partner: r.Partner, Token: r.PartnerToken, Message: "reference L-1", Receive: want})
	if out.Verdict != steam.Unknown {
		r.Fatalf("send = %+v; want unknown", out)
	}
	found, ok := r.find("reference L-1", since, want)
	if !ok || found.State != steam.OfferActive {
		r.Fatalf("the offer is not found by its message: %+v", found)
	}
	list, err := r.bot.Offers(r.Context(), since)
	r.must("offers", err)
	if len(list.Sent) != 1 {
		r.Errorf("%d offers; want one: a send must not be repeated", len(list.Sent))
	}
	r.LoseAnswer(Cancel)
	if out := r.bot.Cancel(r.Context(), found.ID); out.Verdict != steam.Unknown {
		r.Errorf("cancel = %+v; want unknown", out)
	}
	r.wantState(found.ID, steam.OfferCanceled)

	gift := r.bot.Send(r.Context(), steam.NewOffer{
		Partner: r.Partner, Token: r.PartnerToken, Message: "reference L-2", Give: []steam.Asset{r.asset(r.Bot, r.Protected, 0)},
	})
	r.LoseAnswer(Confirm)
	if out := r.bot.Confirm(r.Context(), gift.Offer); out.Verdict != steam.Unknown {
		r.Errorf("confirm = %+v; want unknown", out)
	}
	r.wantState(gift.Offer, steam.OfferActive)
}

func lostRequests(r *room) {
	want := []steam.Asset{r.asset(r.Partner, r.Protected, 0)}
	since := r.Now().Add(-time.Minute)
	r.LoseRequest(Send)
	out := r.bot.Send(r.Context(), steam.NewOffer{Partner: r.Partner, Token: r.PartnerToken, Message: "reference L-3", Receive: want})
	if out.Verdict != steam.Unknown {
		r.Fatalf("send = %+v; want unknown", out)
	}
	if o, ok := r.find("reference L-3", since, want); ok {
		r.Errorf("offer %s exists although nothing arrived", o.ID)
	}
	id := r.ask("reference L-4", want...)
	r.LoseRequest(Cancel)
	if out := r.bot.Cancel(r.Context(), id); out.Verdict != steam.Unknown {
		r.Errorf("cancel = %+v; want unknown", out)
	}
	r.wantState(id, steam.OfferActive)
}

func listing(r *room) {
	r.FewLists(2)
	for range 2 {
		_, err := r.bot.Confirmations(r.Context())
		r.must("confirmations", err)
	}
	gift := r.bot.Send(r.Context(), steam.NewOffer{
		Partner: r.Partner, Token: r.PartnerToken, Message: "reference C-9", Give: []steam.Asset{r.asset(r.Bot, r.Protected, 0)},
	})
	if out := r.bot.Confirm(r.Context(), gift.Offer); out.Verdict != steam.Refused || out.Refusal != steam.RefusedRateLimit {
		r.Errorf("confirm = %+v; want refused for the rate", out)
	}
	if _, err := r.bot.Confirmations(r.Context()); err == nil {
		r.Error("a third list in a minute")
	}
	r.wantState(gift.Offer, steam.OfferNeedsConfirmation)
	r.Advance(time.Minute)
	if out := r.bot.Confirm(r.Context(), gift.Offer); out.Verdict != steam.Done {
		r.Errorf("a minute later: %+v", out)
	}
}

func acknowledging(r *room) {
	for range 2 {
		if out := r.bot.Acknowledge(r.Context()); out.Verdict != steam.Done {
			r.Errorf("acknowledge = %+v", out)
		}
	}
}
