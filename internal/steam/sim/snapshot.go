package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/skinrail/skinrail/internal/steam"
)

// saved is the state in a form for a file.
type saved struct {
	Number        uint64 // of the last journal line it contains
	State         *state
	Classes       []classKey
	Accounts      []accountImage
	Offers        []*offer
	Trades        []*trade
	Confirmations []*confirmation
}

type accountImage struct {
	Account     *account
	Inventories []inventoryImage
}

// inventoryImage packs items as runs of four numbers: id, birth, class, end of
// protection.
type inventoryImage struct {
	App     steam.AppID
	Context string
	Items   []uint64
	Since   map[uint64]stamp `json:",omitempty"` // of items that came by a trade, by id
}

func (st *state) save(number uint64) saved {
	im := saved{Number: number, State: st}
	for _, c := range st.classes {
		im.Classes = append(im.Classes, c.classKey)
	}
	for _, a := range st.accounts {
		one := accountImage{Account: a}
		for _, p := range a.places() {
			packed := inventoryImage{App: p.App, Context: p.Context, Since: map[uint64]stamp{}}
			for _, it := range a.inventories[p].list {
				packed.Items = append(packed.Items, it.ID, it.Birth, uint64(it.Class.Index), uint64(it.Until))
				if it.Since > 0 {
					packed.Since[it.ID] = it.Since
				}
			}
			one.Inventories = append(one.Inventories, packed)
		}
		im.Accounts = append(im.Accounts, one)
	}
	im.Offers = slices.SortedFunc(maps.Values(st.offers), func(x, y *offer) int { return cmp.Compare(x.ID, y.ID) })
	im.Trades = slices.SortedFunc(maps.Values(st.trades), func(x, y *trade) int { return cmp.Compare(x.Number, y.Number) })
	im.Confirmations = slices.SortedFunc(maps.Values(st.confirms), func(x, y *confirmation) int { return cmp.Compare(x.ID, y.ID) })
	return im
}

// restore fills an empty state and rebuilds its indexes.
func (im *saved) restore(st *state) error {
	if im.State != nil {
		st.adopt(im.State)
	}
	for _, k := range im.Classes {
		st.classFor(k)
	}
	for _, one := range im.Accounts {
		st.addAccount(one.Account)
		for _, packed := range one.Inventories {
			if err := st.unpack(one.Account, packed); err != nil {
				return err
			}
		}
	}
	for _, o := range im.Offers {
		st.offers[o.ID] = o
		st.index(o)
		st.schedule(o.Expires, dueExpiry, o.ID)
		if o.AnswerAt != 0 {
			st.schedule(o.AnswerAt, dueAnswer, o.ID)
		}
		if o.SweepAt != 0 {
			st.schedule(o.SweepAt, dueSweep, o.ID)
		}
	}
	for _, t := range im.Trades {
		st.addTrade(t)
		st.reschedule(t)
	}
	for _, c := range im.Confirmations {
		st.addConfirmation(c)
	}
	return nil
}

// adopt takes over what has no index.
func (st *state) adopt(from *state) {
	st.Seed, st.Seeded, st.Settings, st.Key, st.Count, st.Faults, st.Classes =
		from.Seed, from.Seeded, from.Settings, from.Key, from.Count, from.Faults, from.Classes
	maps.Copy(st.Logins, from.Logins)
	maps.Copy(st.Nonces, from.Nonces)
	maps.Copy(st.OpenID, from.OpenID)
	maps.Copy(st.Revoked, from.Revoked)
	maps.Copy(st.Counted, from.Counted)
	maps.Copy(st.Marks, from.Marks)
}

func (st *state) unpack(a *account, packed inventoryImage) error {
	if len(packed.Items)%4 != 0 {
		return fmt.Errorf("inventory of %s: cut", a.SteamID)
	}
	for v := range slices.Chunk(packed.Items, 4) {
		if v[2] >= uint64(len(st.classes)) {
			return fmt.Errorf("inventory of %s: class %d is unknown", a.SteamID, v[2])
		}
		it := &item{ID: v[0], Birth: v[1], Class: st.classes[v[2]], Owner: a, Context: packed.Context, Since: packed.Since[v[0]], Until: stamp(v[3])}
		st.put(it)
		if it.locked() {
			st.schedule(it.Until, dueUnlock, it.ID)
		}
	}
	return nil
}

func (st *state) reschedule(t *trade) {
	switch {
	case t.underway():
		st.schedule(t.Mod.add(t.Step), dueStep, t.ID)
	case t.Status == steam.TradeInEscrow:
		st.schedule(t.EscrowEnd, dueEscrow, t.ID)
	case t.Status == steam.TradeComplete && t.Settlement > 0 && !t.Settled:
		st.protect(t)
	}
	if t.ReverseAt != 0 {
		st.schedule(t.ReverseAt, dueReverse, t.ID)
	}
}
