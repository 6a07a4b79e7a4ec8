package sim

import (
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// surface is a family of endpoints that fail in the same way.
type surface int

const (
	surfaceAuth      surface = iota + 1 // protobuf over HTTP
	surfaceAPI                          // Web API
	surfaceTrade                        // offer actions of the community
	surfaceMobile                       // confirmations
	surfaceInventory                    // inventories
	surfacePage                         // HTML and the rest
)

// route ties a path to its handler. Endpoint is the name used by faults and in
// the request journal.
type route struct {
	pattern  string
	endpoint string
	surface  surface
	handle   func(*call) (reply, error)
}

// table is every path of Steam that is answered. Paths stand without a slash at
// their end: the server removes it before it looks.
func table() []route {
	return slices.Concat(loginRoutes(), apiRoutes(), communityRoutes(), pageRoutes())
}

func loginRoutes() []route {
	return []route{
		{"GET /IAuthenticationService/GetPasswordRSAPublicKey/{v}", "rsa", surfaceAuth, (*call).rsaKey},
		{"POST /IAuthenticationService/BeginAuthSessionViaCredentials/{v}", "login", surfaceAuth, (*call).beginLogin},
		{"POST /IAuthenticationService/UpdateAuthSessionWithSteamGuardCode/{v}", "guard", surfaceAuth, (*call).guardCode},
		{"POST /IAuthenticationService/PollAuthSessionStatus/{v}", "poll", surfaceAuth, (*call).pollLogin},
		{"POST /IAuthenticationService/GenerateAccessTokenForApp/{v}", "token", surfaceAuth, (*call).newAccessToken},
		{"POST /IAuthenticationService/BeginAuthSessionViaQR/{v}", "loginqr", surfaceAuth, (*call).loginByCode},
		{"POST /IAuthenticationService/GetAuthSessionInfo/{v}", "logininfo", surfaceAuth, (*call).loginInfo},
		{"POST /IAuthenticationService/UpdateAuthSessionWithMobileConfirmation/{v}", "loginconfirm", surfaceAuth, (*call).confirmLogin},
		{"POST /IAuthenticationService/RevokeToken/{v}", "revoke", surfaceAuth, (*call).revokeToken},
		{"POST /jwt/checkdevice", "checkdevice", surfacePage, (*call).checkDevice},
		{"POST /jwt/checkdevice/{id}", "checkdevice", surfacePage, (*call).checkDevice},
		{"POST /login/logout", "logout", surfacePage, (*call).logout},
		{"POST /ITwoFactorService/QueryTime/{v}", "time", surfaceAPI, (*call).queryTime},
		{"POST /jwt/finalizelogin", "finalizelogin", surfacePage, (*call).finalizeLogin},
		{"GET /jwt/refresh", "refresh", surfacePage, (*call).refreshCookie},
		{"POST /login/settoken", "settoken", surfacePage, (*call).setToken},
		{"GET /login/settoken", "settoken", surfacePage, (*call).followToken},
	}
}

func apiRoutes() []route {
	return []route{
		{"GET /IEconService/GetTradeOffers/{v}", "offers", surfaceAPI, (*call).listOffers},
		{"GET /IEconService/GetTradeOffer/{v}", "offer", surfaceAPI, (*call).oneOffer},
		{"GET /IEconService/GetTradeOffersSummary/{v}", "summary", surfaceAPI, (*call).offersSummary},
		{"GET /IEconService/GetTradeStatus/{v}", "trade", surfaceAPI, (*call).oneTrade},
		{"GET /IEconService/GetTradeHistory/{v}", "history", surfaceAPI, (*call).tradeHistory},
		{"GET /IEconService/GetTradeHoldDurations/{v}", "holds", surfaceAPI, (*call).holdDurations},
		{"POST /IEconService/CancelTradeOffer/{v}", "cancel", surfaceAPI, (*call).apiCancel},
		{"POST /IEconService/DeclineTradeOffer/{v}", "decline", surfaceAPI, (*call).apiDecline},
		{"GET /IEconService/GetInventoryItemsWithDescriptions/{v}", "apiinventory", surfaceAPI, (*call).apiInventory},
		{"GET /ISteamEconomy/GetAssetClassInfo/{v}", "classinfo", surfaceAPI, (*call).classInfo},
		{"GET /ISteamUser/GetPlayerSummaries/{v}", "players", surfaceAPI, (*call).playerSummaries},
		{"GET /ISteamUser/GetPlayerBans/{v}", "bans", surfaceAPI, (*call).playerBans},
		{"GET /ISteamUser/ResolveVanityURL/{v}", "vanity", surfaceAPI, (*call).resolveVanity},
		{"GET /IPlayerService/GetSteamLevel/{v}", "level", surfaceAPI, (*call).steamLevel},
	}
}

func communityRoutes() []route {
	return []route{
		{"GET /inventory/{id}/{app}/{context}", "inventory", surfaceInventory, (*call).readInventory},
		{"GET /profiles/{id}/inventory/json/{app}/{context}", "legacyinventory", surfaceInventory, (*call).legacyInventory},
		{"GET /mobileconf/details/{confirmation}", "confirmationdetails", surfaceMobile, (*call).confirmationDetails},
		{"GET /mobileconf/detailspage/{confirmation}", "confirmationdetails", surfaceMobile, (*call).confirmationPage},
		{"GET /tradeoffer/new/partnerinventory", "partnerinventory", surfaceInventory, (*call).partnerInventory},
		{"POST /tradeoffer/new/send", "send", surfaceTrade, (*call).sendOffer},
		{"POST /tradeoffer/{id}/accept", "accept", surfaceTrade, (*call).acceptOffer},
		{"POST /tradeoffer/{id}/cancel", "cancel", surfaceTrade, (*call).cancelOffer},
		{"POST /tradeoffer/{id}/decline", "decline", surfaceTrade, (*call).declineOffer},
		{"GET /mobileconf/getlist", "confirmations", surfaceMobile, (*call).confirmationList},
		{"GET /mobileconf/ajaxop", "confirm", surfaceMobile, (*call).confirmOne},
		{"POST /mobileconf/multiajaxop", "confirm", surfaceMobile, (*call).confirmMany},
		{"POST /trade/new/acknowledge", "acknowledge", surfacePage, (*call).acknowledge},
		{"POST /profiles/{id}/tradeoffers/newtradeurl", "newtradeurl", surfacePage, (*call).newTradeURL},
	}
}

// call is one request on its way through a handler, which holds the lock.
type call struct {
	sim     *Sim
	r       *http.Request
	at      stamp
	account *account // whose session it is, once known
	route   route
	late    stamp // how old the state of offers is that a fault lets it see
}

func (s *Sim) routes() http.Handler {
	mux := http.NewServeMux()
	for _, r := range table() {
		mux.Handle(r.pattern, s.serve(r))
	}
	s.controlRoutes(mux)
	mux.HandleFunc("GET /economy/image/{icon}", s.picture)
	mux.HandleFunc("GET /economy/image/{icon}/{size}", s.picture)
	mux.HandleFunc("GET /{$}", s.front)
	mux.Handle("/", s.serve(route{endpoint: "unknown", surface: surfacePage, handle: (*call).unknown}))
	return s.tidy(mux)
}

// tidy collapses slashes and drops the last one before routing: a redirect
// instead would be taken for success by some clients. The Date header is the
// world's.
func (s *Sim) tidy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parts := strings.FieldsFunc(r.URL.Path, func(c rune) bool { return c == '/' })
		r2 := *r
		u := *r.URL
		u.Path, u.RawPath = "/"+strings.Join(parts, "/"), ""
		if slices.Contains(parts, ".") || slices.Contains(parts, "..") {
			u.Path = "/not-found"
		}
		r2.URL = &u
		w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
		next.ServeHTTP(w, &r2)
	})
}

// maxBody is far above the largest offer.
const maxBody = 4 << 20

// serve runs one of Steam's endpoints: faults, the handler under the lock, the
// request journal.
func (s *Sim) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := r.ParseMultipartForm(maxBody); err != nil && err != http.ErrNotMultipart {
			p := null(http.StatusBadRequest)
			if rt.surface == surfaceAuth {
				p = protobuf(steam.ResultInvalidParam, nil)
			}
			p.write(w)
			return
		}
		q := &call{sim: s, r: r, at: stampOf(s.now()), route: rt}
		p := s.answer(q)
		s.requests.add(q, p)
		if p.drop {
			panic(http.ErrAbortHandler)
		}
		p.write(w)
	})
}

// answer runs the handler between the faults of before and after.
func (s *Sim) answer(q *call) reply {
	f, found, err := q.identify()
	if err != nil {
		return s.failed(q, err)
	}
	if found && f.When != after {
		if p, done := f.apply(q, nil); done {
			return p
		}
	}
	p, err := q.run()
	if err == nil {
		err = p.render()
	}
	if err != nil {
		return s.failed(q, err)
	}
	if found && f.When == after {
		if changed, done := f.apply(q, &p); done {
			return changed
		}
	}
	return p
}

func (s *Sim) failed(q *call, err error) reply {
	s.log.Error("simulated steam", "endpoint", q.route.endpoint, "error", err)
	return reply{status: http.StatusInternalServerError, ctype: "text/plain; charset=utf-8", raw: []byte("simulated steam: internal error\n")}
}

func (q *call) run() (reply, error) {
	q.sim.mu.Lock()
	defer q.sim.mu.Unlock()
	if !q.sameOrigin() {
		return null(http.StatusForbidden), nil
	}
	if p, limited, err := q.limited(); limited || err != nil {
		return p, err
	}
	return q.route.handle(q)
}

// identify finds whose request it is, as far as tokens and names tell, and the
// fault that strikes it.
func (q *call) identify() (Fault, bool, error) {
	q.sim.mu.Lock()
	defer q.sim.mu.Unlock()
	q.account = q.session()
	if q.account == nil {
		q.account, _ = q.bearer()
	}
	if q.account == nil && q.route.surface == surfaceAuth {
		q.account = q.loginAccount()
	}
	return q.strike(q.account)
}

// input is the request message of IAuthenticationService. Some clients use the
// URL alphabet, or let a plus become a blank.
func (q *call) input() []byte {
	text := strings.TrimRight(q.r.FormValue("input_protobuf_encoded"), "=")
	text = strings.NewReplacer(" ", "+", "-", "+", "_", "/").Replace(text)
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return []byte{0xff}
	}
	return raw
}

// Roles of Steam's hosts.
const (
	community = "steamcommunity.com"
	apiHost   = "api.steampowered.com"
	loginHost = "login.steampowered.com"
	storeHost = "store.steampowered.com"
)

var canonicalHosts = []string{
	community, "www." + community, apiHost, loginHost, storeHost,
	"help.steampowered.com", "checkout.steampowered.com", "steam.tv",
}

func canonicalHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return slices.Contains(canonicalHosts, strings.ToLower(host))
}

// base is the beginning of absolute URLs for a role: Steam's own host for those
// who call us by one of Steam's names, our public address for everybody else.
func (q *call) base(role string) string {
	if canonicalHost(q.r.Host) {
		return "https://" + role
	}
	return strings.TrimSuffix(q.sim.base(), "/")
}

// sameOrigin refuses posts that a page of another site made. Clients that send
// no Origin are no browsers.
func (q *call) sameOrigin() bool {
	origin := q.r.Header.Get("Origin")
	if q.r.Method == http.MethodGet || origin == "" || origin == "null" {
		return q.r.Method == http.MethodGet || origin == ""
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	return u.Host == q.r.Host || canonicalHost(u.Host) || u.Host == hostOf(q.sim.base())
}

// resultText is an EResult as Steam's sentences end with it.
func resultText(sentence string, r steam.Result) string {
	return sentence + " (" + decimal(uint64(r)) + ")"
}
