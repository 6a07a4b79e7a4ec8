package ledger

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/db"
)

// mostNamed is how many parts of the facts are read again to name the orders in
// them; of further ones it is only said that something is wrong.
const mostNamed = 16

// names is what the orders in parts that differ say, and what the books say.
type names struct {
	parts   map[*uint64]bool
	stories map[string]*story
}

// story is one order in words, by references.
type story struct {
	state       string // empty: nobody has spoken
	wants, says map[string]string
	ids         map[string]int64 // of transactions
}

// name reads the books and the orders again.
func (o *compared) name(ctx context.Context, q db.Querier) error {
	c := o.claims
	n := &names{parts: map[*uint64]bool{}, stories: map[string]*story{}}
	var more int64
	for i := range c.facts.parts {
		switch part := &c.facts.parts[i]; {
		case *part == 0:
		case len(n.parts) < mostNamed:
			n.parts[part] = true
		default:
			more++
		}
	}
	c.named = n
	if err := eachRecord(ctx, q, o.transaction); err != nil {
		return err
	}
	if err := eachHold(ctx, q, o.hold); err != nil {
		return err
	}
	if err := o.speak(ctx, q); err != nil {
		return err
	}
	n.tell(c.r)
	if more > 0 {
		c.r.wrong(ordersBooked, more, "the books and the orders do not say the same")
	}
	return nil
}

func eachRecord(ctx context.Context, q db.Querier, see func(record)) error {
	for after := int64(math.MinInt64); ; {
		all, end, more, err := page(ctx, q, after, maxSeal)
		if err != nil || !more {
			return err
		}
		for _, r := range all {
			see(r)
		}
		after = end
	}
}

// of is the story of an order, nil for those that nobody asked about.
func (n *names) of(c *Claims, owner string) *story {
	if !n.parts[c.facts.part(owner)] {
		return nil
	}
	s := n.stories[owner]
	if s == nil {
		s = &story{wants: map[string]string{}, says: map[string]string{}, ids: map[string]int64{}}
		n.stories[owner] = s
	}
	return s
}

func (n *names) speaks(c *Claims) {
	if s := n.of(c, c.order.name); s != nil {
		s.state = c.order.state
	}
}

func (n *names) want(c *Claims, ref string, at int64, entries []Entry) {
	s := n.of(c, c.order.name)
	if s == nil {
		return
	}
	var lines []string
	for _, e := range entries {
		if e.Amount != 0 {
			lines = append(lines, fmt.Sprintf("%s %d", e.Account, int64(e.Amount)))
		}
	}
	s.wants[ref] = told(ref, lines, at)
}

func (n *names) found(c *Claims, r record, all map[int64]*holder) {
	s := n.of(c, ownerOf(r.ref))
	if s == nil {
		return
	}
	var lines []string
	for _, l := range r.lines {
		lines = append(lines, fmt.Sprintf("%s %d", pathOf(all)(l.account), l.amount))
	}
	s.says[r.ref], s.ids[r.ref] = told(r.ref, lines, r.at), r.id
}

// told is a transaction in words, the same whatever the order of its entries.
func told(ref string, lines []string, at int64) string {
	slices.Sort(lines)
	text := strings.Join(lines, ", ")
	if timed(ref) {
		text += " at " + strconv.FormatInt(at, 10)
	}
	return text
}

const endOf = "the end of "

func (n *names) wantEnd(c *Claims, notBefore int64) {
	if s := n.of(c, c.order.name); s != nil {
		s.wants[endOf+c.order.name] = strconv.FormatInt(notBefore, 10)
	}
}

func (n *names) foundEnd(c *Claims, r holdRow) {
	if s := n.of(c, r.id); s != nil {
		s.says[endOf+r.id] = strconv.FormatInt(r.notBefore, 10)
	}
}

// tell names each order whose stories differ, in the order of the books.
func (n *names) tell(r *Report) {
	owners := slices.Collect(maps.Keys(n.stories))
	slices.SortFunc(owners, func(a, b string) int {
		return cmp.Or(cmp.Compare(n.stories[a].first(), n.stories[b].first()), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	for _, owner := range owners {
		s := n.stories[owner]
		what := s.differs(owner)
		switch {
		case what == "":
		case s.state == "":
			r.wrong(ordersOwn, 1, "%s, and there is no such order", what)
		default:
			r.wrong(ordersBooked, 1, "%s is %s: %s", owner, s.state, what)
		}
	}
}

// first is the first transaction of an order.
func (s *story) first() int64 {
	first := int64(math.MaxInt64)
	for ref := range s.ids {
		first = min(first, s.id(ref))
	}
	return first
}

// id is that of a transaction, after all others when there is none.
func (s *story) id(ref string) int64 {
	if id, there := s.ids[ref]; there {
		return id
	}
	return math.MaxInt64
}

// differs says where the two first differ; empty when they do not.
func (s *story) differs(owner string) string {
	refs := slices.Collect(maps.Keys(s.wants))
	for ref := range s.says {
		if _, both := s.wants[ref]; !both {
			refs = append(refs, ref)
		}
	}
	slices.SortFunc(refs, func(a, b string) int { return cmp.Or(cmp.Compare(s.id(a), s.id(b)), cmp.Compare(a, b)) })
	for _, ref := range refs {
		want, wanted := s.wants[ref]
		said, there := s.says[ref]
		is := fmt.Sprintf("transaction %d (%s)", s.ids[ref], ref)
		if strings.HasPrefix(ref, endOf) {
			is = "hold " + owner + " not before"
		}
		switch {
		case !there:
			return fmt.Sprintf("%s is not in the books, expected %s", ref, want)
		case !wanted:
			return fmt.Sprintf("%s %s is not expected", is, said)
		case want != said:
			return fmt.Sprintf("%s %s, expected %s", is, said, want)
		}
	}
	return ""
}
