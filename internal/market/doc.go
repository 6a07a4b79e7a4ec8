// Package market says what can be bought now and at which price, and reserves
// it.
//
// On sale is what our enabled bots hold in their main context, tradable, priced
// and not reserved. Lists come from a snapshot in memory, looked after twice a
// second: a name of which this process has moved an item is read again, a new
// price is put on what is there, and everything is read again now and then for
// what other processes have moved. Buying never trusts a list: an item is
// reserved by one guarded update, so of two buyers one gets it.
//
// The room has no table of its own. Items belong to the room fleet; only the
// column that names who reserved one is written here.
package market
