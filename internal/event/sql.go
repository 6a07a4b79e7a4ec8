package event

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event/sqlc"
	"github.com/skinrail/skinrail/internal/fault"
)

// Written by hand because they are in every write that changes something.
var (
	nextSeqSQL = db.NewList("insert into feed (project_id, seq) values ", "($1, $2)",
		" on conflict (project_id) do update set seq = feed.seq + excluded.seq returning project_id, seq, base")

	// The feed rows are locked by then, so nobody else adds to the subjects.
	versionSQL = db.NewList("with s (subject) as (values ", "(cast($1 as text))",
		") select s.subject, (select coalesce(max(e.version), 0) from event e where e.subject = s.subject) from s")

	// In a database that was restored a log does not begin at 1 again.
	beginSQL = db.NewList("update feed set seq = seq + f.floor, base = f.floor from id_floor f where f.name = 'feed' and project_id in (", "$1",
		") returning project_id, seq, base")

	insertSQL = db.NewList("insert into event (project_id, seq, id, kind, subject, version, at, body) values ",
		"($1, $2, $3, $4, $5, $6, $7, $8)", "")
)

// insert sets the events' Seq and Version.
func insert(tx *db.Tx, es []Event) error {
	next, base, versions := map[int64]int64{}, map[int64]int64{}, map[string]int64{}
	var subjects []any
	for _, e := range es {
		next[e.Project]++
		if _, seen := versions[e.Subject]; !seen {
			versions[e.Subject] = 0
			subjects = append(subjects, e.Subject)
		}
	}
	var counts []any
	for _, project := range slices.Sorted(maps.Keys(next)) { // all writes lock them in this order
		counts = append(counts, project, next[project])
	}
	var begun []any
	err := tx.Together(append(nextSeqSQL.Query(counts, func(row db.Scanner) error {
		var project, last, from int64
		err := row.Scan(&project, &last, &from)
		if next[project], base[project] = last-next[project], from; next[project] == 0 {
			begun = append(begun, project)
		}
		return err
	}), versionSQL.Query(subjects, func(row db.Scanner) error {
		var subject string
		var version int64
		err := row.Scan(&subject, &version)
		versions[subject] = version
		return err
	})...)...)
	if err != nil {
		return err
	}
	err = tx.Together(beginSQL.Query(begun, func(row db.Scanner) error {
		var project, last, from int64
		err := row.Scan(&project, &last, &from)
		next[project], base[project] = from, from
		return err
	})...)
	if err != nil {
		return err
	}
	args := make([]any, 0, 8*len(es))
	for i := range es {
		e := &es[i]
		next[e.Project]++
		versions[e.Subject] = max(versions[e.Subject], base[e.Project]) + 1
		e.Seq, e.Version = next[e.Project], versions[e.Subject]
		args = append(args, e.Project, e.Seq, e.ID, string(e.Kind), e.Subject, e.Version, db.Micros(e.At), e.Body)
	}
	return tx.Together(insertSQL.Exec(args, nil)...)
}

// Since returns up to limit events of a project with numbers above after, in
// order and without holes.
func (s *Service) Since(ctx context.Context, project, after int64, limit int) ([]Event, error) {
	rows, err := sqlc.New(s.db.Read()).Since(ctx, sqlc.SinceParams{ProjectID: project, Seq: after, Limit: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("events of project %d since %d: %w", project, after, err)
	}
	events := make([]Event, 0, len(rows))
	for _, r := range rows {
		events = append(events, Event{ID: r.ID, Project: r.ProjectID, Seq: r.Seq, Kind: Kind(r.Kind),
			Subject: r.Subject, Version: r.Version, At: db.Time(r.At), Body: r.Body})
	}
	return events, nil
}

// Behind lists the projects that have events which a reader has not passed.
func (s *Service) Behind(ctx context.Context, reader string) ([]Cursor, error) {
	rows, err := sqlc.New(s.db.Read()).Behind(ctx, reader)
	if err != nil {
		return nil, fmt.Errorf("events behind %s: %w", reader, err)
	}
	cursors := make([]Cursor, 0, len(rows))
	for _, r := range rows {
		cursors = append(cursors, Cursor{Project: r.ProjectID, Seq: r.Seq, Head: r.Head})
	}
	return cursors, nil
}

// AdvanceTx moves a reader's cursor from c.Seq to another number;
// [fault.WrongState] when it is not there any more because somebody else read
// on. Then nothing was done and the write may go on.
func (s *Service) AdvanceTx(ctx context.Context, tx *db.Tx, reader string, c Cursor, to int64) error {
	q := sqlc.New(tx)
	if c.Seq == 0 {
		if err := q.StartCursor(ctx, sqlc.StartCursorParams{Reader: reader, ProjectID: c.Project}); err != nil {
			return fmt.Errorf("advance %s: %w", reader, err)
		}
	}
	n, err := q.MoveCursor(ctx, sqlc.MoveCursorParams{ToSeq: to, Reader: reader, ProjectID: c.Project, FromSeq: c.Seq})
	if err != nil {
		return fmt.Errorf("advance %s: %w", reader, err)
	}
	if n == 0 {
		return fault.New(fault.WrongState, "%s is past event %d of project %d", reader, c.Seq, c.Project)
	}
	return nil
}
