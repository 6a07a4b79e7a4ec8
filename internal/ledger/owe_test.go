package ledger_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

func takeBack(t testing.TB, d *db.DB, l *ledger.Service, of string) (owed money.Amount, err error) {
	err = d.Write(t.Context(), func(tx *db.Tx) (err error) {
		owed, err = l.TakeBackTx(t.Context(), tx, of, ledger.OutsideSteam, noon)
		return err
	})
	return owed, err
}

// paid is project 7 after a deposit of 12.500 of which 0.500 is commission.
func paid(t *testing.T, d *db.DB) *ledger.Service {
	t.Helper()
	l := ledger.New(d)
	if err := hold(t, d, l, deposit); err != nil {
		t.Fatal(err)
	}
	if err := release(t, d, l, deposit.ID, deposit.NotBefore, ledger.Entry{Account: ledger.Available(7), Amount: 12_000},
		ledger.Entry{Account: ledger.Commission, Amount: 500}); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestWhatIsTakenBackAndSpentIsOwed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := paid(t, d)
		spent := ledger.Hold{ID: "purchase/1", From: ledger.Available(7), To: ledger.InDelivery(7), Amount: 9_000, At: noon}
		if err := hold(t, d, l, spent); err != nil {
			t.Fatal(err)
		}
		if owed, err := takeBack(t, d, l, "release/"+deposit.ID); err != nil || owed != 9_000 {
			t.Fatalf("owed %s, %v", owed, err)
		}
		wantBalance(t, l, ledger.Available(7), 0)
		wantBalance(t, l, ledger.Receivable(7), -9_000)
		wantBalance(t, l, ledger.Commission, 0)
		wantBalance(t, l, ledger.OutsideSteam, 0) // as if there had never been a deposit
		for range 2 {
			_, err := takeBack(t, d, l, "release/"+deposit.ID)
			wantFault(t, err, fault.Duplicate)
		}
		wantReversal(t, d, "back/release/"+deposit.ID, "release/"+deposit.ID)
		_, err := takeBack(t, d, l, "release/deposit/2")
		wantFault(t, err, fault.NotFound)
		spent.ID, spent.Amount = "purchase/2", 1
		wantFault(t, hold(t, d, l, spent), fault.InsufficientBalance)

		payIn(t, l, 7, 4_000) // pays the debt first, and so does a refund
		wantBalance(t, l, ledger.Available(7), 0)
		wantBalance(t, l, ledger.Receivable(7), -5_000)
		if err := void(t, d, l, "purchase/1", noon); err != nil {
			t.Fatal(err)
		}
		wantBalance(t, l, ledger.Available(7), 4_000)
		wantBalance(t, l, ledger.Receivable(7), 0)
		wantClean(t, l)
	})
}

func TestOnlyADebtTouchesReceivable(t *testing.T) {
	t.Parallel()
	l := paid(t, dbtest.SQLite(t))
	for _, x := range []ledger.Transaction{transfer("x", ledger.Receivable(7), ledger.Available(7), 5),
		transfer("back/x", ledger.OutsideCash, ledger.Available(7), 5), transfer("repay/x", ledger.OutsideCash, ledger.Available(7), 5)} {
		if err := l.Post(t.Context(), x); err == nil {
			t.Errorf("%s was posted", x.Ref)
		}
	}
	wantClean(t, l)
}

func TestPartOfAHoldIsReleasedAndTheRestGoesBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		if err := hold(t, d, l, deposit); err != nil {
			t.Fatal(err)
		}
		part := func(amount money.Amount, at time.Time) error {
			return d.Write(t.Context(), func(tx *db.Tx) error {
				return l.ReleaseTx(t.Context(), tx, deposit.ID, []ledger.Entry{{Account: ledger.Available(7), Amount: amount},
					{Account: deposit.From, Amount: deposit.Amount - amount}}, at)
			})
		}
		wantFault(t, part(5_000, noon), fault.WrongState)
		if err := part(5_000, deposit.NotBefore); err != nil {
			t.Fatal(err)
		}
		wantFault(t, part(5_000, deposit.NotBefore), fault.WrongState)
		wantFault(t, void(t, d, l, deposit.ID, noon), fault.WrongState)
		wantBalance(t, l, ledger.Held(7), 0)
		wantBalance(t, l, ledger.Available(7), 5_000)
		wantBalance(t, l, ledger.OutsideSteam, -5_000)
		wantClean(t, l)
	})
}

// Credits, spending and taking back race; who owes never has anything, and the
// end is what it would be in any order.
func TestRacedDebtsArePaidOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		const n = 24
		for i := range n {
			if err := l.Post(t.Context(), transfer(fmt.Sprint("credit/", i), ledger.OutsideSteam, ledger.Available(7), 100)); err != nil {
				t.Fatal(err)
			}
		}
		if err := hold(t, d, l, ledger.Hold{ID: "all", From: ledger.Available(7), To: ledger.InDelivery(7), Amount: 100 * n, At: noon}); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		do := func(f func() error) {
			wg.Go(func() {
				if err := f(); err != nil {
					t.Error(err)
				}
			})
		}
		for i := range n {
			do(func() error { _, err := takeBack(t, d, l, fmt.Sprint("credit/", i)); return err })
			do(func() error {
				return l.Post(t.Context(), transfer(fmt.Sprint("more/", i), ledger.OutsideCash, ledger.Available(7), 70))
			})
		}
		wg.Wait()
		wantBalance(t, l, ledger.Available(7), 0)
		wantBalance(t, l, ledger.Receivable(7), -30*n)
		if err := void(t, d, l, "all", noon); err != nil {
			t.Fatal(err)
		}
		wantBalance(t, l, ledger.Available(7), 70*n)
		wantBalance(t, l, ledger.Receivable(7), 0)
		wantBalance(t, l, ledger.OutsideSteam, 0)
		wantClean(t, l)
	})
}

// In any order of credits, spending and taking back: what is available less
// what is owed is what was given less what was spent.
func TestDebtsBehaveLikeTheirModel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, project := ledger.New(d), int64(0)
		rapid.Check(t, func(t *rapid.T) {
			project++
			var worth money.Amount
			back, n := map[string]bool{}, 0
			credits := map[string]money.Amount{}
			name := func(i int) string { return fmt.Sprintf("credit/%d/%d", project, i) }
			t.Repeat(map[string]func(*rapid.T){
				"credit": func(t *rapid.T) {
					n++
					credits[name(n)] = money.Amount(rapid.Int64Range(1, 500).Draw(t, "amount"))
					if err := l.Post(t.Context(), transfer(name(n), ledger.OutsideSteam, ledger.Available(project), credits[name(n)])); err != nil {
						t.Fatal(err)
					}
					worth += credits[name(n)]
				},
				"spend": func(t *rapid.T) {
					n++
					amount := money.Amount(rapid.Int64Range(1, 400).Draw(t, "amount"))
					err := l.Post(t.Context(), transfer(fmt.Sprintf("spend/%d/%d", project, n), ledger.Available(project), ledger.Sales, amount))
					if (err == nil) != (worth >= amount) {
						t.Fatalf("spent %s of %s: %v", amount, worth, err)
					}
					if err == nil {
						worth -= amount
					}
				},
				"take back": func(t *rapid.T) {
					of := name(rapid.IntRange(1, 8).Draw(t, "credit"))
					var owed money.Amount
					err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
						owed, err = l.TakeBackTx(t.Context(), tx, of, ledger.OutsideSteam, noon)
						return err
					})
					amount, known := credits[of]
					if (err == nil) != (known && !back[of]) {
						t.Fatalf("take back %s: %v", of, err)
					}
					if err != nil {
						return
					}
					back[of] = true
					if want := max(0, amount-max(0, worth)); owed != want {
						t.Fatalf("%s is owed of %s with %s there, want %s", owed, amount, worth, want)
					}
					worth -= amount
				},
				"": func(t *rapid.T) {
					has, err := l.Balance(t.Context(), ledger.Available(project))
					owes, err2 := l.Balance(t.Context(), ledger.Receivable(project))
					if err != nil || err2 != nil || has != max(0, worth) || owes != min(0, worth) {
						t.Fatalf("available %s, receivable %s, want %s: %v %v", has, owes, worth, err, err2)
					}
				},
			})
		})
		wantClean(t, l)
	})
}
