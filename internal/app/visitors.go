package app

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
)

// visitors bounds the connections of a listener that everybody reaches (Q7), so
// that files are left for the database and for Steam: all together, and those of
// one address. Addresses of one IPv6 /64 count as one; this machine's own and
// those of trusted proxies speak for many and count for none. Websockets are not
// among them once they are open: they have limits of their own.
type visitors struct {
	proxies   []netip.Prefix
	refused   func()
	all, each int

	mu   sync.Mutex
	open map[net.Conn]netip.Addr
	from map[netip.Addr]int
}

// fromOneAddress is more than the workers of a site and its callbacks keep open.
const fromOneAddress = 500

// visitors returns the bounds of this process's listeners.
func (g *Gateway) visitors() *visitors {
	return newVisitors(g.TrustedProxies, max(100, files()/10), fromOneAddress, g.Metrics.refused.Inc)
}

func newVisitors(proxies []netip.Prefix, all, each int, refused func()) *visitors {
	return &visitors{proxies: proxies, all: all, each: each, refused: refused, open: map[net.Conn]netip.Addr{}, from: map[netip.Addr]int{}}
}

// state is the hook of an HTTP server. It closes what is too much before
// anything of it is read.
func (v *visitors) state(c net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		if !v.comes(c) {
			v.refused()
			_ = c.Close()
		}
	case http.StateHijacked, http.StateClosed:
		v.goes(c)
	}
}

func (v *visitors) comes(c net.Conn) bool {
	a, counts := v.address(c)
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.open) >= v.all || counts && v.from[a] >= v.each {
		return false
	}
	v.open[c] = a
	v.from[a]++
	return true
}

func (v *visitors) goes(c net.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	a, ok := v.open[c]
	if !ok {
		return
	}
	delete(v.open, c)
	if v.from[a]--; v.from[a] == 0 {
		delete(v.from, a)
	}
}

// address is whom a connection is counted to, if anybody.
func (v *visitors) address(c net.Conn) (a netip.Addr, counts bool) {
	at, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return a, true
	}
	a = at.Addr().Unmap().WithZone("")
	counts = !a.IsLoopback() && !slices.ContainsFunc(v.proxies, func(p netip.Prefix) bool { return p.Contains(a) })
	if a.Is6() {
		p, _ := a.Prefix(64)
		a = p.Addr()
	}
	return a, counts
}
