package purchase_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

const (
	shop    = 4021
	other   = 4022
	bot     = steam.ID64(76561198000000099)
	partner = steam.ID64(76561198000000007)
	sand    = "P250 | Sand Dune (Field-Tested)"
	awp     = "AWP | Capillary (Field-Tested)"
	start   = money.Amount(100000) // of each project
	price   = money.Amount(410)    // of a sand
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is the room with its real neighbours: two projects with money, a bot
// with items.
type world struct {
	t         testing.TB
	db        *db.DB
	now       time.Time
	ledger    *ledger.Service
	events    *event.Service
	merchants *merchant.Service
	prices    *pricing.Service
	fleet     *fleet.Service
	market    *market.Service
	trades    *trade.Service
	purchases *purchase.Service
	project   merchant.Project
}

// newWorld makes the world and has its books audited when the test ends.
func newWorld(t testing.TB, d *db.DB, items ...steam.Item) *world {
	t.Helper()
	w := roomsOn(d)
	w.t = t
	w.ok(seedWorld(t.Context(), w, items))
	t.Cleanup(func() {
		report, err := w.ledger.Audit(context.Background())
		if err != nil || !report.OK() {
			t.Errorf("audit: %v\n%s", err, report)
		}
	})
	return w
}

// roomsOn is the room and its neighbours on a database, whatever it holds.
func roomsOn(d *db.DB) *world {
	box := seal.New([32]byte{7})
	w := &world{db: d, now: noon, ledger: ledger.New(d), events: event.New(d), merchants: merchant.New(d, box),
		fleet: fleet.New(d, box), trades: trade.New(d), prices: pricing.New(d), project: merchant.Project{ID: shop, Name: "Example", Active: true, Market: true}}
	w.market = market.New(d, w.prices, w.fleet)
	w.purchases = purchase.New(purchase.Deps{DB: d, Ledger: w.ledger, Events: w.events, Merchants: w.merchants, Market: w.market,
		Trades: w.trades, Fleet: w.fleet})
	return w
}

func seedWorld(ctx context.Context, w *world, items []steam.Item) error {
	err := w.prices.SetPrices(ctx, []pricing.Price{{App: steam.CS2, Name: sand, Amount: price}, {App: steam.CS2, Name: awp, Amount: 21350}}, noon)
	for _, id := range []int64{shop, other} {
		p, _, failed := w.merchants.Add(ctx, merchant.NewProject{Project: merchant.Project{ID: id, Name: "Example", Active: true, Market: true}}, noon)
		if id == shop {
			w.project = p
		}
		err = errors.Join(err, failed, w.post(ctx, id, start))
	}
	return errors.Join(err, w.fleet.Add(ctx, fleet.NewBot{ID: bot, AccountName: "desk"}, noon),
		w.fleet.SyncItems(ctx, bot, steam.CS2, steam.ContextMain, items, noon))
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) pay(project int64, m money.Amount) {
	w.t.Helper()
	w.ok(w.post(w.t.Context(), project, m))
}

func (w *world) post(ctx context.Context, project int64, m money.Amount) error {
	return w.ledger.Post(ctx, ledger.Transaction{Ref: fmt.Sprintf("cash/%d/%d", project, m), Kind: "pay in", At: noon,
		Entries: []ledger.Entry{{Account: ledger.OutsideCash, Amount: -m}, {Account: ledger.Available(project), Amount: m}}})
}

func item(asset int, name string) steam.Item {
	return steam.Item{Asset: steam.Asset{App: steam.CS2, Context: steam.ContextMain, ID: strconv.Itoa(asset)}, ClassID: "5100000001",
		InstanceID: "188530139", Name: name, Tradable: true}
}

func items(n int, name string) (all []steam.Item) {
	for i := range n {
		all = append(all, item(1000+i, name))
	}
	return all
}

func (w *world) order(name, customID string) purchase.Buy {
	return purchase.Buy{Project: w.project, Partner: partner, Token: "aB3dE5_-", App: steam.CS2, Name: name, CustomID: customID}
}

func (w *world) buy(name, customID string) purchase.Purchase {
	w.t.Helper()
	p, err := w.purchases.Buy(w.t.Context(), w.order(name, customID), w.now)
	w.ok(err)
	return p
}

func (w *world) find(id int64) purchase.Purchase {
	w.t.Helper()
	p, err := w.purchases.Find(w.t.Context(), shop, id)
	w.ok(err)
	return p
}

// hop is one move of a trade.
type hop struct {
	to  trade.State
	why string
}

func path(states ...trade.State) (hops []hop) {
	for _, s := range states {
		hops = append(hops, hop{to: s})
	}
	return hops
}

// tradeOf reads the purchase's trade.
func (w *world) tradeOf(p purchase.Purchase) trade.Trade {
	w.t.Helper()
	live, err := w.trades.Since(w.t.Context(), bot, time.Unix(1<<40, 0))
	w.ok(err)
	for _, t := range live {
		if t.Owner == p.Owner() {
			return t
		}
	}
	if p = w.find(p.ID); p.TradeID == 0 {
		w.t.Fatalf("%s has no trade", p.Owner())
	}
	t, err := w.trades.ByID(w.t.Context(), p.TradeID)
	w.ok(err)
	return t
}

// walk moves the purchase's trade as the bot would, a minute each.
func (w *world) walk(p purchase.Purchase, hops ...hop) purchase.Purchase {
	w.t.Helper()
	t := w.tradeOf(p)
	for _, h := range hops {
		w.now = w.now.Add(time.Minute)
		c := trade.Change{Reason: h.why}
		switch h.to {
		case trade.Active:
			c.Offer = steam.OfferID(fmt.Sprint(7000000000 + t.ID))
		case trade.Accepted:
			c.Receipt = &steam.Trade{ID: steam.TradeID(fmt.Sprint(5100000000 + t.ID)), Partner: partner, Init: w.now}
			c.SettleAt = w.now.Add(192 * time.Hour)
		case trade.Settled:
			w.now = w.now.Add(192 * time.Hour)
		}
		var err error
		t, err = w.trades.Move(w.t.Context(), t, h.to, c, w.now)
		w.ok(err)
	}
	return w.find(p.ID)
}

var errUndo = errors.New("undo")

// tell calls the room as the trade's move would. Kept or undone afterwards.
func (w *world) tell(t trade.Trade, h hop, keep bool) (after purchase.Purchase, err error) {
	w.t.Helper()
	id, _ := strconv.ParseInt(strings.TrimPrefix(t.Owner, "purchase/"), 10, 64)
	writeErr := w.db.Write(w.t.Context(), func(tx *db.Tx) error {
		err = w.purchases.TradeMovedTx(w.t.Context(), tx, t, trade.Move{From: t.State, To: h.to, At: w.now, Reason: h.why})
		if err != nil {
			return err
		}
		var state, reason string
		row := tx.QueryRowContext(w.t.Context(), "select state, reason, version from purchase where id = $1", id)
		if err := row.Scan(&state, &reason, &after.Version); err != nil {
			return err
		}
		after.State, after.Reason = purchase.State(state), reason
		if !keep {
			return errUndo
		}
		return nil
	})
	if writeErr != nil && !errors.Is(writeErr, errUndo) {
		return after, writeErr
	}
	return after, err
}

func (w *world) balance(a ledger.Account) money.Amount {
	w.t.Helper()
	m, err := w.ledger.Balance(w.t.Context(), a)
	w.ok(err)
	return m
}

// money is available, in delivery, sold and withdrawn.
func (w *world) money() [4]money.Amount {
	w.t.Helper()
	totals, err := w.merchants.Totals(w.t.Context(), shop)
	w.ok(err)
	return [4]money.Amount{w.balance(ledger.Available(shop)), w.balance(ledger.InDelivery(shop)), w.balance(ledger.Sales), totals.Withdrawn}
}

// stock counts what is on sale.
func (w *world) stock() int {
	w.t.Helper()
	var n int
	w.ok(w.db.Read().QueryRowContext(w.t.Context(), "select count(*) from bot_item where present and reserved_by = ''").Scan(&n))
	return n
}

func (w *world) log() []event.Event {
	w.t.Helper()
	all, err := w.events.Since(w.t.Context(), shop, 0, 1000)
	w.ok(err)
	return all
}

// story is the project's events in short.
func (w *world) story() string {
	w.t.Helper()
	var lines []string
	for _, e := range w.log() {
		if e.Kind == event.BalanceChanged {
			var b purchase.BalanceChanged
			w.ok(json.Unmarshal(e.Body, &b))
			lines = append(lines, "balance "+b.Balance.Text(2))
			continue
		}
		var c purchase.Changed
		w.ok(json.Unmarshal(e.Body, &c))
		lines = append(lines, strings.TrimSpace(string(c.State)+" "+c.Reason))
	}
	return strings.Join(lines, ", ")
}
