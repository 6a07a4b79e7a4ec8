package main_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

const (
	exampleID     = "770001"
	exampleSecret = "example-Secret-1"
)

// The main job on both databases, as the README's reader meets it.
func TestDepositIsHeldThenCreditedAndMerchantIsTold(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t, exampleID, exampleSecret)
			s := start(t, append([]string{"--world", world(t, shop.URL)}, args...)...)
			before := s.ok(answer{"method": "balance"})

			d := s.ok(answer{"method": "create", "order_id": "inv-1", "steam_id": "76561198000000201"})
			id := fmt.Sprint(d["transaction_id"])
			s.control(http.StatusOK, http.MethodPost, "/deposits/"+id+"/in_hold", nil)
			if got := s.ok(answer{"method": "orderstatus", "order_id": "inv-1"}); got.text("status") != "in_hold" {
				t.Fatalf("status %v, want in_hold", got)
			}
			if held := s.ok(answer{"method": "balance"}); held["balance"] != before["balance"] {
				t.Errorf("balance %v while held, want %v", held["balance"], before["balance"])
			}
			eventually(t, "in_hold is notified", func() bool { return slices.Contains(shop.statuses("inv-1"), "in_hold") })

			began := time.Now()
			s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "192h"})
			t.Logf("advancing 192 h took %v", time.Since(began))
			eventually(t, "success is notified", func() bool { return slices.Contains(shop.statuses("inv-1"), "success") })
			if got, want := shop.statuses("inv-1"), []string{"pending", "in_hold", "success"}; !slices.Equal(got, want) {
				t.Errorf("notified %v, want %v", got, want)
			}
			// 21.350 less 5 % (1.0675, rounded half up) on top of 1000.
			if after := s.ok(answer{"method": "balance"}); after["balance"] != "1020.282" {
				t.Errorf("balance %v, want 1020.282", after["balance"])
			}
			if bad := shop.unsealed(); len(bad) != 0 {
				t.Errorf("signatures do not verify: %v", bad)
			}
			t.Log("\n" + s.audit())
		})
	}
}

func TestReversedDepositCreditsNothing(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t, exampleID, exampleSecret)
			s := start(t, append([]string{"--world", world(t, shop.URL)}, args...)...)
			// This payer accepts by himself and reverses on the third day.
			d := s.ok(answer{"method": "create", "order_id": "r-1", "steam_id": "76561198000000204", "trade_token": "Rev3rses"})
			s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
			s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "240h"})
			got := s.ok(answer{"method": "orderstatus", "order_id": "r-1"})
			if got.text("status") != "fail" || got.text("reason") != "trade_rollback" {
				t.Errorf("deposit %v, want fail by trade_rollback", got)
			}
			if b := s.ok(answer{"method": "balance"}); b["balance"] != "1000.00" {
				t.Errorf("balance %v, want 1000.00", b["balance"])
			}
			eventually(t, "fail is notified", func() bool { return slices.Contains(shop.statuses("r-1"), "fail") })
			s.audit()
		})
	}
}

func TestPurchasesAreDeliveredOrRefunded(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t, exampleID, exampleSecret)
			s := start(t, append([]string{"--world", world(t, shop.URL)}, args...)...)
			buy := func(custom string, partner int, token string, what answer) {
				t.Helper()
				what["method"], what["partner"], what["token"], what["custom_id"] = "market_buy", fmt.Sprint(partner), token, custom
				s.ok(what)
			}
			found := s.ok(answer{"method": "market_search", "name": "redline"})
			items, _ := found["items"].([]any)
			if len(items) == 0 {
				t.Fatalf("market_search: %v", found)
			}
			id := items[0].(map[string]any)["id"]
			buy("by-name", 39734474, "Aut0-acc", answer{"name": "P250 | Sand Dune (Field-Tested)", "max_price": 0.5})
			buy("by-id", 39734474, "Aut0-acc", answer{"id": id})
			buy("declined", 39734475, "Dec1ines", answer{"name": "P250 | Sand Dune (Field-Tested)"})
			buy("ignored", 39734473, "Eus3r-tk", answer{"name": "P250 | Sand Dune (Field-Tested)"})
			s.waitPurchase("by-name", "accepted")
			s.waitPurchase("by-id", "accepted")
			s.waitPurchase("declined", "canceled")
			s.waitPurchase("ignored", "waiting_accept")
			s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "11m"})
			s.waitPurchase("ignored", "timeout")
			if again := s.api(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": "by-id", "id": id}); again["error_message"] != "custom_id_already_exists" {
				t.Errorf("the same custom_id again: %v", again)
			}
			if b := s.ok(answer{"method": "balance"}); b["balance"] != "978.24" { // 1000 - 0.410 - 21.350
				t.Errorf("balance %v, want 978.24", b["balance"])
			}
			eventually(t, "events are told", func() bool { return shop.events("buy_item") == 4 && shop.events("status_change") >= 8 })
			if bad := shop.unsealed(); len(bad) != 0 {
				t.Errorf("signatures do not verify: %v", bad)
			}
			s.audit()
		})
	}
}

func (s *sandbox) waitPurchase(custom, want string) {
	s.t.Helper()
	var last answer
	eventually(s.t, custom+" becomes "+want, func() bool {
		last = s.ok(answer{"method": "market_getinfo", "custom_ids": []string{custom}})
		items, _ := last["items"].([]any)
		return len(items) == 1 && items[0].(map[string]any)["offer_status"] == want
	})
}

func TestBuiltInWorldPlaysEveryOutcome(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, args...)
			for i, outcome := range []string{"in_hold", "success", "fail", "expire", "reversed"} {
				order := fmt.Sprintf("o-%d", i)
				d := s.ok(answer{"method": "create", "order_id": order})
				got := s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/%s", d["transaction_id"], outcome), nil)
				want := map[string]string{"in_hold": "in_hold", "success": "success", "fail": "fail", "expire": "fail", "reversed": "fail"}[outcome]
				if shown := s.ok(answer{"method": "orderstatus", "order_id": order}); shown.text("status") != want {
					t.Errorf("%s: %v after %v, want %s", outcome, shown, got, want)
				}
			}
			s.audit()
		})
	}
}

// The payer gives as many items as the limits need, and the answer says why when
// no choice fits.
func TestPlayedPayerMeetsTheLimits(t *testing.T) {
	t.Parallel()
	s := start(t, "--world", "testdata/world.example.json")
	big := answer{"method": "create", "steam_id": "76561198000000302", "currency": "usd", "min_amount": "2", "max_amount": "2.5", "order_id": "five"}
	d := s.ok(big)
	got := s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
	if got["items"] != 5.0 || got["amount"] != "2.050" {
		t.Errorf("paid %v with %v items, want 2.050 with 5", got["amount"], got["items"])
	}
	big["order_id"], big["min_amount"], big["max_amount"] = "none", "2.06", "2.40"
	d = s.ok(big)
	s.control(http.StatusConflict, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
}

func TestStopIsCleanAndAStartGoesOn(t *testing.T) {
	t.Parallel()
	s := start(t)
	d := s.ok(answer{"method": "create", "order_id": "kept"})
	s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "48h"})
	was := s.control(http.StatusOK, http.MethodGet, "/clock", nil).text("now")
	if code := s.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d after SIGTERM, want 0\n%s", code, s.err.String())
	}
	s.start()
	if now := s.control(http.StatusOK, http.MethodGet, "/clock", nil).text("now"); now < was {
		t.Errorf("the world's clock went from %s to %s", was, now)
	}
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "144h"})
	if got := s.ok(answer{"method": "orderstatus", "order_id": "kept"}); got.text("status") != "success" {
		t.Errorf("deposit %v, want success", got)
	}
}

// databases are the arguments for each engine; PostgreSQL gets a database of
// its own.
func databases(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{"sqlite": nil}
	if url := ownDatabase(t); url != "" {
		all["postgres"] = []string{"--database", url}
	}
	return all
}

func ownDatabase(t *testing.T) string {
	t.Helper()
	server := os.Getenv("SKINRAIL_TEST_POSTGRES")
	if server == "" {
		covered(t, "PostgreSQL", "SKINRAIL_TEST_POSTGRES is not set")
		return ""
	}
	return newDatabase(t, server)
}
