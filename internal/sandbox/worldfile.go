package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// File is a world file: what a new sandbox starts with. Amounts are decimal
// text in USD.
type File struct {
	Number     int64             `json:"seed"`
	Start      string            `json:"start,omitempty"` // RFC 3339; empty: the wall clock at creation
	Currencies map[string]string `json:"currencies,omitempty"`
	BuyIn      map[string]string `json:"buy_in,omitempty"` // per game
	SellOut    map[string]string `json:"sell_out,omitempty"`
	MinDeposit map[string]string `json:"min_deposit,omitempty"`
	Projects   []Project         `json:"projects"`
	Prices     []Price           `json:"prices"`
	Accounts   []Account         `json:"accounts"`
	SteamRules Steam             `json:"steam"`
	Classes    []Class           `json:"classes,omitempty"`
}

// Project is a merchant's project.
type Project struct {
	ClientID        string   `json:"client_id"`
	ClientSecret    string   `json:"client_secret,omitempty"`
	WebhookSecret   string   `json:"webhook_secret,omitempty"`
	Name            string   `json:"name,omitempty"`
	Balance         string   `json:"balance,omitempty"` // what it starts with
	Multiplier      string   `json:"multiplier,omitempty"`
	Commission      string   `json:"commission,omitempty"`
	ResultURL       string   `json:"result_url,omitempty"`
	EventsURL       string   `json:"events_url,omitempty"`
	SuccessURL      string   `json:"success_url,omitempty"`
	FailURL         string   `json:"fail_url,omitempty"`
	NoWait          bool     `json:"no_wait,omitempty"`
	Market          *bool    `json:"market,omitempty"` // default true
	Active          *bool    `json:"active,omitempty"` // default true
	AllowedIPs      []string `json:"allowed_ips,omitempty"`
	RateLimit       int      `json:"rate_limit_per_minute,omitempty"`
	WebhookEncoding string   `json:"webhook_encoding,omitempty"`
	LegacyStatuses  bool     `json:"legacy_statuses,omitempty"`
	NoLegacySign    bool     `json:"no_legacy_sign,omitempty"`
	StrongOnly      bool     `json:"strong_only,omitempty"`
	ArraysNeedList  bool     `json:"arrays_need_allow_list,omitempty"`
	NoAuthCopy      bool     `json:"no_authorization_copy,omitempty"`
	NoSocketLogin   bool     `json:"no_socket_login,omitempty"`
	Origins         []string `json:"origins,omitempty"`
}

// Price is what an item name is worth.
type Price struct {
	Game  string `json:"game"`
	Name  string `json:"name"`
	Price string `json:"price"`
}

// Account is a Steam account: one of our bots, or a payer.
type Account struct {
	Role             string `json:"role"` // "bot" or "payer"
	SteamID          string `json:"steam_id"`
	AccountName      string `json:"account_name,omitempty"`
	Password         string `json:"password,omitempty"`
	SharedSecret     string `json:"shared_secret,omitempty"`
	IdentitySecret   string `json:"identity_secret,omitempty"`
	TradeToken       string `json:"trade_token,omitempty"`
	Persona          string `json:"persona,omitempty"`
	Behaviour        string `json:"behaviour,omitempty"`
	ReverseAfter     string `json:"reverse_after,omitempty"`
	InventoryPrivate bool   `json:"inventory_private,omitempty"`
	TradeBan         bool   `json:"trade_ban,omitempty"`
	CannotTrade      bool   `json:"cannot_trade,omitempty"`
	EscrowDays       int    `json:"escrow_days,omitempty"`
	Standing
	Items []Item `json:"items"`
}

// Standing is what else Steam may hold of an account, by its own names.
type Standing struct {
	Probation    bool         `json:"probation,omitempty"`
	CommunityBan bool         `json:"community_ban,omitempty"`
	VACBans      int          `json:"vac_bans,omitempty"`
	NewDevice    bool         `json:"new_device,omitempty"`
	EmailDomain  string       `json:"email_domain,omitempty"`
	Friends      []steam.ID64 `json:"friends,omitempty"`
	FamilyView   bool         `json:"family_view,omitempty"`
}

// Item is a number of equal things.
type Item struct {
	Game  string `json:"game"`
	Name  string `json:"name"`
	Count int    `json:"count,omitempty"` // default 1
	Phase string `json:"phase,omitempty"`
	// Pattern and wear of CS2 items; left out, they are made up for each.
	Pattern *int   `json:"pattern,omitempty"`
	Wear    string `json:"wear,omitempty"` // decimal, from 0 to 1
	// LockedFor keeps them from being traded at first.
	LockedFor string `json:"locked_for,omitempty"`
}

// Class is what Steam says of one kind of item, where it is not what is made up
// from its name.
type Class struct {
	Game       string `json:"game"`
	Name       string `json:"name"`
	Phase      string `json:"phase,omitempty"`
	Type       string `json:"type,omitempty"`
	NameColor  string `json:"name_color,omitempty"`
	Icon       string `json:"icon,omitempty"`
	Marketable *bool  `json:"marketable,omitempty"`
	Commodity  *bool  `json:"commodity,omitempty"`
	Tags       []Tag  `json:"tags,omitempty"`
}

// Tag is one of a class's tags in Steam's own words.
type Tag struct {
	Category     string `json:"category"`
	InternalName string `json:"internal_name"`
	CategoryName string `json:"localized_category_name"`
	Name         string `json:"localized_tag_name"`
	Color        string `json:"color,omitempty"`
}

// Steam is how the simulated Steam behaves.
type Steam struct {
	ProtectedGames     map[string]string `json:"protected_games,omitempty"`
	RequireAcknowledge *bool             `json:"require_acknowledge,omitempty"` // default true
	RateLimits         bool              `json:"rate_limits"`
	AcceptDelay        string            `json:"accept_delay,omitempty"`
	SettleNewIDs       bool              `json:"settle_new_ids,omitempty"`
	TradeSteps         string            `json:"trade_steps,omitempty"`
	InvalidAfter       string            `json:"invalid_after,omitempty"`
	HideTraded         string            `json:"hide_traded,omitempty"`
	DayMonthDates      bool              `json:"day_month_dates,omitempty"`
	ReuseCodes         bool              `json:"reuse_codes,omitempty"`
	KeysOnce           bool              `json:"keys_once,omitempty"`
	Limits             map[string]int    `json:"limits,omitempty"` // by Steam's names
}

// How an account answers every offer addressed to it.
const (
	Manual            = "manual" // waits for a call or a person; the default
	Accept            = "accept"
	Decline           = "decline"
	Ignore            = "ignore"
	AcceptThenReverse = "accept_then_reverse"
)

// Parse reads a world file. Unknown and repeated keys, text after the document
// and impossible values are errors that say where.
func Parse(data []byte) (File, error) {
	var f File
	if err := decode(data, &f); err != nil {
		return File{}, err
	}
	f.fill()
	if err := f.check(); err != nil {
		return File{}, err
	}
	return f, nil
}

// Bytes prints the file in its own form.
func (f File) Bytes() []byte {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		panic(err) // unreachable: the type has no value that cannot be printed
	}
	return append(data, '\n')
}

// StartTime is when the world begins; zero means now.
func (f File) StartTime() (time.Time, error) {
	if f.Start == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, f.Start)
}

// decode is strict: no unknown or repeated keys, nothing after the document.
func decode(data []byte, into any) error {
	if err := noRepeats(json.NewDecoder(bytes.NewReader(data)), ""); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text after the end of the JSON document")
	}
	return nil
}

// noRepeats walks one value and refuses a key that stands twice in an object.
func noRepeats(d *json.Decoder, path string) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for i := 0; d.More(); i++ {
		at := fmt.Sprintf("%s[%d]", path, i)
		if delim == '{' {
			k, err := d.Token()
			if err != nil {
				return err
			}
			key := k.(string) // unreachable otherwise: keys are strings
			if at = path + "." + key; seen[key] {
				return fmt.Errorf("the key %s stands twice", at[1:])
			}
			seen[key] = true
		}
		if err := noRepeats(d, at); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
