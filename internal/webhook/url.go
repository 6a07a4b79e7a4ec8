package webhook

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/fault"
)

const (
	maxURL   = 2048
	maxHost  = 253
	maxLabel = 63
)

// CheckURL returns [fault.InvalidRequest] for a URL that [Guard]'s client would
// not call whatever its name resolves to: another scheme or port, credentials,
// a fragment, an address that is not allowed or is spelled oddly.
func CheckURL(raw string, o GuardOptions) error {
	if raw == "" || len(raw) > maxURL {
		return refuse("a URL has 1 to %d characters", maxURL)
	}
	for _, c := range raw { // some readers drop these, or take them for others
		if c == utf8.RuneError || !unicode.IsGraphic(c) || unicode.IsSpace(c) || c == '\\' || c == '#' {
			return refuse("a URL has no fragment, backslash, space or unprintable character")
		}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return refuse("this is no URL")
	}
	return checkURL(u, o)
}

// checkURL is [CheckURL] for what is parsed already.
func checkURL(u *url.URL, o GuardOptions) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return refuse("the scheme is http or https")
	case u.Opaque != "" || u.Host == "":
		return refuse("a URL has a host")
	case u.User != nil:
		return refuse("a URL has no user name or password")
	case strings.HasSuffix(u.Host, ":"):
		return refuse("the port is missing")
	}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || p[0] == '0' || !o.port(uint16(n)) {
			return refuse("the port is 80, 443, 8080 or 8443")
		}
	}
	return o.checkHost(u.Hostname(), strings.HasPrefix(u.Host, "["))
}

func (o GuardOptions) checkHost(host string, bracketed bool) error {
	if bracketed || strings.Contains(host, ":") {
		return o.checkLiteral(host)
	}
	if len(host) > maxHost {
		return refuse("a host has up to %d characters", maxHost)
	}
	labels := strings.Split(strings.ToLower(host), ".")
	for _, l := range labels {
		if !isLabel(l) {
			return refuse("this is no host name")
		}
	}
	last := labels[len(labels)-1]
	if isNumber(last) { // then resolvers and browsers read an IPv4 address
		return o.checkLiteral(host)
	}
	if last == "localhost" && !o.AllowLoopback {
		return refuse("the address is not public")
	}
	if len(labels) == 1 && last != "localhost" && !o.AllowPrivate {
		return refuse("a public host name has a dot")
	}
	return nil
}

// checkLiteral accepts an address only as it is written in full: 127.1,
// 0x7f.0.0.1, 0177.0.0.1 and 2130706433 are no addresses.
func (o GuardOptions) checkLiteral(host string) error {
	a, err := netip.ParseAddr(host)
	if err != nil {
		return refuse("this is no host name and no address")
	}
	if !o.allowed(a) {
		return refuse("the address is not public")
	}
	return nil
}

func isLabel(l string) bool {
	if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := range len(l) {
		c := l[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// isNumber reports whether a lower-case label is a number in any base.
func isNumber(l string) bool {
	hex, isHex := strings.CutPrefix(l, "0x")
	if isHex {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(l, "0123456789") == ""
}

func refuse(format string, args ...any) error {
	return fault.New(fault.InvalidRequest, format, args...)
}
