package deposit

import (
	"context"
	"time"

	"github.com/skinrail/skinrail/internal/db"
)

// MaxReads is how often Retry asks.
const MaxReads = maxReads

// Retry is how every move is begun again when somebody was faster.
func (s *Service) Retry(ctx context.Context, tx *db.Tx, id int64, f func(Deposit) (bool, error)) error {
	return s.retry(ctx, tx, id, f)
}

// ApproveAs moves a deposit as somebody has read it.
func (s *Service) ApproveAs(ctx context.Context, tx *db.Tx, d Deposit, now time.Time) (bool, error) {
	return s.move(ctx, tx, d, d, step{by: ApprovedNow}, now)
}
