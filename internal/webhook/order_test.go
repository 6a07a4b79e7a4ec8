package webhook_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/webhook"
)

func TestUntriedStatusGoesFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t)
		g := start(t, d, s.URL)
		g.happen(1, "deposit/1", "deposit/1", "deposit/1", event.BalanceSubject(1), event.BalanceSubject(1))
		g.fanOut(noon)
		got := names(g.claim(noon, wall, 10))
		slices.Sort(got)
		if fmt.Sprint(got) != "[deposit/1 v1 project/1/balance v1]" {
			t.Errorf("claimed %v", got)
		}
		if more := g.claim(noon, wall, 10); len(more) != 0 {
			t.Errorf("two of a subject in flight: %v", names(more))
		}
		g.send(noon, wall.Add(lease))
		if got := g.states("deposit/1"); got != "delivered/1 delivered/1 delivered/1" {
			t.Error(got)
		}
		if got := g.states(event.BalanceSubject(1)); got != "delivered/1 delivered/1" {
			t.Error(got)
		}
		var order []string
		for _, l := range s.letters() {
			if version, of := strings.CutPrefix(l.body, "deposit/1 "); of {
				order = append(order, version[:2])
			}
		}
		if fmt.Sprint(order) != "[v1 v2 v3]" {
			t.Errorf("sent in the order %v", order)
		}
	})
}

func TestNewerStatusReplacesOneThatFailedAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, 500)
		g := start(t, d, s.URL)
		g.happen(1, "deposit/1")
		g.send(noon, wall)
		g.happen(1, "deposit/1")
		g.fanOut(noon.Add(time.Second))
		if got := g.states("deposit/1"); got != "superseded/1 pending/0" {
			t.Errorf("after the newer came: %s", got)
		}
		g.send(noon.Add(time.Second), wall)
		if got := g.states("deposit/1"); got != "superseded/1 delivered/1" {
			t.Error(got)
		}
	})
}

func TestStatusThatFailsWithANewerOneWaitingIsSuperseded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, newShop(t, 500, 500).URL)
		g.happen(1, "deposit/1", "deposit/1", "deposit/1")
		g.send(noon, wall)
		if got := g.states("deposit/1"); got != "superseded/1 superseded/1 delivered/1" {
			t.Error(got)
		}
	})
}

func TestStatusThatComesWhileAnOlderIsInFlightWaitsForIt(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{200: "delivered/1 pending/0", 500: "superseded/1 pending/0"} {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			g := start(t, d, newShop(t, code).URL)
			g.happen(1, "deposit/1")
			g.fanOut(noon)
			first := g.one(noon, wall)
			g.happen(1, "deposit/1")
			g.fanOut(noon)
			if more := g.claim(noon, wall, 10); len(more) != 0 {
				t.Errorf("claimed %v", names(more))
			}
			if got := g.states("deposit/1"); got != "pending/0 pending/0" {
				t.Error(got)
			}
			g.attempt(first, noon, wall)
			if got := g.states("deposit/1"); got != want {
				t.Errorf("after %d: %s", code, got)
			}
			if next := g.one(noon, wall); next.Version != 2 {
				t.Errorf("next is version %d", next.Version)
			}
		})
	}
}

func TestRetryInFlightIsNotReplaced(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, 500)
		g := start(t, d, s.URL)
		g.happen(1, "deposit/1")
		g.send(noon, wall)
		later := noon.Add(6 * time.Second)
		retry := g.one(later, wall)
		g.happen(1, "deposit/1")
		g.fanOut(later)
		if got := g.states("deposit/1"); got != "pending/1 pending/0" {
			t.Errorf("during the retry: %s", got)
		}
		g.attempt(retry, later, wall)
		if got := g.states("deposit/1"); got != "delivered/2 pending/0" {
			t.Error(got)
		}
	})
}

func TestNothingIsDueBeforeItsTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, newShop(t, 500, 500).URL)
		if _, ok, err := g.NextDue(t.Context()); ok || err != nil {
			t.Errorf("due without deliveries: %v, %v", ok, err)
		}
		g.happen(1, "deposit/1")
		g.send(noon, wall)
		for _, near := range []time.Duration{5 * time.Second, 5 * time.Minute} {
			due, ok, err := g.NextDue(t.Context())
			if err != nil || !ok || due.Before(noon.Add(near*8/10)) || due.After(noon.Add(near*13/10+10*time.Second)) {
				t.Fatalf("due %v after noon, %v, %v", due.Sub(noon), ok, err)
			}
			if early := g.claim(due.Add(-time.Microsecond), wall.Add(24*time.Hour), 10); len(early) != 0 {
				t.Errorf("claimed too early: %v", names(early))
			}
			g.attempt(g.one(due, wall), due, wall)
		}
		if got := g.states("deposit/1"); got != "delivered/3" {
			t.Error(got)
		}
	})
}

func TestAtMostFourAreInFlightPerHost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		slow, quick := newShop(t), newShop(t)
		g := start(t, d, slow.URL)
		g.project(2, quick.URL)
		for i := range 30 { // all of the slow one are due first
			g.happen(1, fmt.Sprintf("deposit/1%02d", i))
		}
		g.fanOut(noon)
		for i := range 10 {
			g.happen(2, fmt.Sprintf("deposit/2%02d", i))
		}
		g.fanOut(noon.Add(time.Second))
		now := noon.Add(2 * time.Second)
		got := g.claim(now, wall, 5)
		if n := perProject(got); n != [3]int{0, 3, 2} {
			t.Errorf("claimed %v of each project", n)
		}
		rest := g.claim(now, wall, 100)
		if n := perProject(rest); n != [3]int{0, 1, 2} {
			t.Errorf("then claimed %v of each project", n)
		}
		if more := g.claim(now, wall, 100); len(more) != 0 {
			t.Errorf("more in flight: %v", names(more))
		}
		g.attempt(got[0], now, wall)
		if next := g.one(now, wall); next.Project != 1 {
			t.Errorf("the room was taken by project %d", next.Project)
		}
	})
}

func TestClaimsAtOnceKeepTheLimitTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, "http://127.0.0.1:1")
		for i := range 40 {
			g.happen(1, fmt.Sprintf("deposit/%d", i))
		}
		g.fanOut(noon)
		const claims = 12
		begin, got := make(chan struct{}), make(chan []webhook.Delivery, claims)
		for range claims {
			go func() {
				<-begin
				ds, err := g.Claim(t.Context(), noon, wall, 2)
				if err != nil {
					t.Error(err)
				}
				got <- ds
			}()
		}
		close(begin)
		seen := map[int64]bool{}
		for range claims {
			for _, d := range <-got {
				if seen[d.ID] {
					t.Errorf("delivery %d was claimed twice", d.ID)
				}
				seen[d.ID] = true
			}
		}
		if len(seen) != 4 {
			t.Errorf("%d are in flight", len(seen))
		}
	})
}

func perProject(ds []webhook.Delivery) (n [3]int) {
	for _, d := range ds {
		n[d.Project]++
	}
	return n
}

func TestClaimOfACrashedSenderIsTakenAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, 200, 500)
		g := start(t, d, s.URL)
		g.happen(1, "deposit/1")
		g.fanOut(noon)
		frozen := g.one(noon, wall)
		if early := g.claim(noon, wall.Add(5*time.Second), 10); len(early) != 0 {
			t.Error("a claim was taken from a living sender")
		}
		again := g.one(noon, wall.Add(lease))
		if again.ID != frozen.ID {
			t.Fatalf("claimed %d after %d", again.ID, frozen.ID)
		}
		if err := g.Attempt(t.Context(), frozen, noon, wall.Add(lease)); !errors.Is(err, fault.WrongState) || len(s.letters()) != 0 {
			t.Errorf("a lapsed claim sent %d letters: %v", len(s.letters()), err)
		}
		if err := g.Attempt(t.Context(), frozen, noon, wall); !errors.Is(err, fault.WrongState) { // by a clock that is late
			t.Errorf("a lapsed claim wrote its outcome: %v", err)
		}
		if got := g.states("deposit/1"); got != "pending/0" {
			t.Error(got)
		}
		g.attempt(again, noon, wall.Add(lease))
		if got := g.states("deposit/1"); got != "pending/1" {
			t.Error(got)
		}
	})
}

// A clock that was a year ahead for a moment must not keep a notification for a
// year (I22).
func TestClaimByAClockThatWasAheadLapses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, 200)
		g := start(t, d, s.URL)
		g.happen(1, "deposit/1")
		g.fanOut(noon)
		ahead := g.one(noon, wall.Add(365*24*time.Hour))
		again := g.one(noon, wall)
		if again.ID != ahead.ID {
			t.Fatalf("claimed %d after %d", again.ID, ahead.ID)
		}
		g.attempt(again, noon, wall)
		if got := g.states("deposit/1"); got != "delivered/1" || len(s.letters()) != 1 {
			t.Errorf("%s, %d letters", got, len(s.letters()))
		}
	})
}

func TestOneClaimHasOneOutcome(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, newShop(t, 500, 500).URL)
		g.happen(1, "deposit/1")
		g.fanOut(noon)
		claimed := g.one(noon, wall)
		g.attempt(claimed, noon, wall)
		if err := g.Attempt(t.Context(), claimed, noon, wall); !errors.Is(err, fault.WrongState) {
			t.Errorf("a second outcome: %v", err)
		}
		if got := g.states("deposit/1"); got != "pending/1" {
			t.Error(got)
		}
	})
}

func TestCrashedRetryGivesWayToANewerStatus(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, newShop(t, 500).URL)
		g.happen(1, "deposit/1")
		g.send(noon, wall)
		later := noon.Add(6 * time.Second)
		g.one(later, wall) // and nothing more is heard of it
		g.happen(1, "deposit/1")
		g.fanOut(later)
		if next := g.one(later, wall.Add(lease)); next.Version != 2 {
			t.Errorf("version %d is sent", next.Version)
		}
		if got := g.states("deposit/1"); got != "superseded/1 pending/0" {
			t.Error(got)
		}
	})
}
