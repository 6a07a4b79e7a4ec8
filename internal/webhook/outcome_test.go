package webhook_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/webhook"
)

// lane says where the only lane leads and when it is due.
func (g gateway) lane() (s string) {
	g.t.Helper()
	if err := g.d.Read().QueryRowContext(g.t.Context(), "select coalesce(max(host || ' ' || due_at), '-') from lane").Scan(&s); err != nil {
		g.t.Fatal(err)
	}
	return s
}

func (g gateway) woken(topic <-chan struct{}, when string) {
	g.t.Helper()
	select {
	case <-topic:
	default:
		g.t.Errorf("%s: nobody is told that a host has room", when)
	}
}

func TestLaneFollowsItsDeliveries(t *testing.T) {
	t.Parallel()
	d, s := dbtest.SQLite(t), newShop(t)
	g := start(t, d, s.URL)
	host := s.Listener.Addr().String()
	g.happen(1, "deposit/1")
	g.fanOut(noon)
	g.happen(1, "deposit/1")
	g.fanOut(noon.Add(time.Second))
	one := g.one(noon.Add(time.Minute), wall)
	topic := d.Subscribe(webhook.Topic)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Attempt(ctx, one, noon.Add(time.Minute), wall); err == nil {
		t.Error("tried without time")
	}
	g.woken(topic, "given back")
	if got := g.lane(); got != fmt.Sprintf("%s %d", host, db.Micros(noon.Add(time.Minute))) {
		t.Errorf("given back: %s", got)
	}
	g.attempt(g.one(noon.Add(time.Minute), wall), noon.Add(time.Minute), wall)
	g.woken(topic, "delivered")
	if got := g.lane(); got != fmt.Sprintf("%s %d", host, db.Micros(noon.Add(time.Second))) {
		t.Errorf("one is left: %s", got)
	}
	g.attempt(g.one(noon.Add(time.Minute), wall), noon.Add(time.Minute), wall)
	if got := g.lane(); got != "-" {
		t.Errorf("none is left: %s", got)
	}
	tries, err := g.Attempts(t.Context(), one.ID)
	if err != nil || len(tries) != 1 || tries[0].Took <= 0 || tries[0].Took > time.Hour {
		t.Errorf("%+v, %v", tries, err)
	}
}

func TestOnlyWhatIsOverHasAnEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t, 500, 200)
	g := start(t, dbtest.SQLite(t), s.URL)
	g.happen(1, "deposit/1")
	g.fanOut(noon)
	for i, now := range []time.Time{noon, noon.Add(time.Hour)} {
		one := g.one(now, wall)
		g.attempt(one, now, wall)
		var ended int64
		if err := g.d.Read().QueryRowContext(t.Context(), "select ended_at from delivery where id = $1", one.ID).Scan(&ended); err != nil {
			t.Fatal(err)
		}
		if i == 0 && ended != 0 || i == 1 && (ended < db.Micros(now) || ended > db.Micros(now.Add(time.Hour))) {
			t.Errorf("try %d: ended at %d", i, ended)
		}
	}
}

// A database that fails is an error of the try, and the delivery stays due.
func TestBrokenTableIsAnErrorOfTheTry(t *testing.T) {
	t.Parallel()
	for table, code := range map[string]int{"attempt": 200, "delivery": 200, "lane": 200, "failing_count": 500} {
		s := newShop(t, code)
		g := start(t, dbtest.SQLite(t), s.URL)
		g.happen(1, "deposit/1")
		g.fanOut(noon)
		one, before := g.one(noon, wall), g.lane()
		dbtest.Freeze(t, g.d, table)
		err := g.Attempt(t.Context(), one, noon, wall)
		if code, _ := fault.Of(err); err == nil || code != fault.Internal {
			t.Errorf("%s: %v", table, err)
		}
		if table == "lane" { // nor can it be given back
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := g.Attempt(ctx, one, noon, wall); err == nil || !strings.Contains(err.Error(), fmt.Sprint("release delivery ", one.ID)) {
				t.Errorf("given back: %v", err)
			}
		}
		if got := g.lane(); got != before {
			t.Errorf("%s: the lane was %s and is %s", table, before, got)
		}
	}
}
