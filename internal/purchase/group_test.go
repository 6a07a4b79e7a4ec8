package purchase_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

const (
	knife = "★ Karambit | Doppler (Factory New)"
	ruby  = "★ Karambit | Doppler Ruby (Factory New)"
)

// What a group of orders comes to is what the same orders come to one by one:
// the same answers, rows, balances and events. SKINRAIL_GROUPS is how many
// groups are tried on each engine.
func TestGroupEqualsOneByOne(t *testing.T) {
	t.Parallel()
	seed, groups := rand.Uint64(), 10
	if text := os.Getenv("SKINRAIL_GROUPS"); text != "" {
		var err error
		if groups, err = strconv.Atoi(text); err != nil || groups < 10 {
			t.Fatalf("SKINRAIL_GROUPS=%s: want a number from 10 on", text)
		}
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := rand.New(rand.NewPCG(seed, 1))
		second := dbtest.SQLite
		if d.Engine() == db.Postgres {
			second = func(t testing.TB) *db.DB { d, _ := dbtest.Postgres(t); return d }
		}
		model, grouped := mixedWorld(t, d), mixedWorld(t, second(t))
		bought, tried := 0, 0
		for round := range groups {
			orders := make([]purchase.Buy, 1+r.IntN(30))
			for i := range orders {
				orders[i] = anyOrder(r, round)
			}
			now := noon.Add(time.Duration(round) * time.Minute)
			got, err := grouped.purchases.BuyMany(t.Context(), orders, now)
			grouped.ok(err)
			tried += len(orders)
			for i, o := range orders {
				p, err := model.purchases.Buy(t.Context(), o, now)
				if err == nil {
					bought++
				}
				if want, is := told(p, err), told(got[i].Purchase, got[i].Refused); is != want {
					t.Errorf("round %d, order %d: %+v\nalone    %s\ngrouped  %s", round, i, o, want, is)
				}
			}
			for _, w := range []*world{model, grouped} {
				w.decline(round)
				w.pay(shop, money.Amount(30_000+round))
			}
			if round%10 != 9 && round != groups-1 {
				continue // all rows are read now and then
			}
			if a, b := model.rows(), grouped.rows(); !slices.Equal(a, b) {
				t.Fatalf("round %d\nalone\n%s\n\ngrouped\n%s", round, strings.Join(a, "\n"), strings.Join(b, "\n"))
			}
		}
		t.Logf("seed %d: %d groups, %d of %d orders bought", seed, groups, bought, tried)
		if bought < 3*groups {
			t.Errorf("%d bought: the orders try nothing", bought)
		}
	})
}

// mixedWorld has some of everything: names, phases, what has no price, and
// little money.
func mixedWorld(t *testing.T, d *db.DB) *world {
	all := append(items(15, sand), item(1, awp), item(2, awp), item(3, awp), item(4, "Unpriced"), item(5, "Unpriced"))
	for i := range 6 {
		k := item(10+i, knife)
		k.Phase = []string{"Ruby", "Phase 2"}[i%2]
		all = append(all, k)
	}
	w := newWorld(t, d, all...)
	w.ok(w.prices.SetPrices(t.Context(), []pricing.Price{{App: steam.CS2, Name: knife, Amount: 9000}}, noon))
	return w
}

func anyOrder(r *rand.Rand, round int) purchase.Buy {
	b := purchase.Buy{Project: merchant.Project{ID: shop + r.Int64N(2)}, Partner: partner, Token: "aB3dE5_-", App: steam.CS2}
	if r.IntN(3) == 0 {
		b.ItemID = r.Int64N(32)
	} else {
		b.Name = []string{sand, sand, awp, knife, ruby, "Unpriced", "Nothing"}[r.IntN(7)]
	}
	if r.IntN(3) == 0 {
		b.CustomID = fmt.Sprint("c-", 4*round+r.IntN(16))
	}
	if r.IntN(4) == 0 {
		b.MaxPrice = []string{"0", "0.41", "9", "21.35", "1000"}[r.IntN(5)]
	}
	return b
}

// told is an answer without what is random.
func told(p purchase.Purchase, err error) string {
	if err != nil {
		code, detail := fault.Of(err)
		return fmt.Sprint(code, " ", detail)
	}
	return fmt.Sprintf("%+v", p.Changed())
}

// decline ends all trades but the newest, so that items and money come back.
func (w *world) decline(round int) {
	w.t.Helper()
	live, err := w.trades.Since(w.t.Context(), bot, time.Unix(1<<40, 0))
	w.ok(err)
	for _, t := range live[:max(0, len(live)-3)] {
		for _, to := range []trade.State{trade.Sending, trade.Active, trade.Declined} {
			t, err = w.trades.Move(w.t.Context(), t, to, trade.Change{Offer: steam.OfferID(fmt.Sprint(70000 + t.ID))}, noon.Add(time.Duration(round)*time.Minute))
			w.ok(err)
		}
	}
}

// rows is all that purchases write, without what is random.
func (w *world) rows() (all []string) {
	w.t.Helper()
	for _, q := range []string{
		`select 'purchase', id, project_id, coalesce(custom_id, '-'), item_id, asset, name, price, state, created_at, deadline, seq from purchase order by id`,
		`select 'entry', t.ref, t.kind, t.at, a.path, e.line, e.amount from entry e
			join ledger_transaction t on t.id = e.transaction_id join account a on a.id = e.account_id order by e.transaction_id, e.line`,
		`select 'account', path, balance, '', '' from account where balance <> 0 order by path`,
		`select 'hold', h.id, f.path, t.path, h.amount, h.state, h.opened_at from hold h
			join account f on f.id = h.from_account join account t on t.id = h.to_account order by h.id`,
		`select 'trade', t.owner, t.bot, t.partner, t.token, t.direction, t.state, t.version, t.deadline, t.created_at, a.line, a.asset, a.name
			from trade t join trade_asset a on a.trade_id = t.id order by t.id, a.line`,
		`select 'event', project_id, seq, kind, subject, version, at, cast(body as text) from event order by project_id, seq`,
		`select 'item', id, case when reserved_by = '' then 'free' else 'reserved' end from bot_item order by id`,
		`select 'series', name, project_id, n, at from series order by name, project_id`,
	} {
		if w.db.Engine() == db.Postgres {
			q = strings.Replace(q, "cast(body as text)", "convert_from(body, 'UTF8')", 1)
		}
		all = append(all, w.lines(q)...)
	}
	return all
}

func (w *world) lines(query string) (all []string) {
	w.t.Helper()
	rows, err := w.db.Read().QueryContext(w.t.Context(), query)
	w.ok(err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	w.ok(err)
	values, at := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		at[i] = &values[i]
	}
	for rows.Next() {
		w.ok(rows.Scan(at...))
		all = append(all, fmt.Sprint(values...))
	}
	w.ok(rows.Err())
	return all
}

// Several processes on one database, many buyers in each, fewer items and less
// money than they want: what is sold is sold once, a custom id buys once, nobody
// pays what he does not have, and the numbers of the events have no holes.
func TestProcessesShareItemsAndMoney(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		processes := 3
		if !db.IsPostgres(target) {
			processes = 1 // SQLite's file belongs to one
		}
		const stock, buyers, affordable = 60, 24, 45
		w := newWorld(t, openTarget(t, target), items(stock, sand)...)
		w.pay(shop, affordable*price-start)
		first := w.itemID("1000")
		tills := []*world{w}
		for len(tills) < processes {
			till := roomsOn(openTarget(t, target))
			w.ok(till.prices.Load(t.Context()))
			tills = append(tills, till)
		}
		var mu sync.Mutex
		sold, codes, customs := map[int64]int{}, map[fault.Code]int{}, map[string]int{}
		var wg sync.WaitGroup
		for n, till := range tills {
			for i := range buyers {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(uint64(n), uint64(i)))
					for range 5 {
						b := w.order(sand, "")
						if r.IntN(3) == 0 {
							b.ItemID = first + r.Int64N(stock)
						}
						if r.IntN(4) == 0 {
							b.CustomID = fmt.Sprint("c-", r.IntN(8))
						}
						p, err := till.purchases.Buy(t.Context(), b, w.now)
						code, _ := fault.Of(err)
						mu.Lock()
						if err == nil {
							sold[p.ItemID]++
							customs[p.CustomID]++
						} else if codes[code]++; code == fault.Internal {
							t.Error(err)
						}
						mu.Unlock()
					}
				})
			}
		}
		wg.Wait()
		for id, n := range sold {
			if n > 1 {
				t.Errorf("item %d was sold %d times", id, n)
			}
		}
		for id, n := range customs {
			if id != "" && n > 1 {
				t.Errorf("custom id %s bought %d times", id, n)
			}
		}
		if got := w.money(); len(sold) != affordable || got[0] != 0 || got[1] != affordable*price || w.stock() != stock-affordable {
			t.Errorf("%d sold, refused %v, money %v, stock %d", len(sold), codes, got, w.stock())
		}
		for i, e := range w.log() {
			if e.Seq != int64(i+1) {
				t.Fatalf("event %d has number %d", i+1, e.Seq)
			}
		}
		if n := len(w.log()); n != 2*affordable {
			t.Errorf("%d events", n)
		}
	})
}

func openTarget(t *testing.T, target string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}
