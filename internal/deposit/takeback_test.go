package deposit_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

// A credited deposit that Steam undoes after all: everything is as if it had
// never been credited, whatever the project has done with the money.
func TestUndoneDepositIsTakenBackOnce(t *testing.T) {
	t.Parallel()
	for spent, owed := range map[money.Amount]money.Amount{0: 0, 677: 677, sum - fee: sum - fee} {
		t.Run(fmt.Sprint("spent ", spent), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d)
				dep := w.at(deposit.Credited, "inv-1")
				if spent > 0 {
					w.ok(w.ledger.Post(t.Context(), ledger.Transaction{Ref: "spend", Kind: "test", At: w.now, Entries: []ledger.Entry{
						{Account: ledger.Available(shop), Amount: -spent}, {Account: ledger.Sales, Amount: spent}}}))
				}
				var fresh atomic.Int64
				var wg sync.WaitGroup
				for range 6 {
					wg.Go(func() {
						u, replayed, err := w.deposits.Undo(t.Context(), dep.ID, "ann", "support", w.now)
						if err != nil || u.Owed != owed || u.Amount != sum || u.Project != shop || u.By != "ann" {
							t.Errorf("undone %+v, %v", u, err)
						}
						if !replayed {
							fresh.Add(1)
						}
					})
				}
				wg.Wait()
				if fresh.Load() != 1 {
					t.Errorf("undone %d times", fresh.Load())
				}
				if got := w.money(); got != [4]money.Amount{0, 0, 0, 0} {
					t.Errorf("money %v", got)
				}
				if has, err := w.ledger.Balance(t.Context(), ledger.Receivable(shop)); err != nil || has != -owed {
					t.Errorf("receivable %s, want %s: %v", has, -owed, err)
				}
				if has, err := w.ledger.Balance(t.Context(), ledger.OutsideSteam); err != nil || has != 0 {
					t.Errorf("outside/steam %s: %v", has, err)
				}
				if got := w.story(); !strings.HasSuffix(got, "balance 20.677, balance 0.000") {
					t.Errorf("events: %s", got)
				}
				if now, err := w.deposits.ByID(t.Context(), dep.ID); err != nil || now.State != deposit.Credited {
					t.Errorf("deposit %s: %v", now.State, err)
				}
			})
		})
	}
}

func TestOnlyCreditedDepositsAreUndone(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	for _, state := range deposit.States() {
		if state == deposit.Credited {
			continue
		}
		dep := w.at(state, "inv-"+string(state))
		if _, _, err := w.deposits.Undo(t.Context(), dep.ID, "ann", "support", w.now); !errors.Is(err, fault.WrongState) {
			t.Errorf("%s: %v", state, err)
		}
	}
	if _, _, err := w.deposits.Undo(t.Context(), 999, "ann", "support", w.now); !errors.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if _, _, err := w.deposits.Undo(t.Context(), 1, "ann", "", w.now); !errors.Is(err, fault.InvalidRequest) {
		t.Error(err)
	}
}
