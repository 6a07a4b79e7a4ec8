package deposit

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/random"
	"github.com/skinrail/skinrail/internal/risk"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// LinkLife is how long a payment link can be used.
const LinkLife = 60 * time.Minute

// leastOffer is how long an offer stands at least, however late it was sent.
const leastOffer = 10 * time.Minute

// Deposit is one payment with items. Amounts are thousandths of USD.
type Deposit struct {
	ID             int64
	Project        int64
	OrderID        string
	Hash           string // names the page; whoever has it may pay
	State          State
	Version        int64
	SteamID        steam.ID64 // 0: not known yet
	SignedIn       bool       // proven by Steam's sign-in, not only prefilled
	TradeToken     string
	ResultURL      string
	SuccessURL     string
	FailURL        string
	Currency       string // of MinAmount, MaxAmount and the page; empty: usd
	MinAmount      string // decimal text as given
	MaxAmount      string
	Multiplier     money.Rate
	CommissionRate money.Rate // of the day it was opened
	CustomCurrency string
	CustomRate     string
	PriorityGame   string
	Rates          string // currency rates of the quote
	Amount         money.Amount
	UserAmount     money.Amount // Amount × Multiplier
	Commission     money.Amount
	Reason         string
	TradeID        int64 // the trade room's id
	OfferID        steam.OfferID
	CreatedAt      time.Time
	ExpiresAt      time.Time
	OfferAt        time.Time
	SkinsAt        time.Time
	HoldUntil      time.Time
	EndedAt        time.Time
	Items          []Item
}

// Item is one thing that was chosen, at the price that was quoted.
type Item struct {
	steam.Asset
	ClassID, InstanceID string
	Name, Icon          string
	Price, UserPrice    money.Amount
}

// Reasons of deposits that ended without a credit.
const (
	ReasonCanceled = "canceled"
	ReasonTimeout  = "timeout"
	ReasonExpired  = "expired"
	ReasonRollback = "trade_rollback"
	ReasonNothing  = "items_not_received"
)

// Request is what a merchant opens a deposit with; the door has checked it.
type Request struct {
	Project                        merchant.Project
	OrderID                        string
	SteamID                        steam.ID64 // 0: the payer signs in
	TradeToken                     string
	ResultURL, SuccessURL, FailURL string // empty: the project's
	Currency, MinAmount, MaxAmount string
	CustomMultiplier               string
	CustomCurrency, CustomRate     string
	PriorityGame                   string
}

// Steam is what the room asks of Steam outside any transaction.
type Steam interface {
	// PayerInventory reads the main context of a payer's game. A private one is
	// [fault.PayerNotReady].
	PayerInventory(ctx context.Context, payer steam.ID64, token string, app steam.AppID) ([]steam.Item, error)
	// Preflight tells whether trades with the payer would go through:
	// [fault.PayerNotReady] with the reason trade_url, escrow or trade_ban.
	Preflight(ctx context.Context, payer steam.ID64, token string) error
}

// Deps is what the room needs.
type Deps struct {
	DB        *db.DB
	Ledger    *ledger.Service
	Events    *event.Service
	Merchants *merchant.Service
	Trades    *trade.Service
	Fleet     *fleet.Service
	Pricing   *pricing.Service
	Risk      *risk.Service
	Steam     Steam
	Random    random.Source // of links, sign-ins and quotes
}

// Service is the room; its methods may be called concurrently.
type Service struct{ Deps }

// New makes the room. It owns the trades named deposit/….
func New(d Deps) *Service {
	s := &Service{Deps: d}
	d.Trades.Register("deposit", s)
	return s
}

// Open starts a deposit and its link. The project's order id is unique for
// ever: a second one is [fault.Duplicate]. What follows joins the write.
func (s *Service) Open(ctx context.Context, r Request, now time.Time, follow ...Follow) (Deposit, error) {
	d, err := s.opened(r, now)
	if err != nil {
		return Deposit{}, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		d.CreatedAt = now
		if err := insert(ctx, tx, &d); err != nil {
			return err
		}
		return after(tx, d, follow)
	})
	if err != nil {
		return Deposit{}, openError(r, err)
	}
	return d, nil
}

// Follow is something to be written together with a new deposit.
type Follow func(tx *db.Tx, d Deposit) error

func after(tx *db.Tx, d Deposit, follow []Follow) error {
	for _, f := range follow {
		if err := f(tx, d); err != nil {
			return err
		}
	}
	return nil
}

func openError(r Request, err error) error {
	if db.IsUnique(err) {
		return fault.New(fault.Duplicate, "order %q exists", r.OrderID)
	}
	return fmt.Errorf("open deposit: %w", err)
}

// opened is a deposit as it begins.
func (s *Service) opened(r Request, now time.Time) (Deposit, error) {
	multiplier := r.Project.Multiplier
	if r.CustomMultiplier != "" {
		var err error
		if multiplier, err = money.ParseRate(r.CustomMultiplier); err != nil {
			return Deposit{}, fault.New(fault.InvalidRequest, "custom multiplier: %v", err)
		}
	}
	return Deposit{Project: r.Project.ID, OrderID: r.OrderID, Hash: s.Random.Hex(10), State: Open, Version: 1, SteamID: r.SteamID,
		TradeToken: r.TradeToken, ResultURL: r.ResultURL, SuccessURL: or(r.SuccessURL, r.Project.SuccessURL),
		FailURL: or(r.FailURL, r.Project.FailURL), Currency: r.Currency, MinAmount: r.MinAmount, MaxAmount: r.MaxAmount,
		Multiplier: multiplier, CommissionRate: r.Project.Commission, CustomCurrency: r.CustomCurrency, CustomRate: r.CustomRate, PriorityGame: r.PriorityGame,
		CreatedAt: now, ExpiresAt: now.Add(LinkLife)}, nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Owner is the name under which the deposit's trades are kept.
func (d Deposit) Owner() string { return prefix + strconv.FormatInt(d.ID, 10) }

const prefix = "deposit/"

// Display is the currency the page shows: the custom one, the order's, or USD.
func (s *Service) Display(d Deposit) pricing.Currency {
	if d.CustomCurrency != "" {
		if rate, err := money.ParseRate(d.CustomRate); err == nil {
			return pricing.Currency{Code: d.CustomCurrency, Name: d.CustomCurrency, Rate: rate, Digits: 2}
		}
	}
	if c, ok := s.Pricing.Currency(d.Currency); ok {
		return c
	}
	return pricing.Currency{Code: "usd", Name: "US Dollar", Rate: money.One, Digits: 2}
}
