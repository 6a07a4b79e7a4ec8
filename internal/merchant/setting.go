package merchant

import (
	"context"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/merchant/sqlc"
)

// Rows of gateway_setting.
const (
	settingChanged     = "merchants_changed" // counts changes of anything this room remembers
	settingMaintenance = "maintenance"
	settingSince       = "maintenance_since" // when that was said last
	settingRestored    = "restored"          // the database was restored and is not open yet
)

const (
	on  = "on"
	off = "off"
)

// Maintenance reports whether the operator has switched the gateway off for a
// while, or its database was restored and is not open yet, as it is or was within the last second. When that cannot be read, it
// is what was known last.
func (s *Service) Maintenance(ctx context.Context) bool {
	g, err := s.generation(ctx)
	if err != nil {
		g = s.cache.now.Load()
	}
	return g != nil && g.maintenance
}

// MaxMaintenance is how long maintenance may last (G15): then it was forgotten.
const MaxMaintenance = 24 * time.Hour

// MaintenanceSince is when an operator switched the gateway off last; false when
// it is on.
func (s *Service) MaintenanceSince(ctx context.Context) (time.Time, bool, error) {
	rows, err := sqlc.New(s.db.Read()).MaintenanceSince(ctx)
	if err != nil || len(rows) == 0 {
		return time.Time{}, false, err
	}
	return db.Time(rows[0]), true, nil
}

// SetMaintenance switches maintenance on or off for all processes.
func (s *Service) SetMaintenance(ctx context.Context, wanted bool, now time.Time) error {
	value := off
	if wanted {
		value = on
	}
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		q := sqlc.New(tx)
		if err := q.SetSetting(ctx, sqlc.SetSettingParams{Name: settingMaintenance, Value: value}); err != nil {
			return err
		}
		if err := q.SetSetting(ctx, sqlc.SetSettingParams{Name: settingSince, Value: strconv.FormatInt(db.Micros(now), 10)}); err != nil {
			return err
		}
		return bump(ctx, tx)
	})
	if err != nil {
		return err
	}
	s.cache.drop()
	return nil
}

// SetRestoredTx makes the merchants of a restored database wait, or lets them
// in again, within a second on all processes.
func (s *Service) SetRestoredTx(ctx context.Context, tx *db.Tx, waits bool) error {
	value := off
	if waits {
		value = on
	}
	if err := sqlc.New(tx).SetSetting(ctx, sqlc.SetSettingParams{Name: settingRestored, Value: value}); err != nil {
		return err
	}
	tx.After(s.cache.drop)
	return bump(ctx, tx)
}

func bump(ctx context.Context, tx *db.Tx) error { return sqlc.New(tx).Bump(ctx) }
