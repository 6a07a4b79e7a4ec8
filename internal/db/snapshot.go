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
	err = f(moment{tx, d.engine})
	return errors.Join(err, ignoreDone(tx.Rollback()))
}

// moment is the Querier of a snapshot.
type moment struct {
	tx     *sql.Tx
	engine Engine
}

func (m moment) text(query string) string {
	if m.engine == SQLite {
		return numbered(query)
	}
	return query
}

func (m moment) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return m.tx.QueryContext(ctx, m.text(query), args...)
}

func (m moment) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return m.tx.QueryRowContext(ctx, m.text(query), args...)
}

func (m moment) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return m.tx.PrepareContext(ctx, m.text(query))
}

func (m moment) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errReadOnly
}
