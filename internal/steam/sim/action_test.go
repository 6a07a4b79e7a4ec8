package sim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

func TestTesterMakesOffersAndItems(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	a := w.control("/sim/accounts/"+payerID.String()+"/items", `{"app":730,"name":"`+redline+`","count":2}`)
	made, _ := a.json["items"].([]any)
	if len(made) != 2 {
		t.Fatalf("grant: %d %s", a.status, a.body)
	}
	first, second := made[0].(map[string]any)["assetid"].(string), made[1].(map[string]any)["assetid"].(string)
	sent := w.control("/sim/offers", `{"from":"`+payerID.String()+`","to":"`+botID.String()+`","message":"a gift","give":["`+first+`","`+second+`"]}`)
	id, _ := sent.json["tradeofferid"].(string)
	if sent.status != http.StatusOK || sent.json["state_name"] != "Active" {
		t.Fatalf("send: %d %s", sent.status, sent.body)
	}
	bot.wantState(id, steam.OfferActive)
	if a := w.control("/sim/accounts/"+payerID.String()+"/remove", `{"assets":["`+second+`"]}`); a.status != http.StatusOK {
		t.Fatalf("remove: %s", a.body)
	}
	w.kill()
	bot.world = w
	bot.wantState(id, steam.OfferInvalidItems)
	if a := w.control("/sim/accounts/"+payerID.String()+"/remove", `{"assets":["`+second+`"]}`); a.status != http.StatusConflict {
		t.Errorf("remove again: %d %s", a.status, a.body)
	}
	for path, body := range map[string]string{
		"/sim/offers": `{"from":"` + payerID.String() + `","to":"` + payerID.String() + `","give":[1]}`,
		"/sim/accounts/" + payerID.String() + "/items":         `{"app":730,"name":"","count":1}`,
		"/sim/accounts/" + payerID.String() + "/confirmations": `{"type":2}`,
	} {
		if a := w.control(path, body); a.status != http.StatusBadRequest {
			t.Errorf("%s %s: %d %s", path, body, a.status, a.body)
		}
	}
}

func TestConfirmationsWithoutAnOfferWaitAndAreAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	if a := w.control("/sim/accounts/"+botID.String()+"/confirmations", `{"type":9}`); a.status != http.StatusOK {
		t.Fatalf("plant: %s", a.body)
	}
	bot.mustSend(payerID, "Eus3r-tk", bot.inventory(botID, steam.CS2, "2")[:1], nil)
	w.kill()
	list := bot.confirmations()
	if len(list) != 2 || list[1].Type != 9 || list[1].TypeName != "Register API Key" {
		t.Fatalf("confirmations: %+v", list)
	}
	c := list[1]
	if a := bot.mobile("details"+c.ID, "/mobileconf/details/"+c.ID, url.Values{}); a.json["success"] != true {
		t.Errorf("details: %s", a.body)
	}
	if a := bot.mobile("cancel", "/mobileconf/ajaxop", url.Values{"op": {"cancel"}, "cid": {c.ID}, "ck": {c.Nonce}}); a.json["success"] != true {
		t.Fatalf("cancel: %s", a.body)
	}
	if left := bot.confirmations(); len(left) != 1 || left[0].Type != 2 {
		t.Errorf("left: %+v", left)
	}
}

func TestCancellingAHeldTradeBarsFromTrading(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Accounts[1].EscrowDays = 15 })
	bot := w.login(botID)
	theirs := bot.inventory(payerID, steam.CS2, "2")
	id := bot.mustSend(payerID, "Eus3r-tk", nil, theirs[:1])
	w.control("/sim/offers/"+id+"/accept", "")
	bot.wantState(id, steam.OfferInEscrow)
	if a := bot.post("/tradeoffer/"+id+"/cancel", url.Values{}); a.json["tradeofferid"] != id {
		t.Fatalf("cancel: %s", a.body)
	}
	if a := bot.send(payerID, "Eus3r-tk", nil, theirs[1:2]); !strings.Contains(string(a.body), "(15)") {
		t.Errorf("send during the cooldown: %s", a.body)
	}
	w.advance(7*24*time.Hour + time.Minute)
	bot.renew()
	bot.mustSend(payerID, "Eus3r-tk", nil, theirs[1:2])
}

func TestSignInPageComesInPlaceOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	w.control("/sim/faults", `{"endpoint":"privacy","kind":"signin"}`)
	a := bot.page("/profiles/"+botID.String()+"/tradeoffers/privacy", nil)
	if text := string(a.body); a.status != http.StatusOK || !strings.Contains(text, "<title>Sign In</title>") || !strings.Contains(text, "g_steamID = false;") {
		t.Errorf("%d %s", a.status, text)
	}
}

func TestKeysGetTheEmptyResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	page := string(bot.page("/dev/apikey", url.Values{"l": {"english"}}).body)
	_, rest, ok := strings.Cut(page, "Key: ")
	if !ok {
		t.Fatalf("no key on %s", page)
	}
	for _, method := range []string{"GetTradeOffers", "GetTradeOffer", "GetTradeStatus", "GetTradeHistory", "GetTradeHoldDurations", "GetTradeOffersSummary"} {
		a := w.get("/IEconService/"+method+"/v1/", url.Values{"key": {rest[:32]}, "get_sent_offers": {"1"}})
		if in, _ := a.json["response"].(map[string]any); a.status != http.StatusOK || in == nil || len(in) > 1 {
			t.Errorf("%s: %d %s", method, a.status, a.body)
		}
	}
}
