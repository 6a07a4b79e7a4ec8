package memory_test

import (
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/memory"
)

func open(t *testing.T, name string) *db.DB {
	t.Helper()
	d, err := db.OpenVolatile(t.Context(), name, memory.Driver, memory.VFS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func add(t *testing.T, d *db.DB, names ...string) {
	t.Helper()
	for _, n := range names {
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "insert into protected_app (app) values ($1)", n)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func apps(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := d.Read().QueryRowContext(t.Context(), "select count(*) from protected_app").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFileSetBackIsSeenByOpenConnections reads at each number of changes that the
// file had before it was set back: pages that a connection has kept must not pass
// for the new ones.
func TestFileSetBackIsSeenByOpenConnections(t *testing.T) {
	t.Parallel()
	const name = "set-back"
	memory.Put(name, nil)
	t.Cleanup(func() { memory.Remove(name) })
	d := open(t, name)
	add(t, d, "1")
	before := memory.Data(name)
	for round := range 4 {
		for i := range 5 {
			add(t, d, string(rune('2'+i)))
			if i >= round && apps(t, d) != 2+i {
				t.Fatalf("round %d: %d rows after %d writes", round, apps(t, d), i+1)
			}
		}
		memory.Put(name, before)
		if round%2 == 0 && apps(t, d) != 1 {
			t.Fatalf("round %d: %d rows after the file was set back", round, apps(t, d))
		}
	}
}

func TestCommittedIsThereWhenOpenedAgain(t *testing.T) {
	t.Parallel()
	const name = "again"
	memory.Put(name, nil)
	t.Cleanup(func() { memory.Remove(name) })
	d := open(t, name)
	add(t, d, "1", "2")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if n := apps(t, open(t, name)); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestFileThatWasNotPutIsNotMade(t *testing.T) {
	t.Parallel()
	memory.Put("registers", nil)
	if _, err := db.OpenVolatile(t.Context(), "nowhere", memory.Driver, memory.VFS); err == nil {
		t.Error("it was opened")
	}
}
