package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// Engine is which database stands behind a [DB].
type Engine int

// The two engines.
const (
	SQLite Engine = iota
	Postgres
)

func (e Engine) String() string { return [...]string{"sqlite", "postgres"}[e] }

// Querier is what generated query code needs; [DB.Read] and [Tx] provide it.
type Querier interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// DB is one open database. All methods may be called concurrently.
type DB struct {
	engine Engine
	reads  *reader
	writes *sql.DB // PostgreSQL only
	spare  *sql.DB // PostgreSQL only: one connection for what cannot wait
	pooled bool    // PostgreSQL only, see isPooled
	writer *writer // SQLite only
	bus    bus
	clock  clock
	floors map[string]int64 // SQLite, once restored: ids up to these are used
	fatal  chan error
	watch  atomic.Pointer[func(took time.Duration, writes int)]
	once   sync.Once
	closed func() error
	hook   Hook
}

// Open opens a file (SQLite, made when missing) or a postgres:// URL and
// brings the schema up to date. It refuses settings that would lose
// acknowledged writes.
func Open(ctx context.Context, target string) (*DB, error) { return OpenOn(ctx, target, "") }

// OpenOn is [Open] for a SQLite file that lies on a VFS of that name, which the
// caller has registered with the driver: a simulated disk. Empty: the machine's
// own files.
func OpenOn(ctx context.Context, target, vfs string) (*DB, error) {
	return open(ctx, target, medium{"sqlite", vfs, "wal"}, migrate)
}

// OpenVolatile is [OpenOn] for a VFS whose files end with the process, with a
// driver of its own: no log is written, only the file. A read that is open lets
// no write be committed.
func OpenVolatile(ctx context.Context, path, driver, vfs string) (*DB, error) {
	return open(ctx, path, medium{driver, vfs, "memory"}, migrate)
}

// OpenAsIs opens a database that is there, and leaves its schema alone: a
// program that runs on it may be of another version. It returns [ErrOlder] or
// [ErrNewer] when the schema is not that of this program.
func OpenAsIs(ctx context.Context, target string) (*DB, error) {
	return open(ctx, target, medium{"sqlite", "", "wal"}, asIs)
}

// medium is what a SQLite file lies on, by which driver it is reached, and the
// journal that goes with it.
type medium struct{ driver, vfs, journal string }

// schema brings a database's schema forward, or refuses it.
type schema func(context.Context, *sql.DB, Engine) error

func open(ctx context.Context, target string, on medium, bring schema) (*DB, error) {
	d := &DB{fatal: make(chan error, 1)}
	d.closed = sync.OnceValue(d.shut)
	var err error
	if IsPostgres(target) {
		d.engine = Postgres
		err = d.openPostgres(ctx, target, bring)
	} else {
		err = d.openSQLite(ctx, target, on, bring)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// IsPostgres reports whether the target names a PostgreSQL server.
func IsPostgres(target string) bool {
	return strings.HasPrefix(target, "postgres://") || strings.HasPrefix(target, "postgresql://")
}

// Engine tells which database this is.
func (d *DB) Engine() Engine { return d.engine }

// Read returns a Querier for statements outside a write. It sees what is
// committed and refuses to write.
func (d *DB) Read() Querier { return d.reads }

// Fatal delivers at most one error after which nothing can be acknowledged any
// more, such as a failed fsync: the process must exit and recover from disk.
func (d *DB) Fatal() <-chan error { return d.fatal }

// Watch calls f after each commit: how long it took to reach the disk, and how
// many writes shared it. f must be quick.
func (d *DB) Watch(f func(took time.Duration, writes int)) { d.watch.Store(&f) }

func (d *DB) watched(began time.Time, writes int) {
	if f := d.watch.Load(); f != nil {
		(*f)(time.Since(began), writes)
	}
}

func (d *DB) fail(err error) {
	d.once.Do(func() { d.fatal <- err })
}

// Close waits for the running write, refuses those that wait for their turn
// and closes all connections. Closing twice is harmless.
func (d *DB) Close() error { return d.closed() }

func (d *DB) shut() error {
	var errs []error
	if d.writer != nil {
		d.writer.end()
	}
	if d.bus.courier != nil {
		d.bus.courier.close()
	}
	if d.reads != nil {
		errs = append(errs, d.reads.close())
	}
	if d.writer != nil { // the last connection empties the log into the file
		errs = append(errs, d.writer.close())
	}
	if d.writes != nil {
		errs = append(errs, d.writes.Close())
	}
	if d.spare != nil {
		errs = append(errs, d.spare.Close())
	}
	return errors.Join(errs...)
}

// Reads and writes have connections of their own: a read never waits for the
// writes before it, and the server refuses a write that came in as a read.
const (
	postgresWriters = 24
	postgresReaders = 12
)

func (d *DB) openPostgres(ctx context.Context, target string, bring schema) error {
	config, err := primary(target)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if d.pooled, err = isPooled(config); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	plain := config.Copy() // a change of the schema may be idle for as long as it must
	if !d.pooled {
		plain.RuntimeParams["lock_timeout"] = schemaWait
		config.RuntimeParams["idle_in_transaction_session_timeout"] = idleWrite
		config.RuntimeParams["lock_timeout"] = lockWait
	}
	d.writes = stdlib.OpenDB(*config)
	d.writes.SetMaxOpenConns(postgresWriters)
	d.writes.SetMaxIdleConns(postgresWriters)
	d.spare = stdlib.OpenDB(*config)
	d.spare.SetMaxOpenConns(1)
	if err := checkSession(ctx, d.writes, d.pooled); err != nil {
		return err
	}
	reading := config.Copy()
	if !d.pooled {
		reading.RuntimeParams["default_transaction_read_only"] = "on"
	}
	pool := stdlib.OpenDB(*reading)
	pool.SetMaxOpenConns(postgresReaders)
	pool.SetMaxIdleConns(postgresReaders)
	d.reads = newReader(pool, Postgres)
	if !d.pooled {
		if d.bus.courier, err = newCourier(ctx, &d.bus, d.spare, config); err != nil {
			return err
		}
	}
	if err := d.SyncClock(ctx); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	unhurried := stdlib.OpenDB(*plain)
	return errors.Join(bring(ctx, unhurried, Postgres), unhurried.Close())
}

const sqliteReaders = 8

func (d *DB) openSQLite(ctx context.Context, path string, on medium, bring schema) error {
	if on.vfs == "" {
		if err := private(path); err != nil {
			return fmt.Errorf("open database: %w", err)
		}
	}
	w, err := sql.Open(on.driver, sqliteURL(path, on.vfs, "journal_mode("+on.journal+")"))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	w.SetMaxOpenConns(1)
	if err := checkSQLite(ctx, w, on.journal); err != nil {
		return errors.Join(err, w.Close())
	}
	if err := bring(ctx, w, SQLite); err != nil {
		return errors.Join(err, w.Close())
	}
	if err := d.readFloors(ctx, w); err != nil {
		return errors.Join(err, w.Close())
	}
	if d.writer, err = newWriter(ctx, d, w); err != nil {
		return errors.Join(err, w.Close())
	}
	if on.journal == "wal" {
		d.writer.logMost = logMost
	}
	pool, err := sql.Open(on.driver, sqliteURL(path, on.vfs, readOnly))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	pool.SetMaxOpenConns(sqliteReaders)
	pool.SetMaxIdleConns(sqliteReaders)
	d.reads = newReader(pool, SQLite)
	return nil
}

// private makes a missing file so that only its owner can read it; SQLite gives
// its log the same permissions.
func private(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// sqliteURL spells the pragmas in the form this driver understands; it
// silently ignores what it does not know, so checkSQLite reads them back.
func sqliteURL(path, vfs, mode string) string {
	pragmas := []string{fmt.Sprintf("busy_timeout(%d)", busyWait), "foreign_keys(1)", "temp_store(memory)"}
	if mode == readOnly {
		pragmas = append(pragmas, mode, "cache_size(-8192)") // KiB, for each of the readers
	} else {
		pragmas = append(pragmas, mode, "synchronous(full)", "wal_autocheckpoint(4000)", "cache_size(-32768)")
	}
	q := url.Values{"_pragma": pragmas}
	if vfs != "" {
		q.Set("vfs", vfs)
	}
	return "file:" + escaped(path) + "?" + q.Encode()
}

// busyWait is how many milliseconds a connection waits for another process.
const busyWait = 10_000

// readOnly is the mode of connections that only read; others name their journal.
const readOnly = "query_only(1)"

// escaped is a path in a URL of SQLite.
func escaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// checkSQLite refuses versions before 3.51.3 (a race at a WAL reset could
// corrupt the file) and any durability below FULL.
func checkSQLite(ctx context.Context, w *sql.DB, journal string) error {
	var version, mode string
	var synchronous, foreignKeys int
	err := errors.Join(
		w.QueryRowContext(ctx, "select sqlite_version()").Scan(&version),
		w.QueryRowContext(ctx, "pragma journal_mode").Scan(&mode),
		w.QueryRowContext(ctx, "pragma synchronous").Scan(&synchronous),
		w.QueryRowContext(ctx, "pragma foreign_keys").Scan(&foreignKeys))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if olderThan(version, 3, 51, 3) || mode != journal || synchronous < 2 || foreignKeys != 1 {
		return fmt.Errorf("open database: sqlite %s with journal_mode=%s synchronous=%d foreign_keys=%d: want at least 3.51.3, %s, 2, 1",
			version, mode, synchronous, foreignKeys, journal)
	}
	return nil
}

func olderThan(version string, want ...int) bool {
	var got [3]int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &got[0], &got[1], &got[2]); err != nil {
		return true
	}
	for i, w := range want {
		if got[i] != w {
			return got[i] < w
		}
	}
	return false
}

// Version grows with every commit, before its writers are answered: what was
// read at a version is what anybody reads while the version is the same. False
// while a commit is under way, which one reader sees already and another does
// not, and on PostgreSQL, where others commit too. Another process that writes
// the same SQLite file is not seen: keep nothing for long.
func (d *DB) Version() (version int64, known bool) {
	if d.writer == nil {
		return 0, false
	}
	version = d.writer.version.Load()
	return version, version%2 == 0
}
