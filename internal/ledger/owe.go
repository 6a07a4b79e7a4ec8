package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger/sqlc"
	"github.com/skinrail/skinrail/internal/money"
)

// The kinds of transactions by which a project comes to owe and pays it back,
// also the prefixes of their refs.
const (
	kindBack  = "back"
	kindRepay = "repay"
)

// TakeBackTx undoes a transaction that has paid a project (ref "back/<of>"):
// everybody gives back what he got of it, to an account. What the project has
// not available any more it owes ([Receivable]), and this is returned. Whatever
// it gets later pays that first, so who owes has nothing available. It returns
// [fault.Duplicate] when it was undone before and [fault.NotFound] when there
// is no such transaction.
func (s *Service) TakeBackTx(ctx context.Context, tx *db.Tx, of string, to Account, at time.Time) (owed money.Amount, err error) {
	got, err := sqlc.New(tx).Entries(ctx, of)
	if err != nil {
		return 0, fmt.Errorf("take back %s: %w", of, err)
	}
	if len(got) == 0 {
		return 0, fault.New(fault.NotFound, "there is no transaction %s", of)
	}
	accounts := []Account{to}
	for _, e := range got {
		if a := Account(e.Path); e.Amount > 0 {
			if a.nature() == holding {
				return 0, fmt.Errorf("take back %s: %s belongs to a hold", of, a)
			}
			accounts = append(accounts, a)
			if owner, ok := a.owes(); ok {
				accounts = append(accounts, owner)
			}
		}
	}
	f := NewFunds()
	if err := f.lock(tx, accounts, create); err != nil {
		return 0, fmt.Errorf("take back %s: %w", of, err)
	}
	t := Transaction{Ref: kindBack + "/" + of, Kind: kindBack, At: at}
	var total money.Amount
	for _, e := range got {
		if e.Amount <= 0 {
			continue // where it came from; it goes to an account that is named
		}
		a, amount := Account(e.Path), money.Amount(e.Amount)
		total += amount
		if owner, ok := a.owes(); ok {
			has := min(amount, f.Balance(a))
			t.add(owner, has-amount)
			owed += amount - has
			amount = has
		}
		t.add(a, -amount)
	}
	t.add(to, total)
	return owed, s.book(ctx, tx, f, posting{Transaction: t, reverses: of})
}

func (t *Transaction) add(a Account, amount money.Amount) {
	if amount != 0 {
		t.Entries = append(t.Entries, Entry{a, amount})
	}
}

// owes is the account where a project's debt stands; false for accounts that
// nobody spends from.
func (a Account) owes() (Account, bool) {
	project, ok := strings.CutSuffix(string(a), "/available")
	return Account(project + "/receivable"), ok
}

// repay pays what projects owe from what they were just given (refs
// "repay/<ref>"). Who owes nothing costs one look.
func (s *Service) repay(ctx context.Context, tx *db.Tx, f *Funds, ps []posting, changes [][]change) error {
	var owing []Account
	for _, some := range changes {
		for _, c := range some {
			if owner, ok := c.account.owes(); ok && c.amount > 0 {
				owing = append(owing, owner)
			}
		}
	}
	if len(owing) == 0 {
		return nil
	}
	if err := f.lock(tx, owing, leave); err != nil {
		return fmt.Errorf("what projects owe: %w", err)
	}
	left := map[Account]money.Amount{}
	for _, a := range owing {
		left[a] = -f.Balance(a)
	}
	var paid []posting
	for i, p := range ps {
		for _, c := range changes[i] {
			owner, ok := c.account.owes()
			if pay := min(c.amount, left[owner]); ok && pay > 0 {
				left[owner] -= pay
				paid = append(paid, posting{Transaction: Transaction{Ref: kindRepay + "/" + p.Ref + "/" + string(c.account), Kind: kindRepay, At: p.At,
					Entries: []Entry{{c.account, -pay}, {owner, pay}}}})
			}
		}
	}
	if len(paid) == 0 {
		return nil
	}
	return s.book(ctx, tx, f, paid...)
}

// Debt is what a project owes.
type Debt struct {
	Project int64
	Amount  money.Amount
}

// Debts lists the projects that owe something.
func (s *Service) Debts(ctx context.Context) ([]Debt, error) {
	rows, err := sqlc.New(s.db.Read()).Debts(ctx)
	if err != nil {
		return nil, fmt.Errorf("debts: %w", err)
	}
	all := make([]Debt, len(rows))
	for i, r := range rows {
		all[i].Amount = -money.Amount(r.Balance)
		if _, err := fmt.Sscanf(r.Path, "project/%d/receivable", &all[i].Project); err != nil {
			return nil, fmt.Errorf("debts: %s: %w", r.Path, err)
		}
	}
	return all, nil
}
