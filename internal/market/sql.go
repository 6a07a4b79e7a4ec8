package market

import (
	"cmp"
	"context"
	"fmt"
	"slices"

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
	onSaleNamedSQL = onSaleSQL + ` and i.name = $2`

	offerByNameSQL = onSaleNamedSQL + ` and ($3 = '' or i.phase = $3) order by i.id limit $4`

	unreserveSQL = `update bot_item set reserved_by = '' where id = $1 and reserved_by = $2 returning app, name`
)

var (
	offerByIDSQL = db.NewList(`select `+columns+` from bot_item i
		where i.present and i.tradable and i.reserved_by = '' and i.context = '2'
		and exists (select 1 from bot b where b.steam_id = i.bot and b.enabled) and i.id in (`, "$1", ") order by i.id").Locking(db.LockRows)

	// The rows are locked since they were offered; the guard stands all the same. It
	// is not written as in bot_item_sale, or PostgreSQL may read all of that index:
	// what is known of it, how few items are free, is true for a moment only.
	reserveSQL = db.NewList("with m (id, owner) as (values ", "(cast($1 as bigint), cast($2 as text))",
		`) update bot_item set reserved_by = m.owner from m
		where bot_item.id = m.id and present and tradable and length(reserved_by) = 0`)
)

func scan(from db.Scanner) (Row, error) {
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

// onSale reads what a query finds on sale: the rows of each name, by id.
func (s *Service) onSale(ctx context.Context, query string, args ...any) (found map[string][]Row, err error) {
	rows, err := s.db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list what is on sale: %w", err)
	}
	defer func() { _ = rows.Close() }()
	found = map[string][]Row{}
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list what is on sale: %w", err)
		}
		same := found[r.Name]
		if len(same) > 0 {
			r.share(&same[0])
		}
		found[r.Name] = append(same, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list what is on sale: %w", err)
	}
	for _, same := range found {
		slices.SortFunc(same, func(a, b Row) int { return cmp.Compare(a.ID, b.ID) })
	}
	return found, nil
}

// share makes the texts that two rows have in common one in memory.
func (r *Row) share(with *Row) {
	for _, t := range [...]struct{ mine, other *string }{{&r.Name, &with.Name}, {&r.Asset.Context, &with.Asset.Context},
		{&r.ClassID, &with.ClassID}, {&r.InstanceID, &with.InstanceID}, {&r.Phase, &with.Phase},
		{&r.Icon, &with.Icon}, {&r.Kind, &with.Kind}, {&r.Color, &with.Color}} {
		if *t.mine == *t.other {
			*t.mine = *t.other
		}
	}
}
