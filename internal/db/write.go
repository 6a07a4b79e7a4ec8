package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var errReadOnly = errors.New("db: this querier only reads")

// ErrCommitUnknown is returned when the answer to COMMIT was lost: the write
// may or may not have happened. Whoever has a key looks it up.
var ErrCommitUnknown = errors.New("db: outcome of the commit is unknown")

// ErrAgain is returned by a write that finds that somebody else was faster: it
// is undone and runs again.
var ErrAgain = errors.New("db: somebody else was faster")

// Write runs f in a transaction and returns once it is durably committed, or
// with f's error and no effect. f may run more than once, and it uses tx only:
// a [DB.Read] would not see what f has written, a second Write could wait for
// this one for ever. A context that ends before f starts prevents the write;
// after that the outcome is awaited.
func (d *DB) Write(ctx context.Context, f func(tx *Tx) error) error {
	f = guarded(ctx, f)
	if d.hook != nil {
		return d.hook(func(f func(tx *Tx) error) error { return d.write(ctx, f) }, f)
	}
	return d.write(ctx, f)
}

// Hook stands between those who write and the database: it calls write with f,
// or lets happen what happens to databases. A simulation has one.
type Hook func(write func(f func(tx *Tx) error) error, f func(tx *Tx) error) error

// Interpose sets the hook of all writes that begin later; nil removes it. Not
// to be called while writes run.
func (d *DB) Interpose(h Hook) { d.hook = h }

// InterposeReads lets change see each statement of [DB.Read] and say what runs in
// its place, such as one that fails; nil ends that. Not to be called while
// statements run.
func (d *DB) InterposeReads(change func(query string) string) { d.reads.change = change }

func (d *DB) write(ctx context.Context, f func(tx *Tx) error) error {
	if d.engine == SQLite {
		return d.writer.do(ctx, f)
	}
	return d.writePostgres(ctx, f)
}

type urgentKey struct{}

// Urgent returns a context with which a [DB.Write] on PostgreSQL does not wait
// for a connection while all others wait for locks. For small and rare writes
// that touch rows of their own.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

type guardKey struct{}

// Guarded returns a context with which every [DB.Write] first runs guard, in
// the same transaction; its error is the write's. It says by whose authority
// something is written, such as a lease, and so goes where the context goes.
func Guarded(ctx context.Context, guard func(tx *Tx) error) context.Context {
	return context.WithValue(ctx, guardKey{}, guard)
}

func guarded(ctx context.Context, f func(tx *Tx) error) func(tx *Tx) error {
	guard, ok := ctx.Value(guardKey{}).(func(*Tx) error)
	if !ok {
		return f
	}
	return func(tx *Tx) error {
		if err := guard(tx); err != nil {
			return err
		}
		return f(tx)
	}
}

const maxTries = 12

func (d *DB) writePostgres(ctx context.Context, f func(tx *Tx) error) error {
	for try := 1; ; try++ {
		err := d.tryPostgres(ctx, f)
		if !retryable(err) || try == maxTries {
			return err
		}
		pause := time.Duration(1+rand.IntN(5*try)) * time.Millisecond
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// tryPostgres runs f once. The caller's context ends the wait for a
// connection, nothing later.
func (d *DB) tryPostgres(ctx context.Context, f func(tx *Tx) error) error {
	pool := d.writes
	if ctx.Value(urgentKey{}) != nil {
		pool = d.spare
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin write: %w", err)
	}
	defer func() { _ = conn.Close() }()
	ctx = quiet(ctx)
	ptx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin write: %w", err)
	}
	if d.pooled {
		if _, err := ptx.ExecContext(ctx, limits); err != nil {
			return errors.Join(fmt.Errorf("begin write: %w", err), ignoreDone(ptx.Rollback()))
		}
	}
	tx := &Tx{ctx: ctx, q: ptx, conn: conn}
	if err := run(f, tx); err != nil {
		return errors.Join(err, ignoreDone(ptx.Rollback()))
	}
	began := time.Now()
	if err := ptx.Commit(); err != nil {
		return commitError(err)
	}
	d.watched(began, 1)
	tx.committed(&d.bus)
	return nil
}

// commitError keeps an error that the server gave as its answer, which means
// that nothing was committed, apart from a lost answer. The first is also how
// a transaction ends in which f went on after a failed statement.
func commitError(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.SeverityUnlocalized == "ERROR" {
		return err
	}
	if errors.Is(err, pgx.ErrTxCommitRollback) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCommitUnknown, err)
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// run turns a panic of f into an error, so that one bad write cannot take the
// writer, and with it everybody else's money, down.
func run(f func(tx *Tx) error, tx *Tx) (err error) {
	defer tx.end()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("write panicked: %v\n%s", p, debug.Stack())
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	return tx.flush()
}
