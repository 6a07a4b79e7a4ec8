package market

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// rest is how long a list is handed out without asking whether it has changed.
const rest = time.Second

// shelf holds the newest list of a game.
type shelf struct {
	now atomic.Pointer[list]
	mu  sync.Mutex // held by the one who builds
}

// list is a snapshot with what searching it needs. It is never changed.
type list struct {
	Snapshot
	source  source
	checked time.Time // wall time of the last look for changes; monotonic
	names   []name    // by name
	cheap   []name    // by price
	phased  []name    // with rows that have a phase
	folded  string    // the names in lower case, by price, with a mark between them
	starts  []int     // where in folded each name of cheap begins
}

// between stands between the names that are searched; no name has it.
const between = "\x00"

// source tells whether a list is still up to date.
type source struct{ items, prices, moves int64 }

// name is one plain name and where its rows stand.
type name struct {
	from, to int
}

func (s *Service) shelf(app steam.AppID) *shelf {
	if sh, ok := s.shelves.Load(app); ok {
		return sh.(*shelf)
	}
	sh, _ := s.shelves.LoadOrStore(app, &shelf{})
	return sh.(*shelf)
}

// source reads the versions before the rows are read: what changes in between
// makes the next list, never none.
func (s *Service) source() source {
	select {
	case <-s.woken:
		s.moves.Add(1)
	default:
	}
	return source{items: s.fleet.Version(), prices: s.pricing.Version(), moves: s.moves.Load()}
}

// current returns the list, building it when it is old and something changed.
// While one builds, the others get the list before; only for the first one they
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
	checked, src := time.Now(), s.source()
	if l != nil && l.source == src {
		same := *l
		same.checked = checked
		sh.now.Store(&same)
		return &same, nil
	}
	rows, err := s.onSale(ctx, app)
	if err != nil {
		return nil, fmt.Errorf("list what is on sale: %w", err)
	}
	l = newList(rows)
	l.Version, l.Updated, l.source, l.checked = s.made.Add(1), now, src, checked
	sh.now.Store(l)
	return l, nil
}

// newList sorts rows into names and groups.
func newList(rows []Row) *list {
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	l := &list{Snapshot: Snapshot{Rows: rows}}
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].Name == rows[from].Name {
			to++
		}
		l.names = append(l.names, name{from, to})
		l.Groups = append(l.Groups, groups(rows[from:to])...)
		from = to
	}
	l.index()
	return l
}

// index prepares the search.
func (l *list) index() {
	l.cheap = slices.Clone(l.names)
	slices.SortStableFunc(l.cheap, func(a, b name) int { return cmp.Compare(l.Rows[a.from].Price, l.Rows[b.from].Price) })
	var folded strings.Builder
	for _, n := range l.cheap {
		l.starts = append(l.starts, folded.Len())
		folded.WriteString(strings.ToLower(l.Rows[n.from].Name))
		folded.WriteString(between)
		if slices.ContainsFunc(l.Rows[n.from:n.to], func(r Row) bool { return r.Phase != "" }) {
			l.phased = append(l.phased, n)
		}
	}
	l.folded = folded.String()
}

// groups counts the rows of one name, and beside it each phase.
func groups(rows []Row) []Group {
	first := rows[0]
	all := []Group{{Name: first.Name, Price: first.Price, ClassID: first.ClassID, Count: len(rows)}}
	for _, r := range rows {
		all[0].Price = min(all[0].Price, r.Price)
		if r.Phase == "" {
			continue
		}
		listed := r.PhaseName()
		i := slices.IndexFunc(all[1:], func(g Group) bool { return g.Name == listed }) + 1
		switch {
		case listed == "":
		case i == 0:
			all = append(all, Group{Name: listed, Price: r.Price, ClassID: r.ClassID, Count: 1})
		default:
			all[i].Count++
			all[i].Price = min(all[i].Price, r.Price)
		}
	}
	slices.SortFunc(all[1:], func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return all
}
