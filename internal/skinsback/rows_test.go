package skinsback

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skinrail/skinrail/internal/db"
)

// everything is all that is stored, row by row.
func (w *world) everything() string {
	w.t.Helper()
	var b strings.Builder
	for _, table := range w.tables() {
		rows, err := w.db.Read().QueryContext(w.t.Context(), "select * from "+table)
		w.ok(err)
		names, err := rows.Columns()
		w.ok(err)
		var lines []string
		for rows.Next() {
			cells, places := make([]any, len(names)), make([]any, len(names))
			for i := range cells {
				places[i] = &cells[i]
			}
			w.ok(rows.Scan(places...))
			lines = append(lines, fmt.Sprintf("%s %v", table, cells))
		}
		w.ok(rows.Err())
		slices.Sort(lines)
		b.WriteString(strings.Join(lines, "\n") + "\n")
	}
	return b.String()
}

func (w *world) tables() (all []string) {
	w.t.Helper()
	query := "select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name"
	if w.db.Engine() == db.Postgres {
		query = "select table_name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1"
	}
	rows, err := w.db.Read().QueryContext(w.t.Context(), query)
	w.ok(err)
	for rows.Next() {
		var name string
		w.ok(rows.Scan(&name))
		if name != "call_budget" { // counts the calls of a minute
			all = append(all, name)
		}
	}
	w.ok(rows.Err())
	return all
}

// difference is the first line that is not in both.
func difference(before, after string) string {
	was := map[string]bool{}
	for line := range strings.Lines(before) {
		was[line] = true
	}
	for line := range strings.Lines(after) {
		if !was[line] {
			return line
		}
	}
	return "a row is gone"
}

// counts describes everything that a call could change, in short.
func (w *world) counts() string {
	w.t.Helper()
	var b strings.Builder
	for _, table := range []string{"deposit", "deposit_move", "purchase", "purchase_move", "event", "trade", "entry", "ledger_transaction", "hold",
		"bot_item where reserved_by <> ''"} {
		var n int
		w.ok(w.db.Read().QueryRowContext(w.t.Context(), "select count(*) from "+table).Scan(&n))
		fmt.Fprintf(&b, "%s %d ", table, n)
	}
	return b.String()
}
