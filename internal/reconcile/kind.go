package reconcile

import (
	"maps"
	"slices"
)

// Kind names what differs. Names in the database; never renamed.
type Kind string

// The kinds, each with what an operator does about it in [Kind.Advice].
const (
	OfferUnknown  Kind = "offer_unknown"        // open or accepted on Steam, without an intent here
	OfferTwin     Kind = "offer_twin"           // a second offer with the reference of one of ours
	OfferLate     Kind = "offer_late"           // accepted, after its order had ended without it
	OfferMissing  Kind = "offer_missing"        // open here, not on Steam
	OfferState    Kind = "offer_state"          // ended on Steam, not here, or otherwise than here
	OfferOpen     Kind = "offer_open"           // ended here, still open on Steam
	OfferPartner  Kind = "offer_partner"        // with somebody else
	OfferItems    Kind = "offer_items"          // about other items
	OfferMessage  Kind = "offer_message"        // without our reference
	OfferReceived Kind = "offer_received"       // somebody offers the bot something
	ConfUnknown   Kind = "confirmation_unknown" // the bot is asked to confirm what we did not make
	TradeUnknown  Kind = "trade_unknown"        // items changed hands without an intent here
	TradeMissing  Kind = "trade_missing"        // recorded here, not in Steam's history
	TradePartner  Kind = "trade_partner"        // with somebody else
	TradeUndone   Kind = "trade_undone"         // counted here, undone on Steam
	TradeKept     Kind = "trade_kept"           // undone here, complete on Steam
	TradeItems    Kind = "trade_items"          // other items changed hands
	TradeNewIDs   Kind = "trade_new_ids"        // items go on under other ids than recorded
	TradeReturned Kind = "trade_returned"       // Steam's history returns a trade that counts here
	ItemMissing   Kind = "item_missing"         // listed here, not in the inventory
	ItemUnlisted  Kind = "item_unlisted"        // in the inventory, not listed here
	ItemChanged   Kind = "item_changed"         // listed here as something else
)

var advice = map[Kind]string{
	OfferUnknown:  "somebody else uses the bot's account: see who made it, change the password if nobody did",
	OfferTwin:     "the gateway withdraws open twins; when one was accepted, give the items back",
	OfferLate:     "nothing was booked, and the merchant was told that it failed: when he agrees, credit it with  skinrail doctor --credit OFFER; else give the items back by hand, then  skinrail doctor --settle",
	OfferMissing:  "check the offer on Steam; if it is gone, the order ends at its deadline",
	OfferState:    "check the order against the offer on Steam",
	OfferOpen:     "withdraw the offer on Steam",
	OfferPartner:  "check the order by hand before anything is paid",
	OfferItems:    "check the order by hand before anything is paid",
	OfferMessage:  "somebody has made an offer by hand under this number",
	OfferReceived: "nothing: it is never accepted, and ends by itself; declining it by hand does no harm",
	ConfUnknown:   "do not confirm it: somebody else uses the bot's account, or has begun a change of it by hand",
	TradeUnknown:  "items moved without an order: somebody else uses the bot's account",
	TradeMissing:  "Steam does not know a trade that was counted: check the payer's order",
	TradePartner:  "check the order by hand before anything is paid",
	TradeUndone:   "the items went back after the order was counted: book it with  skinrail project undo",
	TradeKept:     "the items stayed although the order was undone: settle with the payer",
	TradeItems:    "check the order by hand before anything is paid",
	TradeNewIDs:   "the bot looks for these items under wrong ids",
	TradeReturned: "the items went back after the order was counted: book it with  skinrail project undo",
	ItemMissing:   "sold or moved by hand; it leaves the list at the next reading",
	ItemUnlisted:  "came by hand; it is listed at the next reading",
	ItemChanged:   "the list is put right at the next reading",
}

// past reports whether a kind is about what happened, which a look sees only as
// far as it reads back, and not about what is now.
func (k Kind) past() bool {
	switch k {
	case OfferMissing, OfferOpen, OfferReceived, ConfUnknown, ItemMissing, ItemUnlisted, ItemChanged:
		return false
	}
	return true
}

// Harmless reports whether a kind needs nobody to act.
func (k Kind) Harmless() bool { return k == OfferReceived }

// Advice is what an operator does about a kind.
func (k Kind) Advice() string { return advice[k] }

// Kinds are all there are.
func Kinds() []Kind { return slices.Sorted(maps.Keys(advice)) }
