package skinsback

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/apidoc"
)

// The catalogue of bad input: what is tried on every parameter of every method.
// Values are JSON as it is written; some are no JSON at all. In forms the text
// is sent without its quotes.
var catalogue = map[string][]string{
	"B1": slices.Concat(numbers, quoted(numbers), []string{`"Infinity"`, `" 1"`, `"1 "`, `"１２"`, `"1\u00a0"`, `"٣"`}),
	"B2": {`null`, `true`, `false`, `[]`, `{}`, `[[]]`, `["a"]`, `{"a":1}`, `[1,"a",null,[1],{}]`, `[` + strings.Repeat("1,", 99_999) + `1]`,
		strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), `"true"`, `"null"`, `"[]"`},
	"B3": {`'x'`, `{"a":1,"a":2}`, `1 2`, `"\ud800"`, `"a\u0000b"`, "\"\xff\"", `/* */1`, `"a`, `1}{`},
	"B4": {`""`, `"   "`, `"` + strings.Repeat("a", 100_000) + `"`, `"` + strings.Repeat("a", 256) + `"`, `"a\r\nX-Y: z"`, `"a\tb"`, `"\u202eabc"`,
		`"\u200b\u200b\u200b"`, `"` + strings.Repeat(`e\u0301`, 300) + `"`, `"аdmin"`, `"e\u0301"`, `"\u00e9"`, `"😀😀😀"`, `"'\";--"`,
		`"<script>alert(1)</script>"`, `"{{1+1}}"`, `"${x}"`, `"%00"`, `"../../etc/passwd"`, `"=cmd|' /C calc'!A0"`, `";order_id:2"`, `":"`},
	"B5": {`"theirs"`, `2`, `999999999`, `-5`, `"103582791429521412"`, `"76561197960265728"`, `"76561198000000008"`, `"76561202255233024"`, `"76561202255233023"`,
		`"550E8400-E29B-41D4-A716-446655440000"`, `"550e8400-e29b-41d4-a716-446655440000"`, `"deadbeef"`, `"0x1"`, `"0001"`, `"STEAM_0:1:19867136"`,
		`"[U:1:39734473]"`},
	"B6": {`1767225600000`, `253402300800`, `99999999999999999999`, `"1767225600.999"`, `"2026-01-01"`, `"now"`, `1000000000`, `"bz0x"`},
	"B8": {`"aB3dE5_"`, `"aB3dE5_-x"`, `"aB3dE5_%"`, `"aB3dE5%5F-"`, `"aB3dE5 -"`, `4294967295`, `4294967296`,
		`"https://steamcommunity.com/tradeoffer/new/?partner=1&token=aB3dE5_-"`, `"http://steamcommunity.com.evil.example/tradeoffer/new/?partner=1&token=aB3dE5_-"`},
	"B9": quoted(append(strings.Fields(`ftp://shop.example/ javascript:alert(1) data:text/html,x file:///etc/passwd //shop.example/ https:/shop.example
		https:// https://user:pass@shop.example/ https://shop.example@evil.example/ https://shop.example/#x https://shop.example:22/ https://shop.example:0/
		https://shop.example:99999/ https://shop.example:/ https://shöp.example/ https://xn--shp-sna.example/`), append(private,
		`https://`+strings.Repeat("a", 10_000)+`/`, `https://shop.example/`+strings.Repeat("a", 10_000), `https://shop.example/a b`, `https://shop.example\\evil`)...)),
	"B10": {`0.409`, `0.41`, `0.411`, `"0.4100000000000000000000000000001"`, `"0.4099999999999999999999999999999"`, `0.1`, `0.5`, `2`, `2.001`, `"gbp"`, `"USD"`, `"usd "`, `"csgo"`, `"CS2"`, `"tf3"`},
}

// numbers are those of B1, most of them no JSON.
var numbers = []string{`-1`, `-0`, `0`, `00`, `+1`, `1.`, `.5`, `1.005`, `1e2`, `1E+2`, `1e309`, `-1e309`, `1e-400`, `NaN`, `-Infinity`, `0x10`, `1_000`, `1,5`,
	`2147483648`, `9007199254740993`, `9223372036854775808`, `18446744073709551616`, strings.Repeat("9", 400), `0.` + strings.Repeat("0", 400) + `1`}

// private are addresses that no notification may go to.
var private = strings.Fields(`http://localhost/ https://127.0.0.1/x http://127.1/ http://2130706433/ http://0x7f.0.0.1/ http://0177.0.0.1/ http://10.0.0.1/
	http://172.16.0.1/ http://192.168.1.1/ http://169.254.169.254/latest http://100.64.0.1/ http://0.0.0.0/ http://224.0.0.1/ http://255.255.255.255/
	http://192.0.0.1/ http://192.0.2.1/ http://198.18.0.1/ http://240.0.0.1/ http://[::1]/ http://[::]/ http://[fe80::1]/ http://[fe80::1%25eth0]/
	http://[fc00::1]/ http://[fec0::1]/ http://[::ffff:10.0.0.1]/ http://[::10.0.0.1]/ http://[2002:a00:1::]/ http://[64:ff9b::a00:1]/ http://[2001::1]/
	http://[ff02::1]/ http://[2001:db8::1]/ http://host/`)

func quoted(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = `"` + s + `"`
	}
	return out
}

// good is a call that succeeds, by parameter. UNIQUE is another text each time.
var good = map[string]map[string]string{
	"create": {"order_id": `"UNIQUE"`, "steam_id": `"76561198000000007"`, "trade_token": `"aB3dE5_-"`, "result_url": `"https://shop.example/r"`,
		"success_url": `"https://shop.example/s"`, "fail_url": `"https://shop.example/f"`, "min_amount": `1`, "max_amount": `200`, "currency": `"usd"`,
		"custom_multiplier": `1.5`, "custom_currency": `"coin"`, "custom_currency_rate": `2`, "priority_game": `"cs2"`},
	"create_from_user_inventory": {"game": `"cs2"`, "steam_id": `"76561198000000007"`, "trade_token": `"aB3dE5_-"`, "item_asset_ids": `["31000000001"]`,
		"order_id": `"UNIQUE"`, "currency": `"usd"`, "result_url": `"https://shop.example/r"`, "custom_multiplier": `1.5`, "custom_currency": `"coin"`,
		"custom_currency_rate": `2`},
	"user_inventory": {"game": `"cs2"`, "steam_id": `"76561198000000007"`, "trade_token": `"aB3dE5_-"`, "currency": `"usd"`,
		"custom_multiplier": `1.5`, "custom_currency": `"coin"`, "custom_currency_rate": `2`},
	"orderstatus":      {"transaction_id": `1`, "order_id": `"mine"`},
	"offer_approve":    {"transaction_id": `1`, "order_id": `"mine"`},
	"balance":          {"game": `"cs2"`},
	"currencies":       {"game": `"cs2"`},
	"status":           {"game": `"cs2"`},
	"market_pricelist": {"game": `"cs2"`, "full": `1`, "extended": `1`},
	"market_search":    {"game": `"cs2"`, "name": `"karambit"`, "names": `["x"]`},
	"market_buy": {"partner": `"123456789"`, "token": `"aB3dE5_-"`, "id": `1`, "name": `"` + sandDune + `"`, "game": `"cs2"`,
		"max_price": `1000`, "custom_id": `"UNIQUE"`},
	"orders":              {"starting": `0`, "ending": `1767225599`, "start_from": `0`},
	"callback_error_list": {"start_from": `0`},
	"market_history":      {"starting": `0`, "ending": `1767225599`, "start_from": `0`},
	"market_batch_buy":    {"partner": `"123456789"`, "token": `"aB3dE5_-"`, "items": `[{"id":999}]`},
	"money_history":       {"starting": `1`, "ending": `1767225600`, "start_from": `0`},
	"market_getinfo":      {"buy_id": `1`, "buy_ids": `[1]`, "custom_ids": `["c"]`},
}

// rivals are parameters that would win over the one that is tried.
var rivals = map[string][]string{
	"orderstatus.order_id": {"transaction_id"}, "offer_approve.order_id": {"transaction_id"}, "market_buy.name": {"id"}, "market_buy.game": {"id"},
	"market_buy.partner": {"id"}, "market_buy.token": {"id"}, "market_buy.max_price": {"id"}, "market_buy.custom_id": {"id"},
	"market_search.names": {"name"}, "market_getinfo.buy_ids": {"buy_id"}, "market_getinfo.custom_ids": {"buy_id", "buy_ids"},
}

// own is the error of a malformed parameter where it is certain.
var own = map[string]int{
	"create.order_id": 1, "create.steam_id": 2, "create.trade_token": 3, "create.max_amount": 7, "create.currency": 8, "create.min_amount": 9,
	"create.result_url": 10, "create.success_url": 10, "create.fail_url": 10, "create.custom_multiplier": 11, "create.custom_currency": 12,
	"create.custom_currency_rate": 12, "create_from_user_inventory.game": 1, "create_from_user_inventory.steam_id": 2,
	"create_from_user_inventory.trade_token": 3, "create_from_user_inventory.item_asset_ids": 4, "create_from_user_inventory.order_id": 5,
	"create_from_user_inventory.currency": 6, "create_from_user_inventory.result_url": 12, "create_from_user_inventory.custom_multiplier": 6,
	"user_inventory.game": 1, "user_inventory.steam_id": 2, "user_inventory.trade_token": 3, "user_inventory.currency": 4,
	"user_inventory.custom_multiplier": 5, "user_inventory.custom_currency": 6, "user_inventory.custom_currency_rate": 6,
	"market_buy.partner": 8, "market_buy.token": 3, "market_buy.max_price": 6, "market_buy.custom_id": 9, "market_buy.id": 1,
	"market_batch_buy.partner": 8, "market_batch_buy.token": 3, "market_batch_buy.items": 1, "money_history.starting": 1, "money_history.ending": 1,
	"orders.starting": 1, "orders.ending": 1, "market_history.starting": 1, "market_history.ending": 1,
	"orderstatus.transaction_id": 3, "offer_approve.transaction_id": 3, "orderstatus.order_id": 2, "offer_approve.order_id": 2,
	"market_search.names": 1, "market_getinfo.buy_ids": 1, "market_getinfo.custom_ids": 1, "market_getinfo.buy_id": 2,
}

// documentedMethod is a method as /openapi.json describes it.
type documentedMethod struct {
	name   string
	params map[string]string // name -> name of its schema
}

// methodsOfDocument reads the methods and their parameters out of the OpenAPI
// document.
func methodsOfDocument(t *testing.T) (all []documentedMethod) {
	t.Helper()
	var doc struct {
		Paths map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct {
						Schema struct {
							Properties map[string]struct {
								AnyOf []struct {
									Ref string `json:"$ref"`
								} `json:"anyOf"`
							}
						}
					}
				}
			}
		}
	}
	if err := json.Unmarshal(apidoc.Document(), &doc); err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		name, api := strings.CutPrefix(path, "/api.php/")
		if !api {
			continue
		}
		m := documentedMethod{name: name, params: map[string]string{}}
		for p, s := range doc.Paths[path].Post.RequestBody.Content["application/json"].Schema.Properties {
			if len(s.AnyOf) > 0 {
				m.params[p] = strings.TrimPrefix(s.AnyOf[0].Ref, "#/components/schemas/")
			}
		}
		all = append(all, m)
	}
	return all
}
