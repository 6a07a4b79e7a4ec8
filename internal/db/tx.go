package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// Tx is a running write. It is valid only inside the closure it was given to,
// in one goroutine. Rows must be closed before the next statement: PostgreSQL
// refuses two at once on one connection. What the closure leaves open is closed
// when it returns.
type Tx struct {
	ctx    context.Context // in force instead of the caller's: a write is not cut in the middle
	q      Querier
	conn   *sql.Conn // PostgreSQL's
	floors map[string]int64
	topics []string
	after  []func()
	open   []interface{ Close() error }
	rows   []collected
	done   bool
}

// collected is rows of one list that wait for the end of the write.
type collected struct {
	list *List
	args []any
	n    int64
	lost error
}

// Collect adds a row to those that the list changes at the end of the write, all
// at once. When that does not change each of them, the write ends with lost.
func (tx *Tx) Collect(l *List, lost error, row ...any) {
	for i := range tx.rows {
		if c := &tx.rows[i]; c.list == l {
			c.args, c.n = append(c.args, row...), c.n+1
			return
		}
	}
	tx.rows = append(tx.rows, collected{list: l, args: row, n: 1, lost: lost})
}

// flush runs what was collected.
func (tx *Tx) flush() error {
	for _, c := range tx.rows {
		var n int64
		if err := tx.Together(c.list.Exec(c.args, &n)...); err != nil {
			return err
		}
		if n != c.n {
			return c.lost
		}
	}
	return nil
}

// Wake wakes the subscribers of a topic once the write is committed.
func (tx *Tx) Wake(topic string) { tx.topics = append(tx.topics, topic) }

// After calls f once the write is committed, before the topics are woken, and
// never when it is not. f must be quick: on SQLite other writes wait for it.
func (tx *Tx) After(f func()) { tx.after = append(tx.after, f) }

// committed tells who wanted to know.
func (tx *Tx) committed(b *bus) {
	for _, f := range tx.after {
		f()
	}
	b.committed(tx.topics)
}

// WaitAtMost bounds how long each later statement of the write waits for the
// lock of another write; then it fails with an error of class [Busy]. On SQLite
// a write waits for nobody.
func (tx *Tx) WaitAtMost(ctx context.Context, most time.Duration) error {
	if _, alone := tx.q.(writerQuerier); alone {
		return nil
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf("set local lock_timeout = %d", most.Milliseconds()))
	return err
}

// ExecContext runs a statement inside the write.
func (tx *Tx) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	if tx.done {
		return nil, sql.ErrTxDone
	}
	return tx.q.ExecContext(tx.ctx, query, args...)
}

// PrepareContext prepares a statement for the length of the write.
func (tx *Tx) PrepareContext(_ context.Context, query string) (*sql.Stmt, error) {
	if tx.done {
		return nil, sql.ErrTxDone
	}
	s, err := tx.q.PrepareContext(tx.ctx, query)
	if err == nil {
		tx.remember(s)
	}
	return s, err
}

// QueryContext reads inside the write.
func (tx *Tx) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	if tx.done {
		return nil, sql.ErrTxDone
	}
	rows, err := tx.q.QueryContext(tx.ctx, query, args...)
	if err == nil {
		tx.remember(rows)
	}
	return rows, err
}

// QueryRowContext reads one row inside the write.
func (tx *Tx) QueryRowContext(_ context.Context, query string, args ...any) *sql.Row {
	if tx.done {
		return tx.q.QueryRowContext(ended(), query, args...)
	}
	row := tx.q.QueryRowContext(tx.ctx, query, args...)
	tx.remember(unread{row})
	return row
}

// maxOpen is how much is remembered before what is over is forgotten: a write
// of a hundred thousand statements does not grow with them.
const maxOpen = 256

func (tx *Tx) remember(c interface{ Close() error }) {
	if len(tx.open) >= maxOpen {
		tx.open = slices.DeleteFunc(tx.open, over)
	}
	tx.open = append(tx.open, c)
}

func over(c interface{ Close() error }) bool {
	switch c := c.(type) {
	case unread: // whoever asks for a row scans it before the next statement
		_ = c.Close()
		return true
	case *sql.Rows:
		return isClosed(c)
	}
	return false
}

func isClosed(rows *sql.Rows) bool {
	_, err := rows.Columns()
	return err != nil
}

// end closes what the closure left open, newest first, and makes the Tx
// useless: on SQLite its connection belongs to the next write already.
func (tx *Tx) end() {
	for i := len(tx.open) - 1; i >= 0; i-- {
		_ = tx.open[i].Close()
	}
	tx.open = nil
	tx.done = true
}

// unread closes a row that nobody has scanned; for one that was, it does
// nothing.
type unread struct{ row *sql.Row }

func (u unread) Close() error { return u.row.Scan() }

// ended is a context that makes a query fail before it starts.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
