package simulation

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/steam"
)

// The walk fails the n-th call of a fixed story, then the next, until a run
// meets no failure: no place between two calls is left out.

// nth fails one call of a run.
type nth struct {
	kinds [points]*kind // how, by where it is met
	at    int           // which call; the first is 1
	seen  int
	met   bool
}

// due counts a call and tells how it fails, if it is the one.
func (n *nth) due(at point) *kind {
	n.seen++
	if n.seen != n.at {
		return nil
	}
	n.met = true
	return n.kinds[at]
}

// ways are how the n-th call fails: at a write, at a call to Steam, at a
// delivery.
var ways = []struct {
	name  string
	kinds [points]*kind
}{
	{"crash before", [points]*kind{named("F1 crash before a write"), named("F1 crash before a call to Steam"), named("F1 crash before a delivery")}},
	{"crash after", [points]*kind{named("F1 crash after a write"), named("F1 crash after a call to Steam"), named("F1 crash after a delivery")}},
	{"error at", [points]*kind{named("F3 answer to COMMIT lost, not committed"), named("F4 request lost after"), named("F6 closes after the request")}},
}

func named(name string) *kind {
	for _, k := range kinds {
		if k.name == name {
			return k
		}
	}
	panic("no fault is called " + name)
}

// Walk tells the story once for each of its calls and each way in which that
// can fail, and prints how many there were. It returns [ErrViolation] with the
// first story that ends otherwise than it must.
func Walk(ctx context.Context, out io.Writer) error {
	stage, err := newStage(ctx)
	if err != nil {
		return err
	}
	at := newPlace()
	defer at.leave()
	for _, way := range ways {
		for n := 1; ctx.Err() == nil; n++ {
			fault := &nth{kinds: way.kinds, at: n}
			res := stage.run(ctx, 0, at, func(r *run) {
				r.nth = fault
				r.story()
			})
			if res.Violation != "" {
				fmt.Fprintf(out, "%s\nviolation: %s\n", res.Trace, res.Violation)
				return fmt.Errorf("walk, %s call %d: %w: %s", way.name, n, ErrViolation, res.Violation)
			}
			if !fault.met {
				fmt.Fprintf(out, "walk %s each of %d calls hash %s ok\n", way.name, n-1, res.Hash)
				break
			}
		}
	}
	return ctx.Err()
}

// story is what the walk tells: a deposit that is held and settled, one that is
// reversed, and a purchase. Whatever fails, everybody asks again.
func (r *run) story() {
	a, b := r.tellDeposit(r.payers[0], steam.CS2), r.tellDeposit(r.payers[1], steam.CS2)
	r.accept(a)
	r.accept(b)
	r.until("both deposits are held", func() bool {
		return r.stateOf(a) == deposit.Held && r.stateOf(b) == deposit.Held
	})
	for _, t := range r.trades {
		if t.by == r.payers[1].id {
			r.takeBack(t)
		}
	}
	r.until("one is taken back", func() bool { return r.stateOf(b) == deposit.Failed })
	p := r.tellPurchase(r.payers[2])
	r.accept("purchase")
	r.until("the purchase is settled", func() bool { return r.purchaseState(p) == purchase.Settled })
	r.clock.pass(193 * time.Hour)
	r.until("the other is credited", func() bool { return r.stateOf(a) == deposit.Credited })
}

// everybody lets all of the gateway work once.
func (r *run) everybody() {
	r.steam.Step(r.clock.Steam())
	for _, work := range []func(){
		func() { r.agentStep(0) }, func() { r.agentStep(1) }, r.expireStep, r.fanOutStep, func() { r.delivers(16) },
	} {
		r.guard(work)
	}
	r.check()
	r.clock.pass(5 * time.Second)
}

func (r *run) until(what string, holds func() bool) {
	for range 400 {
		if holds() {
			return
		}
		r.everybody()
	}
	r.fail("never: %s", what)
}

// tellDeposit opens a deposit and lets its payer choose one item.
func (r *run) tellDeposit(p *payer, app steam.AppID) (order string) {
	s := r.shops[0]
	s.orders++
	order = s.own()
	body := fmt.Sprintf(`{"method":"create","order_id":"%s","steam_id":"%s","trade_token":"%s"}`, order, p.id, p.token)
	r.until("deposit "+order+" is open", func() bool {
		r.guard(func() { r.call(s, "", body) })
		_, err := r.gateway.Deposits.FindByOrder(r.ctx, s.id(), order)
		return err == nil
	})
	r.until("deposit "+order+" is chosen for", func() bool {
		r.guard(func() {
			d, err := r.gateway.Deposits.FindByOrder(r.ctx, s.id(), order)
			if err != nil || d.State != deposit.Open {
				return
			}
			q, err := r.gateway.Deposits.Inventory(r.ctx, d.Hash, app, r.clock.Now())
			if err == nil {
				_, err = r.gateway.Deposits.Choose(r.ctx, d.Hash, q.ID, []string{q.Items[0].ID}, r.clock.Now())
			}
			r.note("choice", false, err)
		})
		return r.stateOf(order) != deposit.Open
	})
	return order
}

func (r *run) stateOf(order string) deposit.State {
	d, err := r.gateway.Deposits.FindByOrder(r.ctx, r.shops[0].id(), order)
	if err != nil {
		r.fail("deposit %s: %v", order, err)
	}
	return d.State
}

// accept lets the payer of the newest open offer take it.
func (r *run) accept(what string) {
	r.until(what+" is accepted", func() bool {
		open := r.openOffers()
		for _, o := range open {
			if r.act(o, "accept") {
				return true
			}
		}
		return false
	})
}

func (r *run) tellPurchase(p *payer) (own string) {
	s := r.shops[0]
	s.orders++
	own = s.own()
	body := fmt.Sprintf(`{"method":"market_buy","partner":"%d","token":"%s","name":"%s","game":"tf2","custom_id":"%s"}`, p.account(), p.token, prices[2].Name, own)
	r.until("purchase "+own+" is there", func() bool {
		r.guard(func() { r.call(s, "", body) })
		return r.purchaseState(own) != ""
	})
	return own
}

func (r *run) purchaseState(own string) purchase.State {
	var state purchase.State
	_ = r.place.db.Read().QueryRowContext(r.ctx, "select state from purchase where custom_id = $1", own).Scan(&state) // no row: none yet
	return state
}
