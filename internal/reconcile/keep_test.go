package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// covered is a look that could have seen everything.
func covered(reconcile.Drift) bool { return true }

func TestDriftIsCertainWhenSeenTwiceAndGoneWhenNotSeen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := reconcile.New(d, trade.New(d), fleet.New(d, seal.New([32]byte{7})))
		a := reconcile.Drift{Kind: reconcile.OfferUnknown, Subject: "11", Detail: "one"}
		b := reconcile.Drift{Kind: reconcile.OfferUnknown, Subject: "12", Detail: "two"}
		for i, look := range []struct {
			found    []reconcile.Drift
			standing int
			fresh    bool
			certain  int
			open     int
		}{
			{[]reconcile.Drift{a}, 0, true, 0, 1},
			{[]reconcile.Drift{a, b}, 1, true, 1, 2},
			{[]reconcile.Drift{b}, 1, false, 1, 1},
			{nil, 0, false, 0, 0},
			{[]reconcile.Drift{a}, 0, true, 0, 1}, // not the old one
		} {
			standing, fresh, err := s.Keep(t.Context(), bot, look.found, covered, noon.Add(time.Duration(i)*time.Hour))
			if err != nil || standing != look.standing || fresh != look.fresh {
				t.Errorf("look %d: %d stand, fresh %t, %v", i, standing, fresh, err)
			}
			if at, err := s.Compared(t.Context()); err != nil || len(at) != 1 || !at[bot.String()].Equal(noon.Add(time.Duration(i)*time.Hour)) {
				t.Errorf("look %d: compared at %v, %v", i, at, err)
			}
			open, err := s.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			certain := 0
			for _, o := range open {
				if o.Certain() {
					certain++
				}
			}
			if len(open) != look.open || certain != look.certain {
				t.Errorf("look %d: %d open, %d certain: %+v", i, len(open), certain, open)
			}
		}
		open, err := s.Open(t.Context())
		if err != nil || len(open) != 1 || !open[0].FirstSeen.Equal(noon.Add(4*time.Hour)) || open[0].Bot != bot.String() || open[0].Drift != a {
			t.Errorf("%+v, %v", open, err)
		}
	})
}

// A look reads back only so far: of what it did not see it cannot say that it is
// gone, and begins where the one before ended. What is seen as it is now goes
// whenever it is not there.
func TestWhatIsOlderThanALookStaysUntilItIsEnded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := reconcile.New(d, trade.New(d), fleet.New(d, seal.New([32]byte{7})))
		late := []reconcile.Drift{{Kind: reconcile.OfferLate, Subject: "11"}, {Kind: reconcile.TradeUndone, Subject: "21"}}
		look := func(found []reconcile.Drift, now time.Time, shown reconcile.Shown) (open []string) {
			t.Helper()
			if _, _, err := s.Keep(t.Context(), bot, found, reconcile.Covered(reconcile.Kept{}, shown), now); err != nil {
				t.Fatal(err)
			}
			all, err := s.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range all {
				open = append(open, o.Subject)
			}
			return open
		}
		look(append(late, reconcile.Drift{Kind: reconcile.ItemMissing, Subject: "12"}), noon, reconcile.Shown{})
		if open := look(late, noon.Add(time.Hour), reconcile.Shown{}); !slices.Equal(open, []string{"11", "21"}) {
			t.Errorf("%v stand, want the offer and the trade", open)
		}
		later := noon.Add(reconcile.Span + 2*time.Hour)
		if from, err := s.Since(t.Context(), bot, later); err != nil || !from.Equal(noon.Add(time.Hour-reconcile.Span)) {
			t.Errorf("after a pause a look begins at %s, %v", from, err)
		}
		if open := look(nil, later, reconcile.Shown{Trades: []steam.Trade{{ID: "21"}}}); !slices.Equal(open, []string{"11"}) {
			t.Errorf("%v stand, want the offer still", open)
		}
		if err := s.End(t.Context(), reconcile.OfferLate, "11", later); err != nil {
			t.Fatal(err)
		}
		if open := look(nil, later.Add(time.Hour), reconcile.Shown{}); len(open) != 0 {
			t.Errorf("%v stand after the end", open)
		}
	})
}
