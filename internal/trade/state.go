package trade

// State is where a trade is. Names in the database; never renamed.
type State string

// The states, each with who moves next and what happens if nobody does.
const (
	Wanted      State = "wanted"      // bot: sends it; past its deadline it is canceled without having been sent
	Sending     State = "sending"     // Steam: answers; a call that is never answered becomes unknown
	Unknown     State = "unknown"     // bot: reads back by reference, without end
	Unconfirmed State = "unconfirmed" // bot: confirms; past its deadline it is canceled on Steam
	Active      State = "active"      // partner: accepts or declines; past its deadline it is canceled on Steam
	Escrow      State = "escrow"      // Steam: holds the items; bot cancels
	Accepted    State = "accepted"    // clock: the hold; then Steam's record decides
	Review      State = "review"      // operator: Steam reports something we do not know
	Settled     State = "settled"     // ended: irreversible
	Declined    State = "declined"    // ended: by the partner
	Canceled    State = "canceled"    // ended: by us at the deadline, or by somebody with the bot's account
	Expired     State = "expired"     // ended: by Steam
	Failed      State = "failed"      // ended: refused by Steam, or its items are gone; what it received all the same goes on by [Service.Late]
	Reversed    State = "reversed"    // ended: the partner took it back under trade protection
)

// moves is the whole graph.
var moves = map[State][]State{
	Wanted:      {Sending, Canceled, Failed},
	Sending:     {Unconfirmed, Active, Unknown, Wanted, Failed},
	Unknown:     {Unconfirmed, Active, Escrow, Accepted, Declined, Canceled, Expired, Failed, Wanted},
	Unconfirmed: {Active, Escrow, Accepted, Declined, Canceled, Expired, Failed},
	Active:      {Escrow, Accepted, Declined, Canceled, Expired, Failed},
	Escrow:      {Accepted, Canceled, Failed},
	Accepted:    {Settled, Reversed, Review, Failed},
	Review:      {Settled, Reversed, Failed},
	Failed:      {Accepted},
}

// Live reports whether the state has moves left. What failed has one only by
// [Service.Late].
func (s State) Live() bool { return len(moves[s]) > 0 && s != Failed }

// May reports whether a move is in the graph.
func May(from, to State) bool {
	for _, s := range moves[from] {
		if s == to {
			return true
		}
	}
	return false
}

// heard lists the moves that the order's owner is told.
var heard = map[State]bool{
	Active: true, Accepted: true, Settled: true, Declined: true, Canceled: true,
	Expired: true, Failed: true, Reversed: true,
}

// States lists all states in the order of their lives.
func States() []State {
	return []State{Wanted, Sending, Unknown, Unconfirmed, Active, Escrow, Accepted, Review, Settled, Declined, Canceled, Expired, Failed, Reversed}
}
