package db_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

func TestOpenTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		for i := range 3 {
			d, err := db.Open(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			if got := addNote(t, d, i); got != i+1 {
				t.Errorf("%d rows after opening %d times", got, i+1)
			}
			for range 2 { // closing twice is harmless
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestManyOpenAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		n := 3
		if !db.IsPostgres(target) { // a file belongs to one process, which opens it once
			n = 1
		}
		errs := make(chan error, n)
		for range n {
			go func() {
				d, err := db.Open(t.Context(), target)
				if err == nil {
					err = d.Close()
				}
				errs <- err
			}()
		}
		for range n {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestWeakDurabilityIsRefused(t *testing.T) {
	t.Parallel()
	good := "_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=foreign_keys(1)"
	if err := db.CheckPragmas(t, good); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		strings.Replace(good, "wal", "delete", 1),
		strings.Replace(good, "full", "normal", 1),
		strings.Replace(good, "foreign_keys(1)", "foreign_keys(0)", 1),
		strings.ReplaceAll(good, "_pragma", "pragma"), // what the driver does not know it ignores
	} {
		if err := db.CheckPragmas(t, bad); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
	for version, old := range map[string]bool{"3.51.2": true, "3.51.3": false, "3.54.1": false,
		"4.0.0": false, "3.9.9": true, "2.99.99": true, "": true, "x": true} {
		if db.OlderThan(version) != old {
			t.Errorf("%q older than 3.51.3: %v", version, !old)
		}
	}
}

func TestWeakDurabilityIsRefusedByTheServer(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		if !db.IsPostgres(target) {
			return // as above
		}
		if _, err := db.Open(t.Context(), target+"&synchronous_commit=off"); err == nil ||
			!strings.Contains(err.Error(), "synchronous_commit") {
			t.Errorf("got %v", err)
		}
	})
}

func TestWhatIsNoDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{path, t.TempDir(), "postgres://127.0.0.1:1/none?sslmode=disable&connect_timeout=1"} {
		if d, err := db.Open(t.Context(), target); err == nil {
			t.Errorf("%s was opened", target)
			_ = d.Close()
		}
	}
}

func TestOddFileNamesWork(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "50%.db", "what?.db", "a#b.db", "x&_pragma=y.db", "ü.db"} {
		path := filepath.Join(t.TempDir(), "new folder", name)
		d, err := db.Open(t.Context(), path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
}
