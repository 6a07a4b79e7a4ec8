package steamtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// answer is what one kind of answer looks like on the wire.
type answer struct {
	status  int
	eresult string // the header's value; empty: the header must be absent
	body    shape
}

// CheckAnswer holds an answer of a Steam server against the contract's tables:
// status, headers, types, and which members are absent. It returns what is
// wrong; an unknown kind is wrong too.
func CheckAnswer(kind string, status int, header http.Header, body []byte) []string {
	a, ok := answers[kind]
	if !ok {
		return []string{"no such kind of answer: " + kind}
	}
	var wrong []string
	if status != a.status {
		wrong = append(wrong, fmt.Sprintf("status %d, want %d", status, a.status))
	}
	if got := header.Get("X-Eresult"); got != a.eresult {
		wrong = append(wrong, fmt.Sprintf("x-eresult %q, want %q", got, a.eresult))
	}
	if got := header.Get("Content-Type"); got != "application/json" && !strings.HasPrefix(got, "application/json;") {
		wrong = append(wrong, "content type "+got)
	}
	if got := header.Get("Content-Encoding"); got != "" && got != "gzip" {
		wrong = append(wrong, "content encoding "+got)
	}
	v, err := parse(body)
	if err != nil {
		return append(wrong, fmt.Sprintf("body: %v", err))
	}
	return append(wrong, a.body(kind, v)...)
}

// Answers are the kinds that [CheckAnswer] knows.
func Answers() []string { return slices.Sorted(maps.Keys(answers)) }

// Parts that several answers have.
var (
	asset = object{"appid": number, "contextid": digits, "assetid": digits, "classid": digits, "instanceid": digits, "amount": digits}

	line   = object{"type": text, "value": text, "color?": text, "name?": text}.shape
	action = object{"link": text, "name": text}.shape
	tag    = object{"category": text, "internal_name": text, "localized_category_name": text, "localized_tag_name": text, "color?": text}.shape

	described = object{
		"appid": number, "classid": digits, "instanceid": digits, "background_color": text, "icon_url": text, "icon_url_large?": text,
		"descriptions": maybeEmpty(line), "actions?": list(action), "market_actions?": list(action), "fraudwarnings?": list(text),
		"name": text, "name_color": text, "type": text, "market_name": text, "market_hash_name": text, "market_fee_app?": number,
		"market_tradable_restriction": number, "market_marketable_restriction": number, "tags?": list(tag), "sealed_type?": number,
	}
	flags = func(of shape) object {
		return object{"currency": of, "tradable": of, "marketable": of, "commodity": of, "sealed": of}
	}
	forAll   = described.with(flags(flag))                            // /inventory/…
	forOwner = forAll.with(object{"owner_descriptions?": list(line)}) // the same, under the owner's session
	inEcon   = described.with(flags(truth)).shape                     // IEconService

	property   = object{"propertyid": number, "int_value?": digits, "float_value?": text, "string_value?": text, "name?": text}.shape
	properties = object{"appid": number, "contextid": digits, "assetid": digits, "asset_properties": list(property), "asset_accessories?": list(property)}.shape

	offered = asset.with(object{"missing": truth, "est_usd": digits}).shape
	offer   = object{
		"tradeofferid": digits, "accountid_other": number, "message": text, "expiration_time": number, "trade_offer_state": number,
		"items_to_give?": list(offered), "items_to_receive?": list(offered), "is_our_offer": truth, "time_created": number,
		"time_updated": number, "tradeid?": digits, "from_real_time_trade": is(false), "escrow_end_date": number,
		"confirmation_method": number, "eresult": is(1), "delay_settlement?": truth, "settlement_date?": number,
	}.shape

	traded = asset.with(object{"new_assetid?": digits, "new_contextid?": digits, "rollback_new_assetid?": digits, "rollback_new_contextid?": digits}).shape
	trade  = object{
		"tradeid": digits, "steamid_other": digits, "time_init": number, "time_mod?": number, "time_escrow_end?": either(number, digits),
		"time_settlement?": number, "status": number, "rollback_trade?": digits, "assets_received?": list(traded), "assets_given?": list(traded),
		"currency_received?": list(traded), "currency_given?": list(traded),
	}.shape

	hold = object{"escrow_end_duration_seconds": number, "escrow_end_date?": number, "escrow_end_date_rfc3339?": text}.shape

	confirmation = object{
		"type": number, "type_name": text, "id": digits, "creator_id": digits, "nonce": digits, "creation_time": number, "cancel": text,
		"accept": text, "icon": text, "multi": truth, "headline": text, "summary": list(text), "warn": either(nothing, text),
	}.shape

	classInfo = object{
		"classid": digits, "instanceid?": digits, "icon_url": text, "icon_url_large": text, "icon_drag_url": text, "name": text,
		"market_hash_name": text, "market_name": text, "name_color": text, "background_color": text, "type": text, "tradable": flagged,
		"marketable": flagged, "commodity": flagged, "currency": flagged, "sealed": flagged, "market_tradable_restriction": digits,
		"market_marketable_restriction": digits, "fraudwarnings": inOrder(text), "descriptions": inOrder(line), "actions": inOrder(action),
		"market_actions": inOrder(action), "tags": inOrder(object{"internal_name": text, "name": text, "category": text, "category_name": text, "color": text}.shape),
	}.shape

	held = object{"id": digits, "classid": digits, "instanceid": digits, "amount": digits, "pos": number, "hide_in_china": flag}.shape
	none = array(nothing, 0)
)

// inOrder is a list of GetAssetClassInfo: an object with the keys 0, 1, …, or
// the empty text.
func inOrder(of shape) shape { return either(is(""), keyed("[0-9]+", of)) }

// response is the envelope of the Web API.
func response(o object) shape { return object{"response": o.shape}.shape }

var answers = map[string]answer{
	"inventory": {200, "", object{"success": is(1), "rwgrsn": is(-2), "total_inventory_count": number, "assets": list(asset.shape),
		"descriptions": list(forAll.shape), "asset_properties?": list(properties)}.shape},
	"inventory page": {200, "", object{"success": is(1), "rwgrsn": is(-2), "total_inventory_count": number, "assets": list(asset.shape),
		"descriptions": list(forAll.shape), "asset_properties?": list(properties), "more_items": is(1), "last_assetid": digits}.shape},
	"own inventory": {200, "", object{"success": is(1), "rwgrsn": is(-2), "total_inventory_count": number, "assets": list(asset.shape),
		"descriptions": list(forOwner.shape), "asset_properties?": list(properties)}.shape},
	"empty inventory":     {200, "", object{"success": is(1), "rwgrsn": is(-2), "total_inventory_count": is(0)}.shape},
	"private inventory":   {403, "", nothing},
	"inventory too large": {400, "", nothing},
	"too many requests":   {429, "", nothing},
	"inventory down":      {500, "", object{"error": text}.shape},
	"partner inventory": {200, "", object{"success": is(true), "rgInventory": keyed("[0-9]+", held), "rgCurrency": either(none, keyed(".*", text)),
		"rgDescriptions": keyed("[0-9]+_[0-9]+", forAll.shape), "rgAssetProperties": either(none, keyed("[0-9]+", list(property))),
		"rgAssetAccessories": either(none, keyed("[0-9]+", list(property))), "more": truth, "more_start": either(is(false), number)}.shape},
	"empty partner inventory": {200, "", object{"success": is(true), "rgInventory": none, "rgCurrency": none, "rgDescriptions": none,
		"rgAssetProperties": none, "rgAssetAccessories": none, "more": is(false), "more_start": is(false)}.shape},
	"refused partner inventory": {200, "", object{"success": is(false), "error?": text}.shape},

	"sent": {200, "", object{"tradeofferid": digits}.shape},
	"sent, to confirm": {200, "", object{"tradeofferid": digits, "needs_mobile_confirmation": is(true),
		"needs_email_confirmation": is(false), "email_domain": text}.shape},
	"accepted": {200, "", object{"tradeid": digits}.shape},
	"accepted, to confirm": {200, "", object{"tradeid": nothing, "needs_mobile_confirmation": is(true),
		"needs_email_confirmation": is(false), "email_domain": text}.shape},
	"closed":          {200, "", object{"tradeofferid": digits}.shape},
	"offer refused":   {500, "", object{"strError": text}.shape},
	"no session":      {401, "", nothing},
	"accept unsigned": {403, "", nothing},
	"no referer":      {400, "", nothing},

	"confirmations":          {200, "", object{"success": is(true), "conf": list(confirmation)}.shape},
	"no confirmations":       {200, "", object{"success": is(true), "conf?": none}.shape},
	"confirmed":              {200, "", object{"success": is(true)}.shape},
	"confirmations unsigned": {200, "", object{"success": is(false), "needauth": is(true)}.shape},
	"confirmation refused":   {200, "", object{"success": is(false), "message?": text, "detail?": text}.shape},

	"offers": {200, "1", response(object{"trade_offers_sent?": list(offer), "trade_offers_received?": list(offer),
		"descriptions?": list(inEcon), "next_cursor?": number})},
	"no offers":     {200, "1", response(object{"next_cursor?": is(0)})},
	"offer":         {200, "1", response(object{"offer": offer, "descriptions?": list(inEcon)})},
	"unknown":       {200, "42", response(object{})},
	"done":          {200, "1", response(object{})},
	"access denied": {200, "15", response(object{})},
	"summary": {200, "1", response(object{"pending_received_count": number, "new_received_count": number, "updated_received_count": number,
		"historical_received_count": number, "pending_sent_count": number, "newly_accepted_sent_count": number, "updated_sent_count": number,
		"historical_sent_count": number, "escrow_received_count": number, "escrow_sent_count": number})},
	"holds":   {200, "1", response(object{"my_escrow": hold, "their_escrow": hold, "both_escrow": hold})},
	"trade":   {200, "1", response(object{"trades": list(trade), "descriptions?": list(inEcon)})},
	"history": {200, "1", response(object{"trades": maybeEmpty(trade), "more": truth, "total_trades?": number, "descriptions?": list(inEcon)})},
	"classes": {200, "1", object{"result": func(at string, v any) []string {
		m, _ := v.(map[string]any)
		rest := maps.Clone(m)
		delete(rest, "success")
		return append(is(true)(at+".success", m["success"]), keyed("[0-9]+(_[0-9]+)?", classInfo)(at, rest)...)
	}}.shape},
	"summaries": {200, "1", response(object{"players": list(object{"steamid": digits, "personaname": text, "profileurl": text, "avatar": text,
		"avatarmedium": text, "avatarfull": text, "avatarhash": text, "communityvisibilitystate": number, "profilestate": number,
		"personastate": number, "timecreated?": number}.shape)})},
	"bans": {200, "1", object{"players": list(object{"SteamId": digits, "CommunityBanned": truth, "VACBanned": truth, "NumberOfVACBans": number,
		"DaysSinceLastBan": number, "NumberOfGameBans": number, "EconomyBan": text}.shape)}.shape},
	"level":     {200, "1", response(object{"player_level": number})},
	"vanity":    {200, "1", response(object{"success": is(1), "steamid": digits})},
	"no vanity": {200, "1", response(object{"success": is(42), "message": text})},
	"time": {200, "1", response(object{"server_time": digits, "skew_tolerance_seconds": is("60"), "large_time_jink": is("86400"),
		"probe_frequency_seconds": is(3600), "adjusted_time_probe_frequency_seconds": is(300), "hint_probe_frequency_seconds": is(60),
		"sync_timeout": is(60), "try_again_seconds": is(900), "max_attempts": is(3)})},

	"finalized": {200, "", object{"steamID": digits, "redir": text, "primary_domain": text,
		"transfer_info": list(object{"url": text, "params": object{"nonce": text, "auth": text}.shape}.shape)}.shape},
	"not finalized": {200, "", object{"error": number}.shape},
	"cookie set":    {200, "", object{"result": is(1), "rtExpiry": number}.shape},
	"trade token":   {200, "", text},
}
