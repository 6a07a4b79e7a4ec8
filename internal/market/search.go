package market

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

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
	found := l.containing(part)
	found = append(found, l.called(names)...)
	slices.SortFunc(found, func(a, b Row) int { return cmp.Or(cmp.Compare(a.Price, b.Price), cmp.Compare(a.ID, b.ID)) })
	found = slices.CompactFunc(found, func(a, b Row) bool { return a.ID == b.ID })
	return found[:min(limit, len(found))], nil
}

func (l *list) containing(part string) (found []Row) {
	part = strings.ToLower(part)
	if part == "" {
		return nil
	}
	for _, n := range l.names {
		if strings.Contains(n.folded, part) {
			found = append(found, l.Rows[n.from:n.to]...)
			continue
		}
		for _, r := range l.Rows[n.from:n.to] {
			if r.Phase != "" && strings.Contains(strings.ToLower(r.PhaseName()), part) {
				found = append(found, r)
			}
		}
	}
	return found
}

func (l *list) called(names []string) (found []Row) {
	for _, wanted := range names {
		for _, as := range readings(wanted) {
			found = append(found, l.listed(as)...)
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
