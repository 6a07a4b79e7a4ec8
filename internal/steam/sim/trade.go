package sim

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// reversalCooldown is how long an account that reversed may not trade, in days.
const reversalCooldown = 30

// trade is the record of an exchange; A made the offer.
type trade struct {
	ID           uint64
	Number       uint64 // order of making, for a stable order in lists
	Offer        uint64
	A, B         steam.ID64
	FromA, FromB []moved
	Init, Mod    stamp
	Settlement   stamp // 0: not protected
	EscrowEnd    stamp
	Status       steam.TradeStatus
	Rollback     uint64   // on a returning trade: the one it reverses
	Settled      bool     // items have left context 16
	Step         Duration `json:",omitempty"` // in each status before the exchange is complete
	ReverseAt    stamp
	ReverseBy    steam.ID64 `json:",omitzero"`
}

// moved is an asset of a trade: as it was, and what became of it.
type moved struct {
	ref
	Birth       uint64
	NewID       uint64
	NewContext  string
	BackID      uint64 // after a trade that did not happen
	BackContext string
}

// exchange carries out an accepted offer: at once, or after the hold of those
// who give without having had an authenticator long enough.
func (st *state) exchange(o *offer, at stamp) {
	t := &trade{ID: st.nextTrade(), Number: st.Count.Trade, Offer: o.ID, A: o.From, B: o.To, Init: at, Mod: at}
	t.FromA, t.FromB = st.withdraw(o.Give), st.withdraw(o.Receive)
	o.Trade = t.ID
	st.addTrade(t)
	from, to := st.byID[o.From], st.byID[o.To]
	hold := 0
	if len(t.FromA) > 0 {
		hold = from.hold(to)
	}
	if len(t.FromB) > 0 {
		hold = max(hold, to.hold(from))
	}
	if hold > 0 {
		t.Status, t.EscrowEnd = steam.TradeInEscrow, at.addDays(hold)
		o.EscrowEnd = t.EscrowEnd
		st.schedule(t.EscrowEnd, dueEscrow, t.ID)
		st.end(o, steam.OfferInEscrow, at)
	} else {
		st.begin(t, at)
		st.end(o, steam.OfferAccepted, at)
	}
	st.spoil(t, at)
	st.planReversal(t, to)
}

// withdraw takes the assets out of their owners' inventories.
func (st *state) withdraw(refs []ref) []moved {
	list := make([]moved, 0, len(refs))
	for _, r := range refs {
		it := st.items[r.ID]
		list = append(list, moved{ref: r, Birth: it.Birth})
		st.take(it)
	}
	return list
}

// spoil ends the other open offers that name what has just moved.
func (st *state) spoil(t *trade, at stamp) {
	for _, m := range slices.Concat(t.FromA, t.FromB) {
		for _, id := range slices.Clone(st.wanted[m.ID]) {
			if o := st.offers[id]; o.open() {
				st.invalidate(o, at)
			}
		}
	}
}

// invalidate ends an offer whose items are gone, or lets it look open until
// somebody notices.
func (st *state) invalidate(o *offer, at stamp) {
	switch d := st.Settings.InvalidAfter; {
	case d == 0:
		st.end(o, steam.OfferInvalidItems, at)
	case o.SweepAt == 0:
		o.SweepAt = at.add(d)
		st.schedule(o.SweepAt, dueSweep, o.ID)
	}
}

// addTrade files a trade under both accounts, in order of time.
func (st *state) addTrade(t *trade) {
	st.trades[t.ID] = t
	for _, id := range []steam.ID64{t.A, t.B} {
		a := st.byID[id]
		i, _ := slices.BinarySearchFunc(a.trades, t, byInit)
		a.trades = slices.Insert(a.trades, i, t)
	}
}

func byInit(x, y *trade) int {
	return cmp.Or(cmp.Compare(x.Init, y.Init), cmp.Compare(x.Number, y.Number))
}

// begin carries a trade out: at once, or in steps. Until it is committed the
// items are nowhere.
func (st *state) begin(t *trade, at stamp) {
	t.Status, t.Mod, t.Step = steam.TradeInit, at, st.Settings.TradeSteps
	if t.Step == 0 {
		st.finish(t, at)
		return
	}
	st.schedule(at.add(t.Step), dueStep, t.ID)
}

// underway reports whether the exchange has begun and is not complete.
func (t *trade) underway() bool { return t.Status <= steam.TradeCommitted }

// step brings a trade that is underway to its next status.
func (st *state) step(t *trade, at stamp) {
	switch t.Status {
	case steam.TradeInit:
		t.Status, t.Mod = steam.TradePreCommitted, at
	case steam.TradePreCommitted:
		st.deliver(t, at)
	default:
		st.finish(t, at)
		return
	}
	st.schedule(at.add(t.Step), dueStep, t.ID)
}

// finish completes an exchange that has begun.
func (st *state) finish(t *trade, at stamp) {
	if t.Status != steam.TradeCommitted {
		st.deliver(t, at)
	}
	t.Status, t.Mod = steam.TradeComplete, at
	if t.Settlement > 0 {
		st.protect(t)
	}
}

// deliver puts the items into their new owners' inventories: protected games
// into context 16, until the end of protection rounded up to a whole hour.
func (st *state) deliver(t *trade, at stamp) {
	t.Status, t.Mod = steam.TradeCommitted, at
	for _, m := range slices.Concat(t.FromA, t.FromB) {
		if d := st.protection(m.App); d > 0 {
			t.Settlement = max(t.Settlement, at.add(d).ceilHour())
		}
	}
	st.hand(t.FromA, st.byID[t.B], t)
	st.hand(t.FromB, st.byID[t.A], t)
}

func (st *state) protect(t *trade) {
	st.schedule(t.Settlement, dueSettle, t.ID)
	st.byID[t.A].unsettled[t.ID] = t
	st.byID[t.B].unsettled[t.ID] = t
}

func (st *state) hand(list []moved, to *account, t *trade) {
	for i := range list {
		m := &list[i]
		m.NewContext = steam.ContextMain
		until := stamp(0)
		if st.protection(m.App) > 0 {
			m.NewContext, until = steam.ContextProtected, t.Settlement
		}
		it := st.give(to, st.byClass[m.Class], m.NewContext, m.Birth, until)
		it.Since, m.NewID = t.Mod, it.ID
	}
}

// release ends a hold: the exchange happens now.
func (st *state) release(t *trade, at stamp) {
	st.begin(t, at)
	o := st.offers[t.Offer]
	o.State = steam.OfferAccepted
	st.touch(o, at)
}

// abandon undoes a held trade: everything goes back under new ids.
func (st *state) abandon(t *trade, state steam.OfferState, at stamp) {
	st.undo(t, steam.TradeEscrowRollback, at)
	o := st.offers[t.Offer]
	o.State = state
	st.touch(o, at)
}

// undo ends a trade whose items have not arrived: they go back.
func (st *state) undo(t *trade, status steam.TradeStatus, at stamp) {
	t.Status, t.Mod = status, at
	st.handBack(t.FromA, st.byID[t.A])
	st.handBack(t.FromB, st.byID[t.B])
}

// fetchBack takes what a trade had brought from its new owners again.
func (st *state) fetchBack(list []moved) {
	for i := range list {
		m := &list[i]
		st.take(st.items[m.NewID]) // it is there: see movedOn
		m.NewID, m.NewContext = 0, ""
	}
}

func (st *state) handBack(list []moved, to *account) {
	for i := range list {
		m := &list[i]
		m.BackContext = steam.ContextMain
		m.BackID = st.give(to, st.byClass[m.Class], steam.ContextMain, m.Birth, 0).ID
	}
}

// planReversal lets a receiver who reverses take this trade back later, however
// he came to accept it.
func (st *state) planReversal(t *trade, a *account) {
	if a.Behaviour != AcceptThenReverse {
		return
	}
	after := a.ReverseAfter
	if after == 0 {
		after = Duration(72 * time.Hour)
	}
	t.ReverseAt, t.ReverseBy = t.Init.add(after), a.SteamID
	st.schedule(t.ReverseAt, dueReverse, t.ID)
}

// settle ends the protection of a trade: items move from context 16 to 2.
func (st *state) settle(t *trade, at stamp) {
	st.unprotect(t)
	for _, m := range slices.Concat(t.FromA, t.FromB) {
		it := st.items[m.NewID]
		if it == nil || it.Context != steam.ContextProtected {
			continue
		}
		st.take(it)
		if st.Settings.SettleNewIDs {
			st.give(it.Owner, it.Class, steam.ContextMain, it.Birth, 0).Since = it.Since
			continue
		}
		it.Context, it.Until = steam.ContextMain, 0
		st.put(it)
	}
}

func (st *state) unprotect(t *trade) {
	t.Settled = true
	delete(st.byID[t.A].unsettled, t.ID)
	delete(st.byID[t.B].unsettled, t.ID)
}

// reverse undoes every protected trade of the account and bars it from trading.
func (st *state) reverse(a *account, at stamp) {
	list := slices.SortedFunc(maps.Values(a.unsettled), byInit)
	for _, t := range list {
		if at < t.Settlement {
			st.giveBack(t, at)
			a.CooldownUntil = at.addDays(reversalCooldown)
		}
	}
}

// giveBack reverses one trade by a new one in the opposite direction.
func (st *state) giveBack(t *trade, at stamp) {
	t.Status, t.Mod = steam.TradeProtectionRollback, at
	st.unprotect(t)
	back := &trade{ID: st.nextTrade(), Number: st.Count.Trade, A: t.A, B: t.B, Init: at, Mod: at,
		Status: steam.TradeComplete, Rollback: t.ID, Settled: true}
	back.FromB = st.returned(t.FromA, st.byID[t.A])
	back.FromA = st.returned(t.FromB, st.byID[t.B])
	st.addTrade(back)
}

// returned moves what a reversed trade had brought back to its giver.
func (st *state) returned(list []moved, giver *account) []moved {
	var back []moved
	for _, m := range list {
		it := st.items[m.NewID]
		if it == nil {
			continue // unreachable: protected items cannot leave their owner
		}
		r := it.ref()
		st.take(it)
		fresh := st.give(giver, it.Class, steam.ContextMain, it.Birth, 0)
		back = append(back, moved{ref: r, Birth: it.Birth, NewID: fresh.ID, NewContext: fresh.Context})
	}
	return back
}

// ref names the item as it is now.
func (it *item) ref() ref {
	return ref{App: it.Class.App, Context: it.Context, ID: it.ID, Class: it.Class.ID, Instance: it.instance()}
}
