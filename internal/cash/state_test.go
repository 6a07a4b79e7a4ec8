package cash_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/goldentest"
)

func TestEveryStepInEveryState(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.propose(cash.In, cash.DefaultLimit, "opening")
		for _, direction := range []cash.Direction{cash.In, cash.Out} {
			for _, from := range cash.States() {
				for _, step := range cash.Steps() {
					ref := fmt.Sprint(direction, from, step)
					b := w.reach(direction, from, ref)
					before := w.money()
					after, err := w.take(b.ID, step, "cleo")
					to, may := cash.Next(from, step)
					if may && (err != nil || after.State != to || after.DecidedBy != "cleo") {
						t.Errorf("%s: %+v %v, want %s", ref, after, err, to)
					}
					if !may && (!errors.Is(err, fault.WrongState) || w.find(b.ID) != b || w.money() != before) {
						t.Errorf("%s: %v, and something may have changed", ref, err)
					}
				}
			}
		}
	})
}

// reach makes a booking in a state; payouts need as little as is there.
func (w *world) reach(direction cash.Direction, s cash.State, ref string) cash.Booking {
	w.t.Helper()
	w.ok(w.cash.SetLimit(w.t.Context(), 0))
	b := w.propose(direction, 10, ref)
	switch s {
	case cash.Booked:
		_, err := w.take(b.ID, cash.Approved, "bob")
		w.ok(err)
	case cash.Rejected:
		_, err := w.take(b.ID, cash.Refused, "bob")
		w.ok(err)
	}
	return w.find(b.ID)
}

func (w *world) take(id int64, step cash.Step, by string) (cash.Booking, error) {
	if step == cash.Approved {
		return w.cash.Approve(w.t.Context(), id, by, "seen", w.now)
	}
	return w.cash.Reject(w.t.Context(), id, by, "not ours", w.now)
}

func TestNextFollowsTheTable(t *testing.T) {
	t.Parallel()
	ends, moves := 0, 0
	for _, s := range cash.States() {
		for _, by := range cash.Steps() {
			if to, ok := cash.Next(s, by); ok {
				moves++
				if s.Ended() || !to.Ended() {
					t.Errorf("%s leads from %s to %s", by, s, to)
				}
			}
		}
		if s.Ended() {
			ends++
		}
	}
	if ends != 2 || moves != 2 {
		t.Errorf("%d states end, %d steps are in the table", ends, moves)
	}
	if cash.Begin(5, 5) != cash.Booked || cash.Begin(6, 5) != cash.Proposed {
		t.Error("the limit is not what one person may book")
	}
}

func TestDiagramShowsTheTable(t *testing.T) {
	t.Parallel()
	begin := []string{string(cash.Booked) + ": within the limit", string(cash.Proposed) + ": above the limit"}
	goldentest.File(t, "../../docs/states/cash.md",
		goldentest.Diagram("a booking of money in or out", "internal/cash/state.go", begin, cash.States(), cash.Steps(), cash.Next))
}
