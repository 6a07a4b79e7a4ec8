package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

func TestSendRefusesInSteamsWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) {
		w.Accounts[3].TradeBan = true
		w.Settings.InventoryLimit = 52
	})
	bot := w.login(botID)
	mine, theirs := bot.inventory(botID, steam.CS2, "2"), bot.inventory(payerID, steam.CS2, "2")
	rust := bot.inventory(botID, steam.Rust, "2")
	stranger := asset{AppID: steam.CS2, ContextID: "2", AssetID: "1"}
	odd := mine[0]
	odd.ContextID = "6"
	other := mine[0]
	other.AppID = steam.Rust
	many := make([]asset, 256)
	for i := range many {
		many[i] = asset{AppID: steam.CS2, ContextID: "2", AssetID: decimal(uint64(i + 1))}
	}
	cases := []struct {
		name          string
		to            steam.ID64
		token         string
		give, receive []asset
		want          string
	}{
		{"nothing", payerID, "Eus3r-tk", nil, nil, " (8)"},
		{"oneself", botID, "Eb0t_tok", mine[:1], nil, " (8)"},
		{"context", payerID, "Eus3r-tk", []asset{odd}, nil, " (8)"},
		{"twice", payerID, "Eus3r-tk", []asset{mine[0], mine[0]}, nil, " (8)"},
		{"too many assets", payerID, "Eus3r-tk", many, nil, " (8)"},
		{"app", payerID, "Eus3r-tk", []asset{other}, nil, " (26)"},
		{"gone", payerID, "Eus3r-tk", nil, []asset{stranger}, " (26)"},
		{"not owned", payerID, "Eus3r-tk", theirs[:1], nil, " (26)"},
		{"wrong token", payerID, "Wr0ng-tk", nil, theirs[:1], " (15)"},
		{"no token", payerID, "", nil, theirs[:1], " (15)"},
		{"unknown account", payerID + 1, "Eus3r-tk", nil, theirs[:1], " (15)"},
		{"mixed", payerID, "Eus3r-tk", []asset{mine[0], rust[0]}, nil, " (15)"},
		{"mixed over both sides", payerID, "Eus3r-tk", rust[:1], theirs[:1], " (15)"},
		{"full", yesID, "Aut0-acc", mine[:3], nil, " (15)"},
		{"private", privID, "Pr1vate_", nil, []asset{stranger}, `inventory privacy is set to "Private"`},
		{"banned", revID, "Rev3rses", nil, []asset{stranger}, "because they have a trade ban"},
	}
	for _, c := range cases {
		a := bot.send(c.to, c.token, c.give, c.receive)
		text, _ := a.json["strError"].(string)
		if a.status != 500 || !strings.Contains(text, c.want) || strings.HasPrefix(c.want, " (") && !strings.HasSuffix(text, c.want) {
			t.Errorf("%s: %d %s, want %q", c.name, a.status, a.body, c.want)
		}
		if strings.HasPrefix(c.want, " (") && !strings.HasPrefix(text, "There was an error sending your trade offer.  Please try again later. (") {
			t.Errorf("%s: %q is not the generic sentence", c.name, text)
		}
	}
	for range 5 {
		bot.mustSend(payerID, "Eus3r-tk", nil, theirs[:1])
	}
	if a := bot.send(payerID, "Eus3r-tk", nil, theirs[:1]); !strings.Contains(string(a.body), "sent too many trade offers") {
		t.Errorf("sixth open offer: %s", a.body)
	}
}

func TestSendNeedsSessionIDRefererAndOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	form := func() url.Values {
		f := offerForm(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
		f.Set("sessionid", sessionID)
		return f
	}
	cases := []struct {
		name   string
		change func(*http.Request, url.Values)
		status int
	}{
		{"no referer", func(r *http.Request, _ url.Values) { r.Header.Del("Referer") }, 400},
		{"other referer", func(r *http.Request, _ url.Values) { r.Header.Set("Referer", w.http.URL+"/market/") }, 400},
		{"foreign origin", func(r *http.Request, _ url.Values) { r.Header.Set("Origin", "https://example.com") }, 403},
		{"steam's origin", func(r *http.Request, _ url.Values) { r.Header.Set("Origin", "https://steamcommunity.com") }, 200},
		{"other sessionid", func(r *http.Request, _ url.Values) {
			r.Header.Set("Cookie", strings.Replace(r.Header.Get("Cookie"), "sessionid=0", "sessionid=f", 1))
		}, 401},
		{"no session", func(r *http.Request, _ url.Values) { r.Header.Set("Cookie", "sessionid="+sessionID) }, 401},
	}
	for _, c := range cases {
		r := bot.sign(w.request(http.MethodPost, "//tradeoffer//new/send/", form()))
		c.change(r, nil)
		if a := w.do(r); a.status != c.status || c.status != 200 && string(a.body) != "null" {
			t.Errorf("%s: %d %s, want %d", c.name, a.status, a.body, c.status)
		}
	}
}

func TestOfferHasSteamsTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	id := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	a := bot.api("IEconService/GetTradeOffers", url.Values{"get_sent_offers": {"true"}, "get_received_offers": {"1"}, "active_only": {"1"}, "get_descriptions": {"1"}, "language": {"en"}})
	if a.header.Get("X-Eresult") != "1" || a.header.Get("Date") != w.clock().Format(http.TimeFormat) {
		t.Errorf("headers %v", a.header)
	}
	response := a.json["response"].(map[string]any)
	if _, ok := response["trade_offers_received"]; ok {
		t.Error("an empty list is present")
	}
	o := response["trade_offers_sent"].([]any)[0].(map[string]any)
	item := o["items_to_receive"].([]any)[0].(map[string]any)
	desc := response["descriptions"].([]any)[0].(map[string]any)
	for name, want := range map[string]string{
		"tradeofferid": "string", "accountid_other": "float64", "message": "string", "expiration_time": "float64",
		"trade_offer_state": "float64", "is_our_offer": "bool", "time_created": "float64", "time_updated": "float64",
		"from_real_time_trade": "bool", "escrow_end_date": "float64", "confirmation_method": "float64", "eresult": "float64",
		"items_to_give": "<nil>", "tradeid": "<nil>",
	} {
		if got := fmt.Sprintf("%T", o[name]); got != want {
			t.Errorf("offer.%s is %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{"appid": "float64", "contextid": "string", "assetid": "string", "classid": "string",
		"instanceid": "string", "amount": "string", "missing": "bool", "est_usd": "string"} {
		if got := fmt.Sprintf("%T", item[name]); got != want {
			t.Errorf("item.%s is %s, want %s", name, got, want)
		}
	}
	if desc["tradable"] != true || desc["market_hash_name"] != redline || o["tradeofferid"] != id {
		t.Errorf("description %v of offer %v", desc, o)
	}
	if o["accountid_other"] != float64(payerID.Account()) || o["expiration_time"].(float64)-o["time_created"].(float64) != 14*86400 {
		t.Errorf("offer %v", o)
	}
	if a := bot.api("IEconService/GetTradeOffer", url.Values{"tradeofferid": {"1"}}); a.header.Get("X-Eresult") != "42" {
		t.Errorf("unknown offer: %v %s", a.header, a.body)
	}
}

func TestInventoryPagesNewestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/inventory/" + yesID.String() + "/730/2"
	var ids []string
	start := ""
	for range 3 {
		q := url.Values{"count": {"20"}}
		if start != "" {
			q.Set("start_assetid", start)
		}
		var p inventoryPage
		a := w.get(path, q)
		if err := json.Unmarshal(a.body, &p); err != nil || p.Total != 50 || p.Success != 1 || p.RWGRSN != -2 || len(p.Descriptions) != 1 {
			t.Fatalf("page: %s", a.body)
		}
		for _, one := range p.Assets {
			ids = append(ids, one.AssetID)
		}
		if (p.MoreItems == 1) != (p.LastAssetID != "") {
			t.Errorf("more_items %d with last_assetid %q", p.MoreItems, p.LastAssetID)
		}
		start = p.LastAssetID
	}
	if len(ids) != 50 || start != "" || len(slices.Compact(slices.Clone(ids))) != 50 || !slices.IsSortedFunc(ids, func(x, y string) int { return strings.Compare(y, x) }) {
		t.Errorf("%d ids, rest %q: %v", len(ids), start, ids)
	}
	for path, want := range map[string]int{
		path + "?count=2001": 400, path + "?count=0": 400, "/inventory/" + privID.String() + "/730/2": 403,
		"/inventory/76561198000000999/730/2": 403, "/inventory/" + yesID.String() + "/730/16": 403,
	} {
		if a := w.get(path, nil); a.status != want || string(a.body) != "null" {
			t.Errorf("%s: %d %s, want %d", path, a.status, a.body, want)
		}
	}
	if a := w.get("/inventory/"+yesID.String()+"/570/2", nil); strings.TrimSpace(string(a.body)) != `{"total_inventory_count":0,"success":1,"rwgrsn":-2}` {
		t.Errorf("empty context: %s", a.body)
	}
}

func TestPartnerInventoryNeedsTheTokenOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	ask := func(token string) answer {
		r := bot.sign(w.request(http.MethodGet, "/tradeoffer/new/partnerinventory/", url.Values{
			"sessionid": {sessionID}, "partner": {privID.String()}, "appid": {"730"}, "contextid": {"2"}}))
		r.Header.Set("Referer", w.http.URL+"/tradeoffer/new/?partner=1&token="+token)
		return w.do(r)
	}
	a := ask("Pr1vate_")
	if items, _ := a.json["rgInventory"].(map[string]any); a.json["success"] != true || len(items) != 3 {
		t.Errorf("with the token: %s", a.body)
	}
	if a := ask("Wr0ng-tk"); a.json["success"] != false {
		t.Errorf("with a wrong token: %s", a.body)
	}
}

func TestConfirmationsTakeAnyTagAndManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	mine := bot.inventory(botID, steam.CS2, "2")
	first := bot.mustSend(payerID, "Eus3r-tk", mine[:1], nil)
	second := bot.mustSend(payerID, "Eus3r-tk", mine[1:2], nil)
	third := bot.mustSend(payerID, "Eus3r-tk", mine[2:3], nil)
	list := bot.confirmations()
	if len(list) != 3 || list[0].CreatorID != third || list[0].Type != 2 || list[0].Headline != "Casual <Carl>" {
		t.Fatalf("confirmations %+v", list)
	}
	a := bot.mobile("odd tag", "/mobileconf/multiajaxop", url.Values{"op": {"allow"},
		"cid[0]": {list[0].ID}, "ck[0]": {list[0].Nonce}, "cid[1]": {list[1].ID}, "ck[1]": {list[1].Nonce}})
	if a.json["success"] != true {
		t.Fatalf("many: %s", a.body)
	}
	bot.wantState(second, steam.OfferActive)
	bot.wantState(third, steam.OfferActive)
	if a := bot.mobile("allow", "/mobileconf/ajaxop", url.Values{"op": {"allow"}, "cid": {list[0].ID}, "ck": {list[0].Nonce}}); a.json["success"] != false {
		t.Errorf("answered twice: %s", a.body)
	}
	bad := *bot
	bad.secret = "pvDu4EI6Ihl9u6AXtX5EZg8mnmA="
	if a := bad.mobile("conf", "/mobileconf/getlist", url.Values{}); a.json["success"] != false || a.json["message"] == nil {
		t.Errorf("wrong key: %s", a.body)
	}
	if a := bot.mobile("cancel", "/mobileconf/multiajaxop", url.Values{"op": {"cancel"}, "cid[]": {list[2].ID}, "ck[]": {list[2].Nonce}}); a.json["success"] != true {
		t.Fatalf("cancel: %s", a.body)
	}
	bot.wantState(first, steam.OfferCanceledBySecondFactor)
}

func TestAConfirmationKeyMayBeGoodOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Settings.KeysOnce = true })
	bot := w.login(botID)
	mine := bot.inventory(botID, steam.CS2, "2")
	for n := range 3 {
		bot.mustSend(payerID, "Eus3r-tk", mine[n:n+1], nil)
	}
	list := bot.confirmations()
	answer := func(tag string, c confirmationJSON) bool {
		return bot.mobile(tag, "/mobileconf/ajaxop", url.Values{"op": {"allow"}, "cid": {c.ID}, "ck": {c.Nonce}}).json["success"] == true
	}
	if !answer("allow", list[0]) || answer("allow", list[1]) {
		t.Error("one key answers twice, or never")
	}
	w.kill()
	if answer("allow", list[1]) || len(bot.confirmations()) != 2 {
		t.Error("a used key is good again after a restart")
	}
	if !answer("accept", list[1]) {
		t.Error("the key of another tag is another key")
	}
	w.set(w.clock().Add(time.Second))
	if !answer("allow", list[2]) {
		t.Error("the next second's key is refused")
	}
}

func TestOffersComeInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Settings.Limits = map[string]int{"offers_page": 2} })
	bot := w.login(botID)
	theirs := bot.inventory(payerID, steam.CS2, "2")
	want := map[string]bool{}
	for n := range 5 {
		want[bot.mustSend(payerID, "Eus3r-tk", nil, theirs[n:n+1])] = true
	}
	ask := url.Values{"get_sent_offers": {"1"}, "active_only": {"1"}, "time_historical_cutoff": {"9999999999"}}
	for pages := 1; ; pages++ {
		in := bot.api("IEconService/GetTradeOffers", ask).json["response"].(map[string]any)
		list, _ := in["trade_offers_sent"].([]any)
		for _, o := range list {
			delete(want, o.(map[string]any)["tradeofferid"].(string))
		}
		next := in["next_cursor"].(float64)
		if next == 0 {
			if pages != 3 || len(want) != 0 {
				t.Errorf("%d pages, not listed: %v", pages, want)
			}
			break
		}
		ask.Set("cursor", fmt.Sprint(next))
	}
	ask.Set("cursor", "6")
	if in := bot.api("IEconService/GetTradeOffers", ask).json["response"].(map[string]any); len(in) != 1 || in["next_cursor"] != float64(0) {
		t.Errorf("beyond the end: %v", in)
	}
}

func TestConfirmationsWaitForTheAcknowledgement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Settings.RequireAcknowledge = true })
	bot := w.login(botID)
	id := bot.mustSend(payerID, "Eus3r-tk", bot.inventory(botID, steam.CS2, "2")[:1], nil)
	c := bot.confirmations()[0]
	if a := bot.mobile("allow", "/mobileconf/ajaxop", url.Values{"op": {"allow"}, "cid": {c.ID}, "ck": {c.Nonce}}); a.json["success"] != false {
		t.Fatalf("confirmed without acknowledgement: %s", a.body)
	}
	if a := bot.post("//trade/new/acknowledge", url.Values{"message": {"1"}}); a.status != 302 || !strings.Contains(a.header.Get("Location"), "/profiles/") {
		t.Fatalf("acknowledge: %d %v", a.status, a.header)
	}
	bot.confirm(id)
}

func TestTradeTokenCanBeReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer, bot := w.login(payerID), w.login(botID)
	a := payer.post("/profiles/"+payerID.String()+"/tradeoffers/newtradeurl", url.Values{})
	var token string
	if err := json.Unmarshal(a.body, &token); err != nil || !steam.ValidToken(token) || token == "Eus3r-tk" {
		t.Fatalf("new token: %s", a.body)
	}
	privacy := payer.page("/profiles/"+payerID.String()+"/tradeoffers/privacy", nil)
	if !strings.Contains(string(privacy.body), fmt.Sprintf("%s/tradeoffer/new/?partner=%d&amp;token=%s", w.http.URL, payerID.Account(), token)) {
		t.Errorf("privacy page: %s", privacy.body)
	}
	hold := url.Values{"steamid_target": {payerID.String()}, "trade_offer_access_token": {"Eus3r-tk"}}
	if a := bot.api("IEconService/GetTradeHoldDurations", hold); a.header.Get("X-Eresult") != "15" {
		t.Errorf("old token: %v %s", a.header, a.body)
	}
	old := bot.page("/tradeoffer/new/", url.Values{"partner": {decimal(uint64(payerID.Account()))}, "token": {"Eus3r-tk"}})
	if !strings.Contains(string(old.body), "This Trade URL is no longer valid") || !strings.Contains(string(old.body), `id="error_msg"`) {
		t.Errorf("offer page with the old token: %s", old.body)
	}
}
