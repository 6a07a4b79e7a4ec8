package market

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// Match is what a search has found of one name: its first Count rows, or, when
// Only is not empty, those, which are of a phase. Rows are by id.
type Match struct {
	Of    *Name
	Count int
	Only  []Row
}

// Search returns up to limit items on sale, the cheapest first, whose name
// contains part in any case, or is exactly one of names. A name with a phase
// finds only items of that phase. Empty arguments find nothing.
func (s *Service) Search(ctx context.Context, app steam.AppID, part string, names []string, limit int, now time.Time) ([]Match, error) {
	l, err := s.shelf(app).current(ctx, s, app, now)
	if err != nil {
		return nil, err
	}
	return cheapest(append(l.containing(part, limit), l.called(names)...), limit), nil
}

// cheapest puts matches in order, makes one of those of the same name, and cuts
// what is too much.
func cheapest(matches []Match, limit int) []Match {
	slices.SortStableFunc(matches, func(a, b Match) int { return byPrice(a.Of, b.Of) })
	found := matches[:0]
	for _, m := range matches {
		if last := len(found) - 1; last >= 0 && found[last].Of == m.Of {
			limit += found[last].Count
			m = found[last].with(m)
			found = found[:last]
		}
		if m = m.cut(limit); m.Count > 0 {
			found = append(found, m)
		}
		limit -= m.Count
	}
	return found
}

// with is both matches of one name.
func (m Match) with(o Match) Match {
	if m.Only == nil {
		return m
	}
	if o.Only == nil {
		return o
	}
	both := slices.Concat(m.Only, o.Only)
	slices.SortFunc(both, func(a, b Row) int { return cmp.Compare(a.ID, b.ID) })
	both = slices.CompactFunc(both, func(a, b Row) bool { return a.ID == b.ID })
	return Match{Of: m.Of, Only: both, Count: len(both)}
}

func (m Match) cut(limit int) Match {
	m.Count = min(m.Count, limit)
	if m.Only != nil {
		m.Only = m.Only[:m.Count]
	}
	return m
}

// containing walks over the names from the cheapest on and stops when there are
// enough rows; a name with a phase is looked at by itself.
func (l *list) containing(part string, limit int) (found []Match) {
	part = strings.ToLower(part)
	if part == "" || strings.Contains(part, between) {
		return nil
	}
	for at, rows := 0, 0; rows < limit; {
		i := strings.Index(l.folded[at:], part)
		if i < 0 {
			break
		}
		n, exact := slices.BinarySearch(l.starts, at+i)
		if !exact {
			n--
		}
		found = append(found, l.cheap[n].whole())
		rows += l.cheap[n].Len()
		if n+1 == len(l.starts) {
			break
		}
		at = l.starts[n+1]
	}
	for _, n := range l.phased {
		found = append(found, n.only(func(r Row) bool { return strings.Contains(strings.ToLower(r.PhaseName()), part) })...)
	}
	return found
}

func (n *Name) whole() Match { return Match{Of: n, Count: n.Len()} }

// only is the rows with a phase that are wanted, if there are any.
func (n *Name) only(wanted func(Row) bool) []Match {
	var rows []Row
	for r := range n.Rows() {
		if r.Phase != "" && wanted(r) {
			rows = append(rows, r)
		}
	}
	if rows == nil {
		return nil
	}
	return []Match{{Of: n, Count: len(rows), Only: rows}}
}

func (l *list) called(names []string) (found []Match) {
	for _, wanted := range names {
		for _, as := range readings(wanted) {
			i, ok := find(l.Names, as.name)
			switch {
			case !ok:
			case as.phase == "":
				found = append(found, l.Names[i].whole())
			default:
				found = append(found, l.Names[i].only(func(r Row) bool { return r.Phase == as.phase })...)
			}
		}
	}
	return found
}
