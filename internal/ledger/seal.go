package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/skinrail/skinrail/internal/db"
)

// maxSeal is how many transactions one seal takes.
const maxSeal = 4096

// patience is how long a missing id is waited for before it is asked whether it
// can still come; maxHoles is how many are asked at once. An insert that has taken
// an id and waits for another write with its reference cannot be seen by asking,
// but the server ends such a wait after two seconds: patience goes by this
// machine's monotonic clock, since the wall's may jump over those.
const (
	patience = 10 * time.Second
	maxHoles = 2000
)

// sealer is what a node remembers between two seals.
type sealer struct {
	mu    sync.Mutex
	clock func() time.Time // monotonic; nil: time.Now
	paths map[int64]*holder
	seen  map[int64]time.Time // missing ids, since when
	dead  map[int64]bool      // missing ids that can never come
}

func (s *sealer) now() time.Time {
	if s.clock != nil {
		return s.clock()
	}
	return time.Now()
}

// Seal seals what is committed and not sealed yet, in one step that never
// stands in the way of money: it reads what others have committed, and who
// moves the head first has sealed it. It reports whether there may be more.
// Several nodes may seal at the same time.
//
// On PostgreSQL ids become visible out of order. An id below the highest that
// is not there is sealed late, when it shows, for as long as it can: after a
// while an insert of the same id, which waits for whoever has it and is undone,
// proves that nobody does.
func (s *Service) Seal(ctx context.Context, now time.Time) (more bool, err error) {
	s.sealer.mu.Lock()
	defer s.sealer.mu.Unlock()
	q := s.db.Read()
	h, err := readHead(ctx, q)
	if err != nil {
		return false, fmt.Errorf("seal: %w", err)
	}
	u, err := readUnsealed(ctx, q, h, maxSeal)
	if err != nil {
		return false, fmt.Errorf("seal: %w", err)
	}
	low, holes := s.sealer.settle(h.low, u.ids())
	if len(u.records) > 0 {
		if err := s.seal(ctx, h, u.records, low, now); err != nil {
			return false, fmt.Errorf("seal: %w", err)
		}
	}
	return len(u.records) >= maxSeal, s.sealer.bury(holes, s.sealer.now(), func(ids []int64) ([]int64, error) { return s.probe(ctx, ids) })
}

func (s *Service) seal(ctx context.Context, h head, records []record, low int64, now time.Time) error {
	path, err := s.sealer.name(ctx, s.db.Read(), records)
	if err != nil {
		return err
	}
	made := forge(h.hash, h.n+1, records, path)
	made.at, made.high = db.Micros(now), max(made.high, h.high)
	sums := map[int64]int64{}
	for _, r := range records {
		for _, l := range r.lines {
			sums[l.account] += l.amount
		}
	}
	return s.db.Write(ctx, func(tx *db.Tx) error { return appendSeal(ctx, tx, h, made, low, sums) })
}

const (
	firstHeadSQL  = `insert into ledger_head (id, n, hash, low, high) values (1, 0, $1, 0, 0) on conflict (id) do nothing`
	moveHeadSQL   = `update ledger_head set n = n + 1, hash = $2, low = $3, high = $4 where id = 1 and n = $1`
	insertSealSQL = `insert into ledger_seal (n, at, high, members, hash) values ($1, $2, $3, $4, $5)`
	addSumSQL     = `insert into ledger_sum (account_id, amount) values ($1, $2)
		on conflict (account_id) do update set amount = ledger_sum.amount + excluded.amount`
)

// appendSeal does nothing when somebody else has sealed since the head was read.
func appendSeal(ctx context.Context, tx *db.Tx, h head, made seal, low int64, sums map[int64]int64) error {
	if h.missing {
		if _, err := tx.ExecContext(ctx, firstHeadSQL, []byte{}); err != nil {
			return err
		}
	}
	res, err := tx.ExecContext(ctx, moveHeadSQL, h.n, made.hash, low, made.high)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, insertSealSQL, made.n, made.at, made.high, encode(made.members), made.hash); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(sums)) {
		if _, err := tx.ExecContext(ctx, addSumSQL, id, sums[id]); err != nil {
			return err
		}
	}
	return nil
}

// unsealed is what stands in the books and in no seal.
type unsealed struct {
	records []record
	known   map[int64]bool // sealed ids above low
}

// ids are all ids above low that are accounted for, with what is about to be
// sealed, in their order.
func (u unsealed) ids() []int64 {
	all := slices.Collect(maps.Keys(u.known))
	for _, r := range u.records {
		all = append(all, r.id)
	}
	slices.Sort(all)
	return all
}

// readUnsealed reads it, at most about so many records: first what came late.
func readUnsealed(ctx context.Context, q db.Querier, h head, most int) (u unsealed, err error) {
	if u.known, err = known(ctx, q, h); err != nil {
		return u, err
	}
	if h.low < h.high {
		visible, err := column(ctx, q, idsSQL, h.low, h.high)
		if err != nil {
			return u, err
		}
		for _, id := range visible {
			if u.known[id] {
				continue
			}
			late, err := records(ctx, q, id-1, id)
			if err != nil {
				return u, err
			}
			u.records = append(u.records, late...)
		}
	}
	for after := h.high; len(u.records) < most; {
		all, end, more, err := page(ctx, q, after, min(most-len(u.records), maxSeal))
		if err != nil {
			return u, err
		}
		if !more {
			break
		}
		u.records, after = append(u.records, all...), end
	}
	return u, nil
}

// settle moves low over everything that is accounted for, and returns the
// missing ids below the highest, the lowest first and not endlessly many.
func (s *sealer) settle(low int64, have []int64) (int64, []int64) {
	maps.DeleteFunc(s.dead, func(id int64, _ bool) bool { return id <= low })
	var holes []int64
	at := low
	for _, id := range have {
		for at++; at < id && len(holes) < maxHoles; at++ {
			if !s.dead[at] {
				holes = append(holes, at)
			}
		}
		if len(holes) == 0 {
			low = id
		} else if len(holes) == maxHoles {
			break
		}
		at = id
	}
	return low, holes
}

// bury finds out which of the holes that are there for a while are for ever.
func (s *sealer) bury(holes []int64, now time.Time, probe func([]int64) ([]int64, error)) error {
	seen := map[int64]time.Time{}
	var old []int64
	for _, id := range holes {
		since, ok := s.seen[id]
		if !ok {
			since = now
		}
		if seen[id] = since; now.Sub(since) >= patience {
			old = append(old, id)
			seen[id] = now // asked again only after as long
		}
	}
	s.seen = seen
	if len(old) == 0 {
		return nil
	}
	dead, err := probe(old)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if s.dead == nil {
		s.dead = map[int64]bool{}
	}
	for _, id := range dead {
		s.dead[id] = true
	}
	return nil
}

// name gives the accounts of the records their paths, which never change.
func (s *sealer) name(ctx context.Context, q db.Querier, records []record) (func(int64) string, error) {
	for _, r := range records {
		for _, l := range r.lines {
			if s.paths[l.account] != nil {
				continue
			}
			var err error
			if s.paths, err = holders(ctx, q); err != nil {
				return nil, err
			}
			if s.paths[l.account] == nil {
				return nil, fmt.Errorf("transaction %d has an entry on account %d, which is not there", r.id, l.account)
			}
		}
	}
	return pathOf(s.paths), nil
}

var errUndone = errors.New("undone on purpose")

// probeWait is how long a probe waits for a write that has one of the ids.
const probeWait = 100 * time.Millisecond

// probe returns the ids that can never come any more: an insert of theirs would
// succeed. While some write has one of them, none is returned.
func (s *Service) probe(ctx context.Context, ids []int64) (dead []int64, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) (err error) {
		if dead, err = tryInsert(ctx, tx, ids); err != nil {
			dead = nil
			if db.Class(err) != db.Busy {
				return err
			}
		}
		return errUndone
	})
	if !errors.Is(err, errUndone) {
		return nil, err
	}
	return dead, nil
}

var probeSQL = db.NewList("insert into ledger_transaction (id, ref, kind, at) values ", "($1, $2, 'probe', 1)", " on conflict do nothing returning id")

func tryInsert(ctx context.Context, tx *db.Tx, ids []int64) (free []int64, err error) {
	if err := tx.WaitAtMost(ctx, probeWait); err != nil {
		return nil, err
	}
	var rows []any
	for _, id := range ids {
		rows = append(rows, id, "probe/"+strconv.FormatInt(id, 10))
	}
	err = tx.Together(probeSQL.Query(rows, func(row db.Scanner) error {
		var id int64
		err := row.Scan(&id)
		free = append(free, id)
		return err
	})...)
	return free, err
}

// Unsealed counts what is committed and not sealed yet.
func (s *Service) Unsealed(ctx context.Context) (int64, error) {
	h, err := readHead(ctx, s.db.Read())
	if err != nil {
		return 0, err
	}
	var n int64
	err = s.db.Read().QueryRowContext(ctx, "select count(*) from ledger_transaction t where t.id > $1", h.high).Scan(&n)
	return n, err
}

// HasSeal reports whether the chain has a seal with this hash: who kept it
// elsewhere knows then that nothing before it was made anew.
func (s *Service) HasSeal(ctx context.Context, n int64, hash []byte) (bool, error) {
	found, err := seals(ctx, s.db.Read(), n-1, 1)
	if err != nil {
		return false, fmt.Errorf("seal %d: %w", n, err)
	}
	return len(found) == 1 && found[0].n == n && same(found[0].hash, hash), nil
}
