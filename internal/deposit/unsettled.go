package deposit

import (
	"context"
	"fmt"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit/sqlc"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
)

// Details of [fault.LimitReached].
const (
	LimitPayer   = "payer_limit"
	LimitProject = "project_limit"
)

// withinUnsettled is [fault.LimitReached] when a deposit would bring what may
// still be taken back above a limit of its project: of all its deposits, or of
// those of this payer in all projects (Q12). Who comes second waits for the
// first, so that both are in the sum.
func withinUnsettled(ctx context.Context, tx *db.Tx, p merchant.Project, d Deposit) error {
	q := sqlc.New(tx)
	payer := idText(d.SteamID)
	for _, l := range []struct {
		detail, subject string
		limit           money.Amount
		sum             func() (int64, error)
	}{ // in this order everywhere
		{LimitProject, fmt.Sprintf("project/%d", p.ID), p.MaxUnsettled, func() (int64, error) { return q.UnsettledOfProject(ctx, p.ID) }},
		{LimitPayer, "payer/" + payer, p.MaxUnsettledPayer, func() (int64, error) { return q.UnsettledOfPayer(ctx, payer) }},
	} {
		if l.limit == 0 {
			continue
		}
		if err := q.GuardUnsettled(ctx, l.subject); err != nil {
			return fmt.Errorf("guard %s: %w", l.subject, err)
		}
		sum, err := l.sum()
		if err != nil {
			return fmt.Errorf("unsettled of %s: %w", l.subject, err)
		}
		if d.Amount > l.limit || money.Amount(sum) > l.limit-d.Amount {
			return fault.New(fault.LimitReached, "%s", l.detail)
		}
	}
	return nil
}
