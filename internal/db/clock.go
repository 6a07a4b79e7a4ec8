package db

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// clock is the server's time, carried on by this machine's monotonic clock.
type clock struct {
	mu     sync.Mutex
	server time.Time // at own; zero: this machine's clock counts
	own    time.Time // monotonic
}

// drift is how far the carried time may be from the server's before it is set
// right: less is the time that asking takes.
const drift = 100 * time.Millisecond

// Clock is the wall time that all processes on the database share: on
// PostgreSQL the server's, so that processes with clocks that are apart, or jump,
// agree on what is due; on SQLite the machine's. UTC, in whole microseconds.
func (d *DB) Clock() time.Time {
	c := &d.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if !c.server.IsZero() {
		now = c.server.Add(now.Sub(c.own))
	}
	return now.UTC().Truncate(time.Microsecond)
}

// SyncClock sets [DB.Clock] by the server's time. Call it every second or so; a
// server that does not answer leaves the clock running.
func (d *DB) SyncClock(ctx context.Context) error {
	if d.engine != Postgres {
		return nil
	}
	before := time.Now()
	var us int64
	err := d.reads.QueryRowContext(ctx, "select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)").Scan(&us)
	if err != nil {
		return fmt.Errorf("read the server's time: %w", err)
	}
	took := time.Since(before)
	server, own := Time(us), before.Add(took/2)
	c := &d.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server.IsZero() || server.Sub(c.server.Add(own.Sub(c.own))).Abs() > drift+took {
		c.server, c.own = server, own
	}
	return nil
}
