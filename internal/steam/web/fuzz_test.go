package web

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/steam"
)

func FuzzInventory(f *testing.F) {
	for _, s := range []string{
		pageOf("", "9", "8"), pageOf(`"more_items":1,"last_assetid":"8",`, "9"), `{"success":1,"assets":{"0":{"assetid":5}}}`,
		`{"success":true,"descriptions":{"1":{"classid":1,"tradable":"1"}}}`, `null`, `[]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := decodeInventory(body)
		if err != nil {
			return
		}
		if page.More != 0 && !digits(page.Last) {
			t.Errorf("a next page after %q", page.Last)
		}
		for _, it := range page.items(steam.CS2, "2") {
			if !digits(text(it.ID)) || it.App != steam.CS2 || it.Context != "2" || it.Color != "" && len(it.Color) != 6 {
				t.Errorf("item = %+v", it)
			}
		}
	})
}

func FuzzCounts(f *testing.F) {
	for _, s := range []string{
		`var g_rgAppContextData = {"730":{"appid":730,"rgContexts":{"2":{"asset_count":3,"id":"2"},"16":{"asset_count":"1"}}}};`,
		`var g_rgAppContextData = [];`, `g_rgAppContextData = {"730":{"rgContexts":{"2":{"asset_count":-1}}}}`, `<html>`,
	} {
		f.Add([]byte(s + "\r\n"))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		counts, err := decodeCounts(body)
		for app, n := range counts {
			if err != nil || n < 0 {
				t.Errorf("%d items of %d, %v", n, app, err)
			}
		}
	})
}

func FuzzPartnerInventory(f *testing.F) {
	for _, s := range []string{
		`{"success":true,"rgInventory":{"8":{"id":"8","classid":"11","instanceid":"0","pos":2}},"rgDescriptions":{"11_0":{"tradable":true}},"more":true,"more_start":2}`,
		`{"success":true,"rgInventory":[],"rgDescriptions":[],"more":false,"more_start":false}`, `{"success":false,"error":"x (15)"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := decodePartner(body)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, it := range page.items(steam.CS2, "2") {
			if !digits(text(it.ID)) || seen[it.ID] {
				t.Errorf("item = %+v", it)
			}
			seen[it.ID] = true
		}
	})
}

func FuzzOffers(f *testing.F) {
	f.Add([]byte(`{"trade_offers_sent":[` + oneOffer + `],"next_cursor":7}`))
	f.Add([]byte(`{"trade_offers_received":{"0":` + oneOffer + `},"next_cursor":"0"}`))
	f.Add([]byte(`{"trade_offers_sent":[{"tradeofferid":9,"accountid_other":"1","trade_offer_state":"2","items_to_give":[{"appid":"730","contextid":2,"assetid":3}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var page offersPage
		if decode(body, &page) != nil {
			return
		}
		seen := map[steam.OfferID]bool{}
		for _, o := range appendNew(appendNew(nil, page.Sent, seen), page.Received, seen) {
			if _, err := steam.ParseID64(o.Partner.String()); err != nil || !digits(text(o.ID)) || len(o.Give)+len(o.Receive) == 0 {
				t.Errorf("offer = %+v", o)
			}
			if _, err := json.Marshal(o); err != nil {
				t.Errorf("offer cannot be printed: %v", err)
			}
		}
	})
}

func FuzzTrade(f *testing.F) {
	f.Add([]byte(`{"trades":[` + oneTrade + `]}`))
	f.Add([]byte(`{"trades":{"0":{"tradeid":5,"steamid_other":76561198000000201,"time_init":"5","status":"3","assets_given":[{"appid":1,"contextid":2,"assetid":3}]}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var page tradesPage
		if decode(body, &page) != nil {
			return
		}
		for _, w := range page.Trades {
			tr, err := w.trade()
			if err != nil {
				continue
			}
			if tr.Init.IsZero() || tr.Status < 0 || len(tr.Given)+len(tr.Received) == 0 {
				t.Errorf("trade = %+v", tr)
			}
			if _, err := json.Marshal(tr); err != nil {
				t.Errorf("trade cannot be printed: %v", err)
			}
		}
	})
}

// FuzzParts takes objects and arrays apart as encoding/json does.
func FuzzParts(f *testing.F) {
	for _, s := range []string{` { "a" : [1, "]\\"", {"b":{}}] ,"\u0061":-1e5 , "\xff":true}`, `[ null , "\\\\" ,[[],{}] ]`, `{}`, `[]`, `[ ]`, `"a,b"`, `5`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !json.Valid(body) {
			return
		}
		body = bytes.TrimSpace(body)
		switch body[0] {
		case '{':
			want, got := map[string]json.RawMessage{}, map[string]json.RawMessage{}
			err := members(body, func(name, value []byte) error { got[string(name)] = value; return nil })
			if json.Unmarshal(body, &want); err != nil || !maps.EqualFunc(got, want, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
				t.Errorf("%s: %q, %v", body, got, err)
			}
		case '[':
			var want, got []json.RawMessage
			err := elements(body, func(value []byte) error { got = append(got, value); return nil })
			if json.Unmarshal(body, &want); err != nil || !slices.EqualFunc(got, want, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
				t.Errorf("%s: %q, %v", body, got, err)
			}
		}
	})
}

func FuzzSendAnswer(f *testing.F) {
	for _, tc := range sendAnswers {
		f.Add(tc.status, tc.body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		out := sendOutcome(answer{status: status, header: http.Header{}, body: []byte(body)})
		switch out.Verdict {
		case steam.Done:
			if status != 200 || !digits(text(out.Offer)) || out.Refusal != "" {
				t.Errorf("%d %q: %+v", status, body, out)
			}
		case steam.Refused:
			if out.Refusal == "" || out.Offer != "" {
				t.Errorf("%d %q: %+v", status, body, out)
			}
			if status >= 500 && !strings.Contains(strings.ToLower(body), "strerror") {
				// Keys may be escaped: only a body without any escape proves it.
				if !strings.Contains(body, `\u`) {
					t.Errorf("%d %q: refused without a sentence", status, body)
				}
			}
		}
		if !utf8.ValidString(out.Detail) || utf8.RuneCountInString(out.Detail) > 201 || strings.ContainsAny(out.Detail, "\r\n\x00") {
			t.Errorf("detail = %q", out.Detail)
		}
	})
}

func FuzzConfirmations(f *testing.F) {
	for _, s := range []string{listOfTwo, `{"success":false,"needauth":true}`, `{"success":1,"conf":{"0":{"type":"2","creator_id":5}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var l confirmations
		out := mobileOutcome(answer{status: 200, header: http.Header{}, body: body}, &l, &l.reply)
		if out.Verdict == steam.Done && l.Success != 1 {
			t.Errorf("%q: done without success", body)
		}
	})
}

func FuzzSignIn(f *testing.F) {
	y := &yesSayer{OpenID: OpenID{Community: "https://steamcommunity.com"}}
	good := y.assertion()
	f.Add(good.Encode())
	for _, forgery := range forgeries {
		q := y.assertion()
		q.Set(forgery.key, forgery.value)
		f.Add(q.Encode())
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil || checkShape(q) != nil || y.checkValues(q, returnTo) != nil {
			return
		}
		id, err := y.account(q.Get("openid.claimed_id"))
		if err != nil || checkNonce(q.Get("openid.response_nonce"), worldStart) != nil {
			return
		}
		if q.Get("openid.identity") != "https://steamcommunity.com/openid/id/"+id.String() || q.Get("openid.return_to") != returnTo {
			t.Errorf("%s passes as %s", query, id)
		}
	})
}

func FuzzSignInCheck(f *testing.F) {
	for _, s := range []string{"ns:" + openidNS + "\nis_valid:true\n", "ns:" + openidNS + "\r\nis_valid:false", "is_valid:true", "<html>", "ns:" + openidNS + "\nis_valid:true\nis_valid:false\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if readCheck(body) != nil {
			return
		}
		lines := strings.FieldsFunc(body, func(r rune) bool { return r == '\n' || r == '\r' })
		if !slices.Contains(lines, "ns:"+openidNS) || !slices.Contains(lines, "is_valid:true") || slices.Contains(lines, "is_valid:false") {
			t.Errorf("%q is taken for a yes", body)
		}
	})
}

// FuzzNamed is where Steam may lead from the page with the counts: to the same
// page under the account's own address, nowhere else.
func FuzzNamed(f *testing.F) {
	for _, s := range []string{
		"https://steamcommunity.com/id/example/inventory/", "https://steamcommunity.com/id/../login/inventory", "https://steamcommunity.com.example/id/x/inventory",
		"/id/x/inventory/", "https://steamcommunity.com/id/x/inventory/?l=english", "https://steamcommunity.com/id/x@example.com/inventory", "https://steamcommunity.com/id/x#y/inventory",
		"https://steamcommunity.com/id/x%2f..%2fy/inventory", "",
	} {
		f.Add(302, s)
	}
	c := &Client{community: "https://steamcommunity.com"}
	f.Fuzz(func(t *testing.T, status int, location string) {
		to := c.named(answer{status: status, header: http.Header{"Location": {location}}})
		if to == "" {
			return
		}
		r, err := http.NewRequest(http.MethodGet, c.community+to, nil)
		if err != nil {
			return // it is never sent
		}
		if r.URL.Host != "steamcommunity.com" || r.URL.User != nil || !strings.HasPrefix(path.Clean(r.URL.Path), "/id/") || path.Base(r.URL.Path) != "inventory" {
			t.Errorf("%d %q leads to %s", status, location, r.URL)
		}
	})
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{`{"response":{"server_time":"1772366400"}}`, `{"response":{"server_time":-1}}`, `{"response":{"server_time":99999999999999}}`, `{}`, `<html>`} {
		f.Add(200, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		c := &Client{api: "https://api.steampowered.com", http: &http.Client{Transport: same{status, "1", "", body}}, now: func() time.Time { return worldStart },
			permit: func(*http.Request) error { return nil }, log: slog.New(slog.DiscardHandler), timeout: time.Minute}
		offset, err := c.queryOffset(t.Context())
		if at := worldStart.Unix() + offset; err == nil && (status != 200 || at <= 0 || at > 253402300799) {
			t.Errorf("%d %q: Steam's time is %d", status, body, at)
		}
	})
}
