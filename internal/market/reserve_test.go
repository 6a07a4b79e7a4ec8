package market_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/steam"
)

func TestReservedItemIsGoneUntilItComesBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, d)
		ctx := t.Context()
		r, err := s.reserve(ctx, byName(sand), "a")
		s.ok(err)
		if r.Price != 410 || r.Name != sand || r.Bot != bot || r.Asset.Context != steam.ContextMain || r.ClassID == "" {
			t.Errorf("reserved %+v", r)
		}
		if _, err := s.reserve(ctx, market.Want{ID: r.ID}, "b"); !errors.Is(err, fault.ItemUnavailable) {
			t.Errorf("second time: %v", err)
		}
		s.unreserve(r.ID, "b") // not his
		if _, err := s.reserve(ctx, market.Want{ID: r.ID}, "b"); !errors.Is(err, fault.ItemUnavailable) {
			t.Errorf("after a stranger put it back: %v", err)
		}
		s.unreserve(r.ID, "a")
		if again, err := s.reserve(ctx, market.Want{ID: r.ID, App: steam.Rust, Name: doppler}, "b"); err != nil || again.ID != r.ID {
			t.Errorf("back on sale: %+v, %v", again, err)
		}
	})
}

func TestReserveRefusesInOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, d)
		onSale := rows(s.list())
		for _, c := range []struct {
			want market.Want
			code fault.Code
		}{
			{byName("AWP | Nothing (Field-Tested)"), fault.ItemUnavailable},
			{market.Want{App: steam.Rust, Name: sand}, fault.ItemUnavailable},
			{byName("Unpriced"), fault.ItemUnavailable},
			{market.Want{ID: 1 << 40}, fault.ItemUnavailable},
			{market.Want{ID: -1}, fault.ItemUnavailable},
			{market.Want{App: steam.CS2, Name: "AWP | Nothing (Field-Tested)", Ceiling: "0"}, fault.ItemUnavailable},
			{market.Want{App: steam.CS2, Name: sand, Ceiling: "0.4099999999999999999999999"}, fault.PriceChanged},
			{market.Want{ID: onSale[0].ID, Ceiling: "0"}, fault.PriceChanged},
			{market.Want{ID: onSale[0].ID, Ceiling: "1e9"}, fault.InvalidRequest},
		} {
			if r, err := s.reserve(t.Context(), c.want, "x"); !errors.Is(err, c.code) {
				t.Errorf("%+v: %+v, %v", c.want, r, err)
			}
		}
		if got := rows(s.list()); len(got) != 4 {
			t.Errorf("a refusal kept something: %s", assets(got))
		}
		for _, ceiling := range []string{"0.41", "0.410000", "99999999999999999999999"} {
			r, err := s.reserve(t.Context(), market.Want{App: steam.CS2, Name: sand, Ceiling: ceiling}, "y")
			s.ok(err)
			s.unreserve(r.ID, "y")
		}
		s.ok(s.fleet.Enable(t.Context(), bot, false, time.Now()))
		for _, w := range []market.Want{byName(sand), {ID: onSale[0].ID}} {
			if _, err := s.reserve(t.Context(), w, "x"); !errors.Is(err, fault.ItemUnavailable) {
				t.Errorf("bot is disabled: %v", err)
			}
		}
	})
}

func TestPhaseNameTakesOnlyThatPhase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, d)
		look := item("9", second+" replica", "") // a plain name that only looks like one with a phase
		s.ok(s.fleet.SyncItems(t.Context(), bot, steam.CS2, steam.ContextMain,
			[]steam.Item{look, item("2", doppler, "Emerald"), item("3", doppler, "Phase 2"), item("10", doppler, "Phase 2")}, noon))
		for i, c := range []struct {
			name, phase string
			code        error
		}{
			{second, "Phase 2", nil}, {doppler, "", nil}, {doppler, "", nil}, {doppler, "", fault.ItemUnavailable}, {emerald, "", fault.ItemUnavailable},
		} {
			r, err := s.reserve(t.Context(), byName(c.name), fmt.Sprint("order", i))
			if !errors.Is(err, c.code) || c.phase != "" && r.Phase != c.phase || err == nil && r.Name != doppler {
				t.Errorf("%s: %+v, %v", c.name, r, err)
			}
		}
	})
}

func TestTwoBuyersNeverGetTheSameItem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t, d)
		const stock, buyers = 20, 60
		s.holds(bot, items(stock, sand)...)
		var mu sync.Mutex
		got := map[int64]string{}
		var wg sync.WaitGroup
		refused := 0
		for i := range buyers {
			wg.Go(func() {
				owner := fmt.Sprint("order", i)
				r, err := s.reserve(t.Context(), byName(sand), owner)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, fault.ItemUnavailable):
					refused++
				case err != nil:
					t.Error(err)
				case got[r.ID] != "":
					t.Errorf("%s and %s have item %d", got[r.ID], owner, r.ID)
				default:
					got[r.ID] = owner
				}
			})
		}
		wg.Wait()
		if len(got) != stock || refused != buyers-stock {
			t.Errorf("%d sold, %d refused", len(got), refused)
		}
	})
}

// There was one on sale all the time, though never the same: who comes while the
// first is being taken, and waits for it, gets the one that came back meanwhile.
func TestNothingIsGoneThatWasThereAllTheTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine() == db.SQLite {
			return // writes are one after the other
		}
		s := newShop(t, d)
		s.holds(bot, items(2, sand)...)
		away, err := s.reserve(t.Context(), byName(sand), "away")
		s.ok(err)
		var pid int
		held, release := make(chan struct{}), make(chan struct{})
		let := sync.OnceFunc(func() { close(release) })
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { // takes the other one, slowly
			first <- d.Write(t.Context(), func(tx *db.Tx) error {
				o, err := s.market.OfferTx(t.Context(), tx, []market.Want{byName(sand)})
				if err != nil {
					return err
				}
				r, err := o.Item(byName(sand))
				if err != nil {
					return err
				}
				o.Take(r, "first")
				err = errors.Join(s.market.ReserveTx(t.Context(), tx, o), tx.QueryRowContext(t.Context(), "select pg_backend_pid()").Scan(&pid))
				close(held)
				<-release
				return err
			})
		}()
		defer let()
		select {
		case <-held:
		case err := <-first:
			t.Fatal(err)
		}
		go func() {
			r, err := s.reserve(t.Context(), byName(sand), "second")
			if err == nil && r.ID != away.ID {
				err = fmt.Errorf("got item %d, not %d", r.ID, away.ID)
			}
			second <- err
		}()
		for waits := 0; waits == 0 && len(second) == 0; {
			s.ok(d.Read().QueryRowContext(t.Context(), "select count(*) from pg_stat_activity where $1 = any(pg_blocking_pids(pid))", pid).Scan(&waits))
		}
		s.unreserve(away.ID, "away")
		let()
		s.ok(<-first)
		s.ok(<-second)
	})
}
