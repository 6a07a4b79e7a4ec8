package db_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// wire is between a database and PostgreSQL and reads along what the server says.
type wire struct {
	listener net.Listener
	server   string
	// answer sees each message of the server; false ends the connection there.
	answer func(kind byte, body []byte) bool
	asked  func(text []byte) bool // the same of what the server is sent
}

// through starts a wire and returns the target by way of it.
func (w *wire) through(t *testing.T, target string) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	w.server = u.Host
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.listener.Close() })
	go func() {
		for {
			c, err := w.listener.Accept()
			if err != nil {
				return
			}
			go w.carry(c)
		}
	}()
	u.Host = w.listener.Addr().String()
	return u.String()
}

func (w *wire) carry(c net.Conn) {
	s, err := net.Dial("tcp", w.server)
	if err != nil {
		_ = c.Close()
		return
	}
	end := func() { _, _ = c.Close(), s.Close() }
	go func() {
		defer end()
		buf := make([]byte, 64<<10)
		for {
			n, err := c.Read(buf)
			if err != nil || w.asked != nil && !w.asked(buf[:n]) {
				return
			}
			if _, err := s.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	defer end()
	head := make([]byte, 5)
	for {
		if _, err := io.ReadFull(s, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(s, body); err != nil || w.answer != nil && !w.answer(head[0], body) {
			return
		}
		if _, err := c.Write(append(head[:5:5], body...)); err != nil {
			return
		}
	}
}

// eachPostgres is [dbtest.EachTarget] for what SQLite does not have.
func eachPostgres(t *testing.T, f func(t *testing.T, target string)) {
	t.Helper()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		if db.IsPostgres(target) {
			f(t, target)
		}
	})
}

// The connection ends while COMMIT is under way: nobody says that it was done,
// nor that it was not, whichever it was (F3). The write runs once, and the next
// one works.
func TestLostAnswerToCommitIsUnknown(t *testing.T) {
	t.Parallel()
	eachPostgres(t, func(t *testing.T, target string) {
		var before, after atomic.Bool
		w := &wire{
			asked: func(text []byte) bool {
				return !strings.Contains(strings.ToLower(string(text)), "commit") || !before.CompareAndSwap(true, false)
			},
			answer: func(kind byte, body []byte) bool {
				return kind != 'C' || !strings.HasPrefix(string(body), "COMMIT") || !after.CompareAndSwap(true, false)
			},
		}
		d, err := db.Open(t.Context(), w.through(t, target))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		rows := 0
		for i, lost := range []*atomic.Bool{&before, &after, &before, &after} {
			ran := 0
			lost.Store(true)
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				ran++
				return note(t.Context(), tx, i)
			})
			if !errors.Is(err, db.ErrCommitUnknown) || ran != 1 || lost.Load() {
				t.Fatalf("%d: ran %d times and ended with %v, want once and unknown", i, ran, err)
			}
			if lost == &after {
				rows++
			}
			if got := count(t, d.Read()); got != rows {
				t.Errorf("%d: %d rows, want %d", i, got, rows)
			}
		}
		addNote(t, d, 10)
	})
}

// A connection that ends before COMMIT was sent is a write without effect, and
// nothing unclear.
func TestConnectionLostBeforeTheCommitIsNotUnknown(t *testing.T) {
	t.Parallel()
	eachPostgres(t, func(t *testing.T, target string) {
		var lost atomic.Bool
		w := &wire{answer: func(kind byte, body []byte) bool {
			return kind != 'C' || !strings.HasPrefix(string(body), "INSERT") || !lost.CompareAndSwap(true, false)
		}}
		d, err := db.Open(t.Context(), w.through(t, target))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		lost.Store(true)
		err = d.Write(t.Context(), func(tx *db.Tx) error { return note(t.Context(), tx, 1) })
		if err == nil || errors.Is(err, db.ErrCommitUnknown) || lost.Load() {
			t.Errorf("got %v", err)
		}
		if got := count(t, d.Read()); got != 0 {
			t.Errorf("%d rows", got)
		}
		addNote(t, d, 2)
	})
}

// What a standby shows is old: it is neither read nor written, and of several
// hosts the primary is taken, for reads too, whatever the URL asks for.
func TestStandbyIsRefused(t *testing.T) {
	t.Parallel()
	eachPostgres(t, func(t *testing.T, target string) {
		var served atomic.Bool
		standby := &wire{answer: func(kind byte, body []byte) bool {
			if kind == 'T' || kind == 'C' {
				served.Store(true)
			}
			if kind == 'S' && strings.HasPrefix(string(body), "in_hot_standby\x00") {
				copy(body[len("in_hot_standby\x00"):], "on\x00") // "off" has one more, which ends nothing
			}
			return true
		}}
		old := standby.through(t, target)
		if _, err := db.Open(t.Context(), old); err == nil || !strings.Contains(err.Error(), "standby") {
			t.Errorf("a standby is opened: %v", err)
		}
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		for _, attrs := range []string{"", "any", "read-write", "primary", "prefer-standby"} {
			both := *u
			both.Host = standby.listener.Addr().String() + "," + u.Host
			q := both.Query()
			if attrs != "" {
				q.Set("target_session_attrs", attrs)
			}
			both.RawQuery = q.Encode()
			d, err := db.Open(t.Context(), both.String())
			if err != nil {
				t.Errorf("%q: %v", attrs, err)
				continue
			}
			if got := count(t, d.Read()); got != 0 {
				t.Errorf("%q: %d rows", attrs, got)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		if served.Load() {
			t.Error("the standby was asked")
		}
	})
}

// The kernel gives a machine up that acknowledges nothing: else its connections
// would hang for a quarter of an hour.
func TestSilentServersAreGivenUp(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	config, err := db.Primary("postgres://" + l.Addr().String() + "/x")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := config.DialFunc(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var timeout, alive, idle int
	err = raw.Control(func(fd uintptr) {
		timeout, _ = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, 0x12)
		alive, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)
		idle, _ = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, 4) // TCP_KEEPIDLE
	})
	if err != nil || timeout < 1000 || timeout > 8000 || alive == 0 || idle > 5 || config.ConnectTimeout > 8*time.Second || config.ConnectTimeout <= 0 {
		t.Errorf("user timeout %d ms, keepalive %d after %d s, connect %v, %v", timeout, alive, idle, config.ConnectTimeout, err)
	}
}
