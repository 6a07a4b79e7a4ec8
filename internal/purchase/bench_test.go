package purchase_test

import (
	"os"
	"path/filepath"
	"runtime"
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
	return w
}

func (w *world) buyOne(b *testing.B) {
	if _, err := w.purchases.Buy(b.Context(), w.order(sand, ""), noon); err != nil {
		b.Error(err)
	}
}

// BenchmarkBuyDurable is durable purchases by 64 buyers, who share commits.
func BenchmarkBuyDurable(b *testing.B) {
	w := ready(b, b.N)
	const buyers = 64
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
	report(b)
}

// BenchmarkBuyOneByOne is the same purchases with a commit each.
func BenchmarkBuyOneByOne(b *testing.B) {
	w := ready(b, b.N)
	b.ResetTimer()
	for range b.N {
		w.buyOne(b)
	}
	report(b)
}

// BenchmarkFsync is the disk alone: a page written and synced.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "probe"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	page := make([]byte, 4096)
	for b.Loop() {
		if _, err := f.WriteAt(page, 0); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	report(b)
}

func report(b *testing.B) {
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
	runtime.GC()
}
