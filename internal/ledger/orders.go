package ledger

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/money"
)

// Orders is whose rows an audit compares with the books. Each of Books tells for
// all rows of a room, as they are now, what they say of the books: every
// transaction but debts that are paid back must be claimed by one of them.
type Orders struct {
	Books []func(ctx context.Context, q db.Querier, c *Claims) error
	Given []string // the kinds of transactions that nobody claims
}

// Claims takes what orders say of the books.
type Claims struct {
	r     *Report
	ids   map[Account]int64
	facts facts
	sums  map[sum]kept
	order order // who is speaking
	named *names
}

// order is one of them, as people are told of it.
type order struct{ name, state string }

// sum names a running sum of orders.
type sum struct{ name, of string }

type kept struct{ made, stored money.Amount }

// facts compares two lists of facts in one pass over each, whatever their order,
// as [holds] does; in parts by whose they are, so that only those of parts that
// differ are looked at again.
type facts struct {
	seed  maphash.Seed
	parts [1024]uint64
}

// What stands for an account in facts that are times.
const (
	factAt        = -1
	factNotBefore = -2
)

func (f *facts) part(owner string) *uint64 {
	return &f.parts[maphash.String(f.seed, owner)%uint64(len(f.parts))]
}

func (f *facts) of(ref string, account, amount int64) uint64 {
	return maphash.Comparable(f.seed, [3]int64{int64(maphash.String(f.seed, ref)), account, amount}) // #nosec G115 -- a hash
}

// Order begins what an order says; its name is kind/id.
func (c *Claims) Order(kind string, id int64, state string) {
	c.order = order{kind + "/" + strconv.FormatInt(id, 10), state}
	if c.named == nil {
		c.r.examined(ordersBooked, 1)
		c.r.examined(ordersWhole, 1)
		return
	}
	c.named.speaks(c)
}

// Says claims a transaction with the ref verb/kind/id, or kind/id without a verb:
// its entries and, but for those that make a hold, its time in µs.
func (c *Claims) Says(verb string, at int64, entries ...Entry) {
	ref := c.order.name
	if verb != "" {
		ref = verb + "/" + ref
	}
	if c.named != nil {
		c.named.want(c, ref, at, entries)
		return
	}
	part := c.facts.part(c.order.name)
	for _, e := range entries {
		if e.Amount != 0 {
			*part -= c.facts.of(ref, c.ids[e.Account], int64(e.Amount))
		}
	}
	if timed(ref) {
		*part -= c.facts.of(ref, factAt, at)
	}
}

// Holds claims that the order's hold was made, and before which moment, in µs,
// it does not end.
func (c *Claims) Holds(from, to Account, amount money.Amount, notBefore int64) {
	c.Says(kindHold, 0, Entry{from, -amount}, Entry{to, amount})
	if c.named != nil {
		c.named.wantEnd(c, notBefore)
		return
	}
	*c.facts.part(c.order.name) -= c.facts.of(c.order.name, factNotBefore, notBefore)
}

// Wrong says what the order's row alone shows not to be right.
func (c *Claims) Wrong(format string, args ...any) {
	if c.named == nil {
		c.r.wrong(ordersWhole, 1, c.order.name+" is "+c.order.state+": "+format, args...)
	}
}

// Adds counts an order into a running sum of somebody, and Kept tells what is
// stored of one.
func (c *Claims) Adds(name, of string, amount money.Amount) {
	s := c.sums[sum{name, of}]
	s.made += amount
	c.sums[sum{name, of}] = s
}

// Kept is told once for each running sum that is stored.
func (c *Claims) Kept(name, of string, amount money.Amount) {
	s := c.sums[sum{name, of}]
	s.stored = amount
	c.sums[sum{name, of}] = s
}

// timed reports whether orders know when a transaction was booked. When a hold
// was made stands in the hold.
func timed(ref string) bool { return !strings.HasPrefix(ref, kindHold+"/") }

// ownerOf is the order that a transaction is of, by its reference.
func ownerOf(ref string) string {
	if id := strings.LastIndexByte(ref, '/'); id > 0 {
		return ref[strings.LastIndexByte(ref[:id], '/')+1:]
	}
	return ref
}

// compared is an audit's comparison with orders.
type compared struct {
	Orders
	claims *Claims
	all    map[int64]*holder
}

func (o Orders) compare(r *Report, all map[int64]*holder) *compared {
	if len(o.Books) == 0 {
		return nil
	}
	r.examined(ordersOwn, 0)
	ids := map[Account]int64{}
	for id, h := range all {
		ids[h.path] = id
	}
	return &compared{o, &Claims{r: r, ids: ids, facts: facts{seed: maphash.MakeSeed()}, sums: map[sum]kept{}}, all}
}

// transaction counts one that an order must claim.
func (o *compared) transaction(r record) {
	if o == nil || slices.Contains(o.Given, r.kind) || o.repays(r) {
		return
	}
	c := o.claims
	if c.named != nil {
		c.named.found(c, r, o.all)
		return
	}
	c.r.examined(ordersOwn, 1)
	part := c.facts.part(ownerOf(r.ref))
	for _, l := range r.lines {
		*part += c.facts.of(r.ref, l.account, l.amount)
	}
	if timed(r.ref) {
		*part += c.facts.of(r.ref, factAt, r.at)
	}
}

// repays reports whether a transaction pays a debt back: that follows from
// another one.
func (o *compared) repays(r record) bool {
	if r.kind != kindRepay || len(r.lines) != 2 || o.all[r.lines[0].account] == nil || o.all[r.lines[1].account] == nil {
		return false
	}
	owner, ok := o.all[r.lines[0].account].path.owes()
	return ok && owner == o.all[r.lines[1].account].path && r.lines[0].amount < 0
}

func (o *compared) hold(r holdRow) {
	if o == nil {
		return
	}
	c := o.claims
	if c.named != nil {
		c.named.foundEnd(c, r)
		return
	}
	*c.facts.part(r.id) += c.facts.of(r.id, factNotBefore, r.notBefore)
}

// ask lets the orders speak, and compares.
func (o *compared) ask(ctx context.Context, q db.Querier) error {
	if o == nil {
		return nil
	}
	if err := o.speak(ctx, q); err != nil {
		return err
	}
	o.claims.checkSums()
	for _, part := range o.claims.facts.parts {
		if part != 0 {
			return o.name(ctx, q)
		}
	}
	return nil
}

func (o *compared) speak(ctx context.Context, q db.Querier) error {
	for _, books := range o.Books {
		if err := books(ctx, q, o.claims); err != nil {
			return err
		}
	}
	return nil
}

func (c *Claims) checkSums() {
	var all []sum
	for s := range c.sums {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b sum) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(len(a.of), len(b.of)), strings.Compare(a.of, b.of))
	})
	c.r.examined(ordersSums, int64(len(all)))
	for _, s := range all {
		if k := c.sums[s]; k.made != k.stored {
			c.r.wrong(ordersSums, 1, "%s %s is %d, its orders sum to %d", s.name, s.of, k.stored, k.made)
		}
	}
}
