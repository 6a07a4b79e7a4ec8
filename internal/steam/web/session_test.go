package web

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

const renewPath = "/IAuthenticationService/GenerateAccessTokenForApp/v1/"

func TestAStoredSessionIsReusedWithoutARequest(t *testing.T) {
	t.Parallel()
	sc := play(t, says(500, ""))
	if err := sc.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(sc.seen) != 0 {
		t.Errorf("%d requests; want none", len(sc.seen))
	}
	if string(sc.Session()) != string(stored(t)) {
		t.Error("the session changed by being reused")
	}
}

func TestTheSessionIsRenewedAtTwoThirdsOfItsLife(t *testing.T) {
	t.Parallel()
	var kept [][]byte
	sc := play(t, says(500, ""), func(o *Options) { o.OnSession = func(b []byte) { kept = append(kept, b) } })
	sc.now.advance(15*time.Hour - time.Second)
	if err := sc.Login(t.Context()); err != nil || len(sc.requests(renewPath)) != 0 {
		t.Fatalf("a second before: %v, %d renewals", err, len(sc.requests(renewPath)))
	}
	sc.now.advance(time.Second)
	if err := sc.Login(t.Context()); err != nil || len(sc.requests(renewPath)) != 1 {
		t.Fatalf("at two thirds: %v, %d renewals", err, len(sc.requests(renewPath)))
	}
	if len(kept) != 1 || string(kept[0]) != string(sc.Session()) || !strings.Contains(string(kept[0]), "renewed1") {
		t.Errorf("kept %d sessions; want the renewed one", len(kept))
	}
}

func TestConcurrentCallsRenewOnce(t *testing.T) {
	t.Parallel()
	sc := play(t, says(200, `{"response":{}}`))
	sc.now.advance(20 * time.Hour)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := sc.Offers(t.Context(), time.Time{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(sc.requests(renewPath)); n != 1 {
		t.Errorf("%d renewals; want 1", n)
	}
}

func TestALivingSessionServesWhileSteamCannotRenewIt(t *testing.T) {
	t.Parallel()
	steamDown := &outage{}
	sc := play(t, says(200, `{"response":{}}`), func(o *Options) { o.Transport = steamDown })
	steamDown.path = renewPath
	sc.now.advance(20 * time.Hour)
	for range 3 {
		if _, err := sc.Offers(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if steamDown.hits != 1 {
		t.Errorf("%d attempts to renew within a minute; want 1", steamDown.hits)
	}
	sc.now.advance(time.Minute)
	if err := sc.Login(t.Context()); err != nil || steamDown.hits != 2 {
		t.Errorf("a minute later: %v, %d attempts; want 2", err, steamDown.hits)
	}
	sc.now.advance(5 * time.Hour)
	if err := sc.Login(t.Context()); !errors.Is(err, steam.ErrUnavailable) {
		t.Errorf("after its end: %v; want unavailable", err)
	}
}

// outage breaks the connection for one path.
type outage struct {
	path string
	hits int
}

func (o *outage) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == o.path {
		o.hits++
		return nil, errors.New("connection reset by peer")
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestDamagedSessionsAreDropped(t *testing.T) {
	t.Parallel()
	good := string(stored(t))
	for name, bad := range map[string]string{
		"not json":        "{",
		"another account": strings.Replace(good, botID.String(), partnerID.String(), 1),
		"no account":      `{}`,
		"cookie break":    strings.Replace(good, "0123456789abcdef01234567", "0; other=1             1", 1),
		"token cut":       strings.Replace(good, ".access1", "", 1),
		"token break":     strings.Replace(good, ".access1", ".acc; x=1", 1),
	} {
		c, err := New(Options{
			Endpoints: Endpoints{Community: "http://127.0.0.1:1", API: "http://127.0.0.1:1"},
			Account:   botAccount(), Session: []byte(bad),
		})
		if err != nil {
			t.Fatal(err)
		}
		if s := c.current(); s.Access.Text != "" || len(s.ID) != 24 || s.Account != botID {
			t.Errorf("%s: session %+v was taken", name, s)
		}
	}
}

func TestTokensOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := newToken(jwt(partnerID, worldStart, time.Hour, "x"), botID, 0); !errors.Is(err, steam.ErrCredentials) {
		t.Errorf("token of another account: %v", err)
	}
	body := func(s string) string { return "e30." + base64.RawURLEncoding.EncodeToString([]byte(s)) + ".x" }
	for _, bad := range []string{
		"", "a", "a.b", "a.b.c.d", "e30.!!.x", body("{"), body("null"), body(`{"sub":"76561198000000101"}`),
		body(`{"sub":"76561198000000101","exp":-5}`), body(`{"sub":{},"exp":5}`), strings.Repeat("a", 9000) + ".b.c",
	} {
		if got, err := newToken(bad, botID, 0); err == nil {
			t.Errorf("newToken(%.20q) = %+v", bad, got)
		}
	}
	got, err := newToken(body(`{"sub":76561198000000101,"exp":"1000"}`), botID, 400)
	if err != nil || got.From != 400 || got.Until != 1000 {
		t.Errorf("token without iat = %+v, %v", got, err)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Options){
		"community base":        func(o *Options) { o.Endpoints.Community = "" },
		"api base":              func(o *Options) { o.Endpoints.API = "https://api.example/" },
		"steam account":         func(o *Options) { o.Account.ID = 5 },
		"name and password":     func(o *Options) { o.Account.Password = "" },
		"shared secret":         func(o *Options) { o.Account.SharedSecret = "x" },
		"identity secret":       func(o *Options) { o.Account.IdentitySecret = "" },
		"must not be negative":  func(o *Options) { o.InventoryPage = -1 },
		"community base: want ": func(o *Options) { o.Endpoints.Community = "https://user:word@a.example" },
	} {
		o := Options{Endpoints: Endpoints{Community: "https://c.example", API: "https://a.example"}, Account: botAccount()}
		if _, err := New(o); err != nil {
			t.Fatal(err)
		}
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v; want an error with %q", err, want)
		}
	}
}

func TestDatesComeFromSteamsAnswers(t *testing.T) {
	t.Parallel()
	at := worldStart.Add(time.Minute)
	sc := play(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", at.Format(http.TimeFormat))
		fmt.Fprint(w, `{"response":{}}`)
	})
	if _, err := sc.Offers(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := sc.LastDate(); !got.Steam.Equal(at) || !got.Ours.Equal(sc.now.Now()) {
		t.Errorf("LastDate = %v", got)
	}
}
