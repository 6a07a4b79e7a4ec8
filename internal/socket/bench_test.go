package socket_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
)

// The other end of the benchmarks is a process of its own: this program, told
// by the environment where to connect and how often.
const (
	clientURL   = "SKINRAIL_BENCH_SOCKET_URL"
	clientCount = "SKINRAIL_BENCH_SOCKET_COUNT"
)

// crowd is many sockets in another process.
type crowd struct {
	b   *testing.B
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func gather(b *testing.B, target string, sockets int) *crowd {
	b.Helper()
	c := &crowd{b: b, cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), clientURL+"="+target, clientCount+"="+strconv.Itoa(sockets))
	c.cmd.Stderr = os.Stderr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	c.out = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.in.Close(); _ = c.cmd.Wait() })
	if !c.out.Scan() || c.out.Text() != "open" {
		b.Fatalf("the clients did not connect: %s", c.out.Text())
	}
	return c
}

// report waits until all sockets together have got so many frames since the
// last report, and returns the 99th percentile of their age.
func (c *crowd) report(frames int) time.Duration {
	c.b.Helper()
	_, _ = fmt.Fprintln(c.in, frames)
	if !c.out.Scan() {
		c.b.Fatal("the clients are gone")
	}
	age, err := time.ParseDuration(c.out.Text())
	if err != nil {
		c.b.Fatal(c.out.Text())
	}
	return age
}

// crowdMain is the other process.
func crowdMain() {
	n, _ := strconv.Atoi(os.Getenv(clientCount))
	var ages ages
	var wg sync.WaitGroup
	places := make(chan struct{}, 64)
	for range n {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			c, in, err := connect(os.Getenv(clientURL))
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
			go ages.read(c, in)
		})
	}
	wg.Wait()
	fmt.Println("open")
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		want, _ := strconv.ParseInt(orders.Text(), 10, 64)
		for ages.count.Load() < want {
			time.Sleep(200 * time.Microsecond)
		}
		fmt.Println(ages.take())
	}
}

func connect(target string) (net.Conn, *bufio.Reader, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, nil, err
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		return nil, nil, err
	}
	_, err = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", u.RequestURI())
	if err != nil {
		return nil, nil, err
	}
	in := bufio.NewReaderSize(c, 1024)
	if _, err := http.ReadResponse(in, nil); err != nil {
		return nil, nil, err
	}
	_, first, err := frameOf(in)
	if err == nil && !bytes.HasPrefix(first, []byte(`{"event":"auth_success"`)) {
		err = fmt.Errorf("first frame %s", first)
	}
	return c, in, err
}

// frameOf reads one unmasked frame; the bytes are good until the next read.
func frameOf(in *bufio.Reader) (opcode byte, payload []byte, err error) {
	head, err := in.Peek(2)
	if err != nil {
		return 0, nil, err
	}
	opcode = head[0] & 15
	size, n := 2, int(head[1])
	if n == 126 {
		if head, err = in.Peek(4); err != nil {
			return 0, nil, err
		}
		size, n = 4, int(head[2])<<8|int(head[3])
	}
	all, err := in.Peek(size + n)
	if err != nil {
		return 0, nil, err
	}
	_, err = in.Discard(size + n)
	return opcode, all[size:], err
}

// ages counts frames by how old they were, in tenths of a millisecond.
type ages struct {
	count atomic.Int64
	slots [100_000]atomic.Int64
}

// read takes the time of its commit out of each frame.
func (a *ages) read(c net.Conn, in *bufio.Reader) {
	for {
		opcode, f, err := frameOf(in)
		if err != nil {
			return
		}
		if opcode == 9 {
			_, _ = c.Write(masked(0x8a, f))
			continue
		}
		_, after, found := bytes.Cut(f, []byte(`"data":{"at":`))
		if !found {
			continue
		}
		at, _, _ := strings.Cut(string(after[:min(30, len(after))]), ",")
		made, _ := strconv.ParseInt(at, 10, 64)
		age := (time.Now().UnixNano() - made) / int64(100*time.Microsecond)
		a.slots[min(max(age, 0), int64(len(a.slots)-1))].Add(1)
		a.count.Add(1)
	}
}

func (a *ages) take() time.Duration {
	total, seen := a.count.Swap(0), int64(0)
	p99 := time.Duration(-1)
	for i := range a.slots {
		seen += a.slots[i].Swap(0)
		if p99 < 0 && seen*100 >= total*99 {
			p99 = time.Duration(i+1) * 100 * time.Microsecond
		}
	}
	return p99
}

// tell commits one event that knows when it was made, as long as a real one.
func (w *world) tell(bodies int) {
	var all []any
	for range bodies {
		all = append(all, struct {
			At   int64  `json:"at"`
			Rest string `json:"rest"`
		}{time.Now().UnixNano(), strings.Repeat("x", 200)})
	}
	w.add(shop, event.BalanceChanged, all...)
}

// resident is what the system counts as this process's memory.
func resident(b *testing.B) int64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib << 10
}

// BenchmarkIdle reports what each of 10,000 open sockets costs, the system's
// part excluded.
func BenchmarkIdle(b *testing.B) {
	const sockets = 10_000
	for b.Loop() {
		w := start(b, dbtest.SQLite(b), nil)
		debug.FreeOSMemory()
		before := resident(b)
		c := gather(b, w.url+"?"+shopLogin, sockets)
		w.tell(1) // each has written once
		c.report(sockets)
		peak := resident(b)
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(peak-before)/sockets/1024, "KiB/socket")
		b.ReportMetric(float64(resident(b)-before)/sockets/1024, "KiB-after-GC/socket")
		b.ReportMetric(float64(m.StackInuse)/sockets/1024, "KiB-stack/socket")
		_ = c.in.Close()
		w.stop()
	}
}

// BenchmarkFrames is one event to one socket, as many as go.
func BenchmarkFrames(b *testing.B) {
	for _, sockets := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("%d_sockets", sockets), func(b *testing.B) {
			w := start(b, dbtest.SQLite(b), nil)
			c := gather(b, w.url+"?"+shopLogin+"&since=0", sockets)
			events := int(math.Ceil(float64(b.N) / float64(sockets)))
			b.ResetTimer()
			for left := events; left > 0; left -= 50 {
				w.tell(min(50, left))
			}
			c.report(events * sockets)
			b.StopTimer() // the clients do not answer a goodbye
			b.ReportMetric(float64(events*sockets)/b.Elapsed().Seconds(), "frames/s")
			w.stop()
		})
	}
}

// BenchmarkAge reports how old frames are when they arrive, at 10,000 a second.
func BenchmarkAge(b *testing.B) {
	for _, sockets := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("%d_sockets", sockets), func(b *testing.B) {
			w := start(b, dbtest.SQLite(b), nil)
			c := gather(b, w.url+"?"+shopLogin, sockets)
			const seconds, rate = 5, 10_000
			for b.Loop() {
				ticks := time.NewTicker(time.Second * time.Duration(sockets) / rate)
				events := seconds * rate / sockets
				for range events {
					<-ticks.C
					w.tell(1)
				}
				b.ReportMetric(float64(c.report(events*sockets).Microseconds())/1000, "p99-ms")
			}
			w.stop()
		})
	}
}
