package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/skinrail/skinrail/internal/db"
)

const (
	pageEndSQL = `select max(p.id)
		from (select t.id from ledger_transaction t where t.id > $1 order by t.id limit $2) p`
	recordsSQL = `select t.id, t.ref, t.kind, t.at, coalesce(t.reverses, 0), coalesce(e.line, 0),
			coalesce(e.account_id, 0), coalesce(e.amount, 0)
		from ledger_transaction t left join entry e on e.transaction_id = t.id
		where t.id > $1 and t.id <= $2 order by t.id, e.line`
	idsSQL     = `select t.id from ledger_transaction t where t.id > $1 and t.id <= $2 order by t.id`
	headSQL    = `select n, hash, low, high, verified from ledger_head where id = 1`
	sealsSQL   = `select n, at, high, members, hash from ledger_seal where n > $1 order by n limit $2`
	recentSQL  = `select members from ledger_seal where high > $1`
	holdersSQL = `select a.id, a.path, case when a.overdraft then true else false end, a.balance, coalesce(s.amount, 0)
		from account a left join ledger_sum s on s.account_id = a.id`
)

// page reads the transactions after an id, at most so many, in the order of
// their ids, and the id to go on after; false when there are no more.
func page(ctx context.Context, q db.Querier, after int64, most int) (all []record, end int64, more bool, err error) {
	var last sql.NullInt64
	if err := q.QueryRowContext(ctx, pageEndSQL, after, most).Scan(&last); err != nil || !last.Valid {
		return nil, after, false, err
	}
	all, err = records(ctx, q, after, last.Int64)
	return all, last.Int64, true, err
}

// records reads the transactions whose ids are in (after, end].
func records(ctx context.Context, q db.Querier, after, end int64) (all []record, err error) {
	rows, err := q.QueryContext(ctx, recordsSQL, after, end)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var ref, kind sql.RawBytes
	for rows.Next() {
		var r record
		var l line
		if err := rows.Scan(&r.id, &ref, &kind, &r.at, &r.reverses, &l.n, &l.account, &l.amount); err != nil {
			return nil, err
		}
		if n := len(all); n == 0 || all[n-1].id != r.id {
			r.ref, r.kind = string(ref), string(kind)
			all = append(all, r)
		}
		if last := &all[len(all)-1]; l.amount != 0 { // a transaction without entries has one row of nothing
			if last.lines == nil {
				last.lines = make([]line, 0, 2)
			}
			last.lines = append(last.lines, l)
		}
	}
	return all, rows.Err()
}

// head is where sealing stands.
type head struct {
	n, low, high, verified int64
	hash                   []byte
	missing                bool // nothing was ever sealed
}

func readHead(ctx context.Context, q db.Querier) (h head, err error) {
	err = q.QueryRowContext(ctx, headSQL).Scan(&h.n, &h.hash, &h.low, &h.high, &h.verified)
	if errors.Is(err, sql.ErrNoRows) {
		return head{missing: true}, nil
	}
	return h, err
}

// seals reads the seals after one, in their order, at most so many. One whose
// members cannot be read has none.
func seals(ctx context.Context, q db.Querier, after int64, most int) (all []seal, err error) {
	rows, err := q.QueryContext(ctx, sealsSQL, after, most)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s seal
		var members []byte
		if err := rows.Scan(&s.n, &s.at, &s.high, &members, &s.hash); err != nil {
			return nil, err
		}
		if m, err := decode(members); err == nil {
			s.members = m
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// holder is what the books say of an account: its own row, what was added up by
// who seals, and what an audit finds.
type holder struct {
	path                     Account
	overdraft                bool
	balance, sealed          int64
	entries, unsealed, waits int64 // found: all entries, those not sealed, open holds
}

func holders(ctx context.Context, q db.Querier) (map[int64]*holder, error) {
	rows, err := q.QueryContext(ctx, holdersSQL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	all := map[int64]*holder{}
	for rows.Next() {
		var id int64
		h := &holder{}
		if err := rows.Scan(&id, &h.path, &h.overdraft, &h.balance, &h.sealed); err != nil {
			return nil, err
		}
		all[id] = h
	}
	return all, rows.Err()
}

// pathOf names the accounts of records; one that is not there gets a name that
// no account has.
func pathOf(all map[int64]*holder) func(int64) string {
	return func(id int64) string {
		if h := all[id]; h != nil {
			return string(h.path)
		}
		return "#" + strconv.FormatInt(id, 10)
	}
}

// column reads one column of numbers.
func column(ctx context.Context, q db.Querier, query string, args ...any) (all []int64, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, rows.Err()
}

// known are the ids above low that are sealed already.
func known(ctx context.Context, q db.Querier, h head) (map[int64]bool, error) {
	all := map[int64]bool{}
	if h.low >= h.high {
		return all, nil
	}
	rows, err := q.QueryContext(ctx, recentSQL, h.low)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		members, err := decode(b)
		if err != nil {
			return nil, fmt.Errorf("a seal: %w", err)
		}
		for _, m := range members {
			if m.id > h.low {
				all[m.id] = true
			}
		}
	}
	return all, rows.Err()
}
