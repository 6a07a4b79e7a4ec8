package sim

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// legacyInventory answers the old address of an inventory, in the form that a
// partner's inventory has. With trading=1 it shows only what can be traded.
func (q *call) legacyInventory() (reply, error) {
	owner := q.pathAccount()
	app, err := strconv.ParseUint(q.r.PathValue("app"), 10, 32)
	context := q.r.PathValue("context")
	own := owner != nil && owner == q.session()
	if owner == nil || err != nil || !own && (owner.InventoryPrivate || context == steam.ContextProtected) {
		return document(map[string]any{"success": false, "Error": "This profile is private."}), nil
	}
	start, _ := strconv.Atoi(q.r.FormValue("start")) // absent and malformed are the beginning
	inv := owner.inventories[place{steam.AppID(app), context}]
	if inv == nil || start < 0 || start >= len(inv.list) || q.truth("trading") && context != steam.ContextMain {
		return document(emptyPartnerPage()), nil
	}
	return document(q.sim.state.partnerPage(inv.list, start)), nil
}

func emptyPartnerPage() map[string]any {
	return map[string]any{
		"success": true, "rgInventory": []any{}, "rgCurrency": []any{}, "rgDescriptions": []any{},
		"rgAssetProperties": []any{}, "rgAssetAccessories": []any{}, "more": false, "more_start": false,
	}
}

// apiInventory is the Web API's inventory, of the caller alone.
func (q *call) apiInventory() (reply, error) {
	me, byKey := q.bearer()
	if me == nil || byKey {
		return apiDenied(), nil
	}
	if q.r.FormValue("steamid") != me.SteamID.String() {
		return apiFailure(steam.ResultAccessDenied), nil
	}
	inv := me.inventory(place{steam.AppID(q.integer("appid")), q.r.FormValue("contextid")})
	from := len(inv.list)
	if start := q.unsigned("start_assetid"); start != 0 {
		from, _ = inv.find(start)
	}
	count := int(q.integer("count"))
	if most := q.sim.state.limit(limitPage); count <= 0 || count > most {
		count = most
	}
	p := q.inventoryPage(inv.list, from, count, true)
	out := map[string]any{"total_inventory_count": p.Total}
	if len(p.Assets) > 0 {
		out["assets"] = p.Assets
	}
	if q.truth("get_descriptions") && len(p.Descriptions) > 0 {
		list := make([]description, 0, len(p.Descriptions))
		for _, d := range p.Descriptions {
			list = append(list, d.inBooleans())
		}
		out["descriptions"] = list
	}
	if p.MoreItems == 1 {
		out["more_items"], out["last_assetid"] = true, p.LastAssetID
	}
	return api(out), nil
}

// unsigned reads a number; 0 when it is absent or none.
func (q *call) unsigned(name string) uint64 {
	n, err := strconv.ParseUint(q.r.FormValue(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

type cdata struct {
	Text string `xml:",cdata"`
}

type profileDocument struct {
	XMLName     xml.Name `xml:"profile"`
	SteamID64   string   `xml:"steamID64"`
	Name        cdata    `xml:"steamID"`
	OnlineState string   `xml:"onlineState"`
	Message     cdata    `xml:"stateMessage"`
	Privacy     string   `xml:"privacyState"`
	Visibility  int      `xml:"visibilityState"`
	Icon        cdata    `xml:"avatarIcon"`
	Medium      cdata    `xml:"avatarMedium"`
	Full        cdata    `xml:"avatarFull"`
	VACBanned   int      `xml:"vacBanned"`
	TradeBan    string   `xml:"tradeBanState"`
	Limited     int      `xml:"isLimitedAccount"`
	CustomURL   cdata    `xml:"customURL"`
	Since       string   `xml:"memberSince,omitempty"`
}

// profileXML is the profile in the form for programs.
func (q *call) profileXML(a *account) (reply, error) {
	if a == nil {
		return xmlReply(struct {
			XMLName xml.Name `xml:"response"`
			Error   cdata    `xml:"error"`
		}{Error: cdata{"The specified profile could not be found."}})
	}
	picture := q.avatar(a)
	p := profileDocument{
		SteamID64: a.SteamID.String(), Name: cdata{a.name()}, OnlineState: "offline", Message: cdata{"Offline"}, Privacy: "public",
		Visibility: 3, Icon: cdata{picture + ".jpg"}, Medium: cdata{picture + "_medium.jpg"}, Full: cdata{picture + "_full.jpg"},
		TradeBan: "None", Limited: bit(a.CannotTrade), CustomURL: cdata{strings.ToLower(a.AccountName)},
		Since: stamp(a.created() * 1_000_000).time().Format("January 2, 2006"),
	}
	if a.TradeBan {
		p.TradeBan = "Banned"
	}
	if a.InventoryPrivate {
		p.Privacy, p.Visibility, p.Since = "private", 1, ""
	}
	return xmlReply(p)
}

func xmlReply(v any) (reply, error) {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`)
	if err := xml.NewEncoder(&b).Encode(v); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, ctype: "text/xml; charset=utf-8", raw: b.Bytes()}, nil
}
