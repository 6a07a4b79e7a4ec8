package db

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"
)

// Commits is how many commits SQLite's writer has made.
func (d *DB) Commits() int64 { return d.writer.version.Load() / 2 }

// Waiting is how many writes wait for SQLite's writer.
func (d *DB) Waiting() int { return len(d.writer.jobs) }

// Kept is how many statements the reader keeps. The writer's are read inside a
// write, because they belong to its goroutine.
func (d *DB) Kept() int64 { return d.reads.count.Load() }

// KeptBy is how many statements SQLite's writer keeps; call it in a write.
func (d *DB) KeptBy() int { return len(d.writer.stmts) }

// Remembered is how much a write remembers to close.
func Remembered(tx *Tx) int { return len(tx.open) }

// The bounds of what is kept and remembered.
const (
	MaxKept = maxKept
	MaxOpen = maxOpen
)

// CheckPragmas runs the start check on a connection with the given pragmas.
func CheckPragmas(t *testing.T, pragmas string) error {
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db")+"?"+pragmas)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	pool.SetMaxOpenConns(1)
	return checkSQLite(context.Background(), pool, "wal")
}

// OlderThan compares a version with 3.51.3.
func OlderThan(version string) bool { return olderThan(version, 3, 51, 3) }

// Channel is where processes on the same schema tell each other.
func (d *DB) Channel() string { return d.bus.courier.channel }

// Skew makes the carried clock wrong.
func (d *DB) Skew(by time.Duration) { d.clock.server = d.clock.server.Add(by) }

// Primary is how to connect to a target.
var Primary = primary
