package skinsback

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/webhook"
)

// hint reads an answer's error with what is said beside it.
func hint(t *testing.T, answer string) string {
	t.Helper()
	n, _ := code(t, answer)
	var e struct {
		Detail string `json:"error_detail"`
	}
	if err := json.Unmarshal([]byte(answer), &e); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(fmt.Sprint(n, " ", e.Detail))
}

func TestSignedRequestsAtTheirLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const body = `{"method":"balance"}`
	const nonce = "-3 X-Skinrail-Nonce: 16 to 64 letters, digits, - or _"
	clock := fmt.Sprint("-3 X-Skinrail-Timestamp is more than five minutes from the gateway's clock, which shows ", noon.Unix())
	n := 0
	fresh := func(size int) string {
		n++
		return fmt.Sprintf("%0*d", size, n)
	}
	for _, c := range []struct {
		nonce string
		at    time.Time
		want  string
	}{
		{fresh(16), noon, "0"}, {fresh(64), noon, "0"}, {fresh(15), noon, nonce}, {fresh(65), noon, nonce}, {fresh(19) + ".", noon, nonce},
		{fresh(20), noon.Add(-5 * time.Minute), "0"}, {fresh(20), noon.Add(-3 * time.Minute), "0"}, {fresh(20), noon.Add(5 * time.Minute), "0"},
		{fresh(20), noon.Add(-5*time.Minute - time.Second), clock}, {fresh(20), noon.Add(5*time.Minute + time.Second), clock},
		{"0000000000000001", noon, "-3 X-Skinrail-Nonce was used before"},
	} {
		if got := hint(t, w.strong(body, c.nonce, c.at, nil)); got != c.want {
			t.Errorf("%s at %s: %s, want %s", c.nonce, c.at, got, c.want)
		}
	}
	soon := w.strong(body, fresh(20), noon, func(r *http.Request) {
		r.Header.Set(headerTime, "soon")
		r.Header.Set(headerSignature, hex.EncodeToString(strongMAC(shopKey, strongText("soon", r.Header.Get(headerNonce), "POST", r.URL.Path, body))))
	})
	if got := hint(t, soon); got != "-3 X-Skinrail-Timestamp: seconds since 1970" {
		t.Error(got)
	}
	dbtest.Freeze(t, w.db, "request_nonce")
	if n, _ := code(t, w.strong(body, fresh(20), noon, nil)); n == 0 {
		t.Error("a nonce that is not kept was good")
	}
}

func TestRefusedWaysSayWhichIsGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	legacy := func() string { return hint(t, w.signed("method=status&shopid=4021", "method:status;shopid:4021;")) }
	w.settings(func(p *merchant.Project) { p.NoLegacySign = true })
	if got := legacy(); got != "-3 this project does not take shopid and sign; use X-CLIENT-ID and X-CLIENT-SECRET" {
		t.Error(got)
	}
	w.settings(func(p *merchant.Project) { p.StrongOnly = true })
	if got := legacy(); got != "-3 this project takes calls with X-Skinrail-Signature only" {
		t.Error(got)
	}
}

func TestHeadersAreReadAsTheyWereSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		ids, secrets []string
		want         string
	}{
		"good":                 {[]string{"4021"}, []string{shopKey}, "0"},
		"id in two headers":    {[]string{"40", "21"}, []string{shopKey}, "-2"},
		"secret in two":        {[]string{"4021"}, []string{shopKey[:4], shopKey[4:]}, "-3"},
		"secret and nothing":   {[]string{"4021"}, []string{shopKey, ""}, "-3"},
		"empty secret":         {[]string{"4021"}, []string{""}, "-3"},
		"no secret":            {[]string{"4021"}, nil, "-3"},
		"stand-in for unknown": {[]string{"77"}, []string{unknown.Client.Reveal()}, "-2"},
	} {
		if got, _ := code(t, w.send(`{"method":"status"}`, http.Header{headerID: c.ids, headerSecret: c.secrets})); fmt.Sprint(got) != c.want {
			t.Errorf("%s: %d, want %s", name, got, c.want)
		}
	}
	wrong := http.Header{headerID: {"4021"}, headerSecret: {"wrong"}}
	for range failuresAtOnce {
		w.send(`{}`, wrong)
	}
	if got := hint(t, w.send(`{}`, wrong)); got != "-7 too many wrong signatures from this address" {
		t.Error(got)
	}
	broken := newWorld(t)
	dbtest.Break(t, broken.db, "project")
	if n, _ := code(t, broken.post(`{"method":"status"}`)); n == 0 || n == -2 || n == -3 {
		t.Errorf("without its table a project is unknown: %d", n)
	}
}

func TestClientIDsAreDigitsWithoutZerosBefore(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{"1": 1, "9": 9, "19": 19, "90": 90, "9223372036854775807": 1<<63 - 1, "": 0, "0": 0, "01": 0, "-1": 0,
		"+1": 0, " 1": 0, "1 ": 0, "1x": 0, "1_0": 0, "9223372036854775808": 0} {
		if got, ok := shopID(s); ok != (want != 0) || ok && got != want {
			t.Errorf("%q: %d, %v", s, got, ok)
		}
	}
}

func TestCallerIsTheLastThatNoProxyNames(t *testing.T) {
	t.Parallel()
	d := &Door{deps: Deps{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for _, c := range []struct {
		peer string
		hops []string
		want string
	}{
		{"10.0.0.1:5", []string{"1.2.3.4"}, "1.2.3.4"}, {"9.9.9.9:5", []string{"1.2.3.4"}, "9.9.9.9"}, {"10.0.0.1:5", nil, "10.0.0.1"},
		{"10.0.0.1:5", []string{"1.2.3.4", "5.6.7.8"}, "5.6.7.8"}, {"10.0.0.1:5", []string{"1.2.3.4, 10.0.0.2", "10.0.0.3"}, "1.2.3.4"},
		{"10.0.0.1:5", []string{"10.0.0.2, 10.0.0.3"}, "10.0.0.2"}, {"10.0.0.1:5", []string{"1.2.3.4, odd"}, "10.0.0.1"},
		{"odd", []string{"1.2.3.4"}, "invalid IP"}, {"[::ffff:10.0.0.1]:5", []string{"::ffff:1.2.3.4"}, "1.2.3.4"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = c.peer, c.hops
		if got := d.address(r).String(); got != c.want {
			t.Errorf("%s by %v: %s, want %s", c.peer, c.hops, got, c.want)
		}
	}
	if got := (&Door{}).address(&http.Request{RemoteAddr: "10.0.0.1:5", Header: http.Header{"X-Forwarded-For": {"1.2.3.4"}}}); got.String() != "10.0.0.1" {
		t.Errorf("without trusted proxies: %s", got)
	}
}

func TestMerchantsHearOfWhatTheyCanAct(t *testing.T) {
	t.Parallel()
	risk := &deposit.Risk{Joined: 1}
	for name, c := range map[string]struct {
		change func(*merchant.Project, *deposit.Changed)
		want   string // status, with what is known of the payer or without
	}{
		"opened":                {func(_ *merchant.Project, c *deposit.Changed) { c.State = deposit.Open }, ""},
		"chosen":                {func(_ *merchant.Project, c *deposit.Changed) { c.State, c.Offered = deposit.Trading, 0 }, ""},
		"offered":               {func(_ *merchant.Project, c *deposit.Changed) { c.State, c.Offered = deposit.Trading, 1 }, "pending"},
		"held":                  {func(_ *merchant.Project, c *deposit.Changed) { c.State = deposit.Held }, "in_hold"},
		"held, with risk":       {func(p *merchant.Project, c *deposit.Changed) { p.NoWait, c.State, c.Risk = true, deposit.Held, risk }, "in_hold risk"},
		"held, risk unasked":    {func(_ *merchant.Project, c *deposit.Changed) { c.State, c.Risk = deposit.Held, risk }, "in_hold"},
		"held, risk unknown":    {func(p *merchant.Project, c *deposit.Changed) { p.NoWait, c.State = true, deposit.Held }, "in_hold"},
		"credited, with risk":   {func(p *merchant.Project, c *deposit.Changed) { p.NoWait, c.Risk = true, risk }, "success"},
		"held, for old":         {func(p *merchant.Project, c *deposit.Changed) { p.LegacyStatuses, c.State = true, deposit.Held }, ""},
		"nobody to tell":        {func(p *merchant.Project, _ *deposit.Changed) { p.ResultURL = "" }, ""},
		"an address of its own": {func(p *merchant.Project, c *deposit.Changed) { p.ResultURL, c.ResultURL = "", "https://a.example/" }, "success"},
	} {
		p, changed := vectorProject(), vectorDeposit
		c.change(&p, &changed)
		raw, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		m, told, err := NewEncoder().Encode(t.Context(), p, vectorSecrets, event.Event{ID: "evt_1", Kind: event.DepositChanged, At: start, Body: raw})
		var got struct {
			Status string          `json:"status"`
			Risk   json.RawMessage `json:"user_risk"`
		}
		if told && err == nil {
			err = json.Unmarshal(m.Body, &got)
		}
		if got.Risk != nil {
			got.Status += " risk"
		}
		if err != nil || told != (c.want != "") || got.Status != c.want {
			t.Errorf("%s: %v %q, %v", name, told, got.Status, err)
		}
	}
	if _, told, err := NewEncoder().Encode(t.Context(), vectorProject(), vectorSecrets, event.Event{Kind: "odd"}); told || err != nil {
		t.Errorf("an event of no kind: %v, %v", told, err)
	}
	rates := vectorDeposit
	rates.Rates = "odd"
	raw, err := json.Marshal(rates)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range [][]byte{raw, []byte("odd")} {
		if _, told, err := NewEncoder().Encode(t.Context(), vectorProject(), vectorSecrets, event.Event{Kind: event.DepositChanged, Body: body}); told || err == nil {
			t.Errorf("%.20s: %v, %v", body, told, err)
		}
	}
}

// The signatures were computed by other code.
func TestDeliveriesCarryTheSignaturesOfTheirSecrets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		new, old seal.Secret
		want     string
	}{
		"none":     {"", "", ""},
		"one":      {hookKey, "", "v1,h6LZ5Eu5AFbe75TtPrFnT3Y462sB8kaVSgkUOQNlFhY="},
		"unmarked": {"plain key", "", "v1,fUCa1HovqN7PqbrMGuXCSZ0+wRPF8iWPAndg1LoILEQ="},
		"two":      {hookKey, "plain key", "v1,h6LZ5Eu5AFbe75TtPrFnT3Y462sB8kaVSgkUOQNlFhY= v1,fUCa1HovqN7PqbrMGuXCSZ0+wRPF8iWPAndg1LoILEQ="},
	} {
		h, err := NewEncoder().Headers(vectorProject(), merchant.Secrets{Client: vectorSecret, Webhook: c.new, WebhookOld: c.old},
			webhook.Delivery{EventID: "evt_1", Endpoint: webhook.Result, Body: []byte("{}")}, noon)
		_, dated := h[http.CanonicalHeaderKey("webhook-timestamp")]
		if got := h.Get("webhook-signature"); err != nil || got != c.want || dated != (c.want != "") {
			t.Errorf("%s: %q, %v, %v", name, got, dated, err)
		}
	}
}
