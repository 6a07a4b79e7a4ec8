package simulation

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/sandbox"
	"github.com/skinrail/skinrail/internal/steam"
)

// payer is a Steam user who gives items for deposits and gets bought ones.
type payer struct {
	id    steam.ID64
	token string
}

func newPayer(a sandbox.Account) *payer {
	id, _ := steam.ParseID64(a.SteamID) // checked by the world
	return &payer{id: id, token: a.TradeToken}
}

func (p *payer) account() uint32 { return uint32(uint64(p.id) & 0xffffffff) }

// accepted is a trade that a payer knows of.
type accepted struct {
	trade string
	by    steam.ID64
}

// offer is one as Steam's control shows it.
type offer struct {
	ID      string `json:"tradeofferid"`
	From    string `json:"from"`
	To      string `json:"to"`
	Message string `json:"message"`
	State   string `json:"state_name"`
	Trade   string `json:"tradeid"`
	Give    []thing
	Receive []thing
}

type thing struct {
	Asset string `json:"assetid"`
	Name  string `json:"name"`
	App   uint32 `json:"app"`
}

func (r *run) itemsOf(id steam.ID64, app uint32) []string {
	var list struct {
		Items []struct {
			Asset   string `json:"assetid"`
			Context string `json:"context"`
		} `json:"items"`
	}
	if status, text := r.wire.control(http.MethodGet, fmt.Sprintf("/sim/accounts/%s/items?app=%d", id, app), nil, &list); status != http.StatusOK {
		r.fail("items of %s: %s", id, text)
	}
	var ids []string
	for _, it := range list.Items {
		if it.Context == steam.ContextMain {
			ids = append(ids, it.Asset)
		}
	}
	return ids
}

// choose is a payer on the page of an open deposit: he says who he is, gives
// his trade URL, looks at his items and sends a choice.
func (r *run) choose() {
	s := r.anyShop()
	if len(s.deposits) == 0 {
		return
	}
	from := max(0, len(s.deposits)-4)
	d, err := r.gateway.Deposits.Find(r.ctx, s.id(), s.deposits[from+r.rng.IntN(len(s.deposits)-from)].id)
	if err != nil || d.State != deposit.Open {
		r.note("deposit", false, err)
		return
	}
	r.note("choice", false, r.chooseFor(d))
}

func (r *run) chooseFor(d deposit.Deposit) error {
	deposits, now := r.gateway.Deposits, r.clock.Now
	p := r.payers[r.rng.IntN(len(r.payers))]
	if d.SteamID != 0 && r.rng.IntN(10) > 0 {
		p = r.payerOf(d.SteamID)
	}
	if d.SteamID != p.id {
		if _, err := deposits.SetPayer(r.ctx, d.Hash, p.id); err != nil {
			return err
		}
		d.TradeToken = ""
	}
	if d.TradeToken == "" {
		if _, err := deposits.SetTradeURL(r.ctx, d.Hash, steam.TradeURL{Partner: p.id, Token: p.token}); err != nil {
			return err
		}
	}
	app := steam.CS2
	if r.rng.IntN(3) == 0 {
		app = steam.TF2
	}
	q, err := deposits.Inventory(r.ctx, d.Hash, app, now())
	if err != nil {
		return err
	}
	var ids []string
	for _, it := range q.Items {
		if it.Disabled == "" && r.rng.IntN(len(q.Items)) < 2 && len(ids) < 4 {
			ids = append(ids, it.ID)
		}
	}
	if r.rng.IntN(12) == 0 {
		r.clock.pass(deposit.QuoteLife + time.Second) // he thinks for too long
	}
	_, err = deposits.Choose(r.ctx, d.Hash, q.ID, ids, now())
	if err == nil && r.rng.IntN(6) == 0 { // twice, as impatient people do
		if _, again := deposits.Choose(r.ctx, d.Hash, q.ID, ids, now()); again == nil {
			r.fail("deposit %d was chosen for twice", d.ID)
		}
	}
	return err
}

func (r *run) payerOf(id steam.ID64) *payer {
	i := slices.IndexFunc(r.payers, func(p *payer) bool { return p.id == id })
	return r.payers[max(i, 0)]
}

// offersIn lists the open offers of our bots to payers that are in a state.
func (r *run) offersIn(states ...string) []offer {
	var list struct{ Offers []offer }
	if status, text := r.wire.control(http.MethodGet, "/sim/offers", nil, &list); status != http.StatusOK {
		r.fail("offers: %s", text)
	}
	return slices.DeleteFunc(list.Offers, func(o offer) bool { // our bots answer none
		return !slices.Contains(states, o.State) || !slices.ContainsFunc(r.payers, func(p *payer) bool { return p.id.String() == o.To })
	})
}

// openOffers are those that wait for a payer.
func (r *run) openOffers() []offer { return r.offersIn("Active") }

func (r *run) anyOffer() (offer, bool) { return r.one(r.openOffers()) }

func (r *run) one(list []offer) (offer, bool) {
	if len(list) == 0 {
		return offer{}, false
	}
	return list[r.rng.IntN(len(list))], true
}

// early is an open offer of which the bot does not know yet that it is open:
// its answer was lost.
func (r *run) early() (offer, bool) {
	unclear := map[string]bool{}
	r.rows(`select 0, 0, 0, reference, '' from trade where state in ('sending', 'unknown', 'unconfirmed')`, func(l line) { unclear[l.s] = true })
	if len(unclear) == 0 {
		return offer{}, false
	}
	return r.one(slices.DeleteFunc(r.offersIn("Active", "CreatedNeedsConfirmation"), func(o offer) bool {
		reference, _, _ := strings.Cut(o.Message, " ")
		return !unclear[reference]
	}))
}

func (r *run) answerOffer() {
	o, found := r.early()
	if !found || r.rng.IntN(2) == 0 {
		o, found = r.anyOffer()
	}
	if !found {
		return
	}
	switch r.rng.IntN(14) {
	case 0:
		r.act(o, "decline")
	case 1:
		r.act(o, "cancel")
	default:
		r.act(o, "accept")
	}
}

// underHold lets an offer be accepted by somebody whose trades have just begun
// to be held for some days.
func (r *run) underHold(o offer, days int) bool {
	giver := o.To
	if len(o.Give) > 0 {
		giver = o.From
	}
	hold := func(days int) {
		if status, text := r.wire.control(http.MethodPost, "/sim/accounts/"+giver, map[string]any{"escrow_days": days}, nil); status != http.StatusOK {
			r.fail("hold: %s", text)
		}
	}
	hold(days)
	defer hold(0)
	return r.act(o, "accept")
}

// lostCancel is met by the bot that withdraws a held offer.
var lostCancel = &kind{name: "F4 answer lost before an effect", at: atSteam, on: []string{"cancel"}, steam: simulated("drop", "before", "")}

// support is Steam's hand on a trade: see the simulator.
func (r *run) support(trade string, status int) bool {
	code, _ := r.wire.control(http.MethodPost, "/sim/trades/"+trade+"/status", map[string]any{"status": status}, nil)
	r.trace.add("  trade %s gets status %d: %d", trade, status, code)
	return code == http.StatusOK
}

// act is what somebody does with an offer.
func (r *run) act(o offer, verb string) bool {
	var after offer
	status, text := r.wire.control(http.MethodPost, "/sim/offers/"+o.ID+"/"+verb, nil, &after)
	r.trace.add("  offer %s of %s %s: %d, trade %s", o.ID, o.Message, verb, status, after.Trade)
	if status != http.StatusOK && status != http.StatusConflict {
		r.fail("offer %s %s: %d %s", o.ID, verb, status, text)
	}
	if verb == "accept" && after.Trade != "" {
		to, _ := steam.ParseID64(o.To) // Steam's own
		r.trades = append(r.trades, accepted{after.Trade, to})
	}
	return status == http.StatusOK
}

func (r *run) reverseOne() {
	if len(r.trades) > 0 {
		r.takeBack(r.trades[r.rng.IntN(len(r.trades))])
	}
}

func (r *run) takeBack(t accepted) bool {
	status, _ := r.wire.control(http.MethodPost, "/sim/trades/"+t.trade+"/reverse?by="+t.by.String(), nil, nil)
	r.trace.add("  trade %s reversed: %d", t.trade, status)
	return status == http.StatusOK
}

// someTrade is one of the last that payers have accepted.
func (r *run) someTrade() (string, bool) {
	if len(r.trades) == 0 {
		return "", false
	}
	last := r.trades[max(0, len(r.trades)-4):]
	return last[r.rng.IntN(len(last))].trade, true
}

// heldOffers are accepted offers whose items Steam holds.
func (r *run) heldOffers() (held []offer) {
	for _, p := range r.payers {
		var list struct{ Offers []offer }
		if status, text := r.wire.control(http.MethodGet, "/sim/offers?partner="+p.id.String(), nil, &list); status != http.StatusOK {
			r.fail("offers: %s", text)
		}
		for _, o := range list.Offers {
			if o.State == "InEscrow" {
				held = append(held, o)
			}
		}
	}
	return held
}

// flags changes what Steam says of a payer.
func (r *run) flags(p *payer, flags map[string]any) bool {
	status, text := r.wire.control(http.MethodPost, "/sim/accounts/"+p.id.String(), flags, nil)
	if status != http.StatusOK {
		r.fail("account %s: %s", p.id, text)
	}
	return true
}

func (r *run) anyPayer() *payer { return r.payers[r.rng.IntN(len(r.payers))] }

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
		held, found := r.one(r.heldOffers())
		return found && r.support(held.Trade, int(steam.TradeEscrowRollback))
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
		status := []steam.TradeStatus{steam.TradeComplete, steam.TradeFailed}[r.rng.IntN(2)]
		return r.support(r.doubted[r.rng.IntN(len(r.doubted))], int(status))
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
		o, found := r.anyOffer()
		if !found || len(o.Receive) == 0 {
			return false
		}
		status, _ := r.wire.control(http.MethodPost, "/sim/accounts/"+o.To+"/remove", map[string]any{"assets": []string{o.Receive[0].Asset}}, nil)
		return status == http.StatusOK
	}},
	{name: "F5 is hijacked, the offer swapped", at: atOnce, now: func(r *run) bool {
		o, found := r.anyOffer()
		if !found || len(o.Receive) == 0 || !r.act(o, "decline") {
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
