package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

// maxKept bounds the statements kept prepared. The program has a few hundred
// texts; lists of varying length are what could make them many.
const maxKept = 1000

// kept is a prepared statement of the writer. The driver keeps it compiled,
// and has one cursor for it: while rows of it are open it cannot run again.
type kept struct {
	stmt *sql.Stmt
	rows *sql.Rows // the last ones
}

func (k *kept) busy() bool {
	if k.rows != nil && isClosed(k.rows) {
		k.rows = nil
	}
	return k.rows != nil
}

func (w *writer) prepared(query string) (*kept, error) {
	if k, ok := w.stmts[query]; ok {
		return k, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), numbered(query))
	if err != nil {
		return nil, err
	}
	k := &kept{stmt: s}
	w.stmts[query] = k
	return k, nil
}

// forget drops the kept statements when they have become too many. It runs
// between two groups, when none is in use.
func (w *writer) forget() {
	if len(w.stmts)+len(w.lists) > maxKept {
		w.drop()
	}
}

func (w *writer) drop() {
	for _, k := range w.stmts {
		_ = k.stmt.Close()
	}
	clear(w.stmts)
	for _, s := range w.lists {
		_ = s.Close()
	}
	clear(w.lists)
}

// change runs a statement about rows of a list, which returns none, and says how
// many it changed. It goes past database/sql, which makes a copy of each of some
// thousand values.
func (w *writer) change(query string, args []any) (changed int64, err error) {
	w.values = w.values[:0]
	for i, a := range args {
		v := driver.NamedValue{Ordinal: i + 1, Value: a}
		switch a := a.(type) {
		case int:
			v.Value = int64(a)
		case driver.Valuer:
			if v.Value, err = a.Value(); err != nil {
				return 0, err
			}
		}
		w.values = append(w.values, v)
	}
	err = w.conn.Raw(func(c any) error {
		s := w.lists[query]
		if s == nil {
			made, err := c.(driver.ConnPrepareContext).PrepareContext(context.Background(), query)
			if err != nil {
				return err
			}
			s = made
			w.lists[query] = s
		}
		res, err := s.(driver.StmtExecContext).ExecContext(context.Background(), w.values)
		if err == nil {
			changed, err = res.RowsAffected()
		}
		return err
	})
	clear(w.values)
	return changed, err
}

// writerQuerier runs statements of a job on the writer's connection. It is used
// only by whose turn it is, through a [Tx].
type writerQuerier struct{ w *writer }

// free returns the kept statement, or nil when rows of it are open: then the
// text runs once more beside it, compiled anew.
func (q writerQuerier) free(query string) (*kept, error) {
	k, err := q.w.prepared(query)
	if err != nil || !k.busy() {
		return k, err
	}
	return nil, nil
}

func (q writerQuerier) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	k, err := q.free(query)
	if err != nil {
		return nil, err
	}
	if k == nil {
		return q.w.conn.ExecContext(ctx, numbered(query), args...)
	}
	return k.stmt.ExecContext(ctx, args...)
}

func (q writerQuerier) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return q.w.conn.PrepareContext(ctx, numbered(query))
}

func (q writerQuerier) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	k, err := q.free(query)
	if err != nil {
		return nil, err
	}
	if k == nil {
		return q.w.conn.QueryContext(ctx, numbered(query), args...)
	}
	rows, err := k.stmt.QueryContext(ctx, args...)
	if err == nil {
		k.rows = rows
	}
	return rows, err
}

func (q writerQuerier) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if ctx.Err() == nil {
		if k, err := q.free(query); err == nil && k != nil {
			return k.stmt.QueryRowContext(ctx, args...)
		}
	}
	// Also when it does not compile: the connection says so through the Row.
	return q.w.conn.QueryRowContext(ctx, numbered(query), args...)
}
