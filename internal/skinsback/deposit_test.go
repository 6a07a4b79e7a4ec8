package skinsback

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/trade"
)

// clearHash replaces the one thing in an answer that chance decides.
func (w *world) clearHash(answer string, id int64) string {
	d, err := w.deposits.Find(w.t.Context(), shop, id)
	w.ok(err)
	return strings.ReplaceAll(answer, d.Hash, "5f1c09d2ab")
}

func TestCreateOpensADeposit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.post(`{"method":"create","order_id":"inv-1001","steam_id":"76561198000000007","trade_token":"aB3dE5_-","min_amount":12.5,` +
		`"max_amount":250,"currency":"USD","custom_multiplier":"1.25","result_url":"https://shop.example/hook","unknown":[1]}`)
	golden(t, "create.json", w.clearHash(got, 1))
	d, err := w.deposits.FindByOrder(t.Context(), shop, "inv-1001")
	w.ok(err)
	if d.SteamID != payerID || d.TradeToken != goodToken || d.MinAmount != "12.5" || d.MaxAmount != "250" || d.Currency != "usd" ||
		d.Multiplier.String() != "1.25" || d.ResultURL != "https://shop.example/hook" || d.SuccessURL != "https://shop.example/ok" {
		t.Errorf("stored %+v", d)
	}
}

func TestCreateRefusesEachParameterWithItsOwnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings(func(p *merchant.Project) { p.Origins = []string{"https://shop.example"} })
	w.open("taken")
	errors := map[string]string{}
	for _, c := range []struct{ params, want string }{
		{``, "1 invalid_order_id"},
		{`"order_id":""`, "1 invalid_order_id"},
		{`"order_id":"a\u0000b"`, "1 invalid_order_id"},
		{`"order_id":1.5`, "1 invalid_order_id"},
		{`"order_id":"1","steam_id":"103582791429521412"`, "2 invalid_steam_id"},
		{`"order_id":"1","trade_token":"short"`, "3 invalid_trade_token"},
		{`"order_id":"1","min_amount":1`, "4 min_amount_requires_currency"},
		{`"order_id":"taken"`, "5 order_id_already_exists"},
		{`"order_id":"1","max_amount":1`, "6 max_amount_requires_currency"},
		{`"order_id":"1","currency":"usd","min_amount":2.0001,"max_amount":2`, "7 invalid_max_amount"},
		{`"order_id":"1","currency":"usd","max_amount":0`, "7 invalid_max_amount"},
		{`"order_id":"1","currency":"xyz"`, "8 invalid_currency"},
		{`"order_id":"1","currency":"usd","min_amount":-1`, "9 invalid_min_amount"},
		{`"order_id":"1","result_url":"ftp://shop.example"`, "10 invalid_url"},
		{`"order_id":"1","success_url":"https://other.example/"`, "10 invalid_url"},
		{`"order_id":"1","fail_url":"javascript:alert(1)"`, "10 invalid_url"},
		{`"order_id":"1","custom_multiplier":2.01`, "11 invalid_custom_multiplier"},
		{`"order_id":"1","custom_multiplier":"0.49"`, "11 invalid_custom_multiplier"},
		{`"order_id":"1","custom_currency":"coins","custom_currency_rate":1`, "12 invalid_custom_currency"},
		{`"order_id":"1","custom_currency":"coin"`, "12 invalid_custom_currency"},
		{`"order_id":"1","custom_currency":"coin","custom_currency_rate":0.09`, "12 invalid_custom_currency"},
		// presence is checked before form, and that before duplicates
		{`"steam_id":"x"`, "1 invalid_order_id"},
		{`"order_id":"taken","steam_id":"x"`, "2 invalid_steam_id"},
		{`"order_id":"1","steam_id":"x","min_amount":1`, "4 min_amount_requires_currency"},
	} {
		body := `{"method":"create"`
		if c.params != "" {
			body += "," + c.params
		}
		got := w.post(body + "}")
		n, name := code(t, got)
		if fmt.Sprint(n, " ", name) != c.want {
			t.Errorf("%s: %s", c.params, got)
		}
		errors[c.want] = withoutDetail(t, got)
	}
	golden(t, "create_errors.txt", lines(errors))
}

// withoutDetail drops the one part of an error that is not fixed.
func withoutDetail(t *testing.T, answer string) string {
	t.Helper()
	if i := strings.Index(answer, `,"error_detail":`); i >= 0 {
		answer = answer[:i] + "}"
	}
	if !json.Valid([]byte(answer)) {
		t.Errorf("%s: not JSON", answer)
	}
	return answer
}

// lines prints answers in the order of their names.
func lines(m map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m)) {
		b.WriteString(name + "\n\t" + m[name] + "\n")
	}
	return b.String()
}

func TestAcceptedSpellingsOfCreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, params := range []string{
		`"order_id":ORDER`, `"order_id":"ORDER","min_amount":"0.50","currency":"RUB"`, `"order_id":"ORDER","min_amount":1e1,"max_amount":1e1,"currency":"usd"`,
		`"order_id":"ORDER","steam_id":76561198000000007`, `"order_id":"ORDER","steam_id":"","trade_token":null,"min_amount":"","currency":""`,
		`"order_id":"ORDER","custom_currency":"coin","custom_currency_rate":"0.1","custom_multiplier":0.5`, `"order_id":"ORDER","priority_game":"nonsense"`,
		`"order_id":"ORDER","max_amount":"` + strings.Repeat("9", 400) + `","currency":"eur"`, `"order_id":"ORDER★","success_url":"http://127.0.0.1:9000/ok"`,
	} {
		body := `{"method":"create",` + strings.ReplaceAll(params, "ORDER", fmt.Sprint(1000+i)) + `}`
		if n, _ := code(t, w.post(body)); n != 0 {
			t.Errorf("%s: refused with %d", body, n)
		}
	}
}

// Every state of a deposit as orderstatus shows it and as it is notified.
func TestDepositIsShownInEveryState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	show := func(name string, d deposit.Deposit) {
		golden(t, "orderstatus_"+name+".json", w.post(fmt.Sprintf(`{"method":"orderstatus","transaction_id":%d}`, d.ID)))
		golden(t, "notification_"+name+".txt", last(w.told(d.ID)))
	}
	show("open", w.open("inv-open"))
	held := w.choose("inv-1001", "31000000001", "31000000002")
	show("trading", held)
	w.walk(held.TradeID, trade.Sending, trade.Active)
	show("pending", held)
	w.walk(held.TradeID, trade.Accepted)
	show("in_hold", held)
	golden(t, "approve.json", w.post(`{"method":"offer_approve","order_id":"inv-1001"}`))
	show("hold_approved", held)
	w.walk(held.TradeID, trade.Settled)
	show("success", held)

	declined := w.choose("inv-1002", "31000000001")
	w.walk(declined.TradeID, trade.Sending, trade.Active, trade.Declined)
	show("fail", declined)
	reversed := w.choose("inv-1003", "31000000001")
	w.walk(reversed.TradeID, trade.Sending, trade.Active, trade.Accepted, trade.Reversed)
	show("reversed", reversed)
	returned := w.choose("inv-1004", "31000000001")
	w.walk(returned.TradeID, trade.Sending, trade.Active, trade.Accepted)
	w.ok(w.deposits.Approve(t.Context(), shop, returned.ID, w.now))
	w.walk(returned.TradeID, trade.Reversed)
	show("hold_returned", returned)
	golden(t, "balance_after.json", w.post(`{"method":"balance"}`))
}

// told returns all messages about a deposit so far, with their headers.
func (w *world) told(id int64) string {
	w.t.Helper()
	var b strings.Builder
	for _, e := range w.eventsOf(fmt.Sprintf("deposit/%d", id)) {
		b.WriteString(w.message(e))
	}
	return b.String()
}

func (w *world) eventsOf(subject string) []event.Event {
	w.t.Helper()
	all, err := w.events.Since(w.t.Context(), shop, 0, 1000)
	w.ok(err)
	var out []event.Event
	for _, e := range all {
		if e.Subject == subject {
			out = append(out, e)
		}
	}
	return out
}

// last returns the last message.
func last(told string) string { return told[max(0, strings.LastIndex(told, "POST ")):] }

func TestOldClientsHearOfThreeStatuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settings(func(p *merchant.Project) { p.LegacyStatuses = true })
	d := w.choose("inv-1001", "31000000001")
	seen := []string{}
	step := func(states ...trade.State) {
		w.walk(d.TradeID, states...)
		var a struct{ Status string }
		w.ok(json.Unmarshal([]byte(w.post(`{"method":"orderstatus","order_id":"inv-1001"}`)), &a))
		seen = append(seen, a.Status, fmt.Sprint(strings.Count(w.told(d.ID), "POST ")))
	}
	step(trade.Sending)
	step(trade.Active)
	step(trade.Accepted)
	w.ok(w.deposits.Approve(t.Context(), shop, d.ID, w.now))
	step()
	step(trade.Settled)
	if got := fmt.Sprint(seen); got != "[pending 0 pending 1 pending 1 pending 1 success 2]" {
		t.Error(got)
	}
}

func TestOrderMethodsRefuseEachMistake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open("mine")
	p, err := w.merchants.Project(t.Context(), stranger)
	w.ok(err)
	_, err = w.deposits.Open(t.Context(), deposit.Request{Project: p, OrderID: "theirs"}, w.now)
	w.ok(err)
	errors := map[string]string{}
	for _, method := range []string{"orderstatus", "offer_approve"} {
		for _, c := range []struct{ params, want string }{
			{``, "1 order_id_or_transaction_id_missing"},
			{`,"order_id":"","transaction_id":null`, "1 order_id_or_transaction_id_missing"},
			{`,"order_id":["mine"]`, "2 invalid_order_id"},
			{`,"transaction_id":"1.0"`, "3 invalid_transaction_id"},
			{`,"transaction_id":-1,"order_id":"mine"`, "3 invalid_transaction_id"},
			{`,"transaction_id":99`, "4 transaction_not_found"},
			{`,"transaction_id":2`, "4 transaction_not_found"}, // another project's
			{`,"order_id":"theirs"`, "4 transaction_not_found"},
			{`,"order_id":"MINE"`, "4 transaction_not_found"},
		} {
			got := w.post(`{"method":"` + method + `"` + c.params + `}`)
			n, name := code(t, got)
			if fmt.Sprint(n, " ", name) != c.want {
				t.Errorf("%s %s: %s", method, c.params, got)
			}
			errors[method+" "+c.want] = withoutDetail(t, got)
		}
	}
	got := w.post(`{"method":"offer_approve","transaction_id":"1"}`)
	if n, _ := code(t, got); n != 5 {
		t.Errorf("approving an open deposit: %s", got)
	}
	errors["offer_approve 5 offer_already_approved_or_canceled"] = withoutDetail(t, got)
	golden(t, "order_errors.txt", lines(errors))
}

func TestBalanceShowsEveryCurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	golden(t, "balance.json", w.post(`{"method":"balance"}`))
	w.ok(w.ledger.Post(t.Context(), ledger.Transaction{Ref: "opening/2", Kind: "pay in", At: w.now, Entries: []ledger.Entry{
		{Account: ledger.OutsideCash, Amount: -5}, {Account: ledger.Available(shop), Amount: 5}}}))
	if got := w.post(`{"method":"balance"}`); !strings.Contains(got, `"balance":"1840.255"`) {
		t.Errorf("a change was not shown: %s", got)
	}
	golden(t, "currencies.json", w.post(`{"method":"currencies"}`))
	golden(t, "status.json", w.post(`{"method":"status"}`))
	w.reason = "no_bots"
	golden(t, "status_no_bots.json", w.post(`{"method":"status"}`))
}

func TestDatesAreOfTheWorldsClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = start.Add(200 * time.Hour)
	w.post(`{"method":"create","order_id":"later"}`)
	if got := w.post(`{"method":"orderstatus","order_id":"later"}`); !strings.Contains(got, fmt.Sprint(`"date":`, w.now.Unix())) {
		t.Error(got)
	}
}
