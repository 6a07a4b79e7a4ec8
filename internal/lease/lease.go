package lease

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/lease/sqlc"
)

// Topic is woken when leases were given back.
const Topic = "lease"

// Length is how long a process may be silent before others take over what it
// held, when nothing else is set.
const Length = 5 * time.Second

// ErrLost is returned for work under a lease that another process has, or may
// have.
var ErrLost = errors.New("the lease is not held any more")

// Options say who keeps leases.
type Options struct {
	Node   string        // names this run of this process, and no other
	Roles  []string      // of the process; a lease of the name "role/…" is for those with the role
	Length time.Duration // zero: [Length]; the same on all nodes
	// Alone says that no other process can be on the database: what is stored of
	// others is over, and nobody needs to be told of this one.
	Alone bool
	// Gone reports whether another process is proven to have ended. What it held
	// is taken over at once. Nil: never.
	Gone  func(node string) bool
	Clock func() time.Time // monotonic; nil: time.Now
}

// Keeper keeps the leases of one process. Its methods may be called
// concurrently.
type Keeper struct {
	db    *db.DB
	o     Options
	steps sync.Mutex // held by Step and Close
	seen  map[string]sighting
	free  map[string]time.Time // since when a lease was seen to be nobody's

	mu     sync.Mutex
	beat   int64 // the last that was told; 0: none
	wanted map[string]bool
	held   map[string]*lease
	alive  int         // processes that were seen to live, this one too
	until  time.Time   // the leases are trusted until then; not when alone
	end    *time.Timer // at until
}

// lease is what this process holds.
type lease struct {
	name   string
	fence  int64
	ctx    context.Context
	lose   context.CancelFunc
	users  int
	giving bool // to be given back when nobody uses it
}

// New makes the keeper of a process. It holds nothing yet.
func New(d *db.DB, o Options) *Keeper {
	if o.Length == 0 {
		o.Length = Length
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Gone == nil {
		o.Gone = func(string) bool { return false }
	}
	return &Keeper{db: d, o: o, seen: map[string]sighting{}, free: map[string]time.Time{}, wanted: map[string]bool{}, held: map[string]*lease{}}
}

// Want adds names that this process works on when nobody else does.
func (k *Keeper) Want(names ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, n := range names {
		k.wanted[n] = true
	}
}

// Fence is the fencing number of a held lease, 0 of one that is not held.
func (k *Keeper) Fence(name string) int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l := k.held[name]; k.usable(l) {
		return l.fence
	}
	return 0
}

// Count is how many leases this process holds, and how many processes it sees to
// live, itself among them.
func (k *Keeper) Count() (leases, processes int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range k.held {
		if k.usable(l) {
			leases++
		}
	}
	return leases, k.alive
}

// usable is called with k.mu held. The clock decides, not the timer: a process
// that was frozen may be asked before its timer runs.
func (k *Keeper) usable(l *lease) bool {
	return l != nil && !l.giving && (k.o.Alone || k.trusted(k.o.Clock()))
}

// trusted reports whether the leases may be used. The monotonic clock stands
// still while a machine sleeps, the wall does not: the one that is ahead counts.
func (k *Keeper) trusted(now time.Time) bool {
	return now.Before(k.until) && now.Round(0).Before(k.until.Round(0))
}

// Under runs f under a lease: its context ends with the lease, and each write
// made with it is [ErrLost] once another process holds the lease. It reports
// false, and does not call f, when this process does not hold it.
func (k *Keeper) Under(ctx context.Context, name string, f func(context.Context) error) (bool, error) {
	k.mu.Lock()
	l := k.held[name]
	if !k.usable(l) {
		k.mu.Unlock()
		return false, nil
	}
	l.users++
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		l.users--
		k.mu.Unlock()
	}()
	ctx, cancel := context.WithCancelCause(db.Guarded(ctx, l.still))
	defer cancel(nil)
	defer context.AfterFunc(l.ctx, func() { cancel(fmt.Errorf("%s: %w", name, ErrLost)) })()
	return true, f(ctx)
}

// still refuses a write under a lease that is another's, and keeps it from
// becoming another's until the write has ended.
func (l *lease) still(tx *db.Tx) error {
	n, err := sqlc.New(tx).Still(context.Background(), sqlc.StillParams{Name: l.name, Fence: l.fence})
	if err == nil && n == 0 {
		err = fmt.Errorf("%s: %w", l.name, ErrLost)
	}
	return err
}

// role is the part of a lease's name that says who may take it.
func role(name string) string {
	r, _, _ := strings.Cut(name, "/")
	return r
}
