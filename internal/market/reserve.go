package market

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/pricing"
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

// Offer is what of wanted items can be had in one write: rows that are locked
// until it ends, so that nobody else takes them.
type Offer struct {
	pricing *pricing.Service
	byID    map[int64]Row
	listed  map[listing][]Row // by id
	taken   map[int64]sold    // by id
}

// sold is an item of the offer that somebody gets.
type sold struct {
	app         steam.AppID
	name, owner string
}

// listing is a name in the list of a game.
type listing struct {
	app steam.AppID
	listed
}

func (l listing) compare(m listing) int {
	return cmp.Or(cmp.Compare(l.app, m.app), cmp.Compare(l.name, m.name), cmp.Compare(l.phase, m.phase))
}

// OfferTx looks for what is wanted, enough that each of the wishes can have one
// of its own if there are as many.
func (s *Service) OfferTx(_ context.Context, tx *db.Tx, wants []Want) (*Offer, error) {
	o := &Offer{pricing: s.pricing, byID: map[int64]Row{}, listed: map[listing][]Row{}, taken: map[int64]sold{}}
	var ids []int64
	for _, w := range wants {
		if w.ID != 0 {
			ids = append(ids, w.ID)
		}
	}
	slices.Sort(ids)
	var args []any
	for _, id := range slices.Compact(ids) {
		args = append(args, id)
	}
	err := tx.Together(offerByIDSQL.Query(args, func(row db.Scanner) error {
		r, err := scan(row)
		o.byID[r.ID] = r
		return err
	})...)
	if err == nil {
		err = o.list(tx, demand(wants, len(ids)))
	}
	if err != nil {
		return nil, fmt.Errorf("look for %d items: %w", len(wants), err)
	}
	return o, nil
}

// demand is how many rows of each listing the wishes can take at most: what is
// wanted by id, and by another reading of the name, may be of them.
func demand(wants []Want, byID int) map[listing]int {
	type name struct {
		app  steam.AppID
		name string
	}
	wanted, need := map[name]int{}, map[listing]int{}
	for _, w := range wants {
		if w.ID == 0 {
			for _, as := range readings(w.Name) {
				wanted[name{w.App, as.name}]++
				need[listing{w.App, as}] = 0
			}
		}
	}
	for l := range need {
		need[l] = wanted[name{l.app, l.name}] + byID
	}
	return need
}

// list finds the first rows of each listing. Those that another write is taking
// are passed over; only where too few are left it is waited for. Who has waited
// may have missed what came back on sale meanwhile, and looks again: nothing is
// said to be gone that was there all the time.
func (o *Offer) list(tx *db.Tx, need map[listing]int) error {
	short, err := o.lock(tx, need, db.LockUnused)
	for err == nil && len(short) > 0 {
		short, err = o.lock(tx, short, db.LockRows)
	}
	return err
}

// lock finds the first rows of listings and returns of which there may be more.
func (o *Offer) lock(tx *db.Tx, need map[listing]int, by db.Lock) (short map[listing]int, err error) {
	var locks, counts []db.Statement
	onSale := map[listing]int{}
	for _, l := range slices.SortedFunc(maps.Keys(need), listing.compare) { // all writes lock them in this order
		o.listed[l] = nil
		first := db.NewStatement(offerByNameSQL, int64(l.app), l.name, l.phase, need[l])
		locks = append(locks, first.Locking(by).Each(func(row db.Scanner) error {
			r, err := scan(row)
			o.listed[l] = append(o.listed[l], r)
			return err
		}))
		if by == db.LockUnused {
			onSale[l] = need[l] // for all we know
		} else {
			counts = append(counts, first.Each(func(db.Scanner) error { onSale[l]++; return nil }))
		}
	}
	if err := tx.Together(append(locks, counts...)...); err != nil {
		return nil, err
	}
	maps.DeleteFunc(onSale, func(l listing, n int) bool { return n <= len(o.listed[l]) })
	short = map[listing]int{}
	for l := range onSale {
		short[l] = need[l]
	}
	return short, nil
}

// Item is what a wish gets next, at its price now; nothing is taken by asking.
// It returns [fault.ItemUnavailable] when there is nothing and
// [fault.PriceChanged] above the ceiling.
func (o *Offer) Item(w Want) (Row, error) {
	r, err := o.find(w)
	if err != nil {
		return Row{}, err
	}
	price, ok := o.pricing.SellOut(r.Asset.App, r.Name)
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
	return r, nil
}

func (o *Offer) find(w Want) (Row, error) {
	if w.ID != 0 {
		if r, ok := o.byID[w.ID]; ok && o.taken[r.ID].owner == "" {
			return r, nil
		}
		return Row{}, fault.New(fault.ItemUnavailable, "item %d is not on sale", w.ID)
	}
	for _, as := range readings(w.Name) {
		for _, r := range o.listed[listing{w.App, as}] {
			if o.taken[r.ID].owner == "" {
				return r, nil
			}
		}
	}
	return Row{}, fault.New(fault.ItemUnavailable, "no %q is on sale", w.Name)
}

// Take says who gets an item, by a text that no other order uses. It is stored
// by [Service.ReserveTx].
func (o *Offer) Take(r Row, owner string) { o.taken[r.ID] = sold{r.Asset.App, r.Name, owner} }

// ReserveTx takes what was taken from the offer off sale.
func (s *Service) ReserveTx(_ context.Context, tx *db.Tx, o *Offer) error {
	rows := make([]any, 0, 2*len(o.taken))
	var n int64
	for _, id := range slices.Sorted(maps.Keys(o.taken)) {
		rows = append(rows, id, o.taken[id].owner)
	}
	err := tx.Together(reserveSQL.Exec(rows, &n)...)
	if err == nil && n != int64(len(o.taken)) {
		err = db.ErrAgain
	}
	if err != nil {
		return fmt.Errorf("take %d items off sale: %w", len(o.taken), err)
	}
	tx.After(func() {
		for _, i := range o.taken {
			s.note(i.app, i.name)
		}
	})
	return nil
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
