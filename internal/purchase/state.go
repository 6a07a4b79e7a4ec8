package purchase

// State is where a purchase is. Names in the database; never renamed.
type State string

// The states, each with who moves next and what happens if nobody does.
const (
	Creating     State = "creating_trade"      // bot: makes the offer; at the deadline the trade is canceled
	Waiting      State = "waiting_accept"      // partner: accepts or declines; at the deadline the bot cancels
	Accepted     State = "accepted"            // clock: the protection ends; the partner may reverse until then
	Settled      State = "settled"             // ended: the item is the partner's for good, the money is ours
	Canceled     State = "canceled"            // ended: the partner declined; money returned
	Timeout      State = "timeout"             // ended: not accepted in time; money returned
	BadTradeURL  State = "invalid_trade_token" // ended: Steam does not know the trade URL; money returned
	CannotTrade  State = "user_not_tradable"   // ended: the partner may not trade; money returned
	NotMade      State = "trade_create_error"  // ended: no offer came about; money returned
	RolledBack   State = "rollback_user"       // ended: the partner took the trade back; money returned
	SupplierBack State = "rollback_supplier"   // ended: the trade was undone by somebody else; money returned
)

// Step is what happens to a purchase.
type Step string

// The steps.
const (
	Offered       Step = "offered"        // the partner can see the offer
	Taken         Step = "accepted"       // the item has left
	Final         Step = "settled"        // it cannot be taken back any more
	Declined      Step = "declined"       // by the partner
	Withdrawn     Step = "withdrawn"      // canceled, but not by the deadline
	RanOut        Step = "ran_out"        // the deadline
	RefusedURL    Step = "refused_url"    // Steam refused: the trade URL
	RefusedUser   Step = "refused_user"   // Steam refused: the partner
	RefusedOther  Step = "refused"        // Steam refused: anything else
	TakenBack     Step = "reversed"       // by the partner, under trade protection
	UndoneOutside Step = "undone_outside" // by Steam
)

// table is every step that may happen in each state and where it leads. An
// offer whose sending was unclear may be found accepted or ended at once.
var table = map[State]map[Step]State{
	Creating: {Offered: Waiting, Taken: Accepted, Declined: Canceled, Withdrawn: NotMade, RanOut: NotMade,
		RefusedURL: BadTradeURL, RefusedUser: CannotTrade, RefusedOther: NotMade},
	Waiting: {Taken: Accepted, Declined: Canceled, Withdrawn: Canceled, RanOut: Timeout,
		RefusedURL: NotMade, RefusedUser: Canceled, RefusedOther: NotMade},
	Accepted: {Final: Settled, TakenBack: RolledBack, UndoneOutside: SupplierBack},
}

// States lists all states in the order of their lives.
func States() []State {
	return []State{Creating, Waiting, Accepted, Settled, Canceled, Timeout, BadTradeURL, CannotTrade, NotMade, RolledBack, SupplierBack}
}

// Steps lists all steps.
func Steps() []Step {
	return []Step{Offered, Taken, Final, Declined, Withdrawn, RanOut, RefusedURL, RefusedUser, RefusedOther, TakenBack, UndoneOutside}
}

// Next tells where a step leads, and whether it may happen at all.
func Next(s State, by Step) (State, bool) {
	to, ok := table[s][by]
	return to, ok
}

// Ended reports whether the state has no steps left.
func (s State) Ended() bool { return len(table[s]) == 0 }

// Refunded reports whether the money is the merchant's again.
func (s State) Refunded() bool { return s.Ended() && s != Settled }

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
