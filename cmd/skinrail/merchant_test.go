package main_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/skinrail/skinrail/internal/apidoc/apidoctest"
)

// belongsTo makes what is received from now on that project's.
func (s *shop) belongsTo(id, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id, s.secret = id, secret
}

// notice is one notification as a merchant receives it.
type notice struct {
	path         string
	body         answer
	sealed       bool  // every signature on it is right
	undocumented error // what the reference does not say
}

// shop is a merchant's server, with checks written independently of ours.
type shop struct {
	*httptest.Server
	mu       sync.Mutex
	id       string
	secret   string
	received []notice
}

func openShop(t *testing.T, id, secret string) *shop {
	t.Helper()
	s := &shop{id: id, secret: secret}
	s.Server = httptest.NewServer(http.HandlerFunc(s.take))
	t.Cleanup(s.Close)
	return s
}

func (s *shop) take(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	n := notice{path: r.URL.Path}
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	_ = d.Decode(&n.body)
	schema := "DepositNotification"
	if strings.HasSuffix(r.URL.Path, "/events") {
		schema = "Event"
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		n.undocumented = apidoctest.Component(schema, raw)
	}
	s.mu.Lock()
	id, secret := s.id, s.secret
	s.mu.Unlock()
	token := md5.Sum([]byte(id + secret))
	n.sealed = r.Header.Get("X-SIGN") == hex.EncodeToString(token[:])
	if strings.HasSuffix(r.URL.Path, "/events") {
		m := hmac.New(sha256.New, []byte(secret))
		m.Write(raw)
		n.sealed = n.sealed && r.Header.Get("Signature") == hex.EncodeToString(m.Sum(nil))
	} else {
		n.sealed = n.sealed && n.body["sign"] == sign(secret, n.body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, n)
}

// sign is the text rule of the contract: scalars sorted by key, then HMAC-SHA1.
func sign(secret string, body answer) string {
	var keys []string
	for k := range body {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	m := hmac.New(sha1.New, []byte(secret))
	for _, k := range keys {
		switch v := body[k].(type) {
		case string:
			if k != "sign" {
				m.Write([]byte(k + ":" + v + ";"))
			}
		case json.Number:
			m.Write([]byte(k + ":" + v.String() + ";"))
		}
	}
	return hex.EncodeToString(m.Sum(nil))
}

// statuses are the deposit statuses received for an order, in order.
func (s *shop) statuses(order string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, n := range s.received {
		if n.body.text("order_id") == order {
			all = append(all, n.body.text("status"))
		}
	}
	return all
}

// unsealed are the notifications with a signature that does not verify.
func (s *shop) unsealed() []notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	var bad []notice
	for _, n := range s.received {
		if !n.sealed || n.undocumented != nil {
			bad = append(bad, n)
		}
	}
	return bad
}

// events counts the event notifications of a kind.
func (s *shop) events(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, n := range s.received {
		if n.body.text("event") == kind {
			count++
		}
	}
	return count
}
