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

// sent lists the bot's offers.
func (u *user) sent() []any {
	u.t.Helper()
	a := u.api("IEconService/GetTradeOffers", url.Values{"get_sent_offers": {"1"}})
	list, _ := a.json["response"].(map[string]any)["trade_offers_sent"].([]any)
	return list
}

func (u *user) sendRequest() *http.Request {
	f := offerForm(payerID, "Eus3r-tk", nil, u.inventory(payerID, steam.CS2, "2")[:1])
	f.Set("sessionid", sessionID)
	return u.sign(u.request(http.MethodPost, "/tradeoffer/new/send", f))
}

func TestFaultBeforeHasNoEffectAndFaultAfterHas(t *testing.T) {
	t.Parallel()
	cases := []struct {
		fault  string
		offers int
		check  func(answer, error) bool
	}{
		{`{"endpoint":"send","kind":"drop"}`, 0, func(_ answer, err error) bool { return err != nil }},
		{`{"endpoint":"send","kind":"drop","when":"after"}`, 1, func(_ answer, err error) bool { return err != nil }},
		{`{"endpoint":"send","kind":"eresult","value":"16"}`, 0, func(a answer, _ error) bool {
			return a.status == 500 && strings.HasSuffix(a.json["strError"].(string), " (16)")
		}},
		{`{"endpoint":"send","kind":"eresult","value":"16","when":"after"}`, 1, func(a answer, _ error) bool { return a.status == 500 }},
		{`{"endpoint":"send","kind":"status","value":"502","when":"after"}`, 1, func(a answer, _ error) bool { return a.status == 502 && string(a.body) == "null" }},
		{`{"endpoint":"send","kind":"status","value":"429"}`, 0, func(a answer, _ error) bool { return a.status == 429 }},
		{`{"endpoint":"send","kind":"html"}`, 0, func(a answer, _ error) bool { return a.status == 503 && strings.Contains(string(a.body), "Sorry!") }},
		{`{"endpoint":"send","kind":"empty"}`, 0, func(a answer, _ error) bool { return a.status == 200 && a.json["tradeofferid"] == nil }},
		{`{"endpoint":"send","kind":"session"}`, 0, func(a answer, _ error) bool { return a.status == 401 }},
		{`{"endpoint":"send","kind":"latency","value":"1ms"}`, 1, func(a answer, _ error) bool { return a.status == 200 }},
		{`{"endpoint":"send","kind":"drop","account":"76561198000000201"}`, 1, func(a answer, _ error) bool { return a.status == 200 }},
		{`[{"endpoint":"send","kind":"drop","account":"Example_Bot"}]`, 0, func(_ answer, err error) bool { return err != nil }},
	}
	for _, c := range cases {
		w := newWorld(t)
		bot := w.login(botID)
		if a := w.control("/sim/faults", c.fault); a.status != 200 {
			t.Fatalf("%s: %s", c.fault, a.body)
		}
		a, err := try(bot.sendRequest())
		if !c.check(a, err) {
			t.Errorf("%s: %d %s %v", c.fault, a.status, a.body, err)
		}
		if n := len(bot.sent()); n != c.offers {
			t.Errorf("%s: %d offers, want %d", c.fault, n, c.offers)
		}
	}
}

func TestFaultsCountDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	w.control("/sim/faults", `{"endpoint":"offers","kind":"eresult","value":"2","when":"after","count":2}`)
	bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	for i, want := range []string{"2", "2", "1"} {
		a := bot.api("IEconService/GetTradeOffers", url.Values{"get_sent_offers": {"1"}})
		if got := a.header.Get("X-Eresult"); got != want || !strings.Contains(string(a.body), "tradeofferid") {
			t.Errorf("request %d: x-eresult %s, want %s with the content: %s", i, got, want, a.body)
		}
	}
	w.control("/sim/faults", `{"endpoint":"*","kind":"status","value":"503","count":-1}`)
	for range 3 {
		if a := bot.page("/my", nil); a.status != 503 {
			t.Errorf("status %d", a.status)
		}
	}
	w.do(w.request(http.MethodDelete, "/sim/faults", nil))
	if a := bot.page("/my", nil); a.status != 302 {
		t.Errorf("status %d after the faults are gone", a.status)
	}
}

func TestLateReadsShowOffersAsTheyWere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	id := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	w.advance(time.Hour)
	w.control("/sim/offers/"+id+"/accept", "")
	bot.wantState(id, steam.OfferAccepted)
	w.control("/sim/faults", `[{"endpoint":"offer","kind":"late","value":"30m"},{"endpoint":"offers","kind":"late","value":"30m"},{"endpoint":"offers","kind":"late","value":"2h"},{"endpoint":"trade","kind":"cut"}]`)
	o := bot.wantState(id, steam.OfferActive)
	if o["tradeid"] != nil || o["time_updated"] != o["time_created"] {
		t.Errorf("an offer seen late: %v", o)
	}
	active := func() string {
		return string(bot.api("IEconService/GetTradeOffers", url.Values{"get_sent_offers": {"1"}, "active_only": {"1"}, "time_historical_cutoff": {"9999999999"}}).body)
	}
	if got := active(); !strings.Contains(got, `"trade_offer_state":2`) {
		t.Errorf("a late list: %s", got)
	}
	if got := active(); strings.Contains(got, id) {
		t.Errorf("a list from before the offer: %s", got)
	}
	if trade := bot.wantState(id, steam.OfferAccepted)["tradeid"].(string); trade == "" {
		t.Error("the state did not come back")
	}
	cut, err := try(bot.request(http.MethodGet, "/IEconService/GetTradeStatus/v1/", url.Values{"access_token": {bot.token}, "tradeid": {"1"}}))
	if err == nil || cut.status != 200 || cut.json != nil {
		t.Errorf("a cut answer is whole: %s", cut.body)
	}
}

func TestControlIsStrict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, want := range map[string]string{
		`{"endpoint":"send","kind":"drop","colour":"red"}`:    `unknown field \"colour\"`,
		`{"endpoint":"send","kind":"drop","kind":"html"}`:     `key \"kind\" is given twice`,
		`{"endpoint":"send","kind":"drop"} {}`:                "body",
		`{"endpoint":"snd","kind":"drop"}`:                    `endpoint \"snd\"`,
		`{"endpoint":"send","kind":"explode"}`:                `kind \"explode\"`,
		`{"endpoint":"send","kind":"drop","when":"during"}`:   `when \"during\"`,
		`{"endpoint":"send","kind":"latency","value":"soon"}`: `value \"soon\"`,
		`[]`: "want a fault",
		``:   "want a fault",
	} {
		if a := w.control("/sim/faults", body); a.status != 400 || !strings.Contains(string(a.body), want) {
			t.Errorf("%s: %d %s, want %q", body, a.status, a.body, want)
		}
	}
	if a := w.control("/sim/accounts/"+yesID.String(), `{"trade_bann":true}`); a.status != 400 || !strings.Contains(string(a.body), "trade_bann") {
		t.Errorf("unknown flag: %d %s", a.status, a.body)
	}
	for path, want := range map[string]int{
		"/sim/offers/1/accept": 404, "/sim/offers/x/accept": 404, "/sim/trades/1/reverse?by=1": 404, "/sim/accounts/1": 404, "/sim/nothing": 404,
	} {
		if a := w.control(path, ""); a.status != want || a.json["error"] == nil {
			t.Errorf("%s: %d %s, want %d", path, a.status, a.body, want)
		}
	}
	r := w.request(http.MethodPost, "/sim/faults", nil)
	r.Header.Set("Origin", "https://example.com")
	if a := w.do(r); a.status != 403 {
		t.Errorf("a page from elsewhere: %d %s", a.status, a.body)
	}
}

func TestJournalOfRequestsHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	bot.api("IEconService/GetTradeOffers", nil)
	a := w.get("/sim/journal", nil)
	text := string(a.body)
	for _, secret := range []string{bot.token, bot.refresh, "access_token", sessionID, "password"} {
		if strings.Contains(text, secret) {
			t.Errorf("the journal holds %q", secret)
		}
	}
	list := a.json["requests"].([]any)
	last := list[len(list)-1].(map[string]any)
	if last["endpoint"] != "offers" || last["account"] != botID.String() || last["status"] != float64(200) || last["x_eresult"] != float64(1) ||
		last["path"] != "/IEconService/GetTradeOffers/v1" || last["method"] != "GET" {
		t.Errorf("last request %v", last)
	}
	if a := w.do(w.request(http.MethodPost, "/market/sellitem/", url.Values{})); a.status != http.StatusNotFound {
		t.Errorf("no such endpoint: %d", a.status)
	}
	if rest := w.get("/sim/journal", url.Values{"since": {decimal(uint64(len(list)))}}).json["requests"].([]any); len(rest) != 1 ||
		rest[0].(map[string]any)["endpoint"] != "unknown" || rest[0].(map[string]any)["path"] != "/market/sellitem" {
		t.Errorf("a request that nothing answers: %v", rest)
	}
	list = w.get("/sim/journal", nil).json["requests"].([]any)
	since := w.get("/sim/journal", url.Values{"since": {decimal(uint64(len(list) - 1))}})
	if rest := since.json["requests"].([]any); len(rest) != 1 {
		t.Errorf("since the one before last: %v", rest)
	}
}

func TestRequestRingKeepsTheLast(t *testing.T) {
	t.Parallel()
	var l requestLog
	q := &call{r: &http.Request{Method: "GET", URL: &url.URL{Path: "/"}}}
	for range keptRequests + 5 {
		l.add(q, reply{})
	}
	list := l.since(0)
	if len(list) != keptRequests || list[0].Number != 6 || list[len(list)-1].Number != keptRequests+5 {
		t.Errorf("%d requests from %d to %d", len(list), list[0].Number, list[len(list)-1].Number)
	}
	if rest := l.since(keptRequests + 3); len(rest) != 2 || rest[0].Number != keptRequests+4 {
		t.Errorf("the last two are %v", rest)
	}
}

func TestRateLimitsAreASetting(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{false, true} {
		w := newWorld(t, func(w *World) { w.Settings.RateLimits = on })
		limited := 0
		for range inventoryPerMinute + 3 {
			if w.get("/inventory/"+yesID.String()+"/730/2?count=1", nil).status == http.StatusTooManyRequests {
				limited++
			}
		}
		if want := 3 * bit(on); limited != want {
			t.Errorf("rate limits %v: %d answers of 429, want %d", on, limited, want)
		}
		w.set(w.clock().Add(time.Minute))
		if a := w.get("/inventory/"+yesID.String()+"/730/2?count=1", nil); a.status != 200 {
			t.Errorf("a minute later: %d", a.status)
		}
	}
}

func TestFaultsOutliveAKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	w.control("/sim/faults", `[{"endpoint":"my","kind":"status","value":"503","count":3,"skip":1},{"endpoint":"offers","kind":"status","value":"502","count":-1}]`)
	my := func() int { return bot.page("/my", nil).status }
	if first, second := my(), my(); first != 302 || second != 503 {
		t.Fatalf("%d, %d", first, second)
	}
	for range 2 { // from the journal, then from the snapshot
		w.kill()
		if a := bot.api("IEconService/GetTradeOffers", nil); a.status != 502 {
			t.Errorf("a fault for ever: %d", a.status)
		}
		if got := my(); got != 503 {
			t.Errorf("a fault that counts: %d", got)
		}
		if err := w.sim.Close(); err != nil {
			t.Fatal(err)
		}
		w.http.Close()
		w.open()
	}
	if got := my(); got != 302 {
		t.Errorf("after its count: %d", got)
	}
	w.do(w.request(http.MethodDelete, "/sim/faults", nil))
	w.kill()
	if a := bot.api("IEconService/GetTradeOffers", nil); a.status != 200 {
		t.Errorf("after the faults were taken away: %d", a.status)
	}
}

func TestLimitsCountOnAfterAKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) {
		w.Settings.Limits = map[string]int{limitConfirmationLists: 3, limitWrongCodes: 2, limitOpenID: 0}
	})
	bot := w.login(botID)
	list := func() int { return bot.mobile("conf", "/mobileconf/getlist", url.Values{}).status }
	begun, _ := w.begin("example_bot", "example bot password")
	wrong := func() string {
		return w.auth(http.MethodPost, "UpdateAuthSessionWithSteamGuardCode", &authpb.GuardCodeRequest{ClientID: begun.ClientID,
			SteamID: begun.SteamID, Code: "22222", CodeType: authpb.GuardDeviceCode}).header.Get("X-Eresult")
	}
	for n := range 3 {
		if list() != 200 || n < 2 && wrong() != "88" {
			t.Errorf("refused at the %d. time", n+1)
		}
		w.kill()
	}
	if got := list(); got != 429 {
		t.Errorf("a fourth list of confirmations: %d", got)
	}
	if got := wrong(); got != "87" {
		t.Errorf("a third wrong code: %s", got)
	}
	if a := bot.page("/openid/login", nil); a.status != 429 {
		t.Errorf("a limit of none: %d", a.status)
	}
	w.advance(time.Minute)
	if got := list(); got != 200 {
		t.Errorf("a minute later: %d", got)
	}
}
