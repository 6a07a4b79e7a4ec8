package main_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The ways in which Steam fails. A refusal by number is believed when the offer
// was not made; then the order ends.
var lies = []answer{
	{"kind": "drop"},
	{"kind": "status", "value": 429},
	{"kind": "status", "value": 500},
	{"kind": "status", "value": 502},
	{"kind": "status", "value": 503},
	{"kind": "eresult", "value": "2"},
	{"kind": "eresult", "value": "11"},
	{"kind": "eresult", "value": "15"},
	{"kind": "eresult", "value": "16"},
	{"kind": "eresult", "value": "20"},
	{"kind": "eresult", "value": "25"},
	{"kind": "eresult", "value": "26"},
	{"kind": "html"},
	{"kind": "empty"},
	{"kind": "cut"},
	{"kind": "session"},
}

// vague are refusals that tell no cause of their own.
var vague = []answer{
	{"kind": "eresult", "value": "11"},
	{"kind": "eresult", "value": "15"},
	{"kind": "eresult", "value": "25"},
	{"kind": "eresult", "value": "26"},
	{"kind": "text", "value": "There was an error you have never read."},
}

// refuses reports whether a lie is a refusal that ends the order.
func refuses(endpoint, when string, l answer) bool {
	v := fmt.Sprint(l["value"])
	switch {
	case l["kind"] != "eresult" || when == "after":
		return false
	case endpoint == "send":
		return v == "11" || v == "15" || v == "26"
	}
	return endpoint == "holds" && v == "15"
}

// Steam lies about outcomes, in each way, before and after each effect and at
// each reading, once and twice: every order ends as if it had not, or with a
// refusal and without an offer, and nobody has to look after it.
func TestSteamsLiesDoNotDoubleOrLoseAnything(t *testing.T) {
	t.Parallel()
	shop := openShop(t, exampleID, exampleSecret)
	s := start(t, "--world", world(t, shop.URL, `"count": 40`, `"count": 900`, `"count": 20`, `"count": 400`,
		`"rate_limit_per_minute": 500`, `"rate_limit_per_minute": 1000000`))
	cells := 0
	for _, endpoint := range []string{"send", "confirm", "cancel", "offers", "trade", "history", "holds", "confirmations", "inventory"} {
		effect := slices.Contains([]string{"send", "confirm", "cancel"}, endpoint)
		for _, when := range []string{"before", "after"} {
			if when == "after" && !effect {
				continue // reading has no effect to be after
			}
			for _, l := range lies {
				for _, count := range []int{1, 2} {
					lie := answer{"endpoint": endpoint, "when": when, "kind": l["kind"], "count": count}
					if l["value"] != nil {
						lie["value"] = l["value"]
					}
					cells++
					name := fmt.Sprintf("lie-%d", cells)
					if endpoint == "cancel" {
						s.expireUnder(t, lie, name)
					} else {
						s.buyUnder(t, lie, name, refuses(endpoint, when, l))
					}
				}
			}
		}
	}
	for _, when := range []string{"before", "after"} {
		for _, l := range lies {
			lie := answer{"endpoint": "send", "when": when, "kind": l["kind"]}
			if l["value"] != nil {
				lie["value"] = l["value"]
			}
			cells++
			s.depositUnder(t, lie, fmt.Sprintf("lie-%d", cells), refuses("send", when, l))
		}
	}
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "6m"}) // nobody lists offers for what went before
	for _, l := range vague {
		for _, late := range []int{1, 3} {
			for _, order := range []func(*sandbox, string){(*sandbox).buyFor, func(s *sandbox, name string) { s.depositOf(name) }} {
				cells++
				s.lateUnder(t, l, late, fmt.Sprintf("lie-%d", cells), order)
			}
		}
	}
	if t.Logf("%d cells", cells); cells < 300 {
		t.Error("fewer than 300 cells")
	}
	s.audit()
	if bad := shop.unsealed(); len(bad) != 0 {
		t.Errorf("signatures do not verify: %v", bad)
	}
}

const (
	acceptingPayer = "76561198000000202"
	waitingPayer   = "76561198000000201"
)

// buyUnder makes a purchase for one who accepts while Steam lies.
func (s *sandbox) buyUnder(t *testing.T, lie answer, name string, refused bool) {
	t.Helper()
	before := s.offers(acceptingPayer)
	s.control(http.StatusOK, http.MethodPost, "/faults", lie)
	s.buyFor(name)
	var ended string
	s.untilAfter(t, fmt.Sprintf("%v: purchase", lie), func() bool {
		ended = fmt.Sprint(s.purchases([]string{name})[name]["offer_status"])
		return ended != "creating_trade" && ended != "waiting_accept"
	})
	s.control(http.StatusOK, http.MethodDelete, "/faults", nil)
	offers := 0
	if ended == "accepted" {
		offers = 1
	}
	if lie["count"] == 1 && (offers == 0) != refused { // twice may take longer than the order's ten minutes
		t.Errorf("%v: the purchase is %s", lie, ended)
	}
	s.checkOffers(t, lie, before, s.offers(acceptingPayer), offers)
}

// buyFor makes a purchase for one who accepts.
func (s *sandbox) buyFor(name string) {
	s.t.Helper()
	s.ok(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": name, "name": "P250 | Sand Dune (Field-Tested)"})
}

// depositUnder takes a deposit of one who accepts while Steam lies. The merchant
// gets an error when the offer is not out in time; then it ends without one.
func (s *sandbox) depositUnder(t *testing.T, lie answer, name string, refused bool) {
	t.Helper()
	before := s.offers(acceptingPayer)
	s.control(http.StatusOK, http.MethodPost, "/faults", lie)
	made := s.depositOf(name)
	var status string
	s.untilAfter(t, fmt.Sprintf("%v: deposit", lie), func() bool {
		status = s.api(answer{"method": "orderstatus", "order_id": name}).text("status")
		return status == "in_hold" || status == "success" || status == "fail" || status == "error"
	})
	s.control(http.StatusOK, http.MethodDelete, "/faults", nil)
	offers := 0
	if status == "in_hold" || status == "success" {
		offers = 1
	}
	if (offers == 1) != (made.text("status") == "success") || (refused && offers == 1) {
		t.Errorf("%v: the merchant was told %v, the deposit is %s", lie, made, status)
	}
	s.checkOffers(t, lie, before, s.offers(acceptingPayer), offers)
}

// depositOf takes an item of one who accepts, and returns what the merchant is
// told.
func (s *sandbox) depositOf(name string) answer {
	s.t.Helper()
	payer := func(more answer) answer {
		for k, v := range (answer{"game": "cs2", "steam_id": acceptingPayer, "trade_token": "Aut0-acc", "currency": "usd"}) {
			more[k] = v
		}
		return more
	}
	shown, _ := s.ok(payer(answer{"method": "user_inventory"}))["data"].(map[string]any)
	var asset string
	for _, it := range shown["items"].([]any) {
		if it := answer(it.(map[string]any)); it["disabled"] == false {
			asset = answer(it["item"].(map[string]any)).text("asset_id")
		}
	}
	return s.api(payer(answer{"method": "create_from_user_inventory", "order_id": name, "item_asset_ids": []string{asset}}))
}

// lateUnder lets Steam refuse an offer that it has made, and so many lists of
// offers be three minutes late: the order ends with the offer all the same, which
// the payer has accepted.
func (s *sandbox) lateUnder(t *testing.T, lie answer, late int, name string, order func(*sandbox, string)) {
	t.Helper()
	before := s.offers(acceptingPayer)
	s.control(http.StatusOK, http.MethodPost, "/faults", answer{"endpoint": "offers", "kind": "late", "value": "3m", "count": late})
	s.control(http.StatusOK, http.MethodPost, "/faults", answer{"endpoint": "send", "when": "after", "kind": lie["kind"], "value": lie["value"]})
	order(s, name)
	what := fmt.Sprintf("%v, then %d late lists", lie, late)
	s.untilAfter(t, what, func() bool {
		status := s.api(answer{"method": "orderstatus", "order_id": name}).text("status")
		return status == "in_hold" || fmt.Sprint(s.purchases([]string{name})[name]["offer_status"]) == "accepted"
	})
	s.control(http.StatusOK, http.MethodDelete, "/faults", nil)
	s.checkOffers(t, answer{"lie": what}, before, s.offers(acceptingPayer), 1)
}

// expireUnder makes a purchase for one who does nothing, and lets Steam lie when
// the offer is withdrawn.
func (s *sandbox) expireUnder(t *testing.T, lie answer, name string) {
	t.Helper()
	before := s.offers(waitingPayer)
	s.ok(answer{"method": "market_buy", "partner": "39734473", "token": "Eus3r-tk", "custom_id": name, "name": "P250 | Sand Dune (Field-Tested)"})
	s.waitPurchase(name, "waiting_accept")
	s.control(http.StatusOK, http.MethodPost, "/faults", lie)
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "11m"})
	s.untilAfter(t, fmt.Sprintf("%v: the end", lie), func() bool {
		return s.purchases([]string{name})[name]["offer_status"] == "timeout"
	})
	s.control(http.StatusOK, http.MethodDelete, "/faults", nil)
	s.checkOffers(t, lie, before, s.offers(waitingPayer), 0)
}

// checkOffers wants so many references with an offer that is open or was
// accepted to be new, each with just one.
func (s *sandbox) checkOffers(t *testing.T, lie answer, before, after map[string]int, want int) {
	t.Helper()
	for reference, count := range after {
		if count > 1 {
			t.Errorf("%v: %d offers of trade %s were accepted or are open", lie, count, reference)
		}
	}
	if made := len(after) - len(before); made != want {
		t.Errorf("%v: %d trades have an offer, want %d", lie, made, want)
	}
}

// untilAfter waits for something, letting time pass in the world as read-backs
// need it.
func (s *sandbox) untilAfter(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 100 {
		if holds() {
			return
		}
		s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "8s"})
	}
	t.Fatalf("never: %s", what)
}

// offers counts the bot's offers to somebody that are open or were accepted, by
// reference.
func (s *sandbox) offers(partner string) map[string]int {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.ready.SteamURL+"/sim/offers?partner="+partner, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_, all, err := do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	list, _ := all["offers"].([]any)
	count := map[string]int{}
	for _, o := range list {
		m := o.(map[string]any)
		if name := m["state_name"]; name == "Active" || name == "Accepted" || name == "CreatedNeedsConfirmation" {
			reference, _, _ := strings.Cut(fmt.Sprint(m["message"]), " ")
			count[reference]++
		}
	}
	return count
}
