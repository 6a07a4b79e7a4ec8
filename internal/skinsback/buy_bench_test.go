package skinsback

import (
	"fmt"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

// Signed and durable purchases over HTTP on SQLite, each with an
// Idempotency-Key: as many as go, and then half of that rate, at which the
// slowest of a hundred is told.
func BenchmarkMarketBuy(b *testing.B) {
	w := newWorld(b)
	w.ok(w.ledger.Post(b.Context(), ledger.Transaction{Ref: "cash/bench", Kind: "pay in", At: w.now,
		Entries: []ledger.Entry{{Account: ledger.OutsideCash, Amount: -money.Max}, {Account: ledger.Available(shop), Amount: money.Max}}}))
	began := time.Now()
	w.door.deps.Now = func() time.Time { return start.Add(time.Since(began)) }
	srv := httptest.NewServer(w.door.Handler())
	defer srv.Close()
	var n atomic.Int64
	var rate float64
	call := func() string {
		key := fmt.Sprintf("Idempotency-Key: bench-%d\r\n", n.Add(1))
		text := "method:market_buy;name:" + sandDune + ";partner:123456789;shopid:4021;token:" + goodToken + ";"
		return signed(key, text, `{"method":"market_buy","partner":"123456789","token":"`+goodToken+`","name":"`+sandDune+`"`)
	}
	b.Run("full_rate", func(b *testing.B) {
		w.supply(b)
		before := processorTime(b)
		took := flood(b, srv, 0, call)
		b.ReportMetric(float64(processorTime(b)-before)/1e3/float64(b.N), "cpu-µs/op") // the clients' too
		rate = float64(b.N) / b.Elapsed().Seconds()
		b.ReportMetric(percentile(took, 99), "p99-ms")
	})
	b.Run("half_rate", func(b *testing.B) {
		w.supply(b)
		took := flood(b, srv, time.Duration(2*float64(time.Second)/rate), call)
		b.ReportMetric(percentile(took, 50), "p50-ms")
		b.ReportMetric(percentile(took, 99), "p99-ms")
	})
}

// supply gives the bot an item for each of b.N purchases.
func (w *world) supply(b *testing.B) {
	b.Helper()
	b.StopTimer()
	defer b.StartTimer()
	w.ok(w.db.Write(b.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(b.Context(), fmt.Sprintf(`with recursive n(i) as (select 1 union all select i + 1 from n where i < %d)
			insert into bot_item (bot, app, context, asset, class_id, instance_id, name, phase, icon, kind, color, tradable, present, seen_at)
			select '%s', 730, '2', 'b%d-' || i, '5100000001', '0', '%s', '', 'abc', 'Pistol', 'd2d2d2', true, true, 1 from n`,
			b.N, botID, time.Now().UnixNano(), sandDune))
		return err
	}))
}
