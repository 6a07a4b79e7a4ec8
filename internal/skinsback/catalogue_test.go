package skinsback

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/apidoc"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/merchant"
)

// The catalogue of bad input (B1 to B8), applied to every parameter of every
// method, as JSON and as a form: HTTP 200, a documented answer, and nothing has
// changed when it is an error.

// good is a call that succeeds, by parameter.
var good = map[string]map[string]string{
	"create": {"order_id": `"o"`, "steam_id": `"76561198000000007"`, "trade_token": `"aB3dE5_-"`, "result_url": `"https://shop.example/r"`,
		"success_url": `"https://shop.example/s"`, "fail_url": `"https://shop.example/f"`, "min_amount": `1`, "max_amount": `2`, "currency": `"usd"`,
		"custom_multiplier": `1.5`, "custom_currency": `"coin"`, "custom_currency_rate": `2`, "priority_game": `"cs2"`},
	"create_from_user_inventory": {"game": `"cs2"`, "steam_id": `"76561198000000007"`, "trade_token": `"aB3dE5_-"`, "item_asset_ids": `["1"]`,
		"order_id": `"d"`, "currency": `"usd"`, "result_url": `"https://shop.example/r"`, "custom_multiplier": `1.5`, "custom_currency": `"coin"`,
		"custom_currency_rate": `2`},
	"user_inventory": {"game": `"cs2"`, "steam_id": `"76561198000000007"`, "trade_token": `"aB3dE5_-"`, "currency": `"usd"`,
		"custom_multiplier": `1.5`, "custom_currency": `"coin"`, "custom_currency_rate": `2`},
	"orderstatus":      {"transaction_id": `1`, "order_id": `"theirs"`},
	"offer_approve":    {"transaction_id": `1`, "order_id": `"theirs"`},
	"balance":          {"game": `"cs2"`},
	"currencies":       {"game": `"cs2"`},
	"status":           {"game": `"cs2"`},
	"market_pricelist": {"game": `"cs2"`, "full": `1`, "extended": `1`},
	"market_search":    {"game": `"cs2"`, "name": `"sand dune"`, "names": `["x"]`},
	"market_buy": {"partner": `"123456789"`, "token": `"aB3dE5_-"`, "id": `1`, "name": `"` + sandDune + `"`, "game": `"cs2"`,
		"max_price": `1000`, "custom_id": `"c"`},
	"orders":              {"starting": `0`, "ending": `4102444800`, "start_from": `0`},
	"callback_error_list": {"start_from": `0`},
	"market_history":      {"starting": `0`, "ending": `4102444800`, "start_from": `0`},
	"market_batch_buy":    {"partner": `"123456789"`, "token": `"aB3dE5_-"`, "items": `[{"id":999}]`},
	"money_history":       {"starting": `1`, "ending": `1767225600`, "start_from": `0`},
	"market_getinfo":      {"buy_id": `1`, "buy_ids": `[1]`, "custom_ids": `["c"]`},
}

// documented reports whether the reference says that a method may answer so.
func documented(method string, n int) bool {
	for _, m := range apidoc.Methods() {
		if m.Name == method {
			return slices.ContainsFunc(m.Errors, func(e apidoc.Error) bool { return e.Code == n })
		}
	}
	return false
}

// own error of a malformed parameter where it is certain.
var certain = map[string]int{
	"create.order_id": 1, "create.steam_id": 2, "create.trade_token": 3, "create.max_amount": 7, "create.currency": 8, "create.min_amount": 9,
	"create.result_url": 10, "create.success_url": 10, "create.fail_url": 10, "create.custom_multiplier": 11,
	"market_buy.partner": 8, "market_buy.token": 3, "market_buy.max_price": 6, "market_buy.custom_id": 9,
	"market_batch_buy.partner": 8, "market_batch_buy.token": 3, "money_history.starting": 1, "money_history.ending": 1, "orders.starting": 1, "orders.ending": 1, "market_history.starting": 1, "market_history.ending": 1,
	"orderstatus.transaction_id": 3, "offer_approve.transaction_id": 3,
}

// wrongTypes are malformed for every scalar parameter.
var wrongTypes = []string{`[]`, `{}`, `[[]]`, `["a"]`, `{"a":1}`, `true`, `[` + strings.Repeat("1,", 99_999) + `1]`}

// numbers are B1 as JSON; malformed for a decimal, and for an id too.
var numbers = []string{`-1`, `"-1"`, `1.005`, `"1."`, `".5"`, `"+1"`, `1e309`, `-1e309`, `"1e2"`, `"NaN"`, `"Infinity"`, `"0x10"`, `"1_000"`, `"1,5"`,
	`" 1"`, `"1 "`, `2147483648`, `9007199254740993`, `9223372036854775808`, `18446744073709551616`, strings.Repeat("9", 400), `"１２"`, `0`, `-0`, `"00"`, `1e2`}

// texts are B4 and B8 as JSON.
var texts = []string{`""`, `"   "`, `"` + strings.Repeat("a", 100_000) + `"`, `"a\u0000b"`, `"a\r\nX-Y: z"`, `"a\tb"`, `"\u202eabc"`, `"\u200b\u200b\u200b"`,
	`"` + strings.Repeat("e\u0301", 300) + `"`, `"аdmin"`, `"e\u0301"`, `"\u00e9"`, `"😀😀😀"`, `"'\";--"`, `"<script>alert(1)</script>"`, `"{{1+1}}"`, `"${x}"`,
	`"%00"`, `"../../etc"`, `"=cmd|' /C calc'!A0"`, `":"`, `"\ud83d\ude00"`, `"103582791429521412"`, `"76561197960265728"`, `"76561198000000008"`,
	`"550E8400-E29B-41D4-A716-446655440000"`, `"deadbeef"`, `"theirs"`, `"https://shop.example@evil.example/"`, `"https://127.0.0.1/x"`,
	`"https://steamcommunity.com.evil.example/tradeoffer/new/?partner=1&token=aB3dE5_-"`, `"javascript:alert(1)"`, `"https://[::ffff:10.0.0.1]/"`,
	`"http://169.254.169.254/latest"`, `"https://shop.example:22/"`, `"https://` + strings.Repeat("a", 10_000) + `/"`, `"4294967296"`, `"-5"`, `"aB3dE5_"`, `"aB3dE5_-x"`,
	`"aB3dE5_%"`}

func TestCatalogueOfBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foreign()
	w.hostile = true
	asked := 0
	for _, m := range apidoc.Methods() {
		names := []string{"game"} // read or not
		for _, p := range m.Params {
			names = append(names, p.Name)
			if good[m.Name][p.Name] == "" {
				t.Errorf("%s: no good value of %s", m.Name, p.Name)
			}
		}
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			for _, bad := range slices.Concat(wrongTypes, numbers, texts) {
				w.tryBad(m.Name, name, bad, slices.Contains(wrongTypes, bad))
				asked++
			}
		}
	}
	if t.Logf("%d requests", 2*asked); 2*asked < 5000 {
		t.Error("fewer than 5,000 requests")
	}
}

// foreign puts something of another project beside ours.
func depositRequest(p merchant.Project, order string) deposit.Request {
	return deposit.Request{Project: p, OrderID: order}
}

func (w *world) foreign() {
	p, err := w.merchants.Project(w.t.Context(), stranger)
	w.ok(err)
	_, err = w.deposits.Open(w.t.Context(), depositRequest(p, "theirs"), w.now)
	w.ok(err)
}

// tryBad sends one call with one bad parameter in both encodings.
func (w *world) tryBad(method, name, bad string, malformed bool) {
	w.t.Helper()
	params := map[string]string{}
	for k, v := range good[method] {
		params[k] = v
	}
	for _, rival := range rivals[method+"."+name] {
		delete(params, rival)
	}
	params[name] = bad
	before := w.counts()
	var b strings.Builder
	b.WriteString(`{"method":"` + method + `"`)
	for k, v := range params {
		b.WriteString(`,"` + k + `":` + v)
	}
	w.judge(method, name, bad, w.post(b.String()+"}"), before, malformed)
	form := url.Values{"method": {method}}
	for k, v := range params {
		form.Set(k, unquote(v))
	}
	before = w.counts()
	if len(form.Encode()) > maxBody {
		return
	}
	w.judge(method, name, bad, w.send(form.Encode(), http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}}), before, false)
}

// rivals are parameters that would win over the one that is tried.
var rivals = map[string][]string{
	"orderstatus.order_id": {"transaction_id"}, "offer_approve.order_id": {"transaction_id"}, "market_buy.name": {"id"}, "market_buy.game": {"id"},
	"market_search.names": {"name"}, "market_getinfo.buy_ids": {"buy_id"}, "market_getinfo.custom_ids": {"buy_id", "buy_ids"},
}

func unquote(json string) string {
	if s, err := strconv.Unquote(json); err == nil {
		return s
	}
	return strings.Trim(json, `"`)
}

func (w *world) judge(method, name, bad, answer, before string, malformed bool) {
	w.t.Helper()
	what := fmt.Sprintf("%s with %s = %.60s", method, name, bad)
	n, _ := code(w.t, answer)
	if n != 0 && !documented(method, n) {
		w.t.Errorf("%s: undocumented %s", what, answer)
	}
	after := w.counts()
	if (n != 0 || !changes[method]) && after != before {
		w.t.Errorf("%s: something changed\nbefore %s\n after %s", what, before, after)
	}
	if want := certain[method+"."+name]; malformed && want != 0 && n != want {
		w.t.Errorf("%s: got %d, want %d", what, n, want)
	}
	if n == 0 && changes[method] && neverGood(method+"."+name, bad) {
		w.t.Errorf("%s: accepted: %.200s", what, answer)
	}
}

var changes = map[string]bool{"create": true, "market_buy": true}

// neverGood says of a value that no careful reader accepts it there.
func neverGood(param, bad string) bool {
	s := unquote(bad)
	switch param {
	case "create.min_amount", "create.max_amount", "create.custom_multiplier", "create.custom_currency_rate", "market_buy.max_price":
		return s != "" && strings.Trim(s, "0123456789.e-") != "" || strings.HasPrefix(s, "-") && strings.Trim(s, "-0.") != ""
	case "create.steam_id", "market_buy.partner", "market_buy.id":
		return s != "" && (strings.Trim(s, "0123456789") != "" || s[0] == '0')
	case "create.trade_token", "market_buy.token":
		return s != "" && len(s) != 8
	case "create.order_id", "market_buy.custom_id":
		return s == "" && param == "create.order_id" || strings.ContainsAny(s, "\x00\r\n\t") || len([]rune(s)) > 255
	case "create.result_url", "create.success_url", "create.fail_url":
		return s != "" && !strings.HasPrefix(s, "http")
	case "create.currency":
		return s != ""
	}
	return false
}

// counts describes everything that a call could change.
func (w *world) counts() string {
	w.t.Helper()
	var b strings.Builder
	for _, table := range []string{"deposit", "deposit_move", "purchase", "purchase_move", "event", "trade", "entry", "ledger_transaction", "hold",
		"bot_item where reserved_by <> ''"} {
		var n int
		w.ok(w.db.Read().QueryRowContext(w.t.Context(), "select count(*) from "+table).Scan(&n))
		fmt.Fprintf(&b, "%s %d ", table, n)
	}
	return b.String()
}
