package db

import (
	"context"
	"fmt"
)

// SQLite takes its log into the file by itself, and begins it anew when nobody
// reads from it at the end of a commit. Where there are always some who do, it
// never does (tried: four who read for 5 ms each), and the log would grow until
// the disk is full. So the writer waits for the readers of a long log: those who
// come meanwhile read the file.
const (
	logLook = 16     // commits between two looks at the log
	logMost = 16_000 // pages of 4 KiB; SQLite aims at a quarter of them
	logWait = 100    // milliseconds, the longest that the writer waits
)

// shorten begins a long log anew, between two groups. Who reads for long, such as
// a backup, keeps it from that; then it is tried again when the log has grown by
// as much once more. That it cannot be written shows in a commit.
func (w *writer) shorten() {
	if w.logMost == 0 || w.version.Load()/2%logLook != 0 {
		return
	}
	_, pages := w.checkpoint("noop")
	if pages < w.logMost {
		return
	}
	_ = w.exec(fmt.Sprintf("pragma busy_timeout = %d", logWait))
	w.logMost = logMost
	if done, pages := w.checkpoint("restart"); !done {
		w.logMost += pages
	}
	_ = w.exec(fmt.Sprintf("pragma busy_timeout = %d", busyWait))
}

// checkpoint reports whether nobody stood in the way, and how long the log is.
func (w *writer) checkpoint(mode string) (done bool, pages int64) {
	var busy int
	var taken int64
	err := w.conn.QueryRowContext(context.Background(), "pragma wal_checkpoint("+mode+")").Scan(&busy, &pages, &taken)
	return err == nil && busy == 0, pages
}
