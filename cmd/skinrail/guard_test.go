package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What thieves do to a payer's offer ends the order with its own reason within
// five seconds, and the merchant hears of it (Q11).
func TestTamperedOfferEndsTheOrderWithItsOwnReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, path, body, reason string }{
		{"declined at once", "offers/%[1]s/decline", "", "declined_early"},
		{"withdrawn by another program", "offers/%[1]s/cancel", "", "canceled_elsewhere"},
		{"the item sent elsewhere", "accounts/" + waitingPayer + "/remove", `{"assets":["%[2]s"]}`, "items_moved"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t, exampleID, exampleSecret)
			s := start(t, "--world", world(t, shop.URL))
			payer := answer{"game": "cs2", "steam_id": waitingPayer, "trade_token": "Eus3r-tk", "currency": "usd", "method": "user_inventory"}
			shown, _ := s.ok(payer)["data"].(map[string]any)
			item := answer(answer(shown["items"].([]any)[0].(map[string]any))["item"].(map[string]any))
			payer["method"], payer["order_id"], payer["item_asset_ids"] = "create_from_user_inventory", "q11", []string{item.text("asset_id")}
			s.ok(payer)
			offer := s.ok(answer{"method": "orderstatus", "order_id": "q11"}).text("trade_offer_id")
			fill := func(text string) string {
				if strings.Contains(text, "%[") {
					return fmt.Sprintf(text+"%.0[1]s%.0[2]s", offer, item.text("asset_id"))
				}
				return text
			}
			r, err := http.NewRequest(http.MethodPost, s.ready.SteamURL+"/sim/"+fill(c.path), strings.NewReader(fill(c.body)))
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if code, got, err := do(r); err != nil || code != http.StatusOK {
				t.Fatalf("%d, %v, %v", code, got, err)
			}
			within(t, "the order ends", func() bool { return s.api(answer{"method": "orderstatus", "order_id": "q11"}).text("status") == "fail" })
			if took := time.Since(began); took > 20*time.Second { // five are promised, of a machine that is not busy; a bot without work looks after 45
				t.Errorf("after %s", took)
			}
			if got := s.api(answer{"method": "orderstatus", "order_id": "q11"}); got.text("reason") != c.reason {
				t.Errorf("%v", got)
			}
			within(t, "the merchant hears it", func() bool { st := shop.statuses("q11"); return len(st) > 0 && st[len(st)-1] == "fail" })
		})
	}
}
