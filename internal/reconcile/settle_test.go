package reconcile_test

import (
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/trade"
)

// What a person has settled is not told again, whatever later looks see.
func TestSettledDriftsStaySettled(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := reconcile.New(d, trade.New(d), fleet.New(d, nil))
		late := reconcile.Drift{Kind: reconcile.OfferLate, Subject: "7000000044"}
		other := reconcile.Drift{Kind: reconcile.TradeUndone, Subject: "7000000044"}
		look := func(at time.Time, want int) {
			t.Helper()
			found, err := s.Unsettled(t.Context(), []reconcile.Drift{late, other})
			if err == nil {
				_, _, err = s.Keep(t.Context(), bot, found, covered, at)
			}
			if err != nil {
				t.Fatal(err)
			}
			if open, err := s.Open(t.Context()); err != nil || len(open) != want {
				t.Errorf("%d open, want %d: %v", len(open), want, err)
			}
		}
		look(noon, 2)
		word := reconcile.Settlement{Kind: late.Kind, Subject: late.Subject, By: "ann", Note: "paid in"}
		for _, stood := range []int64{1, 0} {
			if n, err := s.Settle(t.Context(), noon, word); n != stood || err != nil {
				t.Errorf("%d stood, %v", n, err)
			}
		}
		if open, err := s.Open(t.Context()); err != nil || len(open) != 1 || open[0].Kind != other.Kind {
			t.Errorf("%+v, %v", open, err)
		}
		look(noon.Add(time.Hour), 1)
		if _, err := s.Settle(t.Context(), noon, reconcile.Settlement{Kind: other.Kind, Subject: other.Subject, By: "ann"}); err == nil {
			t.Error("settled without a reason")
		}
	})
}
