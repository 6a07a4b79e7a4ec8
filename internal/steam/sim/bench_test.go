package sim

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// crowd is a simulation with pairs of accounts that trade Rust items to and
// fro: nothing is protected, so that the same item can be traded for ever.
type crowd struct {
	sim   *Sim
	now   time.Time
	pairs int
}

func crowdID(n int) steam.ID64 { return steam.ID64(76561198000100001 + n) }

func newCrowd(tb testing.TB, accounts, items int, dir string) *crowd {
	tb.Helper()
	c := &crowd{now: time.Date(2026, 3, 2, 10, 20, 30, 0, time.UTC), pairs: accounts / 2}
	w := World{Seed: 3}
	for n := range accounts {
		w.Accounts = append(w.Accounts, Account{SteamID: crowdID(n), TradeToken: "Tok3n-00",
			Items: []Item{{App: steam.Rust, Name: fmt.Sprintf("Tempered Thing %d", n%97), Count: items}}})
	}
	s, err := Open(Options{Now: func() time.Time { return c.now }, Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Seed(w); err != nil {
		tb.Fatal(err)
	}
	c.sim = s
	return c
}

// token is a session for the account, without the login before it.
func (c *crowd) token(n int) string {
	st := c.sim.state
	at := stampOf(c.now)
	from, _, _ := st.readToken(st.refreshToken(st.byID[crowdID(n)], &login{Platform: 3}, uint64(n+1), at), at)
	return st.accessToken(from, appAudience(from), at)
}

// request is one form of the community's with the account's session.
func (c *crowd) request(base, path string, n int, token string, form url.Values) *http.Request {
	form.Set("sessionid", sessionID)
	r, _ := http.NewRequest(http.MethodPost, base+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", "sessionid="+sessionID+"; steamLoginSecure="+crowdID(n).String()+"%7C%7C"+token)
	r.Header.Set("Referer", base+"/tradeoffer/new/")
	return r
}

// gift moves one item of the pair through send, accept and exchange.
func (c *crowd) gift(base string, pair int, back bool, tokens [2]string, ask func(*http.Request) ([]byte, error)) error {
	from, to := 2*pair, 2*pair+1
	if back {
		from, to, tokens = to, from, [2]string{tokens[1], tokens[0]}
	}
	c.sim.mu.Lock()
	list := c.sim.state.byID[crowdID(from)].inventory(place{steam.Rust, steam.ContextMain}).list
	it := list[len(list)-1].asset()
	c.sim.mu.Unlock()
	raw, err := ask(c.request(base, "/tradeoffer/new/send", from, tokens[0], offerForm(crowdID(to), "Tok3n-00", []asset{it}, nil)))
	if err != nil {
		return err
	}
	_, rest, _ := bytes.Cut(raw, []byte(`"tradeofferid":"`))
	id, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		return fmt.Errorf("send: %s", raw)
	}
	raw, err = ask(c.request(base, "/tradeoffer/"+string(id)+"/accept", to, tokens[1], url.Values{"partner": {crowdID(from).String()}}))
	if err == nil && !bytes.Contains(raw, []byte(`"tradeid":"`)) {
		err = fmt.Errorf("accept: %s", raw)
	}
	return err
}

func (c *crowd) tokens(pair int) [2]string { return [2]string{c.token(2 * pair), c.token(2*pair + 1)} }

// BenchmarkOffersInProcess is send, accept and exchange by the simulation's own
// checks and commands, with a journal.
func BenchmarkOffersInProcess(b *testing.B) {
	c := newCrowd(b, 200, 20, b.TempDir())
	st := c.sim.state
	at := stampOf(c.now)
	for i := 0; b.Loop(); i++ {
		from, to := crowdID(i%200), crowdID((i+1)%200)
		list := st.byID[from].inventory(place{steam.Rust, steam.ContextMain}).list
		cmd := &sendCommand{From: from, To: to, Message: "reference", Give: []ref{list[len(list)-1].ref()}}
		c.sim.mu.Lock()
		if r := st.refuseAssets(cmd); r != nil {
			b.Fatal(r)
		}
		if err := c.sim.do(at, cmd); err != nil {
			b.Fatal(err)
		}
		if r := st.refuseAccept(cmd.made, at); r != steam.ResultOK {
			b.Fatal(r)
		}
		if err := c.sim.do(at, &acceptCommand{Offer: cmd.made.ID}); err != nil {
			b.Fatal(err)
		}
		c.sim.mu.Unlock()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "offers/s")
}

// BenchmarkOffersThroughHandler is the same through the handler, without a
// network.
func BenchmarkOffersThroughHandler(b *testing.B) {
	c := newCrowd(b, 200, 20, b.TempDir())
	h := c.sim.Handler()
	ask := func(r *http.Request) ([]byte, error) {
		w := httptest.NewRecorder()
		r.RemoteAddr = "127.0.0.1:1"
		h.ServeHTTP(w, r)
		return w.Body.Bytes(), nil
	}
	tokens := make([][2]string, c.pairs)
	for p := range tokens {
		tokens[p] = c.tokens(p)
	}
	for i := 0; b.Loop(); i++ {
		if err := c.gift("https://"+community, i%c.pairs, i/c.pairs%2 == 1, tokens[i%c.pairs], ask); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "offers/s")
}

// BenchmarkOffersOverHTTP is the same over connections of this machine.
func BenchmarkOffersOverHTTP(b *testing.B) {
	c := newCrowd(b, 200, 20, b.TempDir())
	server := httptest.NewServer(c.sim.Handler())
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	ask := func(r *http.Request) ([]byte, error) {
		resp, err := client.Do(r)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		return io.ReadAll(resp.Body)
	}
	pairs := make(chan int, c.pairs)
	for p := range c.pairs {
		pairs <- p
	}
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		pair := <-pairs
		defer func() { pairs <- pair }()
		tokens := c.tokens(pair)
		for i := 0; pb.Next(); i++ {
			if err := c.gift(server.URL, pair, i%2 == 1, tokens, ask); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "offers/s")
}

// BenchmarkWorld is what a world of 10,000 accounts with 2,000,000 items costs.
func BenchmarkWorld(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		c := newCrowd(b, 10_000, 200, "")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB")
		runtime.KeepAlive(c)
	}
}
