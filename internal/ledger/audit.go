package ledger

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/money"
)

// Progress is told how far an audit is.
type Progress func(done, total int64)

// Audit recomputes the books: it reads every seal, transaction, entry, balance
// and hold once, all of one moment, and compares them. It may run at any time,
// also while money moves. Only the database's errors are errors; what is wrong
// stands in the report, figures in thousandths of a dollar.
func (s *Service) Audit(ctx context.Context) (Report, error) {
	return s.AuditOrders(ctx, Orders{}, nil)
}

// AuditOrders is [Service.Audit], compares the books with the orders that have
// moved money, and tells how far it is.
func (s *Service) AuditOrders(ctx context.Context, o Orders, tell Progress) (r Report, err error) {
	err = s.db.Snapshot(ctx, func(q db.Querier) error {
		r, err = AuditIn(ctx, q, o, tell)
		return err
	})
	if err != nil {
		return Report{}, fmt.Errorf("audit: %w", err)
	}
	return r, nil
}

// sealPage is how many seals are read at once.
const sealPage = 64

// audit is one run.
type audit struct {
	q      db.Querier
	r      *Report
	tell   Progress
	total  int64 // the highest id
	head   head
	all    map[int64]*holder
	walk   *walk
	holds  *holds
	orders *compared
	lines  int64
}

// AuditIn is [Service.AuditOrders] of what q sees, which must be one moment.
func AuditIn(ctx context.Context, q db.Querier, o Orders, tell Progress) (r Report, err error) {
	a := &audit{q: q, r: &r, tell: tell, holds: newHolds()}
	err = a.run(ctx, o)
	return r, err
}

func (a *audit) run(ctx context.Context, o Orders) error {
	err := a.begin(ctx, o)
	for _, do := range []func(context.Context) error{a.seals, a.tail, a.orphans, a.openHolds} {
		if err == nil {
			err = do(ctx)
		}
	}
	if err == nil {
		a.accounts()
		err = a.orders.ask(ctx, a.q)
	}
	return err
}

func (a *audit) begin(ctx context.Context, o Orders) (err error) {
	if a.head, err = readHead(ctx, a.q); err != nil {
		return err
	}
	if a.all, err = holders(ctx, a.q); err != nil {
		return err
	}
	a.r.examined(0, 0)
	a.orders = o.compare(a.r, a.all)
	a.walk = newWalk(a.q, math.MinInt64, a.see)
	return a.q.QueryRowContext(ctx, "select coalesce(max(t.id), 0) from ledger_transaction t").Scan(&a.total)
}

// see looks at each transaction once, by itself.
func (a *audit) see(r record) {
	a.r.examined(zeroEach, 1)
	checkRecord(a.r, r, a.all)
	for _, l := range r.lines {
		if h := a.all[l.account]; h != nil {
			h.entries += l.amount
		}
	}
	a.lines += int64(len(r.lines))
	a.holds.transaction(r)
	a.orders.transaction(r)
	if a.tell != nil && a.r.Checks[zeroEach].Examined%maxSeal == 0 {
		a.tell(r.id, a.total)
	}
}

func checkRecord(r *Report, t record, all map[int64]*holder) {
	if sum := t.sum(); sum != 0 || len(t.lines) < 2 {
		r.wrong(zeroEach, 1, "transaction %d (%s) has %d entries that sum to %d", t.id, t.ref, len(t.lines), sum)
	}
	for _, l := range t.lines {
		if all[l.account] == nil {
			r.wrong(balances, 1, "entry %d/%d of %d is on account %d, which is not there", t.id, l.n, l.amount, l.account)
		}
	}
}

// seals follows the chain from its beginning.
func (a *audit) seals(ctx context.Context) error {
	var last seal
	var high int64
	for {
		more, err := seals(ctx, a.q, last.n, sealPage)
		if err != nil {
			return err
		}
		for _, s := range more {
			if err := a.seal(ctx, last, s); err != nil {
				return err
			}
			checkHigh(a.r, high, s)
			last, high = s, max(high, s.high)
		}
		if len(more) < sealPage {
			break
		}
	}
	if a.head.n != last.n || a.head.high != high || !same(a.head.hash, last.hash) {
		a.r.wrong(oneChain, 1, "the newest seal is %d:%x up to transaction %d, the head says %d:%x up to %d: the tail is cut off",
			last.n, last.hash, high, a.head.n, a.head.hash, a.head.high)
	}
	if a.head.low > a.head.high || a.head.verified > a.head.n {
		a.r.wrong(oneChain, 1, "the head says that nothing is missing up to transaction %d and seal %d was verified, it is %d up to %d",
			a.head.low, a.head.verified, a.head.n, a.head.high)
	}
	a.r.Seal, a.r.Hash = last.n, last.hash
	return nil
}

func (a *audit) seal(ctx context.Context, last, s seal) error {
	a.r.examined(oneChain, 1)
	a.r.examined(sealedAsIs, int64(len(s.members)))
	if s.n != last.n+1 {
		a.r.wrong(oneChain, s.n-last.n-1, "seal %d is gone", last.n+1)
	}
	return a.walk.verify(ctx, last.hash, s, a.all, sealWrong(a.r))
}

// checkHigh asks whether a seal ends with the highest transaction sealed so far.
func checkHigh(r *Report, before int64, s seal) {
	if n := len(s.members); n > 0 {
		before = max(before, s.members[n-1].id)
	}
	if s.high != before {
		r.wrong(oneChain, 1, "seal %d says up to transaction %d, what is sealed ends with %d", s.n, s.high, before)
	}
}

func sealWrong(r *Report) func(int64, string) {
	return func(tx int64, what string) {
		if tx == 0 {
			r.wrong(oneChain, 1, "%s", what)
			return
		}
		r.wrong(sealedAsIs, 1, "%s", what)
	}
}

// tail reads what is in no seal: it may be new, or late, but not older than
// what sealing waits for.
func (a *audit) tail(ctx context.Context) error {
	if err := a.walk.rest(ctx); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(a.walk.waiting)) {
		r := a.walk.waiting[id]
		a.r.examined(allSealed, 1)
		if id <= a.head.low {
			a.r.wrong(allSealed, 1, "transaction %d (%s) is in no seal, those up to %d are: it was put in between", id, r.ref, a.head.low)
			continue
		}
		a.r.Tail++
		for _, l := range r.lines {
			if h := a.all[l.account]; h != nil {
				h.unsealed += l.amount
			}
		}
	}
	return nil
}

// orphans finds entries without a transaction: the walk does not meet them.
func (a *audit) orphans(ctx context.Context) error {
	var n int64
	if err := a.q.QueryRowContext(ctx, "select count(*) from entry").Scan(&n); err != nil {
		return err
	}
	if n != a.lines {
		a.r.wrong(wholeZero, 1, "%d entries belong to no transaction", n-a.lines)
	}
	return nil
}

// accounts compares what was added up on the way with what the accounts say.
func (a *audit) accounts() {
	var entries int64
	for _, h := range a.all {
		entries += h.entries
	}
	checkAccounts(a.r, a.all, func(h *holder) int64 { return h.entries })
	for _, id := range slices.Sorted(maps.Keys(a.all)) {
		h := a.all[id]
		a.r.examined(sealedSums, 1)
		if want := h.entries - h.unsealed; h.sealed != want {
			a.r.wrong(sealedSums, 1, "account %d (%s): %d were added up while sealing, the sealed entries sum to %d", id, h.path, h.sealed, want)
		}
	}
	if entries != 0 {
		a.r.wrong(wholeZero, 1, "entries sum to %s", money.Amount(entries))
	}
}

// checkAccounts asks what must hold for accounts, whose entries sum to what sum
// says.
func checkAccounts(r *Report, all map[int64]*holder, sum func(*holder) int64) {
	var total int64
	for _, id := range slices.Sorted(maps.Keys(all)) {
		h := all[id]
		total += h.balance
		for _, p := range []promise{balances, limits, heldOpen} {
			r.examined(p, 1)
		}
		if want := sum(h); h.balance != want {
			r.wrong(balances, 1, "account %d (%s) holds %d, its entries sum to %d", id, h.path, h.balance, want)
		}
		checkLimit(r, id, h)
		if (h.path.nature() == holding || h.waits != 0) && h.balance != h.waits {
			r.wrong(heldOpen, 1, "account %d (%s) holds %d, its open holds sum to %d", id, h.path, h.balance, h.waits)
		}
	}
	checkDebts(r, all)
	r.examined(wholeZero, int64(len(all)))
	if total != 0 {
		r.wrong(wholeZero, 1, "balances sum to %s", money.Amount(total))
	}
}

func checkLimit(r *Report, id int64, h *holder) {
	switch nature := h.path.nature(); {
	case nature == unknown:
		r.wrong(limits, 1, "account %d (%s) holds %d, and no account is called so", id, h.path, h.balance)
	case nature == overdrawn && !h.overdraft:
		r.wrong(limits, 1, "account %d (%s) holds %d, could not be overdrawn any more, and has to be able to", id, h.path, h.balance)
	case nature != overdrawn && (h.overdraft || h.balance < 0):
		r.wrong(limits, 1, "account %d (%s) holds %d and may not be overdrawn", id, h.path, h.balance)
	}
}

func checkDebts(r *Report, all map[int64]*holder) {
	debts := map[Account]int64{}
	for _, h := range all {
		if strings.HasSuffix(string(h.path), "/receivable") {
			debts[h.path] = h.balance
		}
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		h := all[id]
		if owed := debts[h.path]; owed > 0 {
			r.wrong(owing, 1, "account %d (%s) holds %d", id, h.path, owed)
		}
		if owner, ok := h.path.owes(); ok {
			r.examined(owing, 1)
			if owed := debts[owner]; owed < 0 && h.balance > 0 {
				r.wrong(owing, 1, "account %d (%s) holds %d and %s %d", id, h.path, h.balance, owner, owed)
			}
		}
	}
}
