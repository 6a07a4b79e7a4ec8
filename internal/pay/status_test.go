package pay_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/pay"
	"github.com/skinrail/skinrail/internal/trade"
)

func (b *browser) status(hash string) pay.Status {
	b.t.Helper()
	a := b.do(http.MethodGet, "/pay/"+hash+"/status", nil, http.Header{"Accept": {"application/json"}})
	a.wants(http.StatusOK)
	var s pay.Status
	d := json.NewDecoder(strings.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		b.t.Fatalf("%v: %s", err, a.body)
	}
	return s
}

// Each step of the trade changes the key, so that a script that compares keys
// misses nothing, and the page drawn then carries the same key.
func TestStatusFollowsEveryStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	seen := map[string]bool{}
	expect := func(status string, live bool) pay.Status {
		t.Helper()
		s := b.status(d.Hash)
		if s.Status != status || s.Live != live || s.URL != "/pay/"+d.Hash+"/" {
			t.Errorf("%+v, want %s", s, status)
		}
		if seen[s.Key] {
			t.Errorf("%s has the key of another state", status)
		}
		seen[s.Key] = true
		if p := b.get("/pay/" + d.Hash + "/"); !strings.Contains(p.body, `data-key="`+s.Key+`"`) && strings.Contains(p.body, "data-watch") {
			t.Errorf("%s: the page has another key than %s", status, s.Key)
		}
		return s
	}
	if s := expect("open", false); s.LinkSeconds != 3600 {
		t.Errorf("%d seconds left of the link", s.LinkSeconds)
	}
	b.submit(b.get("/pay/"+d.Hash+"/"), "send", url.Values{"item": {"1001"}}).wants(http.StatusSeeOther)
	expect("wait", true)
	w.traded(d.Hash, trade.Change{}, trade.Sending, trade.Unknown)
	expect("wait", true)
	fragment := b.do(http.MethodGet, "/pay/"+d.Hash+"/status", nil, http.Header{"Accept": {"text/html"}})
	if fragment.reads("status", "Steam gave no clear answer"); strings.Contains(fragment.body, "<html") {
		t.Error("the fragment is a whole page")
	}
	tr := w.traded(d.Hash, trade.Change{}, trade.Active)
	w.advance(20 * time.Minute)
	if s := expect("offer", true); s.OfferSeconds != 2400 {
		t.Errorf("%d seconds left of the offer", s.OfferSeconds)
	}
	w.traded(d.Hash, w.received(tr), trade.Accepted)
	if s := expect("in_hold", true); s.Again == 0 {
		t.Error("a hold is not followed to its end")
	}
	w.traded(d.Hash, trade.Change{}, trade.Reversed)
	if s := expect("fail", true); s.Again != 0 {
		t.Error("an end is followed further")
	}
}

func TestOfferPastItsDeadlineIsNotLinked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	b.submit(b.get("/pay/"+d.Hash+"/"), "send", url.Values{"item": {"1001"}}).wants(http.StatusSeeOther)
	w.traded(d.Hash, trade.Change{}, trade.Sending, trade.Active)
	before := b.status(d.Hash).Key
	w.advance(time.Hour)
	p := b.get("/pay/" + d.Hash + "/")
	p.reads("status", "The time for the offer is over")
	if len(p.all("offer-link")) != 0 || b.status(d.Hash).Key == before {
		t.Error("the offer still counts as open")
	}
}

func TestApprovedAndReturnedDepositsAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shop.NoWait = true
	w.must(w.shops.Update(t.Context(), w.shop))
	d := w.prefilled()
	b := w.browser()
	b.submit(b.get("/pay/"+d.Hash+"/"), "send", url.Values{"item": {"1001"}}).wants(http.StatusSeeOther)
	tr := w.traded(d.Hash, trade.Change{}, trade.Sending, trade.Active)
	w.traded(d.Hash, w.received(tr), trade.Accepted)
	w.must(w.deposits.Approve(t.Context(), w.shop.ID, d.ID, w.now()))
	if got := attr(b.get("/pay/"+d.Hash+"/").one("result"), "data-status"); got != "hold_approved" {
		t.Errorf("shown as %s", got)
	}
	w.traded(d.Hash, trade.Change{}, trade.Reversed)
	if got := attr(b.get("/pay/"+d.Hash+"/").one("result"), "data-status"); got != "hold_returned" {
		t.Errorf("shown as %s", got)
	}
}

func TestPageWorksWhenProfilesAreNotToBeHad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.valve.set(func(v *valve) { v.profile = errSays("down") })
	d := w.prefilled()
	b := w.browser()
	b.submit(b.get("/pay/"+d.Hash+"/"), "send", url.Values{"item": {"1001"}}).wants(http.StatusSeeOther)
	w.traded(d.Hash, trade.Change{}, trade.Sending, trade.Active)
	p := b.get("/pay/" + d.Hash + "/")
	p.reads("bot", "Dragonfly (ours)")
	if len(p.all("bot-level")) != 0 {
		t.Error("a level is shown that nobody told")
	}
}

func TestAssetsMayBeKeptForever(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	p := b.get("/pay/unknown/")
	found := 0
	for n := range p.doc.Descendants() {
		address := attr(n, "src") + attr(n, "href")
		if !strings.HasPrefix(address, "/pay/assets/") {
			continue
		}
		found++
		a := b.get(address)
		a.wants(http.StatusOK)
		if a.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %q", address, a.Header.Get("Cache-Control"))
		}
		if address = strings.TrimSuffix(address, "pay.js"); strings.HasSuffix(address, "/") {
			b.get(address + "choose.js").wants(http.StatusOK)
		}
	}
	if found != 3 {
		t.Errorf("%d assets are linked", found)
	}
}
