package market

import (
	"iter"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
)

// Name is all items on sale that have one market hash name, and so one price.
// It is never changed: when something of it differs, there is another. Millions
// of items stay in memory, so they are kept without pointers: what collects
// garbage does not look at them.
type Name struct {
	Name   string       // market hash name
	Price  money.Amount // of each item
	Groups []Group      // the name itself, then with each phase

	items  []item // by id
	assets string // the asset ids, one after the other
	looks  []look
	folded string // the name in lower case
	phased bool   // some items have a phase
	priced bool   // else it is not on sale, only remembered
	kept   atomic.Pointer[any]
}

// item is a row without what it shares with others.
type item struct {
	id   int64
	bot  steam.ID64
	end  uint32 // of its asset id in assets
	look uint32
}

// look is what items that look the same have in common.
type look struct {
	app                                                steam.AppID
	context, class, instance, phase, icon, kind, color string
}

// newName makes a name of at least one row; the rows are by id.
func newName(rows []Row, price money.Amount, priced bool) *Name {
	n := &Name{Name: rows[0].Name, folded: strings.ToLower(rows[0].Name), items: make([]item, 0, len(rows))}
	var assets strings.Builder
	looks := map[look]uint32{}
	for _, r := range rows {
		assets.WriteString(r.Asset.ID)
		l := look{r.Asset.App, r.Asset.Context, r.ClassID, r.InstanceID, r.Phase, r.Icon, r.Kind, r.Color}
		i, seen := looks[l]
		if !seen {
			i = uint32(len(n.looks))
			looks[l], n.looks = i, append(n.looks, l)
		}
		n.items = append(n.items, item{id: r.ID, bot: r.Bot, end: uint32(assets.Len()), look: i})
		n.phased = n.phased || r.Phase != ""
	}
	n.assets = assets.String()
	return n.sold(price, priced)
}

// sold is the same items at a price.
func (n *Name) sold(price money.Amount, priced bool) *Name {
	s := &Name{Name: n.Name, Price: price, items: n.items, assets: n.assets, looks: n.looks, folded: n.folded,
		phased: n.phased, priced: priced}
	s.Groups = s.groups()
	return s
}

// Len is how many items there are.
func (n *Name) Len() int { return len(n.items) }

// Row returns the i-th item by id.
func (n *Name) Row(i int) Row {
	it, from := n.items[i], uint32(0)
	if i > 0 {
		from = n.items[i-1].end
	}
	l := &n.looks[it.look]
	return Row{ID: it.id, Bot: it.bot, Asset: steam.Asset{App: l.app, Context: l.context, ID: n.assets[from:it.end]},
		ClassID: l.class, InstanceID: l.instance, Name: n.Name, Phase: l.phase, Icon: l.icon, Kind: l.kind, Color: l.color,
		Price: n.Price}
}

// Rows are the items by id.
func (n *Name) Rows() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for i := range n.items {
			if !yield(n.Row(i)) {
				return
			}
		}
	}
}

// Kept returns what make has made of the name, once or, in a race, twice. A
// name lives from one change to the next, which may be days: what is written of
// it need not be written again.
func (n *Name) Kept(make func(*Name) any) any {
	if v := n.kept.Load(); v != nil {
		return *v
	}
	v := make(n)
	n.kept.Store(&v)
	return v
}

// at is the name at a price: itself when that is its own.
func (n *Name) at(price money.Amount, priced bool) *Name {
	if n.priced == priced && (!priced || n.Price == price) {
		return n
	}
	return n.sold(price, priced)
}

// holds reports whether the name has just these rows; they are by id.
func (n *Name) holds(rows []Row) bool {
	if len(rows) != n.Len() {
		return false
	}
	for i, r := range rows {
		r.Price = n.Price
		if n.Row(i) != r {
			return false
		}
	}
	return true
}

// groups counts the items, and beside them those of each phase.
func (n *Name) groups() []Group {
	all := []Group{{Name: n.Name, Price: n.Price, ClassID: n.looks[0].class, Count: n.Len()}}
	if !n.phased {
		return all
	}
	for r := range n.Rows() {
		listed := r.PhaseName()
		if listed == "" {
			continue
		}
		i := slices.IndexFunc(all[1:], func(g Group) bool { return g.Name == listed }) + 1
		if i == 0 {
			all = append(all, Group{Name: listed, Price: n.Price, ClassID: r.ClassID, Count: 1})
			continue
		}
		all[i].Count++
	}
	slices.SortFunc(all[1:], func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return all
}
