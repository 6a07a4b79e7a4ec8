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

// callers is how many connections call at the same time.
const callers = 64

// Signed and durable creates over HTTP on SQLite: as many as go, and then half
// of that rate, at which the slowest of a hundred is told.
func BenchmarkCreate(b *testing.B) {
	w := newWorld(b)
	srv := httptest.NewServer(w.door.Handler())
	defer srv.Close()
	var orders atomic.Int64
	var rate float64
	b.Run("full_rate", func(b *testing.B) {
		took := flood(b, srv, 0, func() string { return createCall(orders.Add(1)) })
		rate = float64(b.N) / b.Elapsed().Seconds()
		b.ReportMetric(percentile(took, 99), "p99-ms")
	})
	b.Run("half_rate", func(b *testing.B) {
		took := flood(b, srv, time.Duration(2*float64(time.Second)/rate), func() string { return createCall(orders.Add(1)) })
		b.ReportMetric(percentile(took, 50), "p50-ms")
		b.ReportMetric(percentile(took, 99), "p99-ms")
	})
}

// flood makes b.N calls, one every gap, and returns how long each took from the
// moment at which it was due.
func flood(b *testing.B, srv *httptest.Server, gap time.Duration, call func() string) []time.Duration {
	b.Helper()
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range callers {
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
				if err := exchange(conn, in, call()); err != nil {
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
	return signed("", text, `{"method":"create","order_id":"`+order+`","min_amount":12.5,"currency":"usd"`)
}

// signed is a request with the legacy signature of a text.
func signed(header, text, body string) string {
	body += `,"shopid":4021,"sign":"` + sign(shopKey, text) + `"}`
	return fmt.Sprintf("POST /api.php HTTP/1.1\r\nHost: gateway.example\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", header, len(body), body)
}

func percentile(took []time.Duration, n int) float64 {
	slices.Sort(took)
	return float64(took[len(took)*n/100].Microseconds()) / 1e3
}
