package skinsback

import (
	"strings"
	"testing"
)

func one(t *testing.T, json string) value {
	t.Helper()
	f, err := decodeJSON(`{"v":` + json + `}`)
	if err != nil {
		t.Fatalf("%s: %v", json, err)
	}
	return f.get("v")
}

func TestNumbersAreReadExactlyOrRefused(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("7", 400)
	for in, want := range map[string]string{
		`0`: "0", `"0"`: "0", `"00"`: "00", `12.50`: "12.50", `"0.50"`: "0.50", `-1`: "-1", `"-1.5"`: "-1.5", `-0`: "-0",
		`1e2`: "100", `1.5e3`: "1500", `1.5e-3`: "0.0015", `12.345E+1`: "123.45", `1e0`: "1", `0e5`: "0", `-2E-1`: "-0.2",
		`100e-2`: "1.00", `1e309`: "1" + strings.Repeat("0", 309), digits: digits, `"` + digits + `"`: digits,
		// malformed
		`"1e2"`: "", `"1."`: "", `".5"`: "", `"+1"`: "", `" 1"`: "", `"1 "`: "", `"1,5"`: "", `"1_000"`: "", `"0x10"`: "", `"NaN"`: "",
		`"Infinity"`: "", `"１２"`: "", `true`: "", `[1]`: "", `{}`: "", `"-"`: "", `"1.2.3"`: "", `"--1"`: "", `1e401`: "",
		`1e99999999999999999999`: "", `"` + strings.Repeat("1", 1001) + `"`: "", `"-.5"`: "", `"x"`: "", `null`: "",
	} {
		got, ok := decimal(one(t, in))
		if ok != (want != "") || ok && got != want {
			t.Errorf("%.60s: got %.60q %v, want %.60q", in, got, ok, want)
		}
	}
	for in, want := range map[string]bool{`-0`: true, `"-0.00"`: true, `-0.01`: false, `5`: true, `"-5"`: false, `-1e309`: false} {
		if _, ok := unsigned(one(t, in)); ok != want {
			t.Errorf("unsigned %s: %v", in, ok)
		}
	}
}

func TestIDsArePositiveDigits(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{
		`1`: 1, `"90817"`: 90817, `9007199254740993`: 9007199254740993, `9223372036854775807`: 1<<63 - 1,
		`9223372036854775808`: 1<<63 - 1, `"18446744073709551616"`: 1<<63 - 1,
		`0`: 0, `-1`: 0, `-0`: 0, `"00"`: 0, `"01"`: 0, `"+1"`: 0, `1.0`: 0, `1e2`: 0, `"1e2"`: 0, `"1.0"`: 0, `" 1"`: 0, `"1 "`: 0,
		`"0x10"`: 0, `"abc"`: 0, `""`: 0, `true`: 0, `[1]`: 0, `{"a":1}`: 0, `null`: 0, `"１"`: 0, `"` + strings.Repeat("9", 1001) + `"`: 0,
	} {
		if got, ok := positive(one(t, in)); ok != (want != 0) || ok && got != want {
			t.Errorf("%.60s: %d %v, want %d", in, got, ok, want)
		}
	}
}

func TestMerchantIDsAreShortCleanText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`"inv-1001"`: "inv-1001", `1001`: "1001", `-7`: "-7", `"  "`: "  ", `"` + strings.Repeat("★", 255) + `"`: strings.Repeat("★", 255),
		`123456789012345678901234567890`: "123456789012345678901234567890", `"\u202e"`: "\u202e", `"=cmd|"`: "=cmd|",
		`"` + strings.Repeat("a", 256) + `"`: "", `""`: "", `1.5`: "", `1e3`: "", `"a\u0000"`: "", `"a\n"`: "", `"\u007f"`: "", `"\u0085"`: "",
		`true`: "", `null`: "", `["a"]`: "",
	} {
		if got, ok := merchantID(one(t, in)); ok != (want != "") || ok && got != want {
			t.Errorf("%.60s: %q %v", in, got, ok)
		}
	}
	if _, ok := merchantID(value{kind: text, str: "a\xff"}); ok {
		t.Error("invalid UTF-8 was accepted")
	}
}

func TestBooleansHaveManySpellings(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{`true`: true, `1`: true, `"1"`: true, `"true"`: true, `false`: false, `0`: false, `"0"`: false,
		`"false"`: false, `null`: false, `""`: false, `"yes"`: false, `[1]`: false, `2`: false} {
		if yes(one(t, in)) != want {
			t.Errorf("%s is %v", in, !want)
		}
	}
}

func TestPageAddressesAreWebAddresses(t *testing.T) {
	t.Parallel()
	shop := []string{"https://shop.example"}
	for _, c := range []struct {
		url     string
		origins []string
		want    bool
	}{
		{"https://shop.example/ok?x=1#y", nil, true}, {"http://127.0.0.1:9000/ok", nil, true}, {"https://shop.example/ok", shop, true},
		{"https://other.example/", shop, false}, {"http://shop.example/", shop, false}, {"https://shop.example:444/", shop, false},
		{"javascript:alert(1)", nil, false}, {"//shop.example", nil, false}, {"/ok", nil, false}, {"https://", nil, false},
		{"https://a:b@shop.example/", nil, false}, {"ftp://shop.example/", nil, false}, {"https://shop.example/\n", nil, false},
		{"https://shop.example/" + strings.Repeat("a", maxURL), nil, false}, {"data:text/html,x", nil, false}, {"https://[::1", nil, false},
	} {
		if _, ok := pageURL(value{kind: text, str: c.url}, c.origins); ok != c.want {
			t.Errorf("%.60s %v: %v", c.url, c.origins, ok)
		}
	}
}
