package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

const sessionID = "0123456789abcdef01234567"

func (u *user) sign(r *http.Request) *http.Request {
	r.Header.Set("Cookie", "sessionid="+sessionID+"; steamLoginSecure="+u.id.String()+"%7C%7C"+u.token)
	r.Header.Set("Referer", u.http.URL+"/tradeoffer/new/")
	return r
}

func (u *user) post(path string, form url.Values) answer {
	u.t.Helper()
	form.Set("sessionid", sessionID)
	return u.do(u.sign(u.request(http.MethodPost, path, form)))
}

func (u *user) page(path string, form url.Values) answer {
	u.t.Helper()
	return u.do(u.sign(u.request(http.MethodGet, path, form)))
}

func (u *user) api(method string, form url.Values) answer {
	u.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("access_token", u.token)
	return u.do(u.request(http.MethodGet, "/"+method+"/v1/", form))
}

// offerForm is the form of an offer.
func offerForm(to steam.ID64, token string, give, receive []asset) url.Values {
	side := func(list []asset) map[string]any {
		assets := []map[string]any{}
		for _, a := range list {
			assets = append(assets, map[string]any{"appid": a.AppID, "contextid": a.ContextID, "amount": 1, "assetid": a.AssetID})
		}
		return map[string]any{"assets": assets, "currency": []any{}, "ready": false}
	}
	raw, _ := json.Marshal(map[string]any{"newversion": true, "version": len(give) + len(receive) + 1, "me": side(give), "them": side(receive)})
	return url.Values{
		"serverid": {"1"}, "partner": {to.String()}, "tradeoffermessage": {"reference r-1"}, "json_tradeoffer": {string(raw)},
		"captcha": {""}, "trade_offer_create_params": {`{"trade_offer_access_token":"` + token + `"}`},
	}
}

func (u *user) send(to steam.ID64, token string, give, receive []asset) answer {
	u.t.Helper()
	return u.post("/tradeoffer/new/send", offerForm(to, token, give, receive))
}

// mustSend returns the id of an offer that Steam took.
func (u *user) mustSend(to steam.ID64, token string, give, receive []asset) string {
	u.t.Helper()
	a := u.send(to, token, give, receive)
	id, _ := a.json["tradeofferid"].(string)
	if a.status != http.StatusOK || id == "" {
		u.t.Fatalf("send: %d %s", a.status, a.body)
	}
	return id
}

// inventory reads a whole inventory as the user.
func (u *user) inventory(owner steam.ID64, app steam.AppID, context string) []asset {
	u.t.Helper()
	a := u.page(fmt.Sprintf("/inventory/%s/%d/%s", owner, app, context), url.Values{"l": {"english"}, "count": {"1000"}})
	var p inventoryPage
	if err := json.Unmarshal(a.body, &p); err != nil {
		u.t.Fatalf("inventory: %d %s", a.status, a.body)
	}
	return p.Assets
}

func (u *user) mobile(op, path string, form url.Values) answer {
	u.t.Helper()
	t := u.clock()
	key, err := steam.ConfirmationKey(u.secret, t, op)
	if err != nil {
		u.t.Fatal(err)
	}
	form.Set("p", steam.DeviceID(u.id))
	form.Set("a", u.id.String())
	form.Set("k", key)
	form.Set("t", strconv.FormatInt(t.Unix(), 10))
	form.Set("m", "react")
	form.Set("tag", op)
	if strings.HasSuffix(path, "multiajaxop") {
		return u.do(u.sign(u.request(http.MethodPost, path, form)))
	}
	return u.page(path, form)
}

type confirmationList struct {
	Success bool               `json:"success"`
	Conf    []confirmationJSON `json:"conf"`
}

func (u *user) confirmations() []confirmationJSON {
	u.t.Helper()
	var list confirmationList
	a := u.mobile("conf", "/mobileconf/getlist", url.Values{})
	if err := json.Unmarshal(a.body, &list); err != nil || !list.Success {
		u.t.Fatalf("confirmations: %s", a.body)
	}
	return list.Conf
}

// confirm allows the confirmation of an offer.
func (u *user) confirm(offer string) {
	u.t.Helper()
	for _, c := range u.confirmations() {
		if c.CreatorID == offer {
			a := u.mobile("allow", "/mobileconf/ajaxop", url.Values{"op": {"allow"}, "cid": {c.ID}, "ck": {c.Nonce}})
			if a.json["success"] != true {
				u.t.Fatalf("confirm: %s", a.body)
			}
			return
		}
	}
	u.t.Fatalf("no confirmation for offer %s", offer)
}

func (u *user) offer(id string) map[string]any {
	u.t.Helper()
	a := u.api("IEconService/GetTradeOffer", url.Values{"tradeofferid": {id}})
	o, _ := a.json["response"].(map[string]any)["offer"].(map[string]any)
	return o
}

func (u *user) trade(id string) map[string]any {
	u.t.Helper()
	a := u.api("IEconService/GetTradeStatus", url.Values{"tradeid": {id}})
	list, _ := a.json["response"].(map[string]any)["trades"].([]any)
	if len(list) != 1 {
		u.t.Fatalf("trade %s: %s", id, a.body)
	}
	return list[0].(map[string]any)
}

func (u *user) wantState(offer string, want steam.OfferState) map[string]any {
	u.t.Helper()
	o := u.offer(offer)
	if o == nil || o["trade_offer_state"] != float64(want) {
		u.t.Fatalf("offer %s is %v, want %s", offer, o["trade_offer_state"], want)
	}
	return o
}
