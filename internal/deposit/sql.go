package deposit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit/sqlc"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
)

// numbers are the deposits of a project in the order of their creation.
var numbers = db.NewSeries("deposit")

// insert stores a new deposit and sets its id and the time of its creation.
func insert(ctx context.Context, tx *db.Tx, d *Deposit) error {
	seq, at, err := numbers.NextTx(ctx, tx, d.Project, d.CreatedAt)
	if err != nil {
		return err
	}
	d.CreatedAt = at
	d.ID, err = sqlc.New(tx).Insert(ctx, sqlc.InsertParams{ProjectID: d.Project, OrderID: d.OrderID, Hash: d.Hash,
		State: string(d.State), SteamID: idText(d.SteamID), TradeToken: d.TradeToken, ResultUrl: d.ResultURL,
		SuccessUrl: d.SuccessURL, FailUrl: d.FailURL, Currency: d.Currency, MinAmount: d.MinAmount, MaxAmount: d.MaxAmount,
		Multiplier: d.Multiplier.String(), CommissionRate: d.CommissionRate.String(), CustomCurrency: d.CustomCurrency, CustomRate: d.CustomRate,
		PriorityGame: d.PriorityGame, CreatedAt: db.Micros(d.CreatedAt), ExpiresAt: db.Micros(d.ExpiresAt), Seq: seq})
	if err == nil {
		err = tx.Lift("deposit", &d.ID)
	}
	return err
}

// change writes next over d if d is still what is stored, with its history, and
// reports whether it was. What the receipt does not show is no item of the
// deposit any more; nobody needs the quotes of one that has ended.
func change(ctx context.Context, tx *db.Tx, d, next Deposit, st step, now time.Time) (bool, error) {
	q := sqlc.New(tx)
	n, err := q.Update(ctx, sqlc.UpdateParams{State: string(next.State), Rates: next.Rates, Amount: int64(next.Amount),
		UserAmount: int64(next.UserAmount), Commission: int64(next.Commission), Reason: next.Reason, TradeID: next.TradeID,
		OfferID: string(next.OfferID), OfferAt: db.Micros(next.OfferAt), SkinsAt: db.Micros(next.SkinsAt),
		HoldUntil: db.Micros(next.HoldUntil), EndedAt: db.Micros(next.EndedAt), ID: d.ID, Version: d.Version, State_2: string(d.State)})
	if err != nil || n == 0 {
		return false, err
	}
	if err := dropMissing(ctx, q, d, next.Items); err != nil {
		return false, err
	}
	if next.State.Ended() {
		if err := errors.Join(q.DropQuotes(ctx, d.ID), q.DropSignins(ctx, d.ID)); err != nil {
			return false, err
		}
	}
	return true, q.InsertMove(ctx, sqlc.InsertMoveParams{DepositID: d.ID, Version: d.Version + 1, FromState: string(d.State),
		ToState: string(next.State), At: db.Micros(now), Note: st.String()})
}

func dropMissing(ctx context.Context, q *sqlc.Queries, d Deposit, kept []Item) error {
	if len(kept) == len(d.Items) {
		return nil
	}
	for _, it := range d.Items {
		if slices.Contains(kept, it) {
			continue
		}
		err := q.DeleteItem(ctx, sqlc.DeleteItemParams{DepositID: d.ID, App: int64(it.App), Context: it.Context, Asset: it.ID})
		if err != nil {
			return err
		}
	}
	return nil
}

// String is how the history tells of a step.
func (st step) String() string {
	if st.note == "" {
		st.note = st.reason
	}
	if st.note == "" {
		return string(st.by)
	}
	return string(st.by) + ": " + st.note
}

// Find reads a project's deposit by id; another project's is [fault.NotFound].
func (s *Service) Find(ctx context.Context, project, id int64) (Deposit, error) {
	row, err := sqlc.New(s.DB.Read()).ByProjectAndID(ctx, sqlc.ByProjectAndIDParams{ProjectID: project, ID: id})
	return s.full(ctx, s.DB.Read(), row, err)
}

// FindByOrder reads a project's deposit by the merchant's own id.
func (s *Service) FindByOrder(ctx context.Context, project int64, orderID string) (Deposit, error) {
	row, err := sqlc.New(s.DB.Read()).ByOrder(ctx, sqlc.ByOrderParams{ProjectID: project, OrderID: orderID})
	return s.full(ctx, s.DB.Read(), row, err)
}

// ByHash reads the deposit of a payment link.
func (s *Service) ByHash(ctx context.Context, hash string) (Deposit, error) {
	row, err := sqlc.New(s.DB.Read()).ByHash(ctx, hash)
	return s.full(ctx, s.DB.Read(), row, err)
}

// ByID reads any project's deposit; for the gateway itself.
func (s *Service) ByID(ctx context.Context, id int64) (Deposit, error) {
	row, err := sqlc.New(s.DB.Read()).ByID(ctx, id)
	return s.full(ctx, s.DB.Read(), row, err)
}

func (s *Service) full(ctx context.Context, q db.Querier, row sqlc.Deposit, err error) (Deposit, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return Deposit{}, fault.New(fault.NotFound, "no such deposit")
	}
	if err != nil {
		return Deposit{}, fmt.Errorf("read deposit: %w", err)
	}
	d, err := fromRow(row)
	if err != nil || d.State == Open {
		return d, err
	}
	items, err := sqlc.New(q).Items(ctx, d.ID)
	if err != nil {
		return Deposit{}, fmt.Errorf("read deposit: %w", err)
	}
	for _, r := range items {
		d.Items = append(d.Items, itemOf(r))
	}
	return d, nil
}

func itemOf(r sqlc.DepositItem) Item {
	return Item{Asset: steam.Asset{App: steam.AppID(r.App), Context: r.Context, ID: r.Asset},
		ClassID: r.ClassID, InstanceID: r.InstanceID, Name: r.Name, Icon: r.Icon,
		Price: money.Amount(r.Price), UserPrice: money.Amount(r.UserPrice)}
}

func fromRow(r sqlc.Deposit) (Deposit, error) {
	multiplier, err := money.ParseRate(r.Multiplier)
	if err != nil {
		return Deposit{}, fmt.Errorf("deposit %d: %w", r.ID, err)
	}
	commission, err := money.ParseRate(r.CommissionRate)
	if err != nil {
		return Deposit{}, fmt.Errorf("deposit %d: %w", r.ID, err)
	}
	d := Deposit{ID: r.ID, Project: r.ProjectID, OrderID: r.OrderID, Hash: r.Hash, State: State(r.State), Version: r.Version,
		SignedIn: r.SignedIn, TradeToken: r.TradeToken, ResultURL: r.ResultUrl, SuccessURL: r.SuccessUrl, FailURL: r.FailUrl,
		Currency: r.Currency, MinAmount: r.MinAmount, MaxAmount: r.MaxAmount, Multiplier: multiplier, CommissionRate: commission,
		CustomCurrency: r.CustomCurrency, CustomRate: r.CustomRate, PriorityGame: r.PriorityGame, Rates: r.Rates,
		Amount: money.Amount(r.Amount), UserAmount: money.Amount(r.UserAmount), Commission: money.Amount(r.Commission),
		Reason: r.Reason, TradeID: r.TradeID, OfferID: steam.OfferID(r.OfferID), CreatedAt: db.Time(r.CreatedAt),
		ExpiresAt: db.Time(r.ExpiresAt), OfferAt: db.Time(r.OfferAt), SkinsAt: db.Time(r.SkinsAt),
		HoldUntil: db.Time(r.HoldUntil), EndedAt: db.Time(r.EndedAt)}
	if r.SteamID != "" {
		if d.SteamID, err = steam.ParseID64(r.SteamID); err != nil {
			return Deposit{}, fmt.Errorf("deposit %d: %w", r.ID, err)
		}
	}
	return d, nil
}

func idText(id steam.ID64) string {
	if id == 0 {
		return ""
	}
	return id.String()
}
