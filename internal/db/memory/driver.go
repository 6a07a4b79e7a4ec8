package memory

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Driver is the name of a driver of database/sql: the SQLite of the production
// driver with less around it. Nothing ends a statement that runs, values are
// SQLite's own kinds, and what is known of a statement is kept with it. The
// production driver looks up the names and types of all columns each time, which
// is a tenth of what a simulated seed costs.
const Driver = "skinrail-memory"

func init() { sql.Register(Driver, opener{}) }

type opener struct{}

// Open opens a URL of SQLite's; of the production driver's parameters it knows
// _pragma.
func (opener) Open(target string) (driver.Conn, error) {
	_, parameters, _ := strings.Cut(target, "?")
	values, err := url.ParseQuery(parameters)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", target, err)
	}
	c := &conn{tls: libc.NewTLS()}
	if err := c.open(target); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	for _, p := range values["_pragma"] {
		if _, err := c.ExecContext(context.Background(), "pragma "+p, nil); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// conn is one connection.
type conn struct {
	tls *libc.TLS
	db  uintptr
}

func (c *conn) open(target string) error {
	name, err := libc.CString(target)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, name)
	out := libc.Xmalloc(c.tls, 8)
	defer libc.Xfree(c.tls, out)
	const flags = sqlite3.SQLITE_OPEN_READWRITE | sqlite3.SQLITE_OPEN_URI | sqlite3.SQLITE_OPEN_NOMUTEX
	rc := sqlite3.Xsqlite3_open_v2(c.tls, name, out, flags, 0)
	if c.db = *(*uintptr)(at(out)); rc != sqlite3.SQLITE_OK {
		return c.failed(rc)
	}
	sqlite3.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	return nil
}

func (c *conn) Close() error {
	sqlite3.Xsqlite3_close_v2(c.tls, c.db)
	c.tls.Close()
	return nil
}

// failure is an error of SQLite's, in the words of the production driver.
type failure struct {
	code          int32
	kind, message string
}

func (f *failure) Error() string { return fmt.Sprintf("%s: %s (%d)", f.kind, f.message, f.code) }

// SQLiteCode is the extended result code.
func (f *failure) SQLiteCode() int { return int(f.code) }

func (c *conn) failed(rc int32) error {
	return &failure{rc, libc.GoString(sqlite3.Xsqlite3_errstr(c.tls, rc)), libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db))}
}

// compile makes a statement of the first in a text, nil when there is none, and
// returns what follows.
func (c *conn) compile(query string) (s *stmt, rest string, err error) {
	text, err := libc.CString(query)
	if err != nil {
		return nil, "", err
	}
	defer libc.Xfree(c.tls, text)
	out := libc.Xmalloc(c.tls, 16)
	defer libc.Xfree(c.tls, out)
	if rc := sqlite3.Xsqlite3_prepare_v2(c.tls, c.db, text, -1, out, out+8); rc != sqlite3.SQLITE_OK {
		return nil, "", c.failed(rc)
	}
	compiled, end := *(*uintptr)(at(out)), *(*uintptr)(at(out + 8))
	if compiled != 0 {
		s = newStmt(c, compiled)
	}
	if s != nil && s.named() {
		return nil, "", errors.Join(errors.New("want values with numbers, such as ?1: "+query), s.Close())
	}
	return s, query[end-text:], nil
}

func (c *conn) Prepare(query string) (driver.Stmt, error) {
	s, rest, err := c.compile(query)
	if err == nil && (s == nil || strings.TrimSpace(rest) != "") {
		err = errors.New("want one statement: " + query)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (c *conn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	return c.Prepare(query)
}

// ExecContext runs all statements of a text.
func (c *conn) ExecContext(_ context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	var res driver.Result = driver.RowsAffected(0)
	for rest := query; rest != ""; {
		s, after, err := c.compile(rest)
		if err == nil && s != nil {
			res, err = s.exec(args)
			_ = s.Close()
		}
		if err != nil {
			return nil, err
		}
		rest = after
	}
	return res, nil
}

// QueryContext runs one statement, which ends with its rows.
func (c *conn) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.Prepare(query)
	if err != nil {
		return nil, err
	}
	s.(*stmt).once = true
	r, err := s.(*stmt).query(args)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return r, nil
}

func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx begins a transaction that sees one moment from its first read on.
func (c *conn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	_, err := c.ExecContext(ctx, "begin", nil)
	return tx{c}, err
}

type tx struct{ c *conn }

func (t tx) Commit() error   { return t.end("commit") }
func (t tx) Rollback() error { return t.end("rollback") }

func (t tx) end(how string) error {
	_, err := t.c.ExecContext(context.Background(), how, nil)
	return err
}
