package socket_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/socket"
)

func TestFailedLoginIsAFrameAndLingers(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), func(deps *socket.Deps) { deps.Limits.Linger = time.Second })
	w.settings(stranger, func(p *merchant.Project) { p.Active = false })
	right := strings.TrimPrefix(shopLogin, "shopid=4021&signature=")
	for name, query := range map[string]string{
		"nothing":        "",
		"no signature":   "shopid=4021",
		"no project":     "signature=" + right,
		"empty":          "shopid=4021&signature=",
		"unknown":        "shopid=4023&signature=" + right,
		"wrong":          "shopid=4021&signature=" + strings.Repeat("0", 32),
		"upper case":     "shopid=4021&signature=" + strings.ToUpper(right),
		"too long":       "shopid=4021&signature=" + right + "0",
		"other's":        "shopid=4022&signature=" + right,
		"twice":          shopLogin + "&signature=" + right,
		"leading zero":   "shopid=04021&signature=" + right,
		"not a number":   "shopid=4021x&signature=" + right,
		"negative":       "shopid=-4021&signature=" + right,
		"the secret":     "shopid=4021&signature=" + shopKey,
		"switched off":   strangerLogin,
		"of empty":       login(shop, ""),
		"of no project":  login(4023, "no project has this secret"),
		"with since":     "shopid=4021&since=0",
		"broken escapes": "shopid=4021&signature=%zz",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			c := w.dial(query)
			c.want(`{"event":"auth_failed"}`)
			c.say("ping")
			c.ends(websocket.StatusPolicyViolation)
			if time.Since(began) < time.Second {
				t.Error("closed at once")
			}
		})
	}
}

func TestFailedLoginGetsNoEvents(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), func(deps *socket.Deps) { deps.Limits.Linger = time.Second })
	c := w.dial("shopid=4021&since=0&signature=" + strings.Repeat("a", 32))
	c.want(`{"event":"auth_failed"}`)
	w.add(shop, event.BalanceChanged, 1)
	c.ends(websocket.StatusPolicyViolation)
}

func TestBothSecretsLogInDuringARotation(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	k, err := w.merchants.Rotate(t.Context(), shop, merchant.Client, noon)
	if err != nil {
		t.Fatal(err)
	}
	w.open(shopLogin)
	w.open(login(shop, k.Client.Reveal()))
	if err := w.merchants.Retire(t.Context(), shop, merchant.Client); err != nil {
		t.Fatal(err)
	}
	w.dial(shopLogin).want(`{"event":"auth_failed"}`)
	w.open(login(shop, k.Client.Reveal()))
}

func TestProjectDecidesWhoMayLogIn(t *testing.T) {
	t.Parallel()
	t.Run("by address", func(t *testing.T) {
		t.Parallel()
		w := start(t, dbtest.SQLite(t), nil)
		w.settings(shop, func(p *merchant.Project) { p.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
		w.dial(shopLogin).want(`{"event":"auth_failed"}`)
		w.settings(shop, func(p *merchant.Project) { p.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
		w.open(shopLogin)
	})
	t.Run("by hash at all", func(t *testing.T) {
		t.Parallel()
		w := start(t, dbtest.SQLite(t), func(deps *socket.Deps) {
			deps.LegacyLogin = func(p merchant.Project) bool { return p.ID != shop }
		})
		w.dial(shopLogin).want(`{"event":"auth_failed"}`)
		w.open(strangerLogin)
	})
}

func TestCapsHaveAReason(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), func(deps *socket.Deps) {
		deps.Limits.ProjectSockets, deps.Limits.Sockets, deps.Limits.Refused = 2, 3, 4
	})
	reason := func(query, want string) {
		t.Helper()
		_, err := w.dial(query).read()
		if websocket.CloseStatus(err) != websocket.StatusTryAgainLater || !strings.Contains(err.Error(), want) {
			t.Errorf("ended with %v, want %q", err, want)
		}
	}
	first := w.open(shopLogin)
	w.open(shopLogin)
	reason(shopLogin, "too many sockets of this project")
	w.open(strangerLogin)
	reason(strangerLogin, "too many sockets")
	_ = first.conn.Close(websocket.StatusNormalClosure, "")
	eventually(t, "the place is free", func() bool { return w.door.Count() == 2 })
	w.open(shopLogin)

	for open := 0; ; open++ { // those of before may still be saying goodbye
		c, answer, err := websocket.Dial(t.Context(), w.url, nil)
		if err == nil {
			t.Cleanup(func() { _ = c.CloseNow() })
		}
		if answer != nil && answer.StatusCode == http.StatusServiceUnavailable {
			break
		}
		if err != nil || open == 4 {
			t.Fatalf("%d refused sockets are open: %v", open, err)
		}
	}
}

func TestAddressOpensOnlySoManySockets(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), func(deps *socket.Deps) {
		deps.Address = func(r *http.Request) netip.Addr { return netip.MustParseAddr(r.Header.Get("X-Test-Address")) }
		deps.Limits.Upgrades = 1
	})
	began := time.Now()
	try := func(address string) int {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		c, answer, err := websocket.Dial(ctx, w.url+"?"+shopLogin, &websocket.DialOptions{HTTPHeader: http.Header{"X-Test-Address": {address}}})
		if err == nil {
			_ = c.CloseNow()
		}
		if answer == nil {
			t.Fatal(err)
		}
		return answer.StatusCode
	}
	codes := map[int]int{}
	for i := range 70 {
		codes[try(fmt.Sprintf("2001:db8::%x", i))]++ // one /64
	}
	more := int(time.Since(began) / time.Minute) // each minute lets one more in
	if codes[101] < 60 || codes[101] > 60+more || codes[101]+codes[429] != 70 {
		t.Errorf("answers %v", codes)
	}
	if code := try("192.0.2.1"); code != 101 {
		t.Errorf("another address got %d", code)
	}
	for range 70 {
		if code := try("127.0.0.1"); code != 101 {
			t.Fatalf("loopback got %d", code)
		}
	}
}

func TestOrdinaryRequestIsToldToUpgrade(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	for _, h := range []http.Header{{}, {"Connection": {"keep-alive, Upgrade"}}, {"Upgrade": {"websocket"}}, {"Connection": {"Upgrade"}, "Upgrade": {"h2c"}}} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http"+strings.TrimPrefix(w.url, "ws")+"?"+shopLogin, nil)
		r.Header = h
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = a.Body.Close()
		if a.StatusCode != http.StatusUpgradeRequired {
			t.Errorf("%v: status %d", h, a.StatusCode)
		}
	}
}

func TestLogNeverHoldsTheLogin(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	w.open(shopLogin)
	w.dial("shopid=4021&signature=wr0ng").next()
	w.open(shopLogin).say("ping")
	w.stop()
	for _, secret := range []string{shopKey, "signature", "wr0ng", strings.TrimPrefix(shopLogin, "shopid=4021&signature=")} {
		if strings.Contains(w.logged.String(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}
