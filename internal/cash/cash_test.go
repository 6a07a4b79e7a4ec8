package cash_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

func TestWithinTheLimitOnePersonBooks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		in := w.propose(cash.In, cash.DefaultLimit, "wire-1")
		if in.State != cash.Booked || in.DecidedBy != "ann" || !in.DecidedAt.Equal(noon) || w.find(in.ID) != in {
			t.Errorf("booked %+v, found %+v", in, w.find(in.ID))
		}
		w.wantMoney(1_000_000, 0, -1_000_000, 0)
		w.propose(cash.Out, 250_505, "wire-2")
		w.wantMoney(749_495, 0, -749_495, 250_505)
		if got := w.told(); got != "1000.00 749.495" {
			t.Errorf("told %s", got)
		}
	})
}

func TestAboveTheLimitTwoPeopleAreNeeded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		in := w.propose(cash.In, large, "wire-1")
		if in.State != cash.Proposed || in.DecidedBy != "" || !in.DecidedAt.IsZero() {
			t.Errorf("proposed %+v", in)
		}
		w.wantMoney(0, 0, 0, 0)
		for _, name := range []string{"ann", "Ann", "ANN"} {
			_, err := w.cash.Approve(t.Context(), in.ID, name, "", w.now)
			w.want(err, fault.Forbidden)
		}
		w.wantMoney(0, 0, 0, 0)
		w.now = noon.Add(time.Hour)
		for range 2 { // who repeats himself changes nothing
			b, err := w.cash.Approve(t.Context(), in.ID, "Bob", "seen on the account", w.now)
			w.ok(err)
			if b.State != cash.Booked || b.DecidedBy != "bob" || !b.DecidedAt.Equal(noon.Add(time.Hour)) || b.Reason != "seen on the account" || w.find(in.ID) != b {
				t.Errorf("approved %+v, found %+v", b, w.find(in.ID))
			}
			w.now = w.now.Add(time.Hour)
		}
		w.wantMoney(large, 0, -large, 0)
		_, err := w.cash.Approve(t.Context(), in.ID, "cleo", "", w.now)
		w.want(err, fault.WrongState)
		_, err = w.cash.Reject(t.Context(), in.ID, "bob", "", w.now)
		w.want(err, fault.WrongState)
		_, err = w.cash.Approve(t.Context(), 99, "bob", "", w.now)
		w.want(err, fault.NotFound)
		if got := w.told(); got != large.Text(2) {
			t.Errorf("told %s", got)
		}
	})
}

func TestProposedPayoutCannotBeSpentMeanwhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.propose(cash.In, cash.DefaultLimit, "wire-1")
		w.propose(cash.In, 500_000, "wire-2")
		out := w.propose(cash.Out, large, "payout-1")
		w.wantMoney(499_999, large, -1_500_000, 0)
		_, _, err := w.cash.Propose(t.Context(), proposal(cash.Out, 500_000, "payout-2"), w.now)
		w.want(err, fault.InsufficientBalance)
		w.want(w.ledger.Post(t.Context(), ledger.Transaction{Ref: "spend", Kind: "test", At: w.now, Entries: []ledger.Entry{
			{Account: ledger.Available(shop), Amount: -500_000}, {Account: ledger.Sales, Amount: 500_000}}}), fault.InsufficientBalance)
		_, err = w.cash.Approve(t.Context(), out.ID, "ann", "", w.now)
		w.want(err, fault.Forbidden)
		_, err = w.cash.Approve(t.Context(), out.ID, "bob", "", w.now)
		w.ok(err)
		w.wantMoney(499_999, 0, -499_999, large)
		if got := w.told(); got != "1000.00 1500.00 499.999" {
			t.Errorf("told %s", got)
		}
	})
}

func TestRejectedProposalsMoveNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.propose(cash.In, cash.DefaultLimit, "wire-1")
		w.propose(cash.In, 1, "wire-2")
		in, out := w.propose(cash.In, large, "wire-3"), w.propose(cash.Out, large, "payout-1")
		waiting, err := w.cash.Waiting(t.Context(), shop)
		w.ok(err)
		if all, err := w.cash.Waiting(t.Context(), 0); err != nil || refs(waiting) != "3:wire-3 4:payout-1" || refs(all) != refs(waiting) {
			t.Errorf("waiting %s, %s %v", refs(waiting), refs(all), err)
		}
		for _, id := range []int64{in.ID, out.ID} {
			for range 2 {
				b, err := w.cash.Reject(t.Context(), id, "ann", "typing error", w.now) // also who proposed it
				w.ok(err)
				if b.State != cash.Rejected || b.Reason != "typing error" {
					t.Errorf("rejected %+v", b)
				}
			}
		}
		w.wantMoney(large, 0, -large, 0)
		if got := w.told(); got != "1000.00 1000.001 0.00 1000.001" {
			t.Errorf("told %s", got)
		}
		if waiting, err = w.cash.Waiting(t.Context(), shop); err != nil || len(waiting) != 0 {
			t.Errorf("waiting %v %v", waiting, err)
		}
	})
}

func TestReferenceBooksOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		first := w.propose(cash.In, 700, "wire-1")
		again := proposal(cash.In, 700, "wire-1")
		again.By, again.Note = "bob", "once more"
		b, replayed, err := w.cash.Propose(t.Context(), again, noon.Add(time.Hour))
		if err != nil || !replayed || b != first {
			t.Errorf("again: %+v %v %v", b, replayed, err)
		}
		for _, p := range []cash.Proposal{proposal(cash.In, 701, "wire-1"), proposal(cash.Out, 700, "wire-1")} {
			_, _, err := w.cash.Propose(t.Context(), p, w.now)
			w.want(err, fault.IdempotencyMismatch)
		}
		theirs := proposal(cash.In, 5, "wire-1")
		theirs.Project = other
		if b, replayed, err := w.cash.Propose(t.Context(), theirs, w.now); err != nil || replayed || b.Seq != 1 {
			t.Errorf("another project's: %+v %v %v", b, replayed, err)
		}
		gone := w.propose(cash.In, large, "wire-2")
		_, err = w.cash.Reject(t.Context(), gone.ID, "bob", "", w.now)
		w.ok(err)
		_, _, err = w.cash.Propose(t.Context(), proposal(cash.In, large, "wire-2"), w.now)
		w.want(err, fault.Duplicate)
		w.wantMoney(700, 0, -705, 0)
	})
}

func TestRacedBookingsAreBookedOnceAndNumberedWithoutHoles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		race(t, 24, func(i int) error {
			at := noon.Add(time.Duration(i%5) * -time.Hour) // clocks differ
			_, _, err := w.cash.Propose(t.Context(), proposal(cash.In, 100, fmt.Sprint("wire-", i%6)), at)
			return err
		})
		w.wantMoney(600, 0, -600, 0)
		p, err := w.cash.History(t.Context(), shop, time.Time{}, noon.Add(time.Hour), 0, 100)
		w.ok(err)
		if p.Total != 6 || len(p.Bookings) != 6 || p.More {
			t.Fatalf("history %+v", p)
		}
		for i, b := range p.Bookings {
			if b.Seq != int64(6-i) || i > 0 && b.CreatedAt.After(p.Bookings[i-1].CreatedAt) {
				t.Errorf("booking %d: %+v", i, b)
			}
		}
		w.propose(cash.In, 1000, "more")
		good := race(t, 24, func(i int) error { // 1600 is there
			_, _, err := w.cash.Propose(t.Context(), proposal(cash.Out, 300, fmt.Sprint("payout-", i)), w.now)
			return err
		})
		if good != 5 {
			t.Errorf("%d payouts of 300 out of 1600", good)
		}
		w.wantMoney(100, 0, -100, 1500)
	})
}

func TestDecisionsRacedLeaveOneWinner(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.ok(w.cash.SetLimit(t.Context(), 0))
		in := w.propose(cash.In, 10_000, "wire")
		_, err := w.cash.Approve(t.Context(), in.ID, "bob", "", w.now)
		w.ok(err)
		for round := range 6 {
			b := w.propose(cash.Out, 100, fmt.Sprint("payout-", round))
			good := race(t, 12, func(i int) error {
				step := cash.Approved
				if i%2 == 0 {
					step = cash.Refused
				}
				_, err := w.take(b.ID, step, fmt.Sprint("operator-", i))
				return err
			})
			if good != 1 {
				t.Errorf("%d decisions", good)
			}
		}
		if m := w.money(); m[0]+m[3] != 10_000 || m[1] != 0 || m[2] != m[3]-10_000 {
			t.Errorf("money %v", m)
		}
	})
}

func TestOddProposalsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.SQLite(t))
	for name, change := range map[string]func(*cash.Proposal){
		"no direction":      func(p *cash.Proposal) { p.Direction = "sideways" },
		"nothing":           func(p *cash.Proposal) { p.Amount = 0 },
		"negative":          func(p *cash.Proposal) { p.Amount = -1 },
		"too much":          func(p *cash.Proposal) { p.Amount = money.Max + 1 },
		"no reference":      func(p *cash.Proposal) { p.Ref = "" },
		"long reference":    func(p *cash.Proposal) { p.Ref = strings.Repeat("x", 256) },
		"control character": func(p *cash.Proposal) { p.Ref = "a\nb" },
		"not UTF-8":         func(p *cash.Proposal) { p.Note = "\xff" },
		"long note":         func(p *cash.Proposal) { p.Note = strings.Repeat("ü", 501) },
		"nobody":            func(p *cash.Proposal) { p.By = "" },
		"look-alike":        func(p *cash.Proposal) { p.By = "аnn" }, // Cyrillic а
		"two words":         func(p *cash.Proposal) { p.By = "ann lee" },
		"long name":         func(p *cash.Proposal) { p.By = strings.Repeat("a", 65) },
	} {
		p := proposal(cash.In, 5, "r")
		change(&p)
		if _, _, err := w.cash.Propose(t.Context(), p, w.now); err == nil {
			t.Errorf("%s: booked", name)
		} else if code, detail := fault.Of(err); code != fault.InvalidRequest || detail == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := proposal(cash.In, 5, "r")
	p.Project = 9
	_, _, err := w.cash.Propose(t.Context(), p, w.now)
	w.want(err, fault.NotFound)
	_, err = w.cash.Approve(t.Context(), 1, "а", "", w.now)
	w.want(err, fault.InvalidRequest)
	w.wantMoney(0, 0, 0, 0)
}

func TestLimitIsASettingOfAllProcesses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		second := cash.New(w.cash.Deps)
		if m, err := w.cash.Limit(t.Context()); err != nil || m != cash.DefaultLimit {
			t.Errorf("limit %s %v", m, err)
		}
		waits := w.propose(cash.In, large, "before")
		w.ok(second.SetLimit(t.Context(), large))
		if m, err := w.cash.Limit(t.Context()); err != nil || m != large {
			t.Errorf("limit %s %v", m, err)
		}
		if b := w.propose(cash.In, large, "after"); b.State != cash.Booked {
			t.Errorf("within the new limit: %s", b.State)
		}
		if b := w.find(waits.ID); b.State != cash.Proposed {
			t.Errorf("what waited is %s", b.State)
		}
		w.want(second.SetLimit(t.Context(), -1), fault.InvalidRequest)
	})
}

func TestHistoryShowsAStretchOfTimePageByPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for i := range 6 {
			w.now = noon.Add(time.Duration(i) * time.Minute)
			if i == 4 {
				w.now = noon // a clock that went back
			}
			w.propose(cash.In, 100, fmt.Sprint("r", i+1))
		}
		for _, c := range []struct {
			from, to int // minutes after noon
			before   int64
			most     int
			want     string
			total    int64
			more     bool
		}{
			{-9, 99, 0, 9, "6:r6 5:r5 4:r4 3:r3 2:r2 1:r1", 6, false},
			{-9, 99, 0, 4, "6:r6 5:r5 4:r4 3:r3", 6, true},
			{-9, 99, 3, 4, "2:r2 1:r1", 6, false},
			{-9, 99, 3, 2, "2:r2 1:r1", 6, false},
			{-9, 99, 1, 2, "", 6, false},
			{-9, 99, 77, 1, "6:r6", 6, true},
			{1, 4, 0, 9, "5:r5 4:r4 3:r3 2:r2", 4, false}, // the fifth has the time of the fourth
			{1, 3, 0, 1, "3:r3", 2, true},
			{1, 3, 3, 1, "2:r2", 2, false},
			{3, 3, 0, 9, "", 0, false},
			{4, 1, 0, 9, "", 0, false},
			{-9, 0, 0, 9, "", 0, false},
			{50, 99, 0, 9, "", 0, false},
		} {
			at := func(m int) time.Time { return noon.Add(time.Duration(m) * time.Minute) }
			p, err := w.cash.History(t.Context(), shop, at(c.from), at(c.to), c.before, c.most)
			if err != nil || refs(p.Bookings) != c.want || p.Total != c.total || p.More != c.more {
				t.Errorf("%+v: %s, %d, %v %v", c, refs(p.Bookings), p.Total, p.More, err)
			}
		}
	})
}
