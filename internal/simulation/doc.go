// Package simulation runs the whole gateway — rooms, ledger, outbox, merchant
// API, bots with the real Steam client — against the simulated Steam, with
// merchants and payers, in one order that a seed decides: which step runs next,
// what time it is, what fails and where the process dies. Equal seeds of one
// build give equal traces.
//
// After each step the invariants that are cheap are checked, at crashes and at
// the end the books. A run ends with a phase without faults in which time goes
// on: everything must come to its end, every notification must have been
// delivered or be listed as failed, and Steam, the books and the merchants must
// agree.
//
// Read [Run], then run.go (one seed), op.go (what happens), fault.go (what
// fails), check.go and end.go (what must hold).
package simulation
