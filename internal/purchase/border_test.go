package purchase_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/trade"
)

// text is the one answer of a query.
func (w *world) text(query string, args ...any) (s string) {
	w.t.Helper()
	w.ok(w.db.Read().QueryRowContext(w.t.Context(), query, args...).Scan(&s))
	return s
}

func TestHistoryAndTimesFollowTheTrade(t *testing.T) {
	t.Parallel()
	for state, note := range map[purchase.State]string{
		purchase.Waiting: "offered", purchase.Accepted: "accepted", purchase.Settled: "settled", purchase.Canceled: "declined",
		purchase.Timeout: "ran_out: deadline", purchase.BadTradeURL: "refused_url: trade_url", purchase.NotMade: "refused: other",
		purchase.RolledBack: "reversed", purchase.SupplierBack: "undone_outside",
	} {
		w := newWorld(t, dbtest.SQLite(t), item(1, sand))
		p := w.walk(w.buy(sand, ""), ways[state]...)
		if got := w.text("select note from purchase_move where purchase_id = $1 order by version desc limit 1", p.ID); got != note {
			t.Errorf("%s: %q, want %q", state, got, note)
		}
		if p.EndedAt.Equal(w.now) != state.Ended() || p.SettledAt.Equal(w.now) != (state == purchase.Settled) ||
			p.AcceptedAt.Equal(w.now) != (state == purchase.Accepted) {
			t.Errorf("%s at %s: accepted %s, settled %s, ended %s", state, w.now, p.AcceptedAt, p.SettledAt, p.EndedAt)
		}
		if totals, err := w.merchants.Totals(t.Context(), shop); err != nil || totals.Deals != 0 {
			t.Errorf("%s: %+v, %v", state, totals, err)
		}
	}
}

func TestOfferStaysKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.SQLite(t), item(1, sand))
	p := w.walk(w.buy(sand, ""), ways[purchase.Waiting]...)
	silent := w.tradeOf(p)
	silent.OfferID = ""
	if _, err := w.tell(silent, hop{to: trade.Declined}, true); err != nil {
		t.Fatal(err)
	}
	if got := w.find(p.ID); got.OfferID != p.OfferID || got.OfferID == "" || got.State != purchase.Canceled {
		t.Errorf("%s: offer %q, was %q", got.State, got.OfferID, p.OfferID)
	}
}

func TestCanceledAfterItsTimeHasRunOut(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]purchase.State{-time.Microsecond: purchase.Canceled, 0: purchase.Timeout, time.Minute: purchase.Timeout} {
		w := newWorld(t, dbtest.SQLite(t), item(1, sand))
		p := w.walk(w.buy(sand, ""), ways[purchase.Waiting]...)
		w.now = p.Deadline.Add(after)
		if got, err := w.tell(w.tradeOf(p), hop{trade.Canceled, trade.ReasonElsewhere}, true); err != nil || got.State != want {
			t.Errorf("%s after the deadline: %s, %v", after, got.State, err)
		}
	}
}

func TestTradesOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.SQLite(t), item(1, sand))
	p := w.walk(w.buy(sand, ""), ways[purchase.Canceled]...)
	tr := w.tradeOf(p)
	other, odd, none := tr, tr, tr
	other.ID++
	odd.Owner, none.Owner = "deposit/x", "purchase/999"
	for why, t2 := range map[string]trade.Trade{"has another trade": other, "is not a purchase": odd, "no such purchase": none,
		"purchase 1 is canceled, its trade is settled": tr} {
		err := w.db.Write(t.Context(), func(tx *db.Tx) error {
			return w.purchases.TradeMovedTx(t.Context(), tx, t2, trade.Move{From: tr.State, To: trade.Settled, At: w.now})
		})
		if code, _ := fault.Of(err); err == nil || !strings.Contains(err.Error(), why) || (code == fault.WrongState) != (t2.ID == other.ID || t2.Owner == tr.Owner) {
			t.Errorf("got %v, want: %s", err, why)
		}
	}
}

func TestPurchaseKeepsWhatItBuys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.SQLite(t), item(1, sand), item(2, awp))
	order := w.order("", "")
	w.ok(w.db.Read().QueryRowContext(t.Context(), "select id from bot_item where asset = '2'").Scan(&order.ItemID))
	p, err := w.purchases.Buy(t.Context(), order, w.now)
	w.ok(err)
	if p.Name != awp || p.ClassID != "5100000001" || p.InstanceID != "188530139" || w.find(p.ID).ClassID != p.ClassID {
		t.Errorf("%+v", p)
	}
	tr := w.tradeOf(p)
	if a := tr.Assets[0]; a.Asset != p.Asset || a.ClassID != p.ClassID || a.InstanceID != p.InstanceID || a.Name != awp || !tr.CreatedAt.Equal(w.now) {
		t.Errorf("%+v", tr)
	}
	if by := w.text("select reserved_by from bot_item where id = $1", p.ItemID); !strings.HasPrefix(by, "purchase/") || len(by) < 20 {
		t.Errorf("reserved by %q", by)
	}
}

func TestWhatFollowsCanUndoThePurchase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.SQLite(t), item(1, sand))
	bad := errors.New("bad")
	_, err := w.purchases.Buy(t.Context(), w.order(sand, "one"), w.now, func(*db.Tx, purchase.Purchase) error { return bad })
	if !errors.Is(err, bad) || w.stock() != 1 || w.money()[0] != start {
		t.Errorf("%v, money %v", err, w.money())
	}
	if p := w.buy(sand, "one"); p.State != purchase.Creating {
		t.Errorf("%+v", p)
	}
}

// A database that fails is an error of whatever asked it, and then nothing has
// happened.
func TestBrokenTableIsAnErrorOfEachStep(t *testing.T) {
	t.Parallel()
	fail := map[string]func(testing.TB, *db.DB, string){"without": dbtest.Break, "frozen": dbtest.Freeze}
	for c, wants := range map[struct{ from, to purchase.State }]string{
		{"", purchase.Creating}: "without:bot_item without:purchase frozen:bot_item frozen:purchase frozen:hold " +
			"frozen:trade frozen:event frozen:entry",
		{purchase.Creating, purchase.Waiting}:      "without:purchase frozen:purchase frozen:purchase_move frozen:event",
		{purchase.Waiting, purchase.Accepted}:      "frozen:project_total frozen:event",
		{purchase.Accepted, purchase.Settled}:      "frozen:hold frozen:entry",
		{purchase.Waiting, purchase.Canceled}:      "frozen:bot_item frozen:hold frozen:event",
		{purchase.Accepted, purchase.RolledBack}:   "frozen:hold frozen:project_total",
		{purchase.Accepted, purchase.SupplierBack}: "frozen:bot_item",
	} {
		for want := range strings.FieldsSeq(wants) {
			how, table, _ := strings.Cut(want, ":")
			w := newWorld(t, dbtest.SQLite(t), item(1, sand))
			var run func() error
			if c.from == "" {
				run = func() error { _, err := w.purchases.Buy(t.Context(), w.order(sand, "one"), w.now); return err }
			} else {
				p := w.walk(w.buy(sand, "one"), ways[c.from]...)
				tr, last := w.tradeOf(p), ways[c.to][len(ways[c.to])-1]
				if c.to == purchase.Settled {
					w.now = tr.SettleAt
				}
				if c.to == purchase.Accepted {
					tr.AcceptedAt = w.now
				}
				run = func() error {
					return w.db.Write(t.Context(), func(tx *db.Tx) error {
						return w.purchases.TradeMovedTx(t.Context(), tx, tr, trade.Move{From: tr.State, To: last.to, At: w.now, Reason: last.why})
					})
				}
			}
			before := fmt.Sprint(w.balance(ledger.Available(shop)), w.story())
			fail[how](t, w.db, table)
			err := run()
			if code, _ := fault.Of(err); err == nil || code != fault.Internal {
				t.Errorf("%s to %s, %s %s: %v", c.from, c.to, how, table, err)
			}
			if after := fmt.Sprint(w.balance(ledger.Available(shop)), w.story()); after != before {
				t.Errorf("%s to %s, %s %s: %s", c.from, c.to, how, table, after)
			}
		}
	}
}
