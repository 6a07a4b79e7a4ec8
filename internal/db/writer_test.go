package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// occupy keeps the writer busy until the returned function is called.
func occupy(t *testing.T, d *db.DB) (leave func()) {
	t.Helper()
	inside, out, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- d.Write(context.WithoutCancel(t.Context()), func(*db.Tx) error { close(inside); <-out; return nil })
	}()
	<-inside
	return func() {
		close(out)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// enqueue starts n writes and returns once all wait for the writer.
func enqueue(d *db.DB, n int, f func(i int) error) (wait func()) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { _ = f(i) })
	}
	for d.Waiting() < n {
		runtime.Gosched()
	}
	return wg.Wait
}

func TestWaitingWritesShareACommitAndFailAlone(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	leave := occupy(t, d)
	before := d.Commits()
	errs := make([]error, 60)
	wait := enqueue(d, len(errs), func(i int) error {
		errs[i] = d.Write(t.Context(), func(tx *db.Tx) error {
			if err := note(t.Context(), tx, i); err != nil {
				return err
			}
			switch i % 5 {
			case 1:
				return errors.New("no")
			case 2:
				panic("oh")
			case 3:
				_, err := tx.QueryContext(t.Context(), "select path from account") // never closed
				return err
			case 4:
				return note(t.Context(), tx, i) // taken
			}
			return nil
		})
		return nil
	})
	leave()
	wait()
	if got := d.Commits() - before; got != 2 { // the one that occupied, and the group
		t.Errorf("%d commits", got)
	}
	for i, err := range errs {
		if want := i%5 == 0 || i%5 == 3; (err == nil) != want {
			t.Errorf("%d: %v", i, err)
		}
	}
	if n := count(t, d.Read()); n != 24 {
		t.Errorf("%d rows", n)
	}
	if n := addNote(t, d, 100); n != 25 {
		t.Errorf("%d rows", n)
	}
}

func TestAbandonedWriteDoesNotRun(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	leave := occupy(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	var err error
	wait := enqueue(d, 1, func(int) error {
		err = d.Write(ctx, func(*db.Tx) error { t.Error("it ran"); return nil })
		return nil
	})
	cancel()
	leave()
	wait()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCloseAnswersEveryWrite(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/test.db"
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	leave := occupy(t, d)
	errs := make([]error, 40)
	wait := enqueue(d, len(errs), func(i int) error {
		errs[i] = d.Write(t.Context(), func(tx *db.Tx) error { return note(t.Context(), tx, i) })
		return nil
	})
	closed := make(chan error)
	go func() { closed <- d.Close() }()
	leave()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	wait()
	acknowledged := 0
	for _, err := range errs {
		if err == nil {
			acknowledged++
		} else if !errors.Is(err, sql.ErrConnDone) {
			t.Error(err)
		}
	}
	again, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	if n := count(t, again.Read()); n != acknowledged {
		t.Errorf("%d rows, %d acknowledged", n, acknowledged)
	}
}

func TestStatementMayRunWhileItsRowsAreOpen(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	for i := range 3 {
		addNote(t, d, i)
	}
	for range 2 { // the second time with everything prepared
		var seen []string
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			seen = nil
			const all = "select path from account where id > $1 order by id"
			outer, err := tx.QueryContext(t.Context(), all, 0)
			if err != nil {
				return err
			}
			for outer.Next() {
				var a, b string
				if err := outer.Scan(&a); err != nil {
					return err
				}
				if err := tx.QueryRowContext(t.Context(), all, 1).Scan(&b); err != nil {
					return err
				}
				seen = append(seen, a+" "+b)
			}
			return outer.Err()
		})
		if got := fmt.Sprint(seen); err != nil || got != "[note/0 note/1 note/1 note/1 note/2 note/1]" {
			t.Errorf("%s, %v", got, err)
		}
	}
}

func TestUnreadRowDoesNotSpoilItsStatement(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addNote(t, d, 1)
		for range 3 {
			if err := d.Write(t.Context(), func(tx *db.Tx) error {
				tx.QueryRowContext(t.Context(), countNotes)
				return nil
			}); err != nil {
				t.Error(err)
			}
		}
		if n := addNote(t, d, 2); n != 2 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestLongWriteRemembersLittle(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	addNote(t, d, 1)
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		outer, err := tx.QueryContext(t.Context(), "select path from account") // stays open all the time
		if err != nil {
			return err
		}
		for i := range 3 * db.MaxOpen {
			if err := ask(t.Context(), tx, i%7); err != nil {
				return err
			}
		}
		if n := db.Remembered(tx); n > db.MaxOpen+1 {
			t.Errorf("%d remembered", n)
		}
		if !outer.Next() {
			t.Errorf("the rows were closed: %v", outer.Err())
		}
		return outer.Close()
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTxIsUselessAfterItsWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var kept *db.Tx
		if err := d.Write(t.Context(), func(tx *db.Tx) error { kept = tx; return note(t.Context(), tx, 1) }); err != nil {
			t.Fatal(err)
		}
		if err := note(t.Context(), kept, 2); err == nil {
			t.Error("exec worked")
		}
		if _, err := kept.QueryContext(t.Context(), countNotes); err == nil {
			t.Error("query worked")
		}
		var n int
		if err := kept.QueryRowContext(t.Context(), countNotes).Scan(&n); err == nil {
			t.Error("query of a row worked")
		}
		if n := addNote(t, d, 3); n != 2 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestKeptStatementsAreBounded(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	for from := range 3 {
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			if n := d.KeptBy(); n > db.MaxKept+10 {
				t.Errorf("the writer keeps %d", n)
			}
			for i := range db.MaxKept {
				if err := ask(t.Context(), tx, from*db.MaxKept+i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range db.MaxKept + 100 {
		if err := ask(t.Context(), d.Read(), i); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.Kept(); n > db.MaxKept {
		t.Errorf("the reader keeps %d", n)
	}
}

// ask runs a statement whose text is different for each i, as row and as rows.
func ask(ctx context.Context, q db.Querier, i int) error {
	text := fmt.Sprintf("select %d + cast($1 as bigint)", i)
	var got int
	if err := q.QueryRowContext(ctx, text, 1).Scan(&got); err != nil || got != i+1 {
		return fmt.Errorf("%d: got %d: %w", i, got, err)
	}
	rows, err := q.QueryContext(ctx, text, 2)
	if err != nil {
		return err
	}
	return rows.Close()
}

func TestStatementsSurviveASchemaChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addNote(t, d, 1)
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "alter table account add column extra text")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if n := addNote(t, d, 2); n != 2 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestFullDiskStopsWritesAndKeepsReads(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	addNote(t, d, 1)
	fill := func(tx *db.Tx) error {
		var pages int // SQLite's own limit answers like a full disk
		if err := tx.QueryRowContext(t.Context(), "pragma page_count").Scan(&pages); err != nil {
			return err
		}
		if _, err := tx.ExecContext(t.Context(), fmt.Sprintf("pragma max_page_count = %d", pages+1)); err != nil {
			return err
		}
		_, err := tx.ExecContext(t.Context(), "insert into account (path, overdraft) values (hex(zeroblob(100000)), true)")
		return err
	}
	if err := d.Write(t.Context(), fill); db.Class(err) != db.Disk {
		t.Fatalf("got %v", err)
	}
	if err := <-d.Fatal(); db.Class(err) != db.Disk {
		t.Errorf("fatal: %v", err)
	}
	if err := d.Write(t.Context(), func(tx *db.Tx) error { return note(t.Context(), tx, 2) }); err == nil {
		t.Error("a write was acknowledged afterwards")
	}
	if n := count(t, d.Read()); n != 1 {
		t.Errorf("%d rows", n)
	}
}

// Whoever runs the write: its own goroutine, or the loop that joins those who wait.
func TestGoexitInAWriteIsFatal(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"alone", "waiting"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.SQLite(t)
			leave := func() {}
			if name == "waiting" {
				leave = occupy(t, d)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				if err := d.Write(context.WithoutCancel(t.Context()), func(*db.Tx) error { runtime.Goexit(); return nil }); err == nil {
					t.Error("acknowledged")
				}
			}()
			for name == "waiting" && d.Waiting() == 0 {
				runtime.Gosched()
			}
			leave()
			<-ended
			if err := <-d.Fatal(); err == nil {
				t.Error("nothing fatal was told")
			}
			if err := d.Write(t.Context(), func(tx *db.Tx) error { return note(t.Context(), tx, 1) }); err == nil {
				t.Error("a write was acknowledged afterwards")
			}
		})
	}
}
