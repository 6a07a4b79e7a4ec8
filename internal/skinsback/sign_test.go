package skinsback

import (
	"slices"
	"strings"
	"testing"
)

const (
	vectorID     = 4021
	vectorSecret = "k3yForTests"
)

func TestPublishedVectorsSign(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		if got := sign(vectorSecret, v.text); got != v.sign {
			t.Errorf("%s\n got %s\nwant %s", v.text, got, v.sign)
		}
		if v.request == "" {
			continue
		}
		f, err := decodeJSON(v.request)
		if err != nil {
			t.Fatalf("%s: %v", v.request, err)
		}
		if texts := f.signedTexts(); !slices.Contains(texts, v.text) {
			t.Errorf("%s: candidates %q", v.request, texts)
		}
	}
	if got := StaticToken(vectorID, vectorSecret); got != "ffb0dd4daafc9b15be9769f51650afee" {
		t.Errorf("static token %s", got)
	}
}

var vectors = []struct{ request, text, sign string }{
	{`{"method":"balance","shopid":4021}`, "method:balance;shopid:4021;", "3414d8afa878709ff24d3b648511e4a1795ea12e"},
	{`{"method":"market_getinfo","shopid":"4021","custom_ids":["wd-77"]}`, "method:market_getinfo;shopid:4021;",
		"d0d64cbf8938aeab7fdb72b4dd7347033ed18c66"},
	{`{"method":"market_pricelist","game":"cs2","full":1,"shopid":4021}`, "full:1;game:cs2;method:market_pricelist;shopid:4021;",
		"aff1688e2c5db474849504db31911e2c18c76e83"},
	{`{"method":"market_pricelist","game":"cs2","full":true,"shopid":4021}`, "full:true;game:cs2;method:market_pricelist;shopid:4021;",
		"86d92cdf130ea4947d00fc52784ade02e37e82be"},
	{`{"method":"market_pricelist","game":"cs2","full":true,"shopid":4021}`, "full:1;game:cs2;method:market_pricelist;shopid:4021;",
		"aff1688e2c5db474849504db31911e2c18c76e83"},
	{`{"shopid":4021,"method":"market_buy","partner":"123456789","token":"aB3dE5_-","name":"★ Karambit | Doppler (Factory New)",` +
		`"game":"cs2","max_price":512.40,"custom_id":"wd-77"}`,
		"custom_id:wd-77;game:cs2;max_price:512.4;method:market_buy;name:★ Karambit | Doppler (Factory New);partner:123456789;" +
			"shopid:4021;token:aB3dE5_-;", "dc9c4a0f9cb1dfc449635b5d4c59805ca125b9cc"},
	{`{"method":"create","order_id":"inv-1001","steam_id":"76561198000000007","trade_token":"aB3dE5_-","min_amount":12.5,` +
		`"max_amount":250,"currency":"usd","shopid":4021}`,
		"currency:usd;max_amount:250;method:create;min_amount:12.5;order_id:inv-1001;shopid:4021;steam_id:76561198000000007;" +
			"trade_token:aB3dE5_-;", "c6cab738c33c6de22df3d498edfa1e39a2d697ae"},
	{"", "amount:21.35;amount_currency:usd;date:1767225600;offer_date:1767225660;order_id:inv-1001;skins_send_date:1767225720;" +
		"status:success;steam_id:76561198000000007;transaction_id:90817;user_amount:23.485;", "e03f7c641defeb018155139879ae2ad88ded5301"},
	{"", "date:1767225600;order_id:inv-1002;status:pending;steam_id:76561198000000007;transaction_id:90818;",
		"73a2421dfce7b5e8571bf3f34cf3560c0b14f156"},
}

// One value, the texts that honest clients sign for it.
func TestOneValueHasTheSpellingsOfEachLanguage(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{
		`"text"`:               {"v:text;"},
		`""`:                   {"v:;"},
		`123`:                  {"v:123;"},
		`-5`:                   {"v:-5;"},
		`true`:                 {"v:true;", "v:1;"},
		`false`:                {"v:false;", "v:;"},
		`null`:                 {"", "v:;"},
		`[1]`:                  {""},
		`{"a":1}`:              {""},
		`12.50`:                {"v:12.5;", "v:12.50;"},
		`12.0`:                 {"v:12;", "v:12.0;"},
		`0.1`:                  {"v:0.1;"},
		`0.30000000000000004`:  {"v:0.30000000000000004;", "v:0.3;"},
		`1234567.891234567`:    {"v:1234567.891234567;", "v:1234567.8912346;"},
		`0.00001`:              {"v:0.00001;", "v:1.0E-5;"},
		`1e-7`:                 {"v:1e-7;", "v:1.0E-7;"},
		`1e21`:                 {"v:1e+21;", "v:1.0E+21;", "v:1e21;"},
		`0.000001`:             {"v:0.000001;", "v:1.0E-6;"},
		`1e13`:                 {"v:10000000000000;", "v:1e13;"},
		`9223372036854775807`:  {"v:9223372036854776000;", "v:9223372036854775807;"},
		`1e14`:                 {"v:100000000000000;", "v:1.0E+14;", "v:1e14;"},
		`100000000000000`:      {"v:100000000000000;"},
		`9007199254740993`:     {"v:9007199254740992;", "v:9007199254740993;"},
		`76561198000000007`:    {"v:76561198000000000;", "v:76561198000000007;"},
		`99999999999999999999`: {"v:100000000000000000000;", "v:1.0E+20;", "v:99999999999999999999;"},
		`-1.25e-9`:             {"v:-1.25e-9;", "v:-1.25E-9;"},
		`1.5e300`:              {"v:1.5e+300;", "v:1.5E+300;", "v:1.5e300;"},
		`-0.5`:                 {"v:-0.5;"},
		`0.0001234`:            {"v:0.0001234;"},
		`-0`:                   {"v:0;", "v:-0;"},
		`1e400`:                {"v:Infinity;", "v:INF;", "v:1e400;"},
		`-1e400`:               {"v:-Infinity;", "v:-INF;", "v:-1e400;"},
		`0.0`:                  {"v:0;", "v:0.0;"},
		`-0.0`:                 {"v:0;", "v:-0;", "v:-0.0;"},
	} {
		f, err := decodeJSON(`{"sign":"x","v":` + value + `}`)
		if err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		if got := f.signedTexts(); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}

func TestNullIsSkippedOrEmptyInEachSpelling(t *testing.T) {
	t.Parallel()
	f, err := decodeJSON(`{"b":12.50,"a":true,"n":null,"z":"y","Z":"★","sign":"x","list":[1]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Z:★;a:true;b:12.5;z:y;", "Z:★;a:1;b:12.5;n:;z:y;", "Z:★;a:true;b:12.50;z:y;",
		"Z:★;a:true;b:12.5;n:;z:y;", "Z:★;a:1;b:12.5;z:y;", "Z:★;a:true;b:12.50;n:;z:y;",
	}
	if got := f.signedTexts(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFormValuesAreSignedAsDecoded(t *testing.T) {
	t.Parallel()
	f, err := decodeForm("name=%E2%98%85+Knife&b=12.50&full=true&custom_ids[]=a&custom_ids[]=b&i[0][id]=5&sign=x&empty=&%61=1")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a:1;b:12.50;empty:;full:true;name:★ Knife;"}
	if got := f.signedTexts(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOnlyFortyLowerCaseHexDigitsAreASignature(t *testing.T) {
	t.Parallel()
	good := "3414d8afa878709ff24d3b648511e4a1795ea12e"
	if _, ok := signature(value{kind: text, str: good}); !ok {
		t.Error("a good signature was refused")
	}
	for _, bad := range []value{{}, {kind: null}, {kind: text}, {kind: number, str: strings.Repeat("1", 40)},
		{kind: text, str: strings.ToUpper(good)}, {kind: text, str: good[:39]}, {kind: text, str: good + "0"},
		{kind: text, str: good[:39] + "g"}, {kind: text, str: " " + good[:39]}, {kind: list, str: `["` + good + `"]`}} {
		if _, ok := signature(bad); ok {
			t.Errorf("%v was accepted", bad)
		}
	}
}

// The text of one request can be cut into the parameters of another only where
// a value contains a name that the method reads.
func TestTextThatCanBeCutInTwoWaysIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, body string
		want         int
	}{
		{"create", `{"order_id":"1;order_id:2"}`, 1},
		{"create", `{"order_id":"1;steam_id:2"}`, 1},
		{"create", `{"order_id":"1;method:balance"}`, 1},
		{"create", `{"order_id":"1;shopid:5"}`, 1},
		{"create", `{"order_id":"1;x;y:;currency:rub"}`, 1},
		{"create", `{"order_id":"1","success_url":"https://a.example/;fail_url:x"}`, 10},
		{"create", `{"order_id":"1","priority_game":"a;order_id:2"}`, 1},
		{"create", `{"order_id":"1","note":"a;max_amount:2"}`, 7},
		{"create", `{"order_id":"1","note":"a;method:2"}`, -5},
		{"create", `{"order_id":"1","note":"a;shopid:2"}`, -2},
		{"create", `{"order_id":"1;custom_id:2"}`, 0}, // not a name that create reads
		{"create", `{"order_id":"1; order_id:2"}`, 0},
		{"create", `{"order_id":"order_id:2"}`, 0},
		{"create", `{"order_id":"1;order_id"}`, 0},
		{"create", `{"order_id":"1;Order_id:2"}`, 0},
		{"create", `{"a;order_id:":"2"}`, 0}, // names are not restricted
		{"create", `{"order_id":["1;order_id:2"]}`, 0},
		{"balance", `{"note":"a;order_id:2"}`, 0},
		{"balance", `{"note":"a;method:create"}`, -5},
		{"orderstatus", `{"order_id":"a;transaction_id:2"}`, 2},
		{"market_buy", `{"name":"a;name:b"}`, 1},
		{"market_buy", `{"custom_id":"a;max_price:9"}`, 9},
		{"market_pricelist", `{"game":"cs2;full:1"}`, -5},
	} {
		f, err := decodeJSON(c.body)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := refused(methodsByName()[c.method].ambiguity(f), "")
		if methodsByName()[c.method].ambiguity(f) == nil {
			got = refusal{}
		}
		if got.code != c.want {
			t.Errorf("%s %s: got %d %s, want %d", c.method, c.body, got.code, got.name, c.want)
		}
	}
}

func TestMutatedSignaturesNeverVerify(t *testing.T) {
	t.Parallel()
	f, err := decodeJSON(`{"method":"create","order_id":"inv-1001","min_amount":12.50,"ok":true,"none":null,"shopid":4021}`)
	if err != nil {
		t.Fatal(err)
	}
	texts := f.signedTexts()
	if len(texts) != 6 {
		t.Fatalf("%d candidates", len(texts))
	}
	good := sign(vectorSecret, texts[0])
	for i := range 10_000 {
		b := []byte(good)
		at := i % len(b)
		b[at] = hexDigits[(strings.IndexByte(hexDigits, b[at])+1+i/len(b)%15)%16]
		if at2 := i / 7 % len(b); i >= 600 && at2 != at {
			b[at2] = hexDigits[i%16]
		}
		raw, ok := signature(value{kind: text, str: string(b)})
		if !ok || string(b) == good || signedBy(vectorSecret, raw, texts) {
			t.Fatalf("mutation %d: %s", i, b)
		}
	}
}
