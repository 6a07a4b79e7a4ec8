package pay_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
)

const account = "39734473" // payer's

// B8 of the catalogue of bad input, and the forms that are right.
func TestTradeURLs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.open(func(r *deposit.Request) { r.SteamID = payer })
	b := w.browser()
	page := b.get("/pay/" + d.Hash + "/")
	good := "steamcommunity.com/tradeoffer/new/?partner=" + account + "&token=" + token
	for _, c := range []struct{ entered, says string }{
		{"", "not a trade URL"},
		{token, "not a trade URL"},
		{"steam://x", "not a trade URL"},
		{"https://steamcommunity.com.evil.tld/tradeoffer/new/?partner=" + account + "&token=" + token, "not a trade URL"},
		{"https://evil.tld/tradeoffer/new/?partner=" + account + "&token=" + token, "not a trade URL"},
		{"https://user@" + good, "not a trade URL"},
		{"https://steamcommunity.com:8443/tradeoffer/new/?partner=" + account + "&token=" + token, "not a trade URL"},
		{"https://" + good + "#x", "not a trade URL"},
		{"https://steamcommunity.com/tradeoffer/new/?partner=4294967296&token=" + token, "not a trade URL"},
		{"https://steamcommunity.com/tradeoffer/new/?partner=0&token=" + token, "not a trade URL"},
		{"https://steamcommunity.com/tradeoffer/new/?partner=" + account + "&token=short", "not a trade URL"},
		{"https://steamcommunity.com/tradeoffer/new/?partner=" + account + "&token=Eus3r%20tk", "not a trade URL"},
		{url.QueryEscape("https://" + good), "not a trade URL"},
		{"https://" + good + "\u202e", "not a trade URL"},
		{"https://" + good + strings.Repeat("x", 100_000), "not a trade URL"},
		{"\"><script>alert(1)</script>", "not a trade URL"},
		{"https://steamcommunity.com/tradeoffer/new/?partner=555&token=" + token, "another Steam account"},
	} {
		got := b.submit(page, "trade-url-submit", url.Values{"trade_url": {c.entered}})
		got.wants(http.StatusBadRequest)
		got.reads("error", c.says)
		if strings.Contains(got.body, "<script>alert") {
			t.Errorf("%q became a script", c.entered)
		}
	}
	if kept := w.find(d.Hash).TradeToken; kept != "" {
		t.Fatalf("token %q was kept", kept)
	}
	for _, entered := range []string{"https://" + good, "http://" + good, "  https://www." + good + "&x=1 ", strings.Replace("https://"+good, "&", "&amp;", 1),
		community + "/tradeoffer/new?token=" + token + "&partner=" + account} {
		if _, err := w.deposits.SetPayer(t.Context(), d.Hash, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := w.deposits.SetPayer(t.Context(), d.Hash, payer); err != nil {
			t.Fatal(err)
		}
		b.submit(page, "trade-url-submit", url.Values{"trade_url": {entered}}).wants(http.StatusSeeOther)
		if kept := w.find(d.Hash).TradeToken; kept != token {
			t.Errorf("%q kept token %q", entered, kept)
		}
	}
}

func TestWhatIsInThePayersWayIsSaidWithWhatToDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		err             error
		status          int
		heading, advice string
	}{
		{"escrow", fault.New(fault.PayerNotReady, "escrow"), 409, "hold this trade for days", "Mobile Authenticator"},
		{"trade_ban", fault.New(fault.PayerNotReady, "trade_ban"), 409, "may not trade now", "another account"},
		{"private", fault.New(fault.PayerNotReady, "private"), 409, "inventory is private", "privacy settings"},
		{"other", fault.New(fault.PayerNotReady, "something new"), 409, "cannot pay now", "friend"},
		{"payer_limit", fault.New(fault.LimitReached, "payer_limit"), 409, "on its way already", "cheaper items"},
		{"project_limit", fault.New(fault.LimitReached, "project_limit"), 409, "takes no more", "cheaper items"},
		{"no_bot", fault.New(fault.SteamUnavailable, fleet.NoBot), 503, "No bot has room", "fewer items"},
		{"steam_unavailable", fault.New(fault.SteamUnavailable, "down"), 503, "does not answer", "check again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d := w.prefilled()
			w.valve.set(func(v *valve) { v.preflight = c.err })
			b := w.browser()
			p := b.get("/pay/" + d.Hash + "/")
			p.wants(c.status)
			p.reads("problem", c.heading)
			p.reads("problem", c.advice)
			if got := attr(p.one("problem"), "data-problem"); got != c.name {
				t.Errorf("named %q", got)
			}
			p.one("check-again")
			w.valve.set(func(v *valve) { v.preflight = nil })
			b.get("/pay/" + d.Hash + "/").one("review")
		})
	}
}

func TestRefusedTradeURLIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	w.valve.set(func(v *valve) { v.inventory = fault.New(fault.PayerNotReady, "trade_url") })
	p := b.get("/pay/" + d.Hash + "/")
	p.wants(http.StatusConflict)
	p.reads("error", "does not accept this trade URL any more")
	if href := attr(p.one("trade-url-help"), "href"); href != community+"/my/tradeoffers/privacy" {
		t.Errorf("help at %q", href)
	}
	w.valve.set(func(v *valve) { v.preflight = fault.New(fault.PayerNotReady, "trade_url") })
	entered := community + "/tradeoffer/new/?partner=" + account + "&token=otherTok"
	p = b.submit(p, "trade-url-submit", url.Values{"trade_url": {entered}})
	p.wants(http.StatusConflict)
	if kept := attr(p.one("trade-url"), "value"); kept != entered {
		t.Errorf("the field holds %q", kept)
	}
	w.valve.set(func(v *valve) { v.preflight = fault.New(fault.SteamUnavailable, "down") })
	p = b.submit(p, "trade-url-submit", url.Values{"trade_url": {entered}})
	p.wants(http.StatusServiceUnavailable)
	p.reads("error", "Steam does not answer")
}

func TestPausedGatewaySaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	w.must(w.shops.SetMaintenance(t.Context(), true, time.Now()))
	b := w.browser()
	p := b.get("/pay/" + d.Hash + "/")
	p.wants(http.StatusServiceUnavailable)
	p.reads("problem", "paused")
	got := b.post("/pay/"+d.Hash+"/send", url.Values{"item": {"1001"}})
	got.wants(http.StatusServiceUnavailable)
}

func TestALinkCannotAskSteamWithoutEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	last := 0
	for range 40 {
		last = b.get("/pay/" + d.Hash + "/").StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the 40th look was answered %d", last)
	}
	w.valve.mu.Lock()
	defer w.valve.mu.Unlock()
	if n := len(w.valve.asked); n > 30 {
		t.Errorf("Steam was asked %d times", n)
	}
}
