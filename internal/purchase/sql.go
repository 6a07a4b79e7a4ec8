package purchase

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/purchase/sqlc"
	"github.com/skinrail/skinrail/internal/steam"
)

// insertSQL is written by hand because it is in every purchase. Whoever uses a
// custom id at the same time waits here and then sees it taken.
const insertSQL = `insert into purchase (project_id, custom_id, partner, token, item_id, reservation, bot, app, asset,
		class_id, instance_id, name, price, state, created_at, deadline, seq)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
	on conflict (project_id, custom_id) do nothing returning id`

// numbers are the purchases of a project in the order of their creation.
var numbers = db.NewSeries("purchase")

// insert stores a new purchase and sets its id and the time of its creation; it
// returns sql.ErrNoRows when the custom id is taken.
func insert(ctx context.Context, tx *db.Tx, p *Purchase) error {
	seq, at, err := numbers.NextTx(ctx, tx, p.Project, p.CreatedAt)
	if err != nil {
		return err
	}
	p.CreatedAt = at
	return tx.QueryRowContext(ctx, insertSQL, p.Project, custom(p.CustomID), p.Partner.String(), p.Token, p.ItemID, p.reservation,
		p.Bot.String(), int64(p.Asset.App), p.Asset.ID, p.ClassID, p.InstanceID, p.Name, int64(p.Price), string(p.State),
		db.Micros(p.CreatedAt), db.Micros(p.Deadline), seq).Scan(&p.ID)
}

// custom stores no custom id as null, so that it is never a duplicate.
func custom(id string) sql.NullString { return sql.NullString{String: id, Valid: id != ""} }

// change writes next over p if p is still what is stored, with its history, and
// reports whether it was.
func change(ctx context.Context, tx *db.Tx, p, next Purchase, note string, now time.Time) (bool, error) {
	q := sqlc.New(tx)
	n, err := q.Update(ctx, sqlc.UpdateParams{State: string(next.State), Reason: next.Reason, OfferID: string(next.OfferID),
		TradeID: next.TradeID, AcceptedAt: db.Micros(next.AcceptedAt), SettledAt: db.Micros(next.SettledAt),
		EndedAt: db.Micros(next.EndedAt), ID: p.ID, Version: p.Version, State_2: string(p.State)})
	if err != nil || n == 0 {
		return false, err
	}
	return true, q.InsertMove(ctx, sqlc.InsertMoveParams{PurchaseID: p.ID, Version: p.Version + 1, FromState: string(p.State),
		ToState: string(next.State), At: db.Micros(now), Note: note})
}

// Find reads a project's purchase by id; another project's is [fault.NotFound].
func (s *Service) Find(ctx context.Context, project, id int64) (Purchase, error) {
	return one(sqlc.New(s.DB.Read()).ByProjectAndID(ctx, sqlc.ByProjectAndIDParams{ProjectID: project, ID: id}))
}

// FindByCustom reads a project's purchase by the merchant's own id.
func (s *Service) FindByCustom(ctx context.Context, project int64, customID string) (Purchase, error) {
	return one(sqlc.New(s.DB.Read()).ByCustom(ctx, sqlc.ByCustomParams{ProjectID: project, CustomID: custom(customID)}))
}

// FindMany reads a project's purchases by id, in the order of the ids. What is
// not there, or belongs to another project, is left out; so are repetitions.
func (s *Service) FindMany(ctx context.Context, project int64, ids []int64) ([]Purchase, error) {
	return many(ids, func(id int64) (Purchase, error) { return s.Find(ctx, project, id) })
}

// FindManyByCustom is [Service.FindMany] by the merchant's own ids.
func (s *Service) FindManyByCustom(ctx context.Context, project int64, customIDs []string) ([]Purchase, error) {
	return many(customIDs, func(id string) (Purchase, error) { return s.FindByCustom(ctx, project, id) })
}

// many reads one by one: each is a look-up by a unique key on a statement that
// is prepared already.
func many[K comparable](keys []K, find func(K) (Purchase, error)) ([]Purchase, error) {
	found := make([]Purchase, 0, len(keys))
	seen := make(map[K]bool, len(keys))
	for _, k := range keys {
		if seen[k] {
			continue
		}
		seen[k] = true
		p, err := find(k)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}

func one(r sqlc.Purchase, err error) (Purchase, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return Purchase{}, fault.New(fault.NotFound, "no such purchase")
	}
	if err != nil {
		return Purchase{}, fmt.Errorf("read purchase: %w", err)
	}
	p := Purchase{ID: r.ID, Project: r.ProjectID, CustomID: r.CustomID.String, Token: r.Token, ItemID: r.ItemID,
		Asset:   steam.Asset{App: steam.AppID(r.App), Context: steam.ContextMain, ID: r.Asset},
		ClassID: r.ClassID, InstanceID: r.InstanceID, Name: r.Name, Price: money.Amount(r.Price), State: State(r.State),
		Version: r.Version, Reason: r.Reason, OfferID: steam.OfferID(r.OfferID), TradeID: r.TradeID, CreatedAt: db.Time(r.CreatedAt),
		Deadline: db.Time(r.Deadline), AcceptedAt: db.Time(r.AcceptedAt), SettledAt: db.Time(r.SettledAt),
		EndedAt: db.Time(r.EndedAt), reservation: r.Reservation}
	if p.Partner, err = steam.ParseID64(r.Partner); err != nil {
		return Purchase{}, fmt.Errorf("purchase %d: %w", r.ID, err)
	}
	if p.Bot, err = steam.ParseID64(r.Bot); err != nil {
		return Purchase{}, fmt.Errorf("purchase %d: %w", r.ID, err)
	}
	return p, nil
}
