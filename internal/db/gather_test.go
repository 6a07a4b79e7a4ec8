package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

var (
	notes  = db.NewList("insert into account (path, overdraft, balance) values ", "($1, true, $2)", " on conflict (path) do nothing")
	noted  = db.NewList("select path, balance from account where path in (", "$1", ")")
	errBad = errors.New("bad")
)

// gather makes notes of numbers; a negative one spoils its write, zero makes it
// panic. It returns what was noted before, in this write, and how large it was.
func gather(d *db.DB) *db.Gather[int, [2]int] {
	return db.NewGather(d, func(n int) int64 { return int64(n) }, func(tx *db.Tx, ins []int) ([][2]int, error) {
		outs := make([][2]int, len(ins))
		var args []any
		for i, n := range ins {
			switch {
			case n < 0:
				return nil, errBad
			case n == 0:
				panic("zero")
			}
			outs[i] = [2]int{n, len(ins)}
			args = append(args, fmt.Sprint("note/", n), n)
		}
		return outs, tx.Together(notes.Exec(args, nil)...)
	})
}

// Each caller gets his own answer after one durable write for many; who spoils a
// write spoils only his own.
func TestGatheredCallsAreAnsweredEach(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const calls = 200
		g := gather(d)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		var mu sync.Mutex
		largest, good := 0, 0
		call := func(ctx context.Context, in int) {
			got, err := g.Do(ctx, in)
			mu.Lock()
			defer mu.Unlock()
			largest = max(largest, got[1])
			switch {
			case in < 0 && !errors.Is(err, errBad), in == 0 && err == nil, ctx == gone && !errors.Is(err, context.Canceled),
				in > 0 && ctx != gone && (err != nil || got[0] != in):
				t.Errorf("%d: %v, %v", in, got, err)
			case err == nil:
				good++
			}
		}
		var wg sync.WaitGroup
		for i := range calls {
			wg.Go(func() { call(t.Context(), 1+i) })
		}
		wg.Wait()
		if largest < 2 {
			t.Error("each call had a write of its own")
		}
		for i := range calls {
			wg.Go(func() {
				switch i % 50 {
				case 10:
					call(t.Context(), -i)
				case 20:
					call(t.Context(), 0)
				case 30:
					call(gone, 1000+i)
				default:
					call(t.Context(), 1000+i)
				}
			})
		}
		wg.Wait()
		if n := count(t, d.Read()); n != good || good != calls+calls*47/50 {
			t.Errorf("%d notes, %d good", n, good)
		}
	})
}

// A list of any length is a few statements of the lengths 1, 2, 4 … 128, whose
// values do not mix.
func TestListsOfAnyLength(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, n := range []int{0, 1, 2, 3, 127, 128, 129, 300} {
			var rows, keys []any
			for i := range n {
				path := fmt.Sprintf("%d/%d", n, i)
				rows, keys = append(rows, path, i), append(keys, path)
			}
			var made, again int64
			seen := map[string]int{}
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				made, again = 0, 0
				clear(seen)
				return tx.Together(append(append(notes.Exec(rows, &made), notes.Exec(rows, &again)...),
					noted.Query(keys, func(row db.Scanner) error {
						var path string
						var i int
						err := row.Scan(&path, &i)
						seen[path] = i
						return err
					})...)...)
			})
			if err != nil || made != int64(n) || again != 0 || len(seen) != n {
				t.Errorf("%d rows: %d made, %d again, %d seen, %v", n, made, again, len(seen), err)
			}
			for i := range n {
				if path := fmt.Sprintf("%d/%d", n, i); seen[path] != i {
					t.Errorf("%s is %d", path, seen[path])
				}
			}
		}
	})
}

// What is collected is written at the end, and not without each of its rows.
func TestCollectedRowsAreWrittenOrNothingIs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		write := func(numbers ...int) error {
			return d.Write(t.Context(), func(tx *db.Tx) error {
				for _, n := range numbers {
					tx.Collect(notes, errBad, fmt.Sprint("note/", n), n)
				}
				return note(t.Context(), tx, 100+numbers[0])
			})
		}
		if err := write(1, 2, 3); err != nil || count(t, d.Read()) != 4 {
			t.Errorf("%v, %d notes", err, count(t, d.Read()))
		}
		if err := write(4, 2, 5); !errors.Is(err, errBad) || count(t, d.Read()) != 4 {
			t.Errorf("one is taken: %v, %d notes", err, count(t, d.Read()))
		}
	})
}

// ErrAgain runs a write anew on PostgreSQL, where somebody can be faster.
func TestWriteThatWasLateRunsAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		tries := 0
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if tries++; tries < 3 && d.Engine() == db.Postgres {
				return fmt.Errorf("late: %w", db.ErrAgain)
			}
			return note(t.Context(), tx, tries)
		})
		if n := count(t, d.Read()); err != nil || n != 1 {
			t.Errorf("%v after %d tries, %d notes", err, tries, n)
		}
	})
}
