package simulation

import (
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// strides is how time goes on in the end: over read-backs, offers, links, and
// the holds.
var strides = []time.Duration{10 * time.Second, time.Minute, 6 * time.Minute, 12 * time.Minute, 70 * time.Minute,
	26 * time.Hour, 200 * time.Hour}

// last is how it goes on from there: the first two always, so that what operators
// say is followed, the others while something waits, as offers of ended orders do
// in escrow, and a year for what was begun while our clock was one ahead.
var last = []time.Duration{10 * time.Second, 10 * time.Second, 25 * time.Hour, 25 * time.Hour, 25 * time.Hour,
	16 * 24 * time.Hour, 200 * time.Hour, 25 * time.Hour, year, 200 * time.Hour, 25 * time.Hour, 25 * time.Hour}

// finish lets time go on without faults until everything has ended, and looks
// at how it has.
func (r *run) finish() {
	r.disarm()
	r.clock.skew = 0
	for _, t := range r.doubted {
		r.support(t, int(steam.TradeComplete)) // one that is over stays as it is
	}
	r.guard(r.restart)
	for _, id := range r.bots {
		if err := r.gateway.Fleet.Enable(r.ctx, id, true, r.clock.Now()); err != nil {
			r.fail("enable a bot: %v", err)
		}
	}
	for _, d := range strides {
		r.goOn(d)
	}
	for i, d := range last {
		if i >= 2 && r.unfinished() == "" {
			break
		}
		r.heedLate()
		r.goOn(d)
	}
	if what := r.unfinished(); what != "" {
		r.fail("liveness: %s", what)
	}
	r.decideAll()
	r.audit(true)
	r.agree()
}

// goOn lets time pass and everybody work until nothing moves any more. Bots that
// have found nothing to do are asked again when Steam or one of them has moved.
func (r *run) goOn(d time.Duration) {
	r.clock.pass(d)
	r.trace.add("end %s", r.clock.steam.Format(timeForm))
	for bots, round := true, 0; round < 60; round++ {
		traded := r.steam.Step(r.clock.Steam())
		for i := range r.bots {
			traded = (bots || traded) && r.agentStep(i) || traded
		}
		moved := r.expires()
		moved = r.fansOut() || moved
		for r.delivers(64) {
			moved = true
		}
		moved = r.seals() || moved
		r.check()
		if !moved && !traded {
			return
		}
		bots = traded
	}
	r.fail("liveness: the gateway does not come to rest")
}

// unfinished names something that has not come to its end.
func (r *run) unfinished() (what string) {
	const open = `select 'deposit ' || id || ' is ' || state from deposit where ended_at = 0
		union all select 'purchase ' || id || ' is ' || state from purchase where ended_at = 0
		union all select 'trade ' || id || ' is ' || state || ' ' || problem from trade where ended_at = 0
		union all select 'delivery ' || id || ' is ' || state || ', due ' || due_at from delivery where state = 'pending'
		union all select 'drift ' || kind || ' ' || subject from drift
			where gone_at = 0 and (kind = 'offer_late' or (kind = 'offer_twin' and detail like 'InEscrow%'))
		union all select 'events of ' || f.project_id || ' are not fanned out' from feed f
			join feed_cursor c on c.project_id = f.project_id where c.seq < f.seq limit 1`
	_ = r.place.db.Read().QueryRowContext(r.ctx, open).Scan(&what) // no row: all has ended
	return what
}

// decideAll is what operators do about proposals in the end.
func (r *run) decideAll() {
	for _, s := range r.shops {
		waiting, err := r.gateway.Cash.Waiting(r.ctx, s.id())
		if err != nil {
			r.fail("cash: %v", err)
		}
		for _, b := range waiting {
			by := operators[0]
			if b.ProposedBy == by {
				by = operators[1]
			}
			r.decide(b, by, false)
		}
	}
	r.check()
}

// sums is what the accounts should hold, by the ends that the orders have
// come to.
type sums map[ledger.Account]int64

func (m sums) move(from, to ledger.Account, amount int64) {
	m[from] -= amount
	m[to] += amount
}

// agree compares what the records say with Steam, the books and the merchants
// (I9, I12, I13, I16, I20, I28).
func (r *run) agree() {
	want := sums{}
	for _, s := range r.shops {
		want.move(ledger.OutsideCash, ledger.Available(s.id()), 40_000)
	}
	done := r.completed()
	r.agreeDeposits(want, done)
	r.agreePurchases(want, done)
	for owner := range done {
		r.fail("I28: Steam has a trade for %s that nobody counts", owner)
	}
	r.rows(`select project_id, amount, case direction when 'in' then 1 else 0 end, state, '' from cash`, func(l line) {
		switch {
		case l.s != "booked":
		case l.c == 1:
			want.move(ledger.OutsideCash, ledger.Available(l.a), l.b)
		default:
			want.move(ledger.Available(l.a), ledger.OutsideCash, l.b)
		}
	})
	r.rows(`select balance, 0, 0, path, '' from account`, func(l line) {
		if want[ledger.Account(l.s)] != l.a {
			r.fail("I13: %s holds %d, by the ends of its orders it should hold %d", l.s, l.a, want[ledger.Account(l.s)])
		}
		delete(want, ledger.Account(l.s))
	})
	for account, amount := range want {
		if amount != 0 {
			r.fail("I13: %s should hold %d and does not exist", account, amount)
		}
	}
	r.agreeAcknowledged()
	r.agreeInventories()
	r.agreeDrifts()
}

// rows reads a list of the shape that lines have.
func (r *run) rows(query string, each func(line), args ...any) {
	defer func(before bool) { r.acting = before }(r.acting)
	r.acting = false
	rows, err := r.place.db.Read().QueryContext(r.ctx, query, args...)
	if err != nil {
		r.fail("read: %v", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var l line
		if err := rows.Scan(&l.a, &l.b, &l.c, &l.s, &l.u); err != nil {
			r.fail("read: %v", err)
		}
		each(l)
	}
	if err := rows.Err(); err != nil {
		r.fail("read: %v", err)
	}
}

// completed counts, by order, the trades that Steam has carried out and nobody
// has taken back.
func (r *run) completed() map[string]int {
	owners := map[string]string{}
	r.rows(`select id, 0, 0, reference, owner from trade`, func(l line) { owners[l.s] = l.u })
	done := map[string]int{}
	for _, bot := range r.bots {
		for _, o := range r.offersOf(bot, "") {
			owner, ours := owners[trade.ReferenceIn(o.Message)]
			switch {
			case !ours || o.From != bot.String() || r.byHand[o.ID]:
			case o.State == "Active" || o.State == "CreatedNeedsConfirmation":
				r.fail("I11: offer %s of %s is still open", o.ID, owner)
			case o.State == "Accepted" && r.stands(o.Trade):
				done[owner]++
			}
		}
	}
	return done
}

func (r *run) stands(id string) bool {
	var t struct {
		Status steam.TradeStatus `json:"status"`
	}
	if status, text := r.wire.control(http.MethodGet, "/sim/trades/"+id, nil, &t); status != http.StatusOK {
		r.fail("trade %s: %s", id, text)
	}
	return t.Status == steam.TradeComplete || t.Status == steam.TradeCommitted
}

// settles compares one order with Steam's trades for it.
func (r *run) settles(done map[string]int, owner, state string, want int) {
	if done[owner] != want {
		r.fail("I28: %s is %s, Steam has carried out %d trades for it", owner, state, done[owner])
	}
	delete(done, owner)
}

func (r *run) agreeDeposits(want sums, done map[string]int) {
	r.rows(`select d.id, d.amount, d.commission, d.state, d.project_id || ' ' || (select coalesce(sum(i.price), 0) from deposit_item i where i.deposit_id = d.id)
		from deposit d`, func(l line) {
		owner, credited := "deposit/"+strconv.FormatInt(l.a, 10), 0
		project, worth, _ := strings.Cut(l.u, " ")
		if deposit.State(l.s) == deposit.Credited {
			id, _ := strconv.ParseInt(project, 10, 64) // a column of numbers
			credited = 1
			want.move(ledger.OutsideSteam, ledger.Available(id), l.b-l.c)
			want.move(ledger.OutsideSteam, ledger.Commission, l.c)
			if worth != strconv.FormatInt(l.b, 10) {
				r.fail("I9: %s is credited with %d for items worth %s", owner, l.b, worth)
			}
		}
		r.settles(done, owner, l.s, credited)
		r.heardOf(owner, l)
	})
}

// heardOf: the last event has a notification (I15), and the receiver, which
// keeps what came last, ends equal to the database unless that one is listed as
// failed (I16).
func (r *run) heardOf(owner string, d line) {
	var state string
	err := r.place.db.Read().QueryRowContext(r.ctx, `select state from delivery where subject = $1 and endpoint = 'result' and version = $2`,
		owner, r.books.events[owner]).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) && r.clock.far {
		state, err = "delivered", nil // while our clock was a year behind, and forgotten since; a failed one stays
	}
	if err != nil {
		r.fail("I15: the end of %s has no notification: %v", owner, err)
	}
	if state != "delivered" {
		return
	}
	want := map[deposit.State]string{deposit.Credited: "success", deposit.Failed: "fail", deposit.Returned: "hold_returned"}[deposit.State(d.s)]
	got := ""
	for _, s := range r.shops {
		got += s.status[strconv.FormatInt(d.a, 10)] // of one of them
	}
	if got != want {
		r.fail("I16: %s is %s, its shop believes %q", owner, d.s, got)
	}
}

func (r *run) agreePurchases(want sums, done map[string]int) {
	r.rows(`select id, price, project_id, state, '' from purchase`, func(l line) {
		sold := 0
		if purchase.State(l.s) == purchase.Settled {
			sold = 1
			want.move(ledger.Available(l.c), ledger.Sales, l.b)
		}
		owner, told := "purchase/"+strconv.FormatInt(l.a, 10), 0
		r.settles(done, owner, l.s, sold)
		if l.c != r.shops[0].id() {
			return // the other one has no address for these
		}
		_ = r.place.db.Read().QueryRowContext(r.ctx, `select count(*) from delivery where subject = $1 and endpoint = 'events'`, owner).Scan(&told)
		if told+sold != r.books.events[owner] && (told+sold > r.books.events[owner] || !r.clock.far) { // merchants know no end after accepted
			r.fail("I15: %s has %d events and %d notifications", owner, r.books.events[owner], told)
		}
	})
}

// agreeAcknowledged: what a merchant was told that there is, is there (I20).
func (r *run) agreeAcknowledged() {
	for _, s := range r.shops {
		for _, a := range s.deposits {
			if d, err := r.gateway.Deposits.Find(r.ctx, s.id(), a.id); err != nil || d.OrderID != a.own {
				r.fail("I20: deposit %d %q of shop %s was acknowledged: %v", a.id, a.own, s.name, err)
			}
		}
		for _, a := range s.purchases {
			if p, err := r.gateway.Purchases.Find(r.ctx, s.id(), a.id); err != nil || p.CustomID != a.own {
				r.fail("I20: purchase %d %q of shop %s was acknowledged: %v", a.id, a.own, s.name, err)
			}
		}
	}
}

// agreeInventories: the bots have what we believe they have.
func (r *run) agreeInventories() {
	for _, bot := range r.bots {
		for _, app := range []steam.AppID{steam.CS2, steam.TF2} {
			held, err := r.gateway.Fleet.Items(r.ctx, bot, app, steam.ContextMain)
			if err != nil {
				r.fail("items: %v", err)
			}
			var ours []string
			for _, it := range held {
				ours = append(ours, it.ID)
			}
			theirs := r.itemsOf(bot, uint32(app))
			slices.Sort(ours)
			slices.Sort(theirs)
			if !slices.Equal(ours, theirs) {
				r.fail("I28: bot %s has %v in Steam, we believe %v", bot, theirs, ours)
			}
		}
	}
}

// agreeDrifts: reconciliation has nothing to say. While our clock was far off,
// offers were written down at times that Steam's lists do not know.
func (r *run) agreeDrifts() {
	drifts, err := r.gateway.Drifts.Open(r.ctx)
	if err != nil {
		r.fail("drifts: %v", err)
	}
	for _, d := range drifts {
		if d.Certain() && !r.clock.far && d.Kind != reconcile.OfferReceived { // payers do counter
			r.fail("I28: reconciliation reports %s %s of bot %s: %s", d.Kind, d.Subject, d.Bot, d.Detail)
		}
	}
}
