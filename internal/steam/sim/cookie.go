package sim

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// sites take over a web login, by the audience of their token.
var sites = []struct{ host, audience string }{
	{"steamcommunity.com", "web:community"},
	{"store.steampowered.com", "web:store"},
	{"help.steampowered.com", "web:help"},
	{"checkout.steampowered.com", "web:checkout"},
	{"steam.tv", "web:steamtv"},
}

const nonceLife = Duration(10 * time.Minute)

// nonce is a cookie transfer that has been promised to one site.
type nonce struct {
	From     claims // of the refresh token
	Audience string
	Made     stamp
}

// transferCommand makes one transfer per audience.
type transferCommand struct {
	From      claims
	Audiences []string

	made []string
}

func (c *transferCommand) apply(st *state, at stamp) {
	for id, n := range st.Nonces {
		if at >= n.Made.add(nonceLife) {
			delete(st.Nonces, id)
		}
	}
	for _, audience := range c.Audiences {
		st.Count.Nonce++
		id := hex.EncodeToString(st.sign("transfer", decimal(st.Count.Nonce))[:16])
		st.Nonces[id] = nonce{From: c.From, Audience: audience, Made: at}
		c.made = append(c.made, id)
	}
}

// spendCommand uses a transfer up.
type spendCommand struct{ Nonce string }

func (c *spendCommand) apply(st *state, _ stamp) { delete(st.Nonces, c.Nonce) }

type transfer struct {
	URL    string            `json:"url"`
	Params map[string]string `json:"params"`
}

// finalizeLogin turns a refresh token into cookie transfers. Under Steam's own
// host names there is one for each site, else all roles are one site.
func (q *call) finalizeLogin() (reply, error) {
	st := q.sim.state
	token := q.r.FormValue("nonce")
	c, a, ok := st.readToken(token, q.at)
	if !ok || !c.refresh() {
		return document(map[string]any{"error": int(steam.ResultAccessDenied)}), nil
	}
	q.account = a
	canonical := canonicalHost(q.r.Host)
	cmd := &transferCommand{From: c}
	for _, site := range sites {
		cmd.Audiences = append(cmd.Audiences, site.audience)
		if !canonical {
			break
		}
	}
	if err := q.sim.do(q.at, cmd); err != nil {
		return reply{}, err
	}
	var list []transfer
	for i, id := range cmd.made {
		base := q.base(community)
		if canonical {
			base = "https://" + sites[i].host
		}
		auth := hex.EncodeToString(st.sign("transfer-auth", id)[:16])
		list = append(list, transfer{base + "/login/settoken", map[string]string{"nonce": id, "auth": auth}})
	}
	out := document(map[string]any{
		"steamID": a.SteamID.String(), "redir": q.base(community) + "/login/home/?goto=",
		"transfer_info": list, "primary_domain": hostOf(q.base(community)),
	})
	out.cookie("steamRefresh_steam", a.SteamID, token, time.Unix(c.Expires, 0))
	return out, nil
}

func (q *call) setToken() (reply, error) {
	st := q.sim.state
	id := q.r.FormValue("nonce")
	n, ok := st.Nonces[id]
	auth := hex.EncodeToString(st.sign("transfer-auth", id)[:16])
	if !ok || auth != q.r.FormValue("auth") || n.From.Subject.String() != q.r.FormValue("steamID") || q.at >= n.Made.add(nonceLife) {
		return document(map[string]any{"result": int(steam.ResultAccessDenied)}), nil
	}
	q.account = st.byID[n.From.Subject]
	if err := q.sim.do(q.at, &spendCommand{Nonce: id}); err != nil {
		return reply{}, err
	}
	token := st.accessToken(n.From, []string{n.Audience}, q.at)
	out := document(map[string]any{"result": int(steam.ResultOK), "rtExpiry": n.From.Expires})
	out.cookie("steamLoginSecure", n.From.Subject, token, q.at.time().Add(accessLife))
	return out, nil
}

// refreshCookie answers /jwt/refresh: a one-time address that sets a new cookie.
func (q *call) refreshCookie() (reply, error) {
	st := q.sim.state
	redir := q.r.FormValue("redir")
	c, a, ok := st.readToken(q.cookieToken("steamRefresh_steam"), q.at)
	if !ok || !c.refresh() {
		return redirect(q.base(community) + "/login/home/?goto=" + url.QueryEscape(redir)), nil
	}
	q.account = a
	cmd := &transferCommand{From: c, Audiences: []string{sites[0].audience}}
	if err := q.sim.do(q.at, cmd); err != nil {
		return reply{}, err
	}
	auth := hex.EncodeToString(st.sign("transfer-auth", cmd.made[0])[:16])
	v := url.Values{"nonce": {cmd.made[0]}, "auth": {auth}, "steamID": {a.SteamID.String()}, "redir": {redir}}
	return redirect(q.base(community) + "/login/settoken?" + v.Encode()), nil
}

// cookie adds one of Steam's session cookies, written by hand: its value is
// percent-encoded as Steam's is.
func (p *reply) cookie(name string, id steam.ID64, token string, expires time.Time) {
	p.set("Set-Cookie", name+"="+id.String()+"%7C%7C"+token+"; Expires="+expires.UTC().Format(http.TimeFormat)+
		"; Path=/; Secure; HttpOnly; SameSite=None")
}

// cookieToken reads the token out of a session cookie.
func (q *call) cookieToken(name string) string {
	value, err := url.QueryUnescape(q.cookie(name))
	if err != nil {
		return ""
	}
	_, token, _ := strings.Cut(value, "||")
	return token
}

// cookie reads the Cookie header itself: names may occur more than once, and
// the first one counts.
func (q *call) cookie(name string) string {
	for _, h := range q.r.Header.Values("Cookie") {
		for part := range strings.SplitSeq(h, ";") {
			if k, v, ok := strings.Cut(strings.TrimSpace(part), "="); ok && k == name {
				return v
			}
		}
	}
	return ""
}

// session is the account whose access token the cookies hold, or nil. Behind a
// family view's PIN there is none.
func (q *call) session() *account {
	if a := q.holder(); a != nil && !a.FamilyView {
		return a
	}
	return nil
}

// holder is the account whose access token the cookies hold, or nil.
func (q *call) holder() *account {
	value, err := url.QueryUnescape(q.cookie("steamLoginSecure"))
	if err != nil {
		return nil
	}
	id, token, _ := strings.Cut(value, "||")
	c, a, ok := q.sim.state.readToken(token, q.at)
	if !ok || c.refresh() || a.SteamID.String() != id {
		return nil
	}
	return a
}

// cookieOver tells whose session cookie the request has, and whether only its
// time is over. A token that was never good is nobody's.
func (q *call) cookieOver() (id steam.ID64, over bool) {
	c, a, end := q.sim.state.tokenClaims(q.cookieToken("steamLoginSecure"))
	if a == nil || c.refresh() {
		return 0, false
	}
	return a.SteamID, end && q.at.seconds() >= c.Expires && q.sim.state.Revoked[c.root()] == 0
}

// form reports whether the post repeats the sessionid cookie.
func (q *call) form() bool {
	want := q.cookie("sessionid")
	return want != "" && q.r.PostFormValue("sessionid") == want
}

// bearer is the account an API call is made for: by access token, or by key.
func (q *call) bearer() (a *account, byKey bool) {
	if token := q.r.FormValue("access_token"); token != "" {
		c, a, ok := q.sim.state.readToken(token, q.at)
		if !ok || c.refresh() {
			return nil, false
		}
		return a, false
	}
	if a := q.sim.state.byKey[strings.ToUpper(q.r.FormValue("key"))]; a != nil {
		return a, true
	}
	return nil, false
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Host
}
