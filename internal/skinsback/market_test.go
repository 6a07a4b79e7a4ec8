package skinsback

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

const partner = `"partner":"123456789","token":"aB3dE5_-"`

func TestPriceListHasThreeForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	golden(t, "pricelist.json", w.post(`{"method":"market_pricelist","game":"cs2"}`))
	golden(t, "pricelist_full.json", w.post(`{"method":"market_pricelist","full":1}`))
	golden(t, "pricelist_extended.json", w.post(`{"method":"market_pricelist","full":true,"extended":"1"}`))
	golden(t, "pricelist_empty.json", w.post(`{"method":"market_pricelist","game":"chess"}`))
	plain := w.post(`{"method":"market_pricelist","game":"cs2"}`)
	for _, body := range []string{`{"method":"market_pricelist"}`, `{"method":"market_pricelist","game":"csgo","extended":1}`,
		`{"method":"market_pricelist","game":"","full":"0"}`, `{"method":"market_pricelist","full":false}`} {
		if got := w.post(body); got != plain {
			t.Errorf("%s: %s", body, got)
		}
	}
}

func TestSearchFindsPartsAndExactNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	golden(t, "search.json", w.post(`{"method":"market_search","game":"cs2","name":"SAND dune"}`))
	golden(t, "search_names.json", w.post(`{"method":"market_search","names":["`+capillary+`","★ Karambit | Doppler Phase 2 (Factory New)","sand"]}`))
	golden(t, "search_nothing.json", w.post(`{"method":"market_search","game":"rust","name":"sand dune"}`))
	form := url.Values{"method": {"market_search"}, "names[]": {capillary}}
	got := w.send(form.Encode(), http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}})
	if got != w.post(`{"method":"market_search","names":["`+capillary+`"]}`) {
		t.Error(got)
	}
	errors := map[string]string{}
	for params, want := range map[string]string{
		``: "1 name_or_names_required", `,"name":""`: "1 name_or_names_required", `,"names":[]`: "1 name_or_names_required",
		`,"names":"` + sandDune + `"`: "1 name_or_names_required", `,"names":["a",1.5]`: "1 name_or_names_required",
		`,"name":"ab"`: "2 name_min_length_3", `,"name":"★★"`: "2 name_min_length_3", `,"name":12`: "2 name_min_length_3",
	} {
		got := w.post(`{"method":"market_search"` + params + `}`)
		n, name := code(t, got)
		if fmt.Sprint(n, " ", name) != want {
			t.Errorf("%s: %s", params, got)
		}
		errors[want] = withoutDetail(t, got)
	}
	golden(t, "search_errors.txt", lines(errors))
}

func TestBuyAnswersWithNumbersAndStoredOnesWithText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	golden(t, "buy.json", w.post(`{"method":"market_buy",`+partner+`,"name":"`+sandDune+`","game":"csgo","max_price":0.5,"custom_id":"wd-77"}`))
	golden(t, "buy_by_id.json", w.post(`{"method":"market_buy","partner":123456789,"token":"aB3dE5_-","id":"`+w.itemID(capillary)+`","name":"x"}`))
	golden(t, "getinfo.json", w.post(`{"method":"market_getinfo","buy_id":1,"buy_ids":[2]}`))
	golden(t, "getinfo_ids.json", w.post(`{"method":"market_getinfo","buy_ids":[2,"1",99,"x",null,-1,[1]]}`))
	golden(t, "getinfo_custom.json", w.post(`{"method":"market_getinfo","custom_ids":["wd-77","unknown"]}`))
	golden(t, "getinfo_none.json", w.post(`{"method":"market_getinfo","custom_ids":["unknown"]}`))
	golden(t, "events_buy.txt", w.framesOf(1))
	if got := w.post(`{"method":"balance"}`); !strings.Contains(got, `"balance":"1818.49"`) {
		t.Error(got)
	}
}

// itemID is the catalogue id of the first item of a name.
func (w *world) itemID(name string) string {
	w.t.Helper()
	var id string
	w.ok(w.db.Read().QueryRowContext(w.t.Context(), "select id from bot_item where name = $1 order by id limit 1", name).Scan(&id))
	return id
}

// framesOf returns all messages about a purchase, with the balance after each.
func (w *world) framesOf(id int64) string {
	w.t.Helper()
	var b strings.Builder
	all, err := w.events.Since(w.t.Context(), shop, 0, 1000)
	w.ok(err)
	for i, e := range all {
		if e.Subject != fmt.Sprintf("purchase/%d", id) {
			continue
		}
		b.WriteString(w.message(e))
		if i+1 < len(all) && strings.HasSuffix(all[i+1].Subject, "/balance") {
			b.WriteString(w.message(all[i+1]))
		}
	}
	return b.String()
}

func (w *world) buy(custom string) purchase.Purchase {
	w.t.Helper()
	p, err := w.merchants.Project(w.t.Context(), shop)
	w.ok(err)
	b, err := w.purchases.Buy(w.t.Context(), purchase.Buy{Project: p, Partner: steam.FromAccount(123456789), Token: goodToken, App: steam.CS2,
		Name: sandDune, CustomID: custom}, w.now)
	w.ok(err)
	return b
}

// tradeOf finds the trade of a purchase.
func (w *world) tradeOf(p purchase.Purchase) int64 {
	w.t.Helper()
	var id int64
	w.ok(w.db.Read().QueryRowContext(w.t.Context(), "select max(id) from trade where owner = $1", p.Owner()).Scan(&id))
	return id
}

func TestPurchaseIsShownInEveryState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	show := func(name string, p purchase.Purchase) {
		golden(t, "purchase_"+name+".json", w.post(fmt.Sprintf(`{"method":"market_getinfo","buy_id":"%d"}`, p.ID)))
	}
	kept := w.buy("wd-1")
	w.walk(w.tradeOf(kept), trade.Sending, trade.Active)
	show("waiting", kept)
	w.walk(w.tradeOf(kept), trade.Accepted)
	show("accepted", kept)
	w.walk(w.tradeOf(kept), trade.Settled)
	show("settled", kept)
	if frames := w.framesOf(kept.ID); strings.Count(frames, `"accepted"`) != 1 {
		t.Errorf("accepted is told more than once, or never: %s", frames)
	}
	declined := w.buy("")
	w.walk(w.tradeOf(declined), trade.Sending, trade.Active, trade.Declined)
	show("canceled", declined)
	golden(t, "events_canceled.txt", w.framesOf(declined.ID))
	undone := w.buy("wd-3")
	w.walk(w.tradeOf(undone), trade.Sending, trade.Active, trade.Accepted, trade.Reversed)
	show("rollback", undone)
	golden(t, "events_rollback.txt", w.framesOf(undone.ID))
	w.settings(func(p *merchant.Project) { p.LegacyStatuses = true })
	show("rollback_legacy", undone)
	if frames := w.framesOf(undone.ID); strings.Contains(frames, "rollback") || strings.Count(frames, `"accepted"`) != 1 {
		t.Errorf("an old client hears %s", frames)
	}
}

func TestBuyRefusesEachMistake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.buy("taken")
	before := w.counts()
	errors := map[string]string{}
	for _, c := range []struct{ params, want string }{
		{partner, "1 missing_name_and_id"},
		{partner + `,"id":"","name":null`, "1 missing_name_and_id"},
		{partner + `,"id":"x"`, "1 missing_name_and_id"},
		{partner + `,"name":"P2"`, "2 name_min_length_3"},
		{`"token":"aB3dE5_-","id":1`, "3 missing_partner_or_token"},
		{`"partner":"5","id":1`, "3 missing_partner_or_token"},
		{`"partner":"5","token":"short","id":1`, "3 missing_partner_or_token"},
		{partner + `,"name":"` + karambit + `"`, "4 insufficient_funds"},
		{partner + `,"id":999`, "5 skin_unavailable"},
		{partner + `,"id":18446744073709551616`, "5 skin_unavailable"},
		{partner + `,"name":"No Such Skin"`, "5 skin_unavailable"},
		{partner + `,"name":"` + sandDune + `","game":"rust"`, "5 skin_unavailable"},
		{partner + `,"name":"` + sandDune + `","game":"chess"`, "5 skin_unavailable"},
		{partner + `,"name":"` + sandDune + `","max_price":0.4099999999999999999999`, "6 skins_not_found_at_specified_price"},
		{partner + `,"name":"` + sandDune + `","max_price":-1`, "6 skins_not_found_at_specified_price"},
		{partner + `,"name":"` + sandDune + `","max_price":"0,5"`, "6 skins_not_found_at_specified_price"},
		{partner + `,"name":"` + sandDune + `","custom_id":"taken"`, "7 custom_id_already_exists"},
		{`"partner":"0","token":"aB3dE5_-","id":1`, "8 invalid_partner_value"},
		{`"partner":4294967296,"token":"aB3dE5_-","id":1`, "8 invalid_partner_value"},
		{partner + `,"name":"` + sandDune + `","custom_id":"a\nb"`, "9 invalid_custom_id"},
		// duplicate before stock before price before money
		{partner + `,"name":"No Such Skin","custom_id":"taken"`, "7 custom_id_already_exists"},
		{partner + `,"name":"No Such Skin","max_price":0`, "5 skin_unavailable"},
		{partner + `,"name":"` + karambit + `","max_price":1`, "6 skins_not_found_at_specified_price"},
	} {
		if strings.HasPrefix(c.want, "4") {
			w.spend()
			before = w.counts()
		}
		got := w.post(`{"method":"market_buy",` + c.params + `}`)
		n, name := code(t, got)
		if fmt.Sprint(n, " ", name) != c.want {
			t.Errorf("%s: %s", c.params, got)
		}
		errors[c.want] = withoutDetail(t, got)
	}
	if after := w.counts(); after != before {
		t.Errorf("something changed: %s, then %s", before, after)
	}
	golden(t, "buy_errors.txt", lines(errors))
}

// spend leaves the project a hundred dollars.
func (w *world) spend() {
	w.t.Helper()
	have, err := w.ledger.Balance(w.t.Context(), ledger.Available(shop))
	w.ok(err)
	w.ok(w.ledger.Post(w.t.Context(), ledger.Transaction{Ref: "cash/out", Kind: "pay out", At: w.now, Entries: []ledger.Entry{
		{Account: ledger.Available(shop), Amount: 100_000 - have}, {Account: ledger.OutsideCash, Amount: have - 100_000}}}))
}

func TestExactCeilingBuys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, ceiling := range []string{`0.41`, `"0.410000000000000000000000001"`} {
		if n, _ := code(t, w.post(`{"method":"market_buy",`+partner+`,"name":"`+sandDune+`","max_price":`+ceiling+`}`)); n != 0 {
			t.Errorf("%s: %d", ceiling, n)
		}
	}
}

func TestPhaseNameBuysThatPhaseOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if n, _ := code(t, w.post(`{"method":"market_buy",`+partner+`,"name":"★ Karambit | Doppler Ruby (Factory New)"}`)); n != 5 {
		t.Errorf("got %d", n)
	}
	if n, _ := code(t, w.post(`{"method":"market_buy",`+partner+`,"name":"★ Karambit | Doppler Phase 2 (Factory New)"}`)); n != 0 {
		t.Errorf("got %d", n)
	}
}

func TestGetInfoRefusesEachMistake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.buy("mine")
	p, err := w.merchants.Project(t.Context(), stranger)
	w.ok(err)
	w.pay(stranger, 1000)
	_, err = w.purchases.Buy(t.Context(), purchase.Buy{Project: p, Partner: steam.FromAccount(5), Token: goodToken, App: steam.CS2,
		Name: sandDune, CustomID: "theirs"}, w.now)
	w.ok(err)
	errors := map[string]string{}
	for params, want := range map[string]string{
		``: "1 missing_buy_id", `,"starting":1,"ending":2`: "1 missing_buy_id", `,"buy_ids":[]`: "1 missing_buy_id",
		`,"buy_ids":"1"`: "1 missing_buy_id", `,"custom_ids":{"a":"mine"}`: "1 missing_buy_id",
		`,"buy_ids":[` + strings.Repeat("1,", 1000) + `1]`: "1 missing_buy_id",
		`,"buy_id":2`: "2 offer_not_found", `,"buy_id":3`: "2 offer_not_found", `,"buy_id":"x"`: "2 offer_not_found",
	} {
		got := w.post(`{"method":"market_getinfo"` + params + `}`)
		n, name := code(t, got)
		if fmt.Sprint(n, " ", name) != want {
			t.Errorf("%.60s: %s", params, got)
		}
		errors[want] = withoutDetail(t, got)
	}
	golden(t, "getinfo_errors.txt", lines(errors))
	if got := w.post(`{"method":"market_getinfo","custom_ids":["theirs"]}`); got != `{"status":"success","items":[]}` {
		t.Errorf("another project's purchase is shown: %s", got)
	}
}
