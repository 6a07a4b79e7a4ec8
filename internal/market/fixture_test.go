package market_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
)

const (
	sand    = "P250 | Sand Dune (Field-Tested)"
	doppler = "★ Flip Knife | Gamma Doppler (Factory New)"
	emerald = "★ Flip Knife | Gamma Doppler Emerald (Factory New)"
	second  = "★ Flip Knife | Gamma Doppler Phase 2 (Factory New)"
	bot     = steam.ID64(76561198000000099)
	spare   = steam.ID64(76561198000000098)
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shop is a market with its neighbours; one bot holds five items.
type shop struct {
	t       testing.TB
	db      *db.DB
	pricing *pricing.Service
	fleet   *fleet.Service
	market  *market.Service
}

func newShop(t testing.TB, d *db.DB) *shop {
	t.Helper()
	s := &shop{t: t, db: d, pricing: pricing.New(d), fleet: fleet.New(d, seal.New([32]byte{7}))}
	s.market = market.New(d, s.pricing, s.fleet)
	s.ok(s.pricing.SetPrices(t.Context(), []pricing.Price{{App: steam.CS2, Name: sand, Amount: 410},
		{App: steam.CS2, Name: doppler, Amount: 900000}, {App: steam.Rust, Name: "Sand Cap", Amount: 70}}, noon))
	s.hire(bot, item("1", sand, ""), item("2", doppler, "Emerald"), item("3", doppler, "Phase 2"), item("4", sand, ""), item("5", "Unpriced", ""))
	return s
}

func (s *shop) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) hire(id steam.ID64, items ...steam.Item) {
	s.t.Helper()
	s.ok(s.fleet.Add(s.t.Context(), fleet.NewBot{ID: id, AccountName: "desk" + id.String()}, noon))
	s.holds(id, items...)
}

func (s *shop) holds(id steam.ID64, items ...steam.Item) {
	s.t.Helper()
	s.ok(s.fleet.SyncItems(s.t.Context(), id, steam.CS2, steam.ContextMain, items, noon))
}

func item(asset, name, phase string) steam.Item {
	return steam.Item{Asset: steam.Asset{App: steam.CS2, Context: steam.ContextMain, ID: asset}, ClassID: "51" + asset, InstanceID: "0",
		Name: name, Phase: phase, Tradable: true}
}

func items(n int, name string) (all []steam.Item) {
	for i := range n {
		all = append(all, item(strconv.Itoa(1000+i), name, ""))
	}
	return all
}

// reserve takes an item in a write of its own.
func (s *shop) reserve(ctx context.Context, w market.Want, owner string) (r market.Row, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		o, err := s.market.OfferTx(ctx, tx, []market.Want{w})
		if err != nil {
			return err
		}
		if r, err = o.Item(w); err != nil {
			return err
		}
		o.Take(r, owner)
		return s.market.ReserveTx(ctx, tx, o)
	})
	return r, err
}

func (s *shop) unreserve(id int64, owner string) {
	s.t.Helper()
	s.ok(s.db.Write(s.t.Context(), func(tx *db.Tx) error { return s.market.UnreserveTx(s.t.Context(), tx, id, owner) }))
}

// list is the list of a market that has never made one.
func (s *shop) list() market.Snapshot {
	s.t.Helper()
	l, err := market.New(s.db, s.pricing, s.fleet).List(s.t.Context(), steam.CS2, noon)
	s.ok(err)
	return l
}

func byName(name string) market.Want { return market.Want{App: steam.CS2, Name: name} }

func usd(s string) money.Amount {
	a, err := money.ParseAmount(s)
	if err != nil {
		panic(err)
	}
	return a
}
