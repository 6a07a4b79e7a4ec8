package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/ledger/sqlc"
	"github.com/skinrail/skinrail/internal/money"
)

// Entry is one line of a transaction on one account: plus is money in, minus
// is money out.
type Entry struct {
	Account Account
	Amount  money.Amount
}

// Transaction is a set of entries that sum to zero. Ref names what money moved
// and is unique for ever; Kind groups transactions in reports.
type Transaction struct {
	Ref, Kind string
	At        time.Time
	Entries   []Entry
}

// maxEntries bounds one transaction; the largest real one has a handful.
const maxEntries = 64

// Service is the ledger. Its methods may be called concurrently.
type Service struct {
	db     *db.DB
	stop   atomic.Pointer[string] // why no money moves; nil: not known yet
	sealer sealer
}

// New returns the ledger kept in d.
func New(d *db.DB) *Service { return &Service{db: d} }

// Post is [Service.PostTx] in a write of its own.
func (s *Service) Post(ctx context.Context, t Transaction) error {
	return s.db.Write(ctx, func(tx *db.Tx) error { return s.PostTx(ctx, tx, t) })
}

// PostTx books a transaction: all its entries, or an error after which the
// write must end without effect. It returns [fault.Duplicate] when the
// reference was posted before (then nothing was done and the write may go on),
// [fault.InsufficientBalance] when an account would fall below zero, and an
// error without a code for entries that are no transaction. References, kinds
// and accounts of holds and of debts are refused.
func (s *Service) PostTx(ctx context.Context, tx *db.Tx, t Transaction) error {
	if reserved(t) {
		return fmt.Errorf("post %s: only a hold or a debt may post this", t.Ref)
	}
	return s.book(ctx, tx, NewFunds(), posting{Transaction: t})
}

// Balance returns what an account holds now; an account without entries holds
// nothing.
func (s *Service) Balance(ctx context.Context, a Account) (money.Amount, error) {
	return balance(ctx, s.db.Read(), a)
}

// BalanceTx is [Service.Balance] as the write sees it.
func (s *Service) BalanceTx(ctx context.Context, tx *db.Tx, a Account) (money.Amount, error) {
	return balance(ctx, tx, a)
}

func balance(ctx context.Context, q db.Querier, a Account) (money.Amount, error) {
	n, err := sqlc.New(q).Balance(ctx, string(a))
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("balance of %s: %w", a, err)
	}
	return money.Amount(n), nil
}

// change is what a transaction does to one account.
type change struct {
	account Account
	amount  money.Amount
}

// posting is a transaction on its way into the books.
type posting struct {
	Transaction
	reverses string // the reference of the transaction that it undoes
	id       int64
}

// book writes transactions in the given order: their rows, the balances, the
// entries. The balances are locked in the order of their paths, so that two
// writes never wait for each other in a circle; f may hold some already.
func (s *Service) book(ctx context.Context, tx *db.Tx, f *Funds, ps ...posting) error {
	if err := s.mayMove(ctx, tx); err != nil {
		return err
	}
	changes := make([][]change, len(ps))
	var accounts []Account
	for i, p := range ps {
		var err error
		if changes[i], err = net(p.Transaction); err != nil {
			return err
		}
		for _, c := range changes[i] {
			accounts = append(accounts, c.account)
		}
	}
	if err := insertTransactions(tx, ps); err != nil {
		return err
	}
	if err := f.lock(tx, accounts, create); err != nil {
		return fmt.Errorf("post %s: %w", ps[0].Ref, err)
	}
	for i, p := range ps {
		for _, c := range changes[i] {
			if err := f.move(c); err != nil {
				return fmt.Errorf("post %s: %w", p.Ref, err)
			}
		}
	}
	if err := f.write(tx, ps); err != nil {
		return fmt.Errorf("post %s: %w", ps[0].Ref, err)
	}
	return s.repay(ctx, tx, f, ps, changes)
}

// net checks the shape of a transaction and adds up what each account gets.
func net(t Transaction) ([]change, error) {
	if t.Ref == "" || t.Kind == "" || t.At.IsZero() || len(t.Entries) < 2 || len(t.Entries) > maxEntries {
		return nil, fmt.Errorf("post %q: a transaction has a ref, a kind, a time and 2 to %d entries", t.Ref, maxEntries)
	}
	var sum money.Amount
	changes := make([]change, 0, len(t.Entries))
	for _, e := range t.Entries {
		if e.Amount == 0 || e.Amount > money.Max || e.Amount < -money.Max {
			return nil, fmt.Errorf("post %s: entry of %s on %s", t.Ref, e.Amount, e.Account)
		}
		if e.Account.nature() == unknown {
			return nil, fmt.Errorf("post %s: no account is called %q", t.Ref, e.Account)
		}
		sum += e.Amount // cannot overflow: maxEntries × money.Max fits
		if i := find(changes, e.Account); i >= 0 {
			changes[i].amount += e.Amount
		} else {
			changes = append(changes, change{account: e.Account, amount: e.Amount})
		}
	}
	if sum != 0 {
		return nil, fmt.Errorf("post %s: the entries sum to %s", t.Ref, sum)
	}
	return changes, nil
}

func find(changes []change, a Account) int {
	return slices.IndexFunc(changes, func(c change) bool { return c.account == a })
}
