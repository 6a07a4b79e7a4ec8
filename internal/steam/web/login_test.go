package web

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// authService plays IAuthenticationService. Results replace a method's answer,
// each once, in order.
type authService struct {
	t       *testing.T
	now     *clock
	mu      sync.Mutex
	results map[string][]int
	guard   int32
	owner   steam.ID64
	calls   []string
	codes   []string
	polls   int
}

func (a *authService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if strings.HasPrefix(r.URL.Path, "/ITwoFactorService/") {
		fmt.Fprintf(w, `{"response":{"server_time":"%d"}}`, a.now.Now().Unix())
		return
	}
	method := strings.Split(r.URL.Path, "/")[2]
	a.calls = append(a.calls, method)
	in, err := base64.StdEncoding.DecodeString(r.FormValue("input_protobuf_encoded"))
	if err != nil {
		a.t.Error(err)
	}
	result := 1
	if q := a.results[method]; len(q) > 0 {
		result, a.results[method] = q[0], q[1:]
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Eresult", fmt.Sprint(result))
	if result == 1 {
		w.Write(a.answer(method, in))
	}
}

func (a *authService) answer(method string, in []byte) []byte {
	switch method {
	case "GetPasswordRSAPublicKey":
		return (&authpb.RSAKeyResponse{Mod: testKey().N.Text(16), Exp: "010001", Timestamp: 77}).Marshal()
	case "BeginAuthSessionViaCredentials":
		var m authpb.BeginRequest
		m.Unmarshal(in)
		sealed, _ := base64.StdEncoding.DecodeString(m.EncryptedPassword)
		password, err := rsa.DecryptPKCS1v15(nil, testKey(), sealed)
		if err != nil || string(password) != "example bot password" || m.AccountName != "example_bot" || m.EncryptionTimestamp != 77 {
			a.t.Errorf("credentials: %q %q %d %v", password, m.AccountName, m.EncryptionTimestamp, err)
		}
		return (&authpb.BeginResponse{
			ClientID: 5, RequestID: []byte("0123456789abcdef"), Interval: 0.01, SteamID: uint64(a.owner),
			AllowedConfirmations: []authpb.AllowedConfirmation{{Type: a.guard}},
		}).Marshal()
	case "UpdateAuthSessionWithSteamGuardCode":
		var m authpb.GuardCodeRequest
		m.Unmarshal(in)
		a.codes = append(a.codes, m.Code)
		return nil
	case "PollAuthSessionStatus":
		var m authpb.PollRequest
		m.Unmarshal(in)
		if m.ClientID != 5 || !bytes.Equal(m.RequestID, []byte("0123456789abcdef")) {
			a.t.Errorf("poll = %+v", m)
		}
		if a.polls++; a.polls == 1 {
			return nil
		}
		return (&authpb.PollResponse{RefreshToken: jwt(botID, a.now.Now(), 200*24*time.Hour, "refresh")}).Marshal()
	case "GenerateAccessTokenForApp":
		return (&authpb.AccessTokenResponse{AccessToken: jwt(botID, a.now.Now(), 24*time.Hour, "access")}).Marshal()
	}
	a.t.Errorf("method %q", method)
	return nil
}

// door is a client that has to log in at an authService.
func door(t *testing.T, results map[string][]int, change ...func(*Options)) (*Client, *authService) {
	t.Helper()
	a := &authService{t: t, now: &clock{at: worldStart}, results: results, guard: authpb.GuardDeviceCode, owner: botID}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	o := Options{Endpoints: Endpoints{Community: server.URL, API: server.URL}, Account: botAccount(), Now: a.now.Now}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c, a
}

func TestLoginWithPasswordAndCode(t *testing.T) {
	t.Parallel()
	c, a := door(t, nil)
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := "GetPasswordRSAPublicKey BeginAuthSessionViaCredentials UpdateAuthSessionWithSteamGuardCode " +
		"PollAuthSessionStatus PollAuthSessionStatus GenerateAccessTokenForApp"
	if got := strings.Join(a.calls, " "); got != want {
		t.Errorf("calls = %s; want %s", got, want)
	}
	code, err := steam.Code(botAccount().SharedSecret, worldStart)
	if err != nil || len(a.codes) != 1 || a.codes[0] != code {
		t.Errorf("codes = %q; want %q", a.codes, code)
	}
}

func TestLoginWithoutAGuardSendsNoCode(t *testing.T) {
	t.Parallel()
	c, a := door(t, nil)
	a.guard = authpb.GuardNone
	if err := c.Login(t.Context()); err != nil || len(a.codes) != 0 {
		t.Errorf("Login = %v, %d codes", err, len(a.codes))
	}
}

func TestACodeIsNeverSentTwice(t *testing.T) {
	t.Parallel()
	c, a := door(t, map[string][]int{"UpdateAuthSessionWithSteamGuardCode": {88}})
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	next, err := steam.Code(botAccount().SharedSecret, worldStart.Add(30*time.Second))
	if err != nil || len(a.codes) != 1 || a.codes[0] != next {
		t.Errorf("after a refused code: %q; want the next window's %q", a.codes, next)
	}
}

func TestLoginFailuresHaveTheirKinds(t *testing.T) {
	t.Parallel()
	const rsaKey, begin, guard, poll = "GetPasswordRSAPublicKey", "BeginAuthSessionViaCredentials", "UpdateAuthSessionWithSteamGuardCode", "PollAuthSessionStatus"
	for _, tc := range []struct {
		method  string
		results []int
		want    error
	}{
		{rsaKey, []int{20}, steam.ErrUnavailable},
		{begin, []int{5}, steam.ErrCredentials},
		{begin, []int{17}, steam.ErrCredentials}, // banned, disabled, locked: trying again every few seconds does not help
		{begin, []int{43}, steam.ErrCredentials},
		{begin, []int{73}, steam.ErrCredentials},
		{begin, []int{101}, steam.ErrCredentials},
		{guard, []int{85}, steam.ErrCredentials},
		{begin, []int{84}, steam.ErrRateLimited},
		{begin, []int{16}, steam.ErrUnavailable},
		{guard, []int{88, 88}, steam.ErrCredentials},
		{guard, []int{65}, steam.ErrCredentials},
		{guard, []int{87}, steam.ErrRateLimited},
		{guard, []int{29}, nil}, // an earlier code was taken
		{poll, []int{9}, steam.ErrUnavailable},
		{poll, []int{27}, steam.ErrUnavailable},
	} {
		c, _ := door(t, map[string][]int{tc.method: tc.results})
		if err := c.Login(t.Context()); !errors.Is(err, tc.want) {
			t.Errorf("%s %v: Login = %v; want %v", tc.method, tc.results, err, tc.want)
		}
	}
}

func TestLoginIsNotForcedAfterARefusal(t *testing.T) {
	t.Parallel()
	c, a := door(t, map[string][]int{"BeginAuthSessionViaCredentials": {5}}, func(o *Options) {
		o.Pace = NewPace(Gaps{Penalty: time.Hour})
	})
	if err := c.Login(t.Context()); !errors.Is(err, steam.ErrCredentials) {
		t.Fatalf("Login = %v", err)
	}
	n := len(a.calls)
	if err := c.Login(t.Context()); !errors.Is(err, steam.ErrRateLimited) || len(a.calls) != n {
		t.Errorf("second Login = %v after %d more calls; want none", err, len(a.calls)-n)
	}
}

func TestLoginRefusesAnotherAccountAndOtherGuards(t *testing.T) {
	t.Parallel()
	c, a := door(t, nil)
	a.owner = partnerID
	if err := c.Login(t.Context()); !errors.Is(err, steam.ErrCredentials) || len(a.codes) != 0 {
		t.Errorf("another account: Login = %v, %d codes", err, len(a.codes))
	}
	c, a = door(t, nil)
	a.guard = authpb.GuardEmailCode
	if err := c.Login(t.Context()); !errors.Is(err, steam.ErrCredentials) {
		t.Errorf("mail guard: Login = %v", err)
	}
}

func TestARevokedRefreshTokenLeadsToALogin(t *testing.T) {
	t.Parallel()
	for _, result := range []int{15, 9, 27} {
		c, a := door(t, map[string][]int{"GenerateAccessTokenForApp": {result}}, func(o *Options) { o.Session = stored(t) })
		a.now.advance(30 * time.Hour)
		if err := c.Login(t.Context()); err != nil || len(a.codes) != 1 {
			t.Errorf("result %d: Login = %v with %d codes; want a new login", result, err, len(a.codes))
		}
	}
	c, a := door(t, map[string][]int{"GenerateAccessTokenForApp": {20}}, func(o *Options) { o.Session = stored(t) })
	a.now.advance(30 * time.Hour)
	if err := c.Login(t.Context()); !errors.Is(err, steam.ErrUnavailable) || len(a.codes) != 0 {
		t.Errorf("temporary trouble: Login = %v with %d codes; want no login", err, len(a.codes))
	}
}

func TestWeakKeysAreNotUsedForThePassword(t *testing.T) {
	t.Parallel()
	good := testKey().N.Text(16)
	for _, key := range []authpb.RSAKeyResponse{
		{}, {Mod: good}, {Mod: good, Exp: "1"}, {Mod: good, Exp: "zz"}, {Mod: "xyz", Exp: "010001"},
		{Mod: "ffff", Exp: "010001"}, {Mod: strings.Repeat("ff", 1025), Exp: "010001"}, {Mod: good, Exp: "ffffffffffff"},
	} {
		if _, err := encrypt("word", key); !errors.Is(err, steam.ErrUnavailable) {
			t.Errorf("encrypt with %.20q %q: %v", key.Mod, key.Exp, err)
		}
	}
}
