package sim

import (
	"embed"
	"encoding/json"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

//go:embed pages/*.html
var pageFiles embed.FS

// pages are the HTML answers, each inside pages/layout.html.
var pages = struct {
	text, signIn, offer, receipt, inventory, privacy, profile, front *template.Template
}{
	parse("text"), parse("signin"), parse("offer"), parse("receipt"), parse("inventory"), parse("privacy"), parse("profile"), parse("front"),
}

func parse(name string) *template.Template {
	return template.Must(template.ParseFS(pageFiles, "pages/layout.html", "pages/"+name+".html")).Lookup("layout.html")
}

func pageRoutes() []route {
	return []route{
		{"GET /my", "my", surfacePage, (*call).my},
		{"GET /my/{rest...}", "my", surfacePage, (*call).my},
		{"GET /profiles/{id}", "profile", surfacePage, (*call).profilePage},
		{"GET /id/{name}", "profile", surfacePage, (*call).namedProfile},
		{"GET /profiles/{id}/tradeoffers/privacy", "privacy", surfacePage, (*call).privacyPage},
		{"GET /profiles/{id}/inventory", "inventorypage", surfacePage, (*call).inventoryOverview},
		{"GET /dev/apikey", "apikey", surfacePage, (*call).apiKeyPage},
		{"GET /tradeoffer/new", "offerpage", surfacePage, (*call).newOfferPage},
		{"GET /tradeoffer/{id}", "offerpage", surfacePage, (*call).offerPage},
		{"POST /tradeoffer/{id}/answer", "answer", surfacePage, (*call).answerOffer},
		{"GET /trade/{id}/receipt", "receipt", surfacePage, (*call).receiptPage},
		{"GET /login/home", "signin", surfacePage, (*call).signIn},
		{"POST /login/home", "signin", surfacePage, (*call).signIn},
		{"GET /openid/login", "openid", surfacePage, (*call).openid},
		{"POST /openid/login", "openid", surfacePage, (*call).openid},
	}
}

type textPage struct{ Title, Heading, Text string }

func plainPage(status int, title, text string) reply {
	p := page(pages.text, textPage{Title: title, Text: text})
	p.status = status
	return p
}

// errorPage is a page with the message where clients look for it.
func errorPage(text string) string {
	return "<!DOCTYPE html>\n<html><head><title>Steam Community :: Error</title></head><body>\n<h2>Error</h2>\n" +
		"<div id=\"error_msg\">\n" + html.EscapeString(text) + "\n</div>\n</body></html>\n"
}

func refusedPage(text string) reply {
	return reply{status: http.StatusOK, ctype: typeHTML, raw: []byte(errorPage(text))}
}

// toLogin is where pages send those without a session: to a new cookie when
// only the old one's time is over, else to the sign-in.
func (q *call) toLogin() reply {
	if id, over := q.cookieOver(); id != 0 && over {
		return redirect(q.base(loginHost) + "/jwt/refresh?redir=" + url.QueryEscape(q.base(community)+q.r.URL.RequestURI()))
	}
	return redirect(q.base(community) + "/login/home/?goto=" + url.QueryEscape(strings.TrimPrefix(q.r.URL.RequestURI(), "/")))
}

// unknown answers what is no endpoint here, for the journal's sake.
func (q *call) unknown() (reply, error) {
	return plainPage(http.StatusNotFound, "Error", "There is no such page in the simulated Steam."), nil
}

// my leads to the same page under the account's own address.
func (q *call) my() (reply, error) {
	if a := q.holder(); a != nil && a.FamilyView {
		return plainPage(http.StatusForbidden, "Family View", "This page is hidden behind the PIN of the family view."), nil
	}
	me := q.session()
	if me == nil {
		return q.toLogin(), nil
	}
	rest := q.r.PathValue("rest")
	if rest != "" {
		rest += "/"
	}
	return redirect(q.profile(me) + rest), nil
}

func (q *call) profilePage() (reply, error) {
	return q.showProfile(q.pathAccount())
}

func (q *call) namedProfile() (reply, error) {
	return q.showProfile(q.sim.state.byName[strings.ToLower(q.r.PathValue("name"))])
}

func (q *call) showProfile(a *account) (reply, error) {
	switch {
	case q.r.FormValue("xml") == "1":
		return q.profileXML(a)
	case a == nil:
		return plainPage(http.StatusOK, "Error", "The specified profile could not be found."), nil
	}
	return page(pages.profile, map[string]any{
		"Title": a.name(), "ID": a.SteamID.String(), "Behaviour": orManual(a.Behaviour), "Private": a.InventoryPrivate,
	}), nil
}

func orManual(behaviour string) string {
	if behaviour == "" {
		return Manual
	}
	return behaviour
}

func (q *call) privacyPage() (reply, error) {
	me := q.session()
	if me == nil || me != q.pathAccount() {
		return q.toLogin(), nil
	}
	u := steam.TradeURL{Partner: me.SteamID, Token: me.TradeToken}.URL(q.base(community))
	return page(pages.privacy, map[string]any{"Title": "Trade offers: who can send me", "URL": u}), nil
}

func (q *call) apiKeyPage() (reply, error) {
	me := q.session()
	if me == nil {
		return q.toLogin(), nil
	}
	p := textPage{Title: "Steam Web API Key", Text: "Key: " + q.sim.state.apiKey(me)}
	switch {
	case me.CannotTrade:
		p.Heading, p.Text = "Access Denied", "You will be granted access to Steam Web API keys when you have games in your Steam account."
	case me.guard() != authpb.GuardDeviceCode:
		p.Text = "Your account requires Steam Guard Mobile Authenticator to have a Web API key."
	}
	return page(pages.text, p), nil
}

func (q *call) inventoryOverview() (reply, error) {
	a := q.pathAccount()
	if a == nil {
		return plainPage(http.StatusOK, "Error", "The specified profile could not be found."), nil
	}
	own := a == q.session()
	private := a.InventoryPrivate && !own
	contexts := template.JS("[]")
	if !private {
		contexts = a.appContexts(own)
	}
	return page(pages.inventory, map[string]any{"Title": a.name() + "'s inventory", "Context": contexts, "Private": private}), nil
}

// appContexts is g_rgAppContextData: games to contexts with counts.
func (a *account) appContexts(own bool) template.JS {
	type contextData struct {
		Count int    `json:"asset_count"`
		ID    string `json:"id"`
		Name  string `json:"name"`
	}
	type appData struct {
		App      steam.AppID            `json:"appid"`
		Name     string                 `json:"name"`
		Count    int                    `json:"asset_count"`
		Load     string                 `json:"load_failed"`
		Contexts map[string]contextData `json:"rgContexts"`
	}
	apps := map[string]*appData{}
	for _, p := range a.places() {
		if p.Context == steam.ContextProtected && !own {
			continue
		}
		key := strconv.Itoa(int(p.App))
		if apps[key] == nil {
			apps[key] = &appData{App: p.App, Name: gameName(p.App), Load: "0", Contexts: map[string]contextData{}}
		}
		n := len(a.inventories[p].list)
		apps[key].Count += n
		apps[key].Contexts[p.Context] = contextData{n, p.Context, contextName(p.Context)}
	}
	if len(apps) == 0 {
		return "[]"
	}
	return script(apps)
}

func contextName(context string) string {
	if context == steam.ContextProtected {
		return "Trade Protected"
	}
	return "Backpack"
}

func gameName(app steam.AppID) string {
	switch app {
	case steam.CS2:
		return "Counter-Strike 2"
	case steam.Dota2:
		return "Dota 2"
	case steam.TF2:
		return "Team Fortress 2"
	case steam.Rust:
		return "Rust"
	}
	return "App " + strconv.Itoa(int(app))
}

// script makes a value a JavaScript literal. encoding/json escapes what could
// end a script element.
func script(v any) template.JS {
	raw, err := json.Marshal(v)
	if err != nil {
		return "null" // unreachable: maps and structs of texts and numbers
	}
	return template.JS(raw)
}

// shownAccounts is how many accounts a page offers to choose from.
const shownAccounts = 200

type signInData struct {
	Title    string
	Action   string
	Fields   map[string]string
	Accounts []chooser
	More     int
	Site     string // whoever asks for the sign-in
}

type chooser struct{ ID, Name, Behaviour string }

func (q *call) signInPage(action string, fields map[string]string) signInData {
	d := signInData{Title: "Sign in through Steam", Action: action, Fields: fields, Site: hostOf(fields["openid.return_to"])}
	accounts := q.sim.state.accounts
	for _, people := range []bool{true, false} { // bots have behaviours too, but nobody plays them
		for _, a := range accounts {
			if (a.Behaviour != "" || a.AccountName == "") != people {
				continue
			}
			if len(d.Accounts) == shownAccounts {
				d.More++
				continue
			}
			d.Accounts = append(d.Accounts, chooser{a.SteamID.String(), a.name(), orManual(a.Behaviour)})
		}
	}
	return d
}

// signIn lets a person choose who he is on the pages that are for people.
func (q *call) signIn() (reply, error) {
	to := q.r.FormValue("goto")
	if a := q.account64(q.r.FormValue("account")); a != nil {
		p := redirect(q.base(community) + "/" + strings.TrimLeft(to, "/\\"))
		p.set("Set-Cookie", signedInCookie(a.SteamID))
		return p, nil
	}
	return page(pages.signIn, q.signInPage("/login/home", map[string]string{"goto": to})), nil
}

func (s *Sim) front(w http.ResponseWriter, _ *http.Request) {
	p := page(pages.front, map[string]any{"Title": "Simulated Steam"})
	if err := p.render(); err != nil {
		s.log.Error("simulated steam: front page", "error", err)
		p = reply{status: http.StatusInternalServerError}
	}
	p.write(w)
}
