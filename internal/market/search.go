package market

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
)

// Search returns up to limit items on sale, the cheapest first, whose name
// contains part in any case, or is exactly one of names. A name with a phase
// finds only items of that phase. Empty arguments find nothing.
func (s *Service) Search(ctx context.Context, app steam.AppID, part string, names []string, limit int, now time.Time) ([]Row, error) {
	l, err := s.shelf(app).current(ctx, s, app, now)
	if err != nil {
		return nil, err
	}
	return cheapest(append(l.containing(part, limit), l.called(names)...), limit), nil
}

// match is rows of one name, which have one price, by id.
type match []Row

// cheapest takes rows from the cheapest names on until there are enough, so that
// a search that matches everything sorts little.
func cheapest(matches []match, limit int) (found []Row) {
	slices.SortStableFunc(matches, func(a, b match) int { return cmp.Compare(a[0].Price, b[0].Price) })
	for i, m := range matches {
		if len(found) >= limit && m[0].Price > matches[i-1][0].Price {
			break
		}
		found = append(found, m[:min(len(m), limit)]...)
	}
	slices.SortFunc(found, func(a, b Row) int { return cmp.Or(cmp.Compare(a.Price, b.Price), cmp.Compare(a.ID, b.ID)) })
	found = slices.CompactFunc(found, func(a, b Row) bool { return a.ID == b.ID })
	return found[:min(limit, len(found))]
}

// containing walks over the names from the cheapest on and stops when there are
// enough rows; a name with a phase is looked at by itself.
func (l *list) containing(part string, limit int) (found []match) {
	part = strings.ToLower(part)
	if part == "" || strings.Contains(part, between) {
		return nil
	}
	rows := 0
	var last money.Amount
	for at := 0; ; {
		i := strings.Index(l.folded[at:], part)
		if i < 0 {
			break
		}
		n, exact := slices.BinarySearch(l.starts, at+i)
		if !exact {
			n--
		}
		m := match(l.Rows[l.cheap[n].from:l.cheap[n].to])
		if rows >= limit && m[0].Price > last {
			break
		}
		found = append(found, m)
		rows, last = rows+len(m), m[0].Price
		if n+1 == len(l.starts) {
			break
		}
		at = l.starts[n+1]
	}
	for _, n := range l.phased {
		if rows := l.inPhase(n, part); rows != nil {
			found = append(found, rows)
		}
	}
	return found
}

// inPhase are the rows that are found by their phase only.
func (l *list) inPhase(n name, part string) (rows match) {
	for _, r := range l.Rows[n.from:n.to] {
		if r.Phase != "" && strings.Contains(strings.ToLower(r.PhaseName()), part) {
			rows = append(rows, r)
		}
	}
	return rows
}

func (l *list) called(names []string) (found []match) {
	for _, wanted := range names {
		for _, as := range readings(wanted) {
			if rows := l.listed(as); rows != nil {
				found = append(found, rows)
			}
		}
	}
	return found
}

func (l *list) listed(as listed) (found []Row) {
	i, ok := slices.BinarySearchFunc(l.names, as.name, func(n name, want string) int {
		return strings.Compare(l.Rows[n.from].Name, want)
	})
	if !ok {
		return nil
	}
	for _, r := range l.Rows[l.names[i].from:l.names[i].to] {
		if as.phase == "" || r.Phase == as.phase {
			found = append(found, r)
		}
	}
	return found
}
