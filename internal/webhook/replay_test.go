package webhook_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
)

func TestReplayIsForWhatHasEnded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, 500)
		g := start(t, d, s.URL)
		g.happen(1, "deposit/1")
		g.send(noon, wall)
		g.happen(1, "deposit/1")
		g.fanOut(noon)
		list, err := g.List(t.Context(), 1, 0, 10)
		if err != nil || len(list) != 2 {
			t.Fatal(names(list), err)
		}
		for _, d := range list { // pending and superseded
			if err := g.Replay(t.Context(), 1, d.ID, noon); !errors.Is(err, fault.WrongState) {
				t.Errorf("%s: %v", d.State, err)
			}
		}
		g.send(noon, wall)
		if err := g.Replay(t.Context(), 1, list[0].ID, noon); err != nil {
			t.Fatal(err)
		}
		if err := g.Replay(t.Context(), 2, list[0].ID, noon); !errors.Is(err, fault.NotFound) {
			t.Errorf("replayed by another project: %v", err)
		}
		g.send(noon, wall)
		if got := g.states("deposit/1"); got != "superseded/1 delivered/2" || len(s.letters()) != 3 {
			t.Errorf("%s, %d letters", got, len(s.letters()))
		}
	})
}

// A replayed one is untried: it is not superseded by what was there before it,
// nor by what comes, until it has had its try.
func TestReplayedStatusGetsItsTry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, slices.Repeat([]int{500}, 11)...)
		g := start(t, d, s.URL)
		g.happen(1, "deposit/1")
		now := exhaust(g, noon)
		g.happen(1, "deposit/1")
		g.send(now, wall) // the eleventh letter: version 2 waits for its second try
		list, err := g.OfSubject(t.Context(), "deposit/1")
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Replay(t.Context(), 1, list[0].ID, now); err != nil {
			t.Fatal(err)
		}
		g.happen(1, "deposit/1")
		g.fanOut(now)
		if got := g.states("deposit/1"); got != "pending/10 superseded/1 pending/0" {
			t.Error(got)
		}
		g.send(now, wall)
		if got := g.states("deposit/1"); got != "delivered/11 superseded/1 delivered/1" {
			t.Error(got)
		}
	})
}

func TestFailedOnesAreReplayedByTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, newShop(t, slices.Repeat([]int{500}, 30)...).URL)
		g.happen(1, "deposit/1")
		g.fanOut(noon)
		g.happen(1, "deposit/2")
		g.fanOut(noon.Add(time.Hour))
		g.happen(1, "deposit/3")
		g.fanOut(noon.Add(2 * time.Hour))
		now := exhaust(g, noon.Add(2*time.Hour))
		n, err := g.ReplayFailed(t.Context(), 1, noon.Add(time.Hour), noon.Add(2*time.Hour), now)
		if n != 1 || err != nil {
			t.Errorf("%d replayed, %v", n, err)
		}
		g.send(now, wall)
		if got := g.states("deposit/1") + " " + g.states("deposit/2") + " " + g.states("deposit/3"); got != "failed/10 delivered/11 failed/10" {
			t.Error(got)
		}
	})
}
