package reconcile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/reconcile/sqlc"
)

// Restoration says that the database was restored from a backup. Until it is
// opened nothing is sent outward (G13): what Steam has done since the backup is
// first read and taken over.
type Restoration struct {
	ID       int64
	At       time.Time
	Since    time.Time // of the newest that is in the records
	OpenedAt time.Time // zero: closed
	OpenedBy string    // a person, or [ByItself]
}

// ByItself opens when Steam and the records agree.
const ByItself = "reconciliation"

// Closed reports whether nothing may be sent outward.
func (r Restoration) Closed() bool { return r.ID != 0 && r.OpenedAt.IsZero() }

// Restored is the last restoration; the zero one of a database that was never
// restored.
func (s *Service) Restored(ctx context.Context) (Restoration, error) {
	r, err := sqlc.New(s.db.Read()).Restored(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return Restoration{}, nil
	}
	if err != nil {
		return Restoration{}, fmt.Errorf("read whether the database was restored: %w", err)
	}
	return Restoration{ID: r.ID, At: db.Time(r.At), Since: db.Time(r.Since), OpenedAt: db.Time(r.OpenedAt), OpenedBy: r.OpenedBy}, nil
}

// CloseTx notes that the database was restored: it is closed from then on.
func (s *Service) CloseTx(ctx context.Context, tx *db.Tx, since, now time.Time) error {
	err := sqlc.New(tx).AddRestoration(ctx, sqlc.AddRestorationParams{At: db.Micros(now), Since: db.Micros(since)})
	if err != nil {
		return fmt.Errorf("close a restored database: %w", err)
	}
	return nil
}

// OpenTx opens a restored database and reports whether it was closed.
func (s *Service) OpenTx(ctx context.Context, tx *db.Tx, by string, now time.Time) (bool, error) {
	n, err := sqlc.New(tx).OpenRestoration(ctx, sqlc.OpenRestorationParams{OpenedAt: db.Micros(now), OpenedBy: by})
	if err != nil {
		return false, fmt.Errorf("open a restored database: %w", err)
	}
	return n > 0, nil
}

// Look is what the last complete comparison of a bot with Steam has found since
// the restore. There is none while a send of the bot is unclear.
type Look struct {
	Bot         string
	At          time.Time // zero: none yet
	Differences int64
}

// Agrees reports that nothing differs any more.
func (l Look) Agrees() bool { return !l.At.IsZero() && l.Differences == 0 }

// Looked keeps a complete comparison of a bot.
func (s *Service) Looked(ctx context.Context, r Restoration, l Look) error {
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		return sqlc.New(tx).Looked(ctx, sqlc.LookedParams{RestorationID: r.ID, Bot: l.Bot, At: db.Micros(l.At), Differences: l.Differences})
	})
	if err != nil {
		return fmt.Errorf("keep a look at %s: %w", l.Bot, err)
	}
	return nil
}

// Looks lists every bot with its last comparison since a restore.
func (s *Service) Looks(ctx context.Context, r Restoration) ([]Look, error) {
	rows, err := sqlc.New(s.db.Read()).Looks(ctx, r.ID)
	if err != nil {
		return nil, fmt.Errorf("read looks: %w", err)
	}
	looks := make([]Look, 0, len(rows))
	for _, l := range rows {
		looks = append(looks, Look{Bot: l.Bot, At: db.Time(l.At), Differences: l.Differences})
	}
	return looks, nil
}
