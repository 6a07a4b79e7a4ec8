package db

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
)

// Gather makes one write of calls that come while the last one is under way:
// what a write costs, its round trips and its commit, is shared. Calls may be
// concurrent.
type Gather[In, Out any] struct {
	db    *DB
	do    func(tx *Tx, ins []In) ([]Out, error)
	key   func(In) int64
	mu    sync.Mutex
	lanes []lane[In, Out]
}

// lane is calls that share writes with one another only.
type lane[In, Out any] struct {
	waiting []*member[In, Out]
	running int
}

// abreast is how many groups are under way at the same time, and how many lanes
// there are for them. On SQLite writes are one after the other. On PostgreSQL
// groups of two lanes do not wait for each other's rows; where all calls are of
// one lane, the next group is read and planned while the last one goes to disk.
// More would make the groups small, and each has a cost of its own.
func abreast(e Engine) int { return [...]int{SQLite: 1, Postgres: 2}[e] }

// maxGathered is how many calls share a write. Each write has a cost of its own,
// on SQLite the last page of each table and index; 256 purchases make it small
// and still take some 20 ms.
const maxGathered = 256

// member is one call.
type member[In, Out any] struct {
	ctx  context.Context
	in   In
	out  Out
	err  error
	turn chan turn
}

// turn is what a waiting call is told.
type turn int

const (
	answered turn = iota
	lead          // run the next group, of which you are one
	apart         // run alone
)

// NewGather makes a gatherer. do is the body of the write: it may run more than
// once, and returns what each call gets, in their order. When the write fails
// and nothing has happened, each of the calls runs alone, so that one cannot
// spoil another. Calls that change the same rows should have the same key: then
// they share writes and never wait for each other's.
func NewGather[In, Out any](d *DB, key func(In) int64, do func(tx *Tx, ins []In) ([]Out, error)) *Gather[In, Out] {
	return &Gather[In, Out]{db: d, do: do, key: key, lanes: make([]lane[In, Out], abreast(d.engine))}
}

// Do returns what do made of in, once it is durable, or an error and then
// nothing has happened, as with [DB.Write].
func (g *Gather[In, Out]) Do(ctx context.Context, in In) (Out, error) {
	m := &member[In, Out]{ctx: ctx, in: in, turn: make(chan turn, 1)}
	l := &g.lanes[uint64(g.key(in))%uint64(len(g.lanes))] // #nosec G115 -- any number will do
	next := g.join(l, m)
	if next == lead {
		g.lead(l, m)
		next = <-m.turn
	}
	if next == apart {
		g.alone(m)
	}
	return m.out, m.err
}

// join waits until the call is answered or has something to do.
func (g *Gather[In, Out]) join(l *lane[In, Out], m *member[In, Out]) turn {
	g.mu.Lock()
	if g.running() < len(g.lanes) {
		l.running++
		g.mu.Unlock()
		return lead
	}
	l.waiting = append(l.waiting, m)
	g.mu.Unlock()
	return <-m.turn
}

func (g *Gather[In, Out]) running() (n int) {
	for i := range g.lanes {
		n += g.lanes[i].running
	}
	return n
}

// lead runs a group for all its members and then makes somebody else lead.
func (g *Gather[In, Out]) lead(l *lane[In, Out], m *member[In, Out]) {
	defer g.handOver(l)
	group := append([]*member[In, Out]{m}, g.take(l)...)
	outcome := apart // also when do ends this goroutine
	defer func() {
		for _, m := range group {
			m.turn <- outcome
		}
	}()
	outcome = g.write(group)
}

// take returns who waits, without waiting for more. Those whom the last group
// answered are often about to call again; yielding lets them join.
func (g *Gather[In, Out]) take(l *lane[In, Out]) []*member[In, Out] {
	for seen := -1; ; {
		g.mu.Lock()
		if n := min(len(l.waiting), maxGathered-1); n == seen {
			group := slices.Clone(l.waiting[:n])
			l.waiting = slices.Delete(l.waiting, 0, n)
			g.mu.Unlock()
			return group
		} else {
			seen = n
		}
		g.mu.Unlock()
		runtime.Gosched()
	}
}

// handOver ends a group of a lane. The next is of the lane that has fewest
// under way, and among those of the one in which most wait.
func (g *Gather[In, Out]) handOver(l *lane[In, Out]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l.running--
	var next *lane[In, Out]
	for i := range g.lanes {
		l := &g.lanes[i]
		if len(l.waiting) > 0 && (next == nil || l.running < next.running || l.running == next.running && len(l.waiting) > len(next.waiting)) {
			next = l
		}
	}
	if next != nil {
		next.running++
		next.waiting[0].turn <- lead
		next.waiting = slices.Delete(next.waiting, 0, 1)
	}
}

// write runs a group and says what its members are told.
func (g *Gather[In, Out]) write(group []*member[In, Out]) turn {
	live := make([]*member[In, Out], 0, len(group))
	ins := make([]In, 0, len(group))
	for _, m := range group {
		if m.err = m.ctx.Err(); m.err == nil {
			live, ins = append(live, m), append(ins, m.in)
		}
	}
	if len(live) == 0 {
		return answered
	}
	var outs []Out
	ran := false
	err := g.db.Write(context.WithoutCancel(live[0].ctx), func(tx *Tx) (err error) {
		ran = true
		outs, err = g.do(tx, ins)
		return err
	})
	if err != nil && ran && len(group) > 1 && !errors.Is(err, ErrCommitUnknown) {
		return apart
	}
	for i, m := range live {
		if m.err = err; err == nil {
			m.out = outs[i]
		}
	}
	return answered
}

// alone runs one call as a write of its own.
func (g *Gather[In, Out]) alone(m *member[In, Out]) {
	var outs []Out
	m.err = g.db.Write(m.ctx, func(tx *Tx) (err error) {
		outs, err = g.do(tx, []In{m.in})
		return err
	})
	if m.err == nil {
		m.out = outs[0]
	}
}
