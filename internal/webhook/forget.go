package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/webhook/sqlc"
)

// Life is how long a delivery is kept after it was delivered or superseded. Its
// event stays.
const Life = 90 * 24 * time.Hour

// forgetPage is how many deliveries one write looks at.
const forgetPage = 1000

// Forget drops deliveries that were delivered or superseded before a moment,
// with their attempts. What is pending or failed stays, however old.
func (s *Service) Forget(ctx context.Context, before time.Time) error {
	for after := int64(0); ; {
		page, err := sqlc.New(s.db.Read()).OldPage(ctx, sqlc.OldPageParams{After: after, AtMost: forgetPage})
		if err != nil {
			return fmt.Errorf("forget deliveries: %w", err)
		}
		if page.Last == 0 || page.Oldest >= db.Micros(before) {
			return nil
		}
		err = s.db.Write(ctx, func(tx *db.Tx) error { return forgetTx(ctx, tx, after, page.Last, db.Micros(before)) })
		if err != nil {
			return fmt.Errorf("forget deliveries: %w", err)
		}
		after = page.Last
	}
}

// forgetTx drops those with ids in (after, last] that may go.
func forgetTx(ctx context.Context, tx *db.Tx, after, last, before int64) error {
	q := sqlc.New(tx)
	if err := q.ForgetAttempts(ctx, sqlc.ForgetAttemptsParams{After: after, Last: last, Before: before}); err != nil {
		return err
	}
	return q.ForgetDeliveries(ctx, sqlc.ForgetDeliveriesParams{After: after, Last: last, Before: before})
}
