package pricing

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing/sqlc"
	"github.com/skinrail/skinrail/internal/steam"
)

// Price is what one item of a name is worth, in thousandths of USD.
type Price struct {
	App    steam.AppID
	Name   string
	Amount money.Amount
}

// Coefficient is how a game's prices become ours: what is paid for a deposited
// item, what is asked for a sold one, and the least a deposit may be worth.
type Coefficient struct {
	App        steam.AppID
	BuyIn      money.Rate
	SellOut    money.Rate
	MinDeposit money.Amount
}

// Currency is how amounts are shown: Rate units for one US dollar.
type Currency struct {
	Code   string // lower case
	Name   string
	Rate   money.Rate
	Digits int
}

type key struct {
	app  steam.AppID
	name string
}

// snapshot is everything at one moment; it is never changed.
type snapshot struct {
	prices       map[key]money.Amount
	overridden   map[key]string         // who set a price by hand
	bands        map[steam.AppID][]Band // the highest floor first
	coefficients map[steam.AppID]Coefficient
	currencies   []Currency // usd first, then by code
	rates        string
}

// usd is the ledger's own currency: it is there even when nobody stored one.
var usd = Currency{Code: "usd", Name: "US Dollar", Rate: money.One, Digits: 2}

// Service is the room; all methods may be called concurrently.
type Service struct {
	db      *db.DB
	loading sync.Mutex // so that an older reading never replaces a newer one
	now     atomic.Pointer[snapshot]
	version atomic.Int64

	refreshing sync.Mutex // guards what follows
	rules      Rules
	client     *http.Client
	readAt     map[string]time.Time // when a source was read last
	seen       string               // the number of changes at the last load
}

// New makes the room. Before [Service.Load] nothing is priced.
func New(d *db.DB) *Service {
	s := &Service{db: d}
	s.now.Store(&snapshot{currencies: []Currency{usd}})
	return s
}

// Version grows with each load.
func (s *Service) Version() int64 { return s.version.Load() }

// Load reads everything from the database and replaces what was known.
func (s *Service) Load(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	n, err := s.read(ctx)
	if err != nil {
		return fmt.Errorf("load prices: %w", err)
	}
	s.now.Store(n)
	s.version.Add(1)
	return nil
}

// BuyIn is what a deposited item of a name counts for; false when it has no
// price.
func (s *Service) BuyIn(app steam.AppID, name string) (money.Amount, bool) {
	n := s.now.Load()
	return n.priced(app, name, func(c Coefficient) money.Rate { return c.BuyIn })
}

// SellOut is what an item of a name costs a merchant; false when it has no
// price.
func (s *Service) SellOut(app steam.AppID, name string) (money.Amount, bool) {
	n := s.now.Load()
	return n.priced(app, name, func(c Coefficient) money.Rate { return c.SellOut })
}

func (n *snapshot) priced(app steam.AppID, name string, of func(Coefficient) money.Rate) (money.Amount, bool) {
	p, ok := n.prices[key{app, name}]
	if !ok {
		return 0, false
	}
	a, err := p.Mul(of(n.at(app, p)))
	return a, err == nil && a > 0
}

// at is how a price of a game becomes ours: by its band, or by the game.
func (n *snapshot) at(app steam.AppID, p money.Amount) Coefficient {
	c := n.coefficient(app)
	for _, b := range n.bands[app] {
		if p >= b.Floor {
			c.BuyIn, c.SellOut = b.BuyIn, b.SellOut
			break
		}
	}
	return c
}

func (n *snapshot) coefficient(app steam.AppID) Coefficient {
	if c, ok := n.coefficients[app]; ok {
		return c
	}
	return Coefficient{App: app, BuyIn: money.One, SellOut: money.One}
}

// MinDeposit is the least a deposit of a game may be worth.
func (s *Service) MinDeposit(app steam.AppID) money.Amount {
	return s.now.Load().coefficient(app).MinDeposit
}

// Currencies lists what amounts can be shown in, usd first. The slice must not
// be changed.
func (s *Service) Currencies() []Currency { return s.now.Load().currencies }

// Currency finds a currency by its code, in any case.
func (s *Service) Currency(code string) (Currency, bool) {
	code = strings.ToLower(code)
	for _, c := range s.now.Load().currencies {
		if c.Code == code {
			return c, true
		}
	}
	return Currency{}, false
}

// Convert shows an amount in a currency, rounded half up to its digits. What
// is too large to show is the zero figure; [money.Max] keeps amounts far below.
func (s *Service) Convert(a money.Amount, c Currency) money.Decimal {
	d, err := a.Convert(c.Digits, c.Rate)
	if err != nil {
		return money.Decimal{}
	}
	return d
}

// Rates is all currencies as text, so that an order keeps those of its quote;
// [ParseRates] reads it.
func (s *Service) Rates() string { return s.now.Load().rates }

// kept is one currency in the text of [Service.Rates].
type kept struct {
	Code   string `json:"code"`
	Rate   string `json:"rate"`
	Digits int    `json:"digits"`
}

func ratesText(cs []Currency) (string, error) {
	ks := make([]kept, 0, len(cs))
	for _, c := range cs {
		ks = append(ks, kept{c.Code, c.Rate.String(), c.Digits})
	}
	text, err := json.Marshal(ks)
	return string(text), err
}

// ParseRates reads the text of [Service.Rates]; names are not in it.
func ParseRates(text string) ([]Currency, error) {
	if text == "" {
		return nil, nil
	}
	var ks []kept
	if err := json.Unmarshal([]byte(text), &ks); err != nil {
		return nil, fmt.Errorf("kept rates: %w", err)
	}
	cs := make([]Currency, 0, len(ks))
	for _, k := range ks {
		rate, err := money.ParseRate(k.Rate)
		if err != nil {
			return nil, fmt.Errorf("kept rates: %w", err)
		}
		cs = append(cs, Currency{Code: k.Code, Rate: rate, Digits: k.Digits})
	}
	return cs, nil
}

// SetPrices stores prices over those of the same names and loads. A price that
// is not above zero is [fault.InvalidRequest], and then nothing is stored.
func (s *Service) SetPrices(ctx context.Context, ps []Price, now time.Time) error {
	for _, p := range ps {
		if p.Amount <= 0 || p.Amount > money.Max || p.Name == "" {
			return fault.New(fault.InvalidRequest, "price of %q: %s", p.Name, p.Amount)
		}
	}
	for part := range slices.Chunk(ps, 500) {
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			q := sqlc.New(tx)
			if err := q.Bump(ctx); err != nil {
				return err
			}
			for _, p := range part {
				err := q.SetPrice(ctx, sqlc.SetPriceParams{App: int64(p.App), Name: p.Name, Amount: int64(p.Amount), At: db.Micros(now)})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("set prices: %w", err)
		}
	}
	return s.Load(ctx)
}

// SetCoefficients stores coefficients over those of the same games and loads. A
// negative least deposit is [fault.InvalidRequest].
func (s *Service) SetCoefficients(ctx context.Context, cs []Coefficient) error {
	for _, c := range cs {
		if c.MinDeposit < 0 {
			return fault.New(fault.InvalidRequest, "least deposit of game %d: %s", c.App, c.MinDeposit)
		}
	}
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		q := sqlc.New(tx)
		for _, c := range cs {
			err := q.SetCoefficient(ctx, sqlc.SetCoefficientParams{App: int64(c.App), BuyIn: c.BuyIn.String(),
				SellOut: c.SellOut.String(), MinDeposit: int64(c.MinDeposit)})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set coefficients: %w", err)
	}
	return s.Load(ctx)
}

// maxDigits is how many digits a currency may be shown with.
const maxDigits = 8

// SetCurrencies stores currencies over those of the same codes and loads. A
// code that is not lower case, a rate of zero and a dollar that is not one are
// [fault.InvalidRequest].
func (s *Service) SetCurrencies(ctx context.Context, cs []Currency, now time.Time) error {
	for _, c := range cs {
		if c.Code == "" || c.Code != strings.ToLower(c.Code) || c.Rate.IsZero() || c.Digits < 0 || c.Digits > maxDigits ||
			c.Code == usd.Code && c.Rate.Cmp(money.One) != 0 {
			return fault.New(fault.InvalidRequest, "currency %q at %s with %d digits", c.Code, c.Rate, c.Digits)
		}
	}
	return s.storeCurrencies(ctx, cs, now, false)
}

func (s *Service) storeCurrencies(ctx context.Context, cs []Currency, now time.Time, sourced bool) error {
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		q := sqlc.New(tx)
		if err := q.Bump(ctx); err != nil {
			return err
		}
		for _, c := range cs {
			err := q.SetCurrency(ctx, sqlc.SetCurrencyParams{Code: c.Code, Name: c.Name, Rate: c.Rate.String(),
				Digits: int64(c.Digits), At: db.Micros(now), Sourced: sourced})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set currencies: %w", err)
	}
	return s.Load(ctx)
}
