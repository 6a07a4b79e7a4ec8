// Package world keeps the time of the sandbox's world and whether the world
// was seeded.
//
// World time is wall time plus a stored offset: it ticks, also while the
// program is stopped, and is moved forward by writing the offset. While time is
// being walked from one due moment to the next it stands still in between. In
// production nothing is stored and world time is the wall's.
package world

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/world/sqlc"
)

// Service is the room. All methods may be called concurrently.
type Service struct {
	db     *db.DB
	wall   func() time.Time
	mu     sync.RWMutex
	offset time.Duration
	frozen time.Time // not zero: time stands here
	seed   int64
	seeded bool
}

// Open reads the stored clock; found is false when the database holds no world.
func Open(ctx context.Context, d *db.DB, wall func() time.Time) (s *Service, found bool, err error) {
	s = &Service{db: d, wall: wall}
	row, err := sqlc.New(d.Read()).World(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("open world: %w", err)
	}
	s.offset = time.Duration(row.OffsetUs) * time.Microsecond
	s.seed, s.seeded = row.Seed, row.Seeded
	return s, true, nil
}

// Create stores a new world that starts at the given time (zero: now).
func (s *Service) Create(ctx context.Context, seed int64, start time.Time) error {
	var offset time.Duration
	if !start.IsZero() {
		offset = start.Sub(s.wall())
	}
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		return sqlc.New(tx).AddWorld(ctx, sqlc.AddWorldParams{OffsetUs: offset.Microseconds(), Seed: seed})
	})
	if err != nil {
		return fmt.Errorf("create world: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset, s.seed = offset, seed
	return nil
}

// Seed is the number the world was made from.
func (s *Service) Seed() int64 { return s.seed }

// Seeded reports whether everything in the world file was applied.
func (s *Service) Seeded() bool { return s.seeded }

// MarkSeeded remembers that the world file was applied completely.
func (s *Service) MarkSeeded(ctx context.Context) error {
	err := s.db.Write(ctx, func(tx *db.Tx) error { return sqlc.New(tx).SetSeeded(ctx) })
	s.seeded = s.seeded || err == nil
	return err
}

// Now is the world's time, in whole microseconds.
func (s *Service) Now() time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.frozen.IsZero() {
		return s.frozen
	}
	return s.wall().Add(s.offset).UTC().Truncate(time.Microsecond)
}

// Stop makes time stand still until [Service.Resume] and returns where.
func (s *Service) Stop() time.Time {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = now
	return now
}

// Set stores a later time, durably before anything sees it. Going back is
// [fault.WrongState].
func (s *Service) Set(ctx context.Context, to time.Time) error {
	if now := s.Now(); to.Before(now) {
		return fault.New(fault.WrongState, "the world's clock only goes forward: it is %s", now.Format(time.RFC3339))
	}
	offset := to.Sub(s.wall())
	err := s.db.Write(ctx, func(tx *db.Tx) error { return sqlc.New(tx).SetOffset(ctx, offset.Microseconds()) })
	if err != nil {
		return fmt.Errorf("set the world's clock: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = offset
	if !s.frozen.IsZero() {
		s.frozen = to.UTC().Truncate(time.Microsecond)
	}
	return nil
}

// Resume lets time tick on from where it stands.
func (s *Service) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.frozen.IsZero() {
		s.offset = s.frozen.Sub(s.wall())
		s.frozen = time.Time{}
	}
}
