package sim

import (
	"cmp"
	"container/heap"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// dueKind is what happens by itself. At equal times lower kinds go first.
type dueKind int

const (
	dueAnswer  dueKind = iota + 1 // a payer's answer to an offer
	dueEscrow                     // a held trade is released
	dueReverse                    // a payer takes his trade back
	dueSettle                     // trade protection ends
	dueExpiry                     // an offer was left alone for 14 days
	dueUnlock                     // an item may be traded from now on
	dueStep                       // a trade that is underway gets on
	dueSweep                      // Steam notices that an offer's items are gone
)

type dueEntry struct {
	At   stamp   `json:"at"`
	Kind dueKind `json:"kind"`
	ID   uint64  `json:"id"` // of the offer, trade or item
}

// dueQueue is a heap. Entries that are no longer true stay in it and are
// dropped when they come to the top: see [state.holds].
type dueQueue []dueEntry

func (q dueQueue) Len() int      { return len(q) }
func (q dueQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *dueQueue) Push(x any)   { *q = append(*q, x.(dueEntry)) }
func (q dueQueue) Less(i, j int) bool {
	a, b := q[i], q[j]
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) < 0
}

func (q *dueQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func (st *state) schedule(at stamp, kind dueKind, id uint64) {
	heap.Push(&st.due, dueEntry{at, kind, id})
}

// holds reports whether the entry is still what its offer or trade says.
func (st *state) holds(e dueEntry) bool {
	switch e.Kind {
	case dueAnswer:
		o := st.offers[e.ID]
		return o != nil && o.State == steam.OfferActive && o.AnswerAt == e.At
	case dueExpiry:
		o := st.offers[e.ID]
		return o != nil && o.open() && o.Expires == e.At
	case dueSweep:
		o := st.offers[e.ID]
		return o != nil && o.open() && o.SweepAt == e.At
	case dueUnlock:
		it := st.items[e.ID]
		return it != nil && it.locked() && it.Until == e.At
	}
	t := st.trades[e.ID]
	if t == nil {
		return false
	}
	switch e.Kind {
	case dueEscrow:
		return t.Status == steam.TradeInEscrow && t.EscrowEnd == e.At
	case dueStep:
		return t.underway() && t.Mod.add(t.Step) == e.At
	case dueReverse:
		return t.Status == steam.TradeComplete && !t.Settled && t.ReverseAt == e.At
	default:
		return t.Status == steam.TradeComplete && !t.Settled && t.Settlement == e.At
	}
}

// next is the earliest entry that still holds.
func (st *state) next() (dueEntry, bool) {
	for len(st.due) > 0 {
		if st.holds(st.due[0]) {
			return st.due[0], true
		}
		heap.Pop(&st.due)
	}
	return dueEntry{}, false
}

// NextDue is the time of the earliest thing that will happen by itself; false
// when nothing waits.
func (s *Sim) NextDue() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.state.next()
	return e.At.time(), ok
}

// Step does everything that is due at or before now, in the order of its times,
// and reports whether it did something. What happens gets the time at which it
// was due: Steam goes on while nobody looks.
func (s *Sim) Step(now time.Time) bool {
	did := false
	for s.stepOne(stampOf(now)) {
		did = true
	}
	return did
}

func (s *Sim) stepOne(now stamp) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.state.next()
	if !ok || e.At > now {
		return false
	}
	if err := s.do(e.At, &dueCommand{e}); err != nil {
		s.log.Error("simulated steam: journal", "error", err)
		return false
	}
	return true
}

// dueCommand lets one due thing happen.
type dueCommand struct{ dueEntry }

func (c *dueCommand) apply(st *state, at stamp) {
	switch c.Kind {
	case dueAnswer:
		st.answer(st.offers[c.ID], at)
	case dueExpiry:
		st.end(st.offers[c.ID], steam.OfferExpired, at)
	case dueEscrow:
		st.release(st.trades[c.ID], at)
	case dueReverse:
		t := st.trades[c.ID]
		t.ReverseAt = 0
		st.reverse(st.byID[t.ReverseBy], at)
	case dueSettle:
		st.settle(st.trades[c.ID], at)
	case dueUnlock:
		st.items[c.ID].Until = 0
	case dueStep:
		st.step(st.trades[c.ID], at)
	case dueSweep:
		st.end(st.offers[c.ID], steam.OfferInvalidItems, at)
	}
}
