package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/goldentest"
	"github.com/skinrail/skinrail/internal/steam"
)

const returnTo = "https://pay.example/pay/return?hash=abc&state=once-1"

// yesSayer is an endpoint that would confirm anything: what must be refused has
// to be refused before it is asked.
type yesSayer struct {
	OpenID
	asked  atomic.Int32
	form   atomic.Pointer[http.Request]
	answer http.HandlerFunc
}

func newYesSayer(t *testing.T) *yesSayer {
	t.Helper()
	y := &yesSayer{answer: says(200, "ns:http://specs.openid.net/auth/2.0\nis_valid:true\n")}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		y.asked.Add(1)
		r.ParseForm()
		y.form.Store(r)
		y.answer(w, r)
	}))
	t.Cleanup(server.Close)
	y.OpenID = OpenID{Community: server.URL, HTTP: server.Client()}
	return y
}

// assertion is what a browser brings back after a good sign-in.
func (y *yesSayer) assertion() url.Values {
	return url.Values{
		"hash": {"abc"}, "state": {"once-1"},
		"openid.ns":             {openidNS},
		"openid.mode":           {"id_res"},
		"openid.op_endpoint":    {y.Community + "/openid/login"},
		"openid.claimed_id":     {y.Community + "/openid/id/76561198000000201"},
		"openid.identity":       {y.Community + "/openid/id/76561198000000201"},
		"openid.return_to":      {returnTo},
		"openid.response_nonce": {"2026-03-01T12:00:00ZaBcDeF123="},
		"openid.assoc_handle":   {"1234567890"},
		"openid.signed":         {"signed,op_endpoint,claimed_id,identity,return_to,response_nonce,assoc_handle"},
		"openid.sig":            {"AAECAwQFBgcICQoLDA0ODxAREhM="},
	}
}

func TestAGoodSignInNamesTheAccountAndTheNonce(t *testing.T) {
	t.Parallel()
	y := newYesSayer(t)
	id, nonce, err := y.Verify(t.Context(), y.assertion(), returnTo, worldStart.Add(time.Minute))
	if err != nil || id != partnerID || nonce != "2026-03-01T12:00:00ZaBcDeF123=" {
		t.Fatalf("Verify = %v, %q, %v", id, nonce, err)
	}
	r := y.form.Load()
	want := y.assertion()
	want.Set("openid.mode", "check_authentication")
	want.Del("hash")
	want.Del("state")
	if r.Header.Get("Origin") != y.Community {
		t.Errorf("origin %q", r.Header.Get("Origin"))
	}
	if r.URL.Path != "/openid/login" || r.PostForm.Encode() != want.Encode() || r.URL.RawQuery != "" {
		t.Errorf("asked %s with %v; want %v", r.URL, r.PostForm, want)
	}
}

// counting is a way out that is one's own, such as a proxy.
type counting struct{ n atomic.Int32 }

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return http.DefaultTransport.RoundTrip(r)
}

func TestSteamIsAskedByTheGivenWay(t *testing.T) {
	t.Parallel()
	y, way := newYesSayer(t), &counting{}
	for i, client := range []*http.Client{{Transport: way}, nil} {
		y.HTTP = client
		if _, _, err := y.Verify(t.Context(), y.assertion(), returnTo, worldStart); err != nil || way.n.Load() != 1 {
			t.Errorf("%d: %v, asked %d times", i, err, way.n.Load())
		}
	}
}

func TestTheVisitorIsSentToTheConfiguredEndpoint(t *testing.T) {
	t.Parallel()
	got, err := url.Parse(OpenID{Community: "https://steamcommunity.com"}.RedirectURL("https://pay.example", returnTo))
	if err != nil || got.Host != "steamcommunity.com" || got.Path != "/openid/login" {
		t.Fatalf("RedirectURL = %v, %v", got, err)
	}
	want := url.Values{
		"openid.ns": {openidNS}, "openid.mode": {"checkid_setup"}, "openid.realm": {"https://pay.example"}, "openid.return_to": {returnTo},
		"openid.identity": {openidSelect}, "openid.claimed_id": {openidSelect},
	}
	if got.RawQuery != want.Encode() {
		t.Errorf("query = %s; want %s", got.RawQuery, want.Encode())
	}
}

// forgeries change a good assertion into one that must be refused. In values, @
// stands for the community's base.
var forgeries = []struct{ name, key, value string }{
	{"mode of a check", "openid.mode", "check_authentication"},
	{"mode of a request", "openid.mode", "checkid_setup"},
	{"mode in capitals", "openid.mode", "ID_RES"},
	{"mode setup_needed", "openid.mode", "setup_needed"},
	{"old namespace", "openid.ns", "http://openid.net/signon/1.1"},
	{"namespace over https", "openid.ns", "https://specs.openid.net/auth/2.0"},
	{"namespace with a slash", "openid.ns", "http://specs.openid.net/auth/2.0/"},
	{"another endpoint", "openid.op_endpoint", "https://evil.example/openid/login"},
	{"endpoint beside ours", "openid.op_endpoint", "@.evil.example/openid/login"},
	{"endpoint with a slash", "openid.op_endpoint", "@/openid/login/"},
	{"endpoint with a query", "openid.op_endpoint", "@/openid/login?x=1"},
	{"endpoint with a user", "openid.op_endpoint", "https://steamcommunity.com@evil.example/openid/login"},
	{"identity of another", "openid.identity", "@/openid/id/76561198000000202"},
	{"claim of another", "openid.claimed_id", "@/openid/id/76561198000000202"},
	{"return to another site", "openid.return_to", "https://evil.example/pay/return?hash=abc&state=once-1"},
	{"return with another state", "openid.return_to", "https://pay.example/pay/return?hash=abc&state=once-2"},
	{"return that goes on", "openid.return_to", returnTo + "&x=1"},
	{"return cut", "openid.return_to", "https://pay.example/pay/return"},
	{"return over http", "openid.return_to", "http://pay.example/pay/return?hash=abc&state=once-1"},
	{"return in another order", "openid.return_to", "https://pay.example/pay/return?state=once-1&hash=abc"},
	{"state of the address", "state", "once-2"},
	{"hash of the address", "hash", "xyz"},
	{"nonce of yesterday", "openid.response_nonce", "2026-02-28T12:00:00Zabc"},
	{"nonce six minutes old", "openid.response_nonce", "2026-03-01T11:54:59Zabc"},
	{"nonce of tomorrow", "openid.response_nonce", "2026-03-02T12:00:00Zabc"},
	{"nonce six minutes ahead", "openid.response_nonce", "2026-03-01T12:06:01Zabc"},
	{"nonce without a tail", "openid.response_nonce", "2026-03-01T12:00:00Z"},
	{"nonce without a time", "openid.response_nonce", "aBcDeF123aBcDeF123aBcDeF123"},
	{"nonce with a zone", "openid.response_nonce", "2026-03-01T12:00:00+00:00abc"},
	{"nonce with a fraction", "openid.response_nonce", "2026-03-01T12:00:00.5Zabc"},
	{"nonce on day 32", "openid.response_nonce", "2026-03-32T12:00:00Zabc"},
	{"nonce with a blank", "openid.response_nonce", "2026-03-01T12:00:00Za b"},
	{"nonce beyond ascii", "openid.response_nonce", "2026-03-01T12:00:00Zaé"},
	{"nonce with a blank first", "openid.response_nonce", "2026-03-01T12:00:00Z b"},
	{"nonce of 256", "openid.response_nonce", "2026-03-01T12:00:00Z" + strings.Repeat("a", 236)},
	{"nonce too long", "openid.response_nonce", "2026-03-01T12:00:00Z" + strings.Repeat("a", 240)},
	{"nothing signed", "openid.signed", "signed"},
	{"claim not signed", "openid.signed", "signed,op_endpoint,identity,return_to,response_nonce,assoc_handle"},
	{"identity not signed", "openid.signed", "signed,op_endpoint,claimed_id,return_to,response_nonce,assoc_handle"},
	{"return not signed", "openid.signed", "signed,op_endpoint,claimed_id,identity,response_nonce,assoc_handle"},
	{"nonce not signed", "openid.signed", "signed,op_endpoint,claimed_id,identity,return_to,assoc_handle"},
	{"endpoint not signed", "openid.signed", "signed,claimed_id,identity,return_to,response_nonce,assoc_handle"},
	{"handle not signed", "openid.signed", "signed,op_endpoint,claimed_id,identity,return_to,response_nonce"},
	{"list not signed", "openid.signed", "op_endpoint,claimed_id,identity,return_to,response_nonce,assoc_handle"},
	{"signed twice", "openid.signed", "signed,op_endpoint,claimed_id,claimed_id,identity,return_to,response_nonce,assoc_handle"},
	{"signed with blanks", "openid.signed", "signed, op_endpoint, claimed_id, identity, return_to, response_nonce, assoc_handle"},
	{"signed with a prefix", "openid.signed", "openid.signed,op_endpoint,claimed_id,identity,return_to,response_nonce,assoc_handle"},
	{"signed with an unknown", "openid.signed", "signed,op_endpoint,claimed_id,identity,return_to,response_nonce,assoc_handle,email"},
	{"signed signature", "openid.signed", "signed,op_endpoint,claimed_id,identity,return_to,response_nonce,assoc_handle,sig"},
	{"signature no base64", "openid.sig", "not base64!"},
	{"signature with something behind it", "openid.sig", "AAECAwQFBgcICQoLDA0ODxAR!"},
	{"signature too short", "openid.sig", "AAEC"},
	{"signature too long", "openid.sig", strings.Repeat("AAEC", 40)},
	{"signature with a line end", "openid.sig", "AAECAwQFBgcICQoLDA0ODxAREhM=\n"},
	{"an unknown member", "openid.sreg.email", "x@evil.example"},
	{"an extension", "openid.ns.ax", "http://openid.net/srv/ax/1.0"},
	{"an invalidated handle", "openid.invalidate_handle", "1234567890"},
	{"a member in capitals", "openid.Mode", "id_res"},
	{"a prefix in capitals", "OPENID.mode", "id_res"},
	{"a bare prefix", "openid", "1"},
	{"a prefix and a dot", "openid.", "1"},
	{"a member with a blank", "openid.mode ", "id_res"},
	{"control character in the handle", "openid.assoc_handle", "123\x004567"},
	{"line end in the handle", "openid.assoc_handle", "123\r\nis_valid:true"},
	{"broken utf-8 in the handle", "openid.assoc_handle", "\xff\xfe"},
	{"last control character in the handle", "openid.assoc_handle", "1\x1f"},
	{"delete in the handle", "openid.assoc_handle", "\x7f1"},
	{"first control character above ascii in the handle", "openid.assoc_handle", "1\u0080"},
	{"last control character above ascii in the handle", "openid.assoc_handle", "1\u009f"},
	{"signature of 15 bytes", "openid.sig", "AAECAwQFBgcICQoLDA0O"},
	{"signature of 65 bytes", "openid.sig", strings.Repeat("AAEC", 21) + "AAE="},
	{"handle too long", "openid.assoc_handle", strings.Repeat("1", 2049)},
}

// forgedClaims are claimed ids, equal to the identity, that are not one of ours.
var forgedClaims = []string{
	"@/openid/id/7656119800000020", "@/openid/id/765611980000002010", "@/openid/id/76561198000000201/", "@/openid/id/76561198000000201?x",
	"@/openid/id/76561198000000201#x", "@/openid/id/ 76561198000000201", "@/openid/id/+6561198000000201", "@/openid/id/76561198０00000201",
	"@/openid/id/76561200000000000", "@/openid/id/103582791429521412", "@/openid/id/76561197960265728", "@/openid/id/0", "@/openid/id/", "@/id/76561198000000201",
	"@/openid/id/../id/76561198000000201", "@//openid/id/76561198000000201", "@/openid/ID/76561198000000201", "x@/openid/id/76561198000000201",
	"https://evil.example/openid/id/76561198000000201", "@.evil.example/openid/id/76561198000000201",
	"https://evil.example/?@/openid/id/76561198000000201", "@/openid/id/76561298000000201", "@/openid/id/76561198000000201\n",
}

func TestForgedSignInsAreRefusedBeforeSteamIsAsked(t *testing.T) {
	t.Parallel()
	y := newYesSayer(t)
	now := worldStart.Add(time.Second / 2)
	n := 0
	var why strings.Builder
	refuse := func(name string, q url.Values) {
		t.Helper()
		n++
		id, _, err := y.Verify(t.Context(), q, returnTo, now)
		if !errors.Is(err, ErrSignIn) || id != 0 {
			t.Errorf("%s: Verify = %v, %v; want it refused", name, id, err)
		}
		fmt.Fprintf(&why, "%s: %v\n", name, err)
	}
	for _, f := range forgeries {
		q := y.assertion()
		q.Set(f.key, strings.ReplaceAll(f.value, "@/", y.Community+"/"))
		refuse(f.name, q)
	}
	for _, claim := range forgedClaims {
		q := y.assertion()
		claim = strings.Replace(claim, "@", y.Community, 1)
		q.Set("openid.claimed_id", claim)
		q.Set("openid.identity", claim)
		refuse("claim "+strings.ReplaceAll(claim, y.Community, "@"), q)
	}
	for _, key := range assertionKeys {
		q := y.assertion()
		q.Del(key)
		refuse("without "+key, q)
		q = y.assertion()
		q.Add(key, q.Get(key))
		refuse("two of "+key, q)
		q = y.assertion()
		q.Set(key, "")
		refuse("empty "+key, q)
	}
	q := y.assertion()
	q.Add("state", "once-1")
	refuse("two states", q)
	refuse("nothing", url.Values{})
	if n < 60 {
		t.Errorf("%d forgeries; want 60 or more", n)
	}
	goldentest.File(t, "testdata/forgeries.txt", why.String()) // each with what is wrong with it
	if asked := y.asked.Load(); asked != 0 {
		t.Errorf("Steam was asked %d times about forgeries", asked)
	}
}

func TestValuesAtTheirLimitsAreGood(t *testing.T) {
	t.Parallel()
	y := newYesSayer(t)
	for _, c := range []struct{ key, value string }{
		{"openid.assoc_handle", strings.Repeat("1", 2048)}, {"openid.assoc_handle", " ~\u00a0"},
		{"openid.sig", "AAECAwQFBgcICQoLDA0ODw=="}, {"openid.sig", strings.Repeat("AAEC", 21) + "AA=="},
		{"openid.response_nonce", "2026-03-01T12:00:00Za"}, {"openid.response_nonce", "2026-03-01T12:00:00Z!~"},
		{"openid.response_nonce", "2026-03-01T12:00:00Z" + strings.Repeat("a", 235)},
	} {
		q := y.assertion()
		q.Set(c.key, c.value)
		if _, _, err := y.Verify(t.Context(), q, returnTo, worldStart); err != nil {
			t.Errorf("%s=%.60s (%d): %v", c.key, c.value, len(c.value), err)
		}
	}
}

func TestTheAgeOfANonceIsBounded(t *testing.T) {
	t.Parallel()
	y := newYesSayer(t)
	for after, good := range map[time.Duration]bool{
		-nonceAge - time.Second: false, -nonceAge: true, 0: true, nonceAge: true, nonceAge + time.Second: false,
	} {
		_, _, err := y.Verify(t.Context(), y.assertion(), returnTo, worldStart.Add(after))
		if (err == nil) != good {
			t.Errorf("%s after the nonce: %v", after, err)
		}
	}
}

func TestOnlySteamsClearYesIsAYes(t *testing.T) {
	t.Parallel()
	const ns = "ns:http://specs.openid.net/auth/2.0\n"
	for name, tc := range map[string]struct {
		h    http.HandlerFunc
		want error
	}{
		"no":                  {says(200, ns+"is_valid:false\n"), ErrSignIn},
		"crlf yes":            {says(200, "ns:http://specs.openid.net/auth/2.0\r\nis_valid:true\r\n"), nil},
		"yes and blank lines": {says(200, "\n"+ns+"\n\nis_valid:true\n\n"), nil},
		"yes beside noise":    {says(200, ns+"noise\nis_valid:true\n"), steam.ErrUnavailable},
		"yes in capitals":     {says(200, ns+"is_valid:TRUE\n"), steam.ErrUnavailable},
		"yes with a tail":     {says(200, ns+"is_valid:true \n"), steam.ErrUnavailable},
		"yes and no":          {says(200, ns+"is_valid:true\nis_valid:false\n"), steam.ErrUnavailable},
		"no namespace":        {says(200, "is_valid:true\n"), steam.ErrUnavailable},
		"another namespace":   {says(200, "ns:http://openid.net/signon/1.1\nis_valid:true\n"), steam.ErrUnavailable},
		"text around it":      {says(200, "<p>is_valid:true</p>"), steam.ErrUnavailable},
		"html":                {says(200, "<html>\n</html>\n"), steam.ErrUnavailable},
		"empty":               {says(200, ""), steam.ErrUnavailable},
		"yes after 5 kB":      {says(200, ns+"x:"+strings.Repeat("a", 5<<10)+"\nis_valid:true\n"), steam.ErrUnavailable},
		"yes with a 500":      {says(500, ns+"is_valid:true\n"), steam.ErrUnavailable},
		"yes with a 201":      {says(201, ns+"is_valid:true\n"), steam.ErrUnavailable},
		"blocked":             {says(403, ""), steam.ErrRateLimited},
		"too many":            {says(429, ""), steam.ErrRateLimited},
		"dropped":             {cuts, steam.ErrUnavailable},
		"redirect to a yes":   {redirectToYes, steam.ErrUnavailable},
		"permanent redirect":  {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/yes", 308) }, steam.ErrUnavailable},
	} {
		y := newYesSayer(t)
		y.answer = tc.h
		_, _, err := y.Verify(t.Context(), y.assertion(), returnTo, worldStart)
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v; want %v", name, err, tc.want)
		}
		if name == "no" && !strings.HasSuffix(err.Error(), "steam does not confirm it") || name == "yes with a 500" && !strings.HasSuffix(err.Error(), "status 500") {
			t.Errorf("%s: %v", name, err)
		}
		if n := y.asked.Load(); n != 1 {
			t.Errorf("%s: %d requests; want 1", name, n)
		}
	}
}

func redirectToYes(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/yes" {
		fmt.Fprint(w, "ns:http://specs.openid.net/auth/2.0\nis_valid:true\n")
		return
	}
	http.Redirect(w, r, "/yes", http.StatusFound)
}

func TestACancelledSignInIsNotAForgery(t *testing.T) {
	t.Parallel()
	y := newYesSayer(t)
	for _, mode := range []string{"cancel", "error"} {
		_, _, err := y.Verify(t.Context(), url.Values{"openid.mode": {mode}, "openid.ns": {openidNS}}, returnTo, worldStart)
		if !errors.Is(err, ErrSignInCancelled) {
			t.Errorf("mode %s: %v", mode, err)
		}
	}
}
