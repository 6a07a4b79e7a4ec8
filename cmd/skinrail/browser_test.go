package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
)

// browserTools are Chromium and Node with the test's packages. Without them the
// pages are not covered, which is an error in CI.
func browserTools(t *testing.T) (chromium string, found bool) {
	t.Helper()
	missing := withoutNode("browser", "playwright-core")
	if chromium = os.Getenv("SKINRAIL_TEST_CHROMIUM"); chromium == "" {
		missing = "SKINRAIL_TEST_CHROMIUM is not set"
	}
	return chromium, covered(t, "the pages", missing)
}

func TestPeoplePayInABrowser(t *testing.T) {
	t.Parallel()
	chromium, found := browserTools(t)
	if !found {
		return
	}
	for name, world := range map[string]struct {
		args []string
		min  string // more than one of the payer's items is worth
	}{"example": {[]string{"--world", "testdata/world.example.json"}, "22"}, "builtin": {nil, "2"}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, world.args...)
			project := s.ready.Projects[0]
			shop := openShop(t, project.ClientID, project.ClientSecret)
			before := s.ok(answer{"method": "balance"})
			payer := s.payer("Casual Carl")
			token := payer["trade_token"]
			page := func(params answer) any {
				params["method"] = "create"
				return s.ok(params)["url"]
			}
			given, err := json.Marshal(answer{"name": name, "chromium": chromium, "gateway": s.ready.GatewayURL, "steam": s.ready.SteamURL,
				"account": payer["steam_id"], "partner": fmt.Sprint(number(t, payer.text("steam_id")) - 76561197960265728), "token": token,
				"open":      page(answer{"order_id": "b-1", "success_url": "https://shop.example/thanks", "result_url": shop.URL}),
				"limited":   page(answer{"order_id": "b-4", "steam_id": payer["steam_id"], "trade_token": token, "min_amount": world.min, "max_amount": "60", "currency": "usd"}),
				"prefilled": page(answer{"order_id": "b-2", "steam_id": payer["steam_id"], "trade_token": token}),
				"framed":    page(answer{"order_id": "b-3"})})
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("node", "pay.mjs")
			cmd.Dir = "../../test/browser"
			cmd.Env = append(os.Environ(), "SKINRAIL_BROWSER="+string(given))
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Fatalf("%v\n%s", err, s.err.String())
			}
			s.paidOnce(shop, "b-1", before)
			s.buysAndReverses(shop.URL)
			s.audit()
		})
	}
}

// paidOnce wants the three notifications in their order and the balance to have
// grown by the amount less commission.
func (s *sandbox) paidOnce(shop *shop, order string, before answer) {
	s.t.Helper()
	eventually(s.t, "success is notified", func() bool { return slices.Contains(shop.statuses(order), "success") })
	if got := shop.statuses(order); !slices.Equal(got, []string{"pending", "in_hold", "success"}) {
		s.t.Errorf("notified %v", got)
	}
	if bad := shop.unsealed(); len(bad) != 0 {
		s.t.Errorf("signatures do not verify: %v", bad)
	}
	amount := thousandths(s.ok(answer{"method": "orderstatus", "order_id": order})["amount"])
	commission := s.commission()
	want := thousandths(before["balance"]) + amount - (amount*commission+500)/1000
	if after := thousandths(s.ok(answer{"method": "balance"})["balance"]); after != want {
		s.t.Errorf("balance %d thousandths, want %d", after, want)
	}
}

// commission of the first project, in thousandths.
func (s *sandbox) commission() int {
	s.t.Helper()
	for _, p := range s.control(http.StatusOK, http.MethodGet, "/world", nil)["projects"].([]any) {
		if m := p.(map[string]any); m["client_id"] == s.ready.Projects[0].ClientID {
			return thousandths(m["commission"])
		}
	}
	s.t.Fatal("the world does not hold the first project")
	return 0
}

// buysAndReverses is the rest of the main job in any world: a purchase by name
// and one by id are accepted, a declined one is refunded, and a reversed deposit
// credits nothing.
func (s *sandbox) buysAndReverses(shopURL string) {
	s.t.Helper()
	balance := func() int { return thousandths(s.ok(answer{"method": "balance"})["balance"]) }
	buy := func(custom, persona string, what answer) int {
		s.t.Helper()
		who := s.payer(persona)
		what["method"], what["custom_id"], what["token"] = "market_buy", custom, who["trade_token"]
		what["partner"] = fmt.Sprint(number(s.t, who.text("steam_id")) - 76561197960265728)
		return thousandths(s.ok(what)["balance_debited_sum"])
	}
	var item map[string]any
	for _, row := range s.ok(answer{"method": "market_pricelist"})["items"].([]any) {
		if item = row.(map[string]any); item["count"].(float64) >= 3 {
			break
		}
	}
	found, _ := s.ok(answer{"method": "market_search", "names": []any{item["name"]}})["items"].([]any)
	had := balance()
	spent := buy("by-id", "Always Accepts", answer{"id": found[0].(map[string]any)["id"]}) + buy("by-name", "Always Accepts", answer{"name": item["name"]})
	s.waitPurchase("by-id", "accepted")
	s.waitPurchase("by-name", "accepted")
	buy("declined", "Always Declines", answer{"name": item["name"]})
	s.waitPurchase("declined", "canceled")
	if now := balance(); now != had-spent {
		s.t.Errorf("balance %d thousandths, want %d", now, had-spent)
	}
	d := s.ok(answer{"method": "create", "order_id": "b-reversed", "result_url": shopURL})
	s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/reversed", d["transaction_id"]), nil)
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "240h"})
	if now := balance(); now != had-spent {
		s.t.Errorf("a reversed deposit changed the balance: %d thousandths, want %d", now, had-spent)
	}
}

func number(t testing.TB, text string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// payer finds a payer of the world by his persona.
func (s *sandbox) payer(persona string) answer {
	s.t.Helper()
	accounts, _ := s.control(http.StatusOK, http.MethodGet, "/world", nil)["accounts"].([]any)
	for _, a := range accounts {
		if m, ok := a.(map[string]any); ok && m["persona"] == persona {
			return m
		}
	}
	s.t.Fatalf("no payer %q in the world", persona)
	return nil
}
