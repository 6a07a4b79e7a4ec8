package fleet

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fleet/sqlc"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
)

// Held is how many items of a game a bot has in its main context, as far as is
// known.
func (s *Service) Held(ctx context.Context, bot steam.ID64, app steam.AppID) (int, error) {
	n, err := sqlc.New(s.db.Read()).Held(ctx, sqlc.HeldParams{Bot: bot.String(), App: int64(app), Context: steam.ContextMain})
	return int(n), err
}

// CountItems keeps how many items of one context a bot holds, and what they are
// worth, for items that are not for sale.
func (s *Service) CountItems(ctx context.Context, bot steam.ID64, app steam.AppID, contextID string, items []steam.Item) error {
	load := s.countOf(bot, app, contextID, items)
	if same, err := s.sameLoad(ctx, load); err != nil || same {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error { return sqlc.New(tx).SetLoad(ctx, load) })
}

// sameLoad tells whether that much is written down already.
func (s *Service) sameLoad(ctx context.Context, n sqlc.SetLoadParams) (bool, error) {
	was, err := sqlc.New(s.db.Read()).Load(ctx, sqlc.LoadParams{Bot: n.Bot, App: n.App, Context: n.Context})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && was.Items == n.Items && was.Worth == n.Worth, err
}

func (s *Service) countOf(bot steam.ID64, app steam.AppID, contextID string, items []steam.Item) sqlc.SetLoadParams {
	n := sqlc.SetLoadParams{Bot: bot.String(), App: int64(app), Context: contextID, Items: int64(len(items))}
	var worth money.Amount
	for _, it := range items {
		if s.price == nil {
			break
		}
		if p, ok := s.price(app, it.Name); ok {
			if sum, err := worth.Add(p); err == nil {
				worth = sum
			}
		}
	}
	n.Worth = int64(worth)
	return n
}

// Held is an item as it is listed.
type Held struct {
	steam.Asset
	Item          int64 // catalogue id
	Name, ClassID string
	Tradable      bool
}

// Items lists what a bot has in a context, as far as is known.
func (s *Service) Items(ctx context.Context, bot steam.ID64, app steam.AppID, contextID string) ([]Held, error) {
	rows, err := sqlc.New(s.db.Read()).Items(ctx, sqlc.ItemsParams{Bot: bot.String(), App: int64(app), Context: contextID})
	if err != nil {
		return nil, err
	}
	held := make([]Held, 0, len(rows))
	for _, r := range rows {
		held = append(held, Held{Asset: steam.Asset{App: app, Context: r.Context, ID: r.Asset}, Item: r.ID, Name: r.Name,
			ClassID: r.ClassID, Tradable: r.Tradable})
	}
	return held, nil
}

// SyncItems makes the stored items of one context equal to what Steam shows.
// Items keep their catalogue id as long as their asset id stays. Most looks at an
// inventory find it as it was: they write nothing.
func (s *Service) SyncItems(ctx context.Context, bot steam.ID64, app steam.AppID, contextID string, items []steam.Item, now time.Time) error {
	load := s.countOf(bot, app, contextID, items)
	if same, err := s.sameItems(ctx, load, items); err != nil || same {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		moved := map[string]struct{}{}
		q := sqlc.New(tx)
		rows, err := q.Items(ctx, sqlc.ItemsParams{Bot: bot.String(), App: int64(app), Context: contextID})
		if err != nil {
			return err
		}
		newest, err := q.NewestItem(ctx)
		if err != nil {
			return err
		}
		known := make(map[string]sqlc.BotItem, len(rows))
		for _, r := range rows {
			known[r.Asset] = r
		}
		for i := len(items) - 1; i >= 0; i-- { // Steam lists the newest first
			it := items[i]
			r, ok := known[it.ID]
			delete(known, it.ID)
			if ok && r.Tradable == it.Tradable {
				continue
			}
			added, err := q.AddItem(ctx, addItem(bot, it, now))
			if err == nil && added.ID > newest { // not one that came back
				err = tx.Lift("bot_item", &added.ID)
			}
			if err != nil {
				return err
			}
			moved[added.Name] = struct{}{}
		}
		for _, r := range known {
			moved[r.Name] = struct{}{}
			if err := q.ItemGone(ctx, sqlc.ItemGoneParams{SeenAt: db.Micros(now), ID: r.ID}); err != nil {
				return err
			}
		}
		if err := q.SetLoad(ctx, load); err != nil {
			return err
		}
		if len(moved) > 0 {
			tx.After(func() { s.tell(app, moved) })
		}
		return nil
	})
}

// sameItems tells whether these are the items that are written down.
func (s *Service) sameItems(ctx context.Context, load sqlc.SetLoadParams, items []steam.Item) (bool, error) {
	if same, err := s.sameLoad(ctx, load); err != nil || !same {
		return false, err
	}
	rows, err := sqlc.New(s.db.Read()).Items(ctx, sqlc.ItemsParams{Bot: load.Bot, App: load.App, Context: load.Context})
	if err != nil || len(rows) != len(items) {
		return false, err
	}
	tradable := make(map[string]bool, len(rows))
	for _, r := range rows {
		tradable[r.Asset] = r.Tradable
	}
	return !slices.ContainsFunc(items, func(it steam.Item) bool {
		was, known := tradable[it.ID]
		return !known || was != it.Tradable
	}), nil
}

func addItem(bot steam.ID64, it steam.Item, now time.Time) sqlc.AddItemParams {
	return sqlc.AddItemParams{Bot: bot.String(), App: int64(it.App), Context: it.Context, Asset: it.ID, ClassID: it.ClassID,
		InstanceID: it.InstanceID, Name: it.Name, Phase: it.Phase, Icon: it.Icon, Kind: it.Type, Color: it.Color,
		Tradable: it.Tradable, SeenAt: db.Micros(now)}
}
