package skinsback

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

const payerParams = `"game":"cs2","steam_id":"76561198000000007","trade_token":"aB3dE5_-"`

func TestInventoryIsPriced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stuck := asset("31000000003", sandDune)
	stuck.Tradable = false
	w.steam.items = append(w.steam.items, stuck, asset("31000000004", "Unpriced"))
	golden(t, "inventory.json", w.post(`{"method":"user_inventory",`+payerParams+`,"currency":"RUB"}`))
	golden(t, "inventory_custom.json", w.post(`{"method":"user_inventory",`+payerParams+`,"custom_multiplier":"0.5","custom_currency":"coin","custom_currency_rate":1e1}`))
	if plain := w.post(`{"method":"user_inventory",` + payerParams + `}`); !strings.Contains(plain, `"currency_local":"usd"`) {
		t.Error(plain)
	}
}

func TestInventoryRefusesEachMistake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answers := map[string]string{}
	ask := func(want, params string) {
		t.Helper()
		got := w.post(`{"method":"user_inventory",` + params + `}`)
		if n, name := code(t, got); fmt.Sprint(n, " ", name) != want {
			t.Errorf("%s: %s, want %s", params, got, want)
		}
		answers[want] = withoutDetail(t, got)
	}
	replace := func(old, new string) string { return strings.Replace(payerParams, old, new, 1) }
	ask("1 invalid_game", replace(`"cs2"`, `"chess"`))
	ask("1 invalid_game", replace(`"game":"cs2",`, ``))
	ask("2 invalid_steam_id", replace(`76561198000000007`, `1`))
	ask("3 invalid_trade_token", replace(`aB3dE5_-`, `short`))
	ask("4 invalid_currency", payerParams+`,"currency":"gold"`)
	ask("5 invalid_custom_multiplier", payerParams+`,"custom_multiplier":2.01`)
	ask("6 invalid_custom_currency", payerParams+`,"custom_currency":"coins","custom_currency_rate":1`)
	ask("6 invalid_custom_currency", payerParams+`,"custom_currency_rate":1`)
	ask("6 invalid_custom_currency", payerParams+`,"custom_currency":"coin","custom_currency_rate":0.09`)
	w.steam.reads = fault.New(fault.PayerNotReady, "private")
	ask("7 private_inventory", payerParams)
	w.steam.reads = fault.New(fault.SteamUnavailable, "Steam does not answer")
	ask("9 inventory_unavailable", payerParams)
	w.steam.items, w.steam.reads = nil, nil
	ask("8 empty_inventory", payerParams)
	w.steam.cannot = fault.New(fault.PayerNotReady, "escrow")
	ask("10 trade_unavailable", payerParams)
	w.steam.cannot = fault.New(fault.PayerNotReady, "trade_url")
	ask("3 invalid_trade_token", payerParams)
	golden(t, "inventory_errors.txt", lines(answers))
}

const directCall = `{"method":"create_from_user_inventory",` + payerParams + `,"item_asset_ids":["31000000001",31000000002],"order_id":"inv-1003","currency":"rub"}`

// meanwhile moves the next trade that is wanted as the bot would; what it was
// is told when it is done.
func (w *world) meanwhile(states ...trade.State) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			live, err := w.trades.Since(w.t.Context(), botID, time.Unix(1<<40, 0))
			if err != nil {
				w.t.Error(err)
				return
			}
			if len(live) > 0 {
				w.walk(live[0].ID, states...)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	return done
}

func TestChosenItemsAreOfferedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	done := w.meanwhile(trade.Sending, trade.Active)
	golden(t, "direct.json", w.post(directCall))
	<-done
	golden(t, "direct_status.json", w.post(`{"method":"orderstatus","order_id":"inv-1003"}`))
	if n, name := code(t, w.post(directCall)); n != 7 || name != "order_id_already_exists" {
		t.Errorf("again: %d %s", n, name)
	}
	if n, _ := code(t, w.post(`{"method":"create","order_id":"inv-1003"}`)); n != 5 {
		t.Errorf("create with the same order id: %d", n)
	}
	form := url.Values{"method": {"create_from_user_inventory"}, "game": {"csgo"}, "steam_id": {payerID.String()}, "trade_token": {goodToken},
		"item_asset_ids[]": {"31000000001"}, "order_id": {"inv-1004"}}
	live, err := w.trades.Since(t.Context(), botID, time.Unix(1<<40, 0))
	w.ok(err)
	w.walk(live[0].ID, trade.Declined)
	done = w.meanwhile(trade.Sending, trade.Failed)
	got := w.send(form.Encode(), http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}})
	<-done
	if n, _ := code(t, got); n != 11 {
		t.Errorf("an offer that Steam refused: %s", got)
	}
}

func TestDirectDepositRefusesEachMistakeWithoutATrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.pricing.SetCoefficients(t.Context(), []pricing.Coefficient{{App: steam.CS2, BuyIn: money.One, SellOut: money.One, MinDeposit: 1000}}))
	w.open("taken")
	before := w.counts()
	answers := map[string]string{}
	ask := func(want, old, new string) {
		t.Helper()
		got := w.post(strings.Replace(directCall, old, new, 1))
		if n, name := code(t, got); fmt.Sprint(n, " ", name) != want {
			t.Errorf("%s: %s, want %s", new, got, want)
		}
		answers[want] = withoutDetail(t, got)
		if after := w.counts(); after != before {
			t.Errorf("%s: something changed: %s, was %s", new, after, before)
		}
	}
	ask("1 invalid_game", `"cs2"`, `"csgo2"`)
	ask("2 invalid_steam_id", `"76561198000000007"`, `"103582791429521412"`)
	ask("3 invalid_trade_token", `aB3dE5_-`, `aB3dE5_!`)
	for _, list := range []string{`[]`, `"31000000001"`, `["31000000001","31000000001"]`, `["x"]`, `[1.5]`, `[-1]`, `{}`, `null`,
		`[` + strings.TrimSuffix(strings.Repeat(`"1",`, 101), ",") + `]`} {
		ask("4 invalid_item_asset_ids", `["31000000001",31000000002]`, list)
	}
	ask("5 invalid_order_id", `"inv-1003"`, `""`)
	ask("5 invalid_order_id", `"inv-1003"`, `"`+strings.Repeat("x", 256)+`"`)
	ask("6 invalid_currency", `"rub"`, `"gold"`)
	ask("6 invalid_currency", `"currency":"rub"`, `"custom_multiplier":9`)
	ask("12 invalid_url", `"currency":"rub"`, `"result_url":"http://169.254.169.254/"`)
	ask("7 order_id_already_exists", `"inv-1003"`, `"taken"`)
	ask("8 deposit_amount_less_minimum", `"31000000001",`, ``)
	ask("9 items_unavailable", `31000000002`, `31000000009`)
	w.steam.reads = fault.New(fault.PayerNotReady, "private")
	ask("9 items_unavailable", ``, ``)
	w.steam.reads = fault.New(fault.SteamUnavailable, "")
	ask("11 steam_error", ``, ``)
	w.steam.cannot = fault.New(fault.PayerNotReady, "trade_ban")
	ask("10 trade_unavailable", ``, ``)
	w.steam.cannot, w.steam.reads = nil, nil
	unsettled := func(limit money.Amount) {
		_, err := w.merchants.Change(t.Context(), shop, func(p *merchant.Project) error { p.MaxUnsettled = limit; return nil })
		w.ok(err)
	}
	unsettled(1)
	ask("10 trade_unavailable", ``, ``)
	unsettled(0)
	w.ok(w.fleet.Enable(t.Context(), botID, false, time.Now()))
	ask("11 steam_error", ``, ``)
	golden(t, "direct_errors.txt", lines(answers))
}

// Who was told that there is no offer does not get one later, unless the payer
// was faster.
func TestLateOfferIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.door.offerTime = time.Millisecond
	for i, states := range [][]trade.State{{}, {trade.Sending}, {trade.Sending, trade.Unknown}} {
		order := fmt.Sprint("late-", i)
		w.door.offerTime = time.Millisecond
		if n, name := code(t, w.post(strings.Replace(directCall, "inv-1003", order, 1))); n != 11 || name != "steam_error" {
			t.Fatalf("%d %s", n, name)
		}
		d, err := w.deposits.FindByOrder(t.Context(), shop, order)
		w.ok(err)
		w.walk(d.TradeID, states...)
		tr, err := w.trades.ByID(t.Context(), d.TradeID)
		w.ok(err)
		if tr.Deadline.After(w.now) {
			t.Errorf("%s: the trade still has time", order)
		}
		if got := w.post(`{"method":"orderstatus","order_id":"` + order + `"}`); !strings.Contains(got, `"status":"pending"`) {
			t.Error(got)
		}
	}
	d, err := w.deposits.FindByOrder(t.Context(), shop, "late-2")
	w.ok(err)
	w.walk(d.TradeID, trade.Active)
	if withdrawn, err := w.deposits.GiveUp(t.Context(), d, w.now); withdrawn || err != nil {
		t.Errorf("an offer that the payer has was given up: %v", err)
	}
	w.walk(d.TradeID, trade.Accepted)
	if d, err = w.deposits.Find(t.Context(), shop, d.ID); d.State != deposit.Held || err != nil {
		t.Errorf("%s, %v", d.State, err)
	}
}

func TestOnlyTradedGamesAreThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.door.deps.Games = []steam.AppID{steam.Rust}
	for body, want := range map[string]int{
		`{"method":"user_inventory",` + payerParams + `}`: 1,
		directCall: 1,
		`{"method":"market_buy",` + partner + `,"name":"` + sandDune + `"}`: 5,
		`{"method":"market_search","name":"sand"}`:                          0,
	} {
		if n, _ := code(t, w.post(body)); n != want {
			t.Errorf("%s: %d, want %d", body, n, want)
		}
	}
	if got := w.post(`{"method":"market_pricelist"}`); !strings.Contains(got, `"items":[]`) {
		t.Error(got)
	}
}
