package skinsback

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 1, 12, 0, 30, 0, time.UTC)

func TestQuotaIsCountedPerProjectAndMinute(t *testing.T) {
	t.Parallel()
	var q quota
	for i := range 5 {
		if got := q.allow(t.Context(), 1, 3, noon); got != (i < 3) {
			t.Errorf("call %d: %v", i+1, got)
		}
	}
	if !q.allow(t.Context(), 2, 3, noon) {
		t.Error("one project used up another's calls")
	}
	if q.allow(t.Context(), 1, 3, noon.Add(29*time.Second)) {
		t.Error("the minute had not ended")
	}
	if !q.allow(t.Context(), 1, 3, noon.Add(30*time.Second)) {
		t.Error("the next minute is not free")
	}
	for range 10_000 {
		if !q.allow(t.Context(), 3, 0, noon) {
			t.Fatal("no limit was a limit")
		}
	}
}

func TestFailuresBlockOnePairForAWhile(t *testing.T) {
	t.Parallel()
	var f failures
	home, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for i := range failuresAtOnce {
		if f.blocked(pairOf(home, 1), noon) {
			t.Fatalf("blocked after %d", i)
		}
		f.count(pairOf(home, 1), noon)
	}
	if !f.blocked(pairOf(home, 1), noon) {
		t.Error("not blocked")
	}
	if f.blocked(pairOf(home, 2), noon) || f.blocked(pairOf(other, 1), noon) {
		t.Error("another pair is blocked")
	}
	if f.blocked(pairOf(home, 1), noon.Add(time.Second)) {
		t.Error("still blocked when five have run out")
	}
}

func TestRememberedFailuresAreBounded(t *testing.T) {
	t.Parallel()
	var f failures
	for i := range 2 * maxPairs {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		f.count(pairOf(a, 1), noon)
	}
	if len(f.empty) > maxPairs {
		t.Errorf("%d pairs", len(f.empty))
	}
	f.count(pairOf(netip.MustParseAddr("192.0.2.1"), 1), noon.Add(time.Hour))
	if len(f.empty) != 1 {
		t.Errorf("%d pairs after an hour", len(f.empty))
	}
}

func TestOneNetworkOfIPv6IsOneAddress(t *testing.T) {
	t.Parallel()
	a, b, c := netip.MustParseAddr("2001:db8:0:1::1"), netip.MustParseAddr("2001:db8:0:1:ffff::2"), netip.MustParseAddr("2001:db8:0:2::1")
	if pairOf(a, 1) != pairOf(b, 1) || pairOf(a, 1) == pairOf(c, 1) {
		t.Error("IPv6 addresses are not taken by /64")
	}
}

func TestForwardedAddressCountsOnlyFromTrustedProxies(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		peer, forwarded, want string
		trusted               []netip.Prefix
	}{
		{"192.0.2.9:1", "198.51.100.1", "192.0.2.9", nil},
		{"192.0.2.9:1", "198.51.100.1", "192.0.2.9", trusted},
		{"10.0.0.1:1", "198.51.100.1", "198.51.100.1", trusted},
		{"10.0.0.1:1", "203.0.113.5, 198.51.100.1, 10.0.0.2", "198.51.100.1", trusted},
		{"10.0.0.1:1", "", "10.0.0.1", trusted},
		{"10.0.0.1:1", "rubbish", "10.0.0.1", trusted},
		{"10.0.0.1:1", "rubbish, 10.0.0.3", "10.0.0.3", trusted},
		{"[::ffff:10.0.0.1]:1", "198.51.100.1", "198.51.100.1", trusted},
		{"[fd00::1]:1", "2001:db8::7", "2001:db8::7", trusted},
	} {
		d := &Door{deps: Deps{TrustedProxies: c.trusted}}
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := fmt.Sprint(d.address(r)); got != c.want {
			t.Errorf("%s forwarded for %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}
