package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/sim"
	"github.com/skinrail/skinrail/internal/steam/steamtest"
	"github.com/skinrail/skinrail/internal/steam/web"
)

const (
	bot     steam.ID64 = 76561198000000101
	partner steam.ID64 = 76561198000000201
	hidden  steam.ID64 = 76561198000000301
	held    steam.ID64 = 76561198000000302
	banned  steam.ID64 = 76561198000000303
	big     steam.ID64 = 76561198000000304
	marked  steam.ID64 = 76561198000000305
)

func TestTheClientKeepsItsContractOnTheSimulator(t *testing.T) {
	t.Parallel()
	steamtest.Run(t, func(t *testing.T) steamtest.Fixture { return newStage(t).fixture() })
}

// stage is a simulated Steam on a listener, with the clock in the test's hand.
type stage struct {
	t      *testing.T
	sim    *sim.Sim
	server *httptest.Server

	mu  sync.Mutex
	now time.Time
}

func newStage(t *testing.T) *stage {
	t.Helper()
	st := &stage{t: t, now: time.Date(2026, 3, 2, 10, 20, 30, 0, time.UTC)}
	s, err := sim.Open(sim.Options{Now: st.clock, BaseURL: func() string { return st.server.URL }})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Seed(seed()); err != nil {
		t.Fatal(err)
	}
	st.sim = s
	st.server = httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		st.server.Close()
		s.Close()
	})
	return st
}

func seed() sim.World {
	const dune, blade = "P250 | Sand Dune (Field-Tested)", "Tempered AK47"
	items := []sim.Item{{App: steam.CS2, Name: dune, Count: 10}, {App: steam.Rust, Name: blade, Count: 3}}
	return sim.World{
		Seed:     7,
		Settings: sim.Settings{Protected: map[steam.AppID]sim.Duration{steam.CS2: sim.Duration(7 * 24 * time.Hour)}, KeysOnce: true},
		Accounts: []sim.Account{
			{SteamID: bot, AccountName: "example_bot", Password: "example bot password", SharedSecret: "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=",
				IdentitySecret: "iYYWqyDW0rccStpM0VUyLznxe5U=", TradeToken: "Eb0t_tok", Persona: "Dragonfly", Items: items},
			{SteamID: partner, TradeToken: "Eus3r-tk", Persona: "Casual Carl", Items: items},
			{SteamID: hidden, TradeToken: "Pr1vate_", InventoryPrivate: true, Items: items},
			{SteamID: held, TradeToken: "He1d-tok", EscrowDays: 15, Items: items},
			{SteamID: banned, TradeToken: "Bann3d-t", TradeBan: true, Items: items},
			{SteamID: marked, TradeToken: "Mark3d-t", Probation: true, CommunityBan: true, VACBans: 1, Items: items},
			{SteamID: big, TradeToken: "B1g-tokn", Items: []sim.Item{{App: steam.CS2, Name: dune, Count: 97}}},
		},
	}
}

func (st *stage) clock() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.now
}

func (st *stage) advance(d time.Duration) {
	st.mu.Lock()
	st.now = st.now.Add(d)
	now := st.now
	st.mu.Unlock()
	st.sim.Step(now)
}

func (st *stage) client(t *testing.T, session []byte) steam.Client {
	t.Helper()
	c, err := web.New(web.Options{
		Endpoints: web.Endpoints{Community: st.server.URL, API: st.server.URL, Login: st.server.URL, Store: st.server.URL},
		Account: web.Account{ID: bot, Name: "example_bot", Password: "example bot password",
			SharedSecret: "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=", IdentitySecret: "iYYWqyDW0rccStpM0VUyLznxe5U="},
		Session: session, Now: st.clock, InventoryPage: 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// control calls one of the simulator's own paths.
func (st *stage) control(method, path, body string) []byte {
	st.t.Helper()
	req, err := http.NewRequestWithContext(st.t.Context(), method, st.server.URL+path, strings.NewReader(body))
	if err != nil {
		st.t.Fatal(err)
	}
	res, err := st.server.Client().Do(req)
	if err != nil {
		st.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		st.t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, b, err)
	}
	return b
}

func (st *stage) lose(when string) func(steamtest.Call) {
	return func(c steamtest.Call) {
		st.t.Helper()
		st.control("POST", "/sim/faults", fmt.Sprintf(`{"endpoint":%q,"when":%q,"kind":"drop"}`, c, when))
	}
}

// logins counts the logins in the simulator's journal of requests.
func (st *stage) logins() int {
	st.t.Helper()
	var out struct {
		Requests []struct {
			Endpoint string `json:"endpoint"`
		} `json:"requests"`
	}
	if err := json.Unmarshal(st.control("GET", "/sim/journal", ""), &out); err != nil {
		st.t.Fatal(err)
	}
	n := 0
	for _, r := range out.Requests {
		if r.Endpoint == "login" {
			n++
		}
	}
	return n
}

func (st *stage) fixture() steamtest.Fixture {
	return steamtest.Fixture{
		Client: st.client, Bot: bot, Partner: partner, PartnerToken: "Eus3r-tk",
		Private: hidden, PrivateToken: "Pr1vate_",
		Held: held, HeldToken: "He1d-tok", HeldFor: 15 * 24 * time.Hour,
		Banned: banned, BannedToken: "Bann3d-t", Marked: marked, Big: big, BigItems: 97, Unknown: 76561198000000999,
		Protected: steam.CS2, Free: steam.Rust,
		Now: st.clock, Advance: st.advance,
		Accept:  func(id steam.OfferID) { st.control("POST", "/sim/offers/"+string(id)+"/accept", "") },
		Decline: func(id steam.OfferID) { st.control("POST", "/sim/offers/"+string(id)+"/decline", "") },
		Reverse: func(id steam.TradeID) {
			st.control("POST", "/sim/trades/"+string(id)+"/reverse?by="+partner.String(), "")
		},
		TradeSteps: func(d time.Duration) { st.control("POST", "/sim/settings", fmt.Sprintf(`{"trade_steps":%q}`, d)) },
		Unnoticed:  func(d time.Duration) { st.control("POST", "/sim/settings", fmt.Sprintf(`{"invalid_after":%q}`, d)) },

		FewOffers: func(n int) {
			st.control("POST", "/sim/settings", fmt.Sprintf(`{"limits":{"offers_page":%d}}`, n))
		},
		FewLists: func(n int) {
			st.control("POST", "/sim/settings", fmt.Sprintf(`{"limits":{"confirmation_lists":%d}}`, n))
		},

		LoseAnswer:  st.lose("after"),
		LoseRequest: st.lose("before"),
		EndSessions: func() { st.control("POST", "/sim/accounts/"+bot.String(), `{"end_sessions":true}`) },
		Logins:      st.logins,
	}
}
