package pay_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/pay"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// The whole way by forms and links alone: no script runs in these tests.
func TestPayerGoesTheWholeWayWithoutScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.open(func(r *deposit.Request) { r.Currency, r.MinAmount = "usd", "20" })
	b := w.browser()
	p := b.get("/pay/" + d.Hash + "/?hash=" + d.Hash)
	p.wants(http.StatusOK)
	p.reads("merchant", "Example <i>shop</i>")
	p.reads("limits", "at least $20.00")

	p = b.signIn(p, payer.String())
	p.reads("payer", "Casual <b>Carl</b>")
	p = b.to(b.submit(p, "trade-url-submit", url.Values{"trade_url": {community + "/tradeoffer/new/?partner=39734473&token=" + token}}))
	if got := w.find(d.Hash); got.TradeToken != token || !got.SignedIn {
		t.Fatalf("payer %v, token %q", got.SteamID, got.TradeToken)
	}
	if n := len(p.all("item")); n != 6 {
		t.Fatalf("%d items are shown", n)
	}
	p = b.submit(p, "review", url.Values{"item": {"1001"}})
	p.wants(http.StatusOK)
	p.reads("review-total", "$21.35")
	p.reads("credit", "$23.49")
	p = b.to(b.submit(p, "send", nil))
	p.reads("status", "Your offer is being made")

	tr := w.traded(d.Hash, trade.Change{}, trade.Sending, trade.Active)
	p = b.get("/pay/" + d.Hash)
	p.reads("code", tr.Reference)
	p.reads("bot", "Dragonfly")
	p.reads("bot-level", "14")
	p.reads("bot-joined", "3 March 2019")
	p.reads("countdown", "1:00:00")
	if link := attr(p.one("offer-link"), "href"); link != community+"/tradeoffer/6100000001/" {
		t.Errorf("the offer is linked as %q", link)
	}

	w.traded(d.Hash, w.received(tr), trade.Accepted)
	p = b.get("/pay?hash=" + d.Hash)
	p.reads("result", "Steam holds traded items for 7 days; nothing more to do")
	p.reads("until", "1 December 2026, 12:00 UTC")
	p.reads("return", "shop.example")
	w.advance(193 * time.Hour)
	w.traded(d.Hash, trade.Change{}, trade.Settled)
	p = b.get("/pay/" + d.Hash + "/")
	if p.reads("result", "Your payment is complete"); attr(p.one("result"), "data-status") != "success" {
		t.Error("a credited deposit is not shown as success")
	}
}

// signIn goes to Steam, is somebody there, and comes back.
func (b *browser) signIn(p answer, id string) answer {
	b.t.Helper()
	return b.to(b.back(b.submit(p, "signin", nil), url.Values{"claimed": {id}, "nonce": {"2026-11-23T12:00:00Zabc" + id}}))
}

// back follows Steam's return address with what Steam says.
func (b *browser) back(sent answer, says url.Values) answer {
	b.t.Helper()
	sent.wants(http.StatusSeeOther)
	at, err := url.Parse(sent.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(at.String(), community+"/openid/login?") {
		b.t.Fatalf("sent to %q", at)
	}
	to, err := url.Parse(at.Query().Get("return_to"))
	if err != nil {
		b.t.Fatal(err)
	}
	q := to.Query()
	for k, v := range says {
		q[k] = v
	}
	q.Set("openid.return_to", to.String())
	to.RawQuery = q.Encode()
	return b.get(to.String())
}

func TestPrefilledPayerSeesItemsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	p := w.browser().get("/pay/" + d.Hash + "/")
	p.wants(http.StatusOK)
	p.reads("payer", payer.String())
	p.reads("limits", "Items worth $12.50 to $60.00")
	var disabled int
	for _, card := range p.all("item") {
		if attr(card, "data-asset") == "" {
			t.Error("an item without an asset id")
		}
		if strings.Contains(text(card), "Cannot be traded now") || strings.Contains(text(card), "No price for it") {
			disabled++
		}
	}
	if disabled != 2 {
		t.Errorf("%d items are disabled with a reason", disabled)
	}
}

func TestAnotherAccountCanBeChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	p := b.get("/pay/" + d.Hash + "/?show=account")
	p.one("keep-account")
	if p = b.to(b.submit(p, "forget", nil)); len(p.all("payer")) != 0 {
		t.Error("the account is still shown")
	}
	b.signIn(p, stranger.String())
	if got := w.find(d.Hash); got.SteamID != stranger || got.TradeToken != "" {
		t.Errorf("payer %v with token %q", got.SteamID, got.TradeToken)
	}
}

func TestGamesHaveTabsAndTheFirstWithItemsIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.open(func(r *deposit.Request) { r.SteamID, r.TradeToken, r.PriorityGame = payer, token, "dota2" })
	b := w.browser()
	b.get("/pay/"+d.Hash+"/").reads("count", "6 items")
	p := b.get("/pay/" + d.Hash + "/?game=rust")
	p.reads("item", "Tempered AK47")
	p.reads("item", "$9.99")
	b.get("/pay/" + d.Hash + "/?game=tf2").one("empty")
}

// A game that is not traded here cannot be paid with, however it is asked for.
func TestOnlyTradedGamesCanBePaidWith(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, func(d *pay.Deps) { d.Games = []steam.AppID{steam.CS2, steam.Dota2} })
	d := w.open(func(r *deposit.Request) { r.SteamID, r.TradeToken, r.PriorityGame = payer, token, "rust" })
	b := w.browser()
	for _, query := range []string{"", "?game=rust", "?game=252490", "?game=tf2", "?game=dota2"} {
		p := b.get("/pay/" + d.Hash + "/" + query)
		if got := text(p.one("tabs")); strings.Contains(got, "Rust") || strings.Contains(got, "TF2") || !strings.Contains(got, "Dota 2") {
			t.Errorf("%s: tabs %q", query, got)
		}
	}
	w.valve.set(func(s *valve) {
		if slices.Contains(s.asked, steam.Rust) || slices.Contains(s.asked, steam.TF2) {
			t.Errorf("Steam was asked for %v", s.asked)
		}
	})
}

func TestChoiceThatCannotBeSentComesBackWithASentence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	p := b.get("/pay/" + d.Hash + "/")
	for _, c := range []struct {
		name   string
		items  []string
		says   string
		status int
	}{
		{"nothing", nil, "Choose at least one item", 400},
		{"too little", []string{"1003"}, "needs at least $12.50", 400},
		{"not there", []string{"5555"}, "not there any more", 400},
		{"untradable", []string{"1001", "1005"}, "not there any more", 400},
		{"twice", []string{"1001", "1001"}, "not there any more", 400},
	} {
		got := b.submit(p, "send", url.Values{"item": c.items})
		got.wants(c.status)
		got.reads("error", c.says)
	}
	if s := w.find(d.Hash).State; s != deposit.Open {
		t.Errorf("the deposit is %s", s)
	}
	w.advance(16 * time.Minute)
	got := b.submit(p, "send", url.Values{"item": {"1001"}})
	got.wants(http.StatusConflict)
	got.reads("error", "prices")
	for _, card := range got.all("item") {
		for n := range card.Descendants() {
			if attr(n, "value") == "1001" && !has(n, "checked") {
				t.Error("the choice is forgotten")
			}
		}
	}
}

func TestSendingTwiceMakesOneTrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	p := b.get("/pay/" + d.Hash + "/")
	b.to(b.submit(p, "send", url.Values{"item": {"1001"}})).one("status")
	first := w.find(d.Hash).TradeID
	b.to(b.submit(p, "send", url.Values{"item": {"1002"}})).one("status")
	if again := w.find(d.Hash).TradeID; again != first {
		t.Errorf("trade %d became %d", first, again)
	}
}

func TestPayerMayChooseAgainAfterARefusedOffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	b.submit(b.get("/pay/"+d.Hash+"/"), "send", url.Values{"item": {"1001"}}).wants(http.StatusSeeOther)
	w.traded(d.Hash, trade.Change{Reason: "items_gone"}, trade.Sending, trade.Failed)
	p := b.get("/pay/" + d.Hash + "/")
	p.reads("error", "no longer there")
	p.one("review")
}

func TestDeclinedOfferWarnsOfStrangersInTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	b.submit(b.get("/pay/"+d.Hash+"/"), "send", url.Values{"item": {"1001"}}).wants(http.StatusSeeOther)
	w.traded(d.Hash, trade.Change{}, trade.Sending, trade.Active, trade.Declined)
	p := b.get("/pay/" + d.Hash + "/")
	p.reads("result", "The offer was declined or cancelled")
	p.reads("result", "API key")
	if len(p.all("result-total"))+len(p.all("listed")) != 0 {
		t.Error("a payment that did not happen is shown with a sum")
	}
	if href := attr(p.one("return"), "href"); href != "https://shop.example/sorry" {
		t.Errorf("back to %q", href)
	}
}

// What a thief does to the genuine offer is said in plain words (Q11).
func TestTamperedOfferWarnsThePayer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		reason, text string
		to           trade.State
	}{
		{trade.ReasonElsewhere, "withdrawn right away, and not by us", trade.Canceled},
		{trade.ReasonEarly, "declined within seconds", trade.Declined},
		{trade.ReasonMoved, "went elsewhere", trade.Failed},
	} {
		t.Run(c.reason, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d := w.prefilled()
			b := w.browser()
			b.submit(b.get("/pay/"+d.Hash+"/"), "send", url.Values{"item": {"1001"}}).wants(http.StatusSeeOther)
			w.traded(d.Hash, trade.Change{}, trade.Sending, trade.Active)
			w.traded(d.Hash, trade.Change{Reason: c.reason}, c.to)
			p := b.get("/pay/" + d.Hash + "/")
			p.reads("result", "somebody else may use your account")
			p.reads("result", c.text)
			p.reads("result", "API key")
		})
	}
}

func TestLinkEndsAfterAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	p := b.get("/pay/" + d.Hash + "/")
	w.advance(time.Hour)
	b.get("/pay/"+d.Hash+"/").reads("result", "This payment link is over")
	b.to(b.submit(p, "send", url.Values{"item": {"1001"}})).reads("result", "This payment link is over")
}
