package purchase

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
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
type Service struct {
	Deps
	counter *db.Gather[basket, []Bought]
}

// New makes the room. It owns the trades named purchase/….
func New(d Deps) *Service {
	s := &Service{Deps: d}
	s.counter = db.NewGather(d.DB, func(b basket) int64 { return b.orders[0].Project.ID }, s.serve)
	d.Trades.Register("purchase", s)
	return s
}

// Follow is something to be written together with new purchases. It may run
// more than once.
type Follow[T any] func(tx *db.Tx, made T) error

// Buy reserves an item, sets its price aside, wants the trade and tells of it:
// when it returns, the purchase is durable and can be found. What follows joins
// the write. It returns, in this order, [fault.Duplicate] for a custom id used
// before, [fault.ItemUnavailable], [fault.PriceChanged] above MaxPrice and
// [fault.InsufficientBalance]; then nothing has happened. Those who buy at the
// same time share a write.
func (s *Service) Buy(ctx context.Context, b Buy, now time.Time, follow ...Follow[Purchase]) (Purchase, error) {
	all, err := s.counter.Do(ctx, basket{orders: []Buy{b}, now: now, follow: func(tx *db.Tx, made []Bought) error {
		if made[0].Refused != nil {
			return nil
		}
		return after(tx, made[0].Purchase, follow)
	}})
	if err == nil {
		err = all[0].Refused
	}
	if err != nil {
		return Purchase{}, fmt.Errorf("buy: %w", err)
	}
	return all[0].Purchase, nil
}

// Bought is what became of one order of a batch: a purchase, or why there is
// none, with the codes of [Service.Buy].
type Bought struct {
	Purchase Purchase
	Refused  error
}

// BuyMany makes independent purchases in one commit, in the given order: what is
// refused leaves nothing behind and does not stand in the way of the others. An
// error means that nothing was bought. What follows joins the write.
func (s *Service) BuyMany(ctx context.Context, orders []Buy, now time.Time, follow ...Follow[[]Bought]) ([]Bought, error) {
	var all [][]Bought
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		all, err = s.serve(tx, []basket{{orders: orders, now: now, follow: func(tx *db.Tx, made []Bought) error { return after(tx, made, follow) }}})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("buy %d items: %w", len(orders), err)
	}
	return all[0], nil
}

func after[T any](tx *db.Tx, made T, follow []Follow[T]) error {
	for _, f := range follow {
		if err := f(tx, made); err != nil {
			return err
		}
	}
	return nil
}
