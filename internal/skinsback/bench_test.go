package skinsback

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/trade"
)

// The rate of signed calls over HTTP, beside a handler that only reads the body
// and writes a constant: what the door costs is the ratio of the two. The
// client is lean, so that it is not the client that is measured.

func BenchmarkSigned(b *testing.B) {
	const balance = "method:balance;shopid:4021;"
	const status = "method:orderstatus;order_id:inv-1001;shopid:4021;"
	ask := `{"method":"balance","shopid":4021,"sign":"` + sign(shopKey, balance) + `"}`
	b.Run("constant", func(b *testing.B) {
		load(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, `{"status":"success"}`)
		}), ask)
	})
	w := newWorld(b)
	d := w.choose("inv-1001", "31000000001")
	w.walk(d.TradeID, trade.Sending, trade.Active, trade.Accepted, trade.Settled)
	which := `{"method":"orderstatus","order_id":"inv-1001","shopid":4021,"sign":"` + sign(shopKey, status) + `"}`
	b.Run("balance", func(b *testing.B) { load(b, w.door.Handler(), ask) })
	b.Run("orderstatus", func(b *testing.B) { load(b, w.door.Handler(), which) })
	// What a call costs when something was committed since the last one.
	w.door.deps.Version = func() (int64, bool) { return 0, false }
	b.Run("balance_read_anew", func(b *testing.B) { load(b, w.door.Handler(), ask) })
	b.Run("orderstatus_read_anew", func(b *testing.B) { load(b, w.door.Handler(), which) })
}

// load sends one request again and again over kept connections, two callers
// for each processor.
func load(b *testing.B, h http.Handler, body string) {
	b.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	request := fmt.Sprintf("POST /api.php HTTP/1.1\r\nHost: gateway.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		len(body), body)
	b.ReportAllocs()
	b.SetParallelism(2)
	b.ResetTimer()
	before := processorTime(b)
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			b.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		in := bufio.NewReader(conn)
		for pb.Next() {
			if err := exchange(conn, in, request); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	b.ReportMetric(float64(processorTime(b)-before)/1e3/float64(b.N), "cpu-µs/op")
}

// processorTime is what this process has used; unlike the rate it does not
// depend on what else the machine does.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// exchange sends a request and reads a successful answer.
func exchange(conn io.Writer, in *bufio.Reader, request string) error {
	if _, err := io.WriteString(conn, request); err != nil {
		return err
	}
	line, err := in.ReadString('\n')
	if err != nil || !strings.Contains(line, " 200 ") {
		return fmt.Errorf("%q: %w", line, err)
	}
	length := 0
	for line != "\r\n" {
		if line, err = in.ReadString('\n'); err != nil {
			return err
		}
		if digits, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(digits)); err != nil {
				return err
			}
		}
	}
	b, err := in.Peek(min(length, 64))
	if err != nil || strings.Contains(string(b), `"error"`) {
		return fmt.Errorf("%q: %w", b, err)
	}
	_, err = in.Discard(length)
	return err
}
