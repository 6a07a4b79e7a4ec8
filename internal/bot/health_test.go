package bot_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/bot"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/sim"
	"github.com/skinrail/skinrail/internal/steam/web"
	"github.com/skinrail/skinrail/internal/trade"
)

const (
	self       steam.ID64 = 76561198000000101
	payer      steam.ID64 = 76561198000000202
	payerToken            = "Aut0-acc"
)

// stage is a bot at a simulated Steam, with clocks in the test's hand.
type stage struct {
	drifts *reconcile.Service
	t      *testing.T
	url    string
	fleet  *fleet.Service
	trades *trade.Service
	agent  *bot.Agent
	steam  *sim.Sim

	mu    sync.Mutex
	now   time.Time
	ahead time.Duration // of Steam's clock
	lie   [2]string     // what is put for what in Steam's answers
}

// between changes what Steam says.
func (st *stage) between(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st.mu.Lock()
		lie := st.lie
		st.mu.Unlock()
		if lie[0] == "" {
			h.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		rec.Header().Del("Content-Length")
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write([]byte(strings.ReplaceAll(rec.Body.String(), lie[0], lie[1])))
	})
}

// says puts one text for another in Steam's answers from now on.
func (st *stage) says(instead, text string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.lie = [2]string{instead, text}
}

func (st *stage) ours() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.now
}

func (st *stage) steams() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.now.Add(st.ahead)
}

func (st *stage) pass(d, ahead time.Duration) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.now, st.ahead = st.now.Add(d), ahead
}

func newStage(t *testing.T, d *db.DB, items int) *stage {
	t.Helper()
	st := &stage{t: t, now: time.Date(2026, 3, 2, 10, 20, 30, 0, time.UTC)}
	s, err := sim.Open(sim.Options{Now: st.steams, BaseURL: func() string { return st.url }})
	st.must(err)
	server := httptest.NewServer(st.between(s.Handler()))
	st.url = server.URL
	t.Cleanup(func() {
		server.Close()
		_ = s.Close()
	})
	n := fleet.NewBot{ID: self, AccountName: "example_bot", TradeToken: "Eb0t_tok", Credentials: fleet.Credentials{Password: "example bot password",
		SharedSecret: "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=", IdentitySecret: "iYYWqyDW0rccStpM0VUyLznxe5U="}}
	account := sim.Account{SteamID: self, AccountName: n.AccountName, Password: n.Credentials.Password.Reveal(), TradeToken: n.TradeToken,
		SharedSecret: n.Credentials.SharedSecret.Reveal(), IdentitySecret: n.Credentials.IdentitySecret.Reveal(),
		Items: []sim.Item{{App: steam.CS2, Name: "P250 | Sand Dune (Field-Tested)", Count: items}}}
	payer := sim.Account{SteamID: payer, TradeToken: payerToken, Behaviour: sim.Accept, Items: []sim.Item{{App: steam.CS2, Name: "P250 | Sand Dune (Field-Tested)", Count: 200}}}
	st.must(s.Seed(sim.World{Seed: 7, Accounts: []sim.Account{account, payer}, Settings: sim.Settings{
		Protected: map[steam.AppID]sim.Duration{steam.CS2: sim.Duration(7 * 24 * time.Hour)}, Limits: map[string]int{"offers_to_one": -1}}}))
	st.steam = s
	st.fleet, st.trades = fleet.New(d, seal.New([32]byte{9})), trade.New(d)
	st.drifts = reconcile.New(d, st.trades, st.fleet)
	st.must(st.fleet.Protect(t.Context(), steam.CS2))
	st.must(st.fleet.Add(t.Context(), n, st.now))
	st.hire()
	return st
}

// hire makes the agent anew, as after a restart.
func (st *stage) hire() {
	st.t.Helper()
	b, err := st.fleet.Bot(st.t.Context(), self)
	st.must(err)
	c, session, err := st.fleet.Secrets(st.t.Context(), self)
	st.must(err)
	client, err := web.New(web.Options{Endpoints: web.Endpoints{Community: st.url, API: st.url}, Now: st.ours, Session: session,
		Account: web.Account{ID: self, Name: b.AccountName, Password: c.Password.Reveal(), SharedSecret: c.SharedSecret.Reveal(),
			IdentitySecret: c.IdentitySecret.Reveal()}})
	st.must(err)
	st.agent = bot.NewAgent(client, b, st.trades, st.fleet, st.drifts, slog.New(slog.DiscardHandler))
}

func (st *stage) must(err error) {
	st.t.Helper()
	if err != nil {
		st.t.Fatal(err)
	}
}

func (st *stage) fault(method, body string) {
	st.t.Helper()
	req, err := http.NewRequestWithContext(st.t.Context(), method, st.url+"/sim/faults", strings.NewReader(body))
	st.must(err)
	res, err := http.DefaultClient.Do(req)
	st.must(err)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		st.t.Fatalf("fault: status %d", res.StatusCode)
	}
}

// shows steps once and wants the bot's reason to begin like this.
func (st *stage) shows(want string) {
	st.t.Helper()
	_, err := st.agent.Step(st.t.Context(), st.ours())
	b, e := st.fleet.Bot(st.t.Context(), self)
	st.must(e)
	if !strings.HasPrefix(b.Reason(), want) {
		st.t.Errorf("%q (%s), want %q; the step: %v", b.Reason(), b.Note, want, err)
	}
}

func TestReasonIsStoredWithinAMinuteAndClearedWhenWorkSucceeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ fault, reason string }{
		{`{"endpoint":"offers","count":-1,"kind":"status","value":429}`, "rate limited by Steam until 2026-03-02T10:21:40Z"},
		{`{"endpoint":"offers","count":-1,"kind":"session"}`, "session expired"},
		{`{"endpoint":"offers","count":-1,"kind":"status","value":503}`, "Steam does not answer"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				st := newStage(t, d, 3)
				st.shows("ready")
				st.fault(http.MethodPost, c.fault)
				st.pass(time.Minute, 0)
				st.shows(c.reason)
				st.fault(http.MethodDelete, "")
				st.pass(time.Minute, 0)
				st.shows("ready")
			})
		})
	}
}

func TestMissingAcknowledgementIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 3)
		st.fault(http.MethodPost, `{"endpoint":"acknowledge","count":-1,"kind":"html"}`)
		st.shows("needs acknowledgement")
		st.fault(http.MethodDelete, "")
		st.shows("ready")
	})
}

func TestWrongClockIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 3)
		st.shows("ready")
		st.pass(time.Minute, 5*time.Minute)
		st.shows("clock off by 5m")
		st.pass(time.Minute, 0)
		st.shows("ready")
	})
}

func TestFullInventoryIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, fleet.RoomPerGame)
		st.shows("inventory full (app 730: 1000 items)")
	})
}

// What comes or goes by hand is counted in each minute, and read then.
func TestItemsThatComeByHandAreSeenWithinAMinute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 3)
		st.shows("ready")
		st.tell("accounts/"+self.String()+"/items", fmt.Sprintf(`{"app":730,"name":"P250 | Sand Dune (Field-Tested)","count":%d}`, fleet.RoomPerGame))
		st.pass(46*time.Second, 0)
		st.shows("inventory full (app 730: 1003 items)")
		if held, err := st.fleet.Held(t.Context(), self, steam.CS2); err != nil || held != fleet.RoomPerGame+3 {
			t.Errorf("%d listed, %v", held, err)
		}
		st.pass(10*time.Minute, 0)
		st.shows("inventory full")
		reads := st.requests("inventory")
		for range 5 {
			st.pass(46*time.Second, 0)
			st.shows("inventory full")
		}
		if more := st.requests("inventory") - reads; more != 0 {
			t.Errorf("%d readings although nothing moved", more)
		}
	})
}

// Every ten minutes all is read again, but for games of which there is nothing;
// what comes of them is counted. Steam and the records are compared by what the
// step has read already.
func TestInventoriesAreNotReadForNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 3)
		reads := func(after time.Duration) int {
			before := st.requests("inventory")
			st.pass(after, 0)
			st.shows("ready")
			return st.requests("inventory") - before
		}
		if n := reads(0); n != 5 {
			t.Errorf("at first %d readings, want the four games and what is under protection", n)
		}
		if n := reads(time.Minute); n != 4 {
			t.Errorf("the first comparison made %d readings, want 4", n)
		}
		if n := reads(10 * time.Minute); n != 2 {
			t.Errorf("ten minutes later %d readings, want 2 of the game that is there", n)
		}
		if n := reads(time.Hour); n != 5 {
			t.Errorf("the next comparison made %d readings, want 2 and the 3 games that were not read", n)
		}
		st.tell("accounts/"+self.String()+"/items", `{"app":440,"name":"Strange Wrench","count":2}`)
		if n := reads(46 * time.Second); n != 1 {
			t.Errorf("%d readings of what came by hand, want 1", n)
		}
		if held, err := st.fleet.Held(t.Context(), self, steam.TF2); err != nil || held != 2 {
			t.Errorf("%d listed, %v", held, err)
		}
	})
}

func TestCooldownOutlivesARestartAndEndsByItself(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 3)
		until := st.ours().Add(2 * time.Hour)
		st.must(st.fleet.ReportState(t.Context(), self, fleet.State{Health: fleet.Cooldown, Until: until}, st.ours()))
		st.hire()
		st.shows("trade cooldown until 2026-03-02T12:20:30Z")
		st.pass(2*time.Hour, 0)
		st.shows("ready")
	})
}
