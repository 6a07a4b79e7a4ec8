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

// Written by hand because they are in every purchase. Whoever uses a custom id
// at the same time waits at the insert and then sees it taken.
var (
	usedSQL = db.NewList("with u (project_id, custom_id) as (values ", "(cast($1 as bigint), cast($2 as text))",
		") select p.project_id, p.custom_id, p.id from u join purchase p on p.project_id = u.project_id and p.custom_id = u.custom_id")

	insertSQL = db.NewList(`insert into purchase (project_id, custom_id, partner, token, item_id, reservation, bot, app, asset,
		class_id, instance_id, name, price, state, created_at, deadline, seq) values `,
		"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'creating_trade', $14, $15, $16)",
		" on conflict (project_id, custom_id) do nothing returning id, reservation")
)

// numbers are the purchases of a project in the order of their creation.
var numbers = db.NewSeries("purchase")

// usedBefore finds the purchases that have the custom ids of orders; of each it
// sets the ID alone.
func usedBefore(tx *db.Tx, orders []Buy) (map[customKey]*Purchase, error) {
	var args []any
	for _, b := range orders {
		if b.CustomID != "" {
			args = append(args, b.Project.ID, b.CustomID)
		}
	}
	used := map[customKey]*Purchase{}
	err := tx.Together(usedSQL.Query(args, func(row db.Scanner) error {
		var k customKey
		var p Purchase
		err := row.Scan(&k.project, &k.id, &p.ID)
		used[k] = &p
		return err
	})...)
	if err != nil {
		return nil, fmt.Errorf("look up custom ids: %w", err)
	}
	return used, nil
}

// insert stores new purchases, which wait for their offers, and sets their ids
// and the times of their creation. When a custom id is taken the write runs
// again.
func insert(ctx context.Context, tx *db.Tx, sales []sale, now time.Time) error {
	counts := map[int64]int64{}
	for _, p := range sales {
		counts[p.Project]++
	}
	next, err := numbers.NextAllTx(ctx, tx, counts, now)
	if err != nil {
		return err
	}
	args := make([]any, 0, 16*len(sales))
	made := make(map[string]*Purchase, len(sales))
	for _, p := range sales {
		n := next[p.Project]
		p.CreatedAt, made[p.reservation] = n.At, p.Purchase
		args = append(args, p.Project, custom(p.CustomID), p.Partner.String(), p.Token, p.ItemID, p.reservation,
			p.Bot.String(), int64(p.Asset.App), p.Asset.ID, p.ClassID, p.InstanceID, p.Name, int64(p.Price),
			db.Micros(p.CreatedAt), db.Micros(p.Deadline), n.First)
		n.First++
		next[p.Project] = n
	}
	stored := 0
	err = tx.Together(insertSQL.Query(args, func(row db.Scanner) error {
		var id int64
		var reservation string
		err := row.Scan(&id, &reservation)
		made[reservation].ID = id
		stored++
		return err
	})...)
	if err == nil && stored < len(sales) {
		err = db.ErrAgain
	}
	if err != nil {
		return err
	}
	for _, p := range sales {
		if err := tx.Lift("purchase", &p.ID); err != nil {
			return err
		}
	}
	return nil
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

// ByID reads a purchase of any project; [fault.NotFound] when there is none.
func (s *Service) ByID(ctx context.Context, id int64) (Purchase, error) {
	return one(sqlc.New(s.DB.Read()).ByID(ctx, id))
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
