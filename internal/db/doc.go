// Package db opens SQLite or PostgreSQL, migrates it, and runs writes.
//
// It hides exactly these differences: how a write begins and commits, the
// placeholder form, the class of an error, and how a waiting loop is woken.
// SQL is one text for both engines with $1 placeholders.
//
// SQLite has one writer connection. Writes that arrive while a commit is on its
// way to disk are gathered and committed together, each in a savepoint of its
// own, and each is answered only after the common commit (guarantee G4).
// A write is a closure that may run more than once: it returns its result
// through variables that it sets anew each time, and touches nothing outside.
//
// A [Gather] makes one write of calls that come at the same time, a [List] one
// statement of many rows, and [Tx.Together] one round trip of many statements:
// what is done for every purchase is done so, on both engines.
//
// PostgreSQL runs read committed: what SQLite's single writer gives for free, a
// room makes explicit by a guard in the UPDATE or a unique key. Deadlocks and
// serialization failures run the closure again.
//
// Not promised: that a closure which ignores the error of a statement commits
// (SQLite would, PostgreSQL will not), nor any order among waiting writes.
package db
