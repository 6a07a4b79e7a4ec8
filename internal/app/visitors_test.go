package app

import (
	"net"
	"net/http"
	"net/netip"
	"testing"
)

// visit is a connection that comes from somewhere.
type visit struct {
	net.Conn
	from   string
	closed bool
}

func (v *visit) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(v.from))
}
func (v *visit) Close() error { v.closed = true; return nil }

func TestOneAddressKeepsOnlySoManyConnections(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from func(i int) string
		want int // of six
	}{
		"one address":               {func(int) string { return "203.0.113.7:5000" }, 3},
		"the same, mapped":          {func(i int) string { return []string{"203.0.113.7:1", "[::ffff:203.0.113.7]:1"}[i%2] }, 3},
		"a network of IPv6":         {func(i int) string { return []string{"[2001:db8::1]:1", "[2001:db8::ffff:2]:1"}[i%2] }, 3},
		"networks of IPv6":          {func(i int) string { return []string{"[2001:db8::1]:1", "[2001:db8:0:1::1]:1"}[i%2] }, 5},
		"two addresses, all bounds": {func(i int) string { return []string{"203.0.113.7:1", "203.0.113.8:1"}[i%2] }, 5},
		"this machine":              {func(int) string { return "127.0.0.1:1" }, 5},
		"a trusted proxy":           {func(int) string { return "10.1.2.3:1" }, 5},
	} {
		refused := 0
		v := newVisitors([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, 5, 3, func() { refused++ })
		var all []*visit
		for i := range 6 {
			all = append(all, &visit{from: c.from(i)})
			v.state(all[i], http.StateNew)
		}
		got := 0
		for _, c := range all {
			if !c.closed {
				got++
			}
		}
		if got != c.want || refused != 6-c.want {
			t.Errorf("%s: %d of 6 come in and %d are refused, want %d", name, got, refused, c.want)
		}
		for i, c := range all { // what was refused ends too, and takes nobody's place
			v.state(c, []http.ConnState{http.StateClosed, http.StateHijacked}[i%2])
			v.state(c, http.StateClosed)
		}
		if len(v.open) != 0 || len(v.from) != 0 {
			t.Errorf("%s: %d connections and %d addresses are remembered", name, len(v.open), len(v.from))
		}
		again := &visit{from: c.from(0)}
		if v.state(again, http.StateNew); again.closed {
			t.Errorf("%s: nobody is there, and nobody comes in", name)
		}
	}
}
