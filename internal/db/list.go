package db

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// List is a statement about a list of rows: its head, the rows separated by
// commas, its tail. It is the only place where the text of a statement is made
// from parts. There is one text for each power of two, so that lists of any
// length are a few prepared statements.
type List struct {
	width int
	lock  Lock
	texts [maxListBits + 1]text
}

// text is a statement for each engine. SQLite's has its values without numbers:
// it looks a number up by going through all that are before it.
type text struct{ numbered, plain string }

// maxListBits bounds one statement to 128 rows.
const maxListBits = 7

// NewList makes a list statement. row is the text of one row, in which $1, $2
// and so on, each once and in this order, stand for its own values.
func NewList(head, row, tail string) *List {
	l := &List{}
	parts := placeholder.Split(row, -1)
	for i, m := range placeholder.FindAllString(row, -1) {
		if l.width++; m != "$"+strconv.Itoa(i+1) {
			break
		}
	}
	if l.width == 0 || l.width != len(parts)-1 || strings.Contains(head+tail, "$") {
		panic(fmt.Sprintf("db: the values of %q are not $1, $2 … in its rows", head))
	}
	for b := range l.texts {
		rows := make([]string, 1<<b)
		for i := range rows {
			rows[i] = parts[0]
			for n, part := range parts[1:] {
				rows[i] += "$" + strconv.Itoa(i*l.width+n+1) + part
			}
		}
		numbered := head + strings.Join(rows, ", ") + tail
		l.texts[b] = text{numbered, placeholder.ReplaceAllString(numbered, "?")}
	}
	return l
}

// Locking is the list as a query that locks what it finds.
func (l *List) Locking(by Lock) *List {
	l.lock = by
	return l
}

// Exec is the statements that change something for all rows, whose values stand
// in args one row after the other. The number of rows changed is added to
// affected.
func (l *List) Exec(args []any, affected *int64) []Statement {
	return l.statements(args, Statement{affected: affected})
}

// Query is the statements that return rows for all rows of the list.
func (l *List) Query(args []any, row func(Scanner) error) []Statement {
	return l.statements(args, Statement{lock: l.lock, row: row})
}

func (l *List) statements(args []any, s Statement) []Statement {
	if len(args)%l.width != 0 {
		panic(fmt.Sprintf("db: %d values for rows of %d in %.40q", len(args), l.width, l.texts[0].plain))
	}
	var all []Statement
	for len(args) > 0 {
		b := min(maxListBits, bits.Len(uint(len(args)/l.width))-1)
		s.text, s.args = l.texts[b], args[:l.width<<b]
		args = args[l.width<<b:]
		all = append(all, s)
	}
	return all
}
