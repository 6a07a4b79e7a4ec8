package ledger_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/ledger"
)

// books writes a bit of everything: an open, a released and a voided hold.
func books(t *testing.T, d *db.DB) *ledger.Service {
	t.Helper()
	l := ledger.New(d)
	payIn(t, l, 7, 100_000)
	for _, id := range []string{"open", "released", "voided"} {
		h := deposit
		h.ID = id
		if err := hold(t, d, l, h); err != nil {
			t.Fatal(err)
		}
	}
	if err := release(t, d, l, "released", deposit.NotBefore, ledger.Entry{Account: ledger.Available(7), Amount: 12_500}); err != nil {
		t.Fatal(err)
	}
	if err := void(t, d, l, "voided", noon); err != nil {
		t.Fatal(err)
	}
	wantClean(t, l)
	return l
}

// unlock removes the triggers that make the books append only.
func unlock(d *db.DB) []string {
	if d.Engine() == db.Postgres {
		return []string{"drop trigger entry_append_only on entry",
			"drop trigger ledger_transaction_append_only on ledger_transaction", "drop trigger ledger_seal_append_only on ledger_seal",
			"drop trigger hold_no_change on hold", "drop trigger hold_no_delete on hold"}
	}
	return []string{"drop trigger entry_no_update", "drop trigger entry_no_delete",
		"drop trigger ledger_transaction_no_update", "drop trigger ledger_transaction_no_delete",
		"drop trigger ledger_seal_no_update", "drop trigger ledger_seal_no_delete", "drop trigger hold_no_change", "drop trigger hold_no_delete"}
}

func execute(t *testing.T, d *db.DB, statements ...string) error {
	t.Helper()
	return d.Write(t.Context(), func(tx *db.Tx) error {
		for _, s := range statements {
			if _, err := tx.ExecContext(t.Context(), s); err != nil {
				return err
			}
		}
		return nil
	})
}

const (
	ofHold    = "(select id from ledger_transaction where ref = 'hold/open')"
	available = "(select id from account where path = 'project/7/available')"
	held      = "(select id from account where path = 'project/7/held')"
	balanced  = "insert into entry (transaction_id, line, account_id, amount) values "
)

func TestAuditFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	plants := map[string]struct {
		plant string
		finds string // a promise that must be reported as broken
	}{
		"balance":            {"update account set balance = balance + 1 where path = 'project/7/available'", "each balance equals its entries"},
		"balance, again":     {"update account set balance = balance + 1 where path = 'project/7/available'", "the whole ledger sums to zero"},
		"entry changed":      {"update entry set amount = amount + 1 where transaction_id = " + ofHold + " and amount > 0", "each transaction sums to zero"},
		"entry added":        {balanced + "(" + ofHold + ", 9, " + available + ", 5)", "each transaction sums to zero"},
		"entry removed":      {"delete from entry where transaction_id = " + ofHold + " and amount > 0", "the whole ledger sums to zero"},
		"entry moved":        {"update entry set account_id = " + available + " where transaction_id = " + ofHold + " and amount > 0", "each balance equals its entries"},
		"empty transaction":  {"insert into ledger_transaction (ref, kind, at) values ('x', 'test', 1)", "each transaction sums to zero"},
		"overdraft allowed":  {"update account set overdraft = true where path = 'project/7/available'", "no account is overdrawn that may not be"},
		"hold made larger":   {"update hold set amount = amount + 1 where id = 'open'", "what is held equals the open holds"},
		"hold moved":         {"update hold set to_account = " + available + " where id = 'open'", "what is held equals the open holds"},
		"paying out nobody":  {"insert into account (path, overdraft, balance) values ('project/7/paying_out', false, 5)", "what is held equals the open holds"},
		"resolved hold grew": {"update hold set amount = amount + 1 where id = 'voided'", "each hold was made by one transaction of its amount and times"},
		"hold without money": {"insert into hold (id, from_account, to_account, amount, not_before, state, opened_at) values ('x', " + available + ", " + held + ", 5, 0, 'released', 1)", "each hold was made by one transaction of its amount and times"},
		"open again":         {"update hold set state = 'open' where id = 'released'", "each hold was resolved once, in time, or is open"},
		"resolved on paper":  {"update hold set state = 'released' where id = 'open'", "each hold was resolved once, in time, or is open"},
		"the other way":      {"update hold set state = 'voided' where id = 'released'", "each hold was resolved once, in time, or is open"},
		"released too early": {"update hold set not_before = not_before + 1 where id = 'released'", "each hold was resolved once, in time, or is open"},
		"hold lost":          {"delete from hold where id = 'voided'", "each transaction of a hold has its hold"},
		"resolved twice":     {"update ledger_transaction set ref = 'void/released' where ref = 'void/voided'", "each transaction of a hold has its hold"},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		books(t, d)
		for name, c := range plants {
			r, _ := planted(t, d, c.plant)
			found := slices.ContainsFunc(r.Checks, func(k ledger.Check) bool { return k.Promise == c.finds && k.Wrong > 0 && k.Example != "" })
			if !found || r.OK() {
				t.Errorf("%s: nothing wrong with %q\n%s", name, c.finds, r)
			}
		}
	})
}

func TestBooksAreAppendOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := books(t, d)
		sealAll(t, l, noon)
		for _, s := range []string{
			"update entry set amount = amount + 1", "delete from entry",
			"update ledger_transaction set at = 0", "delete from ledger_transaction",
			"update ledger_seal set at = 0", "delete from ledger_seal",
			"update hold set amount = amount + 1", "update hold set not_before = 0", "delete from hold",
			"update hold set state = 'released' where id = 'voided'", "update hold set state = 'open' where id = 'voided'",
		} {
			if err := execute(t, d, s); err == nil || !strings.Contains(err.Error(), "append only") {
				t.Errorf("%s: %v", s, err)
			}
		}
		wantClean(t, l)
	})
}

func TestReportCanBePrinted(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	l := books(t, d)
	if err := execute(t, d, "update account set balance = balance + 1 where path = 'project/7/available'"); err != nil {
		t.Fatal(err)
	}
	r, err := l.Audit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := r.String()
	for _, want := range []string{
		"ok     each transaction sums to zero",
		"WRONG  each balance equals its entries",
		"(project/7/available) holds 112501, its entries sum to 112500",
		"1 wrong: balances sum to 0.001",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if (ledger.Report{}).OK() {
		t.Error("a report without checks proves nothing")
	}
}
