package webhook

import (
	"errors"
	"net/netip"
)

// ErrAddress is returned for an address that may not be called.
var ErrAddress = errors.New("webhook: address not allowed")

// refused lists what is not a public unicast address (Q6). Of IPv6 only
// 2000::/3 is public at all; what is special inside it stands here.
var refused = prefixes(
	"0.0.0.0/8",       // this network
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // shared by carriers
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, cloud metadata
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.31.196.0/24", // AS112
	"192.52.193.0/24", // AMT
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private
	"192.175.48.0/24", // AS112
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // class E, broadcast
	"2001::/23",       // protocol assignments: Teredo, ORCHID, benchmarks
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4: any IPv4 address inside
	"3fff::/20",       // documentation
)

var (
	publicIPv6 = netip.MustParsePrefix("2000::/3")
	loopback   = prefixes("127.0.0.0/8", "::1/128")
	private    = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)

// allowed reports whether an address may be called. IPv4 in the clothes of
// IPv6 (mapped, compatible, NAT64, 6to4, Teredo) never may: a name that
// resolves to it wants something else than it says.
func (o GuardOptions) allowed(a netip.Addr) bool {
	switch {
	case !a.IsValid() || a.Zone() != "" || a.Is4In6():
		return false
	case o.AllowLoopback && within(loopback, a), o.AllowPrivate && within(private, a):
		return true
	case a.Is6() && !publicIPv6.Contains(a):
		return false
	}
	return !within(refused, a)
}

// port reports whether a port may be called.
func (o GuardOptions) port(n uint16) bool {
	switch n {
	case 80, 443, 8080, 8443:
		return true
	}
	return n != 0 && (o.AllowLoopback || o.AllowPrivate)
}

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, p := range list {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}
