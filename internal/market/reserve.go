package market

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
)

// Want names what to take off sale: one concrete item by ID, or any of a game
// by Name; a name with a phase takes only that phase. ID wins.
type Want struct {
	ID      int64
	App     steam.AppID
	Name    string
	Ceiling string // decimal text in USD, of any length; empty: none
}

// maxPicks bounds how often one buyer may lose an item to another between
// choosing and taking it. Each loss is somebody else's commit.
const maxPicks = 200

// ReserveTx takes an item off sale for an owner, a text that no other order
// uses, and returns it at its price now. It returns [fault.ItemUnavailable]
// when there is none and [fault.PriceChanged] above the ceiling; then the write
// must end without effect.
func (s *Service) ReserveTx(ctx context.Context, tx *db.Tx, w Want, owner string) (Row, error) {
	r, err := s.take(ctx, tx, w, owner)
	if err != nil {
		return Row{}, err
	}
	price, ok := s.pricing.SellOut(r.Asset.App, r.Name)
	if !ok {
		return Row{}, fault.New(fault.ItemUnavailable, "%q has no price now", r.Name)
	}
	r.Price = price
	if w.Ceiling != "" {
		n, err := price.Decimal().CmpLimit(w.Ceiling)
		if err != nil {
			return Row{}, fault.New(fault.InvalidRequest, "ceiling: %v", err)
		}
		if n > 0 {
			return Row{}, fault.New(fault.PriceChanged, "%q costs %s usd now", r.Name, price.Text(2))
		}
	}
	tx.After(func() { s.note(r.Asset.App, r.Name) })
	return r, nil
}

// take marks an item. On PostgreSQL two buyers can choose the same one at the
// same time: the later finds it marked and chooses again.
func (s *Service) take(ctx context.Context, tx *db.Tx, w Want, owner string) (Row, error) {
	if w.ID != 0 {
		r, err := takeByID(ctx, tx, w.ID, owner)
		if errors.Is(err, sql.ErrNoRows) {
			return Row{}, fault.New(fault.ItemUnavailable, "item %d is not on sale", w.ID)
		}
		return r, wrap("take item", err)
	}
	for _, as := range readings(w.Name) {
		r, err := takeListed(ctx, tx, w.App, as, owner)
		if !errors.Is(err, sql.ErrNoRows) {
			return r, wrap("take item", err)
		}
	}
	return Row{}, fault.New(fault.ItemUnavailable, "no %q is on sale", w.Name)
}

// takeListed returns sql.ErrNoRows when nothing is left.
func takeListed(ctx context.Context, tx *db.Tx, app steam.AppID, as listed, owner string) (Row, error) {
	for range maxPicks {
		r, err := takeByName(ctx, tx, app, as, owner)
		if !errors.Is(err, sql.ErrNoRows) {
			return r, err
		}
		if left, err := anyLeft(ctx, tx, app, as); err != nil || !left {
			return Row{}, cmp.Or(err, sql.ErrNoRows)
		}
	}
	return Row{}, sql.ErrNoRows
}

// UnreserveTx puts an item back on sale that the owner had reserved. When the
// owner has not reserved it, nothing happens.
func (s *Service) UnreserveTx(ctx context.Context, tx *db.Tx, id int64, owner string) error {
	var app steam.AppID
	var name string
	err := tx.QueryRowContext(ctx, unreserveSQL, id, owner).Scan(&app, &name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("put item %d back on sale: %w", id, err)
	}
	tx.After(func() { s.note(app, name) })
	return nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
