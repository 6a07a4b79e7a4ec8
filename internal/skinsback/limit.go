package skinsback

import (
	"context"
	"maps"
	"net/netip"
	"sync"
	"time"
)

// window counts calls of one project in one minute of the wall clock. Who goes
// over the limit is refused until the minute ends.
type window struct {
	mu     sync.Mutex
	minute int64
	limit  int
	left   int  // calls that may be given out without asking
	used   int  // calls that this process let through
	taken  int  // by all processes, as far as is known
	spent  bool // there is nothing left to take
}

// quota keeps the windows. There are as many as projects that ever called.
type quota struct {
	windows sync.Map // project id -> *window
	// take is set where other processes serve the same projects: it takes some
	// of the minute's calls for this one.
	take func(ctx context.Context, project, minute int64, want, limit int) (got, taken int, err error)
}

// portion is the part of what is left of a minute that a process takes at once:
// few writes while there is much, and little kept back near the end. It never
// takes more than it has used so far: what a process has taken dies with it.
const portion = 10

// allow counts a call; limit 0 or less means no limit.
func (q *quota) allow(ctx context.Context, project int64, limit int, wall time.Time) bool {
	if limit <= 0 {
		return true
	}
	v, ok := q.windows.Load(project)
	if !ok {
		v, _ = q.windows.LoadOrStore(project, &window{})
	}
	w := v.(*window)
	w.mu.Lock()
	defer w.mu.Unlock()
	if minute := wall.Unix() / 60; minute != w.minute {
		w.minute, w.left, w.used, w.taken, w.spent = minute, 0, 0, 0, false
	}
	if limit != w.limit {
		w.limit, w.left, w.taken, w.spent = limit, 0, w.taken-w.left, false
	}
	if w.left == 0 && !w.spent {
		q.fill(ctx, w, project, limit)
	}
	if w.left == 0 {
		return false
	}
	w.left--
	w.used++
	return true
}

// fill takes more calls. A database that does not answer must not turn
// merchants away: then this process gives out what the limit allows by itself.
func (q *quota) fill(ctx context.Context, w *window, project int64, limit int) {
	want := limit - w.taken
	if q.take != nil {
		want = max(1, min(want/portion, w.used))
		if got, taken, err := q.take(ctx, project, w.minute, want, limit); err == nil {
			w.left, w.taken, w.spent = got, taken, got < want
			return
		}
	}
	w.left = max(0, min(want, limit-w.taken))
	w.taken += w.left
	w.spent = w.left == 0
}

// Failed signatures of one caller's address for one project. Addresses of one
// IPv6 /64 count as one.
const (
	failuresAtOnce = 300
	failureRefill  = time.Minute / failuresAtOnce
	maxPairs       = 50_000
)

type pair struct {
	address netip.Addr
	project int64
}

// failures is a leaky bucket per pair: the time at which it will be empty.
type failures struct {
	mu    sync.Mutex
	empty map[pair]time.Time
	swept time.Time
}

func pairOf(address netip.Addr, project int64) pair {
	if address.Is6() {
		p, _ := address.Prefix(64)
		address = p.Addr()
	}
	return pair{address, project}
}

// blocked reports whether the pair has failed too often lately.
func (f *failures) blocked(p pair, wall time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, ok := f.empty[p]
	return ok && at.Sub(wall) > (failuresAtOnce-1)*failureRefill
}

// count adds one failure.
func (f *failures) count(p pair, wall time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.empty == nil {
		f.empty = map[pair]time.Time{}
	}
	at, ok := f.empty[p]
	if !ok && len(f.empty) >= maxPairs {
		f.forget(wall)
	}
	if at.Before(wall) {
		at = wall
	}
	f.empty[p] = at.Add(failureRefill)
}

// forget makes room: empty buckets go, looked for once a minute because that
// walks over all; between, any one goes.
func (f *failures) forget(wall time.Time) {
	if wall.Sub(f.swept) >= time.Minute {
		f.swept = wall
		maps.DeleteFunc(f.empty, func(_ pair, at time.Time) bool { return !at.After(wall) })
	}
	if len(f.empty) < maxPairs {
		return
	}
	for p := range f.empty {
		delete(f.empty, p)
		return
	}
}
