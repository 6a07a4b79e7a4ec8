package sim

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// state is all that the world remembers. Exported members are kept in the
// snapshot; the others are indexes rebuilt from them.
type state struct {
	Seed     int64
	Seeded   bool
	Settings Settings
	Key      []byte // signs tokens and OpenID assertions
	Count    counters
	Logins   map[uint64]*login // by client id
	Nonces   map[string]nonce  // cookie transfers not yet used
	OpenID   map[string]stamp  // assertions already checked
	Revoked  map[uint64]stamp  `json:",omitempty"` // refresh tokens ended before their time
	Faults   []Fault           `json:",omitempty"` // in force, oldest first
	Counted  map[string]window // requests so far, by the limit that counts them
	Classes  []Class           `json:",omitempty"` // as seeded
	Marks    map[uint64]Marks  `json:",omitempty"` // seeded properties, by the item's birth

	classes  []*class
	accounts []*account // in seeding order

	classOf  map[classKey]*class
	byClass  map[string]*class
	byID     map[steam.ID64]*account
	byName   map[string]*account
	byKey    map[string]*account
	items    map[uint64]*item
	offers   map[uint64]*offer
	trades   map[uint64]*trade
	confirms map[uint64]*confirmation
	wanted   map[uint64][]uint64 // asset -> open offers that name it
	open     map[[2]steam.ID64]int
	due      dueQueue
	tokens   map[string]claims // that were seen to be made here
}

// account is one user and his indexes.
type account struct {
	Account                 // Items is unused here
	Acknowledged  bool      // the trade-protection rules
	CooldownUntil stamp     // after a reversal
	UsedCodes     []int64   // TOTP windows already used
	UsedKeys      []usedKey `json:",omitempty"` // confirmation keys already used
	Epoch         int       // rises when all sessions are ended: older tokens are void

	inventories map[place]*inventory
	openOffers  map[uint64]*offer
	updates     []*offer        // all offers of the account, by (Updated, ID)
	confirms    []*confirmation // unanswered, oldest first
	trades      []*trade        // by (Init, number)
	unsettled   map[uint64]*trade
}

// usedKey is a confirmation key and the time for which it was made.
type usedKey struct {
	Key  string
	Made stamp
}

// place is one inventory of an account.
type place struct {
	App     steam.AppID
	Context string
}

// inventory holds items in rising order of ids; Steam shows it backwards.
type inventory struct {
	list []*item
}

// item is one thing somewhere.
type item struct {
	ID      uint64
	Birth   uint64 // its first asset id: decides pattern and wear for life
	Class   *class
	Owner   *account
	Context string
	Since   stamp // of the trade or the purchase it came by; 0: none
	Until   stamp // end of protection in context 16, of a lock elsewhere; 0: none
}

func newState() *state {
	return &state{
		Logins: map[uint64]*login{}, Nonces: map[string]nonce{}, OpenID: map[string]stamp{}, Revoked: map[uint64]stamp{}, Counted: map[string]window{}, Marks: map[uint64]Marks{},
		classOf: map[classKey]*class{}, byClass: map[string]*class{},
		byID: map[steam.ID64]*account{}, byName: map[string]*account{}, byKey: map[string]*account{},
		items: map[uint64]*item{}, offers: map[uint64]*offer{}, trades: map[uint64]*trade{},
		confirms: map[uint64]*confirmation{}, wanted: map[uint64][]uint64{}, open: map[[2]steam.ID64]int{}, tokens: map[string]claims{},
	}
}

// addAccount files an account under its names.
func (st *state) addAccount(a *account) {
	a.inventories = map[place]*inventory{}
	a.openOffers = map[uint64]*offer{}
	a.unsettled = map[uint64]*trade{}
	st.accounts = append(st.accounts, a)
	st.byID[a.SteamID] = a
	if a.AccountName != "" {
		st.byName[strings.ToLower(a.AccountName)] = a
	}
	st.byKey[st.apiKey(a)] = a
}

// apiKey is the account's Web API key, as /dev/apikey shows it.
func (st *state) apiKey(a *account) string {
	return strings.ToUpper(hex.EncodeToString(st.sign("apikey", a.SteamID.String())[:16]))
}

// put files an item where its members say. Items mostly arrive with the highest
// id so far, so the search is short and the insertion cheap.
func (st *state) put(it *item) {
	st.items[it.ID] = it
	inv := it.Owner.inventory(place{it.Class.App, it.Context})
	if n := len(inv.list); n == 0 || inv.list[n-1].ID < it.ID {
		inv.list = append(inv.list, it)
		return
	}
	i, _ := inv.find(it.ID)
	inv.list = slices.Insert(inv.list, i, it)
}

// take removes an item from its inventory and from the world.
func (st *state) take(it *item) {
	delete(st.items, it.ID)
	inv := it.Owner.inventory(place{it.Class.App, it.Context})
	if i, ok := inv.find(it.ID); ok {
		inv.list = slices.Delete(inv.list, i, i+1)
	}
}

// give makes an item out of what was taken, under a new id.
func (st *state) give(to *account, c *class, context string, birth uint64, until stamp) *item {
	it := &item{ID: st.nextAsset(), Birth: birth, Class: c, Owner: to, Context: context, Until: until}
	if birth == 0 {
		it.Birth = it.ID
	}
	st.put(it)
	return it
}

// grant makes items out of nothing, locked for a while if so wanted.
func (st *state) grant(to *account, in Item, at stamp) {
	c := st.classFor(classKey{in.App, in.Name, in.Phase})
	until := stamp(0)
	if in.LockedFor > 0 {
		until = at.add(in.LockedFor).ceilHour()
	}
	for range in.Count {
		it := st.give(to, c, steam.ContextMain, 0, until)
		if until > 0 { // as it was bought just now
			it.Since = at
			st.schedule(until, dueUnlock, it.ID)
		}
		if in.Marks != (Marks{}) {
			st.Marks[it.Birth] = in.Marks
		}
	}
}

func (a *account) inventory(p place) *inventory {
	inv := a.inventories[p]
	if inv == nil {
		inv = &inventory{}
		a.inventories[p] = inv
	}
	return inv
}

func (inv *inventory) find(id uint64) (int, bool) {
	return slices.BinarySearchFunc(inv.list, id, func(it *item, id uint64) int { return cmp.Compare(it.ID, id) })
}

// size counts the account's items of a game in both contexts.
func (a *account) size(app steam.AppID) int {
	n := 0
	for _, context := range []string{steam.ContextMain, steam.ContextProtected} {
		if inv := a.inventories[place{app, context}]; inv != nil {
			n += len(inv.list)
		}
	}
	return n
}

// places lists the account's inventories that hold something, in a fixed order.
func (a *account) places() []place {
	var ps []place
	for p, inv := range a.inventories {
		if len(inv.list) > 0 {
			ps = append(ps, p)
		}
	}
	slices.SortFunc(ps, func(x, y place) int {
		return cmp.Or(cmp.Compare(x.App, y.App), cmp.Compare(len(x.Context), len(y.Context)), cmp.Compare(x.Context, y.Context))
	})
	return ps
}

// protection is how long the game's items are protected after a trade.
func (st *state) protection(app steam.AppID) Duration { return st.Settings.Protected[app] }

// seed fills an empty state.
func (st *state) seed(w World, at stamp) {
	st.Seed, st.Seeded, st.Settings = w.Seed, true, w.Settings
	st.Key, st.Classes = seedKey(w.Seed), w.Classes
	for _, one := range w.Accounts {
		items := one.Items
		one.Items = nil
		if one.TradeToken == "" {
			one.TradeToken = st.tradeToken(uint64(one.SteamID))
		}
		a := &account{Account: one}
		st.addAccount(a)
		for _, it := range items {
			st.grant(a, it, at)
		}
	}
}

// kept is what items of one line of a world have in common.
type kept struct {
	class   *class
	pattern int // -1: none seeded
	wear    string
}

// world turns the state back into what it could be seeded with, without locks.
func (st *state) world() World {
	w := World{Seed: st.Seed, Settings: st.Settings, Classes: st.Classes, Accounts: make([]Account, 0, len(st.accounts))}
	for _, a := range st.accounts {
		one := a.Account
		one.Items = []Item{}
		at := map[kept]int{}
		for _, p := range a.places() {
			for _, it := range a.inventories[p].list {
				marks := st.Marks[it.Birth]
				same := kept{it.Class, -1, marks.Wear}
				if marks.Pattern != nil {
					same.pattern = *marks.Pattern
				}
				i, ok := at[same]
				if !ok {
					i = len(one.Items)
					at[same] = i
					one.Items = append(one.Items, Item{App: it.Class.App, Name: it.Class.Name, Phase: it.Class.Phase, Marks: marks})
				}
				one.Items[i].Count++
			}
		}
		w.Accounts = append(w.Accounts, one)
	}
	return w
}
