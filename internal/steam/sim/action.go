package sim

import (
	"net/http"
	"slices"

	"github.com/skinrail/skinrail/internal/steam"
)

// grantCommand makes items out of nothing.
type grantCommand struct {
	Account steam.ID64
	Item    Item
}

func (c *grantCommand) apply(st *state, at stamp) {
	st.grant(st.byID[c.Account], c.Item, at)
}

// removeCommand destroys an asset, as using it in the game would. Open offers
// that name it end.
type removeCommand struct{ Asset uint64 }

func (c *removeCommand) apply(st *state, at stamp) {
	it := st.items[c.Asset]
	st.take(it)
	st.spoil(&trade{FromA: []moved{{ref: it.ref()}}}, at)
}

// listCommand puts an item on the market or takes it from there. Open offers that
// name it end.
type listCommand struct {
	Asset uint64
	On    bool
}

func (c *listCommand) apply(st *state, at stamp) {
	it := st.items[c.Asset]
	was := it.ref()
	st.take(it)
	it.Context = steam.ContextMain
	if c.On {
		it.Context = steam.ContextProtected
	}
	st.put(it)
	st.spoil(&trade{FromA: []moved{{ref: was}}}, at)
}

// plantCommand puts a confirmation into an account's app that no offer made.
type plantCommand struct {
	Account steam.ID64
	Type    int

	made *confirmation
}

func (c *plantCommand) apply(st *state, at stamp) {
	c.made = &confirmation{Account: c.Account, Type: c.Type, Created: at}
	c.made.ID, c.made.Nonce = st.nextConfirmation()
	st.addConfirmation(c.made)
}

// drop forgets a confirmation that belongs to no offer.
func (st *state) drop(c *confirmation) {
	delete(st.confirms, c.ID)
	a := st.byID[c.Account]
	for i, one := range a.confirms {
		if one == c {
			a.confirms = append(a.confirms[:i:i], a.confirms[i+1:]...)
			return
		}
	}
}

// confirmationTypes are the names of what needs no offer.
var confirmationTypes = map[int]string{
	3: "Market Listing", 5: "Phone Number Change", 6: "Account Recovery", 9: "Register API Key", 12: "Market Purchase",
}

// controlGrant gives an account new items.
func (q *call) controlGrant(a *account, body []byte) (any, error) {
	var in Item
	if err := decodeStrict(body, &in); err != nil {
		return nil, err
	}
	if in.App == 0 || in.Name == "" || in.Count < 1 || in.Count > 10_000 {
		return nil, refuse(http.StatusBadRequest, "want app, name and a count from 1 to 10000")
	}
	if err := in.Marks.check(); err != nil {
		return nil, refuse(http.StatusBadRequest, "%s", err)
	}
	if err := q.sim.do(q.at, &grantCommand{Account: a.SteamID, Item: in}); err != nil {
		return nil, err
	}
	list := a.inventory(place{in.App, steam.ContextMain}).list
	made := []controlItem{}
	for _, it := range list[len(list)-in.Count:] {
		made = append(made, q.sim.state.controlItem(it.ref()))
	}
	return map[string]any{"items": made}, nil
}

// controlRemove destroys assets of an account.
func (q *call) controlRemove(a *account, body []byte) (any, error) {
	var in struct {
		Assets []number `json:"assets"`
	}
	if err := decodeStrict(body, &in); err != nil {
		return nil, err
	}
	for _, id := range in.Assets {
		it := q.sim.state.items[uint64(id)]
		if it == nil || it.Owner != a || it.Context != steam.ContextMain {
			return nil, refuse(http.StatusConflict, "asset %d is not in the account's main inventory", id)
		}
		if err := q.sim.do(q.at, &removeCommand{Asset: uint64(id)}); err != nil {
			return nil, err
		}
	}
	return map[string]any{"removed": len(in.Assets)}, nil
}

// controlList puts CS2 items of an account on the market, or takes them back.
func (q *call) controlList(a *account, body []byte, on bool) (any, error) {
	var in struct {
		Assets []number `json:"assets"`
	}
	if err := decodeStrict(body, &in); err != nil {
		return nil, err
	}
	for _, id := range in.Assets {
		it := q.sim.state.items[uint64(id)]
		if it == nil || it.Owner != a || it.Class.App != steam.CS2 || it.Until > 0 || it.listed() == on {
			return nil, refuse(http.StatusConflict, "asset %d is not a CS2 item of the account that can be listed, or is listed", id)
		}
		if err := q.sim.do(q.at, &listCommand{Asset: uint64(id), On: on}); err != nil {
			return nil, err
		}
	}
	return map[string]any{"assets": len(in.Assets), "listed": on}, nil
}

// controlPlant asks the account's phone about something that is no offer.
func (q *call) controlPlant(a *account, body []byte) (any, error) {
	var in struct {
		Type int `json:"type"`
	}
	if err := decodeStrict(body, &in); err != nil {
		return nil, err
	}
	if confirmationTypes[in.Type] == "" {
		return nil, refuse(http.StatusBadRequest, "type: want 3, 5, 6, 9 or 12")
	}
	c := &plantCommand{Account: a.SteamID, Type: in.Type}
	if err := q.sim.do(q.at, c); err != nil {
		return nil, err
	}
	return map[string]any{"id": decimal(c.made.ID), "type": in.Type}, nil
}

// controlAccountVerb are the actions on accounts beyond their flags.
func (q *call) controlAccountVerb(body []byte) (any, error) {
	a := q.pathAccount()
	if a == nil {
		return nil, refuse(http.StatusNotFound, "account %q: not found", clip(q.r.PathValue("id")))
	}
	switch q.r.PathValue("verb") {
	case "items":
		return q.controlGrant(a, body)
	case "remove":
		return q.controlRemove(a, body)
	case "confirmations":
		return q.controlPlant(a, body)
	case "list", "unlist":
		return q.controlList(a, body, q.r.PathValue("verb") == "list")
	}
	return nil, refuse(http.StatusNotFound, "accounts can be given items, robbed by remove, asked by confirmations, and list and unlist items")
}

// controlSend makes one account send another an offer, confirmed at once. It
// does what the sender's own site would allow, without the trade URL.
func (q *call) controlSend(body []byte) (any, error) {
	var in struct {
		From    string   `json:"from"`
		To      string   `json:"to"`
		Message string   `json:"message"`
		Give    []number `json:"give"`
		Receive []number `json:"receive"`
	}
	if err := decodeStrict(body, &in); err != nil {
		return nil, err
	}
	from, to := q.account64(in.From), q.account64(in.To)
	if from == nil || to == nil || from == to || len(in.Give)+len(in.Receive) == 0 {
		return nil, refuse(http.StatusBadRequest, "want two accounts, from and to, and assets to give or receive")
	}
	st := q.sim.state
	c := &sendCommand{From: from.SteamID, To: to.SteamID, Message: clipMessage(in.Message, st.limit(limitMessage)),
		Give: st.refs(plain(in.Give)), Receive: st.refs(plain(in.Receive))}
	r := refusePeople(from, to, q.at)
	if r == nil {
		r = st.refuseAssets(c)
	}
	if r != nil {
		return nil, refuse(http.StatusConflict, "%s", r.sentence())
	}
	if err := q.sim.do(q.at, c); err != nil {
		return nil, err
	}
	if err := q.sim.confirmMade(c, q.at); err != nil {
		return nil, err
	}
	return st.control(c.made), nil
}

func plain(list []number) []uint64 {
	out := make([]uint64, 0, len(list))
	for _, n := range list {
		out = append(out, uint64(n))
	}
	return out
}

// confirmMade lets the sender's phone say yes to a new offer.
func (s *Sim) confirmMade(c *sendCommand, at stamp) error {
	for _, one := range s.state.byID[c.From].confirms {
		if one.Offer == c.made.ID {
			return s.do(at, &confirmCommand{IDs: []uint64{one.ID}, Allow: true})
		}
	}
	return nil
}

// statusCommand is what Steam or its support does to a trade: a status that says
// it did not happen, after which the items are back with their givers, or one
// that says that it is being looked into, and then that it stands after all. A
// trade that is underway can be brought to its end at once, or fail.
type statusCommand struct {
	Trade  uint64
	Status steam.TradeStatus
}

func (c *statusCommand) apply(st *state, at stamp) {
	t := st.trades[c.Trade]
	switch {
	case t.Status == steam.TradeInEscrow:
		st.abandon(t, steam.OfferInvalidItems, at)
		return
	case t.underway() && c.Status == steam.TradeComplete:
		st.finish(t, at)
		return
	case t.underway() && t.Status != steam.TradeCommitted:
		st.undo(t, c.Status, at)
		return
	}
	t.Status, t.Mod = c.Status, at
	switch c.Status {
	case steam.TradeComplete:
		if t.Settlement > 0 && !t.Settled {
			st.protect(t)
		}
	case steam.TradeFailed, steam.TradeEscrowRollback:
		st.unprotect(t)
		st.fetchBack(t.FromA)
		st.fetchBack(t.FromB)
		st.handBack(t.FromA, st.byID[t.A])
		st.handBack(t.FromB, st.byID[t.B])
	}
}

// controlStatus lets Steam's support put its hand on a trade that is not settled.
func (q *call) controlStatus(body []byte) (any, error) {
	t, err := q.pathTrade()
	if err != nil {
		return nil, err
	}
	var in struct {
		Status steam.TradeStatus `json:"status"`
	}
	if err := decodeStrict(body, &in); err != nil {
		return nil, err
	}
	if err := t.mayGet(in.Status, q.at); err != nil {
		return nil, err
	}
	if q.sim.state.movedOn(t) {
		return nil, refuse(http.StatusConflict, "an item of the trade has moved on")
	}
	if err := q.sim.do(q.at, &statusCommand{Trade: t.ID, Status: in.Status}); err != nil {
		return nil, err
	}
	return t.control(), nil
}

// movedOn reports whether an item is no longer as the trade had brought it.
func (st *state) movedOn(t *trade) bool {
	return slices.ContainsFunc(slices.Concat(t.FromA, t.FromB), func(m moved) bool { return m.NewID != 0 && st.items[m.NewID] == nil })
}

// mayGet tells why a trade cannot get a status from outside, or nil.
func (t *trade) mayGet(status steam.TradeStatus, at stamp) error {
	end := status == steam.TradeComplete || status == steam.TradeFailed
	if !end && status != steam.TradeRollbackFailed && status != steam.TradeEscrowRollback {
		return refuse(http.StatusBadRequest, "status: want 3, 4, 8 or 11")
	}
	switch {
	case t.Status == steam.TradeInEscrow:
		if status != steam.TradeEscrowRollback {
			return refuse(http.StatusConflict, "the trade is held: it can only be rolled back, status 11")
		}
	case t.underway():
		if !end {
			return refuse(http.StatusConflict, "the trade is underway: it can only be complete, status 3, or fail, status 4")
		}
	case t.Settled || t.Status != steam.TradeRollbackFailed && (t.Status != steam.TradeComplete || at >= t.Settlement):
		return refuse(http.StatusConflict, "the trade is over")
	}
	return nil
}
