package sim

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

const (
	openidNS     = "http://specs.openid.net/auth/2.0"
	openidSelect = openidNS + "/identifier_select"
	openidSigned = "signed,op_endpoint,claimed_id,identity,return_to,response_nonce,assoc_handle"
	nonceForm    = "2006-01-02T15:04:05Z"
	// assertionLife is how long an assertion can be checked at all; checked
	// ones are remembered as long.
	assertionLife = Duration(24 * time.Hour)
)

// assertCommand numbers an assertion.
type assertCommand struct{}

func (c *assertCommand) apply(st *state, _ stamp) { st.Count.Nonce++ }

// checkCommand remembers that an assertion has been validated.
type checkCommand struct{ Nonce string }

func (c *checkCommand) apply(st *state, at stamp) {
	for n, when := range st.OpenID {
		if at >= when.add(assertionLife) {
			delete(st.OpenID, n)
		}
	}
	st.OpenID[c.Nonce] = at
}

// openid answers the sign-in page, the choice made on it, and the relying
// party's check.
func (q *call) openid() (reply, error) {
	mode := q.r.FormValue("openid.mode")
	if mode == "check_authentication" && q.r.Method == http.MethodPost {
		return q.checkAssertion()
	}
	if problem := q.openidProblem(mode); problem != "" {
		return plainPage(http.StatusBadRequest, "Sign in through Steam", problem), nil
	}
	if q.r.FormValue("choice") == "cancel" {
		return redirect(withQuery(q.r.FormValue("openid.return_to"), url.Values{"openid.ns": {openidNS}, "openid.mode": {"cancel"}})), nil
	}
	if text := q.r.FormValue("account"); text != "" {
		a := q.account64(text)
		if a == nil {
			return plainPage(http.StatusNotFound, "Sign in through Steam", "There is no account with this SteamID in the simulated world."), nil
		}
		return q.assert(a)
	}
	return page(pages.signIn, q.signInPage("/openid/login", q.openidFields())), nil
}

func (q *call) openidProblem(mode string) string {
	back, err := url.Parse(q.r.FormValue("openid.return_to"))
	realm, err2 := url.Parse(q.r.FormValue("openid.realm"))
	switch {
	case q.r.FormValue("openid.ns") != openidNS || mode != "checkid_setup" && mode != "checkid_immediate":
		return "The request is not an OpenID 2.0 sign-in."
	case err != nil || err2 != nil || back.Host == "" || back.Scheme != "http" && back.Scheme != "https":
		return "The address to return to is not valid."
	case back.Scheme != realm.Scheme || back.Host != strings.TrimPrefix(realm.Host, "*."):
		return "The address to return to does not belong to the realm."
	case q.r.FormValue("openid.identity") != openidSelect || q.r.FormValue("openid.claimed_id") != openidSelect:
		return "The identity must be selected here."
	}
	return ""
}

// openidFields are the request's own parameters, for the form's hidden fields.
func (q *call) openidFields() map[string]string {
	fields := map[string]string{}
	for name := range q.r.Form {
		if strings.HasPrefix(name, "openid.") {
			fields[name] = q.r.FormValue(name)
		}
	}
	return fields
}

// assert sends the browser back with a signed statement of who it is.
func (q *call) assert(a *account) (reply, error) {
	if err := q.sim.do(q.at, &assertCommand{}); err != nil {
		return reply{}, err
	}
	st := q.sim.state
	q.account = a
	id := q.base(community) + "/openid/id/" + a.SteamID.String()
	back := q.r.FormValue("openid.return_to")
	tail := base64.RawURLEncoding.EncodeToString(st.sign("openid nonce", decimal(st.Count.Nonce))[:15])
	v := url.Values{
		"openid.ns": {openidNS}, "openid.mode": {"id_res"}, "openid.op_endpoint": {q.base(community) + "/openid/login"},
		"openid.claimed_id": {id}, "openid.identity": {id}, "openid.return_to": {back},
		"openid.response_nonce": {q.at.time().Format(nonceForm) + tail}, "openid.assoc_handle": {"1234567890"},
		"openid.signed": {openidSigned},
	}
	v.Set("openid.sig", st.assertionSignature(v))
	p := redirect(withQuery(back, v))
	p.set("Set-Cookie", signedInCookie(a.SteamID))
	return p, nil
}

// assertionSignature covers the fields of the signed list, in its order.
func (st *state) assertionSignature(v url.Values) string {
	texts := []string{"openid"}
	for name := range strings.SplitSeq(openidSigned, ",") {
		texts = append(texts, v.Get("openid."+name))
	}
	return base64.StdEncoding.EncodeToString(st.sign(texts...))
}

func (q *call) checkAssertion() (reply, error) {
	v := url.Values{}
	for name := range q.r.PostForm {
		v.Set(name, q.r.PostForm.Get(name))
	}
	st := q.sim.state
	nonce := v.Get("openid.response_nonce")
	valid := sameBytes([]byte(v.Get("openid.sig")), []byte(st.assertionSignature(v))) && v.Get("openid.signed") == openidSigned
	if _, used := st.OpenID[nonce]; !valid || used || !q.freshNonce(nonce) {
		return validity("false"), nil
	}
	if i := strings.LastIndexByte(v.Get("openid.claimed_id"), '/'); i >= 0 {
		q.account = q.account64(v.Get("openid.claimed_id")[i+1:])
	}
	if err := q.sim.do(q.at, &checkCommand{Nonce: nonce}); err != nil {
		return reply{}, err
	}
	return validity("true"), nil
}

func (q *call) freshNonce(nonce string) bool {
	if len(nonce) < len(nonceForm) {
		return false
	}
	t, err := time.Parse(nonceForm, nonce[:len(nonceForm)])
	return err == nil && q.at < stampOf(t).add(assertionLife)
}

func validity(v string) reply {
	return reply{status: http.StatusOK, ctype: "text/plain; charset=utf-8", raw: []byte("ns:" + openidNS + "\nis_valid:" + v + "\n")}
}

// withQuery adds parameters to an address that may have some.
func withQuery(address string, add url.Values) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // unreachable: checked before
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += add.Encode()
	return u.String()
}

// signedIn is the person at the browser: a choice, not a secret. Only the pages
// for people look at it; Steam's endpoints want a session.
func (q *call) signedIn() *account { return q.account64(q.cookie("simulated_account")) }

func signedInCookie(id steam.ID64) string {
	return "simulated_account=" + id.String() + "; Path=/; HttpOnly; SameSite=Lax"
}
