package db

import (
	"database/sql"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"sync"
)

// List is a statement about a list of rows: its head, the rows, its tail. It is
// the only place where the text of a statement is made from parts. SQLite gets
// the rows one after the other, and one text for each power of two, so that
// lists of any length are a few prepared statements. PostgreSQL, which plans
// anew whenever a table has grown and takes long to plan thousands of values,
// gets one array for each column.
type List struct {
	width           int
	head, row, tail string
	lock            Lock
	texts           [maxListBits + 1]string
	arrays          sync.Map // types of the columns -> text
}

// maxListBits bounds one statement of SQLite to 128 rows.
const maxListBits = 7

// NewList makes a list statement. head ends with "values " or "in (". row is the
// text of one row, in which $1, $2 and so on, each once and in this order, stand
// for its own values: texts, numbers, booleans or bytes.
func NewList(head, row, tail string) *List {
	l := &List{head: head, row: row, tail: tail}
	parts := placeholder.Split(row, -1)
	for i, m := range placeholder.FindAllString(row, -1) {
		if l.width++; m != "$"+strconv.Itoa(i+1) {
			break
		}
	}
	if l.width == 0 || l.width != len(parts)-1 || strings.Contains(head+tail, "$") {
		panic(fmt.Sprintf("db: the values of %q are not $1, $2 … in its rows", head))
	}
	plain := placeholder.ReplaceAllString(row, "?")
	for b := range l.texts {
		l.texts[b] = head + plain + strings.Repeat(", "+plain, 1<<b-1) + tail
	}
	return l
}

// Locking is the list as a query that locks what it finds.
func (l *List) Locking(by Lock) *List {
	l.lock = by
	return l
}

// Exec is the statement that changes something for all rows, whose values stand
// in args one row after the other; none for no rows. The number of rows changed
// is added to affected.
func (l *List) Exec(args []any, affected *int64) []Statement {
	return l.statement(args, Statement{affected: affected})
}

// Query is the statement that returns rows for all rows of the list.
func (l *List) Query(args []any, row func(Scanner) error) []Statement {
	return l.statement(args, Statement{lock: l.lock, row: row})
}

func (l *List) statement(args []any, s Statement) []Statement {
	if len(args)%l.width != 0 {
		panic(fmt.Sprintf("db: %d values for rows of %d in %.40q", len(args), l.width, l.head))
	}
	if len(args) == 0 {
		return nil
	}
	s.list, s.args = l, args
	return []Statement{s}
}

// parts is the statements that SQLite gets for the one.
func (l *List) parts(s Statement) []Statement {
	var all []Statement
	for rest := s.args; len(rest) > 0; {
		b := min(maxListBits, bits.Len(uint(len(rest)/l.width))-1)
		s.list, s.text, s.args = nil, l.texts[b], rest[:l.width<<b]
		rest = rest[l.width<<b:]
		all = append(all, s)
	}
	return all
}

// columns is what PostgreSQL gets: the text, and an array for each column.
func (l *List) columns(args []any) (string, []any) {
	arrays := make([]any, l.width)
	types := make([]string, l.width)
	for i := range arrays {
		types[i], arrays[i] = column(args, i, l.width)
	}
	all := strings.Join(types, ",")
	if text, ok := l.arrays.Load(all); ok {
		return text.(string), arrays
	}
	from, names := "", ""
	for i, t := range types {
		from += fmt.Sprintf(", $%d::%s[]", i+1, t)
		names += fmt.Sprintf(", c%d", i+1)
	}
	row := placeholder.ReplaceAllString(l.row, "v.c$1")
	if strings.HasPrefix(row, "(") {
		row = row[1 : len(row)-1]
	}
	text := strings.TrimSuffix(l.head, "values ") + "select " + row + " from unnest(" + from[2:] + ") as v (" + names[2:] + ")" + l.tail
	l.arrays.Store(all, text)
	return text, arrays
}

// column is the values at one place of all rows, and their type.
func column(args []any, at, width int) (string, any) {
	switch args[at].(type) {
	case string:
		return "text", every[string](args, at, width)
	case int64:
		return "bigint", every[int64](args, at, width)
	case bool:
		return "boolean", every[bool](args, at, width)
	case []byte:
		return "bytea", every[[]byte](args, at, width)
	case sql.NullString:
		return "text", every[sql.NullString](args, at, width)
	case int:
		all := make([]int64, 0, len(args)/width)
		for i := at; i < len(args); i += width {
			all = append(all, int64(args[i].(int)))
		}
		return "bigint", all
	}
	panic(fmt.Sprintf("db: a list of %T", args[at]))
}

func every[T any](args []any, at, width int) []T {
	all := make([]T, 0, len(args)/width)
	for i := at; i < len(args); i += width {
		all = append(all, args[i].(T))
	}
	return all
}
