// Package purchase is about a merchant who buys an item for a Steam user:
// reserve, deliver, settle, or give the money back.
//
// One commit takes the item off sale, sets the price aside from the merchant's
// available balance, writes the intent of a trade and tells of it; from then on
// the purchase moves only by what Steam reports of that trade. Nothing ends by
// time alone: ten minutes after the purchase the trade's deadline makes the bot
// cancel the offer, and the money goes back once Steam has proven that it is
// canceled.
//
// A merchant's custom id buys once: its row is unique for ever. Every move is
// one transaction: a guarded update, a history row, the ledger and the events.
// The states and moves are in state.go.
package purchase
