package simulation

import (
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/trade"
)

// books is what the checks remember from step to step: they read only what is
// new.
type books struct {
	version          int64
	entry            int64 // transaction whose entries were read last
	tradeMove        int64
	depositMove      int64
	purchaseMove     int64
	event            int64
	accounts, holds  string          // all there are, as they were read last
	cash             string          // the same
	sums             map[int64]int64 // of the entries of an account
	states           map[string]string
	deals            map[string]int   // accepted trades of an order
	events, expected map[string]int   // of a subject
	feed             map[int64]int64  // newest event of a project
	credits          map[string]int64 // of a deposit: what it has been credited with
}

func newBooks() books {
	return books{version: -1, sums: map[int64]int64{}, states: map[string]string{}, deals: map[string]int{},
		events: map[string]int{}, expected: map[string]int{}, feed: map[int64]int64{}, credits: map[string]int64{}}
}

// news is everything that was written since the last look, in one statement. Of
// what changes in its place all is read, as one text: mostly it is as it was.
const news = `
select 'e' as what, e.transaction_id as a, e.account_id as b, e.amount as c, t.ref as s, t.kind as u, '' as o
  from entry e join ledger_transaction t on t.id = e.transaction_id where e.transaction_id > $1
union all select 'a', 0, 0, 0, group_concat(id || ' ' || balance || ' ' || overdraft || ' ' || path), '', '' from account
union all select 'h', 0, 0, 0, coalesce(group_concat(held), ''), '', '' from (select to_account || ' ' || sum(amount) as held from hold where state = 'open' group by to_account)
union all select 't', m.trade_id, m.version, m.rowid, m.from_state, m.to_state, t.owner || ' ' || t.settle_at || ' ' || t.reference
  from trade_move m join trade t on t.id = m.trade_id where m.rowid > $2
union all select 'd', deposit_id, version, rowid, from_state, to_state, note from deposit_move where rowid > $3
union all select 'p', purchase_id, version, rowid, from_state, to_state, note from purchase_move where rowid > $4
union all select 'v', project_id, seq, version, subject, kind, '' from event where rowid > $5
union all select 'c', 0, 0, 0, coalesce(group_concat(id || ' ' || state), ''), '', '' from cash
union all select 'r', max(rowid), 0, 0, '', '', '' from event`

// line is a row of it.
type line struct {
	what    string
	a, b, c int64
	s, u, o string
}

// check looks at everything that the last step has written.
func (r *run) check() {
	if r.wrong != "" {
		r.fail("the gateway caught a panic of its own: %s", r.wrong)
	}
	version, _ := r.place.db.Version()
	if version == r.books.version {
		return
	}
	rows, err := r.place.db.Read().QueryContext(r.ctx, news, r.books.entry, r.books.tradeMove, r.books.depositMove, r.books.purchaseMove, r.books.event)
	if err != nil {
		r.fail("check: %v", err)
	}
	defer func() { _ = rows.Close() }()
	accounts, holds := "", ""
	sums := map[int64]int64{} // of transactions
	for rows.Next() {
		var l line
		var a *int64
		if err := rows.Scan(&l.what, &a, &l.b, &l.c, &l.s, &l.u, &l.o); err != nil {
			r.fail("check: %v", err)
		}
		if a != nil {
			l.a = *a
		}
		switch l.what {
		case "e":
			sums[l.a] += l.c
			r.entry(l)
		case "a":
			accounts = l.s
		case "h":
			holds = l.s
		case "t":
			r.tradeMoved(l)
		case "d":
			r.depositMoved(l)
		case "p":
			r.purchaseMoved(l)
		case "v":
			r.happened(l)
		case "c":
			r.cashMoved(l.s)
		case "r":
			r.books.event = l.a
		}
	}
	if err := rows.Err(); err != nil {
		r.fail("check: %v", err)
	}
	r.books.version = version
	for id, sum := range sums {
		if sum != 0 {
			r.fail("I1: transaction %d sums to %d", id, sum)
		}
	}
	if len(sums) > 0 || accounts != r.books.accounts || holds != r.books.holds {
		r.books.accounts, r.books.holds = accounts, holds
		r.checkBalances(accounts, holds)
	}
	r.checkEvents()
}

func (r *run) entry(l line) {
	r.books.entry = max(r.books.entry, l.a)
	r.books.sums[l.b] += l.c
	if order, of := creditOf(l.s); of && l.c > 0 {
		if before := r.books.credits[order]; before != 0 && before != l.a {
			r.fail("I9: %s is credited twice, by transactions %d and %d", order, before, l.a)
		}
		r.books.credits[order] = l.a
	}
}

// creditOf is the deposit that a transaction credits or gives back: each ends
// once.
func creditOf(ref string) (string, bool) {
	for _, prefix := range []string{"release/", "credit/", "void/"} {
		if order, ok := strings.CutPrefix(ref, prefix); ok {
			return order, true
		}
	}
	return "", false
}

func (r *run) checkBalances(accounts, holds string) {
	held := map[int64]int64{}
	for one := range listed(holds) {
		held[whole(one[0])] = whole(one[1])
	}
	var sum int64
	for one := range listed(accounts) {
		id, balance, path := whole(one[0]), whole(one[1]), one[3]
		sum += balance
		if balance != r.books.sums[id] {
			r.fail("I3: %s holds %d, its entries sum to %d", path, balance, r.books.sums[id])
		}
		if one[2] == "0" && balance < 0 {
			r.fail("I4: %s is overdrawn: %d", path, balance)
		}
		switch _, name, _ := strings.Cut(strings.TrimPrefix(path, "project/"), "/"); name {
		case "held", "in_delivery", "paying_out":
			if balance != held[id] {
				r.fail("I6: %s holds %d, its open holds %d", path, balance, held[id])
			}
		}
	}
	if sum != 0 {
		r.fail("I1: the whole ledger sums to %d", sum)
	}
}

// listed is what [news] reads as one text: rows, each with its words.
func listed(text string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for one := range strings.SplitSeq(text, ",") {
			if one != "" && !yield(strings.Split(one, " ")) {
				return
			}
		}
	}
}

func whole(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64) // a column of numbers
	return n
}

// follows checks that an object goes on from where it was.
func (r *run) follows(object string, l line) {
	if was, seen := r.books.states[object]; seen && was != l.s {
		r.fail("I8: %s moves from %s, it was %s", object, l.s, was)
	}
	r.books.states[object] = l.u
	r.trace.add("  > %s %s → %s %s", object, l.s, l.u, l.o)
}

func (r *run) tradeMoved(l line) {
	r.books.tradeMove = max(r.books.tradeMove, l.c)
	r.follows("trade/"+strconv.FormatInt(l.a, 10), l)
	if !trade.May(trade.State(l.s), trade.State(l.u)) {
		r.fail("I8: trade %d moves from %s to %s", l.a, l.s, l.u)
	}
	r.cover.add("trade", l.s+" → "+l.u)
	about := strings.Split(l.o, " ")
	owner, settle, reference := about[0], about[1], about[2]
	switch trade.State(l.u) {
	case trade.Accepted:
		if r.books.deals[owner]++; r.books.deals[owner] > 1 {
			r.fail("I10: %s has two trades that were accepted", owner)
		}
	case trade.Settled:
		us := whole(settle)
		if early := db.Time(us).Sub(r.clock.steam); us != 0 && early > 6*time.Minute {
			r.fail("I22: trade %d of %s is settled %s early", l.a, owner, early)
		}
	case trade.Declined, trade.Canceled, trade.Expired, trade.Failed:
		if l.s != string(trade.Accepted) && l.s != string(trade.Review) {
			r.over(reference)
		}
	}
}

func (r *run) depositMoved(l line) {
	r.books.depositMove = max(r.books.depositMove, l.c)
	subject := "deposit/" + strconv.FormatInt(l.a, 10)
	r.follows(subject, l)
	from, to := deposit.State(l.s), deposit.State(l.u)
	declared := false
	for _, by := range deposit.Steps() {
		next, may := deposit.Next(from, by)
		declared = declared || may && next == to
	}
	if !declared {
		r.fail("I8: %s moves from %s to %s", subject, from, to)
	}
	r.cover.add("deposit", l.s+" → "+l.u)
	if quiet := from != deposit.Trading && to == deposit.Trading || to == deposit.Open; !quiet {
		r.books.expected[subject]++
	}
}

func (r *run) purchaseMoved(l line) {
	r.books.purchaseMove = max(r.books.purchaseMove, l.c)
	subject := "purchase/" + strconv.FormatInt(l.a, 10)
	r.follows(subject, l)
	step, _, _ := strings.Cut(l.o, ":")
	if next, may := purchase.Next(purchase.State(l.s), purchase.Step(step)); !may || next != purchase.State(l.u) {
		r.fail("I8: %s moves from %s to %s by %q", subject, l.s, l.u, step)
	}
	r.cover.add("purchase", l.s+" → "+l.u+" ("+step+")")
	r.books.expected[subject]++
}

func (r *run) cashMoved(all string) {
	if all == r.books.cash {
		return
	}
	r.books.cash = all
	for one := range listed(all) {
		object, is := "cash/"+one[0], one[1]
		was, seen := r.books.states[object]
		if was == is {
			continue
		}
		if seen && cash.State(was) != cash.Proposed {
			r.fail("I8: %s was %s and is %s", object, was, is)
		}
		r.books.states[object] = is
		r.cover.add("cash", strings.TrimSpace(was+" → "+is))
	}
}

// happened follows the log of events: numbers without holes, for projects and
// for subjects.
func (r *run) happened(l line) {
	if r.books.feed[l.a]++; r.books.feed[l.a] != l.b {
		r.fail("I14: event %d of project %d comes after %d", l.b, l.a, r.books.feed[l.a]-1)
	}
	if r.books.events[l.s]++; int64(r.books.events[l.s]) != l.c {
		r.fail("I16: %s has version %d after %d", l.s, l.c, r.books.events[l.s]-1)
	}
	if l.u == "purchase.bought" {
		r.books.expected[l.s]++
	}
}

// checkEvents: an event if and only if there was a change.
func (r *run) checkEvents() {
	for subject, n := range r.books.expected {
		if r.books.events[subject] != n {
			r.fail("I14: %s has changed %d times and has %d events", subject, n, r.books.events[subject])
		}
	}
}
