package cash

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/skinrail/skinrail/internal/cash/sqlc"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

// DefaultDebtLimit is what a project may owe before its payouts stop.
const DefaultDebtLimit money.Amount = 100_000

// Debt is what a project owes, and may.
type Debt struct {
	Project     int64
	Owed, Limit money.Amount
}

// Over reports whether the project owes more than it may.
func (d Debt) Over() bool { return d.Owed > d.Limit }

// Debts lists the projects that owe something.
func (s *Service) Debts(ctx context.Context) ([]Debt, error) {
	owed, err := s.Ledger.Debts(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Debt, len(owed))
	for i, o := range owed {
		limit, err := debtLimit(ctx, s.DB.Read(), o.Project)
		if err != nil {
			return nil, err
		}
		all[i] = Debt{o.Project, o.Amount, limit}
	}
	return all, nil
}

// SetDebtLimit changes what a project may owe. It returns [fault.NotFound] and
// [fault.InvalidRequest].
func (s *Service) SetDebtLimit(ctx context.Context, project int64, m money.Amount) error {
	if m < 0 || m > money.Max {
		return fault.New(fault.InvalidRequest, "limit: from 0 to %s USD", money.Max.Text(0))
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		return sqlc.New(tx).SetDebtLimit(ctx, sqlc.SetDebtLimitParams{ProjectID: project, Amount: int64(m)})
	})
	if db.Class(err) == db.ForeignKey {
		return fault.New(fault.NotFound, "no project %d", project)
	}
	if err != nil {
		return fmt.Errorf("set debt limit: %w", err)
	}
	return nil
}

// DebtLimit is what a project may owe.
func (s *Service) DebtLimit(ctx context.Context, project int64) (money.Amount, error) {
	return debtLimit(ctx, s.DB.Read(), project)
}

func debtLimit(ctx context.Context, q db.Querier, project int64) (money.Amount, error) {
	n, err := sqlc.New(q).DebtLimit(ctx, project)
	if errors.Is(err, sql.ErrNoRows) {
		return DefaultDebtLimit, nil
	}
	if err != nil {
		return 0, fmt.Errorf("debt limit: %w", err)
	}
	return money.Amount(n), nil
}

// checkDebt refuses to pay out to a project that owes more than it may. Its
// account is locked, so that what it owes does not grow meanwhile.
func (s *Service) checkDebt(ctx context.Context, tx *db.Tx, project int64) error {
	funds, err := s.Ledger.FundsTx(ctx, tx, []ledger.Account{ledger.Receivable(project)})
	if err != nil {
		return err
	}
	owed := -funds.Balance(ledger.Receivable(project))
	if owed == 0 {
		return nil
	}
	limit, err := debtLimit(ctx, tx, project)
	if err != nil {
		return err
	}
	if (Debt{project, owed, limit}).Over() {
		return fault.New(fault.WrongState, "the project owes %s USD, more than the %s that it may: no payouts; reject this one and its money pays the debt",
			owed.Text(2), limit.Text(2))
	}
	return nil
}
