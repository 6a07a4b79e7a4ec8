package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
)

// Written by hand because they are on the path of every purchase.
const (
	insertTransactionSQL = `insert into ledger_transaction (ref, kind, at) values ($1, $2, $3)
		on conflict (ref) do nothing returning id`
	insertReversalSQL = `insert into ledger_transaction (ref, kind, at, reverses)
		values ($1, $2, $3, (select t.id from ledger_transaction t where t.ref = $4))
		on conflict (ref) do nothing returning id`
	changeBalanceSQL = `update account set balance = balance + $2
		where path = $1 and (overdraft or balance + $2 >= 0) returning id, balance`
	insertAccountSQL = `insert into account (path, overdraft) values ($1, $2) on conflict (path) do nothing`
	insertHoldSQL    = `insert into hold (id, from_account, to_account, amount, not_before, state, opened_at)
		values ($1, $2, $3, $4, $5, 'open', $6)`
)

// insertTransaction claims the reference first: whoever posts the same one at
// the same time waits here and then sees it taken.
func insertTransaction(ctx context.Context, tx *db.Tx, t Transaction, reverses string) (int64, error) {
	query, args := insertTransactionSQL, []any{t.Ref, t.Kind, db.Micros(t.At)}
	if reverses != "" {
		query, args = insertReversalSQL, append(args, reverses)
	}
	var id int64
	err := tx.QueryRowContext(ctx, query, args...).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fault.New(fault.Duplicate, "%s is posted already", t.Ref)
	}
	if err != nil {
		return 0, fmt.Errorf("post %s: %w", t.Ref, err)
	}
	return id, nil
}

// changeBalance sets the account's id and new balance in c; sql.ErrNoRows when
// the account is missing or may not go that low.
func changeBalance(ctx context.Context, tx *db.Tx, c *change) error {
	return tx.QueryRowContext(ctx, changeBalanceSQL, string(c.account), int64(c.amount)).Scan(&c.id, &c.balance)
}

func insertAccount(ctx context.Context, tx *db.Tx, a Account) error {
	_, err := tx.ExecContext(ctx, insertAccountSQL, string(a), a.nature() == overdrawn)
	return err
}

func insertEntries(ctx context.Context, tx *db.Tx, id int64, entries []Entry, changes []change) error {
	args := make([]any, 1, 1+2*len(entries))
	args[0] = id
	for _, e := range entries {
		args = append(args, changes[find(changes, e.Account)].id, int64(e.Amount))
	}
	_, err := tx.ExecContext(ctx, entriesSQL[len(entries)], args...)
	return err
}

// entriesSQL holds the insert for each number of entries, so that each is one
// prepared statement.
var entriesSQL = func() (texts [maxEntries + 1]string) {
	for n := 1; n <= maxEntries; n++ {
		var b strings.Builder
		b.WriteString("insert into entry (transaction_id, line, account_id, amount) values ")
		for line := 1; line <= n; line++ {
			if line > 1 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "($1, %d, $%d, $%d)", line, 2*line, 2*line+1)
		}
		texts[n] = b.String()
	}
	return texts
}()

func insertHold(ctx context.Context, tx *db.Tx, h Hold, changes []change) error {
	_, err := tx.ExecContext(ctx, insertHoldSQL, h.ID, changes[find(changes, h.From)].id,
		changes[find(changes, h.To)].id, int64(h.Amount), db.Micros(h.NotBefore), db.Micros(h.At))
	return err
}
