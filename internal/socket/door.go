package socket

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/merchant"
)

// Encode returns an event as {"event":…,"data":…}; false for events that
// sockets are not told of.
type Encode func(merchant.Project, event.Event) ([]byte, bool, error)

// Deps is what the door needs.
type Deps struct {
	Events    *event.Service
	Merchants *merchant.Service
	Encode    Encode
	// LegacyLogin reports whether a project lets sockets in by the hash of its
	// id and secret; nil: every project does.
	LegacyLogin func(merchant.Project) bool
	// Address returns who calls; nil: the peer of the connection.
	Address func(*http.Request) netip.Addr
	Limits  Limits
	Logger  *slog.Logger
}

// Limits bounds what clients can hold. Zero means the default.
type Limits struct {
	Sockets        int           // open at the same time, of all projects: 15000
	ProjectSockets int           // of one project: 12000
	Refused        int           // open after a failed login: 1000
	Upgrades       int           // a minute and address, loopback excepted: 120
	Queue          int           // frames that wait for one socket: 128
	Linger         time.Duration // from auth_failed to the end: 5 s
	Ping           time.Duration // between pings of an idle peer: 40 s
	Pong           time.Duration // for its answer: 20 s
	Write          time.Duration // for one frame: 10 s
	Lag            time.Duration // behind the log after having kept up: 30 s
}

func (l Limits) withDefaults() Limits {
	l.Sockets = cmp.Or(l.Sockets, 15_000)
	l.ProjectSockets = cmp.Or(l.ProjectSockets, 12_000)
	l.Refused = cmp.Or(l.Refused, 1_000)
	l.Upgrades = cmp.Or(l.Upgrades, 120)
	l.Queue = cmp.Or(l.Queue, 128)
	l.Linger = cmp.Or(l.Linger, 5*time.Second)
	l.Ping = cmp.Or(l.Ping, 40*time.Second)
	l.Pong = cmp.Or(l.Pong, 20*time.Second)
	l.Write = cmp.Or(l.Write, 10*time.Second)
	l.Lag = cmp.Or(l.Lag, 30*time.Second)
	return l
}

// Door is the handler of websockets. [Door.Run] must run for events to arrive,
// and [Door.Close] ends everything.
type Door struct {
	deps     Deps
	limits   Limits
	upgrades upgrades
	reads    chan struct{} // a place per reader of the log

	mu       sync.Mutex
	feeds    map[int64]*feed
	count    int
	stopping bool
	epoch    string // of the log, once it was asked for

	life context.Context // of reads that no request waits for
	end  context.CancelFunc
	wg   sync.WaitGroup // all goroutines of all sockets
}

// maxReads is how many read the log at the same time: as many as are useful,
// and not so many that nobody else gets a connection to the database.
const maxReads = 4

// New returns the door.
func New(deps Deps) *Door {
	if deps.Address == nil {
		deps.Address = peer
	}
	if deps.LegacyLogin == nil {
		deps.LegacyLogin = func(merchant.Project) bool { return true }
	}
	d := &Door{deps: deps, limits: deps.Limits.withDefaults(), feeds: map[int64]*feed{}, reads: make(chan struct{}, maxReads)}
	d.life, d.end = context.WithCancel(context.Background())
	return d
}

func peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// Upgrade reports whether a request asks for a websocket.
func Upgrade(r *http.Request) bool {
	return r.Method == http.MethodGet && hasToken(r.Header["Connection"], "upgrade") && hasToken(r.Header["Upgrade"], "websocket")
}

func hasToken(lines []string, token string) bool {
	for _, line := range lines {
		for t := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}

// ServeHTTP upgrades and returns: what reads and writes then are goroutines of
// the socket's own, smaller than the one a request has.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !Upgrade(r) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this address speaks websocket", http.StatusUpgradeRequired)
		return
	}
	address := d.deps.Address(r)
	if !d.upgrades.allow(address, d.limits.Upgrades, time.Now()) {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many connections from this address", http.StatusTooManyRequests)
		return
	}
	t, err := d.login(r.Context(), r, address)
	if err != nil {
		d.deps.Logger.Error("socket login", "err", err)
		w.Header().Set("Retry-After", "5")
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	d.open(w, r, t)
}

// open upgrades a request whose login was decided.
func (d *Door) open(w http.ResponseWriter, r *http.Request, t ticket) {
	f, ok := d.enter(&t)
	if !ok {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many sockets", http.StatusServiceUnavailable)
		return
	}
	s := &socket{door: d, feed: f, ticket: t, last: t.after, behind: t.refusal == nil}
	if err := s.upgrade(w, r); err != nil { // the answer was given
		d.leave(s)
		d.wg.Done()
		return
	}
	if err := s.greet(); err != nil {
		_ = s.conn.CloseNow()
		d.leave(s)
		d.wg.Done()
		return
	}
	d.join(s)
	go s.read()
}

// enter counts a socket in before it is upgraded, so that two cannot take the
// last place. A project without a place turns the ticket into a refusal; false
// when there is none left for refusals either, or the door is being closed.
func (d *Door) enter(t *ticket) (*feed, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.refusal == nil {
		switch f := d.feeds[t.project]; {
		case d.count >= d.limits.Sockets:
			t.refuse(websocket.StatusTryAgainLater, "too many sockets")
		case f != nil && f.count >= d.limits.ProjectSockets:
			t.refuse(websocket.StatusTryAgainLater, "too many sockets of this project")
		}
	}
	f := d.feeds[t.project]
	if f == nil {
		f = &feed{project: t.project, seen: t.head, sockets: map[*socket]struct{}{}}
	}
	if d.stopping || t.refusal != nil && f.count >= d.limits.Refused {
		return nil, false
	}
	d.feeds[t.project] = f
	f.count++
	if t.refusal == nil {
		d.count++
	}
	d.wg.Add(1) // released when the socket's reader ends
	return f, true
}

// join makes an upgraded socket known and starts its writer.
func (d *Door) join(s *socket) {
	s.nextPing(time.Now())
	d.mu.Lock()
	s.feed.add(s)
	stopping := d.stopping
	d.mu.Unlock()
	s.begin()
	if stopping {
		s.leave(websocket.StatusGoingAway, goodbye)
	}
}

// leave undoes enter and join.
func (d *Door) leave(s *socket) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.feed.remove(s)
	if s.feed.count--; s.feed.count == 0 {
		delete(d.feeds, s.feed.project)
	}
	if s.refusal == nil {
		d.count--
	}
}

// all returns the sockets that are open.
func (d *Door) all() []*socket {
	d.mu.Lock()
	defer d.mu.Unlock()
	var sockets []*socket
	for _, f := range d.feeds {
		sockets = append(sockets, f.members()...)
	}
	return sockets
}

// Count is how many logged-in sockets are open.
func (d *Door) Count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

const goodbye = "the gateway stops"

// Close takes no new sockets, sends what is committed, says goodbye to all and
// returns when they are gone, or, with the context's error, when it has ended
// and they were cut off. [Door.Run] must have returned.
func (d *Door) Close(ctx context.Context) error {
	d.mu.Lock()
	d.stopping = true
	d.mu.Unlock()
	if err := d.step(ctx); err != nil {
		d.deps.Logger.Warn("last events for sockets", "err", err)
	}
	for _, s := range d.all() {
		s.leave(websocket.StatusGoingAway, goodbye)
	}
	gone := make(chan struct{})
	go func() { d.wg.Wait(); close(gone) }()
	select {
	case <-gone:
		d.end()
		return nil
	case <-ctx.Done():
	}
	d.end()
	for _, s := range d.all() {
		_ = s.wire.Close()
	}
	<-gone
	return ctx.Err()
}
