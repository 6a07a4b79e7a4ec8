package webhook_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/webhook"
)

// moody is a server that fails now and then and watches what may not happen:
// two letters about a subject at once, more than four letters at once, an older
// status after a newer one was taken.
type moody struct {
	mu       sync.Mutex
	well     bool
	now      map[string]bool // subjects in flight
	taken    map[string]int  // the newest version answered with 200
	bytes    map[string]string
	mistakes []string
}

func (m *moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	words := strings.Fields(string(body))
	if err != nil || len(words) < 2 {
		return
	}
	subject, version := words[0], 0
	_, _ = fmt.Sscanf(words[1], "v%d", &version)
	m.mu.Lock()
	fails := !m.well && rand.IntN(3) == 0
	if m.now[subject] {
		m.mistakes = append(m.mistakes, subject+" is in flight twice")
	}
	if len(m.now) >= 4 {
		m.mistakes = append(m.mistakes, "five in flight")
	}
	if version < m.taken[subject] {
		m.mistakes = append(m.mistakes, fmt.Sprintf("%s v%d after v%d", subject, version, m.taken[subject]))
	}
	id := r.Header.Get("Webhook-Id")
	if before, known := m.bytes[id]; known && before != string(body) {
		m.mistakes = append(m.mistakes, "other bytes for "+id)
	}
	m.bytes[id] = string(body)
	m.now[subject] = true
	m.mu.Unlock()
	for range rand.IntN(200) { // so that others can interfere
		runtime.Gosched()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.now, subject)
	if fails {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	m.taken[subject] = version
}

// Two processes with several senders each fan out and send while events come
// in; some senders die with their claim. In the end every subject's newest
// status is delivered, and every older one delivered or superseded.
func TestManySendersKeepTheOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := &moody{now: map[string]bool{}, taken: map[string]int{}, bytes: map[string]string{}}
		server := httptest.NewServer(m)
		defer server.Close()
		first := start(t, d, server.URL)
		processes := []gateway{first, open(t, d, encoder{})}
		const subjects, rounds = 12, 6
		for round := range rounds {
			now, clock := noon.Add(time.Duration(round)*time.Hour), wall.Add(time.Duration(round)*lease)
			m.mu.Lock()
			m.well = round == rounds-1
			m.mu.Unlock()
			var wg sync.WaitGroup
			var silent atomic.Bool
			for _, g := range processes {
				for range 3 {
					wg.Go(func() { g.work(now, clock, &silent, m.well) })
				}
			}
			for range 15 {
				first.happen(1, fmt.Sprintf("deposit/%d", rand.IntN(subjects)))
			}
			silent.Store(true)
			wg.Wait()
		}
		last := noon.Add(rounds * time.Hour)
		first.send(last, wall.Add(rounds*lease))
		for i := range subjects {
			checkEnd(t, first, fmt.Sprintf("deposit/%d", i), m)
		}
		for _, mistake := range m.mistakes {
			t.Error(mistake)
		}
	})
}

// work sends until no more events come and nothing is due. Every tenth claim
// is forgotten unless all is well.
func (g gateway) work(now, wall time.Time, silent *atomic.Bool, well bool) {
	for {
		last := silent.Load()
		fanned, err := g.FanOut(g.t.Context(), now)
		if err != nil {
			g.t.Error(err)
			return
		}
		ds, err := g.Claim(g.t.Context(), now, wall, 1+rand.IntN(3))
		if err != nil {
			g.t.Error(err)
			return
		}
		for _, d := range ds {
			if !well && rand.IntN(10) == 0 {
				continue
			}
			if err := g.Attempt(g.t.Context(), d, now, wall); err != nil {
				g.t.Error(err)
			}
		}
		if last && !fanned && len(ds) == 0 {
			return
		}
	}
}

func checkEnd(t *testing.T, g gateway, subject string, m *moody) {
	t.Helper()
	ds, err := g.OfSubject(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range ds {
		newest := i == len(ds)-1
		if d.State != webhook.Delivered && (newest || d.State != webhook.Superseded) {
			t.Errorf("%s v%d ended as %s", subject, d.Version, d.State)
		}
	}
	if len(ds) > 0 && m.taken[subject] != len(ds) {
		t.Errorf("the shop knows v%d of %s, there are %d", m.taken[subject], subject, len(ds))
	}
	g.states(subject)
}
