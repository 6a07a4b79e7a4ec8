// Package steam holds Steam's own words: identifiers, apps, enumerations,
// trade URLs, one-time codes, and the Client contract that the gateway speaks.
//
// It knows nothing about deposits or purchases and does no I/O. The package
// web implements [Client] over HTTP; the package sim answers that HTTP.
// Facts come from the protocol notes in docs/steam.md.
package steam

import (
	"fmt"
	"strconv"
)

// ID64 is a SteamID64 of an individual account in the public universe. In JSON
// it is always a string: it exceeds what a double holds exactly.
type ID64 uint64

// idBase is the SteamID64 of account id 0 (individual, public universe, desktop).
const idBase = 76561197960265728

// ParseID64 reads the seventeen-digit form and refuses everything that is not
// an individual account of the public universe.
func ParseID64(s string) (ID64, error) {
	if len(s) != 17 {
		return 0, fmt.Errorf("steam id %q: want 17 digits", clip(s))
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || s[0] == '+' {
		return 0, fmt.Errorf("steam id %q: want 17 digits", clip(s))
	}
	if n <= idBase || n > idBase+(1<<32-1) {
		return 0, fmt.Errorf("steam id %q: not an individual account", clip(s))
	}
	return ID64(n), nil
}

// FromAccount returns the SteamID64 of a 32-bit account id.
func FromAccount(account uint32) ID64 { return ID64(idBase + uint64(account)) }

// Account returns the 32-bit account id that trade URLs and accountid_other use.
func (id ID64) Account() uint32 { return uint32(uint64(id) - idBase) }

func (id ID64) String() string { return strconv.FormatUint(uint64(id), 10) }

// MarshalText prints the decimal digits.
func (id ID64) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is [ParseID64].
func (id *ID64) UnmarshalText(b []byte) error {
	v, err := ParseID64(string(b))
	if err != nil {
		return err
	}
	*id = v
	return nil
}

// AppID is a game's number on Steam.
type AppID uint32

// The games that skins are traded in.
const (
	CS2   AppID = 730
	Dota2 AppID = 570
	TF2   AppID = 440
	Rust  AppID = 252490
)

// ContextMain holds ordinary items in all four games; ContextProtected holds
// items under trade protection (CS2), readable by their owner only.
const (
	ContextMain      = "2"
	ContextProtected = "16"
)

// OfferID and TradeID are Steam's decimal ids, kept as text.
type (
	OfferID string
	TradeID string
)

// Asset names one item instance at a point in time: ids change with each trade.
type Asset struct {
	App     AppID
	Context string
	ID      string
}

// clip keeps hostile input out of error texts beyond a glimpse.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
