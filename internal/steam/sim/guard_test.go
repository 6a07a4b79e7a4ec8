package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

// mailed makes the payer an account guarded by mail.
func mailed(w *World) {
	w.Accounts[1].SharedSecret, w.Accounts[1].IdentitySecret = "", ""
	w.Accounts[1].EmailDomain = "example.org"
}

func (w *world) guardCode(begun authpb.BeginResponse, code string, kind int32) string {
	w.t.Helper()
	return w.auth(http.MethodPost, "UpdateAuthSessionWithSteamGuardCode", &authpb.GuardCodeRequest{
		ClientID: begun.ClientID, SteamID: begun.SteamID, Code: code, CodeType: kind}).header.Get("X-Eresult")
}

func (w *world) poll(client uint64, request []byte, revoke uint64) (authpb.PollResponse, string) {
	w.t.Helper()
	a := w.auth(http.MethodPost, "PollAuthSessionStatus", &authpb.PollRequest{ClientID: client, RequestID: request, TokenToRevoke: revoke})
	var m authpb.PollResponse
	if err := m.Unmarshal(a.body); err != nil {
		w.t.Fatal(err)
	}
	return m, a.header.Get("X-Eresult")
}

// openLogins lists the logins that wait, as the tester sees them.
func (w *world) openLogins() []map[string]any {
	w.t.Helper()
	list, _ := w.get("/sim/logins", nil).json["logins"].([]any)
	var out []map[string]any
	for _, one := range list {
		out = append(out, one.(map[string]any))
	}
	return out
}

func TestLoginByMailAsksForTheCodeThatWasSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mailed)
	begun, result := w.begin("example_user", "example user password")
	if result != "1" || len(begun.AllowedConfirmations) != 1 || begun.AllowedConfirmations[0].Type != authpb.GuardEmailCode ||
		begun.AllowedConfirmations[0].Message != "example.org" {
		t.Fatalf("begin: %s %+v", result, begun.AllowedConfirmations)
	}
	code := w.openLogins()[0]["email_code"].(string)
	if got := w.guardCode(begun, "22222", authpb.GuardEmailCode); got != "65" {
		t.Errorf("wrong code: %s, want 65", got)
	}
	if got := w.guardCode(begun, code, authpb.GuardDeviceCode); got != "65" {
		t.Errorf("code of the wrong kind: %s, want 65", got)
	}
	w.set(w.clock().Add(6 * time.Minute))
	if got := w.guardCode(begun, code, authpb.GuardEmailCode); got != "71" {
		t.Errorf("old code: %s, want 71", got)
	}
	begun, _ = w.begin("example_user", "example user password")
	logins := w.openLogins()
	code = logins[len(logins)-1]["email_code"].(string)
	w.kill()
	if got := w.guardCode(begun, strings.ToLower(code), authpb.GuardEmailCode); got != "1" {
		t.Fatalf("right code after a restart: %s", got)
	}
	done, _ := w.poll(begun.ClientID, begun.RequestID, 0)
	if done.RefreshToken == "" || done.NewGuardData == "" {
		t.Fatalf("poll: %+v", done)
	}
	u := &user{world: w, id: payerID, token: done.NewGuardData}
	if a := u.api("IEconService/GetTradeOffersSummary", nil); a.status != http.StatusUnauthorized {
		t.Errorf("a machine token opens the web api: %d", a.status)
	}
	w.checkKnownMachine(done.NewGuardData)
}

func TestGuardDataStandsForTheCodeByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mailed)
	w.sim.mu.Lock()
	st, at := w.sim.state, stampOf(w.clock())
	mine, bots := st.machineToken(st.byID[payerID], at), st.machineToken(st.byID[botID], at)
	known := st.knownMachine(st.byID[payerID], mine, at)
	others := st.knownMachine(st.byID[payerID], bots, at) || st.knownMachine(st.byID[payerID], "", at) ||
		st.knownMachine(st.byID[payerID], mine, at.addDays(366)) || st.knownMachine(st.byID[botID], bots, at)
	w.sim.mu.Unlock()
	if !known || others {
		t.Errorf("its own machine is known: %v; another's, none, an old one, or one beside an authenticator: %v", known, others)
	}
}

// checkKnownMachine goes the way of web logins: the device check needs no mail.
func (w *world) checkKnownMachine(token string) {
	w.t.Helper()
	begun, _ := w.begin("example_user", "example user password")
	check := func(cookie string) answer {
		r := w.request(http.MethodPost, "/jwt/checkdevice", url.Values{"clientid": {decimal(begun.ClientID)}, "steamid": {payerID.String()}})
		r.Header.Set("Cookie", "steamMachineAuth"+payerID.String()+"="+cookie)
		return w.do(r)
	}
	if a := check("x.y.z"); a.json["result"] == float64(1) {
		w.t.Errorf("an unknown machine is known: %s", a.body)
	}
	if a := check(token); a.json["result"] != float64(1) {
		w.t.Errorf("a known machine is not known: %s", a.body)
	}
	if done, result := w.poll(begun.ClientID, begun.RequestID, 0); done.RefreshToken == "" {
		w.t.Errorf("poll: x-eresult %s, no token", result)
	}
}

func TestWrongCodesAreThrottledByASetting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Settings.Limits = map[string]int{limitWrongCodes: 2} })
	begun, _ := w.begin("example_bot", "example bot password")
	for i, want := range []string{"88", "88", "87", "87"} {
		if got := w.guardCode(begun, "22222", authpb.GuardDeviceCode); got != want {
			t.Errorf("wrong code %d: %s, want %s", i+1, got, want)
		}
	}
}

func TestPhoneApprovesALoginByPicture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	phone := w.login(botID)
	begin := func() authpb.BeginQRResponse {
		a := w.auth(http.MethodPost, "BeginAuthSessionViaQR", &authpb.BeginQRRequest{
			DeviceDetails: authpb.DeviceDetails{PlatformType: authpb.PlatformWeb, FriendlyName: "A browser"}})
		var m authpb.BeginQRResponse
		if err := m.Unmarshal(a.body); err != nil || !strings.HasSuffix(m.ChallengeURL, "/q/1/"+decimal(m.ClientID)) {
			t.Fatalf("begin: %v %+v", err, m)
		}
		return m
	}
	ask := func(method string, in wireMessage) answer {
		v := url.Values{"input_protobuf_encoded": {base64.StdEncoding.EncodeToString(in.Marshal())}}
		r := w.request(http.MethodPost, "/IAuthenticationService/"+method+"/v1/?access_token="+phone.token, v)
		return w.do(r)
	}
	confirm := func(client uint64, secret string, yes bool) string {
		key, _ := base64.StdEncoding.DecodeString(secret)
		data := binary.LittleEndian.AppendUint16(nil, 1)
		data = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(data, client), uint64(botID))
		h := hmac.New(sha256.New, key)
		h.Write(data)
		m := &authpb.MobileConfirmationRequest{Version: 1, ClientID: client, SteamID: uint64(botID), Signature: h.Sum(nil), Confirm: yes}
		return ask("UpdateAuthSessionWithMobileConfirmation", m).header.Get("X-Eresult")
	}
	const secret = "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs="
	qr := begin()
	var info authpb.SessionInfoResponse
	if err := info.Unmarshal(ask("GetAuthSessionInfo", &authpb.SessionInfoRequest{ClientID: qr.ClientID}).body); err != nil || info.DeviceFriendlyName != "A browser" {
		t.Errorf("info: %v %+v", err, info)
	}
	if m, _ := w.poll(qr.ClientID, qr.RequestID, 0); !m.HadRemoteInteraction || m.RefreshToken != "" {
		t.Errorf("after the scan: %+v", m)
	}
	if got := confirm(qr.ClientID, "Pu8sE19DmDhxcrY4dCYrdzSWMC4=", true); got != "15" {
		t.Errorf("signed by somebody else: %s, want 15", got)
	}
	if got := confirm(qr.ClientID, secret, true); got != "1" {
		t.Fatalf("approve: %s", got)
	}
	if m, _ := w.poll(qr.ClientID, qr.RequestID, 0); m.AccountName != "example_bot" || m.AccessToken == "" {
		t.Errorf("after the approval: %+v", m)
	}
	refused := begin()
	if got := confirm(refused.ClientID, secret, false); got != "1" {
		t.Fatalf("refuse: %s", got)
	}
	if _, result := w.poll(refused.ClientID, refused.RequestID, 0); result != "9" {
		t.Errorf("poll of a refused login: %s, want 9", result)
	}
}

func TestTesterApprovesALogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begun, _ := w.begin("example_bot", "example bot password")
	path := "/sim/logins/" + decimal(begun.ClientID)
	if a := w.control(path+"/wave", ""); a.status != http.StatusNotFound {
		t.Errorf("unknown verb: %d %s", a.status, a.body)
	}
	if a := w.control(path+"/approve", ""); a.status != http.StatusOK {
		t.Fatalf("approve: %d %s", a.status, a.body)
	}
	w.kill()
	if m, _ := w.poll(begun.ClientID, begun.RequestID, 0); m.RefreshToken == "" || !m.HadRemoteInteraction {
		t.Errorf("after the approval: %+v", m)
	}
}

func TestRefreshTokensRenewAndEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	renew := func(refresh string) (authpb.AccessTokenResponse, string) {
		a := w.auth(http.MethodPost, "GenerateAccessTokenForApp", &authpb.AccessTokenRequest{RefreshToken: refresh, SteamID: uint64(botID), RenewalType: 1})
		var m authpb.AccessTokenResponse
		if err := m.Unmarshal(a.body); err != nil {
			t.Fatal(err)
		}
		return m, a.header.Get("X-Eresult")
	}
	if m, _ := renew(bot.refresh); m.RefreshToken != "" || m.AccessToken == "" {
		t.Errorf("a token of this minute was renewed: %+v", m)
	}
	w.set(w.clock().Add(48 * time.Hour))
	m, _ := renew(bot.refresh)
	if m.RefreshToken == "" || m.RefreshToken == bot.refresh {
		t.Fatalf("an older token was not renewed: %+v", m)
	}
	fresh := &user{world: w, id: botID, refresh: m.RefreshToken, token: m.AccessToken, secret: bot.secret}
	bot.renew()
	if a := w.auth(http.MethodPost, "RevokeToken", &authpb.RevokeRequest{Token: bot.refresh}); a.header.Get("X-Eresult") != "1" {
		t.Fatalf("revoke: %s", a.header.Get("X-Eresult"))
	}
	w.kill()
	if _, result := renew(bot.refresh); result != "15" {
		t.Errorf("a revoked token: %s, want 15", result)
	}
	if a := bot.api("IEconService/GetTradeOffersSummary", nil); a.status != http.StatusUnauthorized {
		t.Errorf("an access token of a revoked one: %d", a.status)
	}
	if a := fresh.page("/my", nil); !strings.Contains(a.header.Get("Location"), "/profiles/") {
		t.Errorf("the renewed token went too: %v", a.header)
	}
	fresh.post("/login/logout", url.Values{})
	if a := fresh.page("/my", nil); !strings.Contains(a.header.Get("Location"), "/login/home/") {
		t.Errorf("logged out and still in: %v", a.header)
	}
}

func TestOffersOfMailGuardedAccountsAreConfirmedByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mailed)
	begun, _ := w.begin("example_user", "example user password")
	w.guardCode(begun, w.openLogins()[0]["email_code"].(string), authpb.GuardEmailCode)
	done, _ := w.poll(begun.ClientID, begun.RequestID, 0)
	u := &user{world: w, id: payerID, refresh: done.RefreshToken}
	u.renew()
	a := u.send(botID, "Eb0t_tok", u.inventory(payerID, steam.CS2, "2")[:1], nil)
	id, _ := a.json["tradeofferid"].(string)
	if a.json["needs_email_confirmation"] != true || a.json["needs_mobile_confirmation"] != false || a.json["email_domain"] != "example.org" {
		t.Fatalf("send: %s", a.body)
	}
	if o := u.wantState(id, steam.OfferNeedsConfirmation); o["confirmation_method"] != float64(1) {
		t.Errorf("confirmation method %v", o["confirmation_method"])
	}
	if a := w.control("/sim/offers/"+id+"/confirm", ""); a.status != http.StatusOK {
		t.Fatalf("confirm: %s", a.body)
	}
	u.wantState(id, steam.OfferActive)
	if a := w.control("/sim/offers/"+id+"/confirm", ""); a.status != http.StatusConflict {
		t.Errorf("confirm again: %d %s", a.status, a.body)
	}
}
