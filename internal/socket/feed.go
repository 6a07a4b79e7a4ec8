package socket

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/skinrail/skinrail/internal/merchant"
)

const (
	// maxRecent is how many frames a feed keeps for sockets that fell behind.
	maxRecent = 256
	// recentFor is how long it keeps them when nothing new comes.
	recentFor = 10 * time.Second
)

// feed is a project with sockets. Locks are taken in the order door, feed,
// socket.
type feed struct {
	project int64
	count   int // sockets, also those being upgraded; belongs to the door

	mu        sync.Mutex
	sockets   map[*socket]struct{}
	numbered  int     // sockets that show numbers
	seen      int64   // live sockets have been given everything up to here
	recent    []frame // what was given last, without holes
	gave      time.Time
	inspected time.Time
	retry     time.Time // not to be read before, after an event that could not be shown
}

func (f *feed) add(s *socket) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sockets[s] = struct{}{}
	if s.numbered {
		f.numbered++
	}
}

func (f *feed) remove(s *socket) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.sockets[s]; ok && s.numbered {
		f.numbered--
	}
	delete(f.sockets, s)
}

func (f *feed) members() []*socket {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.sockets))
}

// place is how far the feed is, and whether anybody wants to see numbers.
func (f *feed) place() (seen int64, numbered bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen, f.numbered > 0
}

// lags reports whether there is something to read, with the log at head.
func (f *feed) lags(head int64, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen < head && !now.Before(f.retry)
}

// postpone keeps the feed from being read at every wake-up.
func (f *feed) postpone(until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.retry = until
}

// rejoin makes a socket live if it has seen what the live ones have. Otherwise
// it returns what the feed remembers of what the socket lacks, if it does.
func (f *feed) rejoin(s *socket) (joined bool, recent []frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.last >= f.seen {
		s.live = true
		s.mu.Lock()
		s.behind, s.fell = false, time.Time{}
		s.mu.Unlock()
		return true, nil
	}
	if len(f.recent) > 0 && f.recent[0].seq <= s.last+1 {
		return false, f.recent[s.last+1-f.recent[0].seq:]
	}
	return false, nil
}

// give hands what was read to the live sockets.
func (f *feed) give(frames []frame, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.sockets {
		if s.live {
			s.push(frames)
		}
	}
	if n := len(f.recent); n > 0 && f.recent[n-1].seq != frames[0].seq-1 {
		f.recent = nil
	}
	f.recent = append(f.recent, frames...)
	if n := len(f.recent); n > 2*maxRecent { // a new one: readers hold the old one
		f.recent = append(make([]frame, 0, 2*maxRecent), f.recent[n-maxRecent:]...)
	}
	f.seen, f.gave = frames[len(frames)-1].seq, now
}

// inspect sends away who may not be here any more.
func (f *feed) inspect(may func(ticket, merchant.Project, merchant.Secrets) bool, p merchant.Project, k merchant.Secrets, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inspected = now
	for s := range f.sockets {
		if !may(s.ticket, p, k) {
			s.live = false
			s.leave(websocket.StatusPolicyViolation, "this login is not good any more")
		}
	}
}

// inspectAgain is how often a busy feed is inspected; projects and secrets are
// a second old at most themselves.
const inspectAgain = time.Second

func (f *feed) inspectedLately(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return now.Sub(f.inspected) < inspectAgain
}

// rest frees what a quiet feed need not remember, and returns the sockets whose
// ping is due.
func (f *feed) rest(now time.Time) (due []*socket) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.gave) > recentFor {
		f.recent = nil
	}
	for s := range f.sockets {
		if !now.Before(s.pingAt) {
			due = append(due, s)
			s.nextPing(now)
		}
	}
	return due
}
