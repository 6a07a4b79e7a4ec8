package skinsback

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/merchant"
)

// Each method answers each standard error, and an alias as its method does, to
// the byte.
func TestEveryMethodAnswersTheStandardErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}}
	kept := map[string]string{}
	all := func(want string, concerns func(*method) bool, send func(body string) string) {
		t.Helper()
		for _, name := range slices.Sorted(maps.Keys(w.door.methods)) {
			if concerns != nil && !concerns(w.door.methods[name]) {
				continue
			}
			got := send(`{"method":"` + name + `"}`)
			if n, message := code(t, got); fmt.Sprint(n, " ", message) != want {
				t.Errorf("%s: got %s, want %s", name, got, want)
			}
			kept[name+" "+want] = withoutDetail(t, got)
		}
	}
	as := func(h http.Header) func(string) string { return func(body string) string { return w.send(body, h) } }
	all("-1 please_use_post_method", nil, func(body string) string {
		r := httptest.NewRequest(http.MethodGet, "/api.php", strings.NewReader(body))
		r.Header = good
		return w.serve(r)
	})
	w.ok(w.merchants.SetMaintenance(t.Context(), true, time.Now()))
	all("-9 under_maintenance", nil, as(good))
	w.ok(w.merchants.SetMaintenance(t.Context(), false, time.Now()))
	all("-2 invalid_shopid", nil, as(http.Header{"X-Client-Id": {"9"}, "X-Client-Secret": {shopKey}}))
	all("-3 invalid_signature", nil, as(http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {"k3yForTest"}}))
	all("-5 invalid_method", nil, func(body string) string { return w.send(body[:len(body)-1], good) })
	for want, change := range map[string]func(*merchant.Project){
		"-8 invalid_ip_address": func(p *merchant.Project) { p.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")} },
		"-4 shop_not_active":    func(p *merchant.Project) { p.Active = false },
	} {
		w.settings(change)
		all(want, nil, as(good))
		w.settings(func(p *merchant.Project) { p.AllowedIPs, p.Active = nil, true })
	}
	w.settings(func(p *merchant.Project) { p.Market = false })
	all("-6 market_disabled", func(m *method) bool { return m.market }, as(good))
	w.settings(func(p *merchant.Project) { p.Market = true })

	moves := func(m *method) bool { return m.effect }
	all("-11 invalid_idempotency_key", moves, func(body string) string { return first(w.keyed("a b", body)) })
	if n, _ := code(t, first(w.keyed("used", `{"method":"create","order_id":"used"}`))); n != 0 {
		t.Fatal("the key could not be used")
	}
	all("-10 idempotency_key_mismatch", moves, func(body string) string { return first(w.keyed("used", body)) })

	w.settings(func(p *merchant.Project) { p.RateLimit = 1 })
	w.send(`{"method":"status"}`, good)
	all("-7 request_limit_reached", nil, as(good))
	golden(t, "standard_errors.txt", lines(kept))
}
