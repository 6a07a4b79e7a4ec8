package steamtest

import (
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// Call names a kind of call that can be made to fail.
type Call string

// The calls with an effect.
const (
	Send    Call = "send"
	Confirm Call = "confirm"
	Cancel  Call = "cancel"
)

// Fixture is a fresh Steam with a bot, whose client is tested, and others.
// Bot and partner have at least eight tradable items in the Protected game
// and two in the Free one; none of their items is older than the fixture.
type Fixture struct {
	// Client makes a client of the bot; session is from an earlier one or nil.
	Client func(t *testing.T, session []byte) steam.Client

	Bot          steam.ID64
	Partner      steam.ID64
	PartnerToken string

	Private      steam.ID64 // hides its inventory; has items of the Protected game
	PrivateToken string

	Held      steam.ID64 // trades of this account are held for HeldFor
	HeldToken string
	HeldFor   time.Duration

	Banned      steam.ID64 // has a trade ban
	BannedToken string

	Marked steam.ID64 // on probation, and banned by the community and by VAC

	Big      steam.ID64 // has BigItems in the Protected game, several pages of the client
	BigItems int

	Unknown steam.ID64 // no such account

	Protected steam.AppID // a game under trade protection for a week
	Free      steam.AppID // a game without

	Now     func() time.Time
	Advance func(time.Duration) // moves Steam and the client's clock, and does what becomes due

	Accept  func(steam.OfferID) // the partner accepts, and confirms
	Decline func(steam.OfferID) // the partner declines
	Reverse func(steam.TradeID) // the partner takes all his protected trades back

	// TradeSteps is how long trades stay in each of the statuses 0 to 2 from now
	// on; Unnoticed how long offers without their items look open.
	TradeSteps func(time.Duration)
	Unnoticed  func(time.Duration)

	// FewOffers makes pages of the list of offers so short.
	FewOffers func(int)

	// FewLists lets the bot read its confirmations so often a minute.
	FewLists func(int)

	// LoseAnswer makes the next call's answer get lost after its effect;
	// LoseRequest makes the next call get lost before it.
	LoseAnswer  func(Call)
	LoseRequest func(Call)

	EndSessions func()     // Steam ends the bot's sessions, all tokens included
	Logins      func() int // logins with the password so far
}

// Run checks the contract, each promise in a world of its own.
func Run(t *testing.T, newWorld func(t *testing.T) Fixture) {
	t.Helper()
	for _, p := range promises {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			f := newWorld(t)
			p.check(&room{T: t, Fixture: f, bot: f.Client(t, nil)})
		})
	}
}

var promises = []struct {
	name  string
	check func(*room)
}{
	{"one login serves many calls and later starts", oneLogin},
	{"a session that Steam ends is made anew", newSession},
	{"a session lives on for weeks without a login", longSession},
	{"an inventory is read whole, newest first", inventories},
	{"pages are put together without loss or repeat", pages},
	{"private is private", private},
	{"a trade url shows what its owner can trade", partnerInventories},
	{"holds are known before an offer", holds},
	{"bans and profiles are read", profiles},
	{"an offer that only asks is active at once", receiving},
	{"an offer that gives waits for its confirmation", giving},
	{"a list of offers in pages is read whole", manyOffers},
	{"a cancelled offer is over", cancelling},
	{"a declined offer is over", declining},
	{"an acceptance leaves a trade with new ids", accepting},
	{"protected items settle after their week", settling},
	{"unprotected items are free at once", unprotected},
	{"a reversal shows in the trade and in the history", reversing},
	{"history is paged newest first", history},
	{"a trade on its way shows how far it is", underway},
	{"an offer whose items are gone may look open", unnoticed},
	{"a refusal says why", refusals},
	{"a lost answer is unknown and can be found again", lostAnswers},
	{"a lost request is unknown and leaves nothing", lostRequests},
	{"rules can be acknowledged", acknowledging},
	{"confirmations are not read too often", listing},
}
