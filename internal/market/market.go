package market

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
)

// Row is one concrete item on sale. Price is in thousandths of USD.
type Row struct {
	ID                  int64 // catalogue id
	Bot                 steam.ID64
	Asset               steam.Asset
	ClassID, InstanceID string
	Name                string // market hash name
	Phase               string // of a Doppler; else empty
	Icon, Kind, Color   string
	Price               money.Amount
}

// Group is all items of one name on sale. Name may hold a phase.
type Group struct {
	Name    string
	Price   money.Amount // the lowest
	ClassID string
	Count   int
}

// Snapshot is what of a game is on sale at one moment, sorted by name. It must
// not be changed. Version is another for each that differs.
type Snapshot struct {
	Names   []*Name
	Updated time.Time
	Version int64
}

// Service is the room; its methods may be called concurrently.
type Service struct {
	db      *db.DB
	pricing *pricing.Service
	fleet   *fleet.Service
	shelves sync.Map // steam.AppID -> *shelf
	made    atomic.Int64
}

// New returns the market over what the fleet holds.
func New(d *db.DB, p *pricing.Service, f *fleet.Service) *Service {
	s := &Service{db: d, pricing: p, fleet: f}
	f.Watch(s.note)
	return s
}

// Refresh looks after the lists that were asked for once, before a reader would
// have to. Call it twice a second.
func (s *Service) Refresh(ctx context.Context, now time.Time) error {
	var errs []error
	s.shelves.Range(func(app, sh any) bool {
		_, err := sh.(*shelf).within(ctx, s, app.(steam.AppID), now, rest/2)
		errs = append(errs, err)
		return true
	})
	return errors.Join(errs...)
}

// List returns what of a game is on sale, at most a second old as far as this
// process changes it. It is another only when something differs.
func (s *Service) List(ctx context.Context, app steam.AppID, now time.Time) (Snapshot, error) {
	l, err := s.shelf(app).current(ctx, s, app, now)
	if err != nil {
		return Snapshot{}, err
	}
	return l.Snapshot, nil
}
