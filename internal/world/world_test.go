package world_test

import (
	"errors"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/world"
)

func TestTimeTicksWithTheWallAndKeepsItsOffset(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		wall := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		clock := func() time.Time { return wall }
		w, found, err := world.Open(t.Context(), d, clock)
		if err != nil || found {
			t.Fatalf("found %v, %v", found, err)
		}
		birth := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		if err := w.Create(t.Context(), 7, birth); err != nil {
			t.Fatal(err)
		}
		wall = wall.Add(time.Hour)
		if now := w.Now(); !now.Equal(birth.Add(time.Hour)) {
			t.Errorf("an hour later it is %v", now)
		}
		if err := w.Set(t.Context(), birth); !errors.Is(err, fault.WrongState) {
			t.Errorf("set back: %v", err)
		}
		if err := w.Set(t.Context(), birth.Add(100*time.Hour)); err != nil {
			t.Fatal(err)
		}
		wall = wall.Add(time.Hour) // also while the program is stopped
		again, found, err := world.Open(t.Context(), d, clock)
		if err != nil || !found || again.Seed() != 7 || again.Seeded() {
			t.Fatalf("found %v seed %d seeded %v, %v", found, again.Seed(), again.Seeded(), err)
		}
		if now := again.Now(); !now.Equal(birth.Add(101 * time.Hour)) {
			t.Errorf("after a restart it is %v", now)
		}
	})
}

func TestStoppedTimeStandsUntilItIsSetOrResumed(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	wall := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	w, _, err := world.Open(t.Context(), d, func() time.Time { return wall })
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Create(t.Context(), 0, time.Time{}); err != nil {
		t.Fatal(err)
	}
	at := w.Stop()
	wall = wall.Add(time.Minute)
	if !w.Now().Equal(at) {
		t.Error("stopped time ticks")
	}
	if err := w.Set(t.Context(), at.Add(time.Hour)); err != nil || !w.Now().Equal(at.Add(time.Hour)) {
		t.Errorf("%v, %v", w.Now(), err)
	}
	w.Resume()
	wall = wall.Add(time.Second)
	if now := w.Now(); !now.Equal(at.Add(time.Hour + time.Second)) {
		t.Errorf("resumed: %v", now)
	}
}
