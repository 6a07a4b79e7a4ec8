package pay

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/pay/page"
	"github.com/skinrail/skinrail/internal/steam"
)

type game struct {
	name string // in addresses and in the merchant's request
	text string
	app  steam.AppID
}

// games in the order of their tabs.
var games = []game{
	{"cs2", "CS2", steam.CS2}, {"dota2", "Dota 2", steam.Dota2}, {"rust", "Rust", steam.Rust}, {"tf2", "TF2", steam.TF2},
}

// traded are the games that payers can pay with.
func (d *Door) traded() []game {
	if len(d.Games) == 0 {
		return games
	}
	return slices.DeleteFunc(slices.Clone(games), func(g game) bool { return !slices.Contains(d.Games, g.app) })
}

// findGame returns the game of a name or app number; the first one and false
// when it is not traded.
func (d *Door) findGame(name string) (game, bool) {
	if name == "csgo" {
		name = "cs2"
	}
	all := d.traded()
	for _, g := range all {
		if name == g.name || name == strconv.Itoa(int(g.app)) {
			return g, true
		}
	}
	return all[0], false
}

// gameAsked is the game of the request, else the merchant's priority.
func (v *visit) gameAsked() (g game, asked bool) {
	if g, ok := v.door.findGame(v.r.FormValue("game")); ok {
		return g, true
	}
	g, _ = v.door.findGame(v.deposit.PriorityGame)
	return g, false
}

// inventory reads the payer's items of the game asked for; when none was, the
// first game with items, beginning with the merchant's priority.
func (v *visit) inventory() (game, deposit.Quote, error) {
	g, asked := v.gameAsked()
	if err := v.door.mayAsk(v.deposit.Hash); err != nil {
		return g, deposit.Quote{}, err
	}
	if err := v.door.preflight(v.ctx(), v.deposit.SteamID, v.deposit.TradeToken); err != nil {
		return g, deposit.Quote{}, err
	}
	first, err := v.door.Deposits.Inventory(v.ctx(), v.deposit.Hash, g.app, v.now)
	if err != nil || asked || len(first.Items) > 0 {
		return g, first, err
	}
	for _, other := range v.door.traded() {
		if other == g {
			continue
		}
		q, err := v.door.Deposits.Inventory(v.ctx(), v.deposit.Hash, other.app, v.now)
		if err == nil && len(q.Items) > 0 {
			return other, q, nil
		}
	}
	return g, first, nil
}

// items draws the choice, with what was chosen before.
func (v *visit) items(status int, problem string, chosen []string) error {
	g, q, err := v.inventory()
	if err != nil {
		return v.notReady(err)
	}
	if problem == "" && v.deposit.Reason != "" {
		problem = refusals[v.deposit.Reason]
		if problem == "" {
			problem = page.ResultOther
		}
	}
	f := v.frame(page.TitleItems, page.StepItems)
	f.Key, f.Limits = v.key(""), v.limitsText(g.app)
	view := page.Items{Frame: f, Quote: q.ID, Fixed: min(seconds(q.Expires.Sub(v.now)), f.Closes), Game: g.text,
		Money: v.arithmetic(g.app), Error: problem, Most: deposit.MaxItems, Items: v.quoted(q, chosen)}
	for _, o := range v.door.traded() {
		view.Tabs = append(view.Tabs, page.Tab{ID: o.name, Name: o.text, Current: o == g})
	}
	return v.draw(status, page.ItemsPage(view))
}

// notReady sends a payer with a wrong trade URL back to enter it, and says what
// else is in the way.
func (v *visit) notReady(err error) error {
	if code, reason := fault.Of(err); code == fault.PayerNotReady && reason == reasonTradeURL {
		return v.askTradeURL(http.StatusConflict, "", page.ErrTradeURLRefused)
	}
	return v.hinder(err, page.StepItems)
}

// quoted lists a quote: what can be chosen first, the dearest first.
func (v *visit) quoted(q deposit.Quote, chosen []string) []page.Item {
	c := v.shown()
	wanted := make(map[string]bool, len(chosen))
	for _, id := range chosen {
		wanted[id] = true
	}
	items := make([]page.Item, 0, len(q.Items))
	for _, it := range q.Items {
		i := v.item(it.Item, v.text(it.Price, c))
		if it.Disabled != "" {
			i.Disabled = page.Disabled(it.Disabled)
		}
		i.Chosen = wanted[it.ID] && it.Disabled == ""
		items = append(items, i)
	}
	slices.SortStableFunc(items, func(a, b page.Item) int {
		return cmp.Or(cmp.Compare(min(1, len(a.Disabled)), min(1, len(b.Disabled))), cmp.Compare(b.Units, a.Units), cmp.Compare(a.Name, b.Name))
	})
	return items
}

func (v *visit) item(it deposit.Item, price string) page.Item {
	full := page.Plain(it.Name)
	i := page.Item{App: strconv.Itoa(int(it.App)), Asset: it.ID, Full: full, Icon: it.Icon, Units: int64(it.Price), Price: price}
	i.Name, i.Detail = page.SplitName(full)
	return i
}

// fixed lists a deposit's own items.
func (v *visit) fixed(items []deposit.Item) []page.Item {
	c := v.shown()
	var out []page.Item
	for _, it := range items {
		out = append(out, v.item(it, v.text(it.Price, c)))
	}
	return out
}
