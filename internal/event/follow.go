package event

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event/sqlc"
)

// epochLength is how much of a random text names a database: 80 bits.
const epochLength = 16

// Epoch returns the name of this database's numbers, made by the first call
// and the same ever after. A number that was given under another name says
// nothing here.
func (s *Service) Epoch(ctx context.Context) (string, error) {
	epoch, err := sqlc.New(s.db.Read()).Epoch(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		err = s.db.Write(ctx, func(tx *db.Tx) error {
			q := sqlc.New(tx)
			if err := q.AddEpoch(ctx, newEpoch()); err != nil {
				return err
			}
			epoch, err = q.Epoch(ctx) // somebody else's, if he was faster
			return err
		})
	}
	if err != nil {
		return "", fmt.Errorf("epoch of the events: %w", err)
	}
	return epoch, nil
}

func newEpoch() string { return strings.ToLower(rand.Text()[:epochLength]) }

// Newest is when the newest event happened; zero when there is none.
func (s *Service) Newest(ctx context.Context) (time.Time, error) {
	at, err := sqlc.New(s.db.Read()).Newest(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("newest event: %w", err)
	}
	return db.Time(at), nil
}

// RestartTx begins a new log in a restored database: another epoch, and numbers
// and versions that were not given out before, higher by leap; also for projects
// without events, whose first may be lost. What is in the log stays, for the
// readers whose cursors are in the database.
func (s *Service) RestartTx(ctx context.Context, tx *db.Tx, leap int64) error {
	q := sqlc.New(tx)
	err := q.JumpCursors(ctx, leap)
	if err == nil {
		err = q.RaiseFloor(ctx, leap)
	}
	if err == nil {
		err = q.JumpFeeds(ctx, leap)
	}
	if err == nil {
		err = q.SetEpoch(ctx, newEpoch())
	}
	if err != nil {
		return fmt.Errorf("begin a new log: %w", err)
	}
	return nil
}

// Span is what the log holds of a project: the numbers from First to Head.
// First is Head+1 when it holds none. Numbers up to Base are from before the
// database was restored, when others may have had the same.
type Span struct{ First, Head, Base int64 }

// Span returns what the log holds of a project; First is 1 and Head 0 for one
// without events.
func (s *Service) Span(ctx context.Context, project int64) (Span, error) {
	r, err := sqlc.New(s.db.Read()).Span(ctx, project)
	if errors.Is(err, sql.ErrNoRows) {
		return Span{First: 1}, nil
	}
	if err != nil {
		return Span{}, fmt.Errorf("events of project %d: %w", project, err)
	}
	return Span{First: r.First, Head: r.Head, Base: r.Base}, nil
}

// Two lengths of a list, so that asking for the heads of a few projects and of
// many are one prepared statement each. A list is filled up with 0, which is
// no project.
const (
	fewHeads  = 8
	manyHeads = 256
)

var fewHeadsSQL, manyHeadsSQL = headsSQL(fewHeads), headsSQL(manyHeads)

func headsSQL(n int) string {
	var b strings.Builder
	b.WriteString("select project_id, seq from feed where project_id in ($1")
	for i := 2; i <= n; i++ {
		fmt.Fprintf(&b, ", $%d", i)
	}
	b.WriteString(")")
	return b.String()
}

// Heads returns the number of the newest event of each project; those without
// events are left out.
func (s *Service) Heads(ctx context.Context, projects []int64) (map[int64]int64, error) {
	heads := make(map[int64]int64, len(projects))
	for len(projects) > 0 {
		text, length := fewHeadsSQL, fewHeads
		if len(projects) > fewHeads {
			text, length = manyHeadsSQL, manyHeads
		}
		n := min(length, len(projects))
		args := make([]any, length)
		for i := range args {
			args[i] = int64(0)
			if i < n {
				args[i] = projects[i]
			}
		}
		if err := s.readHeads(ctx, heads, text, args); err != nil {
			return nil, fmt.Errorf("newest events: %w", err)
		}
		projects = projects[n:]
	}
	return heads, nil
}

func (s *Service) readHeads(ctx context.Context, heads map[int64]int64, text string, args []any) error {
	rows, err := s.db.Read().QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var project, head int64
		if err := rows.Scan(&project, &head); err != nil {
			return err
		}
		heads[project] = head
	}
	return rows.Err()
}
