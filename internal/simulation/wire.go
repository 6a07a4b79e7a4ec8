package simulation

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// wire carries requests to the simulated Steam in memory. What happens to them
// on the way is decided by meet; nil: nothing.
type wire struct {
	handler http.Handler
	clock   *clock
	meet    func(r *http.Request, call func() (*http.Response, error)) (*http.Response, error)
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.meet == nil {
		return w.call(r, drain(r.Body))
	}
	body := drain(r.Body)
	return w.meet(r, func() (*http.Response, error) { return w.call(r, body) })
}

// travel is how long a request to Steam takes.
const travel = 7 * time.Millisecond

func (w *wire) call(r *http.Request, body []byte) (*http.Response, error) {
	w.clock.pass(travel)
	return serve(w.handler, r, body)
}

var errClosed = errors.New("connection closed without an answer")

// serve answers a client's request with a server's handler.
func serve(h http.Handler, r *http.Request, body []byte) (answer *http.Response, err error) {
	in := r.WithContext(r.Context())
	in.Host, in.RemoteAddr, in.Body, in.ContentLength = r.URL.Host, "203.0.113.7:4711", http.NoBody, int64(len(body))
	if len(body) > 0 {
		in.Body = io.NopCloser(bytes.NewReader(body))
	}
	out := &recorder{header: http.Header{"X-Request-Id": {"simulated"}}} // as who wraps the doors does
	defer func() {
		if p := recover(); p == http.ErrAbortHandler { //nolint:errorlint // that very value
			answer, err = nil, errClosed
		} else if p != nil {
			panic(p)
		}
	}()
	h.ServeHTTP(out, in)
	if out.status == 0 {
		out.status = http.StatusOK
	}
	return &http.Response{StatusCode: out.status, Status: strconv.Itoa(out.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: out.header, Body: complete(out.body.Bytes()), ContentLength: int64(out.body.Len()), Request: r}, nil
}

// text is the body of an answer that arrives whole.
type text struct {
	*bytes.Reader
	all []byte
}

func (text) Close() error { return nil }

func complete(all []byte) text { return text{bytes.NewReader(all), all} }

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// control calls one of the simulated Steam's own paths: what payers do.
func (w *wire) control(method, path string, in any, out any) (status int, text string) {
	var body []byte
	if in != nil {
		body, _ = json.Marshal(in) // plain values
	}
	r, err := http.NewRequest(method, steamURL+path, nil)
	if err != nil {
		return 0, err.Error()
	}
	a, err := serve(w.handler, r, body)
	if err != nil {
		return 0, err.Error()
	}
	data := drain(a.Body)
	if out != nil && a.StatusCode == http.StatusOK {
		if err := json.Unmarshal(data, out); err != nil {
			return 0, err.Error()
		}
	}
	return a.StatusCode, string(data)
}

// endpoint is the short name of what a request to Steam is for.
func endpoint(path string) string {
	path = strings.TrimSuffix(path, "/v1/")
	path = strings.TrimSuffix(path, "/v2/")
	switch {
	case strings.HasPrefix(path, "/inventory/"):
		return "inventory"
	case strings.HasPrefix(path, "/tradeoffer/") && strings.HasSuffix(path, "/cancel"):
		return "cancel"
	}
	if name, known := endpoints[path]; known {
		return name
	}
	return path
}

var endpoints = map[string]string{
	"/IEconService/GetTradeOffers":                                "offers",
	"/IEconService/GetTradeOffer":                                 "offer",
	"/IEconService/GetTradeStatus":                                "trade",
	"/IEconService/GetTradeHistory":                               "history",
	"/IEconService/GetTradeHoldDurations":                         "holds",
	"/ISteamUser/GetPlayerBans":                                   "bans",
	"/tradeoffer/new/partnerinventory/":                           "partnerinventory",
	"/tradeoffer/new/send":                                        "send",
	"/mobileconf/getlist":                                         "confirmations",
	"/mobileconf/ajaxop":                                          "confirm",
	"/IAuthenticationService/GenerateAccessTokenForApp":           "token",
	"/IAuthenticationService/GetPasswordRSAPublicKey":             "rsa",
	"/IAuthenticationService/BeginAuthSessionViaCredentials":      "login",
	"/IAuthenticationService/UpdateAuthSessionWithSteamGuardCode": "guard",
	"/IAuthenticationService/PollAuthSessionStatus":               "poll",
	"/ITwoFactorService/QueryTime":                                "time",
}
