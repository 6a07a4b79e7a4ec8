package socket

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// forever is the context of reads and writes: the wire has deadlines of its
// own, which cost nothing while nothing happens.
var forever = context.Background()

// socket is one connection. last and live belong to the feed: they are changed
// under its lock, and last only by the writer while the socket is not live.
type socket struct {
	door *Door
	feed *feed
	ticket
	conn *websocket.Conn
	wire *wire

	live   bool      // gets what the feed reads
	last   int64     // number of the newest event that was queued or sent
	pingAt time.Time // belongs to Run

	mu      sync.Mutex
	queue   [][]byte
	writing bool // there is a writer
	behind  bool // not live, or about to be not: the writer reads the log
	fell    time.Time
	bye     *farewell
	closed  bool
	timer   *time.Timer
}

// farewell is how a socket ends when everything before it is sent.
type farewell struct {
	code   websocket.StatusCode
	reason string
}

// greet sends what the client hears first, before anything it says is read:
// not even a pong comes earlier.
func (s *socket) greet() error {
	for _, b := range s.greeting() {
		if err := s.conn.Write(forever, websocket.MessageText, b); err != nil {
			return err
		}
	}
	return nil
}

// begin starts the writer, and the end of what was refused.
func (s *socket) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r := s.refusal; {
	case r == nil:
	case r.failed:
		s.timer = time.AfterFunc(s.door.limits.Linger, func() { s.leave(r.code, r.reason) })
	default:
		s.bye = &farewell{r.code, r.reason}
	}
	s.startWriter()
}

// nextPing spreads the pings of sockets that came together.
func (s *socket) nextPing(now time.Time) {
	wait := s.door.limits.Ping
	s.pingAt = now.Add(wait/2 + rand.N(wait/2+1))
}

// read consumes what the client says until the connection ends, and then takes
// the socket out of the door.
func (s *socket) read() {
	defer s.door.wg.Done()
	defer s.door.leave(s)
	err := s.listen()
	switch code, reason := verdict(err); {
	case s.ending():
	case code != 0:
		s.abort(code, reason)
	}
	s.drop()
	s.door.deps.Logger.Debug("socket ended", "project", s.project, "err", err)
}

var errBinary = errors.New("a binary frame")

// listen returns when the client has ended or said something that ends it.
func (s *socket) listen() error {
	for {
		kind, message, err := s.conn.Reader(forever)
		if err != nil {
			return err
		}
		if kind != websocket.MessageText {
			return errBinary
		}
		if _, err := io.Copy(io.Discard, message); err != nil {
			return err
		}
	}
}

// verdict tells the close code that an error of the reader deserves; 0 when
// there is nobody left to tell.
func verdict(err error) (websocket.StatusCode, string) {
	switch {
	case errors.Is(err, errBinary):
		return websocket.StatusUnsupportedData, "text frames only"
	case errors.Is(err, websocket.ErrMessageTooBig):
		return websocket.StatusMessageTooBig, "frame too large"
	case errors.Is(err, errTooMuch):
		return websocket.StatusPolicyViolation, "too many frames"
	case websocket.CloseStatus(err) != -1, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return 0, ""
	}
	if _, network := errors.AsType[net.Error](err); network {
		return 0, ""
	}
	return websocket.StatusProtocolError, "protocol error"
}

// ending reports whether the end was decided before.
func (s *socket) ending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed || s.bye != nil
}

// abort ends a socket for what the client did: nothing it still sends counts.
func (s *socket) abort(code websocket.StatusCode, reason string) {
	s.wire.over.Store(true)
	_ = s.conn.Close(code, reason)
}

// leave ends a socket after what is queued. It returns at once.
func (s *socket) leave(code websocket.StatusCode, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bye == nil {
		s.bye = &farewell{code, reason}
	}
	s.startWriter()
}

// drop ends the connection now; what waits is forgotten.
func (s *socket) drop() {
	s.mu.Lock()
	s.closed, s.queue = true, nil
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	_ = s.conn.CloseNow()
}

// push queues frames that the feed has read. A socket whose queue is full is
// not live any more: its writer reads the log. The caller holds the feed.
func (s *socket) push(frames []frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.bye != nil {
		return
	}
	if len(s.queue)+len(frames) > s.door.limits.Queue {
		s.live, s.behind, s.fell = false, true, time.Now()
		s.startWriter()
		return
	}
	for _, f := range frames {
		s.queue = s.take(s.queue, f)
	}
	if len(s.queue) > 0 {
		s.startWriter()
	}
}

// take appends what the socket is to be sent for an event, unless it has had
// it. Numbers that the log does not hold any more become a gap.
func (s *socket) take(queue [][]byte, f frame) [][]byte {
	if f.seq <= s.last {
		return queue
	}
	before := s.last
	s.last = f.seq
	if !s.numbered {
		if f.plain != nil {
			queue = append(queue, f.plain)
		}
		return queue
	}
	if before+1 < f.seq {
		queue = append(queue, gapFrame(gap{from: before + 1, to: f.seq - 1, reason: expired}, s.epoch))
	}
	if f.numbered == nil {
		f = newFrame(f.seq, f.plain, s.epoch)
	}
	return append(queue, f.numbered)
}

// startWriter makes sure that somebody writes. The caller holds the socket; the
// reader is still there, so the door cannot have stopped waiting.
func (s *socket) startWriter() {
	if !s.writing && !s.closed {
		s.writing = true
		s.door.wg.Go(s.write)
	}
}

// write sends what there is, and ends when there is nothing. After an error and
// after the farewell it stays on record, so that none follows it.
func (s *socket) write() {
	for {
		s.mu.Lock()
		queue, behind, bye := s.queue, s.behind, s.bye
		s.queue = nil
		if s.closed || len(queue) == 0 && !behind && bye == nil {
			s.writing = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		switch {
		case len(queue) > 0:
			if !s.sendAll(queue) {
				return
			}
		case bye != nil:
			_ = s.wire.SetReadDeadline(time.Now().Add(closing))
			_ = s.conn.Close(bye.code, bye.reason)
			return
		default:
			if !s.catchUp() {
				return
			}
		}
	}
}

func (s *socket) sendAll(queue [][]byte) bool {
	for _, b := range queue {
		if !s.send(b) {
			return false
		}
	}
	return true
}

// send writes one frame. A client that takes too long for it, or has been
// behind for too long, is sent away: false.
func (s *socket) send(b []byte) bool {
	if err := s.conn.Write(forever, websocket.MessageText, b); err != nil {
		s.drop()
		return false
	}
	s.mu.Lock()
	late := !s.fell.IsZero() && time.Since(s.fell) > s.door.limits.Lag
	s.mu.Unlock()
	if late {
		_ = s.wire.SetReadDeadline(time.Now().Add(closing))
		_ = s.conn.Close(websocket.StatusPolicyViolation, "too slow to keep up: come back with since")
		s.drop()
	}
	return !late
}
