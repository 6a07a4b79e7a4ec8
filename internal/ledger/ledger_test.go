package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func transfer(ref string, from, to ledger.Account, amount money.Amount) ledger.Transaction {
	return ledger.Transaction{Ref: ref, Kind: "test", At: noon,
		Entries: []ledger.Entry{{from, -amount}, {to, amount}}}
}

// payIn gives a project money to spend.
func payIn(t *testing.T, l *ledger.Service, project int64, amount money.Amount) {
	t.Helper()
	ref := fmt.Sprintf("payin/%d", project)
	if err := l.Post(t.Context(), transfer(ref, ledger.OutsideCash, ledger.Available(project), amount)); err != nil {
		t.Fatal(err)
	}
}

func wantBalance(t *testing.T, l *ledger.Service, a ledger.Account, want money.Amount) {
	t.Helper()
	got, err := l.Balance(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("%s holds %s, want %s", a, got, want)
	}
}

func wantFault(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func wantClean(t *testing.T, l *ledger.Service) {
	t.Helper()
	r, err := l.Audit(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() {
		t.Errorf("the audit says\n%s", r)
	}
}

func TestPostMovesMoneyWithinTheBooks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		payIn(t, l, 7, 10_000)
		err := l.Post(t.Context(), ledger.Transaction{Ref: "sale", Kind: "test", At: noon, Entries: []ledger.Entry{
			{ledger.Available(7), -2_500}, {ledger.Sales, 2_000}, {ledger.Commission, 400}, {ledger.Sales, 100},
		}})
		if err != nil {
			t.Fatal(err)
		}
		wantBalance(t, l, ledger.Available(7), 7_500)
		wantBalance(t, l, ledger.Sales, 2_100)
		wantBalance(t, l, ledger.Commission, 400)
		wantBalance(t, l, ledger.OutsideCash, -10_000)
		wantBalance(t, l, ledger.Available(8), 0)
		wantClean(t, l)
	})
}

func TestPostingTwiceIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		payIn(t, l, 7, 1_000)
		again := transfer("payin/7", ledger.OutsideCash, ledger.Available(7), 5_000)
		wantFault(t, l.Post(t.Context(), again), fault.Duplicate)
		wantBalance(t, l, ledger.Available(7), 1_000)

		// The write that met it may go on.
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if err := l.PostTx(t.Context(), tx, again); !errors.Is(err, fault.Duplicate) {
				return fmt.Errorf("second post: %w", err)
			}
			return l.PostTx(t.Context(), tx, transfer("other", ledger.OutsideCash, ledger.Available(7), 1))
		})
		if err != nil {
			t.Error(err)
		}
		wantBalance(t, l, ledger.Available(7), 1_001)
		wantClean(t, l)
	})
}

func TestOnlyTransactionsArePosted(t *testing.T) {
	t.Parallel()
	cash, own := ledger.OutsideCash, ledger.Available(7)
	good := []ledger.Entry{{cash, -5}, {own, 5}}
	many := make([]ledger.Entry, 65)
	for i := range many {
		many[i] = ledger.Entry{Account: cash, Amount: money.Amount(1 - 2*(i%2))}
	}
	const shape, entry, account, sum, others = "a transaction has", "entry of", "no account is called", "the entries sum to", "only a hold or a debt"
	for name, c := range map[string]struct {
		why string
		ledger.Transaction
	}{
		"no ref":                {shape, ledger.Transaction{Kind: "test", At: noon, Entries: good}},
		"no kind":               {shape, ledger.Transaction{Ref: "r", At: noon, Entries: good}},
		"no time":               {shape, ledger.Transaction{Ref: "r", Kind: "test", Entries: good}},
		"no entries":            {shape, ledger.Transaction{Ref: "r", Kind: "test", At: noon}},
		"one entry":             {shape, ledger.Transaction{Ref: "r", Kind: "test", At: noon, Entries: good[:1]}},
		"too many entries":      {shape, ledger.Transaction{Ref: "r", Kind: "test", At: noon, Entries: many}},
		"unbalanced":            {sum, ledger.Transaction{Ref: "r", Kind: "test", At: noon, Entries: []ledger.Entry{{cash, -5}, {own, 6}}}},
		"too little":            {sum, ledger.Transaction{Ref: "r", Kind: "test", At: noon, Entries: []ledger.Entry{{cash, -6}, {own, 5}}}},
		"zero entry":            {entry, ledger.Transaction{Ref: "r", Kind: "test", At: noon, Entries: append([]ledger.Entry{{own, 0}}, good...)}},
		"below the range":       {entry, transfer("r", cash, own, money.Max+1)},
		"beyond the range":      {entry, transfer("r", cash, own, -money.Max-1)},
		"wraps to zero":         {entry, ledger.Transaction{Ref: "r", Kind: "test", At: noon, Entries: []ledger.Entry{{cash, -1 << 63}, {own, -1 << 63}}}},
		"unknown account":       {account, transfer("r", cash, "project/7/avialable", 5)},
		"unknown place":         {account, transfer("r", cash, "7/available", 5)},
		"project zero":          {account, transfer("r", cash, ledger.Available(0), 5)},
		"project below zero":    {account, transfer("r", cash, ledger.Available(-1), 5)},
		"project in letters":    {account, transfer("r", cash, "project/a/available", 5)},
		"project out of range":  {account, transfer("r", cash, "project/9223372036854775808/available", 5)},
		"account of a hold":     {others, transfer("r", cash, ledger.Held(7), 5)},
		"on its way":            {others, transfer("r", cash, ledger.InDelivery(7), 5)},
		"paying out":            {others, transfer("r", cash, ledger.PayingOut(7), 5)},
		"reference of holds":    {others, transfer("hold/r", cash, own, 5)},
		"reference of releases": {others, transfer("release/r", cash, own, 5)},
		"kind of holds":         {others, ledger.Transaction{Ref: "r", Kind: "void", At: noon, Entries: good}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := ledger.New(dbtest.SQLite(t))
			err := l.Post(t.Context(), c.Transaction)
			if code, _ := fault.Of(err); err == nil || code != fault.Internal || !strings.Contains(err.Error(), c.why) {
				t.Errorf("got %v, want an error without a code: %s", err, c.why)
			}
			wantBalance(t, l, cash, 0)
			wantClean(t, l)
		})
	}
}

func TestOverdraftIsRefusedExceptWhereAllowed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		payIn(t, l, 7, 100)
		for a, allowed := range map[ledger.Account]bool{
			ledger.Available(7): false, ledger.Available(8): false, ledger.Sales: false, ledger.Commission: false,
			ledger.Rounding: true, ledger.OutsideSteam: true, ledger.OutsideCash: true,
		} {
			err := l.Post(t.Context(), transfer("take/"+string(a), a, ledger.Available(9), 101))
			if allowed && err != nil {
				t.Errorf("%s: %v", a, err)
			}
			if !allowed {
				wantFault(t, err, fault.InsufficientBalance)
			}
		}
		wantBalance(t, l, ledger.Available(7), 100)
		wantBalance(t, l, ledger.Available(9), 3*101)
		wantClean(t, l)
	})
}

// race runs f in n goroutines at once and counts those that succeed.
func race(t *testing.T, n int, f func(i int) error) (succeeded int64) {
	t.Helper()
	var wg sync.WaitGroup
	var good atomic.Int64
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			switch err := f(i); {
			case err == nil:
				good.Add(1)
			case !errors.Is(err, fault.InsufficientBalance) && !errors.Is(err, fault.WrongState) && !errors.Is(err, fault.Duplicate):
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	close(start)
	wg.Wait()
	return good.Load()
}

func TestExactlyTheAffordableNumberSucceeds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		payIn(t, l, 7, 1_050)
		const racers, tries = 32, 5
		good := race(t, racers*tries, func(i int) error {
			return d.Write(t.Context(), func(tx *db.Tx) error {
				return l.HoldTx(t.Context(), tx, ledger.Hold{ID: fmt.Sprint(i), From: ledger.Available(7),
					To: ledger.InDelivery(7), Amount: 100, At: noon})
			})
		})
		if good != 10 {
			t.Errorf("%d holds of 0.100 succeeded with 1.050", good)
		}
		wantBalance(t, l, ledger.Available(7), 50)
		wantBalance(t, l, ledger.InDelivery(7), 1_000)
		wantClean(t, l)
	})
}

func TestSameReferenceRacedIsPostedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		if good := race(t, 32, func(int) error {
			return l.Post(t.Context(), transfer("one", ledger.OutsideCash, ledger.Available(7), 3))
		}); good != 1 {
			t.Errorf("posted %d times", good)
		}
		wantBalance(t, l, ledger.Available(7), 3)
		wantClean(t, l)
	})
}

func TestOppositeTransfersNeverBlockEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		payIn(t, l, 1, 1_000_000)
		payIn(t, l, 2, 1_000_000)
		good := race(t, 200, func(i int) error {
			from, to := ledger.Available(1), ledger.Available(2)
			if i%2 == 1 {
				from, to = to, from
			}
			// Each sum seen while the others write is zero.
			if r, err := l.Audit(t.Context()); err != nil || !r.OK() {
				return fmt.Errorf("audit while writing: %w\n%s", err, r)
			}
			return l.Post(t.Context(), transfer(fmt.Sprint("t", i), from, to, 10))
		})
		if good != 200 {
			t.Errorf("%d of 200 succeeded", good)
		}
		wantBalance(t, l, ledger.Available(1), 1_000_000)
		wantClean(t, l)
	})
}

func TestFailedPostLeavesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if err := l.PostTx(t.Context(), tx, transfer("in", ledger.OutsideCash, ledger.Available(7), 10)); err != nil {
				return err
			}
			if got, err := l.BalanceTx(t.Context(), tx, ledger.Available(7)); got != 10 || err != nil {
				t.Errorf("inside the write: %s, %v", got, err)
			}
			return l.PostTx(t.Context(), tx, transfer("out", ledger.Available(7), ledger.Sales, 11))
		})
		wantFault(t, err, fault.InsufficientBalance)
		wantBalance(t, l, ledger.Available(7), 0)
		payIn(t, l, 7, 20)
		if err := l.Post(t.Context(), transfer("in", ledger.OutsideCash, ledger.Available(7), 10)); err != nil {
			t.Errorf("a reference that was rolled back is free again: %v", err)
		}
		wantClean(t, l)
	})
}
