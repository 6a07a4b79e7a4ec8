package ledger

import (
	"fmt"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
)

// Written by hand because they are on the path of every purchase.
var (
	insertTransactionSQL = db.NewList("insert into ledger_transaction (ref, kind, at) values ", "($1, $2, $3)",
		" on conflict (ref) do nothing returning id, ref")
	insertReversalSQL = db.NewList("insert into ledger_transaction (ref, kind, at, reverses) values ",
		"($1, $2, $3, (select t.id from ledger_transaction t where t.ref = $4))", " on conflict (ref) do nothing returning id, ref")

	accountsSQL = db.NewList("select path, id, overdraft, balance from account where path in (", "$1", ") order by path").Locking(db.LockRows)

	insertAccountSQL = db.NewList("insert into account (path, overdraft) values ", "($1, $2)", " on conflict (path) do nothing")

	moveSQL = db.NewList("with m (id, amount) as (values ", "(cast($1 as bigint), cast($2 as bigint))",
		`) update account set balance = balance + m.amount from m
		where account.id = m.id and (overdraft or balance + m.amount >= 0)`)

	insertEntrySQL = db.NewList("insert into entry (transaction_id, line, account_id, amount) values ", "($1, $2, $3, $4)", "")

	insertHoldSQL = db.NewList("insert into hold (id, from_account, to_account, amount, not_before, state, opened_at, timed) values ",
		"($1, $2, $3, $4, $5, 'open', $6, true)", "")
)

// insertTransactions claims the references and sets the ids: whoever posts the
// same one at the same time waits here and then sees it taken.
func insertTransactions(tx *db.Tx, ps []posting) error {
	rows := make([]any, 0, 3*len(ps))
	var reversals []any
	for _, p := range ps {
		if p.reverses == "" {
			rows = append(rows, p.Ref, p.Kind, db.Micros(p.At))
		} else {
			reversals = append(reversals, p.Ref, p.Kind, db.Micros(p.At), p.reverses)
		}
	}
	ids := make(map[string]int64, len(ps))
	note := func(row db.Scanner) error {
		var id int64
		var ref string
		err := row.Scan(&id, &ref)
		ids[ref] = id
		return err
	}
	err := tx.Together(append(insertTransactionSQL.Query(rows, note), insertReversalSQL.Query(reversals, note)...)...)
	if err != nil {
		return fmt.Errorf("post %s: %w", ps[0].Ref, err)
	}
	for i := range ps {
		p := &ps[i]
		if p.id = ids[p.Ref]; p.id == 0 {
			return fault.New(fault.Duplicate, "%s is posted already", p.Ref)
		}
	}
	return nil
}

func insertHolds(tx *db.Tx, f *Funds, holds []Hold) error {
	rows := make([]any, 0, 6*len(holds))
	for _, h := range holds {
		rows = append(rows, h.ID, f.accounts[h.From].id, f.accounts[h.To].id, int64(h.Amount), db.Micros(h.NotBefore), db.Micros(h.At))
	}
	return tx.Together(insertHoldSQL.Exec(rows, nil)...)
}
