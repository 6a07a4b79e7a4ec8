package memory

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// stmt is a compiled statement. It runs once at a time.
type stmt struct {
	c        *conn
	compiled uintptr
	values   int      // that it takes
	columns  []string // that it returns
	times    []bool   // of them are declared so, as in the table of migrations
	room     uintptr  // for texts and bytes while it runs
	size     int
	once     bool // it ends with its rows
	rows     rows
}

func newStmt(c *conn, compiled uintptr) *stmt {
	s := &stmt{c: c, compiled: compiled, values: int(sqlite3.Xsqlite3_bind_parameter_count(c.tls, compiled))}
	for i := range sqlite3.Xsqlite3_column_count(c.tls, compiled) {
		s.columns = append(s.columns, libc.GoString(sqlite3.Xsqlite3_column_name(c.tls, compiled, i)))
		s.times = append(s.times, strings.EqualFold(libc.GoString(sqlite3.Xsqlite3_column_decltype(c.tls, compiled, i)), "timestamp"))
	}
	s.rows.s = s
	return s
}

// Close ends the statement.
func (s *stmt) Close() error {
	sqlite3.Xsqlite3_finalize(s.c.tls, s.compiled)
	libc.Xfree(s.c.tls, s.room)
	s.compiled, s.room = 0, 0
	return nil
}

// NumInput leaves the counting to SQLite.
func (s *stmt) NumInput() int { return -1 }

// Exec and Query are what database/sql falls back to.
func (s *stmt) Exec([]driver.Value) (driver.Result, error) { return nil, driver.ErrSkip }
func (s *stmt) Query([]driver.Value) (driver.Rows, error)  { return nil, driver.ErrSkip }

func (s *stmt) ExecContext(_ context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.exec(args)
}

func (s *stmt) QueryContext(_ context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.query(args)
}

func (s *stmt) exec(args []driver.NamedValue) (driver.Result, error) {
	rc, err := s.begin(args)
	for rc == sqlite3.SQLITE_ROW {
		rc, err = s.step()
	}
	if s.reset(); err != nil {
		return nil, err
	}
	return driver.RowsAffected(sqlite3.Xsqlite3_changes64(s.c.tls, s.c.db)), nil
}

func (s *stmt) query(args []driver.NamedValue) (driver.Rows, error) {
	rc, err := s.begin(args)
	if err != nil {
		s.reset()
		return nil, err
	}
	s.rows.open, s.rows.first, s.rows.more = true, true, rc == sqlite3.SQLITE_ROW
	return &s.rows, nil
}

// begin gives the statement its values and takes its first step.
func (s *stmt) begin(args []driver.NamedValue) (rc int32, err error) {
	if s.rows.open {
		return 0, errors.New("the statement runs already")
	}
	if err := s.bind(args); err != nil {
		return 0, err
	}
	return s.step()
}

// step returns that there is a row, or that there are no more.
func (s *stmt) step() (rc int32, err error) {
	rc = sqlite3.Xsqlite3_step(s.c.tls, s.compiled)
	if rc != sqlite3.SQLITE_ROW && rc != sqlite3.SQLITE_DONE {
		return rc, s.c.failed(rc)
	}
	return rc, nil
}

func (s *stmt) reset() { sqlite3.Xsqlite3_reset(s.c.tls, s.compiled) }

// named reports whether a value has a name other than a number, such as $1: those
// count in the order in which they appear.
func (s *stmt) named() bool {
	for i := range int32(s.values) {
		if name := libc.GoString(sqlite3.Xsqlite3_bind_parameter_name(s.c.tls, s.compiled, i+1)); name != "" && name[0] != '?' {
			return true
		}
	}
	return false
}

// bind gives the statement its values, by their numbers.
func (s *stmt) bind(args []driver.NamedValue) error {
	if len(args) < s.values {
		return fmt.Errorf("missing argument with index %d", len(args)+1)
	}
	s.makeRoom(args)
	used := 0
	for i, a := range args[:s.values] {
		rc, tls, n := int32(sqlite3.SQLITE_OK), s.c.tls, int32(i+1)
		switch v := a.Value.(type) {
		case nil:
			rc = sqlite3.Xsqlite3_bind_null(tls, s.compiled, n)
		case int64:
			rc = sqlite3.Xsqlite3_bind_int64(tls, s.compiled, n, v)
		case bool:
			number := int64(0)
			if v {
				number = 1
			}
			rc = sqlite3.Xsqlite3_bind_int64(tls, s.compiled, n, number)
		case float64:
			rc = sqlite3.Xsqlite3_bind_double(tls, s.compiled, n, v)
		case string:
			copy(bytesAt(s.room+uintptr(used), len(v)), v)
			rc = sqlite3.Xsqlite3_bind_text(tls, s.compiled, n, s.room+uintptr(used), int32(len(v)), sqlite3.SQLITE_STATIC)
			used += len(v)
		case []byte:
			if v == nil {
				rc = sqlite3.Xsqlite3_bind_null(tls, s.compiled, n)
				break
			}
			copy(bytesAt(s.room+uintptr(used), len(v)), v)
			rc = sqlite3.Xsqlite3_bind_blob(tls, s.compiled, n, s.room+uintptr(used), int32(len(v)), sqlite3.SQLITE_STATIC)
			used += len(v)
		default:
			return fmt.Errorf("argument %d: no value of SQLite's: %T", n, v)
		}
		if rc != sqlite3.SQLITE_OK {
			return s.c.failed(rc)
		}
	}
	return nil
}

// makeRoom makes room for the texts and bytes of args.
func (s *stmt) makeRoom(args []driver.NamedValue) {
	need := 1 // an empty text has a place too
	for _, a := range args {
		switch v := a.Value.(type) {
		case string:
			need += len(v)
		case []byte:
			need += len(v)
		}
	}
	if need > s.size {
		libc.Xfree(s.c.tls, s.room)
		s.size = 2 * need
		s.room = libc.Xmalloc(s.c.tls, libc.Tsize_t(s.size))
	}
}

// rows are those of a statement that runs.
type rows struct {
	s     *stmt
	open  bool
	first bool // the step to the first row is done
	more  bool
}

// Columns are the names.
func (r *rows) Columns() []string { return r.s.columns }

// Close lets the statement run again.
func (r *rows) Close() error {
	r.open = false
	if r.s.once {
		return r.s.Close()
	}
	r.s.reset()
	return nil
}

// Next reads a row. Texts and bytes are copied.
func (r *rows) Next(dest []driver.Value) error {
	if !r.first && r.more {
		rc, err := r.s.step()
		if err != nil {
			return err
		}
		r.more = rc == sqlite3.SQLITE_ROW
	}
	if r.first = false; !r.more {
		return io.EOF
	}
	for i := range dest {
		dest[i] = r.s.value(int32(i))
	}
	return nil
}

func (s *stmt) value(i int32) driver.Value {
	tls := s.c.tls
	switch sqlite3.Xsqlite3_column_type(tls, s.compiled, i) {
	case sqlite3.SQLITE_INTEGER:
		return sqlite3.Xsqlite3_column_int64(tls, s.compiled, i)
	case sqlite3.SQLITE_FLOAT:
		return sqlite3.Xsqlite3_column_double(tls, s.compiled, i)
	case sqlite3.SQLITE_TEXT:
		p := sqlite3.Xsqlite3_column_text(tls, s.compiled, i)
		text := string(bytesAt(p, int(sqlite3.Xsqlite3_column_bytes(tls, s.compiled, i))))
		if s.times[i] {
			if t, err := time.Parse(time.DateTime, text); err == nil {
				return t
			}
		}
		return text
	case sqlite3.SQLITE_BLOB:
		p := sqlite3.Xsqlite3_column_blob(tls, s.compiled, i)
		n := int(sqlite3.Xsqlite3_column_bytes(tls, s.compiled, i))
		if n == 0 {
			return []byte(nil)
		}
		return append([]byte(nil), bytesAt(p, n)...)
	}
	return nil
}

// at is memory of SQLite's, which the garbage collector knows nothing of.
func at(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

func bytesAt(p uintptr, n int) []byte { return unsafe.Slice((*byte)(at(p)), n) }
