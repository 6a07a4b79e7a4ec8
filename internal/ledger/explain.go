package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxTries bounds the search for what a changed transaction was.
const maxTries = 200_000

// explain says what is not any more what was sealed. From the short digest it
// finds out what one changed, moved, removed or added entry was; else it shows
// the transaction as it is.
func explain(r record, sealed short, all map[int64]*holder) string {
	name := fmt.Sprintf("transaction %d (%s)", r.id, r.ref)
	s := search{r: r, sealed: sealed, path: pathOf(all), ids: slices.Sorted(maps.Keys(all))}
	for _, try := range []func() string{s.amount, s.account, s.added, s.removed} {
		if what := try(); what != "" {
			return name + ": " + what
		}
	}
	sum := s.d.of(r, s.path)
	return fmt.Sprintf("%s is not what was sealed: it reads %s, digest %x, sealed %x", name, s.show(), sum[:shortSize], sealed)
}

type search struct {
	r      record
	sealed short
	path   func(int64) string
	ids    []int64 // of all accounts
	d      digester
	tries  int
}

// was reports whether these lines are what was sealed.
func (s *search) was(lines []line) bool {
	s.tries++
	r := s.r
	r.lines = lines
	sum := s.d.of(r, s.path)
	return s.tries <= maxTries && short(sum[:shortSize]) == s.sealed
}

func (s *search) entry(l line) string {
	return fmt.Sprintf("entry %d/%d on %s", s.r.id, l.n, s.path(l.account))
}

func (s *search) amount() string {
	for i, l := range s.r.lines {
		lines := slices.Clone(s.r.lines)
		lines[i].amount -= s.r.sum()
		if s.was(lines) {
			return fmt.Sprintf("%s is %d, sealed was %d", s.entry(l), l.amount, lines[i].amount)
		}
	}
	return ""
}

func (s *search) account() string {
	for i, l := range s.r.lines {
		lines := slices.Clone(s.r.lines)
		for _, id := range s.ids {
			if lines[i].account = id; s.was(lines) {
				return fmt.Sprintf("%s of %d was sealed on %s", s.entry(l), l.amount, s.path(id))
			}
		}
	}
	return ""
}

func (s *search) added() string {
	for i, l := range s.r.lines {
		if s.was(slices.Delete(slices.Clone(s.r.lines), i, i+1)) {
			return fmt.Sprintf("%s of %d was not there when it was sealed", s.entry(l), l.amount)
		}
	}
	return ""
}

func (s *search) removed() string {
	for i := range len(s.r.lines) + 1 {
		for _, id := range s.ids {
			gone := line{n: int64(i + 1), account: id, amount: -s.r.sum()}
			if s.was(slices.Insert(slices.Clone(s.r.lines), i, gone)) {
				return fmt.Sprintf("%s of %d is gone", s.entry(gone), gone.amount)
			}
		}
	}
	return ""
}

// show writes the transaction out.
func (s *search) show() string {
	parts := []string{s.r.kind}
	for _, l := range s.r.lines {
		parts = append(parts, fmt.Sprintf("%d/%d %s %d", s.r.id, l.n, s.path(l.account), l.amount))
	}
	return strings.Join(parts, ", ")
}
