package risk

import (
	"context"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/money"
)

// What an audit calls the running sums of a user.
const (
	SumPaid      = "deposits_sum of payer"
	SumPayments  = "deposits of payer"
	SumTakenBack = "rollbacks_sum of payer"
	SumReversals = "rollbacks of payer"
)

// Sums tells an audit the running sums of all users.
func Sums(ctx context.Context, q db.Querier, kept func(name, user string, is money.Amount)) error {
	rows, err := q.QueryContext(ctx, "select steam_id, deposits, deposits_sum, rollbacks, rollbacks_sum from risk_user")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var user string
		var payments, paid, reversals, back money.Amount
		if err := rows.Scan(&user, &payments, &paid, &reversals, &back); err != nil {
			return err
		}
		kept(SumPayments, user, payments)
		kept(SumPaid, user, paid)
		kept(SumReversals, user, reversals)
		kept(SumTakenBack, user, back)
	}
	return rows.Err()
}
