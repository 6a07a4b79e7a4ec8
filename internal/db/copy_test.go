package db_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// pairs writes rows two at a time until ctx ends: any moment has an even number.
func pairs(ctx context.Context, d *db.DB) error {
	for i := 0; ctx.Err() == nil; i++ {
		err := d.Write(ctx, func(tx *db.Tx) error {
			for range 2 {
				_, err := tx.ExecContext(ctx, "insert into drift (bot, kind, subject, detail, looks, first_seen, last_seen) values ($1, 'k', $2, $3, 1, 1, 1)",
					fmt.Sprint(i), rand.Text(), strings.Repeat("x", 900))
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

func TestCopyIsOneMomentWhileOthersWrite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "live.db")
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := pairs(ctx, d); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range 5 {
		to := filepath.Join(t.TempDir(), fmt.Sprint("copy", i))
		steps := 0
		progress := func(done, total int64) { // the copy is still open: a write does not wait for it
			steps++
			if err := d.Write(t.Context(), func(*db.Tx) error { return nil }); err != nil {
				t.Error(err)
			}
		}
		if err := db.Copy(t.Context(), path, to, progress); err != nil {
			t.Fatal(err)
		}
		if beside, _ := filepath.Glob(to + "-*"); len(beside) != 0 || steps == 0 {
			t.Errorf("beside the copy: %v; %d steps", beside, steps)
		}
		if err := db.Verify(t.Context(), to); err != nil {
			t.Fatal(err)
		}
		c, err := db.OpenAsIs(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := c.Read().QueryRowContext(t.Context(), "select count(*) from drift").Scan(&n); err != nil || n%2 != 0 {
			t.Errorf("%d rows, %v: not one moment", n, err)
		}
		_ = c.Close()
		if err := db.Copy(t.Context(), path, to, func(int64, int64) {}); err == nil {
			t.Error("a copy was replaced")
		}
	}
	stop()
	wg.Wait()
}

func TestVerifyFindsDamage(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	var path string
	if err := d.Read().QueryRowContext(t.Context(), "select file from pragma_database_list where name = 'main'").Scan(&path); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 4096; at < len(whole); at += 16 * 4096 { // each time one page is gone
		bad := append([]byte(nil), whole...)
		for i := range 4096 {
			bad[at+i] = 0
		}
		damaged := filepath.Join(t.TempDir(), "bad.db")
		if err := os.WriteFile(damaged, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := db.Verify(t.Context(), damaged); err == nil {
			t.Errorf("page %d is gone and nobody saw it", at/4096)
		}
	}
}

func TestIdsJumpOnceAfterARestore(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		open := func() *db.DB {
			d, err := db.Open(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		add := func(d *db.DB) (id int64) {
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				err := tx.QueryRowContext(t.Context(), `insert into trade (reference, owner, bot, partner, token, direction, state, due_at, deadline, created_at)
					values ($1, $1, '', '', '', 'give', 'wanted', 0, 0, 0) returning id`, rand.Text()).Scan(&id)
				if err == nil {
					err = tx.Lift("trade", &id)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		d := open()
		before := add(d)
		for range 2 { // restored twice without a new row between
			if err := d.Write(t.Context(), func(tx *db.Tx) error { return d.JumpIDsTx(t.Context(), tx, db.Stride) }); err != nil {
				t.Fatal(err)
			}
		}
		_ = d.Close()
		d = open()
		defer func() { _ = d.Close() }()
		for i := range int64(3) {
			if got, want := add(d), before+db.Stride+1+i; got != want {
				t.Errorf("id %d, want %d", got, want)
			}
		}
	})
}

// Restored once more, a backup goes on somewhere else than the first time: what
// was given out between is known outside too. So is what a busy gateway gave
// out since the backup.
func TestLeapIsAnotherEachTimeAndLongerThanWhatWasGivenOut(t *testing.T) {
	t.Parallel()
	backup := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	first, second := db.Leap(backup, backup.Add(time.Hour)), db.Leap(backup, backup.Add(25*time.Hour))
	if day := int64(500 * 24 * 60 * 60); first <= db.Stride || second-first <= day {
		t.Errorf("after an hour %d, a day later %d", first, second)
	}
	for _, now := range []time.Time{backup, backup.Add(-time.Hour)} { // a clock may be behind
		if n := db.Leap(backup, now); n != db.Stride {
			t.Errorf("at %v %d", now, n)
		}
	}
	if n := db.Leap(time.Time{}, backup); n != db.Stride {
		t.Errorf("of an empty database %d", n)
	}
}
