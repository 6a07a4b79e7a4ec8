// Package ledger keeps the books: accounts, transactions of entries that sum
// to zero, and holds.
//
// It promises that money is never made, lost or spent twice. Every transaction
// has a reference that says what money moved, so that posting it again is
// refused; entries are only ever added; a balance that must not go below zero
// is guarded in the update that lowers it. [Service.Audit] recomputes all of it
// from the entries at any time.
//
// Money that waits for something to become certain lies in a hold. Making one
// moves the amount to an account that only holds may touch (held, in
// delivery); it is resolved exactly once, by a release that splits it among
// other accounts, not before its time, or by a void that moves it back. The
// balance was checked when the hold was made, so resolving never fails for
// lack of money.
//
// The ledger knows nothing of deposits or purchases: deposit and purchase call
// it inside their own writes, and tell an audit what they say of the books. It makes no rounding decision.
package ledger
