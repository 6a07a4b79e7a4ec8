package purchase_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/purchase"
)

// Batches that want the same items and the same money at once: each item is
// sold once, nobody pays what he does not have, and what was refused has left
// nothing behind.
func TestBatchesAtOnceShareItemsAndMoney(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const stock, batches, size = 60, 6, 25
		w := newWorld(t, d, items(stock, sand)...)
		const affordable = 40
		w.pay(shop, affordable*price-w.money()[0])
		first := w.itemID("1000")
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 0))
		var mu sync.Mutex
		sold := map[int64]bool{}
		bought := 0
		var wg sync.WaitGroup
		for range batches {
			var orders []purchase.Buy
			for range size {
				o := w.order("", "")
				o.ItemID = first + r.Int64N(stock)
				if r.IntN(3) == 0 {
					o.CustomID = fmt.Sprint("c-", r.IntN(10))
				}
				orders = append(orders, o)
			}
			wg.Go(func() {
				got, err := w.purchases.BuyMany(t.Context(), orders, w.now)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, b := range got {
					if b.Refused == nil {
						if sold[b.Purchase.ItemID] {
							t.Errorf("item %d was sold twice", b.Purchase.ItemID)
						}
						sold[b.Purchase.ItemID] = true
						bought++
					}
				}
			})
		}
		wg.Wait()
		if got := w.money(); bought > affordable || got[0] != money.Amount(affordable-bought)*price {
			t.Errorf("%d bought, money %v", bought, got)
		}
		if left := w.stock(); left != stock-bought {
			t.Errorf("%d bought, %d of %d left", bought, left, stock)
		}
		var events, trades int
		w.ok(d.Read().QueryRowContext(t.Context(), "select count(*) from event").Scan(&events))
		w.ok(d.Read().QueryRowContext(t.Context(), "select count(*) from trade").Scan(&trades))
		if events != 2*bought || trades != bought {
			t.Errorf("%d bought, %d events, %d trades", bought, events, trades)
		}
	})
}
