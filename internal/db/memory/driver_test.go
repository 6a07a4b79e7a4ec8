package memory_test

import (
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/memory"
)

const tables = `create table a (id integer primary key, t text not null unique, b blob, f real, at timestamp);
	-- two statements
	create table c (id int references a, n int check (n > 0));`

// script is run by both drivers. Every kind of value goes in and out, and every
// kind of error comes.
var script = []struct {
	query string
	args  []any
}{
	{"insert into a values (?1, ?2, ?3, ?4, ?5)", []any{1, "", []byte(nil), 1.5, nil}},
	{"insert into a values (?1, ?2, ?3, ?4, ?5)", []any{int64(math.MinInt64), "a\x00é'\xff", []byte{}, math.Inf(1), "2026-03-02 09:00:00"}},
	{"insert into a values (?2, ?1, ?3, ?3, ?3) returning id, t, b is null", []any{strings.Repeat("x", 900), math.MaxInt64, true}},
	{"insert into a (t) values (?1), (?2)", []any{"y", "y"}},
	{"insert into a (t) values (?1)", []any{nil}},
	{"insert into c values (77, 1)", nil},
	{"insert into c values (1, 0)", nil},
	{"update a set f = id where id > 0", nil},
	{"select * from a order by id", nil},
	{"select id from a where t = ?", []any{"nobody"}},
	{"select count(*), max(b), 1 = 1, t || id as both from a group by t order by t", nil},
	{"select", nil},
	{"select * from nowhere", nil},
	{"pragma journal_mode", nil},
}

func play(t *testing.T, driver string) (lines []string) {
	t.Helper()
	name := "script-" + driver
	memory.Put(name, nil)
	t.Cleanup(func() { memory.Remove(name) })
	pool, err := sql.Open(driver, "file:"+name+"?vfs="+memory.VFS+"&_pragma=foreign_keys(1)&_pragma=journal_mode(memory)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	pool.SetMaxOpenConns(1)
	if _, err := pool.Exec(tables); err != nil {
		t.Fatal(err)
	}
	for _, s := range script {
		for _, again := range []bool{false, true} {
			lines = append(lines, run(pool, s.query, s.args, again))
		}
	}
	return lines
}

// run is what a statement answers: as a query, or as a prepared change.
func run(pool *sql.DB, query string, args []any, prepared bool) string {
	if prepared {
		s, err := pool.Prepare(query)
		if err != nil {
			return fmt.Sprintf("%s: %d", query, db.Class(err))
		}
		defer func() { _ = s.Close() }()
		changed := int64(-1)
		res, err := s.Exec(args...)
		if err == nil {
			changed, _ = res.RowsAffected()
		}
		return fmt.Sprintf("%s: %d %v %d", query, changed, err, db.Class(err))
	}
	rows, err := pool.Query(query, args...)
	if err != nil {
		return fmt.Sprintf("%s: %v %d", query, err, db.Class(err))
	}
	defer func() { _ = rows.Close() }()
	columns, _ := rows.Columns()
	line := fmt.Sprintf("%s: %q", query, columns)
	for rows.Next() {
		values := make([]any, len(columns))
		to := make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		line += fmt.Sprintf(" | %v %#v", rows.Scan(to...), values)
	}
	return line + fmt.Sprint(rows.Err())
}

// TestNamedValuesAreRefused: in the order of their first appearance they would be
// swapped.
func TestNamedValuesAreRefused(t *testing.T) {
	t.Parallel()
	memory.Put("named", nil)
	t.Cleanup(func() { memory.Remove("named") })
	pool, err := sql.Open(memory.Driver, "file:named?vfs="+memory.VFS)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	var a, b int
	if err := pool.QueryRow("select $2, $1", 1, 2).Scan(&a, &b); err == nil {
		t.Errorf("it answers %d, %d", a, b)
	}
	if err := pool.QueryRow("select ?2, ?1", 1, 2).Scan(&a, &b); err != nil || a != 2 || b != 1 {
		t.Errorf("it answers %d, %d, %v", a, b, err)
	}
}

func TestBothDriversAnswerAlike(t *testing.T) {
	t.Parallel()
	ours, theirs := play(t, memory.Driver), play(t, "sqlite")
	if slices.Equal(ours, theirs) {
		return
	}
	for i := range ours {
		if ours[i] != theirs[i] {
			t.Errorf("ours   %s\ntheirs %s", ours[i], theirs[i])
		}
	}
}
