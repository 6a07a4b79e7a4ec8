package simulation

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/sandbox"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
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
		return !unclear[trade.ReferenceIn(o.Message)]
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

// flags changes what Steam says of a payer.
func (r *run) flags(p *payer, flags map[string]any) bool {
	status, text := r.wire.control(http.MethodPost, "/sim/accounts/"+p.id.String(), flags, nil)
	if status != http.StatusOK {
		r.fail("account %s: %s", p.id, text)
	}
	return true
}

func (r *run) anyPayer() *payer { return r.payers[r.rng.IntN(len(r.payers))] }

// quick is a payer who has acted on an offer before its sender has an answer,
// which never comes: he accepts, declines, is held, the offer is canceled, its
// item is gone, or nobody does anything for two weeks.
func (r *run) quick(_ *http.Request, call caller) (*http.Response, error) {
	a, err := call()
	if err != nil {
		return a, err
	}
	open := r.offersIn("Active", "CreatedNeedsConfirmation")
	if len(open) == 0 {
		return nil, errClosed
	}
	newest := open[0] // they come newest first
	switch r.rng.IntN(8) {
	case 0, 1:
		r.act(newest, "accept")
	case 2:
		r.act(newest, "decline")
	case 3, 4:
		r.underHold(newest, 15)
	case 5:
		r.act(newest, "cancel")
	case 6:
		for _, it := range newest.Give {
			r.wire.control(http.MethodPost, "/sim/accounts/"+newest.From+"/remove", map[string]any{"assets": []string{it.Asset}}, nil)
		}
	default:
		r.clock.pass(15 * 24 * time.Hour)
		r.steam.Step(r.clock.Steam())
	}
	return nil, errClosed
}
