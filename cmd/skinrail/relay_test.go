package main_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// relay stands between a node and its database and can be cut: what is on its
// way then stays there, and no connection is refused or closed, as when a
// network is gone.
type relay struct {
	listener net.Listener
	to       string
	mu       sync.Mutex
	mended   *sync.Cond
	cut      bool
	conns    []net.Conn
}

func openRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l, to: to}
	r.mended = sync.NewCond(&r.mu)
	t.Cleanup(func() { r.set(false); _ = l.Close(); r.drop() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.carry(c)
		}
	}()
	return r
}

// through is a database's URL by way of the relay.
func (r *relay) through(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = r.listener.Addr().String()
	return u.String()
}

func (r *relay) carry(c net.Conn) {
	r.wait()
	d, err := net.Dial("tcp", r.to)
	if err != nil {
		_ = c.Close()
		return
	}
	r.mu.Lock()
	r.conns = append(r.conns, c, d)
	r.mu.Unlock()
	go r.copy(c, d)
	r.copy(d, c)
}

func (r *relay) copy(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		r.wait()
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if err != io.EOF {
				_ = from.Close()
			}
			return
		}
	}
}

// wait returns when the way is whole.
func (r *relay) wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.cut {
		r.mended.Wait()
	}
}

// set cuts the way or mends it.
func (r *relay) set(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
	r.mended.Broadcast()
}

// drop closes what is open, as routers do after a while.
func (r *relay) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.conns = nil
}
