package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

const (
	insertNote = "insert into account (path, overdraft, balance) values ($1, true, $2)"
	countNotes = "select count(*) from account"
)

// note writes a row whose number is i.
func note(ctx context.Context, tx *db.Tx, i int) error {
	_, err := tx.ExecContext(ctx, insertNote, fmt.Sprint("note/", i), i)
	return err
}

func count(t *testing.T, q db.Querier) (n int) {
	t.Helper()
	if err := q.QueryRowContext(context.WithoutCancel(t.Context()), countNotes).Scan(&n); err != nil {
		t.Error(err)
	}
	return n
}

// addNote writes one row and returns how many there are.
func addNote(t *testing.T, d *db.DB, i int) int {
	t.Helper()
	if err := d.Write(t.Context(), func(tx *db.Tx) error { return note(t.Context(), tx, i) }); err != nil {
		t.Error(err)
	}
	return count(t, d.Read())
}

func TestPlaceholdersKeepTheirNumbers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const probe = "select cast($2 as text), cast($1 as text), cast($2 as text), cast($10 as text)"
		args := []any{"one", "two", "3", "4", "5", "6", "7", "8", "9", "ten"}
		// PostgreSQL wants a type for each, also for those that are not used here.
		const rest = ", cast($3 as text), cast($4 as text), cast($5 as text), cast($6 as text), cast($7 as text), cast($8 as text), cast($9 as text)"
		ask := func(q db.Querier) {
			var s [11]string
			ptrs := make([]any, len(s))
			for i := range s {
				ptrs[i] = &s[i]
			}
			if err := q.QueryRowContext(t.Context(), probe+rest, args...).Scan(ptrs...); err != nil {
				t.Error(err)
			}
			if got := strings.Join(s[:5], " "); got != "two one two ten 3" {
				t.Errorf("got %s", got)
			}
		}
		ask(d.Read())
		if err := d.Write(t.Context(), func(tx *db.Tx) error { ask(tx); return nil }); err != nil {
			t.Error(err)
		}
	})
}

func TestWriteIsSeenByReadsAfterIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				for j := range 10 {
					path := fmt.Sprintf("note/%d/%d", i, j)
					if err := d.Write(t.Context(), func(tx *db.Tx) error {
						_, err := tx.ExecContext(t.Context(), insertNote, path, j)
						return err
					}); err != nil {
						t.Error(err)
					}
					var balance int
					if err := d.Read().QueryRowContext(t.Context(), "select balance from account where path = $1", path).
						Scan(&balance); err != nil || balance != j {
						t.Errorf("%s: %d, %v", path, balance, err)
					}
				}
			})
		}
		wg.Wait()
		if n := count(t, d.Read()); n != 160 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestErrorUndoesTheWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		want := errors.New("no")
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return errors.Join(note(t.Context(), tx, 1), want)
		})
		if !errors.Is(err, want) {
			t.Errorf("got %v", err)
		}
		if n := count(t, d.Read()); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestPanicBecomesAnErrorAndTheNextWriteWorks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			_ = note(t.Context(), tx, 1)
			panic("oh")
		})
		if err == nil || !strings.Contains(err.Error(), "oh") {
			t.Errorf("got %v", err)
		}
		if n := addNote(t, d, 1); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestContextOverBeforeTheWriteHasNoEffect(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := d.Write(ctx, func(tx *db.Tx) error { t.Error("it ran"); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWriteIsNotCutInTheMiddle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := d.Write(ctx, func(tx *db.Tx) error {
			err := note(ctx, tx, 1)
			cancel()
			return errors.Join(err, note(ctx, tx, 2))
		})
		if err != nil {
			t.Errorf("got %v", err)
		}
		if n := count(t, d.Read()); n != 2 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestReadsCannotWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var id int
		if _, err := d.Read().ExecContext(t.Context(), insertNote, "a", 1); err == nil {
			t.Error("exec wrote")
		}
		if err := d.Read().QueryRowContext(t.Context(), insertNote+" returning id", "b", 1).Scan(&id); err == nil {
			t.Error("query wrote")
		}
		if s, err := d.Read().PrepareContext(t.Context(), insertNote); err == nil {
			if _, err := s.Exec("c", 1); err == nil {
				t.Error("a prepared statement wrote")
			}
			_ = s.Close()
		}
		if n := count(t, d.Read()); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestSubscribersWakeAfterTheCommitOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		woken, other := d.Subscribe("a", "b"), d.Subscribe("c")
		_ = d.Write(t.Context(), func(tx *db.Tx) error { tx.Wake("a"); return errors.New("no") })
		select {
		case <-woken:
			t.Error("woken by what was rolled back")
		default:
		}
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			tx.Wake("b")
			tx.Wake("a")
			return note(t.Context(), tx, 1)
		}); err != nil {
			t.Fatal(err)
		}
		<-woken
		if n := count(t, d.Read()); n != 1 {
			t.Errorf("woken before the commit: %d rows", n)
		}
		select {
		case <-woken:
			t.Error("two wake-ups were not merged")
		case <-other:
			t.Error("another topic was woken")
		default:
		}
	})
}

func TestWriteAfterCloseIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if err := d.Write(t.Context(), func(*db.Tx) error { return nil }); err == nil {
			t.Error("written")
		}
		var n int
		if err := d.Read().QueryRowContext(t.Context(), countNotes).Scan(&n); err == nil {
			t.Error("read")
		}
	})
}
