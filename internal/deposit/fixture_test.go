package deposit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/risk"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

const (
	shop  = 4021
	bot   = steam.ID64(76561198000000099)
	payer = steam.ID64(76561198000000007)
	token = "aB3dE5_-"
	sand  = "P250 | Sand Dune (Field-Tested)"
	awp   = "AWP | Capillary (Field-Tested)"
	cap5  = "Straw Cap"
	hold  = 192 * time.Hour
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// outside is Steam as this room asks it.
type outside struct {
	items  []steam.Item
	refuse error
}

func (o *outside) PayerInventory(_ context.Context, _ steam.ID64, _ string, app steam.AppID) ([]steam.Item, error) {
	var found []steam.Item
	for _, it := range o.items {
		if it.App == app {
			found = append(found, it)
		}
	}
	return found, o.refuse
}

func (o *outside) Preflight(context.Context, steam.ID64, string) error { return o.refuse }

// world is the room with its real neighbours: a project, a bot, a payer.
type world struct {
	t         testing.TB
	db        *db.DB
	now       time.Time
	steam     *outside
	ledger    *ledger.Service
	events    *event.Service
	merchants *merchant.Service
	fleet     *fleet.Service
	pricing   *pricing.Service
	trades    *trade.Service
	deposits  *deposit.Service
	project   merchant.Project
}

// newWorld makes the world and has its books audited when the test ends.
func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	ctx := t.Context()
	box := seal.New([32]byte{7})
	stuck := item(steam.CS2, "3", sand)
	stuck.Tradable = false
	w := &world{t: t, db: d, now: noon, ledger: ledger.New(d), events: event.New(d), merchants: merchant.New(d, box),
		fleet: fleet.New(d, box), trades: trade.New(d), pricing: pricing.New(d), steam: &outside{items: []steam.Item{
			item(steam.CS2, "1", sand), item(steam.CS2, "2", awp), stuck, item(steam.CS2, "4", "Unpriced"), item(steam.Rust, "5", cap5)}}}
	w.ok(w.pricing.SetPrices(ctx, []pricing.Price{{App: steam.CS2, Name: sand, Amount: 415}, {App: steam.CS2, Name: awp, Amount: 21350},
		{App: steam.Rust, Name: cap5, Amount: 5005}}, noon))
	w.ok(w.pricing.SetCurrencies(ctx, []pricing.Currency{{Code: "rub", Name: "Russian Ruble", Rate: money.MustRate("80"), Digits: 2}}, noon))
	w.deposits = deposit.New(deposit.Deps{DB: d, Ledger: w.ledger, Events: w.events, Merchants: w.merchants, Trades: w.trades,
		Fleet: w.fleet, Pricing: w.pricing, Risk: risk.New(), Steam: w.steam})
	var err error
	w.project, _, err = w.merchants.Add(ctx, merchant.NewProject{Project: merchant.Project{ID: shop, Name: "Example", Active: true,
		NoWait: true, Multiplier: money.MustRate("1.1"), Commission: money.MustRate("0.05"), ResultURL: "https://shop.example/result"}}, noon)
	w.ok(err)
	w.ok(w.fleet.Add(ctx, fleet.NewBot{ID: bot, AccountName: "desk"}, noon))
	w.ok(w.fleet.Report(ctx, bot, fleet.Ready, "", noon))
	t.Cleanup(func() {
		report, err := w.ledger.AuditOrders(context.Background(), ledger.Orders{Given: []string{"test"}, Books: []func(context.Context, db.Querier, *ledger.Claims) error{deposit.Books,
			func(ctx context.Context, q db.Querier, c *ledger.Claims) error { return merchant.Sums(ctx, q, c.Kept) },
			func(ctx context.Context, q db.Querier, c *ledger.Claims) error { return risk.Sums(ctx, q, c.Kept) }}}, nil)
		if err != nil || !report.OK() {
			t.Errorf("audit: %v\n%s", err, report)
		}
	})
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func item(app steam.AppID, asset, name string) steam.Item {
	return steam.Item{Asset: steam.Asset{App: app, Context: steam.ContextMain, ID: asset}, ClassID: "5100000001", InstanceID: "0",
		Name: name, Icon: "abc", Tradable: true}
}

// request is the plainest one, for a payer who is known.
func (w *world) request(order string) deposit.Request {
	return deposit.Request{Project: w.project, OrderID: order, SteamID: payer, TradeToken: token}
}

func (w *world) open(r deposit.Request) deposit.Deposit {
	w.t.Helper()
	d, err := w.deposits.Open(w.t.Context(), r, w.now)
	w.ok(err)
	return d
}

func (w *world) quote(d deposit.Deposit, app steam.AppID) deposit.Quote {
	w.t.Helper()
	q, err := w.deposits.Inventory(w.t.Context(), d.Hash, app, w.now)
	w.ok(err)
	return q
}

// choose opens a deposit and chooses items; rust items are unprotected.
func (w *world) choose(order string, app steam.AppID, assets ...string) deposit.Deposit {
	w.t.Helper()
	d := w.open(w.request(order))
	d, err := w.deposits.Choose(w.t.Context(), d.Hash, w.quote(d, app).ID, assets, w.now)
	w.ok(err)
	return d
}

func (w *world) find(id int64) deposit.Deposit {
	w.t.Helper()
	d, err := w.deposits.Find(w.t.Context(), shop, id)
	w.ok(err)
	return d
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

// walk moves the deposit's trade as the bot would, a minute each. Assets named
// missing are not in the receipt.
func (w *world) walk(d deposit.Deposit, hops []hop, missing ...string) deposit.Deposit {
	w.t.Helper()
	t, err := w.trades.ByID(w.t.Context(), d.TradeID)
	w.ok(err)
	for _, h := range hops {
		w.now = w.now.Add(time.Minute)
		c := trade.Change{Reason: h.why}
		switch h.to {
		case trade.Active:
			c.Offer = steam.OfferID(fmt.Sprint(7000000000 + t.ID))
		case trade.Accepted:
			c.Receipt, c.SettleAt = w.receipt(t, missing), w.settleAt(t)
		case trade.Settled:
			if t.Protected() {
				w.now = t.SettleAt
			}
		}
		t, err = w.trades.Move(w.t.Context(), t, h.to, c, w.now)
		w.ok(err)
	}
	return w.find(d.ID)
}

// settleAt is zero for games that are not under protection.
func (w *world) settleAt(t trade.Trade) time.Time {
	if t.Assets[0].App == steam.CS2 {
		return w.now.Add(hold)
	}
	return time.Time{}
}

func (w *world) receipt(t trade.Trade, missing []string) *steam.Trade {
	r := &steam.Trade{ID: steam.TradeID(fmt.Sprint(5100000000 + t.ID)), Partner: payer, Init: w.now}
	for _, a := range t.Assets {
		if slices.Contains(missing, a.ID) {
			continue
		}
		r.Received = append(r.Received, steam.TradeItem{Asset: a.Asset, ClassID: a.ClassID, NewContext: "16", NewID: "9" + a.ID})
	}
	// Something that was never chosen is in the trade as well.
	r.Received = append(r.Received, steam.TradeItem{Asset: steam.Asset{App: steam.CS2, Context: "2", ID: "777"}, NewID: "888"})
	return r
}

var errUndo = errors.New("undo")

// tell calls the room as the trade's move would. Kept or undone afterwards.
func (w *world) tell(t trade.Trade, h hop, keep bool) (after deposit.Deposit, err error) {
	w.t.Helper()
	id, _ := strconv.ParseInt(strings.TrimPrefix(t.Owner, "deposit/"), 10, 64)
	return w.try(id, keep, func(tx *db.Tx) error {
		return w.deposits.TradeMovedTx(w.t.Context(), tx, t, trade.Move{From: t.State, To: h.to, At: w.now, Reason: h.why})
	})
}

// try runs something on a deposit and reads what became of it.
func (w *world) try(id int64, keep bool, f func(tx *db.Tx) error) (after deposit.Deposit, err error) {
	w.t.Helper()
	writeErr := w.db.Write(w.t.Context(), func(tx *db.Tx) error {
		if err = f(tx); err != nil {
			return err
		}
		var state string
		row := tx.QueryRowContext(w.t.Context(), "select state, reason, version from deposit where id = $1", id)
		if err := row.Scan(&state, &after.Reason, &after.Version); err != nil {
			return err
		}
		after.State = deposit.State(state)
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

// money is available, held, commission and the total of deals.
func (w *world) money() [4]money.Amount {
	w.t.Helper()
	totals, err := w.merchants.Totals(w.t.Context(), shop)
	w.ok(err)
	return [4]money.Amount{w.balance(ledger.Available(shop)), w.balance(ledger.Held(shop)), w.balance(ledger.Commission), totals.Deals}
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
			var b deposit.BalanceChanged
			w.ok(json.Unmarshal(e.Body, &b))
			lines = append(lines, "balance "+b.Balance.String())
			continue
		}
		var c deposit.Changed
		w.ok(json.Unmarshal(e.Body, &c))
		lines = append(lines, strings.TrimSpace(string(c.State)+" "+c.Reason))
	}
	return strings.Join(lines, ", ")
}

// history is the deposit's move rows in short.
func (w *world) history(id int64) string {
	w.t.Helper()
	rows, err := w.db.Read().QueryContext(w.t.Context(), "select to_state, note from deposit_move where deposit_id = $1 order by version", id)
	w.ok(err)
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var to, note string
		w.ok(rows.Scan(&to, &note))
		lines = append(lines, to+" ("+note+")")
	}
	w.ok(rows.Err())
	return strings.Join(lines, ", ")
}
