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

func TestLoginWithPasswordAndCodeGivesAWorkingSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	my := bot.page("/my", nil)
	if my.status != http.StatusFound || my.header.Get("Location") != w.http.URL+"/profiles/"+botID.String()+"/" {
		t.Fatalf("/my: %d %s", my.status, my.header.Get("Location"))
	}
	if a := bot.api("IEconService/GetTradeOffersSummary", nil); a.header.Get("X-Eresult") != "1" {
		t.Fatalf("summary: %d %s", a.status, a.body)
	}
	w.set(w.clock().Add(25 * time.Hour))
	if a := bot.page("/my", nil); a.header.Get("Location") != w.http.URL+"/jwt/refresh?redir="+url.QueryEscape(w.http.URL+"/my") {
		t.Fatalf("an access token of yesterday leads to %q", a.header.Get("Location"))
	}
	if a := bot.page("/inventory/"+botID.String()+"/730/2", nil); a.status != http.StatusForbidden || string(a.body) != "null" {
		t.Fatalf("the own inventory under a dead session: %d %s", a.status, a.body)
	}
	if a := bot.api("IEconService/GetTradeOffersSummary", nil); a.status != 401 || !strings.Contains(string(a.body), "Access is denied") {
		t.Fatalf("old token on the web api: %d %s", a.status, a.body)
	}
	bot.renew()
	if a := bot.page("/my", nil); !strings.Contains(a.header.Get("Location"), "/profiles/") {
		t.Fatalf("a renewed token leads to %q", a.header.Get("Location"))
	}
}

func TestLoginRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range [][2]string{{"example_bot", "wrong"}, {"nobody", "x"}, {"", ""}} {
		if _, result := w.begin(c[0], c[1]); result != "5" {
			t.Errorf("begin as %q: x-eresult %s, want 5", c[0], result)
		}
	}
	begun, _ := w.begin("Example_Bot", "example bot password")
	guard := func(code string) string {
		m := &authpb.GuardCodeRequest{ClientID: begun.ClientID, SteamID: begun.SteamID, Code: code, CodeType: authpb.GuardDeviceCode}
		return w.auth(http.MethodPost, "UpdateAuthSessionWithSteamGuardCode", m).header.Get("X-Eresult")
	}
	poll := &authpb.PollRequest{ClientID: begun.ClientID, RequestID: begun.RequestID}
	if a := w.auth(http.MethodPost, "PollAuthSessionStatus", poll); a.header.Get("X-Eresult") != "1" || len(a.body) != 0 {
		t.Errorf("poll before the code: %q", a.body)
	}
	if got := guard("22222"); got != "88" {
		t.Errorf("wrong code: %s, want 88", got)
	}
	code, _ := steam.Code("aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=", w.clock())
	if got := guard(code); got != "1" {
		t.Errorf("right code: %s, want 1", got)
	}
	if got := guard(code); got != "29" {
		t.Errorf("code again: %s, want 29", got)
	}
	again, _ := w.begin("example_bot", "example bot password")
	begun = again
	if got := guard(code); got != "88" {
		t.Errorf("used code in another login: %s, want 88", got)
	}
	begun.ClientID++
	if got := guard(code); got != "9" {
		t.Errorf("unknown login: %s, want 9", got)
	}
	w.set(w.clock().Add(11 * time.Minute))
	begun.ClientID--
	if got := guard(code); got != "27" {
		t.Errorf("old login: %s, want 27", got)
	}
}

func TestABodyThatCannotBeReadIsAnsweredInTheEndpointsForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string][2]string{
		"/IAuthenticationService/PollAuthSessionStatus/v1/": {"application/octet-stream", "8"},
		"/jwt/finalizelogin": {"application/json; charset=utf-8", ""},
	} {
		r := w.request(http.MethodPost, path, url.Values{"nonce": {"x"}})
		r.Header.Set("Content-Type", "multipart/form-data; boundary=cut")
		if a := w.do(r); a.header.Get("Content-Type") != want[0] || a.header.Get("X-Eresult") != want[1] {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
}

func TestWebCookiesComeFromTransfersThatWorkOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	finalize := func(host, nonce string) answer {
		r := w.request(http.MethodPost, "/jwt/finalizelogin", url.Values{"nonce": {nonce}, "sessionid": {sessionID}})
		r.Host = host
		return w.do(r)
	}
	if got := finalize("", bot.token).json["error"]; got != float64(15) {
		t.Errorf("finalize with an access token: %v", got)
	}
	a := finalize("login.steampowered.com", bot.refresh)
	list := a.json["transfer_info"].([]any)
	if len(list) != 5 || !strings.HasPrefix(a.header.Get("Set-Cookie"), "steamRefresh_steam="+botID.String()+"%7C%7C") {
		t.Fatalf("finalize: %s %v", a.body, a.header)
	}
	first := list[0].(map[string]any)
	if first["url"] != "https://steamcommunity.com/login/settoken" {
		t.Errorf("transfer url %v", first["url"])
	}
	params := first["params"].(map[string]any)
	form := url.Values{"nonce": {params["nonce"].(string)}, "auth": {params["auth"].(string)}, "steamID": {botID.String()}}
	once := w.do(w.request(http.MethodPost, "/login/settoken", form))
	if once.json["result"] != float64(1) || !strings.Contains(once.header.Get("Set-Cookie"), "; Secure; HttpOnly; SameSite=None") {
		t.Fatalf("settoken: %s %v", once.body, once.header)
	}
	if again := w.do(w.request(http.MethodPost, "/login/settoken", form)); again.json["result"] == float64(1) {
		t.Error("a transfer worked twice")
	}
	r := w.request(http.MethodGet, "/my/", nil)
	r.Header.Set("Cookie", strings.Split(once.header.Get("Set-Cookie"), ";")[0])
	r.Host = "steamcommunity.com"
	if got := w.do(r).header.Get("Location"); got != "https://steamcommunity.com/profiles/"+botID.String()+"/" {
		t.Errorf("/my/ leads to %q", got)
	}
	if own := finalize("", bot.refresh).json["transfer_info"].([]any); len(own) != 1 ||
		own[0].(map[string]any)["url"] != w.http.URL+"/login/settoken" {
		t.Errorf("transfers under our own address: %v", own)
	}
}

func TestRefreshAddressSetsANewCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	r := w.request(http.MethodGet, "/jwt/refresh", url.Values{"redir": {w.http.URL}})
	r.Header.Set("Cookie", "steamRefresh_steam="+botID.String()+"%7C%7C"+bot.refresh)
	to := w.do(r).header.Get("Location")
	if !strings.HasPrefix(to, w.http.URL+"/login/settoken?") {
		t.Fatalf("refresh leads to %q", to)
	}
	a := w.get(strings.TrimPrefix(to, w.http.URL), nil)
	if !strings.HasPrefix(a.header.Get("Set-Cookie"), "steamLoginSecure="+botID.String()) {
		t.Fatalf("no cookie: %d %v", a.status, a.header)
	}
}

func TestEndedSessionsShowOnEachSurface(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	if a := w.control("/sim/accounts/"+botID.String(), `{"end_sessions":true}`); a.status != 200 {
		t.Fatalf("end sessions: %s", a.body)
	}
	if a := bot.send(yesID, "Aut0-acc", nil, []asset{{}}); a.status != 401 || string(a.body) != "null" {
		t.Errorf("send: %d %s", a.status, a.body)
	}
	if a := bot.post("/tradeoffer/1/accept", url.Values{}); a.status != 403 {
		t.Errorf("accept: %d %s", a.status, a.body)
	}
	if a := bot.mobile("conf", "/mobileconf/getlist", url.Values{}); a.json["needauth"] != true || a.json["success"] != false {
		t.Errorf("confirmations: %s", a.body)
	}
	if a := bot.page("/inventory/"+botID.String()+"/730/16", nil); a.status != 403 || string(a.body) != "null" {
		t.Errorf("own inventory: %d %s", a.status, a.body)
	}
	if a := bot.api("IEconService/GetTradeOffers", nil); a.status != 401 {
		t.Errorf("web api: %d", a.status)
	}
	w.login(payerID).renew()
	w.set(w.clock().Add(time.Minute))
	w.login(botID)
}
