package deposit

import (
	"context"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/risk"
	"github.com/skinrail/skinrail/internal/steam"
)

// Changed is the body of [event.DepositChanged]: the deposit as it was right
// after the change, complete, so that encoding it reads nothing else. Money is
// in thousandths of USD, times are Unix seconds, 0 when not known.
type Changed struct {
	ID         int64         `json:"id"`
	OrderID    string        `json:"order_id"`
	State      State         `json:"state"`
	SteamID    string        `json:"steam_id,omitempty"`
	Created    int64         `json:"created"`
	Offered    int64         `json:"offered,omitempty"`
	Skins      int64         `json:"skins,omitempty"`
	OfferID    string        `json:"offer_id,omitempty"`
	Amount     money.Amount  `json:"amount,omitempty"`
	UserAmount money.Amount  `json:"user_amount,omitempty"`
	Multiplier string        `json:"multiplier"`
	Rates      string        `json:"rates,omitempty"`
	Reason     string        `json:"reason,omitempty"`
	ResultURL  string        `json:"result_url,omitempty"`
	Items      []ChangedItem `json:"items,omitempty"`
	Risk       *Risk         `json:"risk,omitempty"` // when the items are held
}

// Risk is what was known of the payer before this deposit, from all projects.
type Risk struct {
	Joined       int64           `json:"joined"` // first seen here
	Deposits     int64           `json:"deposits"`
	DepositsSum  money.Amount    `json:"deposits_sum"`
	Rollbacks    int64           `json:"rollbacks"`
	RollbacksSum money.Amount    `json:"rollbacks_sum"`
	Last         int64           `json:"last,omitempty"`
	Inventories  []RiskInventory `json:"inventories,omitempty"`
}

// RiskInventory is what the payer's items of a game were worth. Seen is in
// microseconds.
type RiskInventory struct {
	App   steam.AppID  `json:"app"`
	Worth money.Amount `json:"worth"`
	Seen  int64        `json:"seen"`
}

func riskOf(h risk.History) *Risk {
	r := &Risk{Joined: seconds(h.Joined), Deposits: h.Deposits, DepositsSum: h.DepositsSum, Rollbacks: h.Rollbacks,
		RollbacksSum: h.RollbacksSum, Last: seconds(h.Last)}
	for _, i := range h.Inventories {
		r.Inventories = append(r.Inventories, RiskInventory{App: i.App, Worth: i.Worth, Seen: db.Micros(i.Seen)})
	}
	return r
}

// ChangedItem is one item in [Changed].
type ChangedItem struct {
	Name      string       `json:"name"`
	Price     money.Amount `json:"price"`
	UserPrice money.Amount `json:"user_price"`
}

// Changed is the deposit in the form of its event; also for the door, so that
// a status that is asked for and one that is pushed are the same.
func (d Deposit) Changed() Changed {
	c := Changed{ID: d.ID, OrderID: d.OrderID, State: d.State, SteamID: idText(d.SteamID), Created: d.CreatedAt.Unix(),
		Offered: seconds(d.OfferAt), Skins: seconds(d.SkinsAt), OfferID: string(d.OfferID), Amount: d.Amount,
		UserAmount: d.UserAmount, Multiplier: d.Multiplier.String(), Rates: d.Rates, Reason: d.Reason, ResultURL: d.ResultURL}
	for _, it := range d.Items {
		c.Items = append(c.Items, ChangedItem{Name: it.Name, Price: it.Price, UserPrice: it.UserPrice})
	}
	return c
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// BalanceChanged is the body of [event.BalanceChanged]: what is available now.
type BalanceChanged struct {
	Balance money.Amount `json:"balance"`
}

// tell appends the deposit's event and, where the merchant was paid, the
// balance's.
func (s *Service) tell(ctx context.Context, tx *db.Tx, d Deposit, told Changed, paid bool, now time.Time) error {
	news := []event.NewEvent{{Project: d.Project, Kind: event.DepositChanged, Subject: d.Owner(), At: now, Body: told}}
	if paid {
		balance, err := s.balanceNews(ctx, tx, d.Project, now)
		if err != nil {
			return err
		}
		news = append(news, balance)
	}
	_, err := s.Events.AppendAllTx(ctx, tx, news...)
	return err
}
