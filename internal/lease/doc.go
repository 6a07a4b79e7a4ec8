// Package lease lets one process at a time work on a thing of a name: a bot, a
// background job (G11).
//
// A [Keeper] belongs to one process. Its Beat tells the others that the process
// lives; its Step takes what nobody works on and gives back what is more than its
// share. What is held is used by [Keeper.Under]: the context it gives ends with
// the lease, and every write made with that context first checks, in its own
// transaction, that the fencing number is still the one this process was given.
// A process that was frozen and replaced can therefore write nothing (I21).
//
// No clocks are compared, neither those of two processes nor one with the
// database's (I22): a process counts a beat in its row, and the others measure
// by their own monotonic clocks how long that number stays the same. A holder
// stops a quarter of that time before anybody may take over. Nobody waits for a
// process that is proven to have ended ([Options].Gone).
//
// Not promised: that two processes never believe in the same lease for a moment.
// Promised is that one of them cannot write.
package lease
