package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
	"github.com/skinrail/skinrail/internal/webhook"
)

// Orders tells how one deposit or purchase stands: what it waits for, what a
// person can do, and what has happened to it. It only reads, also while a
// gateway works on the database.
type Orders struct {
	Store
	JSON bool
	Out  io.Writer
}

// orderFinding is what is told of one order; names in JSON.
type orderFinding struct {
	Order     string    `json:"order"`
	Project   string    `json:"client_id"`
	Name      string    `json:"merchants_id"` // order_id or custom_id
	User      string    `json:"steam_id"`
	Amount    string    `json:"amount"`
	State     string    `json:"state"`
	Reason    string    `json:"reason,omitempty"`
	CreatedAt string    `json:"created_at"`
	Waits     string    `json:"waits_for,omitempty"`
	Do        []string  `json:"do,omitempty"`
	Trade     *told     `json:"trade,omitempty"`
	Told      []telling `json:"notifications"`
	tradeID   int64
}

// told is a trade and its steps.
type told struct {
	ID        int64      `json:"trade"`
	Bot       string     `json:"bot"`
	OfferID   string     `json:"trade_offer_id,omitempty"`
	Reference string     `json:"code"`
	State     string     `json:"state"`
	Problem   string     `json:"problem,omitempty"`
	Steps     []stepTold `json:"steps"`
}

type stepTold struct {
	At   string `json:"at"`
	From string `json:"from"`
	To   string `json:"to"`
	Note string `json:"note,omitempty"`
}

// telling is one notification to the merchant.
type telling struct {
	At    string `json:"at"`
	To    string `json:"to"`
	State string `json:"state"`
	Tries int    `json:"tries"`
	Last  string `json:"last_answer"`
	Next  string `json:"next_try,omitempty"`
}

// Show prints the orders of that name: deposit/ID, purchase/ID, or PROJECT/TEXT
// with the merchant's own order_id or custom_id, which may be one of each kind.
func (o Orders) Show(ctx context.Context, name string) error {
	desks := Projects{Store: o.Store, JSON: o.JSON, Out: o.Out}
	return desks.with(ctx, nil, func(k *desk) error {
		trades := trade.New(k.db)
		r := clerk{k: k, trades: trades, bots: fleet.New(k.db, nil), deposits: deposit.New(deposit.Deps{DB: k.db, Trades: trades}),
			purchases: purchase.New(purchase.Deps{DB: k.db, Trades: trades}), webhooks: webhook.New(webhook.Deps{DB: k.db})}
		found, err := r.find(ctx, name)
		if err != nil {
			return err
		}
		return desks.print(found, func(w *tabwriter.Writer) {
			for i, f := range found {
				if i > 0 {
					fmt.Fprintln(w)
				}
				f.print(w)
			}
		})
	})
}

// clerk finds out about orders.
type clerk struct {
	k         *desk
	trades    *trade.Service
	bots      *fleet.Service
	deposits  *deposit.Service
	purchases *purchase.Service
	webhooks  *webhook.Service
}

func (r clerk) find(ctx context.Context, name string) (found []orderFinding, err error) {
	kind, rest, ok := strings.Cut(name, "/")
	n, bad := strconv.ParseInt(rest, 10, 64)
	project, notProject := strconv.ParseInt(kind, 10, 64)
	switch {
	case ok && kind == "deposit" && bad == nil:
		d, err := r.deposits.ByID(ctx, n)
		return r.one(ctx, err, func(f *orderFinding) { r.deposit(f, d) })
	case ok && kind == "purchase" && bad == nil:
		p, err := r.purchases.ByID(ctx, n)
		return r.one(ctx, err, func(f *orderFinding) { r.purchase(f, p) })
	case !ok || notProject != nil || rest == "":
		return nil, wrong("%q: want deposit/ID, purchase/ID, or PROJECT/TEXT with the merchant's order_id or custom_id", name)
	}
	d, err := r.deposits.FindByOrder(ctx, project, rest)
	found, err = r.one(ctx, err, func(f *orderFinding) { r.deposit(f, d) })
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	p, err := r.purchases.FindByCustom(ctx, project, rest)
	more, err := r.one(ctx, err, func(f *orderFinding) { r.purchase(f, p) })
	if found = append(found, more...); len(found) > 0 && errors.Is(err, fault.NotFound) {
		err = nil
	} else if errors.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "project %d has neither a deposit nor a purchase %q", project, rest)
	}
	return found, err
}

// one completes what is told of an order with its trade and notifications.
func (r clerk) one(ctx context.Context, err error, set func(*orderFinding)) ([]orderFinding, error) {
	if err != nil {
		return nil, err
	}
	f := orderFinding{Told: []telling{}}
	set(&f)
	if err := r.trade(ctx, &f); err != nil {
		return nil, err
	}
	all, err := r.webhooks.OfSubject(ctx, f.Order)
	for _, d := range all {
		f.tell(d)
	}
	return []orderFinding{f}, err
}

func (r clerk) deposit(f *orderFinding, d deposit.Deposit) {
	f.Order, f.Project, f.Name, f.User, f.Amount = d.Owner(), strconv.FormatInt(d.Project, 10), d.OrderID, user(d.SteamID), d.Amount.Text(2)
	f.State, f.Reason, f.CreatedAt, f.tradeID = string(d.State), d.Reason, when(d.CreatedAt), d.TradeID
	switch d.State {
	case deposit.Open:
		f.Waits = "the payer, who has not chosen items; the link ends at " + when(d.ExpiresAt)
	case deposit.Held, deposit.Approved:
		f.Waits = "Steam's protection of the trade; credited when it is settled, not before " + when(d.HoldUntil)
	}
}

func (r clerk) purchase(f *orderFinding, p purchase.Purchase) {
	f.Order, f.Project, f.Name, f.User, f.Amount = p.Owner(), strconv.FormatInt(p.Project, 10), p.CustomID, user(p.Partner), p.Price.Text(2)
	f.State, f.Reason, f.CreatedAt, f.tradeID = string(p.State), p.Reason, when(p.CreatedAt), p.TradeID
	if p.State == purchase.Accepted {
		f.Waits = "Steam's protection of the trade; the user has the item and may take the trade back until then"
	}
}

func user(id steam.ID64) string {
	if id == 0 {
		return ""
	}
	return id.String()
}
