package simulation

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/skinrail/skinrail/internal/sandbox"
	"github.com/skinrail/skinrail/internal/webhook"
)

// shop is a merchant: his client and the receiver of his notifications.
type shop struct {
	name, secret string
	key          []byte // of the Standard Webhooks signature
	orders       int
	asked        []asked // his calls, for repeats
	deposits     []ack
	purchases    []ack
	flaps        int
	heard        map[string]told // by event id
	status       map[string]string
}

// ack is what the merchant was told that there is.
type ack struct {
	id  int64
	own string // his own id
}

// told is one event as it was received.
type told struct{ body string }

func newShop(p sandbox.Project) *shop {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.WebhookSecret, "whsec_")) // ours
	return &shop{name: p.ClientID, secret: p.ClientSecret, key: key, heard: map[string]told{}, status: map[string]string{}}
}

// street carries notifications to the shops.
type street struct{ r *run }

func (s street) RoundTrip(q *http.Request) (*http.Response, error) {
	r, body := s.r, drain(q.Body)
	r.alive()
	var to *shop
	for _, one := range r.shops {
		if strings.HasPrefix(q.URL.Host, "shop-"+one.name+".") {
			to = one
		}
	}
	if to == nil {
		r.fail("a notification goes to %s", q.URL)
	}
	r.clock.pass(30 * time.Millisecond)
	deliver := func() { to.receive(r, q, body) }
	var a *http.Response
	var err error
	switch k := r.take(atShop, ""); {
	case k != nil:
		a, err = k.shop(r, to, deliver)
	case to.flaps > 0:
		if to.flaps--; to.flaps%2 == 1 {
			a = page(q, http.StatusInternalServerError, "")
			break
		}
		fallthrough
	default:
		deliver()
		a = page(q, http.StatusOK, "ok")
	}
	if err != nil {
		r.trace.add("  shop %s %s: %v", to.name, q.URL.Path, err)
		return nil, err
	}
	r.trace.add("  shop %s %s %d %s", to.name, q.URL.Path, a.StatusCode, body)
	return a, nil
}

// receive is what a careful receiver does: verify, then keep the newest.
func (s *shop) receive(r *run, q *http.Request, body []byte) {
	id := q.Header.Get("Webhook-Id")
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(id + "." + q.Header.Get("Webhook-Timestamp") + "."))
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if !slices.Contains(strings.Fields(q.Header.Get("Webhook-Signature")), want) {
		r.fail("I18: notification %s to shop %s is not signed with its key", id, s.name)
	}
	if before, again := s.heard[id]; again && before.body != string(body) {
		r.fail("I16: event %s came with two bodies:\n%s\n%s", id, before.body, body)
	}
	s.heard[id] = told{string(body)}
	if strings.HasSuffix(q.URL.Path, "/result") {
		var n struct {
			ID     json.Number `json:"transaction_id"`
			Status string      `json:"status"`
		}
		if err := json.Unmarshal(body, &n); err != nil {
			r.fail("notification %s: %v: %s", id, err, body)
		}
		s.status[string(n.ID)] = n.Status
	}
}

func answered(status int, header ...string) func(*run, *shop, func()) (*http.Response, error) {
	return func(*run, *shop, func()) (*http.Response, error) {
		a := page(nil, status, "no")
		for i := 0; i+1 < len(header); i += 2 {
			a.Header.Set(header[i], header[i+1])
		}
		return a, nil
	}
}

func refused(err error) func(*run, *shop, func()) (*http.Response, error) {
	return func(*run, *shop, func()) (*http.Response, error) { return nil, err }
}

// shopFaults are the ways of F6.
var shopFaults = []*kind{
	{name: "F6 refuses", at: atShop, shop: refused(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED})},
	{name: "F6 hangs", at: atShop, shop: func(r *run, _ *shop, _ func()) (*http.Response, error) {
		r.clock.pass(10 * time.Second)
		return nil, context.DeadlineExceeded
	}},
	{name: "F6 one byte and no more", at: atShop, shop: func(r *run, _ *shop, deliver func()) (*http.Response, error) {
		deliver()
		r.clock.pass(10 * time.Second)
		a := page(nil, http.StatusOK, "")
		a.Body = io.NopCloser(io.MultiReader(strings.NewReader("o"), broken{}))
		return a, nil
	}},
	{name: "F6 body trickles and breaks off", at: atShop, shop: func(r *run, _ *shop, deliver func()) (*http.Response, error) {
		deliver()
		a := page(nil, http.StatusOK, "")
		a.Body = io.NopCloser(&trickle{r: r, left: make([]byte, 500)})
		return a, nil
	}},
	{name: "F6 endless body", at: atShop, shop: func(_ *run, _ *shop, deliver func()) (*http.Response, error) {
		deliver()
		a := page(nil, http.StatusOK, "")
		a.Body = io.NopCloser(endless{})
		return a, nil
	}},
	{name: "F6 redirects", at: atShop, shop: answered(http.StatusFound, "Location", "http://127.0.0.1/")},
	{name: "F6 404", at: atShop, shop: answered(http.StatusNotFound)},
	{name: "F6 410", at: atShop, shop: answered(http.StatusGone)},
	{name: "F6 429 with Retry-After", at: atShop, shop: answered(http.StatusTooManyRequests, "Retry-After", "3600")},
	{name: "F6 500", at: atShop, shop: answered(http.StatusInternalServerError)},
	{name: "F6 500 after it was taken", at: atShop, shop: func(r *run, s *shop, deliver func()) (*http.Response, error) {
		deliver()
		return answered(http.StatusInternalServerError)(r, s, deliver)
	}},
	{name: "F6 TLS error", at: atShop, shop: refused(tls.RecordHeaderError{Msg: "simulated"})},
	{name: "F6 DNS failure", at: atShop, shop: refused(&net.DNSError{Err: "no such host", Name: "shop.test", IsNotFound: true})},
	{name: "F6 DNS turns to a private address", at: atShop, shop: refused(webhook.ErrAddress)},
	{name: "F6 closes after the request", at: atShop, shop: func(_ *run, _ *shop, deliver func()) (*http.Response, error) {
		deliver()
		return nil, io.ErrUnexpectedEOF
	}},
	{name: "F6 flaps", at: atShop, shop: func(r *run, s *shop, _ func()) (*http.Response, error) {
		s.flaps = 2 + r.rng.IntN(6)
		return page(nil, http.StatusServiceUnavailable, ""), nil
	}},
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("simulated: the connection is gone") }

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// shopID is the project's number.
func (s *shop) id() int64 {
	n, _ := strconv.ParseInt(s.name, 10, 64) // ours
	return n
}
