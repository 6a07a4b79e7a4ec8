package main_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Steam lies about outcomes, once per effect: whatever it is, the order ends as
// if it had not, with one offer that counts.
func TestSteamsLiesDoNotDoubleOrLoseAnything(t *testing.T) {
	t.Parallel()
	shop := openShop(t, exampleID, exampleSecret)
	s := start(t, "--world", world(t, shop.URL, `"count": 40`, `"count": 900`,
		`"rate_limit_per_minute": 500`, `"rate_limit_per_minute": 1000000`))
	n := 0
	for _, endpoint := range []string{"send", "confirm", "offers", "trade", "history", "holds", "confirmations", "inventory"} {
		for _, when := range []string{"before", "after"} {
			for _, f := range []answer{
				{"kind": "drop"},
				{"kind": "status", "value": 502},
				{"kind": "eresult", "value": "16"},
				{"kind": "html"},
				{"kind": "empty"},
				{"kind": "cut"},
			} {
				if when == "after" && !slices.Contains([]string{"send", "confirm"}, endpoint) {
					continue // reading has no effect to be after
				}
				n++
				f["endpoint"], f["when"], f["count"] = endpoint, when, 1
				s.survive(t, f, fmt.Sprintf("lie-%d", n))
			}
		}
	}
	t.Logf("%d lies", n)
	s.audit()
	if bad := shop.unsealed(); len(bad) != 0 {
		t.Errorf("signatures do not verify: %v", bad)
	}
}

// survive makes a purchase and a deposit while Steam lies once.
func (s *sandbox) survive(t *testing.T, lie answer, name string) {
	t.Helper()
	what := fmt.Sprintf("%v %v %v %v", lie["endpoint"], lie["when"], lie["kind"], lie["value"])
	before := s.offers()
	s.control(http.StatusOK, http.MethodPost, "/faults", lie)
	s.ok(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": name, "name": "P250 | Sand Dune (Field-Tested)"})
	s.untilAfter(t, what+": purchase", func() bool {
		p := s.purchases([]string{name})[name]
		return p["offer_status"] == "accepted"
	})
	s.control(http.StatusOK, http.MethodDelete, "/faults", nil)
	made := s.offers()
	for reference, count := range made {
		if count > 1 && before[reference] != count {
			t.Errorf("%s: %d offers of one trade were accepted or are open", what, count)
		}
	}
	if len(made) != len(before)+1 {
		t.Errorf("%s: %d trades were offered, want 1", what, len(made)-len(before))
	}
}

// untilAfter waits for something, letting time pass in the world as read-backs
// need it.
func (s *sandbox) untilAfter(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 60 {
		if holds() {
			return
		}
		s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "8s"})
	}
	t.Fatalf("never: %s", what)
}

// offers counts the bot's offers that are open or were accepted, by reference.
func (s *sandbox) offers() map[string]int {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.ready.SteamURL+"/sim/offers?partner=76561198000000101", nil)
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
