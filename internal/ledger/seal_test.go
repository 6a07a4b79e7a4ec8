package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/ledger"
)

// sealAll seals until there is nothing more, at a time when all clocks agree.
func sealAll(t *testing.T, l *ledger.Service, now time.Time) {
	t.Helper()
	l.Patience(now)
	for more := true; more; {
		var err error
		if more, err = l.Seal(context.WithoutCancel(t.Context()), now); err != nil {
			t.Fatal(err)
		}
	}
}

func number(t *testing.T, d *db.DB, query string) (n int64) {
	t.Helper()
	if err := d.Read().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func wantTail(t *testing.T, l *ledger.Service, want int64) {
	t.Helper()
	r, err := l.Audit(t.Context())
	if err != nil || !r.OK() || r.Tail != want {
		t.Errorf("audit: %v, %d not sealed, want %d\n%s", err, r.Tail, want, r)
	}
}

// Many write while two seal: at the end each transaction is in one seal.
func TestTwoWhoSealWhileMoneyMovesSealEachTransactionOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, other := ledger.New(d), ledger.New(d)
		l.Patience(noon)
		other.Patience(noon)
		payIn(t, l, 7, 1_000)
		done := make(chan struct{})
		var writers, sealers sync.WaitGroup
		for w := range 8 {
			writers.Go(func() {
				for i := range 60 { // half of them are refused, which on PostgreSQL takes an id
					h := ledger.Hold{ID: fmt.Sprintf("w/%d/%d", w, i), From: ledger.Available(7), To: ledger.InDelivery(7), Amount: 1, At: noon}
					if i%2 == 1 {
						h.Amount = 1_000_000
					}
					_ = hold(t, d, l, h)
				}
			})
		}
		for _, s := range []*ledger.Service{l, other} {
			sealers.Go(func() {
				for {
					if _, err := s.Seal(t.Context(), noon); err != nil {
						t.Error(err)
					}
					if r, err := s.Check(t.Context(), noon); err != nil || !r.OK() {
						t.Errorf("check: %v\n%s", err, r)
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		writers.Wait()
		close(done)
		sealers.Wait()
		sealAll(t, l, noon)
		wantTail(t, l, 0)
		if n := number(t, d, "select count(*) from ledger_transaction"); n != 241 {
			t.Errorf("%d transactions, want 241", n)
		}
		// After a while the ids of refused holds are given up.
		for _, at := range []time.Duration{0, time.Minute, 2 * time.Minute} {
			sealAll(t, other, noon.Add(at))
		}
		for i := range int64(2) { // after the last hold another one may have been refused
			payIn(t, l, 8+i, 1)
			sealAll(t, other, noon.Add(time.Duration(3+i)*time.Minute))
		}
		payIn(t, l, 10, 1)
		sealAll(t, other, noon.Add(6*time.Minute))
		if n := number(t, d, "select high - low from ledger_head"); n != 0 {
			t.Errorf("%d ids are still waited for", n)
		}
		wantTail(t, l, 0)
	})
}

// On PostgreSQL a transaction may become visible after later ones were sealed,
// also long after: as long as its write runs, its id is waited for.
func TestLateTransactionIsSealedWhenItShows(t *testing.T) {
	t.Parallel()
	d, ok := dbtest.Postgres(t)
	if !ok {
		t.Log("no PostgreSQL: on SQLite nothing is late")
		return
	}
	l := ledger.New(d)
	payIn(t, l, 7, 10)
	sealAll(t, l, noon)
	inside, finish, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- d.Write(context.WithoutCancel(t.Context()), func(tx *db.Tx) error {
			err := l.PostTx(t.Context(), tx, transfer("late", ledger.OutsideCash, ledger.Available(8), 5))
			close(inside)
			<-finish
			return err
		})
	}()
	<-inside
	if err := l.Post(t.Context(), transfer("early", ledger.OutsideSteam, ledger.Available(9), 5)); err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Duration{0, time.Minute, time.Hour} { // never given up while its write runs
		sealAll(t, l, noon.Add(at))
		if r, err := l.Check(t.Context(), noon); err != nil || !r.OK() {
			t.Errorf("check: %v\n%s", err, r)
		}
	}
	close(finish)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	wantTail(t, l, 1)
	if r, err := l.Check(t.Context(), noon); err != nil || !r.OK() {
		t.Errorf("check: %v\n%s", err, r)
	}
	sealAll(t, l, noon.Add(time.Hour))
	wantTail(t, l, 0)
	if r, err := l.Check(t.Context(), noon); err != nil || !r.OK() {
		t.Errorf("check: %v\n%s", err, r)
	}
}

// An insert has taken an id and waits for another write with the same reference:
// nobody else sees that somebody has the id. Meanwhile the clock of the wall jumps.
func TestClockThatJumpsGivesUpNoIDThatAnInsertHas(t *testing.T) {
	t.Parallel()
	d, ok := dbtest.Postgres(t)
	if !ok {
		t.Log("no PostgreSQL: on SQLite no id is missing")
		return
	}
	l, ctx := ledger.New(d), context.WithoutCancel(t.Context())
	payIn(t, l, 7, 10)
	sealAll(t, l, noon)
	var id int64
	taken, others, waits := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		waits <- d.Write(ctx, func(tx *db.Tx) error {
			if err := tx.QueryRowContext(ctx, "select nextval(pg_get_serial_sequence('ledger_transaction', 'id'))").Scan(&id); err != nil {
				return err
			}
			close(taken)
			<-others
			for _, s := range []string{"insert into ledger_transaction (id, ref, kind, at) overriding system value values (%d, 'same', 'test', 1) on conflict (ref) do nothing",
				"insert into entry (transaction_id, line, account_id, amount) select %d, 1, id, -5 from account where path = 'outside/cash'",
				"insert into entry (transaction_id, line, account_id, amount) select %d, 2, id, 5 from account where path = 'project/7/available'",
				"update account set balance = balance + case when path = 'outside/cash' then -5 else 5 end where path in ('outside/cash', 'project/7/available') and %d > 0"} {
				if _, err := tx.ExecContext(ctx, fmt.Sprintf(s, id)); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	<-taken
	payIn(t, l, 8, 10) // a higher id
	undone := errors.New("undone")
	err := d.Write(ctx, func(tx *db.Tx) error { // the same reference, with an id above what is sealed
		if _, err := tx.ExecContext(ctx, "insert into ledger_transaction (ref, kind, at) values ('same', 'test', 1)"); err != nil {
			return err
		}
		close(others)
		for n := 0; n == 0; n = int(number(t, d, "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%''same''%'")) {
			if t.Context().Err() != nil {
				return t.Context().Err()
			}
		}
		l.Patience(noon.Add(time.Second))
		for _, jumped := range []time.Duration{0, time.Hour, 48 * time.Hour} {
			if _, err := l.Seal(ctx, noon.Add(jumped)); err != nil {
				return err
			}
		}
		payIn(t, l, 9, 10)
		if _, err := l.Seal(ctx, noon.Add(49*time.Hour)); err != nil {
			return err
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if err := <-waits; err != nil {
		t.Fatal(err)
	}
	if r, err := l.Audit(ctx); err != nil || !r.OK() {
		t.Errorf("audit: %v\n%s", err, r)
	}
	sealAll(t, l, noon.Add(time.Minute))
	wantTail(t, l, 0)
	if n := number(t, d, "select count(*) from ledger_transaction where ref = 'same'"); n != 1 {
		t.Errorf("%d transactions waited and came", n)
	}
}

func TestLongBacklogIsSealedInParts(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	l := ledger.New(d)
	const n = 4200
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		for i := range n {
			if err := l.PostTx(t.Context(), tx, transfer(fmt.Sprint("t/", i), ledger.OutsideCash, ledger.Available(7), 1)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	more, err := l.Seal(t.Context(), noon)
	if err != nil || !more {
		t.Fatalf("more %v, %v", more, err)
	}
	sealAll(t, l, noon)
	wantTail(t, l, 0)
	if seals := number(t, d, "select count(*) from ledger_seal"); seals != 2 {
		t.Errorf("%d seals, want 2", seals)
	}
	var told int64
	if _, err := l.AuditOrders(t.Context(), ledger.Orders{}, func(done, total int64) {
		if told = done; total != n {
			t.Errorf("%d of %d", done, total)
		}
	}); err != nil || told != 4096 {
		t.Errorf("told of %d, %v", told, err)
	}
}

func TestBrokenBooksStopMoneyUntilTheyAreRight(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := books(t, d)
		node := ledger.New(d)
		for _, s := range []*ledger.Service{l, node} {
			if r, err := s.Check(t.Context(), noon); err != nil || !r.OK() {
				t.Fatalf("check: %v\n%s", err, r)
			}
		}
		if err := node.Post(t.Context(), transfer("before", ledger.OutsideCash, ledger.Available(7), 5)); err != nil {
			t.Fatal(err)
		}
		plant := "update account set balance = balance + 1 where path = 'project/7/available'"
		if err := execute(t, d, plant); err != nil {
			t.Fatal(err)
		}
		r, err := l.Check(t.Context(), noon)
		if err != nil || r.OK() || l.Stopped() != r.First() {
			t.Fatalf("check: %v, stopped by %q\n%s", err, l.Stopped(), r)
		}
		restarted := ledger.New(d)
		if err := node.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]*ledger.Service{"who found it": l, "another node": node, "after a restart": restarted} {
			for what, err := range map[string]error{
				"post":    s.Post(t.Context(), transfer("in", ledger.OutsideCash, ledger.Available(7), 5)),
				"hold":    hold(t, d, s, ledger.Hold{ID: "x", From: ledger.Available(7), To: ledger.InDelivery(7), Amount: 1, At: noon}),
				"release": release(t, d, s, "open", deposit.NotBefore, ledger.Entry{Account: ledger.Available(7), Amount: 12_500}),
				"void":    void(t, d, s, "open", noon),
			} {
				if !errors.Is(err, ledger.ErrStopped) {
					t.Errorf("%s, %s: %v", name, what, err)
				}
			}
			wantBalance(t, s, ledger.Held(7), 12_500)
		}
		if err := execute(t, d, "update account set balance = balance - 1 where path = 'project/7/available'"); err != nil {
			t.Fatal(err)
		}
		if r, err := restarted.Check(t.Context(), noon); err != nil || !r.OK() || restarted.Stopped() == "" {
			t.Errorf("a check that finds nothing does not let money move: %v %s", err, r)
		}
		wantClean(t, l)
		if resumed, err := l.Resume(t.Context()); err != nil || !resumed {
			t.Fatalf("resume: %v %v", resumed, err)
		}
		if err := void(t, d, l, "open", noon); err != nil {
			t.Error(err)
		}
		if err := restarted.Follow(t.Context()); err != nil || restarted.Stopped() != "" {
			t.Errorf("still stopped by %q: %v", restarted.Stopped(), err)
		}
	})
}
