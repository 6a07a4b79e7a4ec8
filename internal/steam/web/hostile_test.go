package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

// same answers every request with the same bytes, without a network.
type same struct {
	status            int
	eresult, location string
	body              []byte
}

func (s same) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{"Content-Type": {"application/json"}}
	if s.eresult != "" {
		h["X-Eresult"] = []string{s.eresult}
	}
	if s.location != "" {
		h["Location"] = []string{s.location}
	}
	return &http.Response{StatusCode: s.status, Header: h, Body: io.NopCloser(bytes.NewReader(s.body)), Request: r}, nil
}

// before is a client with a living session whose every request is answered so.
func before(t *testing.T, steam same, log io.Writer) *Client {
	t.Helper()
	now := worldStart.Add(time.Hour)
	c, err := New(Options{Endpoints: Endpoints{Community: "https://steamcommunity.com", API: "https://api.steampowered.com"}, Account: botAccount(),
		Session: stored(t), Now: func() time.Time { return now }, Transport: steam, Timeout: time.Minute,
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// readEach makes the calls without an effect; each reports whether it understood.
func readEach(ctx context.Context, c *Client) map[string]error {
	out := map[string]error{}
	_, out["own inventory"] = c.Inventory(ctx, botID, steam.CS2, "2")
	_, out["inventory"] = c.Inventory(ctx, partnerID, steam.CS2, "2")
	_, out["partner's inventory"] = c.PartnerInventory(ctx, partnerID, "Eus3r-tk", steam.CS2, "2")
	_, out["holds"] = c.HoldDurations(ctx, partnerID, "Eus3r-tk")
	_, out["confirmations"] = c.Confirmations(ctx)
	_, out["bans"] = c.Bans(ctx, partnerID)
	_, out["summary"] = c.Summary(ctx, partnerID)
	_, out["offer"] = c.Offer(ctx, "123")
	_, out["trade"] = c.Trade(ctx, "123")
	_, out["counts"] = c.Counts(ctx)
	return out
}

// listEach makes the calls whose honest answer may be empty.
func listEach(ctx context.Context, c *Client) map[string]error {
	out := map[string]error{}
	_, out["offers"] = c.Offers(ctx, time.Time{})
	_, out["trades"] = c.Trades(ctx, time.Time{}, 10)
	out["history"] = c.History(ctx, steam.Trade{}, func([]steam.Trade) bool { return false })
	_, out["level"] = c.Level(ctx, partnerID)
	return out
}

func effects(ctx context.Context, c *Client) map[string]steam.Outcome {
	return map[string]steam.Outcome{"send": c.Send(ctx, someOffer()).Outcome, "confirm": c.Confirm(ctx, "123"), "cancel": c.Cancel(ctx, "123"),
		"acknowledge": c.Acknowledge(ctx)}
}

// strange are bodies with status 200 that no endpoint of Steam answers with.
var strange = map[string]string{
	"nothing":              "",
	"null":                 "null",
	"a list":               "[]",
	"a number":             "1",
	"html":                 "<html><body>hello</body></html>",
	"localised error":      "<html><head><title>Fehler</title></head><body><h1>Entschuldigung!</h1><h3>Bei der Anfrage ist ein Fehler aufgetreten.</h3></body></html>",
	"maintenance":          "<html><body><h1>Sorry!</h1><h3>The Steam Community is currently unavailable.</h3></body></html>",
	"offer page error":     "<html><body><div id=\"error_msg\">\nSomething went wrong.\n</div></body></html>",
	"cut":                  `{"success":true,"response":{"offer":{"tradeofferid":"12`,
	"two documents":        `{"success":1}{"success":1}`,
	"deep":                 strings.Repeat(`{"response":`, 20_000) + "1" + strings.Repeat("}", 20_000),
	"huge number":          `{"success":1e400,"response":{"trades":[{"status":99999999999999999999}]}}`,
	"not utf-8":            "\xff\xfe{}",
	"success of no kind":   `{"success":"yes","response":"yes","tradeofferid":"x","players":"none"}`,
	"members as lists":     `{"success":[],"response":[],"tradeofferid":[],"players":[{}]}`,
	"negative":             `{"success":-1,"response":{"my_escrow":{"escrow_end_duration_seconds":-5},"their_escrow":{"escrow_end_duration_seconds":-5}}}`,
	"sign-in page":         "<html><head><title>Sign In</title></head><body><script>\ng_steamID = false;\n</script></body></html>",
	"sign-in, other words": "<html><head><title>Anmelden</title></head><body><script>\ng_steamID = false;\n</script></body></html>",
}

func TestStrangePagesFailLoudly(t *testing.T) {
	t.Parallel()
	for name, body := range strange {
		for _, eresult := range []string{"", "1"} {
			c := before(t, same{status: 200, eresult: eresult, body: []byte(body)}, io.Discard)
			understood := readEach(t.Context(), c)
			if !strings.Contains(body, `"response":{`) {
				maps.Copy(understood, listEach(t.Context(), c))
			}
			for call, err := range understood {
				if err == nil {
					t.Errorf("%s: %s is understood", name, call)
				}
			}
			for call, out := range effects(t.Context(), c) {
				if out.Verdict == steam.Done && (call != "acknowledge" || strings.HasPrefix(body, "<")) {
					t.Errorf("%s: %s is done", name, call)
				}
			}
		}
	}
}

// FuzzEveryCall answers all calls with the same bytes: none may break, believe
// an answer without what matters, or show a secret.
func FuzzEveryCall(f *testing.F) {
	for _, body := range strange {
		f.Add(200, "1", "", []byte(body))
	}
	for _, s := range []same{
		{200, "1", "", []byte(`{"response":{"offer":` + oneOffer + `,"trade_offers_sent":[` + oneOffer + `]}}`)},
		{200, "2", "", []byte(`{"response":{"trades":[` + oneTrade + `],"more":true}}`)},
		{200, "1", "", []byte(`{"response":{"my_escrow":{"escrow_end_duration_seconds":0},"their_escrow":{"escrow_end_duration_seconds":1296000}}}`)},
		{200, "1", "", []byte(`{"players":[{"SteamId":"76561198000000201","EconomyBan":"none"}],"response":{"players":[{"steamid":"76561198000000201"}]}}`)},
		{200, "", "", []byte(listOfTwo)}, {200, "", "", []byte(pageOf("", "9", "8"))}, {200, "42", "", nil}, {500, "", "", []byte(sentence(sorry + " (16)"))},
		{302, "", "https://steamcommunity.com/login/home/?goto=", nil}, {302, "", "/profiles/76561198000000101/", nil}, {401, "", "", []byte("null")},
		{403, "", "", []byte("Access is denied")}, {429, "", "", nil}, {503, "", "", []byte("<html>")},
	} {
		f.Add(s.status, s.eresult, s.location, s.body)
	}
	f.Fuzz(func(t *testing.T, status int, eresult, location string, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		var log bytes.Buffer
		c := before(t, same{status, eresult, location, body}, &log)
		secrets := secretsOf(t, c)
		check := func(call string, err error) {
			if err == nil && (status != http.StatusOK || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))) {
				t.Errorf("%s is understood: %d %q", call, status, body)
			}
			checkSilent(t, secrets, call, fmt.Sprint(err))
		}
		for call, err := range readEach(t.Context(), c) {
			check(call, err)
		}
		for call, err := range listEach(t.Context(), c) {
			check(call, err)
		}
		for call, out := range effects(t.Context(), c) {
			if out.Verdict == steam.Done && status != http.StatusOK && call != "acknowledge" {
				t.Errorf("%s is done: %d %q", call, status, body)
			}
			if out.Verdict == steam.Refused && out.Refusal == "" {
				t.Errorf("%s is refused without a reason: %d %q", call, status, body)
			}
			checkSilent(t, secrets, call, fmt.Sprint(out))
		}
		checkSilent(t, secrets, "log", log.String())
	})
}

// script answers the calls of a login one after the other, the last for ever.
type script struct {
	eresult string
	bodies  map[string][]byte // by the method's name
}

func (s script) RoundTrip(r *http.Request) (*http.Response, error) {
	parts := strings.Split(r.URL.Path, "/")
	if parts[1] == "ITwoFactorService" {
		return same{200, "1", "", []byte(`{"response":{"server_time":"1772366400"}}`)}.RoundTrip(r)
	}
	return same{200, s.eresult, "", s.bodies[parts[2]]}.RoundTrip(r)
}

// counted counts the requests for a path.
type counted struct {
	http.RoundTripper
	path string
	n    *atomic.Int64
}

func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, c.path) {
		c.n.Add(1)
	}
	return c.RoundTripper.RoundTrip(r)
}

func TestAPollIntervalThatIsNoNumberIsNotRushed(t *testing.T) {
	t.Parallel()
	key := (&authpb.RSAKeyResponse{Mod: strings.Repeat("c3", 256), Exp: "010001", Timestamp: 5}).Marshal()
	begun := (&authpb.BeginResponse{ClientID: 7, Interval: float32(math.NaN()), SteamID: uint64(botID),
		AllowedConfirmations: []authpb.AllowedConfirmation{{Type: authpb.GuardDeviceCode}}}).Marshal()
	var polls atomic.Int64
	c, err := New(Options{Endpoints: Endpoints{Community: "https://steamcommunity.com", API: "https://api.steampowered.com"}, Account: botAccount(),
		Transport: counted{script{"1", map[string][]byte{"GetPasswordRSAPublicKey": key, "BeginAuthSessionViaCredentials": begun}}, "Poll", &polls}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := c.Login(ctx); err == nil || polls.Load() > 12 {
		t.Errorf("%d polls in half a second: %v", polls.Load(), err)
	}
}

// FuzzLogin answers a login with any bytes: it ends, with a session that can be
// used or with an error that shows no secret.
func FuzzLogin(f *testing.F) {
	key := (&authpb.RSAKeyResponse{Mod: strings.Repeat("c3", 256), Exp: "010001", Timestamp: 5}).Marshal()
	begun := (&authpb.BeginResponse{ClientID: 7, RequestID: []byte("0123456789abcdef"), Interval: 0.1, SteamID: uint64(botID),
		AllowedConfirmations: []authpb.AllowedConfirmation{{Type: authpb.GuardDeviceCode}}}).Marshal()
	polled := (&authpb.PollResponse{RefreshToken: jwt(botID, worldStart, 48*time.Hour, "r"), AccessToken: jwt(botID, worldStart, 24*time.Hour, "a")}).Marshal()
	token := (&authpb.AccessTokenResponse{AccessToken: jwt(botID, worldStart, 24*time.Hour, "b")}).Marshal()
	f.Add("1", key, begun, polled, token)
	f.Add("1", key, begun, (&authpb.PollResponse{RefreshToken: jwt(botID, worldStart, 48*time.Hour, "r")}).Marshal(), token)
	f.Add("1", key, begun, (&authpb.PollResponse{RefreshToken: "a.b.c", AccessToken: jwt(partnerID, worldStart, time.Hour, "a")}).Marshal(), token)
	f.Add("88", key, begun, polled, token)
	f.Add("x", []byte{0xff}, []byte("<html>"), []byte{8}, []byte(nil))
	f.Add("1", (&authpb.RSAKeyResponse{Mod: "00", Exp: "-1"}).Marshal(), begun, polled, token)
	f.Fuzz(func(t *testing.T, eresult string, key, begun, polled, token []byte) {
		if strings.ContainsAny(eresult, "\r\n\x00") {
			return
		}
		var log bytes.Buffer
		now := worldStart.Add(time.Hour)
		c, err := New(Options{Endpoints: Endpoints{Community: "https://steamcommunity.com", API: "https://api.steampowered.com"}, Account: botAccount(),
			Now: func() time.Time { return now }, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Transport: script{eresult, map[string][]byte{"GetPasswordRSAPublicKey": key, "BeginAuthSessionViaCredentials": begun,
				"PollAuthSessionStatus": polled, "GenerateAccessTokenForApp": token}}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err = c.Login(ctx)
		secrets := secretsOf(t, c)
		checkSilent(t, secrets, "error", fmt.Sprint(err))
		checkSilent(t, secrets, "log", log.String())
		if err != nil {
			return
		}
		s := c.current()
		if !s.Access.alive(s.at(now)) || eresult != "1" {
			t.Errorf("a session that cannot be used: %+v", s)
		}
		if back, err := New(Options{Endpoints: Endpoints{Community: "https://steamcommunity.com", API: "https://api.steampowered.com"},
			Account: botAccount(), Session: c.Session()}); err != nil || back.current() != s {
			t.Errorf("the session does not survive a restart: %v", err)
		}
	})
}
