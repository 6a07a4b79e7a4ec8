package db

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// Series numbers the rows of a table per project, without holes and in the
// order of their creation, so that pages and their totals cost the same
// however long the table is. The table has the columns project_id, seq and
// created_at, with an index over (project_id, seq).
type Series struct{ table, before string }

var nextSQL = NewList("insert into series (name, project_id, n, at) values ", "($1, $2, $3, $4)",
	` on conflict (name, project_id) do update set n = series.n + excluded.n,
	at = case when excluded.at > series.at then excluded.at else series.at end returning project_id, n, at`)

// beforeSQL counts a project's rows created before a moment: as they are numbered
// in that order, by halving steps over the numbers, from more than there are.
const beforeSQL = `with recursive s (n, step) as (select cast(0 as bigint), cast(1099511627776 as bigint)
	union all
	select s.n + case when exists (select 1 from %s t where t.project_id = $1 and t.seq = s.n + s.step and t.created_at < $2) then s.step else 0 end, s.step / 2
	from s where s.step > 0)
select s.n from s where s.step = 0`

// NewSeries is the series of a table.
func NewSeries(table string) Series {
	return Series{table: table, before: fmt.Sprintf(beforeSQL, table)}
}

// Numbers are what a write takes of a project's series, from First on, for rows
// to be created At that time.
type Numbers struct {
	First int64
	At    time.Time
}

// NextTx is [Series.NextAllTx] for one row.
func (s Series) NextTx(ctx context.Context, tx *Tx, project int64, now time.Time) (seq int64, at time.Time, err error) {
	all, err := s.NextAllTx(ctx, tx, map[int64]int64{project: 1}, now)
	return all[project].First, all[project].At, err
}

// NextAllTx takes the next numbers of projects, of each as many as it says. Rows
// are to be created at the returned time: now, or when the one before them was,
// whichever is later. Until the write ends, others of these projects wait.
func (s Series) NextAllTx(_ context.Context, tx *Tx, counts map[int64]int64, now time.Time) (map[int64]Numbers, error) {
	var args []any
	for _, project := range slices.Sorted(maps.Keys(counts)) { // all writes take them in this order
		args = append(args, s.table, project, counts[project], Micros(now))
	}
	all := make(map[int64]Numbers, len(counts))
	err := tx.Together(nextSQL.Query(args, func(row Scanner) error {
		var project, last, at int64
		err := row.Scan(&project, &last, &at)
		all[project] = Numbers{First: last - counts[project] + 1, At: Time(at)}
		return err
	})...)
	if err != nil {
		return nil, fmt.Errorf("number %s: %w", s.table, err)
	}
	return all, nil
}

// Window is the numbers of rows created in a time; empty when Last < First.
type Window struct{ First, Last int64 }

// Total is how many rows there are.
func (w Window) Total() int64 { return max(0, w.Last-w.First+1) }

// Page is the newest rows of the window, at most so many.
func (w Window) Page(most int64) Window {
	w.First = max(w.First, w.Last-most+1)
	return w
}

// Below leaves out what is not below a number; 0 leaves out nothing.
func (w Window) Below(seq int64) Window {
	if seq > 0 {
		w.Last = min(w.Last, seq-1)
	}
	return w
}

// Window finds the rows created from the second from up to the whole second
// to. Times that a database cannot hold are as far as it can.
func (s Series) Window(ctx context.Context, q Querier, project, from, to int64) (Window, error) {
	var first, last int64
	for _, e := range []struct {
		at int64
		n  *int64
	}{{micros(from), &first}, {micros(min(to, math.MaxInt64-1) + 1), &last}} {
		if err := q.QueryRowContext(ctx, s.before, project, e.at).Scan(e.n); err != nil {
			return Window{First: 1}, fmt.Errorf("window of %s: %w", s.table, err)
		}
	}
	return Window{First: first + 1, Last: last}, nil
}

// micros is a time in seconds as it is stored.
func micros(seconds int64) int64 {
	const most = math.MaxInt64 / 1_000_000
	return min(max(seconds, 0), most) * 1_000_000
}
