// Package trade is the log of trade offers: wanted, sent, moved.
//
// A row is the intent to make one offer and is committed before Steam is
// called (G5). Only the bot door moves rows, by what Steam says; each move is
// a compare-and-set on the row's version, writes a history row, and calls the
// owner of the order (deposit or purchase) inside the same transaction. An
// outcome that is not clear is the state unknown, never a failure: it is read
// back by the reference in the offer's message.
//
// At most one row per order is alive, by a unique index (I10). A trade that
// Steam reports belongs to one row only.
package trade
