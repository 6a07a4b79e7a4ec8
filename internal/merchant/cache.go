package merchant

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skinrail/skinrail/internal/merchant/sqlc"
)

// fresh is how long what was read is handed out without asking whether
// somebody changed it.
const fresh = time.Second

// generation holds what was read since one change and before the next. Whoever
// reads slowly stores into the generation he began with, so that what is older
// than a change never gets into the memory of those after it.
type generation struct {
	number      string // grows with each change
	maintenance bool
	checked     atomic.Int64 // when it was last seen to be in force, since the cache began
	projects    sync.Map     // int64 -> *Project
	secrets     sync.Map     // int64 -> *Secrets
}

// cache is the generation in force, if one is known.
type cache struct {
	began time.Time // monotonic: jumps of the wall clock do nothing
	now   atomic.Pointer[generation]
	mu    sync.Mutex // held by the one who asks the database
}

// fresh returns the generation if it need not be checked.
func (c *cache) fresh() *generation {
	g := c.now.Load()
	if g != nil && time.Since(c.began)-time.Duration(g.checked.Load()) < fresh {
		return g
	}
	return nil
}

// drop forgets everything. It waits for one who is asking, whose answer may be
// from before the change.
func (c *cache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.Store(nil)
}

// generation returns the generation in force, asking the database at most once
// per [fresh]; the others wait for that one answer.
func (s *Service) generation(ctx context.Context) (*generation, error) {
	c := &s.cache
	if g := c.fresh(); g != nil {
		return g, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if g := c.fresh(); g != nil {
		return g, nil
	}
	return s.ask(ctx)
}

// Renew makes what is handed out afterwards at least as new as this call, also
// where another process has changed it.
func (s *Service) Renew(ctx context.Context) error {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	_, err := s.ask(ctx)
	return err
}

// ask reads which generation is in force. The caller holds the cache's lock.
func (s *Service) ask(ctx context.Context) (*generation, error) {
	c := &s.cache
	asked := time.Since(c.began)
	next, err := s.readGeneration(ctx)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	if g := c.now.Load(); g != nil && g.number == next.number {
		next = g
	}
	next.checked.Store(int64(asked))
	c.now.Store(next)
	return next, nil
}

func (s *Service) readGeneration(ctx context.Context) (*generation, error) {
	rows, err := sqlc.New(s.db.Read()).Settings(ctx)
	if err != nil {
		return nil, err
	}
	g := &generation{}
	for _, r := range rows {
		switch r.Name {
		case settingChanged:
			g.number = r.Value
		case settingMaintenance, settingRestored:
			g.maintenance = g.maintenance || r.Value == on
		}
	}
	return g, nil
}
