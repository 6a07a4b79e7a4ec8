package skinsback

import (
	"slices"

	"github.com/skinrail/skinrail/internal/market"
)

// marketSearch finds items by a part of their name, or by exact names.
func (d *Door) marketSearch(c *call) ([]byte, error) {
	part, names, err := searched(c)
	if err != nil {
		return nil, err
	}
	a := success()
	a.begin("items", '[')
	if app, known := d.game(c.get("game")); known {
		matches, err := d.deps.Market.Search(c.ctx, app, part, names, maxListed, c.now)
		if err != nil {
			return nil, err
		}
		a.matches(matches)
	}
	a.end(']')
	return a.done(), nil
}

// item writes an item with its price as a number.
func (a *answer) item(r market.Row) {
	a.open()
	a.itemHead(r.ID, r.Name)
	a.amount("price", r.Price)
	a.itemTail(r.ClassID, r.InstanceID)
	a.close()
}

// items are the items of a name as they are answered, with commas between, and
// where each ends.
type items struct {
	text []byte
	ends []int
}

// itemsOf is written once for as long as nothing of the name changes.
func itemsOf(n *market.Name) items {
	return n.Kept(func(n *market.Name) any {
		var a answer
		w := items{ends: make([]int, 0, n.Len())}
		for r := range n.Rows() {
			a.after(r)
			w.ends = append(w.ends, len(a.b))
		}
		w.text = slices.Clip(a.b)
		return w
	}).(items)
}

// after writes an item after others, if there are.
func (a *answer) after(r market.Row) {
	if len(a.b) > 0 {
		a.next()
	}
	a.item(r)
}

// matches writes what a search has found. It is long: room is made at once.
func (a *answer) matches(found []market.Match) {
	texts := make([][]byte, len(found))
	size := 0
	for i, m := range found {
		if m.Only == nil {
			w := itemsOf(m.Of)
			texts[i] = w.text[:w.ends[m.Count-1]]
		} else {
			var only answer
			for _, r := range m.Only {
				only.after(r)
			}
			texts[i] = only.b
		}
		size += 1 + len(texts[i])
	}
	a.b = slices.Grow(a.b, size+len("]}"))
	for _, text := range texts {
		a.next()
		a.b = append(a.b, text...)
	}
}
