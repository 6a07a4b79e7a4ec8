package sim

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/steamtest"
)

// sheet ticks off the kinds of answers that have been held against the
// contract.
type sheet struct {
	t    *testing.T
	seen map[string]bool
}

// check holds one answer against the contract and hands it on.
func (s *sheet) check(kind string, a answer) answer {
	s.t.Helper()
	s.seen[kind] = true
	for _, wrong := range steamtest.CheckAnswer(kind, a.status, a.header, a.body) {
		s.t.Errorf("%s: %s", kind, wrong)
	}
	return a
}

func (u *user) partner(who steam.ID64, token string) answer {
	r := u.sign(u.request(http.MethodGet, "/tradeoffer/new/partnerinventory/", url.Values{
		"sessionid": {sessionID}, "partner": {who.String()}, "appid": {"730"}, "contextid": {"2"}}))
	r.Header.Set("Referer", u.http.URL+"/tradeoffer/new/?partner=1&token="+token)
	return u.do(r)
}

func TestEveryAnswerLooksLikeSteams(t *testing.T) {
	t.Parallel()
	s := &sheet{t, map[string]bool{}}
	w := newWorld(t)
	bot, payer := w.login(botID), w.login(payerID)
	s.inventories(bot)
	s.logins(bot)
	s.people(bot)
	s.refusals(bot)
	s.offers(bot, payer)
	for _, kind := range steamtest.Answers() {
		if !s.seen[kind] {
			t.Errorf("no answer of the kind %q was looked at", kind)
		}
	}
}

func (s *sheet) inventories(bot *user) {
	path := func(who steam.ID64, context string) string { return "/inventory/" + who.String() + "/730/" + context }
	s.check("inventory", bot.page(path(yesID, "2"), nil))
	s.check("inventory page", bot.page(path(yesID, "2"), url.Values{"count": {"10"}}))
	s.check("inventory", bot.page(path(yesID, "2"), url.Values{"raw_asset_properties": {"1"}}))
	s.check("empty inventory", bot.page(path(botID, "16"), nil))
	s.check("private inventory", bot.page(path(privID, "2"), nil))
	s.check("private inventory", bot.page(path(yesID, "16"), nil))
	s.check("private inventory", bot.page(path(76561198000999999, "2"), nil))
	s.check("inventory too large", bot.page(path(yesID, "2"), url.Values{"count": {"2001"}}))
	bot.control("/sim/faults", `[{"endpoint":"inventory","kind":"status","value":"429"},{"endpoint":"inventory","kind":"eresult","value":"16"}]`)
	s.check("too many requests", bot.page(path(yesID, "2"), nil))
	s.check("inventory down", bot.page(path(yesID, "2"), nil))
	s.check("partner inventory", bot.partner(payerID, "Eus3r-tk"))
	s.check("partner inventory", bot.page("/profiles/"+yesID.String()+"/inventory/json/730/2", nil))
	s.check("empty partner inventory", bot.page("/profiles/"+yesID.String()+"/inventory/json/570/2", nil))
	s.check("refused partner inventory", bot.partner(payerID, "Wr0ng-tk"))
}

func (s *sheet) logins(bot *user) {
	s.check("time", bot.do(bot.request(http.MethodPost, "/ITwoFactorService/QueryTime/v1/", url.Values{})))
	s.check("not finalized", bot.do(bot.request(http.MethodPost, "/jwt/finalizelogin", url.Values{"nonce": {"x"}})))
	a := s.check("finalized", bot.do(bot.request(http.MethodPost, "/jwt/finalizelogin", url.Values{"nonce": {bot.refresh}})))
	params := a.json["transfer_info"].([]any)[0].(map[string]any)["params"].(map[string]any)
	s.check("cookie set", bot.do(bot.request(http.MethodPost, "/login/settoken", url.Values{
		"nonce": {params["nonce"].(string)}, "auth": {params["auth"].(string)}, "steamID": {botID.String()}})))
}

func (s *sheet) people(bot *user) {
	both := url.Values{"steamids": {payerID.String() + "," + privID.String()}}
	s.check("summaries", bot.api("ISteamUser/GetPlayerSummaries", both))
	s.check("bans", bot.api("ISteamUser/GetPlayerBans", both))
	s.check("level", bot.api("IPlayerService/GetSteamLevel", url.Values{"steamid": {payerID.String()}}))
	s.check("vanity", bot.api("ISteamUser/ResolveVanityURL", url.Values{"vanityurl": {"example_bot"}}))
	s.check("no vanity", bot.api("ISteamUser/ResolveVanityURL", url.Values{"vanityurl": {"nobody"}}))
	holds := url.Values{"steamid_target": {payerID.String()}, "trade_offer_access_token": {"Eus3r-tk"}}
	s.check("holds", bot.api("IEconService/GetTradeHoldDurations", holds))
	bot.control("/sim/accounts/"+payerID.String(), `{"escrow_days":3}`)
	s.check("holds", bot.api("IEconService/GetTradeHoldDurations", holds))
	bot.control("/sim/accounts/"+payerID.String(), `{"escrow_days":0}`)
	holds.Set("trade_offer_access_token", "Wr0ng-tk")
	s.check("access denied", bot.api("IEconService/GetTradeHoldDurations", holds))
}

func (s *sheet) refusals(bot *user) {
	s.check("unknown", bot.api("IEconService/GetTradeOffer", url.Values{"tradeofferid": {"7"}}))
	s.check("unknown", bot.api("IEconService/GetTradeStatus", url.Values{"tradeid": {"7"}}))
	s.check("done", bot.do(bot.request(http.MethodPost, "/IEconService/CancelTradeOffer/v1/", url.Values{"access_token": {bot.token}, "tradeofferid": {"7"}})))
	s.check("no offers", bot.api("IEconService/GetTradeOffers", url.Values{"get_sent_offers": {"1"}, "get_received_offers": {"1"}}))
	s.check("no offers", bot.get("/IEconService/GetTradeOffers/v1/", url.Values{"key": {bot.sim.state.apiKey(bot.sim.state.byID[botID])}}))
	s.check("history", bot.api("IEconService/GetTradeHistory", nil))
	s.check("history", bot.api("IEconService/GetTradeHistory", url.Values{"get_descriptions": {"1"}, "language": {"english"}}))
	s.check("no session", bot.do(bot.request(http.MethodPost, "/tradeoffer/new/send", url.Values{})))
	s.check("no session", bot.do(bot.request(http.MethodPost, "/tradeoffer/7/cancel", url.Values{})))
	s.check("accept unsigned", bot.do(bot.request(http.MethodPost, "/tradeoffer/7/accept", url.Values{})))
	r := bot.sign(bot.request(http.MethodPost, "/tradeoffer/new/send", url.Values{"sessionid": {sessionID}}))
	r.Header.Del("Referer")
	s.check("no referer", bot.do(r))
	s.check("offer refused", bot.send(payerID, "Wr0ng-tk", nil, nil))
	s.check("offer refused", bot.post("/tradeoffer/7/decline", url.Values{}))
	s.check("no confirmations", bot.mobile("conf", "/mobileconf/getlist", url.Values{}))
	s.check("confirmations unsigned", bot.get("/mobileconf/getlist", nil))
	s.check("confirmation refused", bot.mobile("allow", "/mobileconf/ajaxop", url.Values{"op": {"allow"}, "cid": {"1"}, "ck": {"1"}}))
	s.check("confirmation refused", bot.page("/mobileconf/getlist", url.Values{"a": {botID.String()}, "p": {"x"}, "k": {"x"}, "t": {"1"}}))
}

func (s *sheet) offers(bot, payer *user) {
	mine, theirs := bot.inventory(botID, steam.CS2, "2"), bot.inventory(payerID, steam.CS2, "2")
	s.check("sent", bot.send(payerID, "Eus3r-tk", nil, theirs[:1]))
	a := s.check("sent, to confirm", bot.send(payerID, "Eus3r-tk", mine[:1], theirs[1:2]))
	both := a.json["tradeofferid"].(string)
	s.check("confirmations", bot.mobile("conf", "/mobileconf/getlist", url.Values{}))
	c := bot.confirmations()[0]
	s.check("confirmed", bot.mobile("allow", "/mobileconf/ajaxop", url.Values{"op": {"allow"}, "cid": {c.ID}, "ck": {c.Nonce}}))
	lists := func() {
		ask := url.Values{"get_sent_offers": {"1"}, "get_received_offers": {"1"}, "get_descriptions": {"1"}, "language": {"english"}}
		s.check("offers", bot.api("IEconService/GetTradeOffers", ask))
		s.check("offers", payer.api("IEconService/GetTradeOffers", ask))
		s.check("offer", payer.api("IEconService/GetTradeOffer", url.Values{"tradeofferid": {both}, "get_descriptions": {"1"}, "language": {"english"}}))
		s.check("summary", bot.api("IEconService/GetTradeOffersSummary", nil))
	}
	lists()
	s.check("accepted, to confirm", payer.post("/tradeoffer/"+both+"/accept", url.Values{"partner": {botID.String()}}))
	lists()
	payer.confirm(both)
	gift := bot.mustSend(payerID, "Eus3r-tk", mine[1:2], nil)
	bot.confirm(gift)
	s.check("accepted", payer.post("/tradeoffer/"+gift+"/accept", url.Values{"partner": {botID.String()}}))
	again := bot.mustSend(payerID, "Eus3r-tk", nil, theirs[3:4])
	s.check("closed", payer.post("/tradeoffer/"+again+"/decline", url.Values{}))
	lists()
	s.check("own inventory", payer.page("/inventory/"+payerID.String()+"/730/16", nil))
	s.check("own inventory", payer.page("/inventory/"+payerID.String()+"/730/16", url.Values{"preserve_bbcode": {"1"}}))
	trade := bot.offer(both)["tradeid"].(string)
	status := url.Values{"tradeid": {trade}, "get_descriptions": {"1"}, "language": {"english"}}
	s.check("trade", bot.api("IEconService/GetTradeStatus", status))
	bot.control("/sim/trades/"+trade+"/reverse?by="+payerID.String(), "")
	s.check("trade", bot.api("IEconService/GetTradeStatus", status))
	history := url.Values{"include_total": {"1"}, "include_failed": {"1"}, "get_descriptions": {"1"}, "language": {"english"}}
	s.check("history", bot.api("IEconService/GetTradeHistory", history))
	bot.control("/sim/accounts/"+yesID.String(), `{"escrow_days":2}`)
	bot.mustSend(yesID, "Aut0-acc", nil, bot.inventory(yesID, steam.CS2, "2")[:1])
	bot.advance(time.Second)
	s.check("history", bot.api("IEconService/GetTradeHistory", history))
	class := theirs[0]
	s.check("classes", bot.api("ISteamEconomy/GetAssetClassInfo", url.Values{"appid": {"730"}, "class_count": {"2"}, "classid0": {class.ClassID},
		"instanceid0": {class.InstanceID}, "classid1": {mine[0].ClassID}}))
	s.check("trade token", payer.post("/profiles/"+payerID.String()+"/tradeoffers/newtradeurl", url.Values{}))
}
