package socket

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

const (
	// maxMessage is how long a text frame from a client may be. Clients send
	// the word ping.
	maxMessage = 4 << 10
	// Buffers of a socket. Nearly all frames fit the second one and are then one
	// call of the system; the server's own buffers of 4 KiB each would be most of
	// what an idle socket costs.
	readBuffer  = 256
	writeBuffer = 640
	// kernelBuffer bounds what the system keeps for a client that does not read;
	// left alone it grows to megabytes.
	kernelBuffer = 64 << 10
	// What a client may send: bytes at once, and a second after that.
	inAtOnce = 64 << 10
	inRate   = 4 << 10
	perByte  = time.Second / inRate
	// closing is how long the client has to answer a close frame.
	closing = 3 * time.Second
	// maxDrained is how much is read and dropped after a frame that ends the
	// socket, so that the client, still sending, gets to see why.
	maxDrained = 128 << 20
)

var errTooMuch = errors.New("the client sends too much")

// wire is the connection under a socket. It sets the time that a write may
// take and bounds what a client sends. One goroutine reads, one writes.
type wire struct {
	net.Conn
	rest     []byte // what came together with the request
	patience time.Duration
	paid     time.Time // when what came is paid for, at inRate
	over     atomic.Bool
}

// upgrade makes the request's connection the socket's.
func (s *socket) upgrade(w http.ResponseWriter, r *http.Request) error {
	h := &hijacking{ResponseWriter: w, patience: s.door.limits.Write}
	// The login is in the URL, not in what a browser adds by itself, so the
	// origin proves nothing.
	conn, err := websocket.Accept(h, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return err
	}
	conn.SetReadLimit(maxMessage)
	s.conn, s.wire = conn, h.wire
	return nil
}

// hijacking hands the connection over with buffers of a socket's size.
type hijacking struct {
	http.ResponseWriter
	patience time.Duration
	wire     *wire
}

// Hijack is called by the websocket library.
func (h *hijacking) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	rest, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	if c, ok := conn.(*net.TCPConn); ok {
		err = errors.Join(c.SetWriteBuffer(kernelBuffer), c.SetReadBuffer(kernelBuffer))
		if err != nil {
			return nil, nil, errors.Join(err, conn.Close())
		}
	}
	h.wire = &wire{Conn: conn, rest: bytes.Clone(rest), patience: h.patience}
	return h.wire, bufio.NewReadWriter(bufio.NewReaderSize(h.wire, readBuffer), bufio.NewWriterSize(h.wire, writeBuffer)), nil
}

// Read reads what the client may send.
func (w *wire) Read(p []byte) (int, error) {
	if w.over.Load() {
		return 0, w.drain()
	}
	if len(w.rest) > 0 {
		n := copy(p, w.rest)
		if w.rest = w.rest[n:]; len(w.rest) == 0 {
			w.rest = nil
		}
		return n, nil
	}
	n, err := w.Conn.Read(p)
	now := time.Now()
	if w.paid.Before(now) {
		w.paid = now
	}
	w.paid = w.paid.Add(time.Duration(n) * perByte)
	if w.paid.Sub(now) > inAtOnce*perByte {
		return n, errTooMuch
	}
	return n, err
}

// drain ends our side and drops what is still coming: closing with unread bytes
// would make the system throw away what the client has not read yet.
func (w *wire) drain() error {
	if c, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	_ = w.SetReadDeadline(time.Now().Add(closing))
	_, _ = io.CopyN(io.Discard, w.Conn, maxDrained)
	return io.EOF
}

// Write gives a write the time that one may take.
func (w *wire) Write(p []byte) (int, error) {
	if err := w.SetWriteDeadline(time.Now().Add(w.patience)); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}
