package ledger_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
)

// deposit is a hold of 12.500 of project 7 that ends a day after noon.
var deposit = ledger.Hold{ID: "deposit/1", From: ledger.OutsideSteam, To: ledger.Held(7), Amount: 12_500,
	NotBefore: noon.Add(24 * time.Hour), At: noon}

func hold(t *testing.T, d *db.DB, l *ledger.Service, h ledger.Hold) error {
	return d.Write(t.Context(), func(tx *db.Tx) error { return l.HoldTx(t.Context(), tx, h) })
}

func release(t *testing.T, d *db.DB, l *ledger.Service, id string, at time.Time, to ...ledger.Entry) error {
	return d.Write(t.Context(), func(tx *db.Tx) error { return l.ReleaseTx(t.Context(), tx, id, to, at) })
}

func void(t *testing.T, d *db.DB, l *ledger.Service, id string, at time.Time) error {
	return d.Write(t.Context(), func(tx *db.Tx) error { return l.VoidTx(t.Context(), tx, id, at) })
}

func TestReleaseSplitsTheWholeHold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		if err := hold(t, d, l, deposit); err != nil {
			t.Fatal(err)
		}
		wantBalance(t, l, ledger.Held(7), 12_500)
		wantClean(t, l)
		parts := []ledger.Entry{{ledger.Available(7), 11_875}, {ledger.Commission, 625}, {ledger.Sales, 0}}
		if err := release(t, d, l, deposit.ID, deposit.NotBefore, parts...); err != nil {
			t.Fatal(err)
		}
		wantBalance(t, l, ledger.Held(7), 0)
		wantBalance(t, l, ledger.Available(7), 11_875)
		wantBalance(t, l, ledger.Commission, 625)
		wantClean(t, l)
	})
}

func TestReleaseBeforeItsTimeIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		if err := hold(t, d, l, deposit); err != nil {
			t.Fatal(err)
		}
		all := ledger.Entry{Account: ledger.Available(7), Amount: 12_500}
		early := deposit.NotBefore.Add(-time.Microsecond)
		err := release(t, d, l, deposit.ID, early, all)
		if wantFault(t, err, fault.WrongState); !strings.Contains(err.Error(), "ends not before 2026-03-02T12:00:00Z") {
			t.Errorf("it reads %q", err)
		}
		wantBalance(t, l, ledger.Held(7), 12_500)
		if err := release(t, d, l, deposit.ID, deposit.NotBefore, all); err != nil {
			t.Error(err)
		}
		wantClean(t, l)
	})
}

// Somebody with the database's own password, or a bug, moves the time of a hold.
func TestHoldWhoseTimeWasMovedIsNotReleased(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		if err := hold(t, d, l, deposit); err != nil {
			t.Fatal(err)
		}
		moved := append(unlock(d), "update hold set not_before = 1, timed = false")
		if err := execute(t, d, moved...); err != nil {
			t.Fatal(err)
		}
		all := ledger.Entry{Account: ledger.Available(7), Amount: 12_500}
		if err := release(t, d, l, deposit.ID, noon, all); err == nil || !strings.Contains(err.Error(), "not what its transaction says") {
			t.Errorf("release: %v", err)
		}
		wantBalance(t, l, ledger.Held(7), 12_500)
		if r, err := l.Check(t.Context(), noon); err != nil || l.Stopped() != "hold deposit/1 is not before 1, which is not what its transaction says" {
			t.Errorf("the check of each minute does not stop money: %v\n%s", err, r)
		}
	})
}

// The version before books holds whose transactions say nothing of their time.
func TestHoldsOfTheVersionBeforeAreResolved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		book := []string{"update account set balance = balance - 5 where path = 'outside/steam'", "update account set balance = balance + 5 where path = 'project/7/held'"}
		for _, id := range []string{"released", "voided", "open"} {
			if err := hold(t, d, l, ledger.Hold{ID: "new/" + id, From: ledger.OutsideSteam, To: ledger.Held(7), Amount: 5, NotBefore: deposit.NotBefore, At: noon}); err != nil {
				t.Fatal(err)
			}
			of := "(select id from ledger_transaction where ref = 'hold/" + id + "')"
			err := execute(t, d, append(book, "insert into ledger_transaction (ref, kind, at) values ('hold/"+id+"', 'hold', 1)",
				"insert into entry (transaction_id, line, account_id, amount) select "+of+", 1, id, -5 from account where path = 'outside/steam'",
				"insert into entry (transaction_id, line, account_id, amount) select "+of+", 2, id, 5 from account where path = 'project/7/held'",
				`insert into hold (id, from_account, to_account, amount, not_before, state, opened_at)
				select '`+id+`', f.id, t.id, 5, 1772452800000000, 'open', 1 from account f, account t where f.path = 'outside/steam' and t.path = 'project/7/held'`)...)
			if err != nil {
				t.Fatal(err)
			}
		}
		all := ledger.Entry{Account: ledger.Available(7), Amount: 5}
		wantFault(t, release(t, d, l, "released", noon, all), fault.WrongState)
		if err := release(t, d, l, "released", deposit.NotBefore, all); err != nil {
			t.Error(err)
		}
		if err := void(t, d, l, "voided", noon); err != nil {
			t.Error(err)
		}
		sealAll(t, l, noon)
		if r, err := l.Check(t.Context(), deposit.NotBefore); err != nil || !r.OK() {
			t.Errorf("check: %v\n%s", err, r)
		}
		wantClean(t, l)
	})
}

func TestWrongSplitIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		why   string
		parts []ledger.Entry
	}{
		"nothing":         {"a transaction has", nil},
		"too little":      {"the entries sum to", []ledger.Entry{{ledger.Available(7), 12_499}}},
		"too much":        {"the entries sum to", []ledger.Entry{{ledger.Available(7), 12_500}, {ledger.Commission, 1}}},
		"negative":        {"is no part", []ledger.Entry{{ledger.Available(7), 12_501}, {ledger.Rounding, -1}}},
		"one too many":    {"is no part", []ledger.Entry{{ledger.Available(7), 12_500}, {ledger.Rounding, -1}}},
		"into a hold":     {"is no part", []ledger.Entry{{ledger.InDelivery(7), 12_500}}},
		"unknown account": {"no account is called", []ledger.Entry{{"gateway/comission", 12_500}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.SQLite(t)
			l := ledger.New(d)
			if err := hold(t, d, l, deposit); err != nil {
				t.Fatal(err)
			}
			if err := release(t, d, l, deposit.ID, deposit.NotBefore, c.parts...); err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("got %v, want: %s", err, c.why)
			}
			wantBalance(t, l, ledger.Held(7), 12_500)
			wantClean(t, l)
			if err := void(t, d, l, deposit.ID, noon); err != nil {
				t.Errorf("the hold is open no more: %v", err)
			}
		})
	}
}

func TestVoidMovesTheMoneyBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		payIn(t, l, 7, 500)
		h := ledger.Hold{ID: "purchase/1", From: ledger.Available(7), To: ledger.InDelivery(7), Amount: 500, At: noon}
		if err := hold(t, d, l, h); err != nil {
			t.Fatal(err)
		}
		wantBalance(t, l, ledger.Available(7), 0)
		if err := void(t, d, l, h.ID, noon); err != nil {
			t.Fatal(err)
		}
		wantBalance(t, l, ledger.Available(7), 500)
		wantBalance(t, l, ledger.InDelivery(7), 0)
		wantReversal(t, d, "void/purchase/1", "hold/purchase/1")
		wantClean(t, l)
	})
}

func TestHoldResolvesOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		all := ledger.Entry{Account: ledger.Available(7), Amount: 12_500}
		for i, first := range []func(id string) error{
			func(id string) error { return release(t, d, l, id, deposit.NotBefore, all) },
			func(id string) error { return void(t, d, l, id, noon) },
		} {
			h := deposit
			h.ID = fmt.Sprint("h", i)
			if err := hold(t, d, l, h); err != nil {
				t.Fatal(err)
			}
			if err := first(h.ID); err != nil {
				t.Fatal(err)
			}
			wantFault(t, release(t, d, l, h.ID, deposit.NotBefore, all), fault.WrongState)
			wantFault(t, void(t, d, l, h.ID, noon), fault.WrongState)
			wantFault(t, hold(t, d, l, h), fault.Duplicate)
		}
		wantFault(t, void(t, d, l, "unknown", noon), fault.WrongState)
		wantBalance(t, l, ledger.Available(7), 12_500)
		wantClean(t, l)
	})
}

func TestReleaseAndVoidRacedLeaveOneWinner(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		all := ledger.Entry{Account: ledger.Available(7), Amount: 12_500}
		for round := range 8 {
			h := deposit
			h.ID = fmt.Sprint("h", round)
			if err := hold(t, d, l, h); err != nil {
				t.Fatal(err)
			}
			if good := race(t, 16, func(i int) error {
				if i%2 == 0 {
					return void(t, d, l, h.ID, noon)
				}
				return release(t, d, l, h.ID, deposit.NotBefore, all)
			}); good != 1 {
				t.Errorf("resolved %d times", good)
			}
		}
		wantBalance(t, l, ledger.Held(7), 0)
		wantClean(t, l)
	})
}

func TestHoldWithoutMoneyHasNoEffect(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		payIn(t, l, 7, 99)
		h := ledger.Hold{ID: "p", From: ledger.Available(7), To: ledger.InDelivery(7), Amount: 100, At: noon}
		wantFault(t, hold(t, d, l, h), fault.InsufficientBalance)
		wantFault(t, void(t, d, l, "p", noon), fault.WrongState)
		wantBalance(t, l, ledger.Available(7), 99)
		h.Amount = 99
		if err := hold(t, d, l, h); err != nil {
			t.Error(err)
		}
		wantClean(t, l)
	})
}

func TestOddHoldsAreRefused(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	l := ledger.New(d)
	const odd = "is no hold"
	for name, c := range map[string]struct {
		why    string
		change func(*ledger.Hold)
	}{
		"no id":           {odd, func(h *ledger.Hold) { h.ID = "" }},
		"nothing":         {odd, func(h *ledger.Hold) { h.Amount = 0 }},
		"negative":        {odd, func(h *ledger.Hold) { h.Amount = -1 }},
		"no time":         {"a transaction has", func(h *ledger.Hold) { h.At = time.Time{} }},
		"to an open one":  {odd, func(h *ledger.Hold) { h.To = ledger.Available(7) }},
		"from held":       {odd, func(h *ledger.Hold) { h.From = ledger.InDelivery(7) }},
		"unknown account": {"no account is called", func(h *ledger.Hold) { h.From = "outside/moon" }},
	} {
		h := deposit
		c.change(&h)
		if err := hold(t, d, l, h); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want: %s", name, err, c.why)
		}
	}
	wantBalance(t, l, ledger.Held(7), 0)
	wantClean(t, l)
}
