package db

import (
	"context"
	"database/sql"
	"regexp"
	"sync"
	"sync/atomic"
)

var placeholder = regexp.MustCompile(`\$(\d+)`)

// texts maps the common SQL text to the engine's own, once per text, up to a
// number that the program's own texts never reach.
var (
	texts     sync.Map
	textCount atomic.Int64
)

// numbered turns $1 into ?1. Left alone, some SQLite drivers bind $2 before $1
// when it appears first, and swap the values silently.
func numbered(query string) string {
	if t, ok := texts.Load(query); ok {
		return t.(string)
	}
	t := placeholder.ReplaceAllString(query, "?$1")
	if textCount.Add(1) <= 4*maxKept {
		texts.Store(query, t)
	}
	return t
}

// reader runs statements on a pool that cannot write, and on SQLite keeps them
// prepared; PostgreSQL's driver does that itself.
type reader struct {
	pool   *sql.DB
	engine Engine
	change func(query string) string // nil: nothing
	stmts  sync.Map                  // SQL text -> *sql.Stmt
	count  atomic.Int64
}

func newReader(pool *sql.DB, e Engine) *reader { return &reader{pool: pool, engine: e} }

func (r *reader) close() error {
	r.stmts.Range(func(_, s any) bool { _ = s.(*sql.Stmt).Close(); return true })
	return r.pool.Close()
}

// prepared returns a kept statement, or nil when there are enough of them.
func (r *reader) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := r.stmts.Load(query); ok {
		return s.(*sql.Stmt), nil
	}
	if r.count.Load() >= maxKept {
		return nil, nil
	}
	s, err := r.pool.PrepareContext(quiet(ctx), numbered(query))
	if err != nil {
		return nil, err
	}
	if first, loaded := r.stmts.LoadOrStore(query, s); loaded {
		return first.(*sql.Stmt), s.Close()
	}
	r.count.Add(1)
	return s, nil
}

func (r *reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	query = r.changed(query)
	if r.engine == Postgres {
		return r.pool.QueryContext(ctx, query, args...)
	}
	s, err := r.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return r.pool.QueryContext(quiet(ctx), numbered(query), args...)
	}
	return s.QueryContext(quiet(ctx), args...)
}

func (r *reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	query = r.changed(query)
	if r.engine == Postgres {
		return r.pool.QueryRowContext(ctx, query, args...)
	}
	if s, err := r.prepared(ctx, query); err == nil && s != nil {
		return s.QueryRowContext(quiet(ctx), args...)
	}
	// Also when it does not compile: the pool says so through the Row.
	return r.pool.QueryRowContext(quiet(ctx), numbered(query), args...)
}

func (r *reader) changed(query string) string {
	if r.change == nil {
		return query
	}
	return r.change(query)
}

func (r *reader) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errReadOnly
}

func (r *reader) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if r.engine == SQLite {
		query = numbered(query)
	}
	return r.pool.PrepareContext(ctx, query)
}

// quiet drops cancellation, also where a statement is first prepared, so that a
// read does the same each time: SQLite reads are short, and the driver starts a
// goroutine per statement to watch a context that can be cancelled. A write is
// never cut in the middle.
func quiet(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }
