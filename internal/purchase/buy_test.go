package purchase_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

func TestPurchaseIsWholeBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, items(3, sand)...)
		p := w.buy(sand, "wd-77")
		if got := w.find(p.ID); got != p || p.Price != price || p.State != purchase.Creating || !p.Deadline.Equal(noon.Add(10*time.Minute)) {
			t.Errorf("found %+v, bought %+v", got, p)
		}
		if got := w.money(); got != [4]money.Amount{start - price, price, 0, 0} || w.stock() != 2 {
			t.Errorf("money %v, stock %d", got, w.stock())
		}
		tr := w.tradeOf(p)
		if tr.State != trade.Wanted || tr.Direction != trade.Give || tr.Bot != bot || tr.Partner != partner || tr.Token != "aB3dE5_-" ||
			!tr.Deadline.Equal(p.Deadline) || len(tr.Assets) != 1 || tr.Assets[0].Asset != p.Asset || tr.Assets[0].Name != sand {
			t.Errorf("trade %+v", tr)
		}
		if got := w.story(); got != "creating_trade, balance 99.59" {
			t.Errorf("events: %s", got)
		}
		if kind := w.log()[0].Kind; kind != event.PurchaseBought {
			t.Errorf("first event %s", kind)
		}
	})
}

func TestSameCustomIDBuysOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, items(60, sand)...)
		bought, refused := w.rush(50, func(int) purchase.Buy { return w.order(sand, "wd-77") }, fault.Duplicate)
		if bought != 1 || refused != 49 {
			t.Errorf("%d bought, %d refused", bought, refused)
		}
		if got := w.money(); got[0] != start-price || w.stock() != 59 || len(w.log()) != 2 {
			t.Errorf("money %v, stock %d, %d events", got, w.stock(), len(w.log()))
		}
		b := w.order(sand, "wd-77")
		b.Project.ID = other
		if _, err := w.purchases.Buy(t.Context(), b, w.now); err != nil {
			t.Errorf("another project's custom id: %v", err)
		}
	})
}

// rush buys n times at once and counts; every refusal must have the code.
func (w *world) rush(n int, order func(i int) purchase.Buy, code fault.Code) (bought, refused int) {
	w.t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			_, err := w.purchases.Buy(w.t.Context(), order(i), w.now)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				bought++
			case errors.Is(err, code):
				refused++
			default:
				w.t.Error(err)
			}
		})
	}
	close(begin)
	wg.Wait()
	return bought, refused
}

func TestLastItemIsSoldOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, item(1, sand))
		id := w.itemID("1")
		bought, refused := w.rush(20, func(i int) purchase.Buy {
			b := w.order(sand, fmt.Sprint("wd-", i))
			if i%2 == 0 {
				b.ItemID = id
			}
			return b
		}, fault.ItemUnavailable)
		if bought != 1 || refused != 19 {
			t.Errorf("%d bought, %d refused", bought, refused)
		}
		if got := w.money(); got != [4]money.Amount{start - price, price, 0, 0} {
			t.Errorf("money %v", got)
		}
	})
}

func (w *world) itemID(asset string) (id int64) {
	w.t.Helper()
	w.ok(w.db.Read().QueryRowContext(w.t.Context(), "select id from bot_item where asset = $1", asset).Scan(&id))
	return id
}

func TestMoneyForOneBuysOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, items(8, awp)...)
		// 100.000 is enough for four at 21.350.
		bought, refused := w.rush(8, func(int) purchase.Buy { return w.order(awp, "") }, fault.InsufficientBalance)
		if bought != 4 || refused != 4 || w.stock() != 4 {
			t.Errorf("%d bought, %d refused, stock %d", bought, refused, w.stock())
		}
		if got := w.money(); got[0] != start-4*21350 || got[1] != 4*21350 {
			t.Errorf("money %v", got)
		}
	})
}

func TestOneUnitShortBuysNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, items(2, sand)...)
		w.ok(w.ledger.Post(t.Context(), ledger.Transaction{Ref: "spend", Kind: "test", At: noon, Entries: []ledger.Entry{
			{Account: ledger.Available(shop), Amount: price + price - 1 - start}, {Account: ledger.Sales, Amount: start - price - price + 1}}}))
		w.buy(sand, "first")
		if _, err := w.purchases.Buy(t.Context(), w.order(sand, "second"), noon); !errors.Is(err, fault.InsufficientBalance) {
			t.Errorf("with one unit less than the price: %v", err)
		}
		if w.money()[0] != price-1 || w.stock() != 1 {
			t.Errorf("money %v, %d on sale", w.money(), w.stock())
		}
	})
}

func TestRefusalsComeInOrderAndChangeNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, item(1, sand), item(2, awp))
		w.buy(sand, "taken")
		poor := purchase.Buy{Project: w.project, Partner: partner, Token: "aB3dE5_-", App: steam.CS2, Name: awp}
		w.ok(w.ledger.Post(t.Context(), ledger.Transaction{Ref: "out", Kind: "pay out", At: noon, Entries: []ledger.Entry{
			{Account: ledger.Available(shop), Amount: -(start - price)}, {Account: ledger.OutsideCash, Amount: start - price}}}))
		for _, c := range []struct {
			name, custom, ceiling string
			code                  fault.Code
		}{
			{sand, "taken", "0", fault.Duplicate},
			{awp, "taken", "0", fault.Duplicate},
			{awp, "taken", "", fault.Duplicate},
			{sand, "new", "0", fault.ItemUnavailable},
			{"P250", "new", "0", fault.ItemUnavailable},
			{awp, "new", "21.349", fault.PriceChanged},
			{awp, "new", "21.35", fault.InsufficientBalance},
			{awp, "", "", fault.InsufficientBalance},
		} {
			b := poor
			b.Name, b.CustomID, b.MaxPrice = c.name, c.custom, c.ceiling
			if p, err := w.purchases.Buy(t.Context(), b, w.now); !errors.Is(err, c.code) || p.ID != 0 {
				t.Errorf("%+v: %+v, %v", c, p, err)
			}
		}
		if got := w.money(); got != [4]money.Amount{0, price, 0, 0} || w.stock() != 1 || len(w.log()) != 2 {
			t.Errorf("money %v, stock %d, %d events", got, w.stock(), len(w.log()))
		}
	})
}

func TestDisabledBotSellsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, item(1, sand))
		w.ok(w.fleet.Enable(t.Context(), bot, false, time.Now()))
		b := w.order(sand, "")
		for _, b.ItemID = range []int64{0, w.itemID("1")} {
			if _, err := w.purchases.Buy(t.Context(), b, w.now); !errors.Is(err, fault.ItemUnavailable) {
				t.Errorf("item %d: %v", b.ItemID, err)
			}
		}
	})
}

func TestLookingUpStaysInTheProject(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, items(3, sand)...)
		ctx, s := t.Context(), w.purchases
		a, b := w.buy(sand, "a"), w.buy(sand, "b")
		if p, err := s.FindByCustom(ctx, shop, "b"); err != nil || p != b {
			t.Errorf("%+v, %v", p, err)
		}
		for _, err := range []error{second(s.Find(ctx, other, a.ID)), second(s.Find(ctx, shop, b.ID+1)),
			second(s.FindByCustom(ctx, other, "a")), second(s.FindByCustom(ctx, shop, "")), second(s.FindByCustom(ctx, shop, "A"))} {
			if !errors.Is(err, fault.NotFound) {
				t.Error(err)
			}
		}
		for i, got := range [][]purchase.Purchase{first(s.FindMany(ctx, shop, []int64{b.ID, 9999, a.ID, b.ID})),
			first(s.FindManyByCustom(ctx, shop, []string{"b", "nobody", "", "a", "a"}))} {
			if len(got) != 2 || got[0] != b || got[1] != a {
				t.Errorf("list %d: %+v", i, got)
			}
		}
		if got := first(s.FindMany(ctx, other, []int64{a.ID, b.ID})); len(got) != 0 {
			t.Errorf("another project sees %+v", got)
		}
	})
}

func first[T any](v T, _ error) T        { return v }
func second[T any](_ T, err error) error { return err }
