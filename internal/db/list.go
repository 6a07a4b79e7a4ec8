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
	texts [maxListBits + 1]string
}

// maxListBits bounds one statement to 128 rows.
const maxListBits = 7

// NewList makes a list statement. row is the text of one row, in which $1, $2
// and so on stand for its own values.
func NewList(head, row, tail string) *List {
	l := &List{}
	for _, m := range placeholder.FindAllStringSubmatch(row, -1) {
		n, _ := strconv.Atoi(m[1])
		l.width = max(l.width, n)
	}
	if l.width == 0 || strings.Contains(head+tail, "$") {
		panic(fmt.Sprintf("db: %q has values outside its rows", head))
	}
	for b := range l.texts {
		var t strings.Builder
		t.WriteString(head)
		for i := range 1 << b {
			if i > 0 {
				t.WriteString(", ")
			}
			t.WriteString(placeholder.ReplaceAllStringFunc(row, func(p string) string {
				n, _ := strconv.Atoi(p[1:])
				return "$" + strconv.Itoa(i*l.width+n)
			}))
		}
		t.WriteString(tail)
		l.texts[b] = t.String()
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
	return l.statements(args, Statement{Affected: affected})
}

// Query is the statements that return rows for all rows of the list.
func (l *List) Query(args []any, row func(Scanner) error) []Statement {
	return l.statements(args, Statement{Lock: l.lock, Row: row})
}

func (l *List) statements(args []any, s Statement) []Statement {
	if len(args)%l.width != 0 {
		panic(fmt.Sprintf("db: %d values for rows of %d in %.40q", len(args), l.width, l.texts[0]))
	}
	var all []Statement
	for len(args) > 0 {
		b := min(maxListBits, bits.Len(uint(len(args)/l.width))-1)
		s.Text, s.Args = l.texts[b], args[:l.width<<b]
		args = args[l.width<<b:]
		all = append(all, s)
	}
	return all
}
