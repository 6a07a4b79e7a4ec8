package ledger

import (
	"context"
	"database/sql"
	"hash/maphash"
	"strings"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/ledger/sqlc"
)

// holds compares holds with their transactions in one pass over each, whatever
// their order: the hashes of what the transactions say and of what the holds
// say, under a seed that nobody knows, must sum to the same.
type holds struct {
	seed                   maphash.Seed
	made, resolved         uint64
	transactions, examined int64
}

// opening and ending are what is compared. The kind of an opening says before
// which moment it does not end, unless the version before has made it.
type opening struct {
	id                   string
	from, to, amount, at int64
	kind                 string
}

type ending struct {
	id, how              string
	from, to, amount, at int64
}

func newHolds() *holds { return &holds{seed: maphash.MakeSeed()} }

// transaction counts one that belongs to a hold.
func (h *holds) transaction(r record) {
	kind, _, _ := strings.Cut(r.kind, "/")
	if kind != kindHold && kind != kindRelease && kind != kindVoid {
		return
	}
	h.transactions++
	id := strings.TrimPrefix(r.ref, kind+"/")
	var out, in line
	for _, l := range r.lines {
		if l.amount < 0 {
			out = l
		} else {
			in = l
		}
	}
	switch kind {
	case kindHold:
		h.made += maphash.Comparable(h.seed, opening{id, out.account, in.account, in.amount, r.at, r.kind})
	case kindRelease:
		h.resolved += maphash.Comparable(h.seed, ending{id, "released", 0, out.account, -out.amount, r.at})
	case kindVoid:
		h.resolved += maphash.Comparable(h.seed, ending{id, "voided", in.account, out.account, in.amount, r.at})
	}
}

type holdRow struct {
	opening
	notBefore, resolvedAt int64
	state                 string
	timed                 bool
}

func (h *holds) hold(r holdRow) {
	h.examined++
	if r.kind = kindHold; r.timed {
		r.kind = timedKind(r.notBefore)
	}
	h.made -= maphash.Comparable(h.seed, r.opening)
	from := r.from
	switch r.state {
	case stateOpen:
		return
	case "released":
		from = 0
	}
	h.resolved -= maphash.Comparable(h.seed, ending{r.id, r.state, from, r.to, r.amount, r.resolvedAt})
}

const holdsSQL = `select h.id, h.from_account, h.to_account, h.amount, h.opened_at, h.not_before, h.state, h.resolved_at,
	case when h.timed then true else false end from hold h`

// eachHold reads every hold.
func eachHold(ctx context.Context, q db.Querier, see func(holdRow)) error {
	rows, err := q.QueryContext(ctx, holdsSQL)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var r holdRow
	var state sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&r.id, &r.from, &r.to, &r.amount, &r.at, &r.notBefore, &state, &r.resolvedAt, &r.timed); err != nil {
			return err
		}
		r.state = string(state)
		see(r)
	}
	return rows.Err()
}

// openHolds looks at every hold.
func (a *audit) openHolds(ctx context.Context) error {
	err := eachHold(ctx, a.q, func(r holdRow) {
		a.holds.hold(r)
		a.orders.hold(r)
		if h := a.all[r.to]; h != nil && r.state == stateOpen {
			h.waits += r.amount
		}
		if r.state == stateOpen && r.resolvedAt != 0 {
			a.r.wrong(holdResolved, 1, "hold %s is open and was resolved at %d", r.id, r.resolvedAt)
		}
		if r.state == "released" && r.resolvedAt < r.notBefore {
			a.r.wrong(holdResolved, 1, "hold %s was released at %d, before its time %d", r.id, r.resolvedAt, r.notBefore)
		}
	})
	if err != nil {
		return err
	}
	a.r.examined(holdMade, a.holds.examined)
	a.r.examined(holdResolved, a.holds.examined)
	a.r.examined(holdKnown, a.holds.transactions)
	if a.holds.made == 0 && a.holds.resolved == 0 {
		return nil
	}
	return a.nameHolds(ctx)
}

// nameHolds finds the holds that do not fit, one query for each question.
func (a *audit) nameHolds(ctx context.Context) error {
	q := sqlc.New(a.q)
	made, err := q.AuditOpenings(ctx)
	if err != nil {
		return err
	}
	resolved, err := q.AuditResolutions(ctx)
	if err != nil {
		return err
	}
	known, err := q.AuditOrphans(ctx)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		p     promise
		wrong int64
		what  string
	}{{holdMade, made.Wrong, made.Example}, {holdResolved, resolved.Wrong, resolved.Example}, {holdKnown, known.Wrong, known.Example}} {
		if f.wrong > 0 {
			a.r.wrong(f.p, f.wrong, "%s", f.what)
		}
	}
	if made.Wrong+resolved.Wrong+known.Wrong == 0 {
		a.r.wrong(holdMade, 1, "the holds and their transactions do not say the same")
	}
	return nil
}
