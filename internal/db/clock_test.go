package db_test

import (
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// Two processes whose clocks are apart by anything share the server's; one that
// jumps is set right (F8).
func TestProcessesShareTheServersClock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.SyncClock(t.Context()); err != nil {
			t.Fatal(err)
		}
		const near = 10 * time.Second                                        // a question may take long on a busy machine
		apart := func() time.Duration { return time.Since(d.Clock()).Abs() } // the server runs on this machine
		if apart() > near {
			t.Errorf("apart by %v", apart())
		}
		if d.Engine() == db.SQLite {
			return
		}
		for _, skew := range []time.Duration{5 * time.Minute, -5 * time.Minute, 366 * 24 * time.Hour, -366 * 24 * time.Hour} {
			d.Skew(skew)
			if apart() < time.Minute {
				t.Fatalf("the clock did not jump by %v", skew)
			}
			if err := d.SyncClock(t.Context()); err != nil {
				t.Fatal(err)
			}
			if apart() > near {
				t.Errorf("still apart by %v after a jump by %v", apart(), skew)
			}
		}
		was := d.Clock()
		for range 20 { // what asking takes moves nothing
			if err := d.SyncClock(t.Context()); err != nil {
				t.Fatal(err)
			}
			if now := d.Clock(); now.Before(was) {
				t.Fatalf("time went back from %v to %v", was, now)
			} else {
				was = now
			}
		}
	})
}
