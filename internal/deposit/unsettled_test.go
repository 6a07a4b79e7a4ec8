package deposit_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

const awpPrice money.Amount = 21350

// limit sets what of a project may be unsettled.
func (w *world) limit(project, payer money.Amount) {
	w.t.Helper()
	p, err := w.merchants.Change(w.t.Context(), shop, func(p *merchant.Project) error {
		p.MaxUnsettled, p.MaxUnsettledPayer = project, payer
		return nil
	})
	w.ok(err)
	w.project = p
}

// take opens a deposit of a payer and chooses the rifle.
func (w *world) take(order string, who steam.ID64) (deposit.Deposit, error) {
	r := w.request(order)
	r.SteamID = who
	d, err := w.deposits.Open(w.t.Context(), r, w.now)
	if err != nil {
		return d, err
	}
	q, err := w.deposits.Inventory(w.t.Context(), d.Hash, steam.CS2, w.now)
	if err != nil {
		return d, err
	}
	return w.deposits.Choose(w.t.Context(), d.Hash, q.ID, []string{"2"}, w.now)
}

func reached(err error, detail string) bool {
	code, d := fault.Of(err)
	return code == fault.LimitReached && d == detail
}

// However many come at once, no more is taken than the limit (Q12).
func TestUnsettledStaysWithinItsLimit(t *testing.T) {
	t.Parallel()
	const racers = 30
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for i, c := range []struct {
			project, payer money.Amount
			detail         string
			one            bool // payer
		}{
			{3*awpPrice + 1, 0, deposit.LimitProject, false},
			{0, 4*awpPrice - 1, deposit.LimitPayer, true},
			{0, awpPrice - 1, deposit.LimitPayer, false}, // of payers who have nothing here
		} {
			w.limit(c.project, c.payer)
			var taken, refused atomic.Int64
			var all sync.WaitGroup
			for n := range racers {
				who := payer
				if !c.one {
					who = steam.FromAccount(uint32(5000 + 100*i + n))
				}
				all.Go(func() {
					switch _, err := w.take(fmt.Sprint("order-", i, "-", n), who); {
					case err == nil:
						taken.Add(1)
					case reached(err, c.detail):
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			all.Wait()
			want := int64(3)
			if c.payer == awpPrice-1 {
				want = 0
			}
			if taken.Load() != want || refused.Load() != racers-want {
				t.Errorf("%s: %d taken, %d refused", c.detail, taken.Load(), refused.Load())
			}
		}
	})
}

// What has settled or has ended makes room again; what another project holds of
// the payer counts; one without limits takes all.
func TestUnsettledIsWhatMayBeTakenBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.limit(0, awpPrice)
		first, err := w.take("one", payer)
		w.ok(err)
		second := func(order string) {
			t.Helper()
			if _, err := w.take(order, payer); !reached(err, deposit.LimitPayer) {
				t.Errorf("%s: %v", order, err)
			}
		}
		second("while trading")
		w.walk(first, path(trade.Sending, trade.Active, trade.Accepted))
		second("while held")
		w.walk(first, path(trade.Settled))
		declined, err := w.take("two", payer)
		w.ok(err)
		w.walk(declined, path(trade.Sending, trade.Active, trade.Declined))
		elsewhere := w.project
		other, _, err := w.merchants.Add(t.Context(), merchant.NewProject{Project: merchant.Project{Name: "Other", Active: true}}, w.now)
		w.ok(err)
		w.project = other
		if _, err := w.take("there", payer); err != nil {
			t.Error(err)
		}
		w.project = elsewhere
		second("after another project took his items")
		if _, err := w.deposits.OpenChosen(t.Context(), w.request("direct"), steam.CS2, []string{"2"}, w.now); !reached(err, deposit.LimitPayer) {
			t.Error(err)
		}
		if _, err := w.deposits.FindByOrder(t.Context(), shop, "direct"); !errors.Is(err, fault.NotFound) {
			t.Errorf("it left something: %v", err)
		}
	})
}
