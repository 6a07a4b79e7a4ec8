package sim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/steam"
)

func befriended(w *World) { w.Accounts[0].Friends = []steam.ID64{payerID} }

func TestFriendsNeedNoTradeURL(t *testing.T) {
	t.Parallel()
	for _, friends := range []bool{true, false} {
		w := newWorld(t)
		if friends {
			w = newWorld(t, befriended)
		}
		bot, payer := w.login(botID), w.login(payerID)
		theirs := bot.inventory(payerID, steam.CS2, "2")
		form := offerForm(payerID, "", nil, theirs[:1])
		form.Set("trade_offer_create_params", "{}")
		if a := bot.post("/tradeoffer/new/send", form); (a.status == http.StatusOK) != friends {
			t.Errorf("friends %v: send: %d %s", friends, a.status, a.body)
		}
		form = offerForm(botID, "", bot.inventory(payerID, steam.CS2, "2")[1:2], nil)
		form.Set("trade_offer_create_params", "")
		if a := payer.post("/tradeoffer/new/send", form); (a.status == http.StatusOK) != friends {
			t.Errorf("friends %v: send back: %d %s", friends, a.status, a.body)
		}
		page := string(bot.page("/tradeoffer/new/", url.Values{"partner": {decimal(uint64(payerID.Account()))}}).body)
		if strings.Contains(page, "g_strTradePartnerPersonaName") != friends {
			t.Errorf("friends %v: the page of a new offer: %s", friends, page)
		}
	}
}

func TestFriendsAreKnownWithoutAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, befriended)
	bot := w.login(botID)
	if a := bot.partner(payerID, ""); a.json["success"] != true {
		t.Errorf("a friend's inventory: %s", a.body)
	}
	hold := url.Values{"steamid_target": {payerID.String()}}
	if a := bot.api("IEconService/GetTradeHoldDurations", hold); a.header.Get("X-Eresult") != "1" {
		t.Errorf("holds between friends: %v %s", a.header, a.body)
	}
	w.control("/sim/accounts/"+botID.String(), `{"friends":[]}`)
	if a := bot.api("IEconService/GetTradeHoldDurations", hold); a.header.Get("X-Eresult") != "15" {
		t.Errorf("no friends any more: %v %s", a.header, a.body)
	}
}

func TestATradeBetweenFriendsIsHeldForADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, befriended, func(w *World) { w.Accounts[1].EscrowDays = 15 })
	bot := w.login(botID)
	a := bot.api("IEconService/GetTradeHoldDurations", url.Values{"steamid_target": {payerID.String()}})
	theirs := a.json["response"].(map[string]any)["their_escrow"].(map[string]any)
	if theirs["escrow_end_duration_seconds"] != float64(86400) {
		t.Errorf("hold: %s", a.body)
	}
	id := bot.mustSend(payerID, "", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	w.control("/sim/offers/"+id+"/accept", "")
	if o := bot.wantState(id, steam.OfferInEscrow); o["escrow_end_date"] != float64(w.clock().Unix()+86400) {
		t.Errorf("held until %v", o["escrow_end_date"])
	}
}

func TestAFamilyViewLocksTheSiteAndNotTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	item := bot.inventory(payerID, steam.CS2, "2")[:1]
	w.control("/sim/accounts/"+botID.String(), `{"family_view":true}`)
	for path, want := range map[string]int{"/my": 403, "/my/inventory": 403, "/inventory/" + botID.String() + "/730/2": 403,
		"/profiles/" + botID.String() + "/tradeoffers/privacy": 302, "/inventory/" + payerID.String() + "/730/2": 200} {
		if a := bot.page(path, nil); a.status != want {
			t.Errorf("%s: %d %s, want %d", path, a.status, a.body, want)
		}
	}
	if a := bot.send(payerID, "Eus3r-tk", nil, item); a.status != http.StatusUnauthorized {
		t.Errorf("send: %d %s", a.status, a.body)
	}
	if a := bot.mobile("conf", "/mobileconf/getlist", url.Values{}); a.json["needauth"] != true {
		t.Errorf("confirmations: %s", a.body)
	}
	if a := bot.api("IEconService/GetTradeOffers", nil); a.status != http.StatusOK {
		t.Errorf("the Web API: %d", a.status)
	}
	w.control("/sim/accounts/"+botID.String(), `{"family_view":false}`)
	bot.mustSend(payerID, "Eus3r-tk", nil, item)
}
