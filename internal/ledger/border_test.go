package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

// texts are the answers of a query of one column.
func texts(t *testing.T, d *db.DB, query string, args ...any) (all []string) {
	t.Helper()
	rows, err := d.Read().QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func wantReversal(t *testing.T, d *db.DB, ref, of string) {
	t.Helper()
	if got := texts(t, d, "select o.ref from ledger_transaction t join ledger_transaction o on o.id = t.reverses where t.ref = $1", ref); !slices.Equal(got, []string{of}) {
		t.Errorf("%s reverses %v, want %s", ref, got, of)
	}
}

// Paths are in the database for ever.
func TestAccountsAreCalledByTheirPaths(t *testing.T) {
	t.Parallel()
	for got, want := range map[ledger.Account]ledger.Account{
		ledger.Available(4021): "project/4021/available", ledger.Held(4021): "project/4021/held", ledger.InDelivery(4021): "project/4021/in_delivery",
		ledger.PayingOut(4021): "project/4021/paying_out", ledger.Receivable(4021): "project/4021/receivable",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestTransactionsAtTheirLimitsArePosted(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	l := ledger.New(d)
	last := ledger.Available(1<<63 - 1)
	many := make([]ledger.Entry, 64)
	for i := range many {
		many[i] = ledger.Entry{Account: ledger.OutsideCash, Amount: money.Amount(1 - 2*(i%2))}
	}
	for i, x := range []ledger.Transaction{
		{Kind: "test", At: noon, Entries: many},
		transfer("", ledger.OutsideCash, last, money.Max),
		transfer("", last, ledger.OutsideCash, money.Max),
		{Kind: "test", At: noon, Entries: []ledger.Entry{{last, -5}, {last, 6}, {ledger.OutsideCash, -1}}}, // what an account gets is added up first
	} {
		x.Ref = fmt.Sprint("r", i)
		if err := l.Post(t.Context(), x); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	wantBalance(t, l, last, 1)
	wantClean(t, l)
}

func TestFundsKnowWhatIsThereAndMakeNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		payIn(t, l, 7, 900)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			f, err := l.FundsTx(t.Context(), tx, []ledger.Account{ledger.Available(7), ledger.Available(8)})
			if err != nil {
				return err
			}
			if a, b := f.Balance(ledger.Available(7)), f.Balance(ledger.Available(8)); a != 900 || b != 0 {
				t.Errorf("%s and %s", a, b)
			}
			h := ledger.Hold{ID: "p", From: ledger.Available(7), To: ledger.InDelivery(7), Amount: 400, At: noon}
			err = l.HoldAllTx(t.Context(), tx, f, h) // one account is held, the other new
			if a, b := f.Balance(ledger.Available(7)), f.Balance(ledger.InDelivery(7)); a != 500 || b != 400 {
				t.Errorf("after the hold %s and %s", a, b)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(texts(t, d, "select path from account order by path"), " "); got != "outside/cash project/7/available project/7/in_delivery" {
			t.Errorf("accounts: %s", got)
		}
		wantClean(t, l)
	})
}

// The smallest amount is given back, owed, listed and repaid like any other.
func TestSmallestDebtIsOneThousandth(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := ledger.New(d)
		post := func(x ledger.Transaction) {
			t.Helper()
			if err := l.Post(t.Context(), x); err != nil {
				t.Fatal(err)
			}
		}
		post(transfer("credit/1", ledger.OutsideSteam, ledger.Available(7), 1))
		post(transfer("spend/1", ledger.Available(7), ledger.Sales, 1))
		if owed, err := takeBack(t, d, l, "credit/1"); err != nil || owed != 1 {
			t.Errorf("owed %s, %v", owed, err)
		}
		if debts, err := l.Debts(t.Context()); err != nil || !slices.Equal(debts, []ledger.Debt{{Project: 7, Amount: 1}}) {
			t.Errorf("debts %v, %v", debts, err)
		}
		post(transfer("credit/2", ledger.OutsideSteam, ledger.Available(7), 1))
		wantBalance(t, l, ledger.Receivable(7), 0)
		if debts, err := l.Debts(t.Context()); err != nil || len(debts) != 0 {
			t.Errorf("debts %v, %v", debts, err)
		}
		if got := texts(t, d, "select ref || ' ' || kind || ' ' || at from ledger_transaction where kind = 'repay'"); !slices.Equal(got,
			[]string{fmt.Sprint("repay/credit/2/project/7/available repay ", db.Micros(noon))}) {
			t.Errorf("repaid as %v", got)
		}
		wantClean(t, l)
	})
}

func TestAHoldIsNotTakenBack(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	l := ledger.New(d)
	if err := hold(t, d, l, deposit); err != nil {
		t.Fatal(err)
	}
	if owed, err := takeBack(t, d, l, "hold/"+deposit.ID); err == nil || owed != 0 || !strings.Contains(err.Error(), "belongs to a hold") {
		t.Errorf("owed %s, %v", owed, err)
	}
	wantClean(t, l)
}

// A database that fails is an error of whatever asked it, whichever statement
// it was, and then nothing has happened.
func TestBrokenTableIsAnErrorOfEachCall(t *testing.T) {
	t.Parallel()
	fail := map[string]func(testing.TB, *db.DB, string){"without": dbtest.Break, "frozen": dbtest.Freeze}
	for _, c := range []struct{ how, table, calls string }{
		{"without", "account", "balance funds post hold take-back debts"},
		{"without", "ledger_transaction", "post hold release void take-back"},
		{"without", "entry", "post hold release void take-back"},
		{"without", "hold", "hold release void"},
		{"frozen", "account", "post hold release void take-back"},
		{"frozen", "ledger_transaction", "post hold release void take-back"},
		{"frozen", "entry", "post hold release void take-back"},
		{"frozen", "hold", "hold release void"},
	} {
		d := dbtest.SQLite(t)
		l := paid(t, d)
		open := deposit
		open.ID = "deposit/open"
		if err := hold(t, d, l, open); err != nil {
			t.Fatal(err)
		}
		fail[c.how](t, d, c.table)
		for call := range strings.FieldsSeq(c.calls) {
			err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
				ctx := t.Context()
				switch call {
				case "balance":
					_, err = l.BalanceTx(ctx, tx, ledger.Commission)
				case "funds":
					_, err = l.FundsTx(ctx, tx, []ledger.Account{ledger.Commission})
				case "post": // to an account that is new
					err = l.PostTx(ctx, tx, transfer("x", ledger.OutsideCash, ledger.Available(8), 5))
				case "hold":
					err = l.HoldTx(ctx, tx, ledger.Hold{ID: "x", From: ledger.Available(7), To: ledger.InDelivery(7), Amount: 5, At: noon})
				case "release":
					err = l.ReleaseTx(ctx, tx, open.ID, []ledger.Entry{{Account: ledger.Available(7), Amount: open.Amount}}, open.NotBefore)
				case "void":
					err = l.VoidTx(ctx, tx, open.ID, noon)
				case "take-back":
					_, err = l.TakeBackTx(ctx, tx, "release/"+deposit.ID, ledger.OutsideSteam, noon)
				case "debts":
					_, err = l.Debts(ctx)
				}
				return err
			})
			if code, _ := fault.Of(err); err == nil || code != fault.Internal {
				t.Errorf("%s, %s %s: %v", call, c.how, c.table, err)
			}
		}
	}
}
