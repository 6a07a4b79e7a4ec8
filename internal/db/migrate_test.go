package db_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// Who reads a table for long, such as a dump or an audit, keeps a change of it
// waiting. Those who work on the table meanwhile do not wait behind the change.
func TestAChangeOfTheSchemaKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		if !db.IsPostgres(target) {
			return // whose changes of the schema wait for no reader
		}
		serving, err := db.Open(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = serving.Close() }()
		run := func(query string) error {
			return serving.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), query)
				return err
			})
		}
		// One change of the schema is still to come.
		for _, q := range []string{"delete from goose_db_version where version_id = 54", "alter table bot drop column duty_at"} {
			if err := run(q); err != nil {
				t.Fatal(err)
			}
		}
		dump, err := pgx.Connect(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = dump.Close(context.Background()) }()
		if _, err := dump.Exec(t.Context(), "begin; lock table bot in access share mode"); err != nil {
			t.Fatal(err)
		}
		upgraded := make(chan error, 1)
		go func() {
			d, err := db.Open(t.Context(), target)
			if err == nil {
				err = d.Close()
			}
			upgraded <- err
		}()
		for range 2 {
			for waits := 0; waits == 0; { // the change, for the table
				if err := serving.Read().QueryRowContext(t.Context(), `select count(*) from pg_locks
					where relation = 'bot'::regclass and mode = 'AccessExclusiveLock' and not granted`).Scan(&waits); err != nil {
					t.Fatal(err)
				}
			}
			var n int
			if err := serving.Read().QueryRowContext(t.Context(), "select count(*) from bot").Scan(&n); err != nil {
				t.Errorf("a read while the change waits: %v", err)
			}
			if err := run("update bot set persona = persona"); err != nil {
				t.Errorf("a write while the change waits: %v", err)
			}
		}
		select {
		case err := <-upgraded:
			t.Errorf("the change did not wait: %v", err)
		default:
		}
		if err := dump.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-upgraded; err != nil {
			t.Errorf("the change, once the reader has ended: %v", err)
		}
		if err := run("update bot set duty_at = 1"); err != nil {
			t.Error(err)
		}
	})
}
