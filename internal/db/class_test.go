package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

func TestErrorClassIsToldByCode(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addNote(t, d, 1)
		const hold = "insert into hold (id, from_account, to_account, amount, not_before, state, opened_at) values "
		for statement, want := range map[string]db.ErrorClass{
			"insert into account (path, overdraft) values ('note/1', true)":                     db.Unique,
			"insert into account (id, path, overdraft) values (1, 'x', true)":                   db.Unique,
			hold + "('a', 1, 1, 5, 0, 'open', 1), ('a', 1, 1, 5, 0, 'open', 1)":                 db.Unique,
			"insert into entry (transaction_id, line, account_id, amount) values (77, 1, 1, 1)": db.ForeignKey,
			hold + "('a', 1, 1, 0, 0, 'open', 1)":                                               db.Check,
			hold + "('a', 1, 1, 5, 0, 'ajar', 1)":                                               db.Check,
			"insert into account (path, overdraft, balance) values ('x', false, -1)":            db.Check,
			"insert into account (path) values (null)":                                          db.Other,
			"insert into nowhere (path) values (1)":                                             db.Other,
		} {
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), statement)
				return err
			})
			if err == nil {
				t.Errorf("%s: no error", statement)
			}
			if got := db.Class(fmt.Errorf("wrapped: %w", err)); got != want {
				t.Errorf("%s: class %d, want %d: %v", statement, got, want, err)
			}
			if db.IsUnique(err) != (want == db.Unique) {
				t.Errorf("%s: IsUnique is %v", statement, db.IsUnique(err))
			}
		}
	})
	if db.Class(nil) != db.Other || db.Class(errors.New("UNIQUE constraint failed")) != db.Other {
		t.Error("an error's text made a class")
	}
}

// What SQLite's one writer cannot meet: two writes that wait for each other.
func TestDeadlockIsRetried(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addNote(t, d, 1)
		addNote(t, d, 2)
		var tries atomic.Int32
		both := make(chan struct{})
		lock := func(first, second int) error {
			return d.Write(t.Context(), func(tx *db.Tx) error {
				if err := add(t.Context(), tx, first); err != nil {
					return err
				}
				if n := tries.Add(1); d.Engine() == db.Postgres && n <= 2 {
					if n == 2 {
						close(both)
					}
					<-both // each now holds what the other wants
				}
				return add(t.Context(), tx, second)
			})
		}
		done := make(chan error)
		go func() { done <- lock(1, 2) }()
		go func() { done <- lock(2, 1) }()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		var sum int
		if err := d.Read().QueryRowContext(t.Context(), "select sum(balance) from account").Scan(&sum); err != nil || sum != 1+2+4 {
			t.Errorf("sum %d, %v", sum, err)
		}
		if d.Engine() == db.Postgres && tries.Load() < 3 {
			t.Errorf("%d tries: there was no deadlock", tries.Load())
		}
	})
}

func add(ctx context.Context, tx *db.Tx, i int) error {
	_, err := tx.ExecContext(ctx, "update account set balance = balance + 1 where path = $1", fmt.Sprint("note/", i))
	return err
}

func TestRefusedCommitIsNotUnknown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addNote(t, d, 1)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			_ = note(t.Context(), tx, 1) // taken; PostgreSQL will not commit after that
			return nil
		})
		if d.Engine() == db.Postgres && err == nil || errors.Is(err, db.ErrCommitUnknown) {
			t.Errorf("got %v", err)
		}
		if n := count(t, d.Read()); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}
