package deposit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit/sqlc"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

// Undone is a credited deposit whose items Steam's support has given back to the
// payer. The deposit stays credited, which is final for a merchant; its money,
// also the gateway's commission, goes back. Owed is what the project had not
// available any more.
type Undone struct {
	Deposit, Project int64
	Amount, Owed     money.Amount
	By, Reason       string
	At               time.Time
}

// Undo books that Steam has undone a credited deposit, once: again it returns
// what was booked and reports a replay. The merchant is told his balance. It
// returns [fault.NotFound], [fault.WrongState] for a deposit that is not
// credited, and [fault.InvalidRequest] without a name and a reason.
func (s *Service) Undo(ctx context.Context, id int64, by, reason string, now time.Time) (u Undone, replayed bool, err error) {
	if by == "" || reason == "" || len(by) > 64 || len(reason) > 500 {
		return Undone{}, false, fault.New(fault.InvalidRequest, "who undoes a deposit gives a name and a reason of up to 500 bytes")
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		u, replayed, err = s.undoTx(ctx, tx, id, by, reason, now)
		return err
	})
	if err != nil {
		return Undone{}, false, fmt.Errorf("undo deposit %d: %w", id, err)
	}
	return u, replayed, nil
}

func (s *Service) undoTx(ctx context.Context, tx *db.Tx, id int64, by, reason string, now time.Time) (Undone, bool, error) {
	q := sqlc.New(tx)
	row, err := q.ByID(ctx, id)
	d, err := s.full(ctx, tx, row, err)
	if err != nil {
		return Undone{}, false, err
	}
	if d.State != Credited {
		return Undone{}, false, fault.New(fault.WrongState, "deposit %d is %s: only a credited one can be undone", id, d.State)
	}
	u := Undone{Deposit: id, Project: d.Project, Amount: d.Amount, By: by, Reason: reason, At: now}
	u.Owed, err = s.Ledger.TakeBackTx(ctx, tx, d.credit(), ledger.OutsideSteam, now)
	if errors.Is(err, fault.Duplicate) {
		was, err := q.TakenBack(ctx, id)
		u.By, u.Reason, u.Owed, u.At = was.ByName, was.Reason, money.Amount(was.Owed), db.Time(was.At)
		return u, true, err
	}
	if err != nil {
		return Undone{}, false, err
	}
	err = q.TakeBack(ctx, sqlc.TakeBackParams{DepositID: id, At: db.Micros(now), ByName: by, Reason: reason, Owed: int64(u.Owed)})
	if err == nil {
		err = s.Merchants.AddTotalsTx(ctx, tx, d.Project, -d.Amount, 0)
	}
	if err == nil {
		err = s.Risk.TookBackTx(ctx, tx, d.SteamID, d.Amount)
	}
	if err != nil {
		return Undone{}, false, err
	}
	return u, false, s.tellBalance(ctx, tx, d.Project, now)
}

// credit is the reference of the transaction that paid the deposit.
func (d Deposit) credit() string {
	if d.HoldUntil.IsZero() {
		return "credit/" + d.Owner()
	}
	return "release/" + d.Owner()
}

func (s *Service) tellBalance(ctx context.Context, tx *db.Tx, project int64, now time.Time) error {
	news, err := s.balanceNews(ctx, tx, project, now)
	if err == nil {
		_, err = s.Events.AppendAllTx(ctx, tx, news)
	}
	return err
}

func (s *Service) balanceNews(ctx context.Context, tx *db.Tx, project int64, now time.Time) (event.NewEvent, error) {
	balance, err := s.Ledger.BalanceTx(ctx, tx, ledger.Available(project))
	if err != nil {
		return event.NewEvent{}, fmt.Errorf("balance of project %d: %w", project, err)
	}
	return event.NewEvent{Project: project, Kind: event.BalanceChanged, Subject: event.BalanceSubject(project), At: now,
		Body: BalanceChanged{Balance: balance}}, nil
}
