package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// order is what is said of one order, and the exit code.
func (s *sandbox) order(name string) (string, int) {
	s.t.Helper()
	out, errors, code := s.command("", append([]string{"order", name, "--data", s.data}, databaseArgs(s.args)...)...)
	return out + errors, code
}

// saysOf waits until all of the words stand in what is said of an order.
func (s *sandbox) saysOf(name string, words ...string) {
	s.t.Helper()
	last := ""
	defer func() {
		if s.t.Failed() {
			s.t.Logf("%s:\n%s", name, last)
		}
	}()
	eventually(s.t, name+" says "+strings.Join(words, ", "), func() bool {
		said, code := s.order(name)
		last = said
		for _, w := range words {
			if !strings.Contains(said, w) {
				return false
			}
		}
		return code == 0
	})
}

// Whoever is asked why an order is stuck is told what it waits for and what he
// can do, from the first moment to the end.
func TestOrderSaysWhatItWaitsForAndWhatToDo(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, args...)
			dead := "http://127.0.0.1:1/"
			d := s.ok(answer{"method": "create", "order_id": "a/b c", "result_url": dead})
			ours := fmt.Sprintf("deposit/%v", d["transaction_id"])
			s.saysOf(ours, "a/b c", "the payer, who has not chosen items")
			s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
			s.saysOf(s.ready.Projects[0].ClientID+"/a/b c", ours, "not before", "active → accepted",
				"the merchant's address does not take notifications: "+dead)

			// Steam says nothing of an offer that may have been made, and the bot is
			// out of work.
			s.control(http.StatusOK, http.MethodPost, "/faults", []answer{
				{"endpoint": "send", "when": "after", "kind": "drop", "count": 1}, {"endpoint": "offers", "kind": "status", "value": 503, "count": -1}})
			who := s.payer("Always Accepts")
			p := s.ok(answer{"method": "market_buy", "custom_id": "stuck", "name": "P250 | Sand Dune (Field-Tested)", "token": who["trade_token"],
				"partner": fmt.Sprint(number(t, who.text("steam_id")) - 76561197960265728)})
			bought := fmt.Sprintf("purchase/%v", p["buy_id"])
			s.saysOf(bought, "sending → unknown", "whether the offer was made", "refund nothing by hand", "Steam does not answer")
			if _, errors, code := s.bot("", "stop"); code != 0 {
				t.Fatal(errors)
			}
			s.saysOf(bought, "skinrail bot start")
			if _, errors, code := s.bot("", "start"); code != 0 {
				t.Fatal(errors)
			}
			s.control(http.StatusOK, http.MethodDelete, "/faults", nil)
			s.untilAfter(t, "it ends by itself", func() bool {
				said, _ := s.order(bought)
				return strings.Contains(said, "may take the trade back until then")
			})

			for unknown, want := range map[string]int{"deposit/999999": 1, "purchase/999999": 1, s.ready.Projects[0].ClientID + "/nothing": 1, "nothing": 2, "deposit/x": 2} {
				if said, code := s.order(unknown); code != want {
					t.Errorf("%s: exit %d, want %d\n%s", unknown, code, want, said)
				}
			}
		})
	}
}
