// Package market says what can be bought now and at which price, and reserves
// it.
//
// Lists come from a snapshot that is rebuilt, at most once a second, when items
// or prices have changed. Buying never trusts a list: an item is reserved by one
// guarded update, so of two buyers one gets it.
package market
