package db_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// An operator's command opens the database of a program that may be running, of
// another version: it says so and changes nothing.
func TestOpenAsIsLeavesTheSchemaAlone(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		migrations := func(change string) (n int) {
			t.Helper()
			d, err := db.Open(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = d.Close() }()
			err = d.Write(t.Context(), func(tx *db.Tx) error {
				if _, err := tx.ExecContext(t.Context(), change); err != nil {
					return err
				}
				return tx.QueryRowContext(t.Context(), "select count(*) from goose_db_version").Scan(&n)
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		try := func() error {
			d, err := db.OpenAsIs(t.Context(), target)
			if err == nil {
				err = d.Close()
			}
			return err
		}
		if err := try(); err == nil {
			t.Error("an empty database was opened")
		}
		all := migrations("delete from goose_db_version where version_id = -1")
		if err := try(); err != nil {
			t.Errorf("its own schema: %v", err)
		}
		migrations("insert into goose_db_version (version_id, is_applied) values (9001, true)")
		if err := try(); !errors.Is(err, db.ErrNewer) || !strings.Contains(err.Error(), "9001") {
			t.Errorf("with a migration that it does not know: %v", err)
		}
		// The table stays: only the line that says so is gone.
		left := migrations("delete from goose_db_version where version_id = 9001 or version_id = 42")
		for range 2 { // the first look changes nothing
			if err := try(); !errors.Is(err, db.ErrOlder) || !strings.HasSuffix(err.Error(), "it lacks 42") {
				t.Errorf("%d of %d migrations: %v", left, all, err)
			}
		}
	})
}
