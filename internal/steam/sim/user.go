package sim

import (
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// classInfo answers GetAssetClassInfo in the odd form that it has: flags are
// text, lists are objects keyed by position, and empty lists the empty text.
func (q *call) classInfo() (reply, error) {
	if me, _ := q.bearer(); me == nil {
		return apiDenied(), nil
	}
	app := steam.AppID(q.integer("appid"))
	result := map[string]any{"success": true}
	for i := range min(int(q.integer("class_count")), 100) {
		n := strconv.Itoa(i)
		instance := q.r.FormValue("instanceid" + n)
		c := q.sim.state.byClass[q.r.FormValue("classid"+n)]
		if c == nil || c.App != app {
			continue
		}
		info := c.info(instance)
		if instance == "" || instance == "0" {
			result[c.ID] = info
			continue
		}
		info["instanceid"] = instance
		result[c.ID+"_"+instance] = info
	}
	p := document(map[string]any{"result": result})
	p.eresult = steam.ResultOK
	return p, nil
}

func (c *class) info(instance string) map[string]any {
	d := c.describe(instance)
	flag := func(v any) string {
		if v == 1 {
			return "1"
		}
		return "0"
	}
	lines := make([]any, 0, len(d.Descriptions))
	for _, l := range d.Descriptions {
		lines = append(lines, l)
	}
	actions := make([]any, 0, len(d.Actions))
	for _, a := range d.Actions {
		actions = append(actions, a)
	}
	tags := make([]any, 0, len(d.Tags))
	for _, t := range d.Tags {
		tags = append(tags, map[string]string{
			"internal_name": t.InternalName, "name": t.Name, "category": t.Category, "category_name": t.CategoryName, "color": t.Color})
	}
	return map[string]any{
		"classid": c.ID, "icon_url": d.IconURL, "icon_url_large": d.IconURLLarge, "icon_drag_url": "",
		"name": d.Name, "market_hash_name": d.MarketHashName, "market_name": d.MarketName, "name_color": d.NameColor,
		"background_color": d.BackgroundColor, "type": d.Type, "tradable": flag(d.Tradable), "marketable": flag(d.Marketable),
		"commodity": flag(d.Commodity), "currency": flag(d.Currency), "sealed": flag(d.Sealed), "market_tradable_restriction": strconv.Itoa(d.TradeRestriction),
		"market_marketable_restriction": strconv.Itoa(d.MarketRestriction), "fraudwarnings": "",
		"descriptions": keyed(lines), "actions": keyed(actions), "market_actions": keyed(actions), "tags": keyed(tags),
	}
}

func keyed(list []any) any {
	if len(list) == 0 {
		return ""
	}
	out := map[string]any{}
	for i, v := range list {
		out[strconv.Itoa(i)] = v
	}
	return out
}

// named lists the accounts that steamids names, up to a hundred.
func (q *call) named() []*account {
	var list []*account
	for i, text := range strings.Split(q.r.FormValue("steamids"), ",") {
		if a := q.account64(strings.TrimSpace(text)); a != nil && i < 100 {
			list = append(list, a)
		}
	}
	return list
}

type player struct {
	SteamID    string `json:"steamid"`
	Visibility int    `json:"communityvisibilitystate"`
	Profile    int    `json:"profilestate"`
	Name       string `json:"personaname"`
	URL        string `json:"profileurl"`
	Avatar     string `json:"avatar"`
	Medium     string `json:"avatarmedium"`
	Full       string `json:"avatarfull"`
	Hash       string `json:"avatarhash"`
	State      int    `json:"personastate"`
	Created    int64  `json:"timecreated,omitempty"`
}

func (q *call) playerSummaries() (reply, error) {
	if me, _ := q.bearer(); me == nil {
		return apiDenied(), nil
	}
	players := []player{}
	for _, a := range q.named() {
		picture := q.avatar(a)
		p := player{
			SteamID: a.SteamID.String(), Visibility: 3, Profile: 1, Name: a.name(), URL: q.profile(a), Avatar: picture + ".jpg",
			Medium: picture + "_medium.jpg", Full: picture + "_full.jpg", Hash: a.avatarHash(), Created: a.created(),
		}
		if a.InventoryPrivate {
			p.Visibility, p.Created = 1, 0
		}
		players = append(players, p)
	}
	return api(map[string]any{"players": players}), nil
}

func (q *call) profile(a *account) string {
	return q.base(community) + "/profiles/" + a.SteamID.String() + "/"
}

func (q *call) avatar(a *account) string {
	return q.base(community) + "/economy/image/" + a.avatarHash()
}

func (a *account) avatarHash() string {
	sum := sha1.Sum([]byte("avatar " + a.SteamID.String()))
	return hex.EncodeToString(sum[:])
}

// created is a time of registration, the same for an account in every world.
func (a *account) created() int64 { return 1_100_000_000 + int64(a.SteamID.Account()%400_000_000) }

func (q *call) playerBans() (reply, error) {
	if me, _ := q.bearer(); me == nil {
		return apiDenied(), nil
	}
	players := []map[string]any{}
	for _, a := range q.named() {
		economy := "none"
		switch {
		case a.TradeBan:
			economy = "banned"
		case a.Probation:
			economy = "probation"
		}
		players = append(players, map[string]any{
			"SteamId": a.SteamID.String(), "CommunityBanned": a.CommunityBan, "VACBanned": a.VACBans > 0, "NumberOfVACBans": a.VACBans,
			"DaysSinceLastBan": 0, "NumberOfGameBans": 0, "EconomyBan": economy,
		})
	}
	p := document(map[string]any{"players": players})
	p.eresult = steam.ResultOK
	return p, nil
}

func (q *call) steamLevel() (reply, error) {
	if me, _ := q.bearer(); me == nil {
		return apiDenied(), nil
	}
	a := q.account64(q.r.FormValue("steamid"))
	if a == nil {
		return api(struct{}{}), nil
	}
	return api(map[string]any{"player_level": 1 + int(a.SteamID.Account()%60)}), nil
}

// resolveVanity knows accounts by their account names.
func (q *call) resolveVanity() (reply, error) {
	if me, _ := q.bearer(); me == nil {
		return apiDenied(), nil
	}
	if a := q.sim.state.byName[strings.ToLower(q.r.FormValue("vanityurl"))]; a != nil {
		return api(map[string]any{"success": 1, "steamid": a.SteamID.String()}), nil
	}
	return api(map[string]any{"success": 42, "message": "No match"}), nil
}
