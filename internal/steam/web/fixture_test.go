package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

const (
	botID     steam.ID64 = 76561198000000101
	partnerID steam.ID64 = 76561198000000201
)

// worldStart is the clock of every test here.
var worldStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func botAccount() Account {
	return Account{
		ID: botID, Name: "example_bot", Password: "example bot password",
		SharedSecret: "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=", IdentitySecret: "iYYWqyDW0rccStpM0VUyLznxe5U=",
	}
}

// jwt makes a token of the account that lives from then on.
func jwt(id steam.ID64, from time.Time, life time.Duration, mark string) string {
	claims := fmt.Sprintf(`{"sub":"%s","iat":%d,"exp":%d,"aud":["web","mobile"]}`, id, from.Unix(), from.Add(life).Unix())
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "." + mark
}

// stored is a session with an access token of 24 h and a refresh token of 200 days.
func stored(t *testing.T) []byte {
	t.Helper()
	access, err := newToken(jwt(botID, worldStart, 24*time.Hour, "access1"), botID, 0)
	if err != nil {
		t.Fatal(err)
	}
	refresh, err := newToken(jwt(botID, worldStart, 200*24*time.Hour, "refresh1"), botID, 0)
	if err != nil {
		t.Fatal(err)
	}
	return session{Account: botID, Access: access, Refresh: refresh, ID: "0123456789abcdef01234567"}.encode()
}

// scene is a client before a handler that plays one answer of Steam's.
type scene struct {
	*Client
	now *clock

	mu   sync.Mutex
	seen []*http.Request // with their forms parsed
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// play starts a scene. Requests that renew the session are answered apart and
// get a new access token each time.
func play(t *testing.T, h http.HandlerFunc, change ...func(*Options)) *scene {
	t.Helper()
	sc := &scene{now: &clock{at: worldStart.Add(time.Hour)}}
	renewals := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		sc.mu.Lock()
		sc.seen = append(sc.seen, r)
		switch r.URL.Path {
		case "/IAuthenticationService/GenerateAccessTokenForApp/v1/":
			renewals++
			token := jwt(botID, sc.now.Now(), 24*time.Hour, fmt.Sprintf("renewed%d", renewals))
			w.Header().Set("X-Eresult", "1")
			w.Write((&authpb.AccessTokenResponse{AccessToken: token}).Marshal())
			sc.mu.Unlock()
			return
		case "/ITwoFactorService/QueryTime/v1/":
			fmt.Fprintf(w, `{"response":{"server_time":"%d"}}`, sc.now.Now().Unix())
			sc.mu.Unlock()
			return
		}
		sc.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(server.Close)
	o := Options{
		Endpoints: Endpoints{Community: server.URL, API: server.URL},
		Account:   botAccount(), Session: stored(t), Now: sc.now.Now,
	}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	sc.Client = c
	return sc
}

// requests counts the requests to a path.
func (sc *scene) requests(path string) []*http.Request {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	var out []*http.Request
	for _, r := range sc.seen {
		if r.URL.Path == path {
			out = append(out, r)
		}
	}
	return out
}

// says answers everything the same way.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// sentence is a failure in Steam's form.
func sentence(s string) string {
	b, err := json.Marshal(map[string]string{"strError": s})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// cuts drops the connection in the middle of an answer.
func cuts(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"tradeofferid":"12`)
	panic(http.ErrAbortHandler)
}

func someOffer() steam.NewOffer {
	return steam.NewOffer{
		Partner: partnerID, Token: "Eus3r-tk", Message: "Example shop, code A1B2",
		Receive: []steam.Asset{{App: steam.CS2, Context: "2", ID: "31000000001"}},
	}
}
