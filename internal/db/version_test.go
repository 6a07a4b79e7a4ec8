package db_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// What was read at a version is what anybody reads while the version is that:
// who keeps it shows nobody the past after somebody has seen what came then.
func TestNothingElseIsReadAtAVersion(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	read := map[int64]int{} // version -> what was read at it
	var mu sync.Mutex
	look := func() {
		version, known := d.Version()
		if !known {
			return
		}
		n := count(t, d.Read())
		mu.Lock()
		defer mu.Unlock()
		before, there := read[version]
		after, known := d.Version()
		switch {
		case !known || after != version:
		case !there:
			read[version] = n
		case before != n:
			t.Errorf("at version %d %d rows, then %d", version, before, n)
		}
	}
	var over atomic.Bool
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for !over.Load() {
				look()
			}
		})
	}
	const writes = 400
	for i := range writes {
		if err := d.Write(t.Context(), func(tx *db.Tx) error { return note(t.Context(), tx, i) }); err != nil {
			t.Fatal(err)
		}
		look()
	}
	over.Store(true)
	readers.Wait()
	if len(read) < writes*9/10 {
		t.Errorf("only %d versions were read", len(read))
	}
}
