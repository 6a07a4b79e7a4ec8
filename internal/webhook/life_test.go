package webhook_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/webhook"
)

func TestRepeatsSendTheSameBytesAlsoAfterARestart(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		s := newShop(t, 500, 500)
		now := noon
		for run := range 3 {
			d, err := db.Open(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			g := open(t, d, encoder{})
			if run == 0 {
				g.project(1, s.URL)
				g.happen(1, "deposit/1")
			}
			g.send(now, wall)
			if due, ok, err := g.NextDue(t.Context()); ok {
				now = due
			} else if err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
		heard := s.letters()
		if len(heard) != 3 {
			t.Fatalf("%d letters", len(heard))
		}
		for _, l := range heard[1:] {
			if l.body != heard[0].body || l.header.Get("Webhook-Id") != heard[0].header.Get("Webhook-Id") {
				t.Errorf("%q after %q", l, heard[0])
			}
		}
	})
}

func TestSettingOfAnotherProcessIsInForceForWhatComesAfter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t)
		g := start(t, d, "")
		g.happen(1, "deposit/1")
		g.fanOut(noon) // remembers the project without endpoints

		other := open(t, d, encoder{})
		p, err := other.merchants.Project(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		p.ResultURL, p.EventsURL = s.URL+"/result", s.URL+"/events"
		if err := other.merchants.Update(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		g.happen(1, "deposit/2")
		g.send(noon, wall)
		if heard := s.letters(); len(heard) != 1 {
			t.Errorf("%d letters, want the one of the event after the change", len(heard))
		}
	})
}

func TestTenTriesAndNoMore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, slices.Repeat([]int{502}, 11)...)
		g := start(t, d, s.URL)
		g.happen(1, "deposit/1")
		now := exhaust(g, noon)
		if took := now.Sub(noon); took < 60*time.Hour || took > 92*time.Hour {
			t.Errorf("gave up after %v", took)
		}
		if got := g.states("deposit/1"); got != "failed/10" || len(s.letters()) != 10 {
			t.Errorf("%s after %d letters", got, len(s.letters()))
		}
		list, n, err := g.Undelivered(t.Context(), 1, webhook.Result, 0, 10)
		if err != nil || n != 1 || len(list) != 1 || list[0].LastCode != 502 || list[0].EndedAt.IsZero() {
			t.Fatalf("undelivered: %d %+v, %v", n, list, err)
		}
		if err := g.Replay(t.Context(), 1, list[0].ID, now); err != nil {
			t.Fatal(err)
		}
		g.send(now, wall) // the eleventh fails as well, and begins the schedule anew
		if got := g.states("deposit/1"); got != "pending/11" {
			t.Error(got)
		}
		if due, ok, err := g.NextDue(t.Context()); !ok || err != nil || due.Sub(now) > 10*time.Second {
			t.Errorf("due in %v, %v, %v", due.Sub(now), ok, err)
		}
		g.send(now.Add(10*time.Second), wall)
		if got := g.states("deposit/1"); got != "delivered/12" {
			t.Error(got)
		}
		if _, n, err := g.Undelivered(t.Context(), 1, webhook.Result, 0, 10); n != 0 || err != nil {
			t.Errorf("%d undelivered, %v", n, err)
		}
	})
}

// exhaust follows the due times until nothing is due any more.
func exhaust(g gateway, now time.Time) time.Time {
	g.t.Helper()
	for {
		g.send(now, wall)
		due, ok, err := g.NextDue(g.t.Context())
		if err != nil {
			g.t.Fatal(err)
		}
		if !ok {
			return now
		}
		now = due
	}
}

func TestUndeliveredShowsFromTheFirstFailureToTheEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, newShop(t, 500, 500, 404, 200).URL)
		g.happen(1, "deposit/1", "deposit/2", "deposit/3", "deposit/4")
		shown := func(before int64) (ids []string) {
			list, n, err := g.Undelivered(t.Context(), 1, webhook.Result, before, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range list {
				ids = append(ids, fmt.Sprintf("%s %d", d.Subject, d.LastCode))
			}
			return append(ids, fmt.Sprint(n))
		}
		g.fanOut(noon)
		if got := fmt.Sprint(shown(0)); got != "[0]" {
			t.Errorf("before the first try: %s", got)
		}
		g.send(noon, wall)
		if got := fmt.Sprint(shown(0)); got != "[deposit/3 404 deposit/2 500 3]" {
			t.Errorf("after the first try: %s", got)
		}
		third, err := g.OfSubject(t.Context(), "deposit/2")
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(shown(third[0].ID)); got != "[deposit/1 500 3]" {
			t.Errorf("the second page: %s", got)
		}
		g.happen(1, "deposit/1")
		g.fanOut(noon) // supersedes
		g.send(noon.Add(6*time.Second), wall)
		if got := fmt.Sprint(shown(0)); got != "[0]" {
			t.Errorf("in the end: %s", got)
		}
	})
}

func TestWithoutAnEndpointNothingIsSent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, "")
		g.happen(1, "deposit/1")
		g.fanOut(noon)
		if got := g.states("deposit/1"); got != "" {
			t.Error(got)
		}
		if left, err := g.events.Behind(t.Context(), "webhook"); len(left) != 0 || err != nil {
			t.Errorf("behind %v, %v", left, err)
		}
	})
}

func TestEventThatCannotBeEncodedStopsItsProjectOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := open(t, d, encoder{broken: func(e event.Event) error {
			if e.Subject == "deposit/2" {
				return errOurs
			}
			return nil
		}})
		s := newShop(t)
		g.project(1, s.URL)
		g.project(2, s.URL)
		g.happen(1, "deposit/1", "deposit/2", "deposit/3")
		g.happen(2, "deposit/4")
		for _, first := range []bool{true, false} {
			if worked, err := g.FanOut(t.Context(), noon); worked != first || !errors.Is(err, errOurs) {
				t.Errorf("worked %v, %v", worked, err)
			}
		}
		got := names(g.claim(noon, wall, 10))
		slices.Sort(got)
		if fmt.Sprint(got) != "[deposit/1 v1 deposit/4 v1]" {
			t.Errorf("due: %v", got)
		}
		mended := open(t, d, encoder{})
		mended.fanOut(noon)
		mended.send(noon, wall)
		if got := mended.states("deposit/2") + " " + mended.states("deposit/3"); got != "delivered/1 delivered/1" {
			t.Error(got)
		}
	})
}

// However many projects are stopped, with however much behind it: they do not
// take the places of the others.
func TestStoppedProjectsTakeNoPlaces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := open(t, d, encoder{broken: func(e event.Event) error {
			if e.Project < 9 {
				return errOurs
			}
			return nil
		}})
		s := newShop(t)
		for project := int64(1); project <= 9; project++ {
			g.project(project, s.URL)
			all := make([]string, 100)
			for i := range all {
				all[i] = fmt.Sprintf("deposit/%d00%d", project, i)
			}
			g.happen(project, all...)
		}
		if worked, err := g.FanOut(t.Context(), noon); !worked || !errors.Is(err, errOurs) {
			t.Errorf("worked %v, %v", worked, err)
		}
		if got := g.claim(noon, wall, 1); len(got) != 1 || got[0].Project != 9 {
			t.Errorf("due: %v", got)
		}
	})
}

func TestWhatIsSentVerifiesWithASecretInForce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, 500, 500, 500)
		g := start(t, d, s.URL)
		before, err := g.merchants.Secrets(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		g.happen(1, "deposit/1")
		next := func() string {
			t.Helper()
			due := noon
			g.fanOut(noon)
			if at, ok, err := g.NextDue(t.Context()); !ok || err != nil {
				t.Fatal(err)
			} else if at.After(due) {
				due = at
			}
			g.send(due, wall)
			return s.letters()[len(s.letters())-1].body
		}
		text := `deposit/1 v1 "x"`
		old := text + " " + sign(before.Client, text)
		if got := next(); got != old {
			t.Errorf("at first %q", got)
		}
		during, err := g.merchants.Rotate(t.Context(), 1, merchant.Client, noon)
		if err != nil {
			t.Fatal(err)
		}
		if got := next(); got != old {
			t.Errorf("during the rotation %q", got)
		}
		if err := g.merchants.Retire(t.Context(), 1, merchant.Client); err != nil {
			t.Fatal(err)
		}
		fresh := text + " " + sign(during.Client, text)
		for range 2 {
			if got := next(); got != fresh {
				t.Errorf("after the rotation %q, want %q", got, fresh)
			}
		}
		ds, err := g.OfSubject(t.Context(), "deposit/1")
		if err != nil || string(ds[0].Body) != fresh {
			t.Errorf("stored %q, %v", ds[0].Body, err)
		}
	})
}

// A key that is gone and an endpoint that is gone: nothing may be sent under
// the old signature, so the delivery ends as failed.
func TestNothingIsSentUnderARetiredSecret(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s := newShop(t)
	g := start(t, d, s.URL)
	g.happen(1, "deposit/1")
	g.fanOut(noon)
	if _, err := g.merchants.Rotate(t.Context(), 1, merchant.Client, noon); err != nil {
		t.Fatal(err)
	}
	p, err := g.merchants.Project(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	p.ResultURL = ""
	if err := errors.Join(g.merchants.Retire(t.Context(), 1, merchant.Client), g.merchants.Update(t.Context(), p)); err != nil {
		t.Fatal(err)
	}
	g.send(noon, wall)
	if got := g.states("deposit/1"); got != "failed/1" || len(s.letters()) != 0 {
		t.Errorf("%s, %d letters", got, len(s.letters()))
	}
}

func TestSecretsOfURLsAreNotKeptWithATry(t *testing.T) {
	t.Parallel()
	g := start(t, dbtest.SQLite(t), "http://127.0.0.1:1")
	g.happen(1, "deposit/1")
	g.send(noon, wall)
	ds, err := g.OfSubject(t.Context(), "deposit/1")
	if err != nil || ds[0].LastError != "connection refused" {
		t.Errorf("%q, %v", ds[0].LastError, err)
	}
}

func TestFanOutOfManyIsOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, newShop(t).URL)
		g.project(2, "http://127.0.0.1:1")
		const n = 250
		for i := range n {
			g.happen(1+int64(i%2), fmt.Sprintf("deposit/%d", i%60))
		}
		done := make(chan error, 6)
		for range cap(done) {
			go func() {
				for {
					if worked, err := g.FanOut(t.Context(), noon); !worked || err != nil {
						done <- err
						return
					}
				}
			}()
		}
		for range cap(done) {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		total := 0
		for i := range 60 {
			ds, err := g.OfSubject(t.Context(), fmt.Sprintf("deposit/%d", i))
			if err != nil {
				t.Fatal(err)
			}
			for v, d := range ds {
				if d.Version != int64(v)+1 {
					t.Errorf("%s: delivery %d has version %d", d.Subject, v, d.Version)
				}
			}
			total += len(ds)
		}
		if total != n {
			t.Errorf("%d deliveries of %d events", total, n)
		}
	})
}

func TestDatabaseThatIsGoneIsAnError(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	g := start(t, d, "http://127.0.0.1:1")
	g.happen(1, "deposit/1")
	g.fanOut(noon)
	claimed := g.one(noon, wall)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	_, err1 := g.FanOut(t.Context(), noon)
	_, err2 := g.Claim(t.Context(), noon, wall, 1)
	_, _, err3 := g.NextDue(t.Context())
	for i, err := range []error{err1, err2, err3, g.Attempt(t.Context(), claimed, noon, wall)} {
		if err == nil {
			t.Errorf("call %d: no error", i+1)
		}
	}
}

// A backup may hold events that nobody had read. Once they are deliveries the
// reader is at the end, also where the numbers have jumped.
func TestNothingIsBehindAfterARestoreOnceAllIsRead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, "http://127.0.0.1:1")
		restore := func() {
			t.Helper()
			if err := d.Write(t.Context(), func(tx *db.Tx) error { return g.events.RestartTx(t.Context(), tx, db.Stride) }); err != nil {
				t.Fatal(err)
			}
		}
		readAll := func() {
			t.Helper()
			for more := true; more; {
				var err error
				if more, err = g.FanOut(t.Context(), noon); err != nil {
					t.Fatal(err)
				}
			}
			if q, err := g.Queue(t.Context()); err != nil || q.Behind != 0 {
				t.Errorf("%d events are behind, %v", q.Behind, err)
			}
		}
		g.happen(1, "deposit/1", "deposit/2")
		restore()
		readAll()
		g.happen(1, "deposit/3")
		readAll()
		restore()
		restore()
		g.happen(1, "deposit/4")
		readAll()
		if all, err := g.List(t.Context(), 1, 0, 10); err != nil || len(all) != 4 {
			t.Errorf("%d deliveries, %v", len(all), err)
		}
	})
}
