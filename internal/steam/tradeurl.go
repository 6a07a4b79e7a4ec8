package steam

import (
	"errors"
	"html"
	"net/url"
	"strconv"
	"strings"
)

// ErrBadTradeURL is returned by [ParseTradeURL] for everything that is not one.
var ErrBadTradeURL = errors.New("steam: not a trade url")

// TradeURL lets anybody who has it send offers to its owner.
type TradeURL struct {
	Partner ID64
	Token   string
}

// ParseTradeURL reads a trade URL on steamcommunity.com, www.steamcommunity.com
// or one of the further hosts (host[:port] of the configured community base).
// Unknown parameters are ignored; a port, userinfo or fragment is refused on
// the canonical hosts.
func ParseTradeURL(s string, hosts ...string) (TradeURL, error) {
	s = html.UnescapeString(strings.TrimSpace(s))
	if len(s) > 400 {
		return TradeURL{}, ErrBadTradeURL
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.Fragment != "" {
		return TradeURL{}, ErrBadTradeURL
	}
	if !tradeHost(strings.ToLower(u.Host), hosts) || strings.TrimSuffix(u.Path, "/") != "/tradeoffer/new" {
		return TradeURL{}, ErrBadTradeURL
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(q["partner"]) != 1 || len(q["token"]) != 1 {
		return TradeURL{}, ErrBadTradeURL
	}
	partner, err := ParseAccount(q.Get("partner"))
	if err != nil || !ValidToken(q.Get("token")) {
		return TradeURL{}, ErrBadTradeURL
	}
	return TradeURL{Partner: partner, Token: q.Get("token")}, nil
}

func tradeHost(host string, more []string) bool {
	if host == "steamcommunity.com" || host == "www.steamcommunity.com" {
		return true
	}
	for _, h := range more {
		if h != "" && host == strings.ToLower(h) {
			return true
		}
	}
	return false
}

// ParseAccount reads the 32-bit account id of a trade URL: decimal, 1 to 2³²−1,
// without sign or leading zeros.
func ParseAccount(s string) (ID64, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 0 || s[0] < '1' || s[0] > '9' {
		return 0, ErrBadTradeURL
	}
	return FromAccount(uint32(n)), nil
}

// ValidToken reports whether s has the form of a trade URL's token. Steam makes
// them of eight characters; it has never promised to.
func ValidToken(s string) bool {
	if len(s) < 6 || len(s) > 16 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// URL prints the trade URL under the community base (no slash at its end).
func (t TradeURL) URL(community string) string {
	return community + "/tradeoffer/new/?partner=" + strconv.FormatUint(uint64(t.Partner.Account()), 10) + "&token=" + t.Token
}
