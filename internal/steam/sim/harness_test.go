package sim

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

const (
	botID   = steam.ID64(76561198000000101)
	payerID = steam.ID64(76561198000000201)
	yesID   = steam.ID64(76561198000000202)
	revID   = steam.ID64(76561198000000204)
	privID  = steam.ID64(76561198000000301)

	redline = "AK-47 | Redline (Field-Tested)"
	dune    = "P250 | Sand Dune (Field-Tested)"
)

func exampleWorld() World {
	return World{
		Seed:     7,
		Settings: Settings{Protected: map[steam.AppID]Duration{steam.CS2: Duration(168 * time.Hour)}},
		Accounts: []Account{
			{SteamID: botID, AccountName: "example_bot", Password: "example bot password", SharedSecret: "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=",
				IdentitySecret: "iYYWqyDW0rccStpM0VUyLznxe5U=", TradeToken: "Eb0t_tok", Persona: "Dragonfly",
				Items: []Item{{App: steam.CS2, Name: dune, Count: 12}, {App: steam.CS2, Name: "★ Karambit | Doppler (Factory New)", Count: 1, Phase: "Phase 2"}, {App: steam.Rust, Name: "Tempered AK47", Count: 2}}},
			{SteamID: payerID, AccountName: "example_user", Password: "example user password", SharedSecret: "Pu8sE19DmDhxcrY4dCYrdzSWMC4=",
				IdentitySecret: "pvDu4EI6Ihl9u6AXtX5EZg8mnmA=", TradeToken: "Eus3r-tk", Persona: "Casual <Carl>", Behaviour: Manual,
				Items: []Item{{App: steam.CS2, Name: redline, Count: 8}, {App: steam.Rust, Name: "Tempered AK47", Count: 2}}},
			{SteamID: yesID, TradeToken: "Aut0-acc", Persona: "Always Accepts", Behaviour: Accept, Items: []Item{{App: steam.CS2, Name: redline, Count: 50}}},
			{SteamID: revID, TradeToken: "Rev3rses", Behaviour: AcceptThenReverse, ReverseAfter: Duration(72 * time.Hour),
				Items: []Item{{App: steam.CS2, Name: redline, Count: 5}}},
			{SteamID: privID, TradeToken: "Pr1vate_", Persona: "Private Pete", InventoryPrivate: true, Items: []Item{{App: steam.CS2, Name: dune, Count: 3}}},
		},
	}
}

// world is a running simulation with a clock that only the test moves.
type world struct {
	t    *testing.T
	sim  *Sim
	http *httptest.Server
	dir  string

	mu  sync.Mutex
	now time.Time
}

func newWorld(t *testing.T, change ...func(*World)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), now: time.Date(2026, 3, 2, 10, 20, 30, 0, time.UTC)}
	w.open()
	seed := exampleWorld()
	for _, f := range change {
		f(&seed)
	}
	if err := w.sim.Seed(seed); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// open starts a simulation on the folder, as a process would.
func (w *world) open() {
	w.t.Helper()
	s, err := Open(Options{Now: w.clock, Dir: w.dir, BaseURL: func() string { return w.http.URL }})
	if err != nil {
		w.t.Fatal(err)
	}
	w.sim = s
	w.http = httptest.NewServer(s.Handler())
	w.t.Cleanup(w.http.Close)
}

// kill ends the process without a word and starts another on the same folder.
func (w *world) kill() {
	w.t.Helper()
	w.http.Close()
	if err := w.sim.journal.file.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
}

// advance walks through what becomes due, as the sandbox's clock does.
func (w *world) advance(d time.Duration) {
	w.t.Helper()
	end := w.clock().Add(d)
	for {
		next, ok := w.sim.NextDue()
		if !ok || next.After(end) {
			break
		}
		w.set(next)
		w.sim.Step(next)
	}
	w.set(end)
}

func (w *world) set(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.After(w.now) {
		w.now = t
	}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any
}

var noRedirect = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (w *world) do(r *http.Request) answer {
	w.t.Helper()
	a, err := try(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func try(r *http.Request) (answer, error) {
	resp, err := noRedirect.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: body}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			return a, fmt.Errorf("%s: %w", body, err)
		}
		a.json, _ = v.(map[string]any) // other documents are looked at as text
	}
	return a, nil
}

func (w *world) request(method, path string, form url.Values) *http.Request {
	w.t.Helper()
	address := w.http.URL + path
	var body io.Reader
	if method == http.MethodGet && form != nil {
		address += "?" + form.Encode()
	} else if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, address, body)
	if err != nil {
		w.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func (w *world) get(path string, form url.Values) answer {
	w.t.Helper()
	return w.do(w.request(http.MethodGet, path, form))
}

// control posts JSON to a control path.
func (w *world) control(path, body string) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.http.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.do(r)
}

// user is somebody with a session.
type user struct {
	*world
	id      steam.ID64
	refresh string
	token   string
	secret  string // identity secret
}

func (w *world) auth(method, name string, in wireMessage) answer {
	w.t.Helper()
	v := url.Values{"input_protobuf_encoded": {base64.StdEncoding.EncodeToString(in.Marshal())}}
	a := w.do(w.request(method, "/IAuthenticationService/"+name+"/v1/", v))
	if a.header.Get("Content-Type") != "application/octet-stream" || a.header.Get("X-Eresult") == "" {
		w.t.Errorf("%s: headers %v", name, a.header)
	}
	return a
}

// login goes the whole way with password, RSA and code.
func (w *world) login(id steam.ID64) *user {
	w.t.Helper()
	var who Account
	for _, a := range exampleWorld().Accounts {
		if a.SteamID == id {
			who = a
		}
	}
	begun, result := w.begin(who.AccountName, who.Password)
	if result != "1" {
		w.t.Fatalf("begin: x-eresult %s", result)
	}
	code, err := steam.Code(who.SharedSecret, w.clock())
	if err != nil {
		w.t.Fatal(err)
	}
	guard := w.auth(http.MethodPost, "UpdateAuthSessionWithSteamGuardCode",
		&authpb.GuardCodeRequest{ClientID: begun.ClientID, SteamID: begun.SteamID, Code: code, CodeType: authpb.GuardDeviceCode})
	if got := guard.header.Get("X-Eresult"); got != "1" {
		w.t.Fatalf("guard code: x-eresult %s", got)
	}
	var done authpb.PollResponse
	polled := w.auth(http.MethodPost, "PollAuthSessionStatus", &authpb.PollRequest{ClientID: begun.ClientID, RequestID: begun.RequestID})
	if err := done.Unmarshal(polled.body); err != nil || done.RefreshToken == "" {
		w.t.Fatalf("poll: %v, %+v", err, done)
	}
	u := &user{world: w, id: id, refresh: done.RefreshToken, secret: who.IdentitySecret}
	u.renew()
	return u
}

func (w *world) begin(name, password string) (authpb.BeginResponse, string) {
	w.t.Helper()
	var key authpb.RSAKeyResponse
	if err := key.Unmarshal(w.auth(http.MethodGet, "GetPasswordRSAPublicKey", &authpb.RSAKeyRequest{AccountName: name}).body); err != nil {
		w.t.Fatal(err)
	}
	n, _ := new(big.Int).SetString(key.Mod, 16)
	e, err := strconv.ParseInt(key.Exp, 16, 32)
	if n == nil || err != nil {
		w.t.Fatalf("rsa key %+v: %v", key, err)
	}
	secret, err := rsa.EncryptPKCS1v15(rand.Reader, &rsa.PublicKey{N: n, E: int(e)}, []byte(password))
	if err != nil {
		w.t.Fatal(err)
	}
	a := w.auth(http.MethodPost, "BeginAuthSessionViaCredentials", &authpb.BeginRequest{
		AccountName: name, EncryptedPassword: base64.StdEncoding.EncodeToString(secret), EncryptionTimestamp: key.Timestamp,
		Persistence: 1, WebsiteID: "Mobile", PlatformType: authpb.PlatformMobile,
		DeviceDetails: authpb.DeviceDetails{PlatformType: authpb.PlatformMobile},
	})
	var begun authpb.BeginResponse
	if err := begun.Unmarshal(a.body); err != nil {
		w.t.Fatal(err)
	}
	return begun, a.header.Get("X-Eresult")
}

// renew gets a fresh access token.
func (u *user) renew() {
	u.t.Helper()
	a := u.auth(http.MethodPost, "GenerateAccessTokenForApp", &authpb.AccessTokenRequest{RefreshToken: u.refresh, SteamID: uint64(u.id)})
	var m authpb.AccessTokenResponse
	if err := m.Unmarshal(a.body); err != nil || m.AccessToken == "" {
		u.t.Fatalf("access token: x-eresult %s, %v", a.header.Get("X-Eresult"), err)
	}
	u.token = m.AccessToken
}
