package ledger

import (
	"context"
	"time"

	"github.com/skinrail/skinrail/internal/db"
)

// CheckIn is [Service.Check] without its consequences.
func CheckIn(ctx context.Context, q db.Querier, now time.Time) (r Report, err error) {
	_, err = check(ctx, q, &r, now)
	return r, err
}

// Patience sets the clock by which the sealer waits for missing ids.
func (s *Service) Patience(now time.Time) { s.sealer.clock = func() time.Time { return now } }
