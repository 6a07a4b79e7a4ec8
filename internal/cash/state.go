package cash

import "github.com/skinrail/skinrail/internal/money"

// State is where a booking is. Names in the database; never renamed.
type State string

// The states, each with who moves next and what happens if nobody does.
const (
	Proposed State = "proposed" // operator: a second one approves, anyone rejects; until then a payout's money stays set aside
	Booked   State = "booked"   // ended: the money has moved
	Rejected State = "rejected" // ended: nothing has moved; what was set aside is available again
)

// Step is what happens to a booking.
type Step string

// The steps.
const (
	Approved Step = "approved" // by somebody else than who proposed it
	Refused  Step = "rejected" // by anyone, also who proposed it
)

// table is every step that may happen in each state and where it leads.
var table = map[State]map[Step]State{
	Proposed: {Approved: Booked, Refused: Rejected},
}

// States lists all states in the order of their lives.
func States() []State { return []State{Proposed, Booked, Rejected} }

// Steps lists all steps.
func Steps() []Step { return []Step{Approved, Refused} }

// Begin is the first state of a booking: above the limit a second person must
// approve it.
func Begin(amount, limit money.Amount) State {
	if amount > limit {
		return Proposed
	}
	return Booked
}

// Next tells where a step leads, and whether it may happen at all.
func Next(s State, by Step) (State, bool) {
	to, ok := table[s][by]
	return to, ok
}

// Ended reports whether the state has no steps left.
func (s State) Ended() bool { return len(table[s]) == 0 }

// did reports whether a state is where a step leads.
func did(s State, by Step) bool {
	for _, steps := range table {
		if steps[by] == s {
			return true
		}
	}
	return false
}
