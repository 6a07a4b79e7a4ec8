package sandbox

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
)

// Rooms are what a world file fills.
type Rooms struct {
	Merchants *merchant.Service
	Ledger    *ledger.Service
	Pricing   *pricing.Service
	Fleet     *fleet.Service
}

// Seed fills the rooms. It may be repeated after it was interrupted: what is
// there already is left as it is.
func (f File) Seed(ctx context.Context, r Rooms, now time.Time) error {
	for _, fill := range []func(context.Context, Rooms, time.Time) error{f.seedPrices, f.seedBots, f.seedProjects} {
		if err := fill(ctx, r, now); err != nil {
			return err
		}
	}
	return nil
}

func (f File) seedPrices(ctx context.Context, r Rooms, now time.Time) error {
	var prices []pricing.Price
	for _, p := range f.Prices {
		amount, err := money.ParseAmount(p.Price)
		if err != nil {
			return err
		}
		prices = append(prices, pricing.Price{App: games[p.Game], Name: p.Name, Amount: amount})
	}
	var currencies []pricing.Currency
	for code, rate := range f.Currencies {
		n, err := money.ParseRate(rate)
		if err != nil {
			return err
		}
		currencies = append(currencies, pricing.Currency{Code: code, Name: currencyName(code), Rate: n, Digits: 2})
	}
	coefficients, err := f.coefficients()
	if err != nil {
		return err
	}
	return errors.Join(r.Pricing.SetPrices(ctx, prices, now), r.Pricing.SetCurrencies(ctx, currencies, now),
		r.Pricing.SetCoefficients(ctx, coefficients))
}

func (f File) coefficients() ([]pricing.Coefficient, error) {
	var all []pricing.Coefficient
	for _, g := range []string{"cs2", "dota2", "rust", "tf2"} {
		c := pricing.Coefficient{App: games[g], BuyIn: money.One, SellOut: money.One}
		var errs [3]error
		if v, ok := f.BuyIn[g]; ok {
			c.BuyIn, errs[0] = money.ParseRate(v)
		}
		if v, ok := f.SellOut[g]; ok {
			c.SellOut, errs[1] = money.ParseRate(v)
		}
		if v, ok := f.MinDeposit[g]; ok {
			c.MinDeposit, errs[2] = money.ParseAmount(v)
		}
		if err := errors.Join(errs[:]...); err != nil {
			return nil, fmt.Errorf("coefficients of %s: %w", g, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func currencyName(code string) string {
	names := map[string]string{"usd": "US Dollar", "rub": "Russian Ruble", "eur": "Euro", "uah": "Ukrainian Hryvnia",
		"kzt": "Kazakhstani Tenge", "cny": "Chinese Yuan", "brl": "Brazilian Real", "aud": "Australian Dollar",
		"cad": "Canadian Dollar", "nzd": "New Zealand Dollar"}
	if n, ok := names[code]; ok {
		return n
	}
	return strings.ToUpper(code)
}

func (f File) seedBots(ctx context.Context, r Rooms, now time.Time) error {
	for _, a := range f.Accounts {
		if a.Role != "bot" {
			continue
		}
		id, err := steam.ParseID64(a.SteamID)
		if err != nil {
			return err
		}
		err = r.Fleet.Add(ctx, fleet.NewBot{ID: id, AccountName: a.AccountName, Persona: a.Persona, TradeToken: a.TradeToken,
			Credentials: fleet.Credentials{Password: seal.Secret(a.Password), SharedSecret: seal.Secret(a.SharedSecret),
				IdentitySecret: seal.Secret(a.IdentitySecret)}}, now)
		if err != nil && !errors.Is(err, fault.Duplicate) {
			return err
		}
	}
	var protected []steam.AppID
	for g := range f.SteamRules.ProtectedGames {
		protected = append(protected, games[g])
	}
	return r.Fleet.Protect(ctx, protected...)
}

func (f File) seedProjects(ctx context.Context, r Rooms, now time.Time) error {
	for _, p := range f.Projects {
		n, err := p.project()
		if err != nil {
			return err
		}
		if _, _, err := r.Merchants.Add(ctx, n, now); err != nil && !errors.Is(err, fault.Duplicate) {
			return fmt.Errorf("project %s: %w", p.ClientID, err)
		}
		if err := p.open(ctx, r, n.ID, now); err != nil {
			return fmt.Errorf("project %s: %w", p.ClientID, err)
		}
	}
	return nil
}

// Opening is the kind of the transactions by which projects begin with money.
const Opening = "opening"

// open posts the money that a project starts with, once.
func (p Project) open(ctx context.Context, r Rooms, id int64, now time.Time) error {
	if p.Balance == "" {
		return nil
	}
	amount, err := money.ParseAmount(p.Balance)
	if err != nil || amount == 0 {
		return err
	}
	err = r.Ledger.Post(ctx, ledger.Transaction{Ref: "opening/" + p.ClientID, Kind: Opening, At: now, Entries: []ledger.Entry{
		{Account: ledger.OutsideCash, Amount: -amount}, {Account: ledger.Available(id), Amount: amount}}})
	if errors.Is(err, fault.Duplicate) {
		return nil
	}
	return err
}

// project is the merchant room's form; numbers left out get its defaults.
func (p Project) project() (merchant.NewProject, error) {
	id, err := strconv.ParseInt(p.ClientID, 10, 64)
	if err != nil && p.ClientID != "" {
		return merchant.NewProject{}, err
	}
	n := merchant.NewProject{ClientSecret: p.ClientSecret, WebhookSecret: p.WebhookSecret, Project: merchant.Project{ID: id,
		Name: p.Name, Active: p.Active == nil || *p.Active, Market: p.Market == nil || *p.Market, NoWait: p.NoWait,
		NoLegacySign: p.NoLegacySign, StrongOnly: p.StrongOnly, ArraysNeedAllowList: p.ArraysNeedList,
		NoAuthorizationCopy: p.NoAuthCopy, NoSocketLogin: p.NoSocketLogin,
		LegacyStatuses: p.LegacyStatuses, ResultURL: p.ResultURL, EventsURL: p.EventsURL, SuccessURL: p.SuccessURL,
		FailURL: p.FailURL, WebhookEncoding: p.WebhookEncoding, RateLimit: p.RateLimit, Origins: p.Origins}}
	if n.Name == "" {
		n.Name = strings.TrimSpace("Project " + p.ClientID)
	}
	if n.AllowedIPs, err = p.prefixes(); err != nil {
		return n, err
	}
	if p.Multiplier != "" {
		if n.Multiplier, err = money.ParseRate(p.Multiplier); err != nil {
			return n, err
		}
	}
	if p.Commission != "" {
		n.Commission, err = money.ParseRate(p.Commission)
	}
	return n, err
}
