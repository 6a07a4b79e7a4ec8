package event_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
)

func TestEpochIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		epochs := map[string]int{}
		for range 2 { // the second time after a restart
			d, err := db.Open(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					e, err := event.New(d).Epoch(t.Context())
					mu.Lock()
					defer mu.Unlock()
					if err != nil || len(e) != 16 {
						t.Errorf("epoch %q, %v", e, err)
					}
					epochs[e]++
				})
			}
			wg.Wait()
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if len(epochs) != 1 {
			t.Errorf("epochs %v", epochs)
		}
	})
}

func TestSpanIsWhatTheLogHolds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := event.New(d)
		want := func(first, head int64) {
			t.Helper()
			if got, err := s.Span(t.Context(), 1); err != nil || got != (event.Span{First: first, Head: head}) {
				t.Errorf("span %+v, %v; want %d to %d", got, err, first, head)
			}
		}
		want(1, 0)
		for range 3 {
			add(t, d, 1, "deposit/1", "x")
		}
		want(1, 3)
		for _, upTo := range []int{2, 3} {
			forget(t, d, upTo)
			want(int64(upTo)+1, 3)
		}
	})
}

// forget takes the oldest events out of the log.
func forget(t *testing.T, d *db.DB, upTo int) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "delete from event where project_id = 1 and seq <= $1", upTo)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestHeadsOfManyProjects(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var projects []int64
		want := map[int64]int64{}
		for p := range int64(20) {
			projects = append(projects, 3*p+1)
			for range p % 3 {
				add(t, d, 3*p+1, fmt.Sprint("deposit/", p), "x")
				want[3*p+1]++
			}
		}
		for i := range int64(300) { // more than one list, most of them unknown
			projects = append(projects, 1000+i)
		}
		for _, n := range []int{0, 1, 8, 9, 256, 320} {
			got, err := event.New(d).Heads(t.Context(), projects[:n])
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range projects[:n] {
				if got[p] != want[p] {
					t.Errorf("of %d: head of %d is %d, want %d", n, p, got[p], want[p])
				}
			}
		}
	})
}
