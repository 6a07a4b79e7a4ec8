package merchant

import (
	"context"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/money"
)

// What an audit calls the running sums of a project.
const (
	SumDeals     = "deals of project"
	SumWithdrawn = "withdrawn of project"
)

// Sums tells an audit the running sums of all projects.
func Sums(ctx context.Context, q db.Querier, kept func(name, project string, is money.Amount)) error {
	rows, err := q.QueryContext(ctx, "select project_id, deals, withdrawn from project_total")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var project string
		var deals, withdrawn money.Amount
		if err := rows.Scan(&project, &deals, &withdrawn); err != nil {
			return err
		}
		kept(SumDeals, project, deals)
		kept(SumWithdrawn, project, withdrawn)
	}
	return rows.Err()
}
