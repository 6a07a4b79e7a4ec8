// Package market says what can be bought now and at which price, and reserves
// it.
//
// On sale is what our enabled bots hold in their main context, tradable, priced
// and not reserved. Lists come from a snapshot that is rebuilt, at most once a
// second, when items, reservations or prices have changed in this process.
// Buying never trusts a list: an item is reserved by one guarded update, so of
// two buyers one gets it.
//
// The room has no table of its own. Items belong to the room fleet; only the
// column that names who reserved one is written here.
package market
