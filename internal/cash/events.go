package cash

import (
	"context"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

// BalanceChanged is the body of [event.BalanceChanged]: what is available now,
// in thousandths of USD. All rooms that move the balance write the same form.
type BalanceChanged struct {
	Balance money.Amount `json:"balance"`
}

// tell appends what the project has available now.
func (s *Service) tell(ctx context.Context, tx *db.Tx, project int64, at time.Time) error {
	left, err := s.Ledger.BalanceTx(ctx, tx, ledger.Available(project))
	if err != nil {
		return err
	}
	_, err = s.Events.AppendTx(ctx, tx, event.NewEvent{Project: project, Kind: event.BalanceChanged,
		Subject: event.BalanceSubject(project), At: at, Body: BalanceChanged{Balance: left}})
	return err
}
