package socket_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/socket"
)

// raw is a client that says what it likes.
type raw struct {
	t    testing.TB
	conn *net.TCPConn
	in   *bufio.Reader
}

// rawDial makes the handshake by hand and leaves the first frame unread.
func rawDial(t testing.TB, target string, header ...string) *raw {
	t.Helper()
	return dialWith(t, target, nil, header...)
}

// dialWith sends first in one packet with the request.
func dialWith(t testing.TB, target string, first []byte, header ...string) *raw {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	r := &raw{t, c.(*net.TCPConn), nil}
	t.Cleanup(r.close)
	_ = r.conn.SetReadBuffer(8 << 10)
	r.in = bufio.NewReader(c)
	_ = c.SetDeadline(time.Now().Add(5 * patience))
	request := []byte("GET " + u.RequestURI() + " HTTP/1.1\r\nHost: " + u.Host + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + strings.Join(header, "") + "\r\n")
	r.write(append(request, first...))
	a, err := http.ReadResponse(r.in, nil)
	if err != nil || a.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v %v", a, err)
	}
	if e := a.Header.Get("Sec-WebSocket-Extensions"); e != "" {
		t.Errorf("extensions %s", e)
	}
	return r
}

func (r *raw) close() { _ = r.conn.Close() }

// write sends bytes; the other side may have gone.
func (r *raw) write(b []byte) { _, _ = r.conn.Write(b) }

// masked is a frame of a client, with a mask of zeros.
func masked(first byte, payload []byte) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

// frame reads one frame of the server.
func (r *raw) frame() (opcode byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return 0, nil, err
	}
	n := int(head[1])
	if n == 126 {
		var long [2]byte
		if _, err := io.ReadFull(r.in, long[:]); err != nil {
			return 0, nil, err
		}
		n = int(binary.BigEndian.Uint16(long[:]))
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(r.in, payload)
	return head[0] & 15, payload, err
}

// ends reads up to the close frame and returns its code; 0 when the connection
// ended without one.
func (r *raw) ends() int {
	r.t.Helper()
	for {
		opcode, payload, err := r.frame()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			r.t.Fatal("the socket stays open")
		}
		if err != nil {
			return 0
		}
		if opcode == 8 {
			return int(binary.BigEndian.Uint16(payload))
		}
	}
}

func TestHostileFramesEndOnlyTheirSocket(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	good := w.open(shopLogin)
	const fin, text, binaryOp, ping = 0x80, 1, 2, 9
	t.Run("frames", func(t *testing.T) { // ends when all of them have
		for name, c := range map[string]struct {
			bytes []byte
			codes []int
		}{
			"binary":                {masked(fin|binaryOp, []byte("ping")), []int{1003}},
			"empty binary":          {masked(fin|binaryOp, nil), []int{1003}},
			"over the limit":        {masked(fin|text, make([]byte, 4097)), []int{1009}},
			"64 MB":                 {masked(fin|text, make([]byte, 64<<20)), []int{1009}},
			"endless length":        {append([]byte{fin | text, 0xff}, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 'x'), nil},
			"negative length":       {append([]byte{fin | text, 0xff}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 'x'), []int{1002}},
			"fragments over it":     {append(masked(text, make([]byte, 3000)), masked(fin, make([]byte, 3000))...), []int{1009}},
			"continues nothing":     {masked(fin, []byte("x")), []int{1002}},
			"text inside fragments": {append(masked(text, []byte("x")), masked(fin|text, []byte("y"))...), []int{1002}},
			"unmasked":              {[]byte{fin | text, 4, 'p', 'i', 'n', 'g'}, []int{1002}},
			"reserved opcode":       {masked(fin|3, nil), []int{1002}},
			"reserved control":      {masked(fin|11, nil), []int{1002}},
			"reserved bit":          {masked(fin|0x20|text, []byte("ping")), []int{1002}},
			"compressed":            {masked(fin|0x40|text, []byte{0x2a, 0xc8, 0xcc, 0x4b, 7, 0}), []int{1002}},
			"long ping":             {masked(fin|ping, make([]byte, 126)), []int{1002}},
			"fragmented ping":       {masked(ping, nil), []int{1002}},
			"bad close":             {masked(fin|8, []byte{3}), []int{1002}},
			"forbidden close code":  {masked(fin|8, []byte{3, 0xed}), []int{1002}},
			"not a frame":           {[]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), []int{1002}},
			"flood of pings":        {repeat(masked(fin|ping, []byte("x")), 1<<20), []int{1008}},
			"flood of text":         {repeat(masked(fin|text, []byte("ping")), 1<<20), []int{1008}},
			"flood of nothing":      {append(masked(text, nil), repeat(masked(0, nil), 1<<20)...), []int{1008}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, query := range []string{shopLogin, "shopid=4021"} {
					r := rawDial(t, w.url+"?"+query, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
					if opcode, payload, err := r.frame(); opcode != 1 || err != nil {
						t.Fatalf("first frame %d %s %v", opcode, payload, err)
					}
					sent := make(chan struct{})
					go func() { r.write(c.bytes); close(sent) }()
					if c.codes == nil {
						<-sent
						_ = r.conn.CloseWrite()
					}
					code := r.ends()
					for _, want := range c.codes {
						if code != want {
							t.Errorf("closed with %d, want %d", code, want)
						}
					}
					_ = r.conn.Close()
					<-sent
				}
			})
		}
	})
	w.add(shop, event.BalanceChanged, 1)
	good.want(balance(1))
}

func repeat(b []byte, total int) []byte {
	var all []byte
	for len(all) < total {
		all = append(all, b...)
	}
	return all
}

func TestFragmentedTextIsIgnoredToo(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	r := rawDial(t, w.url+"?"+shopLogin)
	r.write(masked(1, []byte("pi")))
	r.write(masked(0x89, []byte("between")))
	r.write(masked(0, nil))
	r.write(masked(0x80, []byte("ng")))
	if opcode, payload, _ := r.frame(); opcode != 1 || string(payload) != `{"event":"auth_success"}` {
		t.Fatalf("frame %d %s", opcode, payload)
	}
	if opcode, payload, _ := r.frame(); opcode != 10 || string(payload) != "between" {
		t.Fatalf("frame %d %s, want the pong", opcode, payload)
	}
	w.add(shop, event.BalanceChanged, 1)
	if _, payload, _ := r.frame(); string(payload) != balance(1) {
		t.Errorf("frame %s", payload)
	}
}

// A client that speaks at once hears the greeting before the answer to what it said.
func TestGreetingComesBeforeAnyPong(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	for range 100 {
		r := dialWith(t, w.url+"?"+shopLogin, masked(0x89, []byte("early")))
		if opcode, payload, _ := r.frame(); opcode != 1 {
			t.Fatalf("first frame %d %s", opcode, payload)
		}
		if opcode, payload, _ := r.frame(); opcode != 10 || string(payload) != "early" {
			t.Fatalf("second frame %d %s", opcode, payload)
		}
		r.close()
	}
}

// A frame that comes in one packet with the request is not lost.
func TestFrameSentWithTheRequestIsRead(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	r := dialWith(t, w.url+"?"+shopLogin, masked(0x82, []byte("binary")))
	if code := r.ends(); code != 1003 {
		t.Errorf("closed with %d", code)
	}
}

func TestSlowSocketIsSentAwayAndOthersAreNotSlowed(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]socket.Limits{
		"never reads":  {Write: 3 * time.Second, Lag: time.Hour, Queue: 8},
		"reads slowly": {Write: time.Hour, Lag: 3 * time.Second, Queue: 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, dbtest.SQLite(t), func(deps *socket.Deps) { deps.Limits = limits })
			slow := rawDial(t, w.url+"?"+shopLogin+"&since=0")
			healthy := w.follow(shopLogin, 0)
			code := make(chan int, 1)
			evicted := make(chan struct{})
			go func() {
				if name == "reads slowly" {
					code <- slow.trickle(evicted)
				}
			}()
			seq := int64(0)
			body := strings.Repeat("x", 900)
			for w.door.Count() == 2 && seq < 10_000 { // more than the slow one can take
				var bodies []any
				for range 100 {
					bodies = append(bodies, body)
				}
				w.add(shop, event.BalanceChanged, bodies...)
				seq += 100
				healthy.upTo(seq)
			}
			eventually(t, "the slow socket is sent away", func() bool { return w.door.Count() == 1 })
			close(evicted)
			if name == "reads slowly" {
				if c := <-code; c != int(websocket.StatusPolicyViolation) {
					t.Errorf("closed with %d", c)
				}
			}
			w.follow(shopLogin, 100).upTo(seq) // as the slow one would come back
		})
	}
}

// trickle reads slowly until it is told that it was sent away, and then what
// was left for it.
func (r *raw) trickle(evicted <-chan struct{}) int {
	for {
		opcode, payload, err := r.frame()
		if err != nil {
			return 0
		}
		if opcode == 8 {
			return int(binary.BigEndian.Uint16(payload))
		}
		select {
		case <-evicted:
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// What is kept for a client that does not read is bounded, whatever happens.
func TestMemoryForOneWhoNeverReadsIsBounded(t *testing.T) { // alone: it looks at the heap
	w := start(t, dbtest.SQLite(t), nil)
	for range 20 {
		rawDial(t, w.url+"?"+shopLogin+"&since=0")
	}
	reader := w.follow(shopLogin, 0)
	body := strings.Repeat("x", 10_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for n := range int64(100) {
		w.add(shop, event.BalanceChanged, body, body, body, body, body)
		reader.upTo(5 * (n + 1))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 { // 20 × 5 MB were not read
		t.Errorf("the heap grew by %d bytes", grown)
	}
}
