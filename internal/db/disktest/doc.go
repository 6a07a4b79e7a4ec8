// Package disktest is a disk for SQLite that loses its power and fails on
// command, so that the production driver, with the same SQL and pragmas, can
// be shown to keep what was acknowledged.
//
// A [Disk] keeps, per file, what is durable and the writes since the last
// fsync. At a power cut any subset of the 512-byte sectors of those writes
// survives, in any order; a file whose name was never synced may be gone, one
// that was deleted may be back. After a failed fsync the writes before it are
// never made durable, as on Linux. The disk knows nothing of what is in its
// files.
//
// It is a VFS of SQLite in memory: [Disk.Mount] puts a folder's files on it, and
// [db.OpenOn] opens them there with the name [VFS].
package disktest
