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
	Failed   State = "failed"   // ended: nothing was given, or it was taken back
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
	Secured     Step = "accepted" // items are here, under protection
	Received    Step = "received" // items are here for good
	Settled     Step = "settled"  // the protection is over
	TakenBack   Step = "reversed" // the payer reversed the trade
	ApprovedNow Step = "approved" // the merchant does not wait
)

// table is every step that may happen in each state and where it leads.
var table = map[State]map[Step]State{
	Open:     {Chosen: Trading, Expired: Failed},
	Trading:  {Offered: Trading, Refused: Open, Ended: Failed, Secured: Held, Received: Credited},
	Held:     {Settled: Credited, TakenBack: Failed, ApprovedNow: Approved},
	Approved: {Settled: Credited, TakenBack: Returned},
}

// Next tells where a step leads, and whether it may happen at all.
func Next(s State, by Step) (State, bool) {
	to, ok := table[s][by]
	return to, ok
}

// Ended reports whether the state has no steps left.
func (s State) Ended() bool { return len(table[s]) == 0 }
