package web_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/sim"
	"github.com/skinrail/skinrail/internal/steam/web"
)

// crew are bots that log in with one another's secrets.
func (st *stage) crew(t *testing.T, n int) []web.Account {
	t.Helper()
	w := sim.World{Seed: 3}
	var list []web.Account
	for i := range n {
		a := web.Account{ID: bot + steam.ID64(i), Name: fmt.Sprintf("bot_%d", i), Password: "example password",
			SharedSecret: "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=", IdentitySecret: "iYYWqyDW0rccStpM0VUyLznxe5U="}
		list = append(list, a)
		w.Accounts = append(w.Accounts, sim.Account{SteamID: a.ID, AccountName: a.Name, Password: a.Password,
			SharedSecret: a.SharedSecret, IdentitySecret: a.IdentitySecret})
	}
	s, err := sim.Open(sim.Options{Now: st.clock, BaseURL: func() string { return st.server.URL }})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Seed(w); err != nil {
		t.Fatal(err)
	}
	st.server.Config.Handler = s.Handler()
	return list
}

// named notes whose requests go out, in their order.
type named struct {
	name string
	mu   *sync.Mutex
	log  *[]string
}

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	*n.log = append(*n.log, n.name)
	n.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

func TestOneLoginAtATimeLeavesAnAddress(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	pace := web.NewPace(web.Gaps{})
	var mu sync.Mutex
	var log []string
	var group sync.WaitGroup
	for _, a := range st.crew(t, 6) {
		c, err := web.New(web.Options{Endpoints: web.Endpoints{Community: st.server.URL, API: st.server.URL}, Account: a, Now: st.clock,
			Pace: pace, Transport: named{a.Name, &mu, &log}})
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			if err := c.Login(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if order := slices.Compact(slices.Clone(log)); len(order) != 6 {
		t.Errorf("logins mix: %v", log)
	}
}

// proxy forwards requests as an HTTP proxy does and counts what it is given.
type proxy struct {
	*httptest.Server
	mu    sync.Mutex
	count int
	wrong int // without the name and password
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	p := &proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.count++
		if r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("renter:example-proxy-word")) {
			p.wrong++
		}
		p.mu.Unlock()
		out := r.Clone(r.Context())
		out.RequestURI = ""
		out.Header.Del("Proxy-Authorization")
		res, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		for k, v := range res.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) url() string {
	return strings.Replace(p.URL, "://", "://renter:example-proxy-word@", 1)
}

func TestEachAccountLeavesByItsOwnProxy(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	crew := st.crew(t, 3)
	proxies := []*proxy{newProxy(t), newProxy(t)}
	sent := 0
	for i, a := range crew {
		if i < 2 {
			a.Proxy = proxies[i].url()
		}
		c, err := web.New(web.Options{Endpoints: web.Endpoints{Community: st.server.URL, API: st.server.URL}, Account: a, Now: st.clock})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(fmt.Sprintf("%v %+v %#v", a, c, a), "proxy-word") {
			t.Error("the proxy's password is printed")
		}
		if err := c.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Inventory(t.Context(), a.ID, steam.CS2, "2"); err != nil {
			t.Fatal(err)
		}
		all := strings.Count(string(st.control("GET", "/sim/journal", "")), `"number"`)
		if i < 2 {
			if p := proxies[i]; p.count != all-sent || p.wrong != 0 {
				t.Errorf("account %d: %d of %d requests by its proxy, %d without its password", i, p.count, all-sent, p.wrong)
			}
		}
		sent = all
	}
	if n := proxies[0].count + proxies[1].count; n >= sent {
		t.Errorf("%d of %d requests by proxies: the third account has none", n, sent)
	}
}

func TestABrokenProxyIsNoReasonToShowItsPassword(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	p := newProxy(t)
	for _, scheme := range []string{"http", "https", "socks5"} {
		a := st.crew(t, 1)[0]
		a.Proxy = scheme + "://renter:example-proxy-word@" + strings.TrimPrefix(p.URL, "http://")
		p.Close()
		c, err := web.New(web.Options{Endpoints: web.Endpoints{Community: st.server.URL, API: "https://api.example"}, Account: a, Now: st.clock})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Login(t.Context()); err == nil || strings.Contains(err.Error(), "proxy-word") {
			t.Errorf("%s: %v", scheme, err)
		}
	}
	for _, bad := range []string{"renter:word@host:1", "ftp://host:1", "http://host", "http://host:1/path", "http://host:1?word=1", "http://host:x/"} {
		if err := web.CheckProxy(bad); err == nil || strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestPacesBelongToAddresses(t *testing.T) {
	t.Parallel()
	p := web.NewPaces(web.Gaps{Request: 1})
	one, _ := url.Parse("http://a:b@proxy.example:1")
	if p.Of(one.String()) != p.Of("socks5://c:d@proxy.example:1") || p.Of("") != p.Of("") {
		t.Error("one address has two paces")
	}
	if p.Of("") == p.Of(one.String()) {
		t.Error("two addresses share a pace")
	}
}
