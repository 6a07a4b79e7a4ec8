package webhook

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/skinrail/skinrail/internal/fault"
)

// closed lists every range that must never be called without an exception,
// written down again from the registries of special addresses.
var closed = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32", "169.254.169.254/32",
	"::/128", "::1/128", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32",
	"2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
	"fc00::/7", "fd00:ec2::254/128", "fe80::/10", "fec0::/10", "ff00::/8",
}

// open lists public addresses, many of them next to a closed range.
var open = []string{
	"1.0.0.0", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
	"128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0",
	"192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
	"198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
	"2001:200::1", "2001:4860:4860::8888", "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2606:4700:4700::1111",
	"2a00:1450::1", "2000::1", "3ffe::1", "3fff:1000::1",
}

// embedded lists the ways in which an IPv6 address carries an IPv4 one.
func embedded(a netip.Addr) []netip.Addr {
	v4 := a.As4()
	with := func(prefix string, at int) netip.Addr {
		b := netip.MustParseAddr(prefix).As16()
		copy(b[at:], v4[:])
		return netip.AddrFrom16(b)
	}
	teredo := netip.MustParseAddr("2001::").As16()
	binary.BigEndian.PutUint32(teredo[12:], ^binary.BigEndian.Uint32(v4[:]))
	return []netip.Addr{with("::ffff:0:0", 12), with("::", 12), with("64:ff9b::", 12), with("64:ff9b:1::", 12),
		with("2002::", 2), with("fe80::5efe:0:0", 12), netip.AddrFrom16(teredo)}
}

// inside returns addresses of a range: first, second, middle, last.
func inside(p netip.Prefix) []netip.Addr {
	first := p.Masked().Addr()
	last, middle := first.AsSlice(), first.AsSlice()
	for bit := p.Bits(); bit < first.BitLen(); bit++ {
		last[bit/8] |= 1 << (7 - bit%8)
		if bit > p.Bits() {
			middle[bit/8] |= 1 << (7 - bit%8)
		}
	}
	l, _ := netip.AddrFromSlice(last)
	m, _ := netip.AddrFromSlice(middle)
	out := []netip.Addr{first, m, l}
	if second := first.Next(); p.Contains(second) {
		out = append(out, second)
	}
	return out
}

func dials(o GuardOptions, a netip.Addr, port uint16) bool {
	network := "tcp4"
	if a.Is6() {
		network = "tcp6"
	}
	err := o.control(network, netip.AddrPortFrom(a, port).String(), nil)
	if err != nil && !errors.Is(err, ErrAddress) {
		panic(err)
	}
	return err == nil
}

func literal(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}

func TestOnlyPublicAddressesAreCalled(t *testing.T) {
	t.Parallel()
	cases := 0
	check := func(a netip.Addr, want bool) {
		t.Helper()
		cases += 2
		if got := dials(GuardOptions{}, a, 443); got != want {
			t.Errorf("dial %v: allowed %v, want %v", a, got, want)
		}
		err := CheckURL("https://"+literal(a)+"/hook", GuardOptions{})
		if (err == nil) != want || (err != nil && !errors.Is(err, fault.InvalidRequest)) {
			t.Errorf("URL of %v: %v, want allowed %v", a, err, want)
		}
	}
	for _, text := range closed {
		p := netip.MustParsePrefix(text)
		for _, a := range inside(p) {
			check(a, false)
			if a.Is4() {
				for _, e := range embedded(a) {
					check(e, false)
				}
			}
		}
	}
	for _, text := range open {
		a := netip.MustParseAddr(text)
		check(a, true)
		if a.Is4() { // a public address in disguise is refused as well
			for _, e := range embedded(a) {
				check(e, false)
			}
		}
		if a.Is6() && dials(GuardOptions{}, a.WithZone("eth0"), 443) {
			t.Errorf("%v with a zone was dialled", a)
		}
	}
	if cases < 300 {
		t.Errorf("only %d cases", cases)
	}
	t.Logf("%d cases", cases)
}

func TestExceptionsOpenNothingElse(t *testing.T) {
	t.Parallel()
	local, private := GuardOptions{AllowLoopback: true}, GuardOptions{AllowPrivate: true}
	for _, c := range []struct {
		address        string
		local, private bool
	}{
		{"127.0.0.1", true, false}, {"127.255.255.255", true, false}, {"::1", true, false},
		{"10.1.2.3", false, true}, {"172.16.0.1", false, true}, {"192.168.1.1", false, true}, {"fd12::1", false, true},
		{"169.254.169.254", false, false}, {"fe80::1", false, false}, {"0.0.0.0", false, false}, {"::", false, false},
		{"100.64.0.1", false, false}, {"255.255.255.255", false, false}, {"::ffff:127.0.0.1", false, false},
		{"::ffff:10.0.0.1", false, false}, {"64:ff9b::7f00:1", false, false}, {"2002:7f00:1::", false, false},
		{"8.8.8.8", true, true},
	} {
		a := netip.MustParseAddr(c.address)
		if got := dials(local, a, 12345); got != c.local {
			t.Errorf("%v with loopback: %v", a, got)
		}
		if got := dials(private, a, 12345); got != c.private {
			t.Errorf("%v with private: %v", a, got)
		}
	}
}

func TestOtherPortsAndNetworksAreRefused(t *testing.T) {
	t.Parallel()
	public := netip.MustParseAddr("8.8.8.8")
	for _, port := range []uint16{80, 443, 8080, 8443} {
		if !dials(GuardOptions{}, public, port) {
			t.Errorf("port %d was refused", port)
		}
	}
	for _, port := range []uint16{0, 1, 22, 25, 79, 81, 444, 3306, 5432, 6379, 8081, 65535} {
		if dials(GuardOptions{}, public, port) {
			t.Errorf("port %d was dialled", port)
		}
	}
	for _, c := range [][2]string{{"udp4", "8.8.8.8:443"}, {"unix", "/tmp/x"}, {"tcp", "8.8.8.8:443"}, {"tcp4", "example.org:443"}} {
		if err := (GuardOptions{AllowLoopback: true}).control(c[0], c[1], nil); !errors.Is(err, ErrAddress) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// The name is harmless, what it resolves to is not: only the check at the time
// of dialling sees that.
func TestResolvedAddressIsChecked(t *testing.T) {
	t.Parallel()
	called := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []GuardOptions{{}, {AllowPrivate: true}} {
		inner := Guard(o).Transport.(guarded).next // leaves out the check of the URL
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://localhost:%s/", port), nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := inner.RoundTrip(request); !errors.Is(err, ErrAddress) {
			t.Errorf("%v, %v", answer, err)
		}
	}
	if called {
		t.Error("loopback was called")
	}
}
