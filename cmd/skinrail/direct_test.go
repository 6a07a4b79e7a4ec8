package main_test

import (
	"fmt"
	"slices"
	"testing"
)

// A merchant shows the items on his own page and has them offered at once.
func TestDepositWithoutThePageIsHeld(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t, exampleID, exampleSecret)
			s := start(t, append([]string{"--world", world(t, shop.URL)}, args...)...)
			payer := answer{"game": "cs2", "steam_id": "76561198000000202", "trade_token": "Aut0-acc", "currency": "rub"}
			ask := func(method string, more answer) answer {
				t.Helper()
				for k, v := range payer {
					more[k] = v
				}
				more["method"] = method
				data, _ := s.ok(more)["data"].(map[string]any)
				return data
			}
			var chosen []string
			for _, it := range ask("user_inventory", answer{})["items"].([]any) {
				it := answer(it.(map[string]any))
				if it["disabled"] == false && len(chosen) == 0 {
					chosen = append(chosen, answer(it["item"].(map[string]any)).text("asset_id"))
				}
			}
			d := ask("create_from_user_inventory", answer{"order_id": "direct-1", "item_asset_ids": chosen})
			if d.text("trade_offer_id") == "" || d.text("bot_name") == "" {
				t.Fatalf("%v", d)
			}
			eventually(t, "the deposit is held", func() bool {
				return s.ok(answer{"method": "orderstatus", "order_id": "direct-1"}).text("status") == "in_hold"
			})
			eventually(t, "the merchant is told", func() bool { return len(shop.statuses("direct-1")) == 2 })
			if got := shop.statuses("direct-1"); !slices.Equal(got, []string{"pending", "in_hold"}) {
				t.Errorf("notified %v", got)
			}
			list := s.ok(answer{"method": "orders", "starting": 0, "ending": 4102444800})
			if fmt.Sprint(list["total_count"]) != "1" {
				t.Errorf("orders: %v", list)
			}
			s.audit()
		})
	}
}
