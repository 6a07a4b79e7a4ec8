package fleet_test

import (
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
)

// TestWhatIsAsItWasIsNotWritten: a bot looks at its items and at itself with
// every step; only news may cost a commit.
func TestWhatIsAsItWasIsNotWritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := fleet.New(d, seal.New([32]byte{9}))
		price := money.Amount(5)
		s.Value(func(steam.AppID, string) (money.Amount, bool) { return price, true })
		b := newBot(1)
		if err := s.Add(t.Context(), b, noon); err != nil {
			t.Fatal(err)
		}
		held := item("1")
		locked := held
		locked.Tradable = false
		items := func(list ...steam.Item) func() error {
			return func() error { return s.SyncItems(t.Context(), b.ID, steam.CS2, steam.ContextMain, list, noon) }
		}
		count := func(list ...steam.Item) func() error {
			return func() error { return s.CountItems(t.Context(), b.ID, steam.CS2, "16", list) }
		}
		report := func(st fleet.State) func() error {
			return func() error { return s.ReportState(t.Context(), b.ID, st, noon) }
		}
		writes := 0
		d.Interpose(func(write func(func(*db.Tx) error) error, f func(*db.Tx) error) error {
			writes++
			return write(f)
		})
		defer d.Interpose(nil)
		for i, step := range []struct {
			what string
			do   func() error
			want int
		}{
			{"first items", items(held), 1},
			{"the same items", items(held), 0},
			{"an item that can no longer be traded", items(locked), 1},
			{"another item", items(item("2")), 1},
			{"one more", items(item("2"), held), 1},
			{"the same in another order", items(held, item("2")), 0},
			{"none left", items(), 1},
			{"none still", items(), 0},
			{"a first count", count(held), 1},
			{"the same count", count(held), 0},
			{"another count", count(), 1},
			{"a new health", report(fleet.State{Health: fleet.Full, Note: "n"}), 1},
			{"the same health", report(fleet.State{Health: fleet.Full, Note: "n"}), 0},
			{"another note", report(fleet.State{Health: fleet.Full, Note: "m"}), 1},
			{"another end", report(fleet.State{Health: fleet.Full, Note: "m", Until: noon}), 1},
			{"items to be dearer", items(held), 1},
		} {
			writes = 0
			if err := step.do(); err != nil || writes != step.want {
				t.Errorf("%d, %s: %d writes, want %d: %v", i, step.what, writes, step.want, err)
			}
		}
		price, writes = 6, 0
		if err := items(held)(); err != nil || writes != 1 {
			t.Errorf("another price: %d writes, want 1: %v", writes, err)
		}
	})
}
