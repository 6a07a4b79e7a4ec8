package event

import (
	"context"
	"fmt"
	"strings"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event/sqlc"
	"github.com/skinrail/skinrail/internal/fault"
)

// Written by hand because they are in every write that changes something.
const nextSeqSQL = `insert into feed (project_id, seq) values ($1, $2)
	on conflict (project_id) do update set seq = feed.seq + $2 returning seq`

// maxTogether is how many events one statement stores.
const maxTogether = 4

// insertSQL holds the insert for each number of events, so that each is one
// prepared statement. The feed row is locked by then, so nobody else adds to
// the subjects.
var insertSQL = func() (texts [maxTogether + 1]string) {
	for n := 1; n <= maxTogether; n++ {
		var b strings.Builder
		b.WriteString("insert into event (project_id, seq, id, kind, subject, version, at, body) values ")
		for i := range n {
			if i > 0 {
				b.WriteString(", ")
			}
			p := 6*i + 2
			fmt.Fprintf(&b, "($1, $%d, $%d, $%d, $%d, (select coalesce(max(e.version), 0) + 1 from event e where e.subject = $%d), $%d, $%d)",
				p, p+1, p+2, p+3, p+3, p+4, p+5)
		}
		b.WriteString(" returning seq, version")
		texts[n] = b.String()
	}
	return texts
}()

// insert sets the events' Seq and Version.
func insert(ctx context.Context, tx *db.Tx, es []Event) error {
	var last int64
	if err := tx.QueryRowContext(ctx, nextSeqSQL, es[0].Project, len(es)).Scan(&last); err != nil {
		return err
	}
	first := last - int64(len(es)) + 1
	args := append(make([]any, 0, 1+6*len(es)), es[0].Project)
	for i := range es {
		e := &es[i]
		e.Seq = first + int64(i)
		args = append(args, e.Seq, e.ID, string(e.Kind), e.Subject, db.Micros(e.At), e.Body)
	}
	rows, err := tx.QueryContext(ctx, insertSQL[len(es)], args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var seq, version int64
		if err := rows.Scan(&seq, &version); err != nil {
			return err
		}
		es[seq-first].Version = version
	}
	return rows.Err()
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

// Head returns the number of the newest event of a project, 0 when it has none.
func (s *Service) Head(ctx context.Context, project int64) (int64, error) {
	n, err := sqlc.New(s.db.Read()).Head(ctx, project)
	if err != nil {
		return 0, fmt.Errorf("newest event of project %d: %w", project, err)
	}
	return n, nil
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
