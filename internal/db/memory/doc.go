// Package memory keeps SQLite's files in this process's memory, for simulations
// that begin thousands of times with the same database: [Put] sets a file back to
// what it was while connections stay open, with all they have compiled.
//
// [Driver] reaches them with less around SQLite than the production driver has.
//
// Nothing is durable, so there is no write-ahead log and no fsync, and what is
// committed is there until the process ends. A write that meets an open read is
// refused as busy, where a log would let both go on.
package memory
