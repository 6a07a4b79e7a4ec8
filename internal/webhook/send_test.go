package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/webhook"
)

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then a lost client is noticed
	<-r.Context().Done()
}

// raw answers with bytes of its own and closes the connection.
func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = conn.Write([]byte(text))
		_ = conn.Close()
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := w.Write(make([]byte, 32<<10)); err != nil {
			return
		}
	}
}

// drip sends a status and then nothing more, without an end.
func drip(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = w.Write([]byte("x"))
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

func TestOnly2xxIsDelivered(t *testing.T) {
	t.Parallel()
	const closed = "the connection was closed before an answer"
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		code    int
		reason  string
	}{
		{"200", status(200), 200, ""}, {"201", status(201), 201, ""}, {"204", status(204), 204, ""},
		{"299", status(299), 299, ""}, {"endless body", endless, 200, ""}, {"body that never ends", drip, 200, ""},
		{"half a body", raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), 200, ""},
		{"301", status(301), 301, "redirects are not followed"}, {"302", status(302), 302, "redirects are not followed"},
		{"307", status(307), 307, "redirects are not followed"}, {"308", status(308), 308, "redirects are not followed"},
		{"400", status(400), 400, ""}, {"404", status(404), 404, ""}, {"410", status(410), 410, ""},
		{"429", status(429), 429, ""}, {"500", status(500), 500, ""}, {"503", status(503), 503, ""},
		{"no answer", hang, 0, "no answer in time"},
		{"closed", raw(""), 0, closed},
		{"cut status", raw("HTTP/1.1 2"), 0, "no usable answer"},
		{"not HTTP", raw("s3cret\r\n\r\n"), 0, "no usable answer"},
		{"headers too long", raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 40<<10) + "\r\n\r\n"), 0, "no usable answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			most := 30 * time.Second
			if c.name == "no answer" || c.name == "body that never ends" {
				most = 3 * time.Second
			}
			d := triedFor(t, httptest.NewServer(c.handler), most)
			want := webhook.Pending
			if c.code/100 == 2 {
				want = webhook.Delivered
			}
			if d.LastCode != c.code || d.LastError != c.reason || d.State != want || d.Tries != 1 {
				t.Errorf("code %d, %q, %s after %d tries", d.LastCode, d.LastError, d.State, d.Tries)
			}
		})
	}
}

// tried makes one try against a server and returns what was stored.
func tried(t *testing.T, server *httptest.Server) webhook.Delivery {
	t.Helper()
	return triedFor(t, server, 30*time.Second)
}

func triedFor(t *testing.T, server *httptest.Server, most time.Duration) webhook.Delivery {
	t.Helper()
	t.Cleanup(server.Close)
	g := start(t, dbtest.SQLite(t), server.URL).waiting(most, encoder{})
	g.happen(1, "deposit/1")
	g.fanOut(noon)
	claimed := g.one(noon, wall)
	g.attempt(claimed, noon, wall)
	d, err := g.Find(t.Context(), 1, claimed.ID)
	if err != nil {
		t.Fatal(err)
	}
	tries, err := g.Attempts(t.Context(), d.ID)
	if err != nil || len(tries) != 1 {
		t.Fatalf("%d attempts, %v", len(tries), err)
	}
	if a := tries[0]; a.N != 1 || a.Code != d.LastCode || a.Error != d.LastError || !a.At.Equal(noon) || a.Took < 0 {
		t.Errorf("attempt %+v of %+v", a, d)
	}
	return d
}

func TestServerThatIsNotThereIsATry(t *testing.T) {
	t.Parallel()
	server := &httptest.Server{URL: "http://" + deaf(t), Listener: closedListener{}, Config: &http.Server{}}
	if d := tried(t, server); d.LastCode != 0 || d.LastError != "connection refused" {
		t.Errorf("code %d, %q", d.LastCode, d.LastError)
	}
}

// deaf is an address at which nobody listens, and which nobody else gets.
func deaf(t *testing.T) string {
	t.Helper()
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(s) })
	if err := syscall.Bind(s, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(s)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint("127.0.0.1:", at.(*syscall.SockaddrInet4).Port)
}

func TestUntrustedCertificateIsATry(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(status(200))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains about us
	server.StartTLS()
	if d := tried(t, server); d.LastCode != 0 || !strings.HasPrefix(d.LastError, "tls: ") {
		t.Errorf("code %d, %q", d.LastCode, d.LastError)
	}
}

func TestAddressThatIsNotAllowedIsATry(t *testing.T) {
	t.Parallel()
	const refused, unreadable = "the address is not allowed", "the URL cannot be called"
	for url, want := range map[string]string{"http://169.254.169.254": refused, "http://10.0.0.1": refused,
		"http://2130706433:9000": refused, "ftp://shop.example": refused, "http://user:s3cret@127.0.0.1:1": refused,
		"http://[::1": unreadable} {
		d := tried(t, &httptest.Server{URL: url, Listener: closedListener{}, Config: &http.Server{}})
		if d.LastCode != 0 || d.LastError != want {
			t.Errorf("%q: code %d, %q", url, d.LastCode, d.LastError)
		}
	}
}

type closedListener struct{ net.Listener }

func (closedListener) Close() error { return nil }

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	target := newShop(t)
	for _, code := range []int{301, 302, 303, 307, 308} {
		tried(t, httptest.NewServer(http.RedirectHandler(target.URL+"/x", code)))
	}
	if n := len(target.letters()); n != 0 {
		t.Errorf("the target of redirects was called %d times", n)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	d := tried(t, httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})))
	if wait := d.DueAt.Sub(noon); wait < time.Hour || wait > time.Hour+10*time.Second {
		t.Errorf("waits %v", wait)
	}
}

func TestRequestCarriesTheStoredBytes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t)
		g := start(t, d, s.URL)
		g.happen(1, "deposit/1")
		g.send(noon, wall)
		heard := s.letters()
		if len(heard) != 1 || g.states("deposit/1") != "delivered/1" {
			t.Fatalf("%d letters, %s", len(heard), g.states("deposit/1"))
		}
		ds, err := g.OfSubject(t.Context(), "deposit/1")
		if err != nil || heard[0].body != string(ds[0].Body) || !strings.HasPrefix(heard[0].body, `deposit/1 v1 "x" `) {
			t.Errorf("sent %q, stored %q, %v", heard[0].body, ds[0].Body, err)
		}
		h := heard[0].header
		got := fmt.Sprint(h["Webhook-Id"], h["Webhook-Timestamp"], h["Content-Type"], h["User-Agent"], h["Idempotency-Key"], h["Accept-Encoding"])
		if want := fmt.Sprintf("[%s] [%d] [text/plain] [Skinrail] [] []", ds[0].EventID, wall.Unix()); got != want {
			t.Errorf("headers %s, want %s", got, want)
		}
	})
}

func TestEndedContextCountsAsNoTry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, stop := context.WithCancel(t.Context())
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			stop()
			hang(w, r)
		}))
		defer server.Close()
		g := start(t, d, server.URL)
		g.happen(1, "deposit/1")
		g.fanOut(noon)
		if err := g.Attempt(ctx, g.one(noon, wall), noon, wall); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		if got := g.states("deposit/1"); got != "pending/0" {
			t.Error(got)
		}
		g.one(noon, wall)
	})
}

func TestFailureOfOursCountsAsNoTry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShop(t)
		g := open(t, d, encoder{headers: errOurs})
		g.project(1, s.URL)
		g.happen(1, "deposit/1")
		g.fanOut(noon)
		if err := g.Attempt(t.Context(), g.one(noon, wall), noon, wall); !errors.Is(err, errOurs) {
			t.Errorf("%v", err)
		}
		if due, ok, err := g.NextDue(t.Context()); !ok || err != nil || !due.Equal(noon.Add(time.Minute)) {
			t.Errorf("due at %v, %v, %v", due, ok, err)
		}
		if len(s.letters()) != 0 || g.states("deposit/1") != "pending/0" {
			t.Errorf("%d letters, %s", len(s.letters()), g.states("deposit/1"))
		}
	})
}
