package sim

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// World is what a simulation is seeded with, and what [Sim.World] returns.
type World struct {
	Seed     int64     `json:"seed"`
	Settings Settings  `json:"settings"`
	Accounts []Account `json:"accounts"`
	// Classes tell what the descriptions of some items say, where it is not what
	// is made up from their names.
	Classes []Class `json:"classes,omitempty"`
}

// Settings are Steam's rules where they are known to differ or to change.
type Settings struct {
	// Protected lists the games under trade protection and for how long.
	Protected map[steam.AppID]Duration `json:"protected"`
	// RequireAcknowledge makes confirmations of protected items fail until the
	// account has acknowledged the rules.
	RequireAcknowledge bool `json:"require_acknowledge"`
	// RateLimits switches Steam's 429 and throttle answers on. Structural
	// limits hold always.
	RateLimits bool `json:"rate_limits"`
	// AcceptDelay is how long after an offer became active a payer answers.
	AcceptDelay Duration `json:"accept_delay"`
	// TradeSteps is how long a trade stays in each of the statuses 0, 1 and 2 on
	// its way; zero: it is complete at once.
	TradeSteps Duration `json:"trade_steps,omitempty"`
	// InvalidAfter is how long an offer whose items are gone may look open, until
	// somebody touches it or Steam sweeps; zero: it ends at once.
	InvalidAfter Duration `json:"invalid_after,omitempty"`
	// DayMonthDates writes the end of protection as "2 Mar @ 10:00am", without a
	// year, to those who do not ask for machine-readable dates.
	DayMonthDates bool `json:"day_month_dates,omitempty"`
	// SettleNewIDs gives items new asset ids when protection ends.
	SettleNewIDs bool `json:"settle_new_ids,omitempty"`
	// HideTraded is how long after a trade or a purchase strangers do not see CS2
	// items, whom a trade URL shows them; zero: they see them at once.
	HideTraded Duration `json:"hide_traded,omitempty"`
	// ReuseCodes lets a code of the authenticator be used more than once.
	ReuseCodes bool `json:"reuse_codes,omitempty"`
	// KeysOnce lets a confirmation key answer one request only.
	KeysOnce bool `json:"keys_once,omitempty"`
	// InventoryLimit is the most CS2 items an account can receive up to; zero
	// means Steam's 1000.
	InventoryLimit int `json:"inventory_limit,omitempty"`
	// Limits changes Steam's limits by name (offers_to_one, logins, …): a
	// number that holds whatever RateLimits says, or -1 for none.
	Limits map[string]int `json:"limits,omitempty"`
}

// Behaviours of an account towards every active offer addressed to it.
const (
	Manual            = "manual" // waits for a call or a person; the default
	Accept            = "accept"
	Decline           = "decline"
	Ignore            = "ignore"
	AcceptThenReverse = "accept_then_reverse"
)

// Account is one Steam user.
type Account struct {
	SteamID          steam.ID64 `json:"steam_id"`
	AccountName      string     `json:"account_name,omitempty"`
	Password         string     `json:"password,omitempty"`
	SharedSecret     string     `json:"shared_secret,omitempty"`
	IdentitySecret   string     `json:"identity_secret,omitempty"`
	TradeToken       string     `json:"trade_token,omitempty"` // made from the seed when left out
	Persona          string     `json:"persona,omitempty"`
	Behaviour        string     `json:"behaviour,omitempty"`
	ReverseAfter     Duration   `json:"reverse_after,omitempty"` // 72h when left out
	InventoryPrivate bool       `json:"inventory_private,omitempty"`
	TradeBan         bool       `json:"trade_ban,omitempty"`
	// Probation, CommunityBan and VACBans are what GetPlayerBans says beside.
	Probation    bool `json:"probation,omitempty"`
	CommunityBan bool `json:"community_ban,omitempty"`
	VACBans      int  `json:"vac_bans,omitempty"`
	EscrowDays   int  `json:"escrow_days,omitempty"`
	// CannotTrade marks a limited account or a cooldown; NewDevice a sender who
	// logged in from a new device.
	CannotTrade bool `json:"cannot_trade,omitempty"`
	NewDevice   bool `json:"new_device,omitempty"`
	// EmailDomain is where codes go for an account guarded by mail: it has no
	// authenticator.
	EmailDomain string `json:"email_domain,omitempty"`
	// Friends need no trade URL of each other, and what they trade is held for a
	// day at most. It is enough that one side names the other.
	Friends []steam.ID64 `json:"friends,omitempty"`
	// FamilyView locks the community's pages behind a PIN that nobody enters.
	FamilyView bool   `json:"family_view,omitempty"`
	Items      []Item `json:"items"`
}

// Item is a number of equal things: same game, market hash name and phase.
type Item struct {
	App   steam.AppID `json:"app"`
	Name  string      `json:"name"`
	Count int         `json:"count"`
	Phase string      `json:"phase,omitempty"`
	// LockedFor keeps the items from being traded at first, as Steam does with
	// what was bought on its market.
	LockedFor Duration `json:"locked_for,omitempty"`
	Marks
}

// Marks are an item's own properties, which stay with it through trades. What is
// left out is made up.
type Marks struct {
	Pattern *int   `json:"pattern,omitempty"`
	Wear    string `json:"wear,omitempty"` // decimal, from 0 to 1
}

var wearForm = regexp.MustCompile(`^(0(\.[0-9]{1,18})?|1(\.0{1,18})?)$`)

func (m Marks) check() error {
	if m.Pattern != nil && (*m.Pattern < 0 || *m.Pattern > 1<<31-1) {
		return fmt.Errorf("pattern %d: want 0 to 2147483647", *m.Pattern)
	}
	if m.Wear != "" && !wearForm.MatchString(m.Wear) {
		return fmt.Errorf("wear: want a decimal from 0 to 1")
	}
	return nil
}

// Class is one kind of item, told by game, market hash name and phase.
type Class struct {
	App        steam.AppID `json:"app"`
	Name       string      `json:"name"`
	Phase      string      `json:"phase,omitempty"`
	Type       string      `json:"type,omitempty"`
	NameColor  string      `json:"name_color,omitempty"` // six hex digits
	Icon       string      `json:"icon,omitempty"`       // economy image path
	Marketable *bool       `json:"marketable,omitempty"`
	Commodity  *bool       `json:"commodity,omitempty"`
	Tags       []Tag       `json:"tags,omitempty"` // all of them, when given
}

func (c Class) key() classKey { return classKey{c.App, c.Name, c.Phase} }

// dress puts what the class says in place of what was made up.
func (c Class) dress(l *look) {
	l.kind, l.nameColor, l.icon = cmp.Or(c.Type, l.kind), cmp.Or(c.NameColor, l.nameColor), cmp.Or(c.Icon, l.icon)
	set(&l.marketable, c.Marketable)
	set(&l.commodity, c.Commodity)
	if c.Tags != nil {
		l.tags = c.Tags
	}
}

func (c Class) check() error {
	if c.App == 0 || c.Name == "" {
		return fmt.Errorf("class %q: want a game and a name", c.Name)
	}
	if c.NameColor != "" && !colorForm.MatchString(c.NameColor) {
		return fmt.Errorf("class %q: name_color: want six hex digits", c.Name)
	}
	if c.Icon != "" && !iconForm.MatchString(c.Icon) {
		return fmt.Errorf("class %q: icon: want letters, digits, - and _", c.Name)
	}
	return nil
}

var (
	colorForm = regexp.MustCompile(`^[0-9A-Fa-f]{6}$`)
	iconForm  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,400}$`)
)

// Duration is a time.Duration that is text ("168h0m0s") in JSON.
type Duration time.Duration

// MarshalText prints the duration as [time.Duration] does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText is [time.ParseDuration], and refuses negative durations.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return err
	}
	if v < 0 {
		return fmt.Errorf("duration %q: negative", b)
	}
	*d = Duration(v)
	return nil
}

// Check returns what makes a world impossible.
func (w World) Check() error {
	if err := w.Settings.check(); err != nil {
		return err
	}
	classes := map[classKey]bool{}
	for _, c := range w.Classes {
		if err := c.check(); err != nil {
			return err
		}
		if classes[c.key()] {
			return fmt.Errorf("class %q: given twice", c.Name)
		}
		classes[c.key()] = true
	}
	ids := map[steam.ID64]bool{}
	names := map[string]bool{}
	for i := range w.Accounts {
		a := &w.Accounts[i]
		if ids[a.SteamID] {
			return fmt.Errorf("account %s: given twice", a.SteamID)
		}
		ids[a.SteamID] = true
		if name := strings.ToLower(a.AccountName); name != "" {
			if names[name] {
				return fmt.Errorf("account %s: account name %q given twice", a.SteamID, a.AccountName)
			}
			names[name] = true
		}
		if err := a.check(); err != nil {
			return fmt.Errorf("account %s: %w", a.SteamID, err)
		}
	}
	return nil
}

func (s *Settings) check() error {
	for name, v := range s.Limits {
		if _, ok := limits[name]; !ok || v < -1 {
			return fmt.Errorf("limit %q: unknown, or below -1", name)
		}
	}
	return nil
}

func (a *Account) check() error {
	if _, err := steam.ParseID64(a.SteamID.String()); err != nil {
		return err
	}
	if !validBehaviour(a.Behaviour) {
		return fmt.Errorf("behaviour %q: unknown", a.Behaviour)
	}
	if a.TradeToken != "" && !steam.ValidToken(a.TradeToken) {
		return fmt.Errorf("trade token: want 6 to 16 letters, digits, - or _")
	}
	if a.VACBans < 0 {
		return fmt.Errorf("vac_bans %d: want 0 or more", a.VACBans)
	}
	if a.EscrowDays < 0 || a.EscrowDays > 365 {
		return fmt.Errorf("escrow days %d: want 0 to 365", a.EscrowDays)
	}
	for _, secret := range []string{a.SharedSecret, a.IdentitySecret} {
		if secret == "" {
			continue
		}
		if _, err := steam.Code(secret, time.Unix(0, 0)); err != nil {
			return err
		}
	}
	for _, it := range a.Items {
		if it.App == 0 || it.Name == "" || it.Count < 0 {
			return fmt.Errorf("item %q: want a game, a name and a count", it.Name)
		}
		if err := it.Marks.check(); err != nil {
			return fmt.Errorf("item %q: %w", it.Name, err)
		}
	}
	return nil
}

func validBehaviour(b string) bool {
	switch b {
	case "", Manual, Accept, Decline, Ignore, AcceptThenReverse:
		return true
	}
	return false
}
