package purchase

import (
	"context"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/random"
	"github.com/skinrail/skinrail/internal/trade"
)

// All purchases are made here, one or many, by the same few statements. First a
// write reads and locks what its orders are about; then each order is decided in
// memory, in the order of arrival, against what those before it have left; then
// all that was bought is stored at once.

// basket is the orders of one call, and what joins their write.
type basket struct {
	orders []Buy
	now    time.Time
	follow Follow[[]Bought]
}

// serve makes the purchases of several calls in one write.
func (s *Service) serve(tx *db.Tx, baskets []basket) ([][]Bought, error) {
	n := 0
	for _, b := range baskets {
		n += len(b.orders)
	}
	orders := make([]Buy, 0, n)
	var now time.Time // of the latest
	for _, b := range baskets {
		orders = append(orders, b.orders...)
		if b.now.After(now) {
			now = b.now
		}
	}
	ctx := context.Background() // a write is not cut in the middle
	all, err := s.buy(ctx, tx, orders, now)
	if err != nil {
		return nil, err
	}
	parts := make([][]Bought, len(baskets))
	for i, b := range baskets {
		parts[i], all = all[:len(b.orders)], all[len(b.orders):]
		if err := b.follow(tx, parts[i]); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// stock is what a group of orders decides by: what is there when its write
// begins, less what its own orders have taken.
type stock struct {
	offer  *market.Offer
	funds  *ledger.Funds
	left   map[int64]money.Amount // available to each project
	used   map[customKey]*Purchase
	random random.Source
}

// customKey is a merchant's own id of a purchase.
type customKey struct {
	project int64
	id      string
}

func (b Buy) key() customKey { return customKey{b.Project.ID, b.CustomID} }

func (b Buy) want() market.Want {
	return market.Want{ID: b.ItemID, App: b.App, Name: b.Name, Ceiling: b.MaxPrice}
}

// sale is a purchase to be stored, and what its project has available after it.
type sale struct {
	*Purchase
	left money.Amount
}

func (s *Service) buy(ctx context.Context, tx *db.Tx, orders []Buy, now time.Time) ([]Bought, error) {
	st, err := s.open(ctx, tx, orders)
	if err != nil {
		return nil, err
	}
	all := make([]Bought, len(orders))
	repeats := map[int]*Purchase{}
	sales := make([]sale, 0, len(orders))
	for i, b := range orders {
		if first := st.used[b.key()]; first != nil {
			repeats[i] = first
			continue
		}
		p := &all[i].Purchase
		if *p, err = st.decide(b, now); err != nil {
			all[i].Refused = err
			continue
		}
		if b.CustomID != "" {
			st.used[b.key()] = p
		}
		sales = append(sales, sale{p, st.left[p.Project]})
	}
	if err := s.store(ctx, tx, st, sales, now); err != nil {
		return nil, err
	}
	for i, first := range repeats {
		all[i].Refused = fault.New(fault.Duplicate, "custom id %q was used by purchase %d", orders[i].CustomID, first.ID)
	}
	return all, nil
}

// open reads what the orders are about, and locks the items and the accounts.
func (s *Service) open(ctx context.Context, tx *db.Tx, orders []Buy) (*stock, error) {
	st := &stock{left: map[int64]money.Amount{}, random: s.Random}
	wants := make([]market.Want, len(orders))
	var accounts []ledger.Account
	for i, b := range orders {
		wants[i] = b.want()
		if _, seen := st.left[b.Project.ID]; !seen {
			st.left[b.Project.ID] = 0
			accounts = append(accounts, ledger.Available(b.Project.ID), ledger.InDelivery(b.Project.ID))
		}
	}
	var err error
	if st.offer, err = s.Market.OfferTx(ctx, tx, wants); err != nil {
		return nil, err
	}
	if st.funds, err = s.Ledger.FundsTx(ctx, tx, accounts); err != nil {
		return nil, err
	}
	// After the lock: who was there before has committed, and the same custom id
	// must not look like a lack of money.
	if st.used, err = usedBefore(tx, orders); err != nil {
		return nil, err
	}
	for project := range st.left {
		st.left[project] = st.funds.Balance(ledger.Available(project))
	}
	return st, nil
}

// decide makes a purchase of an order, or says why there is none; then the order
// has taken nothing.
func (st *stock) decide(b Buy, now time.Time) (Purchase, error) {
	item, err := st.offer.Item(b.want())
	if err != nil {
		return Purchase{}, err
	}
	if has := st.left[b.Project.ID]; has < item.Price {
		return Purchase{}, fault.New(fault.InsufficientBalance, "available %s, needed %s", has, item.Price)
	}
	p := Purchase{Project: b.Project.ID, CustomID: b.CustomID, Partner: b.Partner, Token: b.Token, State: Creating, Version: 1,
		ItemID: item.ID, Asset: item.Asset, Bot: item.Bot, ClassID: item.ClassID, InstanceID: item.InstanceID, Name: item.Name,
		Price: item.Price, Deadline: now.Add(OfferLife), reservation: prefix + st.random.Text()}
	st.offer.Take(item, p.reservation)
	st.left[p.Project] -= p.Price
	return p, nil
}

// store writes what was decided: the items leave the sale, the prices are set
// aside, the trades are wanted, and the merchants are told.
func (s *Service) store(ctx context.Context, tx *db.Tx, st *stock, sales []sale, now time.Time) error {
	if len(sales) == 0 {
		return nil
	}
	if err := s.Market.ReserveTx(ctx, tx, st.offer); err != nil {
		return err
	}
	if err := insert(ctx, tx, sales, now); err != nil {
		return fmt.Errorf("store %d purchases: %w", len(sales), err)
	}
	holds := make([]ledger.Hold, len(sales))
	wants := make([]trade.Want, len(sales))
	news := make([]event.NewEvent, 0, 2*len(sales))
	for i, p := range sales {
		holds[i] = ledger.Hold{ID: p.Owner(), From: ledger.Available(p.Project), To: ledger.InDelivery(p.Project), Amount: p.Price, At: now}
		wants[i] = p.want(now)
		news = append(news, p.news(event.PurchaseBought, now), balanceNews(p.Project, p.left, now))
	}
	if err := s.Ledger.HoldAllTx(ctx, tx, st.funds, holds...); err != nil {
		return err
	}
	if _, err := s.Trades.WantAllTx(ctx, tx, wants...); err != nil {
		return err
	}
	_, err := s.Events.AppendAllTx(ctx, tx, news...)
	return err
}

func (p Purchase) want(now time.Time) trade.Want {
	return trade.Want{Owner: p.Owner(), Bot: p.Bot, Partner: p.Partner, Token: p.Token, Direction: trade.Give, Deadline: p.Deadline, Now: now,
		Assets: []trade.Asset{{Asset: p.Asset, ClassID: p.ClassID, InstanceID: p.InstanceID, Name: p.Name}}}
}
