package app

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Networks is a flag: addresses or networks with commas between them.
type Networks struct{ networks []netip.Prefix }

// Set reads addresses and networks such as 10.0.0.0/8.
func (n *Networks) Set(text string) error {
	n.networks = nil
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		p, err := netip.ParsePrefix(part)
		if a, errAddr := netip.ParseAddr(part); errAddr == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return fmt.Errorf("%q: want an address or a network such as 10.0.0.0/8", part)
		}
		n.networks = append(n.networks, p)
	}
	return nil
}

// Type is how the flag's value is called in help texts.
func (n *Networks) Type() string { return "networks" }

func (n *Networks) String() string {
	var all []string
	for _, p := range n.networks {
		all = append(all, p.String())
	}
	return strings.Join(all, ",")
}

// pictureHTTP fetches pictures from the one configured place: it follows no
// redirect away from there.
func (g *Gateway) pictureHTTP() *http.Client {
	return &http.Client{Transport: g.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
