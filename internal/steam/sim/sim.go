package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Options are what a simulation needs from outside.
type Options struct {
	// Now is the world's clock.
	Now func() time.Time
	// BaseURL is the public base of all roles, without a slash at its end. It
	// is asked at each request, so it may become known after listening.
	BaseURL func() string
	// Dir holds journal and snapshot; empty keeps everything in memory.
	Dir string
	// Logger gets what goes wrong inside; nil discards.
	Logger *slog.Logger
}

// Sim is a simulated Steam. All methods may be called concurrently.
type Sim struct {
	now  func() time.Time
	base func() string
	log  *slog.Logger

	mu      sync.Mutex
	state   *state
	journal journal

	requests requestLog
}

// ErrSeeded is returned by [Sim.Seed] for a world that is not empty.
var ErrSeeded = errors.New("sim: world is seeded already")

// Open makes a simulation: empty, or exactly as it was when the folder was used
// last, however the process ended. One process at a time may use a folder.
func Open(o Options) (*Sim, error) {
	s := &Sim{now: o.Now, base: o.BaseURL, log: o.Logger, state: newState(), journal: journal{dir: o.Dir}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.base == nil {
		s.base = func() string { return "https://steamcommunity.com" }
	}
	if s.now == nil {
		return nil, errors.New("sim: no clock given")
	}
	if o.Dir == "" {
		return s, nil
	}
	if err := s.journal.open(s.state); err != nil {
		return nil, fmt.Errorf("open simulated steam in %s: %w", o.Dir, err)
	}
	return s, nil
}

// Empty reports whether no world has been seeded yet.
func (s *Sim) Empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.state.Seeded
}

// Seed makes the world. It returns [ErrSeeded] when there is one already, and
// an error naming the account when the world is impossible.
func (s *Sim) Seed(w World) error {
	if err := w.Check(); err != nil {
		return fmt.Errorf("seed simulated steam: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Seeded {
		return ErrSeeded
	}
	return s.do(stampOf(s.now()), &seedCommand{World: w})
}

// World is the world now, in the form it could be seeded with. Protection,
// offers and trades have no place in that form.
func (s *Sim) World() World {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.world()
}

// Close writes a snapshot and releases the folder. The handler must not be used
// afterwards.
func (s *Sim) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal.file == nil {
		return nil
	}
	err := errors.Join(s.snapshot(), s.journal.file.Close())
	s.journal.file = nil
	return err
}

// Handler answers Steam's own paths and the control paths under /sim/.
func (s *Sim) Handler() http.Handler { return s.routes() }

// seedKey is the key that signs the world's tokens.
func seedKey(seed int64) []byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("simulated steam "), uint64(seed)))
	return sum[:]
}
