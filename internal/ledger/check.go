package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
)

// maxCheck is about how many sealed transactions one check reads again.
const maxCheck = 50_000

// Check is the small audit, for every minute: all balances against what was
// added up while sealing and what is not sealed yet, all open holds, the times of
// those that may end, and the seals since the last check against the books, not
// endlessly many at once. When something is wrong, money stops moving.
func (s *Service) Check(ctx context.Context, now time.Time) (Report, error) {
	var r Report
	var verified int64
	err := s.db.Snapshot(ctx, func(q db.Querier) (err error) {
		r = Report{}
		verified, err = check(ctx, q, &r, now)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("check the books: %w", err)
	}
	if !r.OK() {
		return r, s.Stop(ctx, r.First(), now)
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "update ledger_head set verified = $1 where id = 1 and verified < $1", verified)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("check the books: %w", err)
	}
	return r, nil
}

func check(ctx context.Context, q db.Querier, r *Report, now time.Time) (verified int64, err error) {
	h, err := readHead(ctx, q)
	if err != nil {
		return 0, err
	}
	all, err := holders(ctx, q)
	if err != nil {
		return 0, err
	}
	if err := checkTail(ctx, q, h, r, all); err != nil {
		return 0, err
	}
	if err := openHolds(ctx, q, all); err != nil {
		return 0, err
	}
	checkAccounts(r, all, func(h *holder) int64 { return h.sealed + h.unsealed })
	if err := checkDue(ctx, q, r, now); err != nil {
		return 0, err
	}
	return checkSeals(ctx, q, h, r, all)
}

// checkTail reads what is not sealed yet.
func checkTail(ctx context.Context, q db.Querier, h head, r *Report, all map[int64]*holder) error {
	u, err := readUnsealed(ctx, q, h, 1<<62)
	if err != nil {
		return err
	}
	r.Tail = int64(len(u.records))
	for _, t := range u.records {
		r.examined(zeroEach, 1)
		checkRecord(r, t, all)
		for _, l := range t.lines {
			if h := all[l.account]; h != nil {
				h.unsealed += l.amount
			}
		}
	}
	return nil
}

const openHoldsSQL = `select h.to_account, cast(sum(h.amount) as bigint) from hold h where h.state = 'open' group by h.to_account`

func openHolds(ctx context.Context, q db.Querier, all map[int64]*holder) error {
	rows, err := q.QueryContext(ctx, openHoldsSQL)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, sum int64
		if err := rows.Scan(&id, &sum); err != nil {
			return err
		}
		if h := all[id]; h != nil {
			h.waits = sum
		}
	}
	return rows.Err()
}

const dueSQL = `select h.id, h.not_before from (select d.id, d.not_before from hold d
		where d.state = 'open' and d.not_before > 0 and d.not_before <= $1 order by d.not_before limit $2) h
	where not exists (select 1 from ledger_transaction t where t.ref = 'hold/' || h.id
		and t.kind in ('hold', 'hold/' || cast(h.not_before as text)))`

// checkDue finds holds that could end now and that, by their transactions, may
// not.
func checkDue(ctx context.Context, q db.Querier, r *Report, now time.Time) error {
	rows, err := q.QueryContext(ctx, dueSQL, db.Micros(now), maxCheck)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var notBefore int64
		if err := rows.Scan(&id, &notBefore); err != nil {
			return err
		}
		r.wrong(holdMade, 1, "hold %s is not before %d, which is not what its transaction says", id, notBefore)
	}
	return rows.Err()
}

// checkSeals reads the seals after the last that was verified, and what they
// sealed, and returns the newest that is right.
func checkSeals(ctx context.Context, q db.Querier, h head, r *Report, all map[int64]*holder) (int64, error) {
	last, err := lastVerified(ctx, q, h, r)
	if err != nil {
		return 0, err
	}
	verified := last.n
	for read := 0; read < maxCheck; {
		more, err := seals(ctx, q, verified, 8)
		if err != nil {
			return 0, err
		}
		if len(more) == 0 {
			if last.n < h.n {
				r.wrong(oneChain, h.n-last.n, "seal %d is gone", last.n+1)
			}
			return verified, nil
		}
		n, err := checkSome(ctx, q, last, more, r, all)
		if err != nil {
			return 0, err
		}
		read += n
		last = more[len(more)-1]
		verified = last.n
		if r.Seal, r.Hash = last.n, last.hash; last.n == h.n && (last.high != h.high || !same(last.hash, h.hash)) {
			r.wrong(oneChain, 1, "seal %d says %x up to %d, the head says %x up to %d", h.n, last.hash, last.high, h.hash, h.high)
		}
	}
	return verified, nil
}

// lastVerified is the seal where the check goes on.
func lastVerified(ctx context.Context, q db.Querier, h head, r *Report) (seal, error) {
	if h.verified == 0 {
		return seal{}, nil
	}
	found, err := seals(ctx, q, h.verified-1, 1)
	if err != nil {
		return seal{}, err
	}
	if len(found) == 0 || found[0].n != h.verified {
		r.wrong(oneChain, 1, "seal %d is gone", h.verified)
		return seal{n: h.verified}, nil
	}
	return found[0], nil
}

// checkSome verifies seals that follow each other. It walks from their lowest
// id; what other seals have of it, it meets and leaves alone.
func checkSome(ctx context.Context, q db.Querier, last seal, more []seal, r *Report, all map[int64]*holder) (read int, err error) {
	low := more[0].high
	for _, s := range more {
		read += len(s.members) + 1
		if len(s.members) > 0 {
			low = min(low, s.members[0].id)
		}
	}
	w := newWalk(q, low-1, func(t record) {
		r.examined(zeroEach, 1)
		checkRecord(r, t, all)
	})
	for _, s := range more {
		if s.n != last.n+1 {
			r.wrong(oneChain, 1, "seal %d is gone", last.n+1)
		}
		r.examined(oneChain, 1)
		r.examined(sealedAsIs, int64(len(s.members)))
		if err := w.verify(ctx, last.hash, s, all, sealWrong(r)); err != nil {
			return 0, err
		}
		checkHigh(r, last.high, s)
		last = s
	}
	return read, nil
}
