package sim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

func TestAPIKeyPageTellsWhoHasNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	for _, step := range []struct{ change, want string }{
		{`{}`, "<p>Key: "}, {`{"cannot_trade":true}`, "<h2>Access Denied</h2>"},
		{`{"cannot_trade":false,"remove_authenticator":true}`, "Your account requires Steam Guard Mobile Authenticator"},
	} {
		w.control("/sim/accounts/"+botID.String(), step.change)
		if a := bot.page("/dev/apikey", url.Values{"l": {"english"}}); !strings.Contains(string(a.body), step.want) {
			t.Errorf("after %s: %s", step.change, a.body)
		}
	}
}

func TestInventoryPageOfAPrivateAccountSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot, payer := w.login(botID), w.login(payerID)
	w.control("/sim/accounts/"+payerID.String(), `{"inventory_private":true}`)
	path := "/profiles/" + payerID.String() + "/inventory/"
	a := bot.page(path, nil)
	if !strings.Contains(string(a.body), "var g_rgAppContextData = [];\n") || !strings.Contains(string(a.body), "inventory is currently private.") {
		t.Errorf("for others: %s", a.body)
	}
	if a := payer.page(path, nil); !strings.Contains(string(a.body), `"730"`) {
		t.Errorf("for its owner: %s", a.body)
	}
}

func TestACodeIsGoodOnceUnlessTheRulesSayOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	again := func() string {
		begun, _ := w.begin("example_bot", "example bot password")
		code, _ := steam.Code(exampleWorld().Accounts[0].SharedSecret, w.clock())
		return w.auth(http.MethodPost, "UpdateAuthSessionWithSteamGuardCode", &authpb.GuardCodeRequest{ClientID: begun.ClientID,
			SteamID: begun.SteamID, Code: code, CodeType: authpb.GuardDeviceCode}).header.Get("X-Eresult")
	}
	if first, second := again(), again(); first != "1" || second != "88" {
		t.Errorf("first %s, second %s", first, second)
	}
	w.control("/sim/settings", `{"reuse_codes":true}`)
	if got := again(); got != "1" {
		t.Errorf("with reuse_codes: %s", got)
	}
}

func TestDescriptionsNeedALanguageAndSpeakInBooleans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	id := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	ask := url.Values{"tradeofferid": {id}, "get_descriptions": {"1"}}
	if a := bot.api("IEconService/GetTradeOffer", ask); strings.Contains(string(a.body), "descriptions") {
		t.Errorf("without a language: %s", a.body)
	}
	ask.Set("language", "english")
	a := bot.api("IEconService/GetTradeOffer", ask)
	for _, want := range []string{`"currency":false`, `"tradable":true`, `"marketable":true`, `"commodity":false`, `"sealed":false`} {
		if !strings.Contains(string(a.body), want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	class := a.json["response"].(map[string]any)["descriptions"].([]any)[0].(map[string]any)
	info := bot.api("ISteamEconomy/GetAssetClassInfo", url.Values{"appid": {"730"}, "class_count": {"1"},
		"classid0": {class["classid"].(string)}, "instanceid0": {class["instanceid"].(string)}})
	for _, want := range []string{`"currency":"0"`, `"sealed":"0"`, `"tradable":"1"`, `"fraudwarnings":""`} {
		if !strings.Contains(string(info.body), want) {
			t.Errorf("no %s in %s", want, info.body)
		}
	}
}

// trades asks for the history with further parameters.
func (u *user) trades(more url.Values) []any {
	u.t.Helper()
	list, _ := u.api("IEconService/GetTradeHistory", more).json["response"].(map[string]any)["trades"].([]any)
	return list
}

func TestTradesThatFailedAreShownWhenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	w.control("/sim/accounts/"+payerID.String(), `{"escrow_days":15}`)
	id := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	w.control("/sim/offers/"+id+"/accept", "")
	if n := len(bot.trades(nil)); n != 1 {
		t.Fatalf("%d trades while one is held", n)
	}
	w.control("/sim/offers/"+id+"/cancel", "")
	if list := bot.trades(nil); len(list) != 0 {
		t.Errorf("not asked for: %v", list)
	}
	list := bot.trades(url.Values{"include_failed": {"1"}})
	if len(list) != 1 || list[0].(map[string]any)["status"] != float64(steam.TradeEscrowRollback) {
		t.Errorf("asked for: %v", list)
	}
}

func TestLateReadsShowTradesAsTheyWere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	w.control("/sim/accounts/"+payerID.String(), `{"escrow_days":15}`)
	id := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	w.advance(time.Hour)
	w.control("/sim/offers/"+id+"/accept", "")
	trade := bot.wantState(id, steam.OfferInEscrow)["tradeid"].(string)
	w.advance(16 * 24 * time.Hour)
	bot.renew()
	w.control("/sim/trades/"+trade+"/reverse?by="+payerID.String(), "")
	w.advance(time.Minute)
	for _, step := range []struct {
		late   string
		status steam.TradeStatus // 0: not there
		moved  bool
	}{{"1s", steam.TradeProtectionRollback, true}, {"1h", steam.TradeComplete, true}, {"48h", steam.TradeInEscrow, false}, {"400h", 0, false}} {
		w.control("/sim/faults", `[{"endpoint":"trade","kind":"late","value":"`+step.late+`"},{"endpoint":"history","kind":"late","value":"`+step.late+`"}]`)
		a := bot.api("IEconService/GetTradeStatus", url.Values{"tradeid": {trade}})
		list := bot.trades(url.Values{"include_failed": {"1"}})
		if step.status == 0 {
			if a.header.Get("X-Eresult") != "42" || len(list) != 0 {
				t.Errorf("%s late: %s %v", step.late, a.body, list)
			}
			continue
		}
		one := a.json["response"].(map[string]any)["trades"].([]any)[0].(map[string]any)
		asset := one["assets_received"].([]any)[0].(map[string]any)
		if one["status"] != float64(step.status) || (asset["new_assetid"] != nil) != step.moved {
			t.Errorf("%s late: %s", step.late, a.body)
		}
		if got := list[len(list)-1].(map[string]any)["status"]; got != float64(step.status) {
			t.Errorf("%s late in the history: %v", step.late, got)
		}
	}
}

func TestALockedItemIsSeenAndCannotBeTraded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer, bot := w.login(payerID), w.login(botID)
	before := len(payer.inventory(payerID, steam.CS2, "2"))
	made := w.control("/sim/accounts/"+payerID.String()+"/items", `{"app":730,"name":"AWP | Phobos (Factory New)","count":1,"locked_for":"167h30m"}`)
	id := made.json["items"].([]any)[0].(map[string]any)["assetid"].(string)
	own := string(payer.page("/inventory/"+payerID.String()+"/730/2", nil).body)
	until := w.clock().Add(168*time.Hour).Truncate(time.Hour).Format("Jan 02, 2006 (15:04:05)") + " GMT"
	if !strings.Contains(own, "Tradable/Marketable After "+until) || !strings.Contains(own, `"tradable":0`) {
		t.Errorf("its owner sees %s", own)
	}
	r := bot.sign(w.request(http.MethodGet, "/tradeoffer/new/partnerinventory/", url.Values{
		"sessionid": {sessionID}, "partner": {payerID.String()}, "appid": {"730"}, "contextid": {"2"}}))
	r.Header.Set("Referer", w.http.URL+"/tradeoffer/new/?partner=1&token=Eus3r-tk")
	if list, _ := w.do(r).json["rgInventory"].(map[string]any); list[id] != nil || len(list) != before {
		t.Errorf("shown to a partner among %d", len(list))
	}
	ask := []asset{{AppID: steam.CS2, ContextID: "2", AssetID: id, Amount: "1"}}
	if a := bot.send(payerID, "Eus3r-tk", nil, ask); !strings.Contains(string(a.body), "(26)") {
		t.Errorf("asked for: %s", a.body)
	}
	w.kill()
	w.advance(168 * time.Hour)
	payer.renew()
	bot.renew()
	if own := string(payer.page("/inventory/"+payerID.String()+"/730/2", nil).body); strings.Contains(own, "Tradable/Marketable") {
		t.Errorf("after the lock: %s", own)
	}
	if a := bot.send(payerID, "Eus3r-tk", nil, ask); a.status != http.StatusOK {
		t.Errorf("asked for later: %s", a.body)
	}
}

func TestStrangersSeeWhatWasTradedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.control("/sim/settings", `{"hide_traded":"240h"}`)
	bot, payer := w.login(botID), w.login(payerID)
	id := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	w.control("/sim/offers/"+id+"/accept", "")
	item := bot.trade(bot.offer(id)["tradeid"].(string))["assets_received"].([]any)[0].(map[string]any)["new_assetid"].(string)
	sees := func(u *user) bool {
		u.renew()
		return strings.Contains(string(u.page("/inventory/"+botID.String()+"/730/2", nil).body), `"`+item+`"`)
	}
	total := func() any { return w.get("/inventory/"+botID.String()+"/730/2", nil).json["total_inventory_count"] }
	had := total()
	w.advance(170 * time.Hour)
	w.kill()
	if sees(payer) || !sees(bot) || total() != had.(float64)+1 {
		t.Errorf("after a week: stranger %v, owner %v, %v of %v items", sees(payer), sees(bot), total(), had)
	}
	r := payer.sign(w.request(http.MethodGet, "/tradeoffer/new/partnerinventory/", url.Values{
		"sessionid": {sessionID}, "partner": {botID.String()}, "appid": {"730"}, "contextid": {"2"}}))
	r.Header.Set("Referer", w.http.URL+"/tradeoffer/new/?partner=1&token=Eb0t_tok")
	if list, _ := w.do(r).json["rgInventory"].(map[string]any); list[item] == nil {
		t.Error("not shown by the trade URL")
	}
	w.advance(72 * time.Hour)
	if !sees(payer) {
		t.Error("not seen after ten days")
	}
	made := w.control("/sim/accounts/"+botID.String()+"/items", `{"app":730,"name":"AWP | Phobos (Factory New)","count":1,"locked_for":"168h"}`)
	item = made.json["items"].([]any)[0].(map[string]any)["assetid"].(string)
	if sees(payer) || !sees(bot) {
		t.Error("a stranger sees what was bought just now, or its owner does not")
	}
	w.advance(240 * time.Hour)
	if !sees(payer) {
		t.Error("not seen ten days after it was bought")
	}
}

func TestAnItemOnTheMarketLiesInContext16(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot, payer := w.login(botID), w.login(payerID)
	item := payer.inventory(payerID, steam.CS2, "2")[2:3]
	offer := bot.mustSend(payerID, "Eus3r-tk", nil, item)
	list := func(verb string) int {
		return w.control("/sim/accounts/"+payerID.String()+"/"+verb, `{"assets":["`+item[0].AssetID+`"]}`).status
	}
	if list("unlist") != http.StatusConflict || list("list") != http.StatusOK || list("list") != http.StatusConflict {
		t.Error("listed twice, or not at all")
	}
	w.kill()
	bot.wantState(offer, steam.OfferInvalidItems)
	page := string(payer.page("/inventory/"+payerID.String()+"/730/16", nil).body)
	if !strings.Contains(page, `"`+item[0].AssetID+`"`) || !strings.Contains(page, `"sealed":1,"sealed_type":1`) || !strings.Contains(page, `"tradable":0`) {
		t.Errorf("context 16: %s", page)
	}
	if n := len(payer.inventory(payerID, steam.CS2, "2")); n != 7 {
		t.Errorf("%d items left in context 2", n)
	}
	item[0].ContextID = "16"
	if a := bot.send(payerID, "Eus3r-tk", nil, item); !strings.Contains(string(a.body), "(26)") {
		t.Errorf("asked for: %s", a.body)
	}
	w.advance(30 * 24 * time.Hour)
	bot.renew()
	if list("unlist") != http.StatusOK {
		t.Error("not taken back")
	}
	item[0].ContextID = "2"
	bot.mustSend(payerID, "Eus3r-tk", nil, item)
}

func TestBansAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	for _, c := range []struct{ flags, want string }{
		{`{}`, `"CommunityBanned":false,"DaysSinceLastBan":0,"EconomyBan":"none","NumberOfGameBans":0,"NumberOfVACBans":0,`},
		{`{"probation":true}`, `"EconomyBan":"probation"`},
		{`{"trade_ban":true}`, `"EconomyBan":"banned"`},
		{`{"community_ban":true,"vac_bans":2}`, `"CommunityBanned":true,`},
		{`{}`, `"NumberOfVACBans":2,"SteamId":"` + payerID.String() + `","VACBanned":true`},
	} {
		if a := w.control("/sim/accounts/"+payerID.String(), c.flags); a.status != 200 {
			t.Fatalf("%s: %s", c.flags, a.body)
		}
		w.kill()
		if a := bot.api("ISteamUser/GetPlayerBans", url.Values{"steamids": {payerID.String()}}); !strings.Contains(string(a.body), c.want) {
			t.Errorf("after %s: no %s in %s", c.flags, c.want, a.body)
		}
	}
	if a := w.control("/sim/accounts/"+payerID.String(), `{"vac_bans":-1}`); a.status != 400 {
		t.Errorf("a negative number: %d", a.status)
	}
}
