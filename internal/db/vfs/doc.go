// Package vfs lets Go be the file system of SQLite, by the C interface of the
// production driver's translation. It knows how that calls functions and lays out
// its tables, and keeps the locks between the connections of this process; what a
// file is made of is said by who registers a [System].
package vfs
