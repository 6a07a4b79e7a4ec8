package skinsback

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// call is a good call of a method without its closing brace.
func (s *siege) call(method string) string {
	body, _, _ := jsonBody(s.request(method, "note", `"x"`))
	return strings.TrimSuffix(body, "}")
}

// refuses sends a body and wants the error, with nothing written.
func (s *siege) refuses(want int, body string, h http.Header) {
	s.t.Helper()
	got := s.send(body, h)
	if n, _ := code(s.t, got); n != want {
		s.t.Errorf("%.200q %v: got %.200s, want %d", body, h, got, want)
	}
	if now := s.written(); now != s.last {
		s.t.Errorf("%.200q: something was written", body)
		s.last = now
	}
}

// Documents that are broken, or that two readers could read as two requests
// (B3), as calls of every method.
func TestBrokenDocumentsOfEveryMethodAreRefused(t *testing.T) {
	t.Parallel()
	s := besiege(t, dbtest.SQLite(t))
	asked := 0
	for _, name := range slices.Sorted(maps.Keys(s.door.methods)) {
		start := s.call(s.door.methods[name].name)
		whole := start + "}"
		bodies := []string{start + `,"note":"y"}`, start + `,"\u006eote":"y"}`, start + `,"x":{"a":1,"a":2}}`, whole + "x", whole + whole, whole + "\x00", "\ufeff" + whole,
			start + `/* */}`, start + `,"x":'y'}`, start + `,}`, start + `,"x":"\ud800"}`, start + `,"x":"\udc00\ud800"}`, start + ",\"x\":\"\xff\"}", start + ",\"x\":\"a\x00\"}",
			start + ",\"x\":\"a\nb\"}", start + `,"x":01}`, start + `,"x":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}",
			start + `,"x":"` + strings.Repeat("a", maxBody) + `"}`, `[` + whole + `]`, `"` + name + `"`, `1`, `null`, ` `, ``, "\x1f\x8b\x08\x00" + whole}
		for cut := 1; cut < len(whole); cut += 1 + len(whole)/40 {
			bodies = append(bodies, whole[:cut])
		}
		for _, body := range bodies {
			s.refuses(-5, body, http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}, "Content-Type": {jsonType}})
			asked++
		}
	}
	t.Logf("%d requests", asked)
}

// Signatures that are none (B7), on calls of every method.
func TestBadSignaturesOfEveryMethodAreRefused(t *testing.T) {
	t.Parallel()
	s := besiege(t, dbtest.SQLite(t))
	asked := 0
	for _, name := range slices.Sorted(maps.Keys(s.door.methods)) {
		start := s.call(s.door.methods[name].name) + `,"shopid":4021,"yes":true,"nothing":null,"whole":1.0,"extra":["a"]`
		f, err := decodeJSON(start + "}")
		s.ok(err)
		text := f.signedTexts()[0]
		good := sign(shopKey, text)
		strong := hmac.New(sha256.New, []byte(shopKey))
		strong.Write([]byte(text))
		for what, signature := range map[string]string{
			"missing": "", "empty": `""`, "null": `null`, "short": `"` + good[1:] + `"`, "long": `"` + good + `0"`, "upper case": `"` + strings.ToUpper(good) + `"`,
			"sha256": `"` + hex.EncodeToString(strong.Sum(nil)) + `"`, "half of sha256": `"` + hex.EncodeToString(strong.Sum(nil)[:20]) + `"`,
			"another secret": `"` + sign("other secret", text) + `"`, "no text": `"` + sign(shopKey, "") + `"`, "sign in the text": `"` + sign(shopKey, text+"sign:x;") + `"`,
			"array in the text": `"` + sign(shopKey, strings.Replace(text, "note:", "extra:a;note:", 1)) + `"`, "unsorted": `"` + sign(shopKey, "z:1;"+text) + `"`,
			"escaped": `"` + sign(shopKey, strings.ReplaceAll(text, ":", "%3A")) + `"`, "array": `["` + good + `"]`, "object": `{"a":"` + good + `"}`, "number": `1`,
			"another value": `"` + sign(shopKey, strings.Replace(text, "note:x;", "note:y;", 1)) + `"`, "another method": `"` + sign(shopKey, text+"method:x;") + `"`,
			"the static token": `"` + StaticToken(shop, shopKey) + `"`,
		} {
			body := start + `,"sign":` + signature + "}"
			if what == "missing" {
				body = start + "}"
			}
			s.refuses(-3, body, http.Header{"Content-Type": {jsonType}})
			asked++
		}
		s.door.failures = failures{} // a person would have been sent away by now
		s.refuses(-2, strings.Replace(start, `"shopid":4021`, `"shopid":4023`, 1)+`,"sign":"`+good+`"}`, http.Header{})
		s.refuses(-3, strings.Replace(start, `"shopid":4021`, `"shopid":4022`, 1)+`,"sign":"`+good+`"}`, http.Header{})
	}
	t.Logf("%d requests", asked)
}

// A bulk of 1 and of 100 buys each item; 0 and 101 buy nothing; of one item
// twice, and of one custom_id twice, the first is bought.
func TestBulkBuysEachItemOnce(t *testing.T) {
	t.Parallel()
	s := besiege(t, dbtest.SQLite(t))
	ids := s.itemIDs(sandDune)
	next := func() (id string) {
		id, ids = ids[0], ids[1:]
		return id
	}
	bulk := func(elements ...string) string {
		return `{"method":"market_batch_buy",` + partner + `,"items":[` + strings.Join(elements, ",") + `]}`
	}
	many := func(n int) (all []string) {
		for range n {
			all = append(all, `{"id":`+next()+`}`)
		}
		return all
	}
	header := http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}}
	s.refuses(1, bulk(), header)
	s.refuses(1, bulk(many(101)...), header)
	twice := next()
	for _, c := range []struct {
		elements        []string
		bought, refused int
		why             string
	}{
		{many(1), 1, 0, ""},
		{many(100), 100, 0, ""},
		{[]string{`{"id":` + twice + `}`, `{"id":"` + twice + `"}`}, 1, 1, "skin_unavailable"},
		{[]string{`{"id":` + next() + `,"custom_id":"c"}`, `{"id":` + next() + `,"custom_id":"c"}`}, 1, 1, "custom_id_already_exists"},
		{[]string{`{"id":` + next() + `,"custom_id":7}`, `{"id":` + next() + `,"custom_id":"7"}`}, 1, 1, "custom_id_already_exists"},
	} {
		before := s.counts()
		got := s.post(bulk(c.elements...))
		if n := strings.Count(got, `"buy_id"`); n != c.bought {
			t.Errorf("%.200s: bought %d, want %d: %.300s", c.elements, n, c.bought, got)
		}
		if n := strings.Count(got, `"error_code"`); n != c.refused || !strings.Contains(got, c.why) {
			t.Errorf("%.200s: refused %d, want %d for %s: %.300s", c.elements, n, c.refused, c.why, got)
		}
		if was, is := counted(before, "purchase"), counted(s.counts(), "purchase"); is-was != c.bought {
			t.Errorf("%.200s: %d rows more, want %d", c.elements, is-was, c.bought)
		}
	}
	if got := s.post(`{"method":"balance"}`); !strings.Contains(got, `"balance":"1797.61"`) { // 1840.25 less 104 × 0.41
		t.Error(got)
	}
}

// counted reads one number out of [world.counts].
func counted(counts, table string) (n int) {
	_, rest, _ := strings.Cut(" "+counts, " "+table+" ")
	_, _ = fmt.Sscan(rest, &n)
	return n
}
