package purchase_test

import (
	"sync"
	"testing"

	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
)

// ready is a world with an item for each of n purchases and the money for all.
func ready(b *testing.B, n int) *world {
	b.Helper()
	b.StopTimer()
	w := newWorld(b, dbtest.SQLite(b))
	all := make([]steam.Item, n)
	for i := range all {
		all[i] = item(1000+i, sand)
	}
	w.ok(w.fleet.SyncItems(b.Context(), bot, steam.CS2, steam.ContextMain, all, noon))
	w.pay(shop, money.Amount(n+1)*price)
	b.StartTimer()
	b.ResetTimer()
	return w
}

func (w *world) buyOne(b *testing.B) {
	if _, err := w.purchases.Buy(b.Context(), w.order(sand, ""), noon); err != nil {
		b.Error(err)
	}
}

// BenchmarkBuy is durable purchases: with a commit each, and by 64 buyers who
// share commits. What sharing brings is the ratio.
func BenchmarkBuy(b *testing.B) {
	b.Run("one_commit_each", func(b *testing.B) {
		w := ready(b, b.N)
		for range b.N {
			w.buyOne(b)
		}
	})
	b.Run("shared_commits", func(b *testing.B) {
		const buyers = 64
		w := ready(b, b.N)
		left := make(chan struct{}, b.N)
		for range b.N {
			left <- struct{}{}
		}
		close(left)
		b.ResetTimer()
		var wg sync.WaitGroup
		for range buyers {
			wg.Go(func() {
				for range left {
					w.buyOne(b)
				}
			})
		}
		wg.Wait()
	})
}
