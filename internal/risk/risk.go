package risk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/risk/sqlc"
	"github.com/skinrail/skinrail/internal/steam"
)

// History is what is known of a user at one moment. Deposits count when the
// items were handed over, also those that he took back later.
type History struct {
	Joined       time.Time // first seen here; zero: never
	Deposits     int64
	DepositsSum  money.Amount
	Rollbacks    int64
	RollbacksSum money.Amount
	Last         time.Time // of the last deposit; zero: none
	Inventories  []Inventory
}

// Inventory is what a user's items of a game were worth when they were seen.
type Inventory struct {
	App   steam.AppID
	Worth money.Amount
	Seen  time.Time
}

// Service is the room. Its methods may be called concurrently.
type Service struct{}

// New makes the room. What it keeps is read and written through the
// transactions of its callers.
func New() *Service { return &Service{} }

// OfTx returns what is known of a user; the zero history of one who is not.
func (s *Service) OfTx(ctx context.Context, q db.Querier, user steam.ID64) (History, error) {
	w := sqlc.New(q)
	u, err := w.User(ctx, user.String())
	if errors.Is(err, sql.ErrNoRows) {
		return History{}, nil
	}
	if err != nil {
		return History{}, fmt.Errorf("history of %s: %w", user, err)
	}
	h := History{Joined: db.Time(u.JoinedAt), Deposits: u.Deposits, DepositsSum: money.Amount(u.DepositsSum),
		Rollbacks: u.Rollbacks, RollbacksSum: money.Amount(u.RollbacksSum), Last: db.Time(u.LastAt)}
	seen, err := w.Inventories(ctx, user.String())
	if err != nil {
		return History{}, fmt.Errorf("inventories of %s: %w", user, err)
	}
	for _, i := range seen {
		h.Inventories = append(h.Inventories, Inventory{App: steam.AppID(i.App), Worth: money.Amount(i.Worth), Seen: db.Time(i.SeenAt)})
	}
	return h, nil
}

// PaidTx adds a deposit whose items were handed over.
func (s *Service) PaidTx(ctx context.Context, tx *db.Tx, user steam.ID64, amount money.Amount, now time.Time) error {
	err := sqlc.New(tx).AddDeposit(ctx, sqlc.AddDepositParams{SteamID: user.String(), JoinedAt: db.Micros(now), DepositsSum: int64(amount)})
	if err != nil {
		return fmt.Errorf("deposit of %s: %w", user, err)
	}
	return nil
}

// TookBackTx adds a reversal of a deposit that [Service.PaidTx] added.
func (s *Service) TookBackTx(ctx context.Context, tx *db.Tx, user steam.ID64, amount money.Amount) error {
	if err := sqlc.New(tx).AddRollback(ctx, sqlc.AddRollbackParams{SteamID: user.String(), RollbacksSum: int64(amount)}); err != nil {
		return fmt.Errorf("reversal of %s: %w", user, err)
	}
	return nil
}

// SeenTx keeps what a user's items of a game are worth now. Who was never seen
// has joined.
func (s *Service) SeenTx(ctx context.Context, tx *db.Tx, user steam.ID64, i Inventory) error {
	w := sqlc.New(tx)
	if err := w.Join(ctx, sqlc.JoinParams{SteamID: user.String(), JoinedAt: db.Micros(i.Seen)}); err != nil {
		return fmt.Errorf("join %s: %w", user, err)
	}
	err := w.SetInventory(ctx, sqlc.SetInventoryParams{SteamID: user.String(), App: int64(i.App), Worth: int64(i.Worth), SeenAt: db.Micros(i.Seen)})
	if err != nil {
		return fmt.Errorf("inventory of %s: %w", user, err)
	}
	return nil
}
