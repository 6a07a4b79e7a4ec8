package skinsback

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestThreeEncodingsGiveOneRequest(t *testing.T) {
	t.Parallel()
	multi := "--B\r\nContent-Disposition: form-data; name=\"method\"\r\n\r\nmarket_getinfo\r\n" +
		"--B\r\nContent-Disposition: form-data; name=\"custom_ids[]\"\r\n\r\nä 1\r\n" +
		"--B\r\nContent-Disposition: form-data; name=\"custom_ids[]\"\r\n\r\nb+\r\n" +
		"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nignored\r\n--B--\r\n"
	for _, c := range []struct{ header, body string }{
		{"application/json", `{"method":"market_getinfo","custom_ids":["ä 1","b+"]}`},
		{"text/plain", " \r\n\t" + `{"method":"market_getinfo","custom_ids":["\u00e4 1","b\u002b"]}` + "\n"},
		{"", `{"method":"market_getinfo","custom_ids":["ä 1","b+"]}`},
		{"application/x-www-form-urlencoded", "method=market_getinfo&custom_ids[]=%C3%A4+1&custom_ids[]=b%2B"},
		{"application/json", "method=market_getinfo&custom_ids%5B0%5D=%c3%a4%201&custom_ids%5B1%5D=b%2b&"},
		{"", "method=market_getinfo&&custom_ids[7]=ä+1&custom_ids[]=b%2B"},
		{`multipart/form-data; boundary=B`, multi},
	} {
		f, err := decode(c.body, c.header)
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		ids, ok := f.get("custom_ids").elements(2)
		if got := fmt.Sprint(len(f), f.get("method").str, ok, ids); got != fmt.Sprint(2, "market_getinfo", true,
			[]value{{kind: text, str: "ä 1"}, {kind: text, str: "b+"}}) {
			t.Errorf("%s: %s", c.body, got)
		}
	}
}

func TestBodiesWithTwoMeaningsAreRefused(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf(`"k%d":1`, i)
	}
	for _, body := range []string{
		`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"b":2}}`, `{"a":[{"b":1,"b":2}]}`, `{` + strings.Join(many, ",") + `,"k7":2}`,
		`{} {}`, `{}x`, `{"a":1}{"a":2}`, `{"a":1,}`, `{"a":1 "b":2}`, `{'a':1}`, `{a:1}`, `{"a":1/*c*/}`, `{"a"}`, `{"a":}`, `{`,
		`{"a":"` + "\xff" + `"}`, `{"a":"` + "\x01" + `"}`, `{"a":"\ud800"}`, `{"a":"\ud800\u0041"}`, `{"a":"\udc00"}`, `{"a":"\x"}`,
		`{"a":"\u12g4"}`, `{"a":"\u+123"}`, `{"a":"\u12`, `{"a":"b`, `{"a":` + deep + `}`, `{"a":1.}`, `{"a":.5}`, `{"a":+1}`, `{"a":01}`,
		`{"a":-}`, `{"a":1e}`, `{"a":NaN}`, `{"a":Infinity}`, `{"a":0x10}`, `{"a":tru}`, `{"a":nul}`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a":[}`,
		"a=1&a=2", "=1&=2", "a=1&a[]=2", "a[]=1&a=2", "a[0]=1&a[0]=2", "a[b][c]=1&a[b]=2", "a=%", "a=%2", "a=%zz", "%zz=1", "%61=1&a=2",
		"a" + strings.Repeat("[b]", 20) + "=1",
	} {
		if f, err := decode(body, "application/json"); err == nil {
			t.Errorf("%.80s: accepted as %v", body, f)
		}
	}
	if _, err := decode("--B\r\nbroken", "multipart/form-data; boundary=B"); err == nil {
		t.Error("a broken multipart body was accepted")
	}
}

// Cutting a good document anywhere makes it a bad one.
func TestCutDocumentIsRefused(t *testing.T) {
	t.Parallel()
	whole := `{"method":"create","a":[1,{"b":"\u00e4"}],"c":-1.5e+3,"d":null,"e":true}`
	if _, err := decodeJSON(whole); err != nil {
		t.Fatal(err)
	}
	for i := range len(whole) {
		if _, err := decodeJSON(whole[:i]); err == nil {
			t.Errorf("%s: accepted", whole[:i])
		}
	}
}

func TestListsAreReadUpToTheirLimit(t *testing.T) {
	t.Parallel()
	f, err := decode(`{"a":[`+strings.Repeat("1,", 100_000)+`1],"b":[],"c":[[1],{"x":"y"},"s",null]}`, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := f.get("a").elements(1000); ok {
		t.Error("a list over its limit was read")
	}
	if l, ok := f.get("b").elements(1000); !ok || len(l) != 0 {
		t.Errorf("empty list: %v %v", l, ok)
	}
	if l, ok := f.get("c").elements(4); !ok || len(l) != 4 || l[0].kind != list || l[1].kind != object || l[2].str != "s" || l[3].kind != null {
		t.Errorf("mixed list: %v %v", l, ok)
	}
	if _, ok := f.get("none").elements(1); ok {
		t.Error("a missing list was read")
	}
}

func FuzzDecodeBody(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `{"a":[1,"x",{"b":null}],"c":1e5}`, "a=1&b[]=2&b[]=3", "a[0][id]=5", `{"a":"\ud83d\ude00"}`,
		"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n", "{", "\ufeff{}", "a=%E2%98%85", `{"a":1,"a":1}`} {
		f.Add(s, "multipart/form-data; boundary=B")
	}
	f.Fuzz(func(t *testing.T, body, header string) {
		got, err := decode(body, header)
		if err != nil {
			return
		}
		names := map[string]bool{}
		for _, p := range got {
			if names[p.name] {
				t.Fatalf("%q twice", p.name)
			}
			names[p.name] = true
			p.value.elements(3)
		}
		if !strings.HasPrefix(strings.TrimLeft(body, " \t\r\n"), "{") {
			return
		}
		var want map[string]any
		if !utf8.ValidString(body) || json.Unmarshal([]byte(body), &want) != nil || len(want) != len(got) {
			t.Fatalf("%q was accepted as %v, the standard library says %v", body, got, want)
		}
		for _, p := range got {
			if s, ok := want[p.name].(string); ok != (p.value.kind == text) || ok && s != p.value.str {
				t.Fatalf("%q: %q is %v, the standard library says %v", body, p.name, p.value, want[p.name])
			}
		}
	})
}

func FuzzSignedText(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.request)
	}
	f.Add(`{"a":12.50,"b":null,"c":true,"d":1e-7}`)
	f.Add("a=1&b=2")
	f.Fuzz(func(t *testing.T, body string) {
		got, err := decode(body, "")
		if err != nil {
			return
		}
		texts := got.signedTexts()
		if len(texts) == 0 || len(texts) > 6 {
			t.Fatalf("%d texts", len(texts))
		}
		sum := value{kind: text, str: sign(vectorSecret, texts[len(texts)-1])}
		raw, ok := signature(sum)
		if !ok || !signedBy(vectorSecret, raw, texts) || signedBy("other", raw, texts) {
			t.Fatalf("%q: the signature of a candidate does not verify", body)
		}
	})
}
