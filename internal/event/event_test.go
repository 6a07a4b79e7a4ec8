package event_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func add(t *testing.T, d *db.DB, project int64, subject, body string) event.Event {
	t.Helper()
	var e event.Event
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		var err error
		e, err = event.New(d).AppendTx(t.Context(), tx, event.NewEvent{Project: project, Kind: event.DepositChanged,
			Subject: subject, At: noon, Body: map[string]string{"status": body}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEventsAreNumberedPerProjectAndVersionedPerSubject(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, want := range []struct {
			project      int64
			subject      string
			seq, version int64
		}{
			{1, "deposit/1", 1, 1}, {1, "deposit/2", 2, 1}, {2, "deposit/3", 1, 1},
			{1, "deposit/1", 3, 2}, {2, "deposit/3", 2, 2}, {1, "deposit/1", 4, 3},
		} {
			e := add(t, d, want.project, want.subject, "x")
			if e.Seq != want.seq || e.Version != want.version {
				t.Errorf("%s of project %d: seq %d version %d, want %d and %d", want.subject, want.project,
					e.Seq, e.Version, want.seq, want.version)
			}
		}
	})
}

func TestWhatIsReadIsWhatWasAppended(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := event.New(d)
		want := []event.Event{add(t, d, 1, "deposit/1", "<a&b>"), add(t, d, 1, "deposit/1", "★"), add(t, d, 1, "deposit/2", "")}
		if string(want[0].Body) != `{"status":"<a&b>"}` {
			t.Errorf("body %s", want[0].Body)
		}
		got, err := s.Since(t.Context(), 1, 1, 10)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want[1:]) {
			t.Errorf("got %v, want %v", got, want[1:])
		}
		if got, err = s.Since(t.Context(), 1, 0, 2); err != nil || len(got) != 2 || got[1].Seq != 2 {
			t.Errorf("a page of two: %v, %v", got, err)
		}
		if heads, err := s.Heads(t.Context(), []int64{1, 9}); heads[1] != 3 || heads[9] != 0 || err != nil {
			t.Errorf("heads %v, %v", heads, err)
		}
	})
}

func TestIncompleteEventIsRefused(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	full := event.NewEvent{Project: 1, Kind: event.DepositChanged, Subject: "deposit/1", At: noon, Body: 1}
	for name, broken := range map[string]func(*event.NewEvent){
		"project": func(n *event.NewEvent) { n.Project = 0 },
		"kind":    func(n *event.NewEvent) { n.Kind = "" },
		"subject": func(n *event.NewEvent) { n.Subject = "" },
		"time":    func(n *event.NewEvent) { n.At = time.Time{} },
		"body":    func(n *event.NewEvent) { n.Body = func() {} },
	} {
		n := full
		broken(&n)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := event.New(d).AppendTx(t.Context(), tx, n)
			return err
		})
		if err == nil {
			t.Errorf("an event without %s was stored", name)
		}
	}
}

func TestCommitWakesReaders(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	woken := d.Subscribe(event.Topic)
	add(t, d, 1, "deposit/1", "x")
	select {
	case <-woken:
	default:
		t.Error("nobody was woken")
	}
}

func TestCursorMovesOnceFromEachPlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := event.New(d)
		for range 3 {
			add(t, d, 1, "deposit/1", "x")
		}
		add(t, d, 2, "deposit/2", "x")
		first := behind(t, s)
		if fmt.Sprint(first) != "[{1 0 3} {2 0 1}]" {
			t.Fatalf("behind: %v", first)
		}
		if err := advance(t.Context(), d, s, first[0], 2); err != nil {
			t.Fatal(err)
		}
		if err := advance(t.Context(), d, s, first[0], 3); !errors.Is(err, fault.WrongState) {
			t.Errorf("a second move from the start: %v", err)
		}
		next := behind(t, s)
		if fmt.Sprint(next) != "[{1 2 3} {2 0 1}]" {
			t.Fatalf("behind: %v", next)
		}
		for _, c := range next {
			if err := advance(t.Context(), d, s, c, c.Head); err != nil {
				t.Fatal(err)
			}
		}
		if left := behind(t, s); len(left) != 0 {
			t.Errorf("behind: %v", left)
		}
	})
}

func TestOneOfManyReadersMovesTheCursor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := event.New(d)
		add(t, d, 1, "deposit/1", "x")
		c := behind(t, s)[0]
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() { errs <- advance(t.Context(), d, s, c, 1) }()
		}
		won := 0
		for range cap(errs) {
			switch err := <-errs; {
			case err == nil:
				won++
			case !errors.Is(err, fault.WrongState):
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d moved the cursor", won)
		}
	})
}

func behind(t *testing.T, s *event.Service) []event.Cursor {
	t.Helper()
	c, err := s.Behind(t.Context(), "reader")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func advance(ctx context.Context, d *db.DB, s *event.Service, c event.Cursor, to int64) error {
	return d.Write(ctx, func(tx *db.Tx) error { return s.AdvanceTx(ctx, tx, "reader", c, to) })
}

var errAbandoned = errors.New("abandoned")

// Writers append to one project, some give up after they have appended, and a
// reader follows meanwhile: it must never see a number before the one below it.
func TestManyWritersLeaveNoHole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := event.New(d)
		const writers, each, subjects = 16, 40, 5
		var wg sync.WaitGroup
		kept := make([]int, writers)
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					err := d.Write(t.Context(), func(tx *db.Tx) error {
						_, err := s.AppendTx(t.Context(), tx, event.NewEvent{Project: 7, Kind: event.DepositChanged,
							Subject: fmt.Sprintf("deposit/%d", rand.IntN(subjects)), At: noon, Body: i})
						if err == nil && i%5 == 4 {
							err = errAbandoned
						}
						return err
					})
					if err == nil {
						kept[w]++
					} else if !errors.Is(err, errAbandoned) {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		seen := follow(t, s, done)
		total := 0
		for _, n := range kept {
			total += n
		}
		if len(seen) != total {
			t.Fatalf("read %d events, %d were committed", len(seen), total)
		}
		versions := map[string]int64{}
		for i, e := range seen {
			if e.Seq != int64(i)+1 {
				t.Fatalf("event %d has number %d", i, e.Seq)
			}
			if versions[e.Subject]++; e.Version != versions[e.Subject] {
				t.Fatalf("%s has version %d after %d", e.Subject, e.Version, versions[e.Subject]-1)
			}
		}
	})
}

// follow reads until the writers are done and everything is read.
func follow(t *testing.T, s *event.Service, done <-chan struct{}) []event.Event {
	t.Helper()
	var seen []event.Event
	for {
		last := false
		select {
		case <-done:
			last = true
		default:
		}
		page, err := s.Since(t.Context(), 7, int64(len(seen)), 1000)
		if err != nil {
			t.Error(err)
			return seen
		}
		for _, e := range page {
			if e.Seq != int64(len(seen))+1 {
				t.Errorf("number %d came after %d", e.Seq, len(seen))
			}
			seen = append(seen, e)
		}
		if last {
			return seen
		}
	}
}
