package ledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

// BenchmarkHold compares durable holds of one hot account, one commit each,
// with holds that share commits.
func BenchmarkHold(b *testing.B) {
	var n atomic.Int64
	ready := func(b *testing.B) (*db.DB, func()) {
		d := dbtest.SQLite(b)
		l := ledger.New(d)
		if err := l.Post(b.Context(), transfer("in", ledger.OutsideCash, ledger.Available(7), money.Max)); err != nil {
			b.Fatal(err)
		}
		return d, func() {
			h := ledger.Hold{ID: fmt.Sprint("purchase/", n.Add(1)), From: ledger.Available(7), To: ledger.InDelivery(7), Amount: 1, At: noon}
			if err := d.Write(b.Context(), func(tx *db.Tx) error { return l.HoldTx(b.Context(), tx, h) }); err != nil {
				b.Error(err)
			}
		}
	}
	b.Run("alone", func(b *testing.B) {
		_, hold := ready(b)
		for b.Loop() {
			hold()
		}
	})
	b.Run("grouped", func(b *testing.B) {
		_, hold := ready(b)
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				hold()
			}
		})
	})
}
