package sim

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/skinrail/skinrail/internal/steam"
)

const maxPage = 2000

type asset struct {
	AppID      steam.AppID `json:"appid"`
	ContextID  string      `json:"contextid"`
	AssetID    string      `json:"assetid"`
	ClassID    string      `json:"classid"`
	InstanceID string      `json:"instanceid"`
	Amount     string      `json:"amount"`
}

type assetProperties struct {
	AppID      steam.AppID `json:"appid"`
	ContextID  string      `json:"contextid"`
	AssetID    string      `json:"assetid"`
	Properties []property  `json:"asset_properties"`
}

type inventoryPage struct {
	Assets       []asset           `json:"assets,omitempty"`
	Descriptions []description     `json:"descriptions,omitempty"`
	Properties   []assetProperties `json:"asset_properties,omitempty"`
	MoreItems    int               `json:"more_items,omitempty"`
	LastAssetID  string            `json:"last_assetid,omitempty"`
	Total        int               `json:"total_inventory_count"`
	Success      int               `json:"success"`
	RWGRSN       int               `json:"rwgrsn"`
}

func (q *call) readInventory() (reply, error) {
	owner := q.pathAccount()
	app, err := strconv.ParseUint(q.r.PathValue("app"), 10, 32)
	if err != nil {
		return null(http.StatusBadRequest), nil
	}
	context := q.r.PathValue("context")
	most := q.sim.state.limit(limitPage)
	count := most
	if text := q.r.FormValue("count"); text != "" {
		if count, err = strconv.Atoi(text); err != nil || count < 1 || count > most {
			return null(http.StatusBadRequest), nil
		}
	}
	own := owner != nil && owner == q.session()
	ended, _ := q.cookieOver() // whose session it was
	if owner == nil || !own && owner.SteamID == ended || !own && (owner.InventoryPrivate || context == steam.ContextProtected) {
		return null(http.StatusForbidden), nil
	}
	inv := owner.inventories[place{steam.AppID(app), context}]
	if inv == nil || len(inv.list) == 0 {
		return document(inventoryPage{Success: 1, RWGRSN: -2}), nil
	}
	from := len(inv.list)
	if text := q.r.FormValue("start_assetid"); text != "" && text != "0" {
		start, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return null(http.StatusBadRequest), nil
		}
		from, _ = inv.find(start)
	}
	return document(q.inventoryPage(inv.list, from, count, own)), nil
}

// inventoryPage shows the items below from, newest first.
func (q *call) inventoryPage(list []*item, from, count int, own bool) inventoryPage {
	p := inventoryPage{Success: 1, RWGRSN: -2, Total: len(list)}
	low := max(0, from-count)
	named := q.r.FormValue("raw_asset_properties") != "1"
	bbcode := q.r.FormValue("preserve_bbcode") == "1"
	seen := map[classInstance]bool{}
	for _, it := range slices.Backward(list[low:from]) {
		if !own && it.hidden(q.at, q.sim.state.Settings.HideTraded) {
			continue
		}
		a := it.asset()
		p.Assets = append(p.Assets, a)
		if ps := q.sim.state.properties(it, named); ps != nil {
			p.Properties = append(p.Properties, assetProperties{a.AppID, a.ContextID, a.AssetID, ps})
		}
		key := classInstance{a.ClassID, a.InstanceID}
		if seen[key] {
			continue
		}
		seen[key] = true
		d := it.Class.describe(a.InstanceID)
		if own && it.Until > 0 {
			d.OwnerDescriptions = []descLine{{Type: "html", Value: " "}, it.ownerLine(bbcode, q.sim.state.Settings.DayMonthDates)}
		}
		p.Descriptions = append(p.Descriptions, d)
	}
	if low > 0 {
		p.MoreItems, p.LastAssetID = 1, decimal(list[low].ID)
	}
	return p
}

// hidden tells that strangers do not see the item yet.
func (it *item) hidden(at stamp, after Duration) bool {
	return it.Since > 0 && it.Class.App == steam.CS2 && at < it.Since.add(after)
}

type classInstance struct{ class, instance string }

func (it *item) asset() asset {
	return asset{AppID: it.Class.App, ContextID: it.Context, AssetID: decimal(it.ID), ClassID: it.Class.ID, InstanceID: it.instance(), Amount: "1"}
}

// pathAccount is the account that {id} names, or nil.
func (q *call) pathAccount() *account {
	id, err := steam.ParseID64(q.r.PathValue("id"))
	if err != nil {
		return nil
	}
	return q.sim.state.byID[id]
}

type partnerItem struct {
	ID         string `json:"id"`
	ClassID    string `json:"classid"`
	InstanceID string `json:"instanceid"`
	Amount     string `json:"amount"`
	China      int    `json:"hide_in_china"`
	Pos        int    `json:"pos"`
}

// partnerInventory shows tradable items to whoever has the trade URL, which the
// Referer carries.
func (q *call) partnerInventory() (reply, error) {
	me := q.session()
	if me == nil || q.cookie("sessionid") != "" && q.r.FormValue("sessionid") != q.cookie("sessionid") {
		return null(http.StatusUnauthorized), nil
	}
	partner := q.account64(q.r.FormValue("partner"))
	app, err := strconv.ParseUint(q.r.FormValue("appid"), 10, 32)
	if partner == nil || err != nil || q.refererToken() != partner.TradeToken && !q.sim.state.knows(me, partner) {
		return document(map[string]any{"success": false}), nil
	}
	start, _ := strconv.Atoi(q.r.FormValue("start")) // absent and malformed are the beginning
	inv := partner.inventories[place{steam.AppID(app), q.r.FormValue("contextid")}]
	if inv == nil || len(inv.list) == 0 || q.r.FormValue("contextid") != steam.ContextMain || start < 0 || start >= len(inv.list) {
		return document(emptyPartnerPage()), nil
	}
	return document(q.sim.state.partnerPage(inv.list, start)), nil
}

func (st *state) partnerPage(list []*item, start int) map[string]any {
	items, classes, props := map[string]partnerItem{}, map[string]description{}, map[string][]property{}
	end := min(len(list), start+maxPage)
	for i := start; i < end; i++ {
		it := list[len(list)-1-i]
		if it.locked() {
			continue
		}
		a := it.asset()
		items[a.AssetID] = partnerItem{ID: a.AssetID, ClassID: a.ClassID, InstanceID: a.InstanceID, Amount: a.Amount, Pos: i + 1}
		key := a.ClassID + "_" + a.InstanceID
		if _, ok := classes[key]; !ok {
			classes[key] = it.Class.describe(a.InstanceID)
		}
		if ps := st.properties(it, true); ps != nil {
			props[a.AssetID] = ps
		}
	}
	var more any = false
	if end < len(list) {
		more = end
	}
	return map[string]any{
		"success": true, "rgInventory": items, "rgCurrency": []any{}, "rgDescriptions": classes,
		"rgAssetProperties": props, "rgAssetAccessories": []any{}, "more": end < len(list), "more_start": more,
	}
}

// knows reports whether the two are friends or have an open offer between them:
// then no token is needed.
func (st *state) knows(a, b *account) bool {
	return friends(a, b) || st.open[[2]steam.ID64{a.SteamID, b.SteamID}]+st.open[[2]steam.ID64{b.SteamID, a.SteamID}] > 0
}

func friends(a, b *account) bool {
	return slices.Contains(a.Friends, b.SteamID) || slices.Contains(b.Friends, a.SteamID)
}

// account64 finds an account by the digits of its SteamID64, or nil.
func (q *call) account64(text string) *account {
	id, err := steam.ParseID64(text)
	if err != nil {
		return nil
	}
	return q.sim.state.byID[id]
}
