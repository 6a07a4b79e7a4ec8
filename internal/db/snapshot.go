package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Snapshot runs f with a Querier that sees one moment of the database, however
// long f takes and whatever is written meanwhile. Rows must be closed before
// the next statement. The end of ctx ends it.
func (d *DB) Snapshot(ctx context.Context, f func(q Querier) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if d.engine == Postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := d.reads.pool.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	m := &moment{tx: tx, reads: d.reads}
	err = errors.Join(f(m), ignoreDone(tx.Rollback()))
	for _, query := range m.fresh {
		_, _ = d.reads.prepared(ctx, query) // it has just run; if not: next time
	}
	return err
}

// moment is the Querier of a snapshot. It runs what the reader keeps prepared;
// what is new is prepared once the snapshot has ended: that takes a connection,
// and those may all be in snapshots.
type moment struct {
	tx    *sql.Tx
	reads *reader
	fresh []string
}

func (m *moment) text(query string) string {
	if m.reads.engine == SQLite {
		return numbered(query)
	}
	return query
}

// kept is the prepared statement, or nil.
func (m *moment) kept(ctx context.Context, query string) *sql.Stmt {
	if m.reads.engine == Postgres { // whose driver keeps them itself
		return nil
	}
	if s, ok := m.reads.stmts.Load(query); ok {
		return m.tx.StmtContext(ctx, s.(*sql.Stmt))
	}
	m.fresh = append(m.fresh, query)
	return nil
}

func (m *moment) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := m.kept(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return m.tx.QueryContext(ctx, m.text(query), args...)
}

func (m *moment) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := m.kept(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return m.tx.QueryRowContext(ctx, m.text(query), args...)
}

func (m *moment) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return m.tx.PrepareContext(ctx, m.text(query))
}

func (m *moment) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errReadOnly
}
