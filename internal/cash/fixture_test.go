package cash_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/seal"
)

const (
	shop  = 4021
	other = 4022
	large = cash.DefaultLimit + 1
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is the room with its real neighbours and two projects.
type world struct {
	t         testing.TB
	db        *db.DB
	now       time.Time
	ledger    *ledger.Service
	events    *event.Service
	merchants *merchant.Service
	cash      *cash.Service
}

// newWorld makes the world and has its books audited when the test ends.
func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, now: noon, ledger: ledger.New(d), events: event.New(d), merchants: merchant.New(d, seal.New([32]byte{7}))}
	w.cash = cash.New(cash.Deps{DB: d, Ledger: w.ledger, Events: w.events, Merchants: w.merchants})
	for _, id := range []int64{shop, other} {
		_, _, err := w.merchants.Add(t.Context(), merchant.NewProject{Project: merchant.Project{ID: id, Name: "Example", Active: true}}, noon)
		w.ok(err)
	}
	t.Cleanup(func() {
		report, err := w.ledger.AuditOrders(context.Background(), ledger.Orders{Given: []string{"test"},
			Books: []func(context.Context, db.Querier, *ledger.Claims) error{cash.Books,
				func(ctx context.Context, q db.Querier, c *ledger.Claims) error { return merchant.Sums(ctx, q, c.Kept) }}}, nil)
		for _, k := range report.Checks {
			if k.Wrong > 0 && k.Promise != "each transaction is of an order" { // some are of the other rooms
				t.Errorf("%s: %s", k.Promise, k.Example)
			}
		}
		if err != nil || len(report.Checks) == 0 {
			t.Errorf("audit: %v", err)
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

func (w *world) want(err error, code fault.Code) {
	w.t.Helper()
	if !errors.Is(err, code) {
		w.t.Errorf("error %v, want %s", err, code)
	}
}

func proposal(d cash.Direction, m money.Amount, ref string) cash.Proposal {
	return cash.Proposal{Project: shop, Direction: d, Amount: m, Ref: ref, By: "ann", Note: "invoice 7"}
}

func (w *world) propose(d cash.Direction, m money.Amount, ref string) cash.Booking {
	w.t.Helper()
	b, replayed, err := w.cash.Propose(w.t.Context(), proposal(d, m, ref), w.now)
	w.ok(err)
	if replayed {
		w.t.Errorf("%s was booked before", ref)
	}
	return b
}

func (w *world) find(id int64) cash.Booking {
	w.t.Helper()
	b, err := w.cash.Find(w.t.Context(), id)
	w.ok(err)
	return b
}

// money is available, set aside, outside, and withdrawn in all.
func (w *world) money() [4]money.Amount {
	w.t.Helper()
	totals, err := w.merchants.Totals(w.t.Context(), shop)
	w.ok(err)
	return [4]money.Amount{w.balance(ledger.Available(shop)), w.balance(ledger.PayingOut(shop)), w.balance(ledger.OutsideCash), totals.Withdrawn}
}

func (w *world) wantMoney(available, aside, outside, withdrawn money.Amount) {
	w.t.Helper()
	if got, want := w.money(), [4]money.Amount{available, aside, outside, withdrawn}; got != want {
		w.t.Errorf("available, set aside, outside, withdrawn: %v, want %v", got, want)
	}
}

func (w *world) balance(a ledger.Account) money.Amount {
	w.t.Helper()
	m, err := w.ledger.Balance(w.t.Context(), a)
	w.ok(err)
	return m
}

// told are the balances that the project was told of.
func (w *world) told() string {
	w.t.Helper()
	all, err := w.events.Since(w.t.Context(), shop, 0, 1000)
	w.ok(err)
	var told []string
	for _, e := range all {
		var b cash.BalanceChanged
		w.ok(json.Unmarshal(e.Body, &b))
		if e.Kind != event.BalanceChanged || e.Subject != event.BalanceSubject(shop) {
			w.t.Errorf("event %v", e)
		}
		told = append(told, b.Balance.Text(2))
	}
	return strings.Join(told, " ")
}

// race calls f n times at once and counts the calls without an error; others
// must be refused.
func race(t testing.TB, n int, f func(i int) error) int {
	t.Helper()
	var good atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			err := f(i)
			if code, _ := fault.Of(err); err != nil && code == fault.Internal {
				t.Error(err)
			}
			if err == nil {
				good.Add(1)
			}
		})
	}
	wg.Wait()
	return int(good.Load())
}

func refs(bs []cash.Booking) string {
	var all []string
	for _, b := range bs {
		all = append(all, fmt.Sprintf("%d:%s", b.Seq, b.Ref))
	}
	return strings.Join(all, " ")
}
