package market

import (
	"context"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/steam"
)

// Written by hand: they are the start of every purchase, and the list of
// everything. The conditions present, tradable and reserved_by are those of the
// index bot_item_sale; items under protection are in a context of their own.
const (
	columns = `id, bot, app, context, asset, class_id, instance_id, name, phase, icon, kind, color`

	onSaleSQL = `select ` + columns + ` from bot_item i
		where i.app = $1 and i.present and i.tradable and i.reserved_by = '' and i.context = '2'
		and exists (select 1 from bot b where b.steam_id = i.bot and b.enabled)`

	takeByIDSQL = `update bot_item set reserved_by = $2
		where id = $1 and present and tradable and reserved_by = '' and context = '2'
		and exists (select 1 from bot b where b.steam_id = bot_item.bot and b.enabled)
		returning ` + columns

	pickSQL = `select i.id from bot_item i
		where i.app = $1 and i.name = $2 and i.present and i.tradable and i.reserved_by = '' and i.context = '2'
		and ($3 = '' or i.phase = $3) and exists (select 1 from bot b where b.steam_id = i.bot and b.enabled)
		order by i.id limit 1`

	takeByNameSQL = `update bot_item set reserved_by = $4
		where id = (` + pickSQL + `) and present and tradable and reserved_by = ''
		returning ` + columns

	anyLeftSQL = `select exists (` + pickSQL + `)`

	unreserveSQL = `update bot_item set reserved_by = '' where id = $1 and reserved_by = $2`
)

type scanner interface{ Scan(...any) error }

func scan(from scanner) (Row, error) {
	var r Row
	var bot string
	err := from.Scan(&r.ID, &bot, &r.Asset.App, &r.Asset.Context, &r.Asset.ID, &r.ClassID, &r.InstanceID, &r.Name, &r.Phase,
		&r.Icon, &r.Kind, &r.Color)
	if err != nil {
		return Row{}, err
	}
	r.Bot, err = steam.ParseID64(bot)
	return r, err
}

// onSale reads what a game has on sale and leaves out what has no price.
func (s *Service) onSale(ctx context.Context, app steam.AppID) (found []Row, err error) {
	rows, err := s.db.Read().QueryContext(ctx, onSaleSQL, int64(app))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		var priced bool
		if r.Price, priced = s.pricing.SellOut(app, r.Name); priced {
			found = append(found, r)
		}
	}
	return found, rows.Err()
}

func takeByID(ctx context.Context, tx *db.Tx, id int64, owner string) (Row, error) {
	return scan(tx.QueryRowContext(ctx, takeByIDSQL, id, owner))
}

func takeByName(ctx context.Context, tx *db.Tx, app steam.AppID, as listed, owner string) (Row, error) {
	return scan(tx.QueryRowContext(ctx, takeByNameSQL, int64(app), as.name, as.phase, owner))
}

func anyLeft(ctx context.Context, tx *db.Tx, app steam.AppID, as listed) (left bool, err error) {
	err = tx.QueryRowContext(ctx, anyLeftSQL, int64(app), as.name, as.phase).Scan(&left)
	return left, err
}
