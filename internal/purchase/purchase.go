package purchase

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/purchase/sqlc"
	"github.com/skinrail/skinrail/internal/random"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// OfferLife is how long the partner has to accept.
const OfferLife = 10 * time.Minute

// Purchase is one item bought for a Steam user. Price is in thousandths of USD.
type Purchase struct {
	ID          int64
	Project     int64
	CustomID    string // the merchant's own id; empty: none
	Partner     steam.ID64
	Token       string
	ItemID      int64 // catalogue id
	Asset       steam.Asset
	Bot         steam.ID64
	ClassID     string
	InstanceID  string
	Name        string // market hash name
	Price       money.Amount
	State       State
	Version     int64
	Reason      string // why it ended; empty when accepted or running
	OfferID     steam.OfferID
	TradeID     int64 // the trade room's id; 0 before Steam has answered
	CreatedAt   time.Time
	Deadline    time.Time
	AcceptedAt  time.Time
	SettledAt   time.Time
	EndedAt     time.Time
	reservation string
}

// Reasons of purchases that ended without a delivery. Empty: a partner who
// declined or did not answer gives none.
const (
	ReasonTradeURL = "invalid_trade_url"
	ReasonUser     = "user_cant_trade"
	ReasonPrivate  = "private_inventory"
	ReasonUnknown  = "unknown_error"
)

// Owner is the name under which the purchase's hold and trade are kept.
func (p Purchase) Owner() string { return prefix + strconv.FormatInt(p.ID, 10) }

const prefix = "purchase/"

// Buy is what a merchant orders; the door has checked its form. ItemID names
// one concrete item, else App and Name any of that name, with a phase only of
// that phase.
type Buy struct {
	Project  merchant.Project
	Partner  steam.ID64
	Token    string
	ItemID   int64
	App      steam.AppID
	Name     string
	MaxPrice string // decimal text in USD, of any length; empty: no ceiling
	CustomID string // buys once; empty: none
}

// Deps is what the room needs.
type Deps struct {
	DB        *db.DB
	Ledger    *ledger.Service
	Events    *event.Service
	Merchants *merchant.Service
	Market    *market.Service
	Trades    *trade.Service
	Fleet     *fleet.Service
	Random    random.Source // of reservations
}

// Service is the room; its methods may be called concurrently.
type Service struct{ Deps }

// New makes the room. It owns the trades named purchase/….
func New(d Deps) *Service {
	s := &Service{Deps: d}
	d.Trades.Register("purchase", s)
	return s
}

// Follow is something to be written together with new purchases.
type Follow[T any] func(tx *db.Tx, made T) error

func after[T any](tx *db.Tx, made T, follow []Follow[T]) error {
	for _, f := range follow {
		if err := f(tx, made); err != nil {
			return err
		}
	}
	return nil
}

// Buy is [Service.BuyTx] in a write of its own: when it returns, the purchase
// is durable and can be found. What follows joins the write.
func (s *Service) Buy(ctx context.Context, b Buy, now time.Time, follow ...Follow[Purchase]) (Purchase, error) {
	var p Purchase
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if p, err = s.BuyTx(ctx, tx, b, now); err != nil {
			return err
		}
		return after(tx, p, follow)
	})
	if err != nil {
		return Purchase{}, fmt.Errorf("buy: %w", err)
	}
	return p, nil
}

// BuyTx reserves the item, sets its price aside, wants the trade and tells of
// it. It returns, in this order, [fault.Duplicate] for a custom id used before,
// [fault.ItemUnavailable], [fault.PriceChanged] above MaxPrice and
// [fault.InsufficientBalance]; then the write must end without effect.
func (s *Service) BuyTx(ctx context.Context, tx *db.Tx, b Buy, now time.Time) (Purchase, error) {
	p := Purchase{Project: b.Project.ID, CustomID: b.CustomID, Partner: b.Partner, Token: b.Token, State: Creating, Version: 1,
		CreatedAt: now, Deadline: now.Add(OfferLife), reservation: prefix + s.Random.Text()}
	item, err := s.Market.ReserveTx(ctx, tx, market.Want{ID: b.ItemID, App: b.App, Name: b.Name, Ceiling: b.MaxPrice}, p.reservation)
	if err != nil {
		return Purchase{}, cmp.Or(duplicate(ctx, tx, b), err)
	}
	p.ItemID, p.Asset, p.Bot, p.ClassID, p.InstanceID = item.ID, item.Asset, item.Bot, item.ClassID, item.InstanceID
	p.Name, p.Price = item.Name, item.Price
	if err = insert(ctx, tx, &p); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			err = duplicate(ctx, tx, b)
		}
		return Purchase{}, err
	}
	left, err := s.Ledger.HoldLeftTx(ctx, tx, ledger.Hold{ID: p.Owner(), From: ledger.Available(p.Project),
		To: ledger.InDelivery(p.Project), Amount: p.Price, At: now})
	if err != nil {
		return Purchase{}, err
	}
	if _, err := s.Trades.WantTx(ctx, tx, want(p, now)); err != nil {
		return Purchase{}, err
	}
	return p, s.tell(ctx, tx, p, event.PurchaseBought, &left, now)
}

func want(p Purchase, now time.Time) trade.Want {
	return trade.Want{Owner: p.Owner(), Bot: p.Bot, Partner: p.Partner, Token: p.Token, Direction: trade.Give, Deadline: p.Deadline, Now: now,
		Assets: []trade.Asset{{Asset: p.Asset, ClassID: p.ClassID, InstanceID: p.InstanceID, Name: p.Name}}}
}

// duplicate is [fault.Duplicate] when the custom id was used before.
func duplicate(ctx context.Context, tx *db.Tx, b Buy) error {
	if b.CustomID == "" {
		return nil
	}
	first, err := one(sqlc.New(tx).ByCustom(ctx, sqlc.ByCustomParams{ProjectID: b.Project.ID, CustomID: custom(b.CustomID)}))
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return fault.New(fault.Duplicate, "custom id %q was used by purchase %d", b.CustomID, first.ID)
}
