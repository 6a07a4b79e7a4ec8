package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
)

// ErrStopped is returned by everything that would move money while an invariant
// of the books is broken. It has no code: it is our own failure.
var ErrStopped = errors.New("no money moves: the books are not right")

const (
	stoppedSQL = `select what from ledger_stop where id = 1`
	stopSQL    = `insert into ledger_stop (id, at, what) values (1, $1, $2) on conflict (id) do nothing`
	resumeSQL  = `delete from ledger_stop`
)

// Stop makes every node refuse to move money until [Service.Resume], also after
// a restart: this one when it returns, others with their next [Service.Follow].
// The first reason stays.
func (s *Service) Stop(ctx context.Context, what string, now time.Time) error {
	s.stop.Store(&what)
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, stopSQL, db.Micros(now), what)
		return err
	})
	if err != nil {
		return fmt.Errorf("stop money writes: %w", err)
	}
	return nil
}

// Resume lets money move again, and reports whether it was stopped. It is for
// after an [Service.Audit] that found nothing wrong.
func (s *Service) Resume(ctx context.Context) (stopped bool, err error) {
	if err := s.Follow(ctx); err != nil || s.Stopped() == "" {
		return false, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, resumeSQL)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("resume money writes: %w", err)
	}
	return true, s.Follow(ctx)
}

// Stopped returns why no money moves, as far as this node knows; empty when it
// does.
func (s *Service) Stopped() string {
	if what := s.stop.Load(); what != nil {
		return *what
	}
	return ""
}

// Follow learns what other nodes have decided.
func (s *Service) Follow(ctx context.Context) error {
	what, err := readStop(ctx, s.db.Read())
	if err != nil {
		return err
	}
	s.stop.Store(&what)
	return nil
}

// mayMove returns [ErrStopped] while no money moves. Who does not know yet asks
// the database.
func (s *Service) mayMove(ctx context.Context, tx *db.Tx) error {
	what := s.stop.Load()
	if what == nil {
		read, err := readStop(ctx, tx)
		if err != nil {
			return err
		}
		what = &read
		s.stop.Store(what)
	}
	if *what != "" {
		return fmt.Errorf("%w: %s", ErrStopped, *what)
	}
	return nil
}

func readStop(ctx context.Context, q db.Querier) (what string, err error) {
	err = q.QueryRowContext(ctx, stoppedSQL).Scan(&what)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("whether money may move: %w", err)
	}
	return what, nil
}
