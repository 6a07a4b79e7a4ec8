package ledger

import (
	"context"
	"time"

	"github.com/skinrail/skinrail/internal/db"
)

// AuditIn is [Service.Audit] as somebody else sees the books, and CheckIn
// [Service.Check] without its consequences.
func AuditIn(ctx context.Context, q db.Querier) (r Report, err error) {
	a := &audit{q: q, r: &r, holds: newHolds()}
	err = a.run(ctx)
	return r, err
}

func CheckIn(ctx context.Context, q db.Querier, now time.Time) (r Report, err error) {
	_, err = check(ctx, q, &r, now)
	return r, err
}
