package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// hostile is what somebody sends who wants the gateway to keep something: each n
// is another stranger, name, page, key or label.
var hostile = []func(gateway, host string, n int){
	func(gateway, _ string, n int) { // unknown projects, with large bodies
		throw(http.MethodPost, gateway+"/api.php", `{"method":"balance","x":"`+strings.Repeat("y", 250_000)+`"}`, "X-CLIENT-ID", fmt.Sprint(10_000_000+n), "X-CLIENT-SECRET", "wrong")
	},
	func(gateway, _ string, n int) { // wrong secrets, keys and methods for a project that is there
		throw(http.MethodPost, gateway+"/api.php", fmt.Sprintf(`{"method":"m%d"}`, n), "X-CLIENT-ID", exampleID, "X-CLIENT-SECRET", fmt.Sprint("wrong", n), "Idempotency-Key", fmt.Sprint("key", n))
	},
	func(gateway, _ string, n int) { // what is wrong beyond the secret
		throw(http.MethodPost, gateway+"/api.php", fmt.Sprintf(`{"method":"m%d","x":%s1%s}`, n, strings.Repeat("[", 20_000), strings.Repeat("]", 20_000)), "X-CLIENT-ID", exampleID, "X-CLIENT-SECRET", exampleSecret)
	},
	func(gateway, _ string, n int) { // more than is read
		throw(http.MethodPost, gateway+"/api.php", strings.Repeat("z", 3<<19), "X-CLIENT-ID", exampleID, "X-CLIENT-SECRET", exampleSecret)
	},
	func(gateway, _ string, n int) { // pages, pictures, verbs and addresses
		throw(fmt.Sprintf("VERB%d", n), fmt.Sprintf("%s/pay/%032x", gateway, n), "")
		throw(http.MethodGet, fmt.Sprintf("%s/pay/%032x?hash=%[2]x", gateway, n), "", "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n%250))
		throw(http.MethodGet, fmt.Sprintf("%s/img/%032x", gateway, n), "")
	},
	func(gateway, _ string, n int) { // sockets of strangers
		throw(http.MethodGet, fmt.Sprintf("%s/ws/?shopid=%d&hash=%[2]x", gateway, n), "", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	},
	func(_, host string, n int) { // who leaves in the middle
		c, err := net.Dial("tcp", host)
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "POST /api.php HTTP/1.1\r\nHost: x\r\nX-CLIENT-ID: %d\r\nContent-Length: 200000\r\n\r\n{\"method\"", n)
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		_, _ = c.Read(make([]byte, 1))
	},
}

// stranger is a client of his own: what he gets is not compared with the
// reference.
var stranger = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}, Timeout: time.Minute}

func throw(method, url, body string, headers ...string) {
	r, err := http.NewRequest(method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := stranger.Do(r)
	if err != nil {
		return
	}
	if res.StatusCode != http.StatusSwitchingProtocols { // a socket has no end of its own
		_, _ = io.Copy(io.Discard, res.Body)
	}
	_ = res.Body.Close()
}

// besiege throws so many of each, from several sides.
func (s *sandbox) besiege(from, to int) {
	host := strings.TrimPrefix(s.ready.GatewayURL, "http://")
	numbers := make(chan int)
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			for n := range numbers {
				hostile[n%len(hostile)](s.ready.GatewayURL, host, n)
			}
		})
	}
	for n := from; n < to; n++ {
		numbers <- n
	}
	close(numbers)
	wg.Wait()
	stranger.CloseIdleConnections()
}

// kept is what the process holds after its garbage is gone.
func (s *sandbox) kept() map[string]float64 {
	s.t.Helper()
	res, err := http.Get(s.ready.AdminURL + "/debug/pprof/heap?gc=1")
	if err != nil {
		s.t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return s.metrics()
}

// Memory, goroutines, files and figures are bounded whatever is sent (I27): those
// who come later leave nothing that the first did not.
func TestStrangersLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	shop := openShop(t, exampleID, exampleSecret)
	s := start(t, "--world", world(t, shop.URL, `"rate_limit_per_minute": 500`, `"rate_limit_per_minute": 1000000`))
	const dose = 490
	s.besiege(0, dose)
	first := s.kept()
	s.besiege(dose, 3*dose)
	var now map[string]float64
	eventually(t, "goroutines and files are as before", func() bool {
		now = s.kept()
		return now["go_goroutines"] <= first["go_goroutines"]+20 && now["process_open_fds"] <= first["process_open_fds"]+20
	})
	t.Logf("heap %.1f MB, then %.1f MB; in all %.0f MB; %v goroutines, %v files, %d figures", first["go_memstats_heap_alloc_bytes"]/1e6,
		now["go_memstats_heap_alloc_bytes"]/1e6, now["process_resident_memory_bytes"]/1e6, now["go_goroutines"], now["process_open_fds"], len(now))
	if grown := now["go_memstats_heap_alloc_bytes"] - first["go_memstats_heap_alloc_bytes"]; grown > 4<<20 {
		t.Errorf("%.0f bytes are kept of %d requests", grown, 2*dose)
	}
	if all := now["process_resident_memory_bytes"]; all > 256<<20 {
		t.Errorf("the process has %.0f MB", all/1e6)
	}
	if len(now) > len(first)+20 { // a status or two that did not come up at first
		t.Errorf("%d figures, then %d", len(first), len(now))
	}
	if got := s.ok(answer{"method": "balance"}); got.text("status") != "success" {
		t.Errorf("afterwards: %v", got)
	}
}
