package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/webhook"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) // the world's time
	wall = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC) // what clocks on walls show
)

// lease is longer than any claim lives.
const lease = time.Minute

// encoder is a small wire format: the body carries a signature with the legacy
// secret, a header the time of the try.
type encoder struct {
	broken  func(event.Event) error
	headers error
}

func (c encoder) Encode(_ context.Context, p merchant.Project, k merchant.Secrets, e event.Event) (webhook.Message, bool, error) {
	if c.broken != nil {
		if err := c.broken(e); err != nil {
			return webhook.Message{}, false, err
		}
	}
	secret, _ := k.Legacy()
	text := fmt.Sprintf("%s v%d %s", e.Subject, e.Version, e.Body)
	m := webhook.Message{Endpoint: webhook.Events, URL: p.EventsURL, ContentType: "text/plain",
		Body: []byte(text + " " + sign(secret, text))}
	if e.Kind == event.DepositChanged {
		m.Endpoint, m.URL = webhook.Result, p.ResultURL
	}
	return m, m.URL != "", nil
}

func (c encoder) Headers(_ merchant.Project, _ merchant.Secrets, d webhook.Delivery, wall time.Time) (http.Header, error) {
	return http.Header{"Webhook-Id": {d.EventID}, "Webhook-Timestamp": {strconv.FormatInt(wall.Unix(), 10)}}, c.headers
}

func sign(secret seal.Secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// gateway is the room with its neighbours on one database.
type gateway struct {
	t         *testing.T
	d         *db.DB
	merchants *merchant.Service
	events    *event.Service
	*webhook.Service
}

func open(t *testing.T, d *db.DB, c webhook.Encoder) gateway {
	t.Helper()
	g := gateway{t: t, d: d, merchants: merchant.New(d, seal.New([32]byte{7})), events: event.New(d)}
	t.Cleanup(g.countsFailing)
	return g.waiting(30*time.Second, c)
}

// waiting is the gateway with so much time for an answer.
func (g gateway) waiting(most time.Duration, c webhook.Encoder) gateway {
	client := webhook.Guard(webhook.GuardOptions{AllowLoopback: true})
	client.Timeout = most
	g.t.Cleanup(client.CloseIdleConnections)
	g.Service = webhook.New(webhook.Deps{DB: g.d, Events: g.events, Merchants: g.merchants, Encoder: c, Client: client})
	return g
}

// countsFailing wants the counter to say what counting would.
func (g gateway) countsFailing() {
	const differ = `select count(*) from (select project_id, endpoint, count(*) as n from delivery where failing group by project_id, endpoint) d
		full outer join failing_count c on c.project_id = d.project_id and c.endpoint = d.endpoint where coalesce(d.n, 0) <> coalesce(c.n, 0)`
	var n int
	err := g.d.Read().QueryRowContext(context.Background(), differ).Scan(&n)
	if err == nil && n != 0 { // some tests close the database
		g.t.Errorf("%d counters of failing deliveries are wrong", n)
	}
}

// start opens a gateway with project 1, whose endpoints are at a URL.
func start(t *testing.T, d *db.DB, url string) gateway {
	t.Helper()
	g := open(t, d, encoder{})
	g.project(1, url)
	return g
}

func (g gateway) project(id int64, url string) {
	g.t.Helper()
	p := merchant.Project{ID: id, Name: "Example shop", Active: true}
	if url != "" {
		p.ResultURL, p.EventsURL = url+"/result?key=s3cret", url+"/events?key=s3cret"
	}
	if _, _, err := g.merchants.Add(g.t.Context(), merchant.NewProject{Project: p}, noon); err != nil {
		g.t.Fatal(err)
	}
}

func (g gateway) happen(project int64, subjects ...string) {
	g.t.Helper()
	err := g.d.Write(g.t.Context(), func(tx *db.Tx) error {
		for _, s := range subjects {
			kind := event.DepositChanged
			if s == event.BalanceSubject(project) {
				kind = event.BalanceChanged
			}
			_, err := g.events.AppendTx(g.t.Context(), tx, event.NewEvent{Project: project, Kind: kind, Subject: s, At: noon, Body: "x"})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g gateway) fanOut(now time.Time) {
	g.t.Helper()
	for {
		worked, err := g.FanOut(g.t.Context(), now)
		if err != nil {
			g.t.Fatal(err)
		}
		if !worked {
			return
		}
	}
}

func (g gateway) claim(now, wall time.Time, limit int) []webhook.Delivery {
	g.t.Helper()
	ds, err := g.Claim(g.t.Context(), now, wall, limit)
	if err != nil {
		g.t.Fatal(err)
	}
	return ds
}

// one claims the only delivery that is due.
func (g gateway) one(now, wall time.Time) webhook.Delivery {
	g.t.Helper()
	ds := g.claim(now, wall, 10)
	if len(ds) != 1 {
		g.t.Fatalf("%d deliveries are due, want 1: %v", len(ds), names(ds))
	}
	return ds[0]
}

func (g gateway) attempt(d webhook.Delivery, now, wall time.Time) {
	g.t.Helper()
	if err := g.Attempt(g.t.Context(), d, now, wall); err != nil {
		g.t.Fatal(err)
	}
}

// send fans out and tries whatever is due until nothing is.
func (g gateway) send(now, wall time.Time) {
	g.t.Helper()
	g.fanOut(now)
	for ds := g.claim(now, wall, 10); len(ds) > 0; ds = g.claim(now, wall, 10) {
		for _, d := range ds {
			g.attempt(d, now, wall)
		}
	}
}

// states describes all deliveries about a subject: "superseded/1 delivered/1"
// is the state and the number of tries of each.
func (g gateway) states(subject string) string {
	g.t.Helper()
	ds, err := g.OfSubject(g.t.Context(), subject)
	if err != nil {
		g.t.Fatal(err)
	}
	text := ""
	for i, d := range ds {
		if i > 0 {
			text += " "
		}
		text += fmt.Sprintf("%s/%d", d.State, d.Tries)
		tries, err := g.Attempts(g.t.Context(), d.ID)
		if err != nil || len(tries) != d.Tries {
			g.t.Errorf("delivery %d has %d tries and %d attempts, %v", d.ID, d.Tries, len(tries), err)
		}
		if d.Failing != (d.LastCode/100 != 2 && d.Tries > 0 && (d.State == webhook.Pending || d.State == webhook.Failed)) {
			g.t.Errorf("delivery %d is %s after code %d, failing is %v", d.ID, d.State, d.LastCode, d.Failing)
		}
	}
	return text
}

func names(ds []webhook.Delivery) []string {
	var out []string
	for _, d := range ds {
		out = append(out, fmt.Sprintf("%s v%d", d.Subject, d.Version))
	}
	return out
}

// shop is a merchant's server. It answers what its answers say, one after the
// other, and 200 when they are used up.
type shop struct {
	*httptest.Server
	mu      sync.Mutex
	answers []int
	heard   []letter
}

type letter struct {
	body   string
	header http.Header
}

func newShop(t *testing.T, answers ...int) *shop {
	t.Helper()
	s := &shop{answers: answers}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, letter{string(body), r.Header})
	code := http.StatusOK
	if len(s.answers) > 0 {
		code, s.answers = s.answers[0], s.answers[1:]
	}
	w.WriteHeader(code)
}

func (s *shop) letters() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard
}

var errOurs = errors.New("ours")
