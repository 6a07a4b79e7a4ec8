package webhook_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/webhook"
)

// What was delivered or superseded long ago goes with its attempts; what is
// pending or failed stays, and so does every event.
func TestOnlyWhatEndedLongAgoIsForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, newShop(t, 500, 200).URL)
		g.happen(1, "deposit/1", "deposit/2")
		g.send(noon, wall) // the first fails, the second is delivered
		g.happen(1, "deposit/1", "deposit/3")
		later := exhaust(g, noon.Add(time.Hour)) // the first is superseded
		g.happen(1, "deposit/4")
		g.send(later.Add(time.Hour), wall)
		g.happen(1, "deposit/5")
		g.fanOut(noon) // and stays pending
		all := func() (text string) {
			for i := 1; i <= 5; i++ {
				text += g.states(fmt.Sprint("deposit/", i)) + "; "
			}
			return text
		}
		for _, c := range []struct {
			before time.Time
			want   string
		}{
			{noon, "superseded/1 delivered/1; delivered/1; delivered/1; delivered/1; pending/0; "},
			{noon.Add(30 * time.Minute), "superseded/1 delivered/1; ; delivered/1; delivered/1; pending/0; "},
			{later.Add(time.Hour), "; ; ; delivered/1; pending/0; "},
			{later.Add(1000 * time.Hour), "; ; ; ; pending/0; "},
		} {
			if err := g.Forget(t.Context(), c.before); err != nil {
				t.Fatal(err)
			}
			if got := all(); got != c.want {
				t.Errorf("before %s: %s, want %s", c.before, got, c.want)
			}
		}
		if events, err := g.events.Since(t.Context(), 1, 0, 100); err != nil || len(events) != 6 {
			t.Errorf("%d events are left, want 6 (%v)", len(events), err)
		}
		g.attempt(g.one(later.Add(2*time.Hour), wall), later, wall)
		if got := all(); got != "; ; ; ; delivered/1; " {
			t.Errorf("after all: %s", got)
		}
	})
}

// Many pages of them, with failed ones between, which stay listed and counted (I15).
func TestLongHistoryIsForgottenInPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := start(t, d, newShop(t, 410).URL)
		g.happen(1, "deposit/1")
		exhaust(g, noon)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			for i := range 2500 {
				state, failing, ended := "delivered", false, db.Micros(noon)
				if i%100 == 0 {
					state, failing = "failed", true
				}
				if i%7 == 0 {
					state, failing, ended = "pending", false, 0
				}
				if _, err := tx.ExecContext(t.Context(), `insert into delivery (event_id, project_id, seq, endpoint, subject, version, url, content_type,
					body, key_at, state, failing, due_at, created_at, ended_at) select $1, project_id, seq, endpoint, $1, version, url, content_type,
					body, key_at, $2, $3, due_at, created_at, $4 from delivery where subject = 'deposit/1'`, fmt.Sprint("old/", i), state, failing, ended); err != nil {
					return err
				}
			}
			_, err := tx.ExecContext(t.Context(), "update failing_count set n = (select count(*) from delivery where failing)")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Forget(t.Context(), noon.Add(webhook.Life)); err != nil {
			t.Fatal(err)
		}
		var delivered, pending, failed int
		if err := d.Read().QueryRowContext(t.Context(), `select count(*) filter (where state = 'delivered'), count(*) filter (where state = 'pending'),
			count(*) filter (where state = 'failed') from delivery`).Scan(&delivered, &pending, &failed); err != nil {
			t.Fatal(err)
		}
		if delivered != 0 || pending != 358 || failed != 21 {
			t.Errorf("%d delivered, %d pending and %d failed are left, want 0, 358 and 21", delivered, pending, failed)
		}
		if q, err := g.Queue(t.Context()); err != nil || q.Failing != 21 {
			t.Errorf("%d are counted as failing, want 21 (%v)", q.Failing, err)
		}
	})
}
