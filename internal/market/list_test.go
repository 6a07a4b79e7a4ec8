package market_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
)

func assets(rows []market.Row) string {
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.Asset.ID)
	}
	return strings.Join(ids, " ")
}

func TestListHasWhatCanBeBought(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, d)
		stuck, sealed := item("6", sand, ""), item("7", sand, "")
		stuck.Tradable = false
		sealed.Context = steam.ContextProtected
		s.hire(spare, stuck, item("8", sand, ""))
		s.ok(s.fleet.SyncItems(t.Context(), spare, steam.CS2, steam.ContextProtected, []steam.Item{sealed}, noon))
		l := s.list()
		if got := assets(l.Rows); got != "1 4 8 2 3" && got != "4 1 8 3 2" { // ids are given from the oldest on
			t.Errorf("rows %s", got)
		}
		want := []market.Group{{sand, 410, "51", 3}, {doppler, 900000, "51", 2}, {emerald, 900000, "512", 1}, {second, 900000, "513", 1}}
		for i, g := range l.Groups {
			if i < 2 {
				g.ClassID = g.ClassID[:2]
			}
			if len(l.Groups) != len(want) || g != want[i] {
				t.Errorf("group %+v", g)
			}
		}
		if !l.Updated.Equal(noon) || l.Rows[0].Price != usd("0.41") || l.Rows[0].Bot != bot {
			t.Errorf("updated %s, first %+v", l.Updated, l.Rows[0])
		}
		s.ok(s.fleet.Enable(t.Context(), spare, false))
		if got := s.list(); len(got.Rows) != 4 {
			t.Errorf("a disabled bot sells: %s", assets(got.Rows))
		}
	})
}

func TestListIsRebuiltOnlyAfterAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, dbtest.SQLite(t))
		look := func() market.Snapshot {
			t.Helper()
			l, err := s.market.List(t.Context(), steam.CS2, noon)
			s.ok(err)
			return l
		}
		first := look()
		time.Sleep(3 * time.Second)
		if l := look(); l.Version != first.Version {
			t.Error("rebuilt without a change")
		}
		r, err := s.reserve(t.Context(), byName(sand), "order")
		s.ok(err)
		if l := look(); l.Version != first.Version {
			t.Error("rebuilt within a second")
		}
		changes := []func(){
			func() {}, // the reservation above
			func() { s.unreserve(r.ID, "order") },
			func() { s.holds(bot, item("1", sand, "")) },
			func() { s.ok(s.fleet.Enable(t.Context(), bot, false)) },
			func() {
				s.ok(s.pricing.SetPrices(t.Context(), []pricing.Price{{App: steam.CS2, Name: sand, Amount: 500}}, noon))
			},
		}
		version := first.Version
		for i, change := range changes {
			change()
			time.Sleep(time.Second)
			l := look()
			if l.Version == version {
				t.Errorf("change %d is not seen", i)
			}
			version = l.Version
		}
	})
}

func TestSearchFindsTheCheapestFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, d)
		for _, c := range []struct {
			part  string
			names []string
			limit int
			want  int
		}{
			{"sand dune", nil, 10, 2},
			{"SAND", nil, 10, 2},
			{"e", nil, 10, 4},
			{"e", nil, 3, 3},
			{"emerald", nil, 10, 1},
			{"(factory new)", nil, 10, 2},
			{"", []string{sand, sand, doppler}, 10, 4},
			{"", []string{emerald, second}, 10, 2},
			{"", []string{"sand dune", strings.ToLower(sand), "Unpriced"}, 10, 0},
			{"nothing like it", nil, 10, 0},
			{"", nil, 10, 0},
		} {
			rows, err := s.market.Search(t.Context(), steam.CS2, c.part, c.names, c.limit, noon)
			s.ok(err)
			var last money.Amount
			for _, r := range rows {
				if r.Price < last {
					t.Errorf("%q: %s after %s", c.part, r.Price, last)
				}
				last = r.Price
			}
			if len(rows) != c.want {
				t.Errorf("%q %v: %d rows, want %d", c.part, c.names, len(rows), c.want)
			}
		}
	})
}

func TestPhaseStandsRightAfterDoppler(t *testing.T) {
	t.Parallel()
	for name, phase := range map[string]string{doppler: "Emerald", "★ Karambit | Doppler (Minimal Wear)": "Phase 4", "Glock-18 | Doppler": "Ruby"} {
		r := market.Row{Name: name, Phase: phase}
		if got, want := r.PhaseName(), strings.Replace(name, "Doppler", "Doppler "+phase, 1); got != want {
			t.Errorf("%s", got)
		}
	}
	for _, r := range []market.Row{{Name: sand, Phase: "Phase 1"}, {Name: doppler}} {
		if got := r.PhaseName(); got != "" {
			t.Errorf("%s", got)
		}
	}
}

func BenchmarkListRebuild(b *testing.B) {
	s := newShop(b, dbtest.SQLite(b))
	all := make([]steam.Item, 0, 10000)
	for i := range cap(all) {
		it := item(fmt.Sprint(i), fmt.Sprintf("Item %d", i/5), "")
		all = append(all, it)
	}
	s.holds(bot, all...)
	for b.Loop() {
		s.list()
	}
}
