package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
)

// Games by their names on the wire; csgo is the old name of cs2.
var games = map[string]steam.AppID{"cs2": steam.CS2, "csgo": steam.CS2, "dota2": steam.Dota2, "rust": steam.Rust, "tf2": steam.TF2}

// Game is the app of a game's name; 0 for a name that [Parse] refuses.
func Game(name string) steam.AppID { return games[name] }

func gameName(app steam.AppID) string {
	for _, name := range []string{"cs2", "dota2", "rust", "tf2"} {
		if games[name] == app {
			return name
		}
	}
	return strconv.Itoa(int(app))
}

// currencies of a world that names none, in units for one US dollar.
var usualCurrencies = map[string]string{"usd": "1", "rub": "80", "eur": "0.86", "uah": "42", "kzt": "520", "cny": "7.1",
	"brl": "5.4", "aud": "1.5", "cad": "1.38", "nzd": "1.72"}

// fill sets what was left out: whole parts come from the built-in world.
func (f *File) fill() {
	if f.Projects == nil || f.Prices == nil || f.Accounts == nil {
		f.fillFrom(builtin(f.Number))
	}
	if f.Currencies == nil {
		f.Currencies = usualCurrencies
	}
	if f.SteamRules.ProtectedGames == nil {
		f.SteamRules.ProtectedGames = map[string]string{"cs2": "168h"}
	}
	yes, b := true, builder{r: rand.New(rand.NewPCG(uint64(f.Number), 0xf111))}
	if f.SteamRules.RequireAcknowledge == nil {
		f.SteamRules.RequireAcknowledge = &yes
	}
	for i := range f.Projects {
		p := &f.Projects[i]
		p.ClientID = cmp.Or(p.ClientID, strconv.Itoa(100_001+i))
		if p.Market == nil {
			p.Market = &yes
		}
		if p.Active == nil {
			p.Active = &yes
		}
	}
	for i := range f.Accounts {
		b.fillAccount(&f.Accounts[i], i)
		for j := range f.Accounts[i].Items {
			if it := &f.Accounts[i].Items[j]; it.Count == 0 {
				it.Count = 1
			}
		}
	}
}

func (f *File) fillFrom(w File) {
	if f.Projects == nil {
		f.Projects = w.Projects
	}
	if f.Prices == nil {
		f.Prices = w.Prices
	}
	if f.Accounts == nil {
		f.Accounts = w.Accounts
	}
}

// fillAccount gives an account an id and a role, and a bot its secrets.
func (b *builder) fillAccount(a *Account, i int) {
	a.Role = cmp.Or(a.Role, "payer")
	a.SteamID = cmp.Or(a.SteamID, steam.FromAccount(uint32(41_000_001+i)).String())
	a.Persona = cmp.Or(a.Persona, fmt.Sprintf("%s %d", a.Role, i+1))
	if a.Role == "bot" {
		a.AccountName = cmp.Or(a.AccountName, fmt.Sprintf("sandbox_bot_%d", i+1))
		a.Password = cmp.Or(a.Password, b.text(16))
		a.SharedSecret = cmp.Or(a.SharedSecret, b.secret())
		a.IdentitySecret = cmp.Or(a.IdentitySecret, b.secret())
	}
}

// check returns the first impossible value and where it stands.
func (f File) check() error {
	if _, err := f.StartTime(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	for _, m := range []struct {
		name   string
		values map[string]string
	}{{"buy_in", f.BuyIn}, {"sell_out", f.SellOut}, {"min_deposit", f.MinDeposit}} {
		for g, v := range m.values {
			if err := errors.Join(checkGame(g), checkRate(v)); err != nil {
				return fmt.Errorf("%s.%s: %w", m.name, g, err)
			}
		}
	}
	for code, rate := range f.Currencies {
		if len(code) < 3 || len(code) > 4 || strings.ToLower(code) != code {
			return fmt.Errorf("currencies.%s: want a code of three or four small letters", code)
		}
		if r, err := money.ParseRate(rate); err != nil || r.IsZero() {
			return fmt.Errorf("currencies.%s: %q is not a rate", code, rate)
		}
	}
	if f.Currencies["usd"] != "1" {
		return errors.New("currencies.usd: want \"1\": rates are units for one US dollar")
	}
	classes := map[[3]string]bool{}
	for i, c := range f.Classes {
		same := [3]string{gameName(games[c.Game]), c.Name, c.Phase}
		if classes[same] {
			return fmt.Errorf("classes[%d].name: %q stands twice", i, c.Name)
		}
		classes[same] = true
	}
	return errors.Join(each("projects", f.Projects, Project.check), each("prices", f.Prices, Price.check),
		each("accounts", f.Accounts, Account.check), each("classes", f.Classes, Class.check), f.SteamRules.check())
}

func each[T any](name string, values []T, check func(T) error) error {
	for i, v := range values {
		if err := check(v); err != nil {
			return fmt.Errorf("%s[%d].%w", name, i, err)
		}
	}
	return nil
}

func (p Project) check() error {
	if n, err := strconv.ParseInt(p.ClientID, 10, 64); err != nil || n <= 0 {
		return fmt.Errorf("client_id: %q: want a positive number as text", p.ClientID)
	}
	for name, v := range map[string]string{"balance": p.Balance, "multiplier": p.Multiplier, "commission": p.Commission} {
		if v == "" {
			continue
		}
		if err := checkRate(v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, v := range map[string]string{"result_url": p.ResultURL, "events_url": p.EventsURL, "success_url": p.SuccessURL, "fail_url": p.FailURL} {
		if u, err := url.Parse(v); v != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https")) {
			return fmt.Errorf("%s: %q is not an http url", name, v)
		}
	}
	if _, err := p.prefixes(); err != nil {
		return err
	}
	if !slices.Contains([]string{"", "json", "form"}, p.WebhookEncoding) {
		return fmt.Errorf("webhook_encoding: %q: want json or form", p.WebhookEncoding)
	}
	if p.RateLimit < 0 {
		return errors.New("rate_limit_per_minute: want a positive number")
	}
	return nil
}

func (p Project) prefixes() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range p.AllowedIPs {
		if a, err := netip.ParseAddr(s); err == nil {
			all = append(all, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		n, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("allowed_ips: %q is neither an address nor a network", s)
		}
		all = append(all, n)
	}
	return all, nil
}

func (p Price) check() error {
	if err := checkGame(p.Game); err != nil {
		return fmt.Errorf("game: %w", err)
	}
	if p.Name == "" {
		return errors.New("name: missing")
	}
	if a, err := money.ParseAmount(p.Price); err != nil || a <= 0 || a > money.Max {
		return fmt.Errorf("price: %q: want a positive amount with up to three digits after the point", p.Price)
	}
	return nil
}

func (a Account) check() error {
	if a.Role != "bot" && a.Role != "payer" {
		return fmt.Errorf("role: %q: want bot or payer", a.Role)
	}
	if _, err := steam.ParseID64(a.SteamID); err != nil {
		return fmt.Errorf("steam_id: %w", err)
	}
	if a.Role == "bot" && (a.AccountName == "" || a.Password == "" || a.SharedSecret == "" || a.IdentitySecret == "") {
		return errors.New("role: a bot needs account_name, password, shared_secret and identity_secret")
	}
	for name, secret := range map[string]string{"shared_secret": a.SharedSecret, "identity_secret": a.IdentitySecret} {
		if secret == "" {
			continue
		}
		if _, err := steam.ConfirmationKey(secret, time.Unix(0, 0), "conf"); err != nil {
			return fmt.Errorf("%s: want 20 bytes in base64", name)
		}
	}
	if a.TradeToken != "" && !steam.ValidToken(a.TradeToken) {
		return fmt.Errorf("trade_token: %q: want 6 to 16 letters, digits, - or _", a.TradeToken)
	}
	if !slices.Contains([]string{"", Manual, Accept, Decline, Ignore, AcceptThenReverse}, a.Behaviour) {
		return fmt.Errorf("behaviour: %q is not known", a.Behaviour)
	}
	if err := checkDuration(a.ReverseAfter); err != nil {
		return fmt.Errorf("reverse_after: %w", err)
	}
	if a.EscrowDays < 0 || a.EscrowDays > 365 {
		return errors.New("escrow_days: want 0 to 365")
	}
	if a.VACBans < 0 {
		return errors.New("vac_bans: want 0 or more")
	}
	return each("items", a.Items, func(it Item) error {
		if err := checkDuration(it.LockedFor); err != nil {
			return fmt.Errorf("locked_for: %w", err)
		}
		if err := checkGame(it.Game); err != nil {
			return fmt.Errorf("game: %w", err)
		}
		if it.Name == "" || it.Count < 0 || it.Count > 1_000_000 {
			return errors.New("name: want a name, and a count up to 1000000")
		}
		if it.Pattern != nil && (*it.Pattern < 0 || *it.Pattern > 1<<31-1) {
			return errors.New("pattern: want 0 to 2147483647")
		}
		if it.Wear != "" && !wearForm.MatchString(it.Wear) {
			return errors.New("wear: want a decimal from 0 to 1 as text")
		}
		return nil
	})
}

var (
	wearForm  = regexp.MustCompile(`^(0(\.[0-9]{1,18})?|1(\.0{1,18})?)$`)
	colorForm = regexp.MustCompile(`^([0-9A-Fa-f]{6})?$`)
	iconForm  = regexp.MustCompile(`^[A-Za-z0-9_-]{0,400}$`)
)

func (c Class) check() error {
	if err := checkGame(c.Game); err != nil {
		return fmt.Errorf("game: %w", err)
	}
	switch {
	case c.Name == "":
		return errors.New("name: missing")
	case !colorForm.MatchString(c.NameColor):
		return errors.New("name_color: want six hex digits")
	case !iconForm.MatchString(c.Icon):
		return errors.New("icon: want letters, digits, - and _")
	}
	return nil
}

func (s Steam) check() error {
	for g, d := range s.ProtectedGames {
		if err := errors.Join(checkGame(g), checkDuration(d)); err != nil {
			return fmt.Errorf("steam.protected_games.%s: %w", g, err)
		}
	}
	for name, d := range map[string]string{"accept_delay": s.AcceptDelay, "trade_steps": s.TradeSteps, "invalid_after": s.InvalidAfter, "hide_traded": s.HideTraded} {
		if err := checkDuration(d); err != nil {
			return fmt.Errorf("steam.%s: %w", name, err)
		}
	}
	return nil
}

func checkGame(g string) error {
	if _, ok := games[g]; !ok {
		return fmt.Errorf("%q is not a game: want cs2, dota2, rust or tf2", g)
	}
	return nil
}

func checkRate(s string) error {
	_, err := money.ParseRate(s)
	return err
}

func checkDuration(s string) error {
	if s == "" {
		return nil
	}
	d, err := time.ParseDuration(s)
	if err == nil && d < 0 {
		err = fmt.Errorf("%q is negative", s)
	}
	return err
}
