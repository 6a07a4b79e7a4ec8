package simulation

import (
	"errors"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// op is one thing that happens. Weight is how often, beside the others.
type op struct {
	name   string
	weight int
	do     func(*run)
}

// ops is everything that happens while a seed lives.
var ops = []op{
	{"merchant creates a deposit", 26, (*run).create},
	{"merchant takes items of a user at once", 5, (*run).createDirect},
	{"merchant buys", 20, (*run).buy},
	{"merchant buys a batch", 3, (*run).buyBatch},
	{"merchant asks for a deposit", 6, (*run).askDeposit},
	{"merchant asks for a purchase", 4, (*run).askPurchase},
	{"merchant asks for his balance", 4, (*run).askBalance},
	{"merchant lists", 2, (*run).askList},
	{"merchant approves a held deposit", 6, (*run).approve},
	{"payer chooses items", 44, (*run).choose},
	{"payer answers an offer", 40, (*run).answerOffer},
	{"payer reverses", 2, (*run).reverseOne},
	{"bot works", 80, func(r *run) { r.agentStep(r.rng.IntN(len(r.bots))) }},
	{"links expire", 12, (*run).expireStep},
	{"events fan out", 30, (*run).fanOutStep},
	{"notifications are sent", 32, (*run).deliverStep},
	{"books are sealed", 10, (*run).sealStep},
	{"books are checked", 2, (*run).checkStep},
	{"upkeep", 3, (*run).upkeep},
	{"time passes", 30, (*run).wait},
	{"operator moves cash", 3, (*run).proposeCash},
	{"operator decides on cash", 2, (*run).decideCash},
	{"operator changes a bot's duty", 2, (*run).changeDuty},
	{"operator replays notifications", 1, (*run).replay},
	{"operator looks after late offers", 1, (*run).heedLate},
}

var allWeights = func() (sum int) {
	for _, o := range ops {
		sum += o.weight
	}
	return sum
}()

func (r *run) pick() op {
	n := r.rng.IntN(allWeights)
	for _, o := range ops {
		if n -= o.weight; n < 0 {
			return o
		}
	}
	return ops[0] // unreachable: n was below the sum
}

// note writes down how a step ended.
func (r *run) note(what string, moved bool, err error) {
	if err != nil {
		r.trace.add("  %s: %v", what, err)
		return
	}
	if moved {
		r.trace.add("  %s moved", what)
	}
}

func (r *run) agentStep(i int) bool {
	if i >= len(r.gateway.Agents) { // its lease could not be taken yet
		return false
	}
	g, before := r.gateway, r.worker
	defer func() { r.worker = before }()
	r.worker = g
	moved, err := g.Work(r.life, i)
	r.note("bot "+g.Agents[i].ID().String(), moved, err)
	return moved && err == nil
}

func (r *run) expireStep() { r.expires() }

func (r *run) expires() bool {
	moved, err := r.gateway.Deposits.Expire(r.life, r.clock.Now())
	r.note("links", moved, err)
	return moved && err == nil
}

func (r *run) fanOutStep() { r.fansOut() }

func (r *run) fansOut() bool {
	moved, err := r.gateway.Webhooks.FanOut(r.life, r.clock.Now())
	r.note("events", moved, err)
	return moved && err == nil
}

func (r *run) deliverStep() { r.delivers(1 + r.rng.IntN(8)) }

func (r *run) delivers(limit int) bool {
	claimed, err := r.gateway.Webhooks.Claim(r.life, r.clock.Now(), r.clock.Now(), limit)
	r.note("claim", len(claimed) > 0, err)
	for _, d := range claimed {
		err := r.gateway.Webhooks.Attempt(r.life, d, r.clock.Now(), r.clock.Now())
		r.note("delivery", false, err)
	}
	return len(claimed) > 0
}

func (r *run) sealStep() { r.seals() }

func (r *run) seals() bool {
	more, err := r.gateway.Ledger.Seal(r.life, r.clock.Now())
	r.note("seal", more, err)
	return more && err == nil
}

func (r *run) checkStep() {
	_, err := r.gateway.Ledger.Check(r.life, r.clock.Now())
	r.note("check", false, err)
}

func (r *run) upkeep() {
	r.rounds++
	r.note("upkeep", false, errors.Join(r.gateway.Pricing.Follow(r.life), r.gateway.API.Prune(r.life, r.clock.Now()), r.gateway.Hire(r.life)))
}

// wait lets time pass: mostly moments, at times to just before, at or after
// what is due next, seldom days.
func (r *run) wait() {
	n := r.rng.IntN(100)
	d := time.Duration(r.rng.IntN(30_000)) * time.Millisecond
	switch {
	case n < 35:
	case n < 55:
		d = r.untilDue() + time.Duration(r.rng.IntN(3)-1)*time.Second
	case n < 80:
		d *= 30
	case n < 93:
		d *= 60 * 12
	default:
		d = time.Duration(1+r.rng.IntN(9*24)) * time.Hour
	}
	r.clock.pass(max(d, 0))
	r.steam.Step(r.clock.Steam())
	if r.clock.skew != 0 && r.rng.IntN(3) == 0 {
		r.clock.skew = 0 // time synchronisation works
	}
}

func (r *run) untilDue() time.Duration {
	var due time.Time
	earlier := func(t time.Time, any bool) {
		if any && t.After(r.clock.steam) && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	earlier(r.steam.NextDue())
	if t, any, err := r.gateway.Trades.NextDue(r.ctx); err == nil {
		earlier(t, any)
	}
	if t, any, err := r.gateway.Deposits.NextDue(r.ctx); err == nil {
		earlier(t, any)
	}
	if due.IsZero() {
		return 0
	}
	return due.Sub(r.clock.steam)
}

var operators = []string{"ann", "bob"}

func (r *run) proposeCash() {
	s := r.anyShop()
	direction := cash.In
	if r.rng.IntN(2) == 0 {
		direction = cash.Out
	}
	s.orders++
	b, replayed, err := r.gateway.Cash.Propose(r.ctx, cash.Proposal{Project: s.id(), Direction: direction,
		Amount: money.Amount(1 + r.rng.Int64N(35_000)), Ref: "wire-" + s.own(), By: operators[r.rng.IntN(2)]}, r.clock.Now())
	r.note("cash "+string(b.State), replayed, err)
}

func (r *run) decideCash() {
	s := r.anyShop()
	waiting, err := r.gateway.Cash.Waiting(r.ctx, s.id())
	if err != nil || len(waiting) == 0 {
		r.note("cash", false, err)
		return
	}
	r.decide(waiting[r.rng.IntN(len(waiting))], operators[r.rng.IntN(2)], r.rng.IntN(3) == 0)
}

func (r *run) decide(b cash.Booking, by string, reject bool) {
	f := r.gateway.Cash.Approve
	if reject {
		f = r.gateway.Cash.Reject
	}
	b, err := f(r.ctx, b.ID, by, "", r.clock.Now())
	r.note("cash "+string(b.State), false, err)
}

func (r *run) changeDuty() {
	bot := r.bots[r.rng.IntN(len(r.bots))]
	var err error
	switch r.rng.IntN(5) {
	case 0:
		err = r.gateway.Fleet.Enable(r.ctx, bot, false, r.clock.Now())
	case 1:
		err = r.gateway.Fleet.Quarantine(r.ctx, bot, r.clock.Now())
	default:
		err = r.gateway.Fleet.Enable(r.ctx, bot, true, r.clock.Now())
	}
	r.note("duty", false, err)
}

func (r *run) replay() {
	n, err := r.gateway.Webhooks.ReplayFailed(r.ctx, r.anyShop().id(), begin, r.clock.Now(), r.clock.Now())
	r.note("replay", n > 0, err)
}

// heedLate is what operators do about offers that were accepted after their
// deposits had failed: they have them credited, and what cannot be is dealt with
// outside of the gateway.
func (r *run) heedLate() {
	drifts, err := r.gateway.Drifts.Open(r.ctx)
	for _, d := range drifts {
		if d.Kind != reconcile.OfferLate || err != nil {
			continue
		}
		err = r.heedOffer(d)
	}
	r.note("late offers", false, err)
}

func (r *run) heedOffer(d reconcile.Standing) error {
	id := steam.OfferID(d.Subject)
	w, said, err := r.gateway.Trades.WordOn(r.ctx, id)
	switch {
	case err != nil:
	case !said:
		bot, _ := steam.ParseID64(d.Bot)
		_, err = r.gateway.Trades.Say(r.ctx, bot, trade.Word{Offer: id, By: operators[0], Note: "the shop agrees"}, r.clock.Now())
		r.trace.add("  offer %s is said to count", id)
	case w.Why != "":
		_, err = r.gateway.Drifts.Settle(r.ctx, r.clock.Now(), reconcile.Settlement{Kind: d.Kind, Subject: d.Subject, By: operators[0], Note: w.Why})
		if r.byHand == nil {
			r.byHand = map[string]bool{}
		}
		r.byHand[d.Subject] = true
		r.trace.add("  offer %s is settled by hand: %s", id, w.Why)
	}
	return err
}
