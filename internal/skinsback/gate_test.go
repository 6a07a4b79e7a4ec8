package skinsback

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
)

// A vector computed by other code; docs/compatibility.md shows it.
func TestStrongVectorsSign(t *testing.T) {
	t.Parallel()
	text := strongText("1767268830", "0123456789abcdef", "POST", "/api.php", `{"method":"balance"}`)
	if want := "1767268830\n0123456789abcdef\nPOST\n/api.php\n{\"method\":\"balance\"}"; text != want {
		t.Errorf("%q", text)
	}
	if got, want := hex.EncodeToString(strongMAC(shopKey, text)), "b164de18604162463db01e76565e9376df99609b51e4ab85943d41b22f7163bc"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// strong sends a signed request; change may spoil it.
func (w *world) strong(body, nonce string, at time.Time, change func(*http.Request)) string {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api.php/balance", strings.NewReader(body))
	stamp := strconv.FormatInt(at.Unix(), 10)
	r.Header = http.Header{"X-Client-Id": {"4021"}, "X-Skinrail-Timestamp": {stamp}, "X-Skinrail-Nonce": {nonce},
		"X-Skinrail-Signature": {hex.EncodeToString(strongMAC(shopKey, strongText(stamp, nonce, "POST", "/api.php/balance", body)))}}
	if change != nil {
		change(r)
	}
	return w.serve(r)
}

func TestSignedRequestIsGoodOnceForFiveMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const body = `{"method":"balance"}`
	nonce := func(i int) string { return fmt.Sprintf("nonce-%016d", i) }
	for i, c := range []struct {
		what   string
		at     time.Time
		change func(*http.Request)
		want   int
	}{
		{"as it must be", noon, nil, 0},
		{"a little early", noon.Add(5 * time.Minute), nil, 0},
		{"too early", noon.Add(5*time.Minute + time.Second), nil, -3},
		{"too late", noon.Add(-5*time.Minute - time.Second), nil, -3},
		{"other body", noon, func(r *http.Request) { r.Body = http.NoBody; r.ContentLength = 0 }, -3},
		{"other path", noon, func(r *http.Request) { r.URL.Path = "/api.php" }, -3},
		{"other nonce", noon, func(r *http.Request) { r.Header.Set(headerNonce, nonce(99)) }, -3},
		{"other time", noon, func(r *http.Request) { r.Header.Set(headerTime, "1767268831") }, -3},
		{"no time", noon, func(r *http.Request) { r.Header.Del(headerTime) }, -3},
		{"empty signature", noon, func(r *http.Request) { r.Header.Set(headerSignature, "") }, -3},
		{"short signature", noon, func(r *http.Request) { r.Header.Set(headerSignature, "abcd") }, -3},
		{"the secret too does not help", noon, func(r *http.Request) { r.Header.Set(headerSignature, "abcd"); r.Header.Set(headerSecret, shopKey) }, -3},
		{"unknown project", noon, func(r *http.Request) { r.Header.Set(headerID, "77") }, -2},
		{"other project", noon, func(r *http.Request) { r.Header.Set(headerID, strconv.Itoa(stranger)) }, -3},
	} {
		if n, _ := code(t, w.strong(body, nonce(i), c.at, c.change)); n != c.want {
			t.Errorf("%s: %d, want %d", c.what, n, c.want)
		}
	}
	if n, _ := code(t, w.strong(body, nonce(0), noon, nil)); n != -3 {
		t.Errorf("the same again: %d", n)
	}
	for _, bad := range []string{"short", strings.Repeat("x", 65), "0123456789abcde ", ""} {
		if n, _ := code(t, w.strong(body, bad, noon, nil)); n != -3 {
			t.Errorf("nonce %q: %d", bad, n)
		}
	}
}

func TestProjectChoosesHowItIsCalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	legacy := func(method string) string {
		text := "method:" + method + ";shopid:4021;"
		return w.signed("method="+method+"&shopid=4021", text)
	}
	header := func() string { return w.post(`{"method":"balance"}`) }
	strong := 0
	signed := func() string {
		strong++
		return w.strong(`{"method":"balance"}`, fmt.Sprintf("nonce-%016d", strong), noon, nil)
	}
	for _, c := range []struct {
		change                         func(*merchant.Project)
		legacy, header, strong, arrays int
	}{
		{func(*merchant.Project) {}, 0, 0, 0, 1},
		{func(p *merchant.Project) { p.NoLegacySign = true }, -3, 0, 0, -3},
		{func(p *merchant.Project) { p.NoLegacySign, p.StrongOnly = false, true }, -3, -3, 0, -3},
		{func(p *merchant.Project) { p.StrongOnly, p.ArraysNeedAllowList = false, true }, 0, 0, 0, -8},
		{func(p *merchant.Project) { p.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }, 0, 0, 0, 1},
	} {
		w.settings(c.change)
		for what, got := range map[string][2]any{"legacy": {legacy("balance"), c.legacy}, "header": {header(), c.header},
			"strong": {signed(), c.strong}, "arrays": {legacy("market_batch_buy"), c.arrays}} {
			if n, _ := code(t, got[0].(string)); n != got[1] {
				t.Errorf("%s: %d, want %v", what, n, got[1])
			}
		}
	}
}

// Until the merchant has used the new secret, what he gets is signed with the
// old one; from then on with the new one.
func TestFirstUseOfTheNewSecretSwitchesSignatures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, err := w.merchants.Rotate(t.Context(), shop, merchant.Client, w.now)
	w.ok(err)
	legacy := func() string {
		s, err := w.merchants.Secrets(t.Context(), shop)
		w.ok(err)
		secret, _ := s.Legacy()
		return secret.Reveal()
	}
	for range 2 {
		w.post(`{"method":"balance"}`)
		if legacy() != shopKey {
			t.Fatal("switched by a call with the old secret")
		}
	}
	fresh := http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {s.Client.Reveal()}}
	if n, _ := code(t, w.send(`{"method":"balance"}`, fresh)); n != 0 {
		t.Fatal(n)
	}
	if legacy() != s.Client.Reveal() {
		t.Error("not switched")
	}
	if n, _ := code(t, w.post(`{"method":"balance"}`)); n != 0 {
		t.Errorf("the old secret ended with the switch: %d", n)
	}
	w.ok(w.merchants.Retire(t.Context(), shop, merchant.Client))
	if s, err = w.merchants.Rotate(t.Context(), shop, merchant.Client, w.now); err != nil || legacy() == s.Client.Reveal() {
		t.Errorf("the next rotation has switched already: %v", err)
	}
}

// Three processes on one database keep the limit together, with few writes.
func TestLimitIsSharedByAllProcesses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const limit, calls = 500, 400
		var writes, allowed atomic.Int64
		var wg sync.WaitGroup
		for range 3 {
			rooms := merchant.New(d, seal.New([32]byte{1}))
			q := &quota{}
			q.take = func(ctx context.Context, project, minute int64, want, limit int) (int, int, error) {
				writes.Add(1)
				return rooms.TakeCalls(ctx, project, minute, want, limit)
			}
			for range 4 {
				wg.Go(func() {
					for range calls / 4 {
						if q.allow(t.Context(), 7, limit, noon) {
							allowed.Add(1)
						}
					}
				})
			}
		}
		wg.Wait()
		if n := allowed.Load(); n > limit || n < limit*9/10 {
			t.Errorf("%d of %d calls were let through, the limit is %d", n, 3*calls, limit)
		}
		if n := writes.Load(); n > limit/4 {
			t.Errorf("%d writes", n)
		}
		t.Logf("%d allowed, %d writes", allowed.Load(), writes.Load())
		var q quota
		q.take = func(context.Context, int64, int64, int, int) (int, int, error) {
			return 0, 0, errors.New("no database")
		}
		for i := range 5 {
			if got := q.allow(t.Context(), 8, 3, noon); got != (i < 3) {
				t.Errorf("without the database, call %d: %v", i+1, got)
			}
		}
	})
}

// A process that dies takes what it had taken of a minute with it: never more
// than it has used, however often one is killed.
func TestDeadProcessesLeaveMostOfTheMinute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const limit, deaths = 500, 40
		start := func() *quota {
			return &quota{take: merchant.New(d, seal.New([32]byte{1})).TakeCalls}
		}
		used := 0
		for death := range deaths {
			q := start()
			for range 1 + death%10 {
				if !q.allow(t.Context(), 7, limit, noon) {
					t.Fatalf("refused after %d of %d", used, limit)
				}
				used++
			}
		}
		last, allowed := start(), 0
		for range limit {
			if last.allow(t.Context(), 7, limit, noon) {
				allowed++
			}
		}
		if allowed+used > limit || allowed < limit-2*used {
			t.Errorf("%d calls by %d processes that died, then %d, of %d", used, deaths, allowed, limit)
		}
	})
}
