package db

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// ErrorClass is what kind of database error something is, told by its code.
type ErrorClass int

// The classes. Other is everything else, also nil.
const (
	Other ErrorClass = iota
	Unique
	ForeignKey
	Check
	Busy // busy, serialization failure or deadlock: run the write again
	Disk // the file can no longer be trusted to keep what is written
)

// Class tells the class of an error by its code, never by its text.
func Class(err error) ErrorClass {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresClass(e.Code)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteClass(e.Code())
	}
	if e, ok := errors.AsType[interface { // of another driver
		error
		SQLiteCode() int
	}](err); ok {
		return sqliteClass(e.SQLiteCode())
	}
	return Other
}

func postgresClass(code string) ErrorClass {
	switch code {
	case "23505":
		return Unique
	case "23503":
		return ForeignKey
	case "23514":
		return Check
	case "40001", "40P01", "55P03":
		return Busy
	}
	return Other
}

// sqliteClass reads SQLite's extended result codes; the low byte is the
// primary code.
func sqliteClass(code int) ErrorClass {
	switch code {
	case 1555, 2067, 2579: // primary key, unique, integer primary key
		return Unique
	case 787: // foreign key
		return ForeignKey
	case 275: // check
		return Check
	}
	switch code & 0xff {
	case 5, 6: // busy, locked
		return Busy
	case 8, 10, 11, 13, 14, 26: // read-only, I/O, corrupt, full, cannot open, not a database
		return Disk
	}
	return Other
}

// IsUnique reports whether err says that a unique key is taken.
func IsUnique(err error) bool { return Class(err) == Unique }

func retryable(err error) bool { return Class(err) == Busy || errors.Is(err, ErrAgain) }
