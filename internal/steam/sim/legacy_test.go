package sim

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

func TestLegacyInventoryHasThePartnerForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.get("/profiles/"+yesID.String()+"/inventory/json/730/2", nil)
	items, _ := a.json["rgInventory"].(map[string]any)
	if a.json["success"] != true || len(items) != 50 || a.json["more"] != false {
		t.Errorf("inventory: %d items, %v", len(items), a.json["success"])
	}
	if a := w.get("/profiles/"+privID.String()+"/inventory/json/730/2", nil); a.json["success"] != false {
		t.Errorf("private: %s", a.body)
	}
	if a := w.get("/profiles/"+yesID.String()+"/inventory/json/570/2/", nil); string(a.body) == "" || a.json["success"] != true {
		t.Errorf("empty: %s", a.body)
	}
	w.control("/sim/settings", `{"rate_limits":true}`)
	limited := 0
	for range 7 {
		limited += bit(w.get("/profiles/"+yesID.String()+"/inventory/json/730/2", nil).status == http.StatusTooManyRequests)
	}
	if limited != 2 {
		t.Errorf("%d of 7 in a minute were refused, want 2", limited)
	}
}

func TestAPIInventoryIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	form := url.Values{"steamid": {botID.String()}, "appid": {"730"}, "contextid": {"2"}, "get_descriptions": {"1"}, "count": {"10"}}
	in := bot.api("IEconService/GetInventoryItemsWithDescriptions", form).json["response"].(map[string]any)
	if len(in["assets"].([]any)) != 10 || in["total_inventory_count"] != float64(13) || in["last_assetid"] == nil {
		t.Errorf("inventory: %v", in)
	}
	if one := in["descriptions"].([]any)[0].(map[string]any); one["tradable"] != true {
		t.Errorf("tradable is %v, want true", one["tradable"])
	}
	form.Set("steamid", payerID.String())
	if a := bot.api("IEconService/GetInventoryItemsWithDescriptions", form); a.header.Get("X-Eresult") != "15" {
		t.Errorf("somebody else's: x-eresult %s", a.header.Get("X-Eresult"))
	}
}

func TestProfileComesAsXML(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, privacy := range map[string]string{
		"/profiles/" + payerID.String() + "/?xml=1": "public", "/id/example_user?xml=1": "public", "/profiles/" + privID.String() + "?xml=1": "private"} {
		a := w.get(path, nil)
		var p profileDocument
		if err := xml.Unmarshal(a.body, &p); err != nil || p.Privacy != privacy || !strings.HasPrefix(a.header.Get("Content-Type"), "text/xml") {
			t.Errorf("%s: %v %s", path, err, a.body)
		}
	}
	if a := w.get("/profiles/76561198999999999/?xml=1", nil); !strings.Contains(string(a.body), "<error>") {
		t.Errorf("unknown: %s", a.body)
	}
}

func TestConfirmationDetailsNameTheOffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	id := bot.mustSend(payerID, "Eus3r-tk", bot.inventory(botID, steam.CS2, "2")[:1], nil)
	c := bot.confirmations()[0].ID
	a := bot.mobile("details"+c, "/mobileconf/details/"+c, url.Values{})
	if text, _ := a.json["html"].(string); a.json["success"] != true || !strings.Contains(text, `class="tradeoffer" id="tradeofferid_`+id+`"`) {
		t.Errorf("details: %s", a.body)
	}
	page := bot.mobile("details", "/mobileconf/detailspage/"+c, url.Values{})
	if !strings.Contains(string(page.body), "tradeofferid_"+id) || strings.Contains(string(page.body), "Casual <Carl>") {
		t.Errorf("page: %s", page.body)
	}
	if a := bot.mobile("details", "/mobileconf/details/1", url.Values{}); a.json["success"] != false {
		t.Errorf("unknown confirmation: %s", a.body)
	}
}

func TestLimitsChangeByNameWhileTheWorldRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	if a := w.control("/sim/settings", `{"limits":{"offers_to_one":1,"message":4,"offer_days":2,"inventory_page":10,"offer_assets":2}}`); a.status != http.StatusOK {
		t.Fatalf("settings: %s", a.body)
	}
	for _, bad := range []string{`{"limits":{"offers":1}}`, `{"limits":{"message":-2}}`} {
		if a := w.control("/sim/settings", bad); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", bad, a.status, a.body)
		}
	}
	w.kill()
	if a := bot.page("/inventory/"+payerID.String()+"/730/2", url.Values{"count": {"11"}}); a.status != http.StatusBadRequest {
		t.Errorf("page beyond the limit: %d", a.status)
	}
	var theirs []asset
	bot.control("/sim/settings", `{"limits":{"inventory_page":-1}}`)
	theirs = bot.inventory(payerID, steam.CS2, "2")
	if a := bot.send(payerID, "Eus3r-tk", nil, theirs[:3]); !strings.Contains(string(a.body), "(8)") {
		t.Errorf("three assets: %s", a.body)
	}
	id := bot.mustSend(payerID, "Eus3r-tk", nil, theirs[:1])
	if o := bot.offer(id); o["message"] != "refe" || o["expiration_time"].(float64)-o["time_created"].(float64) != 2*86400 {
		t.Errorf("offer: %v", o)
	}
	if a := bot.send(payerID, "Eus3r-tk", nil, theirs[1:2]); !strings.Contains(string(a.body), "sent too many trade offers") {
		t.Errorf("second offer: %s", a.body)
	}
	w.advance(49 * time.Hour)
	bot.renew()
	bot.wantState(id, steam.OfferExpired)
}

// TestEveryEndpointFailsBeforeAndAfter asks each endpoint with each fault that
// ends the request: it must fail as the fault says, and be well afterwards.
func TestEveryEndpointFailsBeforeAndAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, rt := range table() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		path = strings.NewReplacer("{id}", botID.String(), "{v}", "v1", "{app}", "730", "{context}", "2", "{rest...}", "x",
			"{confirmation}", "1", "{name}", "nobody").Replace(path)
		for _, when := range []string{before, after} {
			for kind, value := range map[string]string{"drop": "", "status": "503", "html": "", "session": "", "eresult": "16", "text": "No such luck"} {
				w.control("/sim/faults", `{"endpoint":"`+rt.endpoint+`","kind":"`+kind+`","value":"`+value+`","when":"`+when+`"}`)
				a, err := try(w.request(method, path, url.Values{}))
				if kind == "drop" != (err != nil) {
					t.Errorf("%s %s %s: %v", rt.pattern, kind, when, err)
				}
				if (kind == "status" || kind == "html") && a.status != http.StatusServiceUnavailable {
					t.Errorf("%s %s %s: status %d", rt.pattern, kind, when, a.status)
				}
				if kind == "eresult" && slices.Contains([]surface{surfaceAuth, surfaceAPI}, rt.surface) && a.header.Get("X-Eresult") != "16" {
					t.Errorf("%s eresult %s: x-eresult %q", rt.pattern, when, a.header.Get("X-Eresult"))
				}
				if kind == "text" && rt.surface == surfaceTrade && !strings.Contains(string(a.body), `"strError":"No such luck"`) {
					t.Errorf("%s text %s: %s", rt.pattern, when, a.body)
				}
			}
		}
	}
	if left := w.get("/sim/faults", nil); strings.Contains(string(left.body), `"kind"`) {
		t.Errorf("faults are left: %s", left.body)
	}
}

// TestFaultsStrikeBeforeOrAfterTheEffect counts offers after a send that fails
// on either side of it.
func TestFaultsStrikeBeforeOrAfterTheEffect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, value string
	}{{"drop", ""}, {"status", "502"}, {"html", ""}, {"session", ""}, {"eresult", "16"}, {"text", "Sorry"}, {"empty", ""}, {"redirect", "login/home/"}} {
		for when, want := range map[string]int{before: 0, after: 1} {
			w := newWorld(t)
			bot := w.login(botID)
			theirs := bot.inventory(payerID, steam.CS2, "2")[:1]
			w.control("/sim/faults", `{"endpoint":"send","account":"example_bot","kind":"`+c.kind+`","value":"`+c.value+`","when":"`+when+`"}`)
			form := offerForm(payerID, "Eus3r-tk", nil, theirs)
			form.Set("sessionid", sessionID)
			a, _ := try(bot.sign(bot.request(http.MethodPost, "/tradeoffer/new/send", form)))
			if strings.Contains(string(a.body), "tradeofferid") {
				t.Errorf("%s %s: the answer came through: %s", c.kind, when, a.body)
			}
			list, _ := w.get("/sim/offers", nil).json["offers"].([]any)
			if len(list) != want {
				t.Errorf("%s %s: %d offers, want %d", c.kind, when, len(list), want)
			}
		}
	}
}

func TestFaultsSkipAndSpoil(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	id := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	w.control("/sim/faults", `[{"endpoint":"offer","kind":"hollow","skip":1},{"endpoint":"offer","kind":"types","skip":1}]`)
	if o := bot.offer(id); o["accountid_other"] == nil || o["items_to_receive"] == nil {
		t.Errorf("the first read is spoiled: %v", o)
	}
	if o := bot.offer(id); o["accountid_other"] != nil || o["items_to_receive"] != nil || o["tradeofferid"] != id {
		t.Errorf("a hollow offer: %v", o)
	}
	if o := bot.offer(id); o["trade_offer_state"] != "2" || o["is_our_offer"] != float64(1) || o["items_to_receive"] == nil {
		t.Errorf("other types: %v", o)
	}
	bot.wantState(id, steam.OfferActive)
}

func TestAccountsChangeByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot, payer := w.login(botID), w.login(payerID)
	w.control("/sim/accounts/"+payerID.String(), `{"remove_authenticator":true,"persona":"New Name"}`)
	holds := bot.api("IEconService/GetTradeHoldDurations", url.Values{"steamid_target": {payerID.String()}, "trade_offer_access_token": {"Eus3r-tk"}})
	their := holds.json["response"].(map[string]any)["their_escrow"].(map[string]any)
	if their["escrow_end_duration_seconds"] != float64(15*86400) {
		t.Errorf("hold: %s", holds.body)
	}
	id := payer.mustSend(botID, "Eb0t_tok", payer.inventory(payerID, steam.Rust, "2")[:1], nil)
	payer.wantState(id, steam.OfferActive)
	w.control("/sim/accounts/"+payerID.String(), `{"password":"another"}`)
	if a := payer.page("/my", nil); !strings.Contains(a.header.Get("Location"), "/login/home/") {
		t.Errorf("a new password left the session: %v", a.header)
	}
	if _, result := w.begin("example_user", "another"); result != "1" {
		t.Errorf("login with the new password: %s", result)
	}
}
