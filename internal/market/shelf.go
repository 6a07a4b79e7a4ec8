package market

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// rest is how long a list is handed out without asking whether it has changed.
const rest = time.Second

// shelf holds the newest list of a game, and the names of which this process
// has moved items since it was made.
type shelf struct {
	now    atomic.Pointer[list]
	mu     sync.Mutex // held by the one who makes the next list
	noting sync.Mutex
	moved  map[string]struct{}
}

// list is a snapshot with what searching it needs. It is never changed.
type list struct {
	Snapshot
	source  source
	checked time.Time // wall time of the last look for changes; monotonic
	read    time.Time // when everything was read, or seen to be as it is here
	reading time.Duration
	all     []*Name // by name, also those without a price
	cheap   []*Name // on sale, by price, then by name
	phased  []*Name // those of them with rows that have a phase
	folded  string  // the names of cheap in lower case, with a mark between them
	starts  []int   // where in folded each begins
}

// between stands between the names that are searched; no name has it.
const between = "\x00"

// source tells whether bots or prices have changed as a whole.
type source struct{ items, prices int64 }

// Another process tells nobody which items it has moved, so everything is read
// again after a while: the longer it takes, the more rarely.
const (
	rereadAfter = 5 * time.Second
	rereadShare = 50
)

func (l *list) old(src source, at time.Time) bool {
	return l.source.items != src.items || at.Sub(l.read) > max(rereadAfter, rereadShare*l.reading)
}

func (s *Service) shelf(app steam.AppID) *shelf {
	if sh, ok := s.shelves.Load(app); ok {
		return sh.(*shelf)
	}
	sh, _ := s.shelves.LoadOrStore(app, &shelf{moved: map[string]struct{}{}})
	return sh.(*shelf)
}

// note remembers that items of a name have moved, when there is a list of them.
func (s *Service) note(app steam.AppID, name string) {
	if sh, ok := s.shelves.Load(app); ok {
		sh.(*shelf).note(name)
	}
}

func (sh *shelf) note(names ...string) {
	sh.noting.Lock()
	defer sh.noting.Unlock()
	for _, n := range names {
		sh.moved[n] = struct{}{}
	}
}

// noted returns what has moved and forgets it. Whoever reads afterwards sees the
// moves; who fails to must note them again.
func (sh *shelf) noted() (names []string) {
	sh.noting.Lock()
	defer sh.noting.Unlock()
	for n := range sh.moved {
		names = append(names, n)
	}
	clear(sh.moved)
	return names
}

// current returns the list, making it when it is old and something changed.
// While one does, the others get the list before; only for the first one they
// wait.
func (sh *shelf) current(ctx context.Context, s *Service, app steam.AppID, now time.Time) (*list, error) {
	return sh.within(ctx, s, app, now, rest)
}

// within returns a list that was looked at within an age, or that somebody else
// is just looking at.
func (sh *shelf) within(ctx context.Context, s *Service, app steam.AppID, now time.Time, age time.Duration) (*list, error) {
	l := sh.now.Load()
	if l != nil && time.Since(l.checked) < age {
		return l, nil
	}
	if l == nil {
		sh.mu.Lock()
	} else if !sh.mu.TryLock() {
		return l, nil
	}
	defer sh.mu.Unlock()
	l = sh.now.Load()
	if l != nil && time.Since(l.checked) < age {
		return l, nil
	}
	moved := sh.noted()
	next, err := s.next(ctx, app, l, moved, now)
	if err != nil {
		sh.note(moved...)
		return nil, err
	}
	sh.now.Store(next)
	return next, nil
}

// next makes the list after l, which is nil at first. Versions are read before
// the rows: what changes in between makes the list after it, never none.
func (s *Service) next(ctx context.Context, app steam.AppID, l *list, moved []string, now time.Time) (*list, error) {
	n := &list{checked: time.Now(), source: source{items: s.fleet.Version(), prices: s.pricing.Version()}}
	var err error
	if l == nil || l.old(n.source, n.checked) {
		n.all, err = s.readAll(ctx, app, l)
		n.read, n.reading = time.Now(), time.Since(n.checked)
	} else {
		n.all, err = s.readMoved(ctx, app, l, moved)
		n.read, n.reading = l.read, l.reading
	}
	if err != nil {
		return nil, err
	}
	if l == nil || l.source.prices != n.source.prices {
		for i, name := range n.all {
			price, ok := s.pricing.SellOut(app, name.Name)
			n.all[i] = name.at(price, ok)
		}
	}
	if l != nil && slices.Equal(l.all, n.all) {
		same := *l
		same.source, same.checked, same.read, same.reading = n.source, n.checked, n.read, n.reading
		return &same, nil
	}
	n.Version, n.Updated = s.made.Add(1), now
	n.index()
	return n, nil
}

// readAll reads every name; those that are as they were in l stay.
func (s *Service) readAll(ctx context.Context, app steam.AppID, l *list) ([]*Name, error) {
	found, err := s.onSale(ctx, onSaleSQL, int64(app))
	if err != nil {
		return nil, err
	}
	all := make([]*Name, 0, len(found))
	for name, rows := range found {
		all = append(all, s.renewed(l, app, name, rows))
	}
	slices.SortFunc(all, byName)
	return all, nil
}

// readMoved reads the names of which items have moved; the others stay.
func (s *Service) readMoved(ctx context.Context, app steam.AppID, l *list, moved []string) ([]*Name, error) {
	all := slices.Clone(l.all)
	for _, name := range moved {
		found, err := s.onSale(ctx, onSaleNamedSQL, int64(app), name)
		if err != nil {
			return nil, err
		}
		i, known := find(all, name)
		rows := found[name]
		switch {
		case len(rows) == 0 && known:
			all = slices.Delete(all, i, i+1)
		case len(rows) == 0:
		case known:
			all[i] = s.renewed(l, app, name, rows)
		default:
			all = slices.Insert(all, i, s.renewed(l, app, name, rows))
		}
	}
	return all, nil
}

// renewed is a name with rows just read: as it was in l, when it is.
func (s *Service) renewed(l *list, app steam.AppID, name string, rows []Row) *Name {
	if l != nil {
		if i, ok := find(l.all, name); ok && l.all[i].holds(rows) {
			return l.all[i]
		}
	}
	price, ok := s.pricing.SellOut(app, name)
	return newName(rows, price, ok)
}

func find(in []*Name, name string) (int, bool) {
	return slices.BinarySearchFunc(in, name, func(n *Name, want string) int { return strings.Compare(n.Name, want) })
}

func byName(a, b *Name) int { return strings.Compare(a.Name, b.Name) }

// index prepares the search in what has a price.
func (l *list) index() {
	for _, n := range l.all {
		if n.priced {
			l.Names = append(l.Names, n)
		}
	}
	l.cheap = slices.Clone(l.Names)
	slices.SortFunc(l.cheap, byPrice)
	var folded strings.Builder
	for _, n := range l.cheap {
		l.starts = append(l.starts, folded.Len())
		folded.WriteString(n.folded)
		folded.WriteString(between)
		if n.phased {
			l.phased = append(l.phased, n)
		}
	}
	l.folded = folded.String()
}

func byPrice(a, b *Name) int { return cmp.Or(cmp.Compare(a.Price, b.Price), byName(a, b)) }
