package skinsback

import (
	"bufio"
	"fmt"
	"net"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// creators is how many connections create deposits at the same time.
const creators = 64

// Signed and durable creates over HTTP on SQLite: as many as go, and then half
// of that rate, at which the slowest of a hundred is told.
func BenchmarkCreate(b *testing.B) {
	w := newWorld(b)
	srv := httptest.NewServer(w.door.Handler())
	defer srv.Close()
	var orders atomic.Int64
	var rate float64
	b.Run("full_rate", func(b *testing.B) {
		took := create(b, srv, &orders, 0)
		rate = float64(b.N) / b.Elapsed().Seconds()
		b.ReportMetric(percentile(took, 99), "p99-ms")
	})
	b.Run("half_rate", func(b *testing.B) {
		took := create(b, srv, &orders, time.Duration(2*float64(time.Second)/rate))
		b.ReportMetric(percentile(took, 50), "p50-ms")
		b.ReportMetric(percentile(took, 99), "p99-ms")
	})
}

// create opens b.N deposits, one every gap, and returns how long each took from
// the moment at which it was due.
func create(b *testing.B, srv *httptest.Server, orders *atomic.Int64, gap time.Duration) []time.Duration {
	b.Helper()
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range creators {
		wg.Go(func() {
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			if err != nil {
				b.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			in := bufio.NewReader(conn)
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				due := began.Add(time.Duration(i) * gap)
				time.Sleep(time.Until(due))
				if gap == 0 {
					due = time.Now()
				}
				if err := exchange(conn, in, createCall(orders.Add(1))); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(due)
			}
		})
	}
	wg.Wait()
	return took
}

func createCall(n int64) string {
	order := fmt.Sprintf("bench-%d", n)
	text := "currency:usd;method:create;min_amount:12.5;order_id:" + order + ";shopid:4021;"
	body := `{"method":"create","order_id":"` + order + `","min_amount":12.5,"currency":"usd","shopid":4021,"sign":"` + sign(shopKey, text) + `"}`
	return fmt.Sprintf("POST /api.php HTTP/1.1\r\nHost: gateway.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func percentile(took []time.Duration, n int) float64 {
	slices.Sort(took)
	return float64(took[len(took)*n/100].Microseconds()) / 1e3
}
