package deposit

// State is where a deposit is. Names in the database; never renamed.
type State string

// The states, each with who moves next and what happens if nobody does.
const (
	Open     State = "open"     // payer: chooses items; the clock fails it after an hour
	Trading  State = "trading"  // Steam and the payer: the offer; the bot cancels it at its deadline
	Held     State = "held"     // clock: the hold ends; the merchant may approve; the payer may reverse
	Approved State = "approved" // clock: the hold ends; the payer may still reverse
	Credited State = "credited" // ended: the merchant has the money
	Failed   State = "failed"   // ended: nothing was given, or it was taken back; an operator may count what came late
	Returned State = "returned" // ended: taken back after the merchant had approved it
)

// Step is what happens to a deposit.
type Step string

// The steps.
const (
	Chosen      Step = "chosen"   // the payer sent his choice
	Expired     Step = "expired"  // the link is over
	Refused     Step = "refused"  // Steam did not take the offer; the payer may choose again
	Offered     Step = "offered"  // the payer can see the offer
	Ended       Step = "ended"    // declined, canceled, expired
	Secured     Step = "secured"  // items are here, under protection
	Received    Step = "received" // items are here for good
	Settled     Step = "settled"  // the protection is over
	TakenBack   Step = "reversed" // the trade was undone
	ApprovedNow Step = "approved" // the merchant does not wait
	CameLate    Step = "late"     // an offer that was taken for not made was accepted
)

// table is every step that may happen in each state and where it leads.
var table = map[State]map[Step]State{
	Open:     {Chosen: Trading, CameLate: Trading, Expired: Failed},
	Trading:  {Offered: Trading, Refused: Open, Ended: Failed, Secured: Held, Received: Credited, TakenBack: Failed},
	Held:     {Settled: Credited, TakenBack: Failed, ApprovedNow: Approved},
	Approved: {Settled: Credited, TakenBack: Returned},
	Failed:   {CameLate: Trading},
}

// States lists all states in the order of their lives.
func States() []State { return []State{Open, Trading, Held, Approved, Credited, Failed, Returned} }

// Steps lists all steps.
func Steps() []Step {
	return []Step{Chosen, Expired, Refused, Offered, Ended, Secured, Received, Settled, TakenBack, ApprovedNow, CameLate}
}

// Next tells where a step leads, and whether it may happen at all.
func Next(s State, by Step) (State, bool) {
	to, ok := table[s][by]
	return to, ok
}

// Ended reports whether the state has no steps left, but for what came late.
func (s State) Ended() bool {
	_, late := table[s][CameLate]
	return len(table[s]) == 0 || late && len(table[s]) == 1
}

// did reports whether a step that may not happen in a state has happened
// already: the state is one that it leads to.
func did(s State, by Step) bool {
	if _, may := Next(s, by); may {
		return false
	}
	for _, steps := range table {
		if to, ok := steps[by]; ok && to == s {
			return true
		}
	}
	return false
}
