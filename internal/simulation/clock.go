package simulation

import "time"

// clock is the time of a run. Steam's is the true one; ours may be off.
type clock struct {
	steam time.Time
	skew  time.Duration // of the gateway's clock
	far   bool          // it has been off by more than minutes
}

var begin = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func (c *clock) Steam() time.Time     { return c.steam }
func (c *clock) Now() time.Time       { return c.steam.Add(c.skew) }
func (c *clock) pass(d time.Duration) { c.steam = c.steam.Add(d) }
