package simulation

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
)

// payerFaults are the ways of F5.
var payerFaults = []*kind{
	{name: "F5 accepts at the last instant", at: atOnce, now: func(r *run) bool {
		o, found := r.anyOffer()
		if !found {
			return false
		}
		if t, again, err := r.gateway.Trades.NextDue(r.ctx); err == nil && again && t.After(r.clock.steam) {
			r.clock.pass(t.Sub(r.clock.steam) - time.Duration(r.rng.IntN(3))*time.Millisecond)
		}
		return r.act(o, "accept")
	}},
	{name: "F5 accepts twice", at: atOnce, now: func(r *run) bool {
		o, found := r.anyOffer()
		if !found || !r.act(o, "accept") {
			return false
		}
		r.act(o, "accept")
		return true
	}},
	{name: "F5 changes the items", at: atOnce, now: func(r *run) bool {
		o, found := r.anyOffer()
		return found && r.act(o, "counter")
	}},
	{name: "F5 declines", at: atOnce, now: func(r *run) bool {
		o, found := r.anyOffer()
		return found && r.act(o, "decline")
	}},
	{name: "F5 the bot's own offer is canceled elsewhere", at: atOnce, now: func(r *run) bool {
		o, found := r.one(r.offersIn("Active", "CreatedNeedsConfirmation"))
		return found && r.act(o, "cancel")
	}},
	{name: "F5 answers before the bot knows of its offer", at: atOnce, often: 3, now: func(r *run) bool {
		o, found := r.early()
		if found && r.rng.IntN(4) == 0 {
			return r.underHold(o, 15)
		}
		return found && r.act(o, []string{"accept", "decline", "cancel"}[r.rng.IntN(3)])
	}},
	{name: "F5 is quick, and the bot's answer is lost", at: atSteam, on: []string{"send", "confirm"}, often: 4, steam: (*run).quick},
	{name: "F5 accepts under a hold", at: atOnce, often: 2, now: func(r *run) bool {
		o, found := r.early()
		if !found {
			o, found = r.anyOffer()
		}
		return found && r.underHold(o, 15)
	}},
	{name: "F5 accepts under a hold that ends while Steam is away", at: atOnce, now: func(r *run) bool {
		o, found := r.anyOffer()
		if !found || !r.underHold(o, 1) {
			return false
		}
		r.armed[atSteam] = append(r.armed[atSteam], armed{lostCancel, 0})
		for i := range r.bots {
			r.agentStep(i)
		}
		r.outage = r.clock.steam.Add(25 * time.Hour)
		return true
	}},
	{name: "F5 a held trade is undone by Steam", at: atOnce, often: 1, now: func(r *run) bool {
		o, found := r.anyOffer()
		if !found || !r.underHold(o, 15) {
			return false
		}
		r.armed[atSteam] = append(r.armed[atSteam], armed{lostCancel, 0})
		for i := range r.bots {
			r.agentStep(i)
		}
		return r.support(r.trades[len(r.trades)-1].trade, int(steam.TradeEscrowRollback))
	}},
	{name: "F5 an offered item of ours is gone", at: atOnce, now: func(r *run) bool {
		o, found := r.one(slices.DeleteFunc(r.offersIn("Active", "CreatedNeedsConfirmation"), func(o offer) bool { return len(o.Give) == 0 }))
		if !found {
			return false
		}
		status, _ := r.wire.control(http.MethodPost, "/sim/accounts/"+o.From+"/remove", map[string]any{"assets": []string{o.Give[0].Asset}}, nil)
		return status == http.StatusOK
	}},
	{name: "F4 Steam undoes an accepted trade", at: atOnce, now: func(r *run) bool {
		t, found := r.someTrade()
		return found && r.support(t, int(steam.TradeFailed))
	}},
	{name: "F4 Steam looks into an accepted trade", at: atOnce, often: 2, now: func(r *run) bool {
		t, found := r.someTrade()
		if !found || !r.support(t, int(steam.TradeRollbackFailed)) {
			return false
		}
		r.doubted = append(r.doubted, t)
		return true
	}},
	{name: "F4 Steam is done with looking into a trade", at: atOnce, often: 4, now: func(r *run) bool {
		if len(r.doubted) == 0 {
			return false
		}
		id := r.doubted[r.rng.IntN(len(r.doubted))]
		switch r.rng.IntN(3) {
		case 0:
			return r.support(id, int(steam.TradeFailed))
		case 1:
			return r.support(id, int(steam.TradeComplete))
		}
		by := slices.IndexFunc(r.trades, func(t accepted) bool { return t.trade == id })
		return by >= 0 && r.support(id, int(steam.TradeComplete)) && r.takeBack(r.trades[by])
	}},
	{name: "F5 reverses everything", at: atOnce, often: 1, now: func(r *run) bool {
		return len(r.trades) > 0 && r.takeBack(r.trades[len(r.trades)-1])
	}},
	{name: "F5 changes his trade url", at: atOnce, now: func(r *run) bool {
		p := r.anyPayer()
		p.token = fmt.Sprintf("Tk%06d", r.rng.IntN(1_000_000))
		return r.flags(p, map[string]any{"trade_token": p.token})
	}},
	{name: "F5 hides his inventory for a while", at: atOnce, now: func(r *run) bool {
		return r.flags(r.anyPayer(), map[string]any{"inventory_private": r.rng.IntN(2) == 0})
	}},
	{name: "F5 trades with him are held", at: atOnce, now: func(r *run) bool {
		return r.flags(r.anyPayer(), map[string]any{"escrow_days": r.rng.IntN(2) * 15})
	}},
	{name: "F5 may not trade for a while", at: atOnce, now: func(r *run) bool {
		return r.flags(r.anyPayer(), map[string]any{"cannot_trade": r.rng.IntN(2) == 0})
	}},
	{name: "F5 loses an offered item", at: atOnce, now: func(r *run) bool {
		o, found := r.one(slices.DeleteFunc(r.openOffers(), func(o offer) bool { return len(o.Receive) == 0 }))
		if !found {
			return false
		}
		status, _ := r.wire.control(http.MethodPost, "/sim/accounts/"+o.To+"/remove", map[string]any{"assets": []string{o.Receive[0].Asset}}, nil)
		return status == http.StatusOK
	}},
	{name: "F5 is hijacked, the offer swapped", at: atOnce, now: func(r *run) bool {
		o, found := r.one(slices.DeleteFunc(r.openOffers(), func(o offer) bool { return len(o.Receive) == 0 }))
		if !found || !r.act(o, "decline") {
			return false
		}
		thief := r.payers[(slices.IndexFunc(r.payers, func(p *payer) bool { return p.id.String() == o.To })+1)%len(r.payers)]
		status, _ := r.wire.control(http.MethodPost, "/sim/offers", map[string]any{"from": thief.id.String(), "to": o.To, "message": o.Message,
			"receive": []string{o.Receive[0].Asset}}, nil)
		return status == http.StatusOK
	}},
	{name: "F5 looks at a link that is not his", at: atOnce, now: func(r *run) bool {
		_, err := r.gateway.Deposits.ByHash(r.ctx, "no-such-link")
		if !errors.Is(err, fault.NotFound) {
			r.fail("a link that was never made: %v", err)
		}
		return true
	}},
}

// clockFaults are the ways of F8: our clock is off until it is put right.
var clockFaults = []*kind{
	{name: "F8 a year ahead", at: atOnce, now: skewed(year)},
	{name: "F8 five minutes ahead", at: atOnce, now: skewed(5 * time.Minute)},
	{name: "F8 five minutes behind", at: atOnce, now: skewed(-5 * time.Minute)},
	{name: "F8 a year behind", at: atOnce, now: skewed(-year)},
	{name: "F8 steps back", at: atOnce, now: func(r *run) bool {
		r.clock.skew -= time.Duration(1+r.rng.IntN(90)) * time.Second
		return true
	}},
}

const year = 365 * 24 * time.Hour

func skewed(by time.Duration) func(*run) bool {
	return func(r *run) bool {
		r.clock.skew = by
		r.clock.far = r.clock.far || by.Abs() > time.Hour
		return true
	}
}
