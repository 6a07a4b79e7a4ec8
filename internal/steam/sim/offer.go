package sim

import (
	"cmp"
	"maps"
	"slices"

	"github.com/skinrail/skinrail/internal/steam"
)

// offerLife is how long an offer stays open.
const offerLife = 14

// ref names an asset as it was when the offer was made.
type ref struct {
	App      steam.AppID
	Context  string
	ID       uint64
	Class    string
	Instance string
}

// offer is a trade offer; Give and Receive are the sender's view.
type offer struct {
	ID            uint64
	From, To      steam.ID64
	Message       string
	Give, Receive []ref
	State         steam.OfferState
	Created       stamp
	Updated       stamp
	Expires       stamp
	Shown         bool  // the receiver has been able to see it
	Confirming    bool  // the receiver accepted and must confirm
	AnswerAt      stamp // when the receiver's behaviour answers; 0: never
	SweepAt       stamp `json:",omitempty"` // when Steam notices that items are gone; 0: they are not
	Trade         uint64
	EscrowEnd     stamp
	Past          []change // states so far, the present one last

	filed stamp // Updated when it was last filed in the accounts' lists
}

// change is a state and the time since which it held.
type change struct {
	State steam.OfferState
	At    stamp
}

// asOf is the state that a late reader of that time saw; false when there was
// no offer yet.
func (o *offer) asOf(at stamp) (change, bool) {
	for _, c := range slices.Backward(o.Past) {
		if c.At <= at {
			return c, true
		}
	}
	return change{}, false
}

func (o *offer) open() bool {
	return o.State == steam.OfferActive || o.State == steam.OfferNeedsConfirmation
}

// confirmation waits in an account's mobile app.
type confirmation struct {
	ID, Nonce uint64
	Account   steam.ID64
	Offer     uint64
	Type      int `json:",omitempty"` // 0: the offer's; else it has none
	Created   stamp
}

// start files a new offer and lets it begin its life.
func (st *state) start(o *offer, at stamp) {
	o.Created, o.Updated, o.Expires = at, at, at.addDays(min(st.limit(limitOfferDays), 36500))
	st.offers[o.ID] = o
	st.index(o)
	st.schedule(o.Expires, dueExpiry, o.ID)
	if len(o.Give) > 0 && st.byID[o.From].confirmsBy() != byNothing {
		o.State = steam.OfferNeedsConfirmation
		o.Past = append(o.Past, change{o.State, at})
		st.ask(o, o.From, at)
		return
	}
	st.activate(o, at)
}

// index files an offer under its accounts and, while it is open, its assets.
func (st *state) index(o *offer) {
	o.filed = o.Updated
	for _, id := range []steam.ID64{o.From, o.To} {
		a := st.byID[id]
		a.file(o)
		if o.open() || o.State == 0 {
			a.openOffers[o.ID] = o
		}
	}
	if !o.open() && o.State != 0 {
		return
	}
	st.open[[2]steam.ID64{o.From, o.To}]++
	for _, r := range o.assets() {
		st.wanted[r.ID] = append(st.wanted[r.ID], o.ID)
	}
}

func (o *offer) assets() []ref { return slices.Concat(o.Give, o.Receive) }

// file puts the offer where its Updated belongs in the account's list.
func (a *account) file(o *offer) {
	i, _ := slices.BinarySearchFunc(a.updates, o, byUpdate)
	a.updates = slices.Insert(a.updates, i, o)
}

func (a *account) unfile(o *offer) {
	i, ok := slices.BinarySearchFunc(a.updates, o, byUpdate)
	if ok {
		a.updates = slices.Delete(a.updates, i, i+1)
	}
}

func byUpdate(x, y *offer) int {
	return cmp.Or(cmp.Compare(x.filed, y.filed), cmp.Compare(x.ID, y.ID))
}

// openByID lists the account's open offers, oldest first.
func (a *account) openByID() []*offer {
	return slices.SortedFunc(maps.Values(a.openOffers), func(x, y *offer) int { return cmp.Compare(x.ID, y.ID) })
}

// touch records a change of the offer.
func (st *state) touch(o *offer, at stamp) {
	for _, id := range []steam.ID64{o.From, o.To} {
		st.byID[id].unfile(o)
	}
	o.Updated, o.filed = at, at
	o.Past = append(o.Past, change{o.State, at})
	for _, id := range []steam.ID64{o.From, o.To} {
		st.byID[id].file(o)
	}
}

// activate makes the offer visible to its receiver, whose behaviour may answer.
func (st *state) activate(o *offer, at stamp) {
	o.State, o.Shown = steam.OfferActive, true
	st.touch(o, at)
	st.plan(o, at)
}

// plan schedules the receiver's own answer, if he is one who answers.
func (st *state) plan(o *offer, at stamp) {
	switch st.byID[o.To].Behaviour {
	case Accept, AcceptThenReverse, Decline:
		o.AnswerAt = at.add(st.Settings.AcceptDelay)
		st.schedule(o.AnswerAt, dueAnswer, o.ID)
	default:
		o.AnswerAt = 0
	}
}

// end closes an open offer in the given state.
func (st *state) end(o *offer, state steam.OfferState, at stamp) {
	o.State, o.Confirming, o.AnswerAt = state, false, 0
	st.touch(o, at)
	for _, id := range []steam.ID64{o.From, o.To} {
		delete(st.byID[id].openOffers, o.ID)
	}
	pair := [2]steam.ID64{o.From, o.To}
	if st.open[pair]--; st.open[pair] == 0 {
		delete(st.open, pair)
	}
	for _, r := range o.assets() {
		st.unwant(r.ID, o.ID)
	}
	st.unask(o)
}

func (st *state) unwant(asset, offer uint64) {
	list := slices.DeleteFunc(st.wanted[asset], func(id uint64) bool { return id == offer })
	if len(list) == 0 {
		delete(st.wanted, asset)
		return
	}
	st.wanted[asset] = list
}

// ask puts a confirmation into the account's app.
func (st *state) ask(o *offer, who steam.ID64, at stamp) {
	c := &confirmation{Account: who, Offer: o.ID, Created: at}
	c.ID, c.Nonce = st.nextConfirmation()
	st.addConfirmation(c)
}

func (st *state) addConfirmation(c *confirmation) {
	st.confirms[c.ID] = c
	a := st.byID[c.Account]
	a.confirms = append(a.confirms, c)
}

// unask removes the confirmations that wait for an offer.
func (st *state) unask(o *offer) {
	for _, id := range []steam.ID64{o.From, o.To} {
		a := st.byID[id]
		a.confirms = slices.DeleteFunc(a.confirms, func(c *confirmation) bool {
			if c.Offer == o.ID {
				delete(st.confirms, c.ID)
			}
			return c.Offer == o.ID
		})
	}
}

// accept is the receiver's yes. With a phone and something to give it waits for
// his confirmation, unless the confirmation comes with it.
func (st *state) accept(o *offer, confirmed bool, at stamp) {
	if !confirmed && len(o.Receive) > 0 && st.byID[o.To].confirmsBy() != byNothing {
		o.Confirming, o.AnswerAt = true, 0
		st.touch(o, at)
		st.ask(o, o.To, at)
		return
	}
	st.exchange(o, at)
}

// confirm answers one confirmation.
func (st *state) confirm(c *confirmation, allow bool, at stamp) {
	o := st.offers[c.Offer]
	switch {
	case !allow:
		st.end(o, steam.OfferCanceledBySecondFactor, at)
	case o.State == steam.OfferNeedsConfirmation:
		st.unask(o)
		st.activate(o, at)
	default:
		st.exchange(o, at)
	}
}

// answer does what the receiver's behaviour says. An acceptance that Steam
// would refuse now is not tried again.
func (st *state) answer(o *offer, at stamp) {
	o.AnswerAt = 0
	to := st.byID[o.To]
	switch to.Behaviour {
	case Decline:
		st.end(o, steam.OfferDeclined, at)
	case Accept, AcceptThenReverse:
		switch st.refuseAccept(o, at) {
		case steam.ResultOK:
		case steam.ResultRevoked:
			st.end(o, steam.OfferInvalidItems, at)
			return
		default:
			return
		}
		st.unask(o)
		st.exchange(o, at)
	}
}

// missing reports whether the asset is no longer where the offer saw it.
func (st *state) missing(owner steam.ID64, r ref) bool {
	it := st.items[r.ID]
	return it == nil || it.Owner.SteamID != owner || it.Context != r.Context || it.Class.App != r.App
}

// refuseAccept is the EResult with which accepting fails at this moment, or OK.
func (st *state) refuseAccept(o *offer, at stamp) steam.Result {
	from, to := st.byID[o.From], st.byID[o.To]
	switch {
	case o.State == steam.OfferAccepted || o.State == steam.OfferInEscrow:
		return steam.ResultAlreadyRedeemed
	case o.State == steam.OfferInvalidItems:
		return steam.ResultRevoked
	case o.State != steam.OfferActive || at >= o.Expires:
		return steam.ResultInvalidState
	case from.barred(at) || to.barred(at):
		return steam.ResultAccessDenied
	}
	if !st.present(o) {
		return steam.ResultRevoked
	}
	if st.overfull(to, o.Give, o.Receive) || st.overfull(from, o.Receive, o.Give) {
		return steam.ResultLimitExceeded
	}
	return steam.ResultOK
}

func (st *state) present(o *offer) bool {
	for _, r := range o.Give {
		if st.missing(o.From, r) {
			return false
		}
	}
	for _, r := range o.Receive {
		if st.missing(o.To, r) {
			return false
		}
	}
	return true
}

// barred tells that the account may not trade at all.
func (a *account) barred(at stamp) bool {
	return a.TradeBan || a.CannotTrade || at < a.CooldownUntil
}

// overfull reports whether the account's CS2 inventory has no room for what
// arrives, after what leaves. An account that gains nothing always has room.
func (st *state) overfull(a *account, in, out []ref) bool {
	gain := countApp(in, steam.CS2) - countApp(out, steam.CS2)
	return gain > 0 && a.size(steam.CS2)+gain > st.limit(limitCS2)
}

func countApp(refs []ref, app steam.AppID) int {
	n := 0
	for _, r := range refs {
		if r.App == app {
			n++
		}
	}
	return n
}
