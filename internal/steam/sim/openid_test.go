package sim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

func openidRequest() url.Values {
	return url.Values{
		"openid.ns": {openidNS}, "openid.mode": {"checkid_setup"}, "openid.return_to": {"http://127.0.0.1:9/back?state=a+b"},
		"openid.realm": {"http://127.0.0.1:9/"}, "openid.identity": {openidSelect}, "openid.claimed_id": {openidSelect},
	}
}

// assertion signs the payer in and returns what the relying party gets.
func (w *world) assertion() url.Values {
	w.t.Helper()
	q := openidRequest()
	q.Set("account", payerID.String())
	a := w.get("/openid/login", q)
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.status != http.StatusFound || u.Host != "127.0.0.1:9" {
		w.t.Fatalf("sign in: %d %s %v", a.status, a.header.Get("Location"), err)
	}
	v := u.Query()
	if v.Get("state") != "a b" {
		w.t.Errorf("state %q", v.Get("state"))
	}
	v.Del("state")
	v.Set("openid.mode", "check_authentication")
	return v
}

func (w *world) check(v url.Values) string {
	w.t.Helper()
	a := w.do(w.request(http.MethodPost, "/openid/login", v))
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
		w.t.Errorf("content type %q", a.header.Get("Content-Type"))
	}
	return string(a.body)
}

const (
	isValid = "ns:http://specs.openid.net/auth/2.0\nis_valid:true\n"
	isNot   = "ns:http://specs.openid.net/auth/2.0\nis_valid:false\n"
)

func TestAssertionValidatesOnceAlsoOverAKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.assertion()
	id := w.http.URL + "/openid/id/" + payerID.String()
	if v.Get("openid.claimed_id") != id || v.Get("openid.identity") != id || v.Get("openid.op_endpoint") != w.http.URL+"/openid/login" ||
		v.Get("openid.signed") != openidSigned || v.Get("openid.return_to") != "http://127.0.0.1:9/back?state=a+b" ||
		!strings.HasPrefix(v.Get("openid.response_nonce"), "2026-03-02T10:20:30Z") {
		t.Errorf("assertion %v", v)
	}
	other := w.assertion()
	if got := w.check(v); got != isValid {
		t.Errorf("first check: %q", got)
	}
	w.kill()
	if got := w.check(v); got != isNot {
		t.Errorf("second check: %q", got)
	}
	if got := w.check(other); got != isValid {
		t.Errorf("an assertion from before the kill: %q", got)
	}
	late := w.assertion()
	w.set(w.clock().Add(25 * time.Hour))
	if got := w.check(late); got != isNot {
		t.Errorf("a day later: %q", got)
	}
}

func TestAlteredAssertionsAreNotValid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, field := range []string{"op_endpoint", "claimed_id", "identity", "return_to", "response_nonce", "assoc_handle", "signed", "sig"} {
		v := w.assertion()
		v.Set("openid."+field, v.Get("openid."+field)+"1")
		if got := w.check(v); got != isNot {
			t.Errorf("altered %s: %q", field, got)
		}
	}
	if got := w.check(url.Values{"openid.mode": {"check_authentication"}}); got != isNot {
		t.Errorf("nothing at all: %q", got)
	}
}

func TestSignInPageLetsPeopleChoose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.get("/openid/login", openidRequest())
	text := string(a.body)
	if a.status != 200 || !strings.Contains(text, "Simulated Steam") || !strings.Contains(text, "Casual &lt;Carl&gt;") || strings.Contains(text, "<Carl>") {
		t.Errorf("page: %d %s", a.status, text)
	}
	form := openidRequest()
	form.Set("account", yesID.String())
	if a := w.do(w.request(http.MethodPost, "/openid/login", form)); !strings.Contains(a.header.Get("Location"), yesID.String()) {
		t.Errorf("choice: %d %v", a.status, a.header)
	}
	form.Del("account")
	form.Set("choice", "cancel")
	if a := w.do(w.request(http.MethodPost, "/openid/login", form)); !strings.Contains(a.header.Get("Location"), "openid.mode=cancel") {
		t.Errorf("cancel: %d %v", a.status, a.header)
	}
	bad := openidRequest()
	bad.Set("openid.realm", "http://example.com/")
	if a := w.get("/openid/login", bad); a.status != 400 {
		t.Errorf("foreign realm: %d", a.status)
	}
}

func TestPersonAnswersAnOfferOnItsPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	id := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	path := "/tradeoffer/" + id + "/"
	if a := w.get(path, nil); a.status != 302 || a.header.Get("Location") != w.http.URL+"/login/home/?goto="+url.QueryEscape("tradeoffer/"+id) {
		t.Fatalf("nobody: %d %v", a.status, a.header)
	}
	in := w.do(w.request(http.MethodPost, "/login/home/", url.Values{"goto": {path}, "account": {payerID.String()}}))
	if in.header.Get("Location") != w.http.URL+path {
		t.Errorf("sign in leads to %q", in.header.Get("Location"))
	}
	cookie := strings.Split(in.header.Get("Set-Cookie"), ";")[0]
	as := func(method string, form url.Values) answer {
		to := path
		if method == http.MethodPost {
			to += "answer"
		}
		r := w.request(method, to, form)
		r.Header.Set("Cookie", cookie)
		return w.do(r)
	}
	text := string(as(http.MethodGet, nil).body)
	for _, want := range []string{"reference r-1", redline, `value="accept"`, `value="decline"`, "var g_daysMyEscrow = 0;\n", "var g_daysTheirEscrow = 0;\n",
		"\n<script type=\"text/javascript\">\n\tvar g_rgAppContextData = {\"", "var g_strYourPersonaName = \"Casual \\u003cCarl\\u003e\";"} {
		if !strings.Contains(text, want) {
			t.Errorf("page lacks %q:\n%s", want, text)
		}
	}
	if a := as(http.MethodPost, url.Values{"do": {"accept"}}); a.status != http.StatusSeeOther {
		t.Fatalf("accept: %d %s", a.status, a.body)
	}
	o := bot.wantState(id, steam.OfferAccepted)
	if a := as(http.MethodPost, url.Values{"do": {"decline"}}); !strings.Contains(string(a.body), "the offer is Accepted") {
		t.Errorf("decline afterwards: %s", a.body)
	}
	receipt := string(bot.page("/trade/"+o["tradeid"].(string)+"/receipt/", nil).body)
	fresh := bot.inventory(botID, steam.CS2, "16")[0].AssetID
	if !strings.Contains(receipt, "var oItem;") || !strings.Contains(receipt, `oItem = {"id":"`+fresh+`","contextid":"16"`) || !strings.Contains(receipt, "BuildHover( ") {
		t.Errorf("receipt: %s", receipt)
	}
}
