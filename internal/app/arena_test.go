package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/bot"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/sandbox"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/sim"
	"github.com/skinrail/skinrail/internal/steam/web"
)

// arena is a gateway's rooms and bots at a simulated Steam in the same process,
// with a clock in the test's hand. Each bot has two agents, as when one process
// does not know yet that another has taken over.
type arena struct {
	t      *testing.T
	target string
	steam  *sim.Sim
	front  http.Handler
	db     *db.DB
	g      *Gateway
	agents []*bot.Agent

	mu  sync.Mutex
	now time.Time
}

const arenaProject = 770001

func (a *arena) clock() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

func (a *arena) to(t time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = t
}

// RoundTrip answers requests to the simulated Steam without a network.
func (a *arena) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	a.front.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func (a *arena) ok(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// newArena makes bots, and a payer for each number of things, all of one game;
// all games are under protection.
func newArena(t *testing.T, target string, bots int, payers []int) *arena {
	t.Helper()
	return openArena(t, target, arenaWorld(bots, payers))
}

func openArena(t *testing.T, target string, world []byte) *arena {
	t.Helper()
	a := &arena{t: t, target: target, now: time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)}
	f, err := sandbox.Parse(world)
	a.ok(err)
	a.steam, err = sim.Open(sim.Options{Now: a.clock, BaseURL: func() string { return "http://steam.test" }, Logger: slog.New(slog.DiscardHandler)})
	a.ok(err)
	a.front = a.steam.Handler()
	seed := SimWorld(f)
	seed.Settings.Limits = map[string]int{"offers_to_one": -1}
	a.ok(a.steam.Seed(seed))
	a.open()
	g := a.g
	a.ok(f.Seed(t.Context(), sandbox.Rooms{Merchants: g.Merchants, Ledger: g.Ledger, Pricing: g.Pricing, Fleet: g.Fleet}, a.now))
	all, err := g.Fleet.Bots(t.Context())
	a.ok(err)
	for _, b := range all {
		a.ok(g.Fleet.SetLimits(t.Context(), b.ID, fleet.Limits{Open: 400}))
	}
	a.hire()
	a.settle(a.first())
	t.Cleanup(func() { a.ok(errors.Join(a.db.Close(), a.steam.Close())) })
	return a
}

var arenaGames = []string{"cs2", "dota2", "rust", "tf2"}

func arenaWorld(bots int, payers []int) []byte {
	type m map[string]any
	protected, prices := m{}, []m{}
	for _, g := range arenaGames {
		protected[g] = "168h"
		prices = append(prices, m{"game": g, "name": "Thing", "price": "1.000"})
	}
	accounts := []m{}
	for i := range bots {
		accounts = append(accounts, m{"role": "bot", "steam_id": steam.FromAccount(uint32(1000 + i)).String(), "account_name": fmt.Sprintf("bot%d", i), "password": "example password",
			"shared_secret": "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=", "identity_secret": "iYYWqyDW0rccStpM0VUyLznxe5U=", "trade_token": fmt.Sprintf("bot%05d", i)})
	}
	for i, each := range payers {
		accounts = append(accounts, m{"role": "payer", "steam_id": arenaPayer(i).String(), "trade_token": fmt.Sprintf("pay%05d", i), "behaviour": "accept",
			"items": []m{{"game": arenaGames[i%4], "name": "Thing", "count": each}}})
	}
	data, _ := json.Marshal(m{"seed": 7, "currencies": m{"usd": "1"}, "prices": prices, "accounts": accounts, "steam": m{"protected_games": protected, "require_acknowledge": false},
		"projects": []m{{"client_id": strconv.Itoa(arenaProject), "client_secret": "example-Secret-1", "name": "Shop", "commission": "0.05"}}}) // cannot fail: made of texts
	return data
}

func arenaPayer(i int) steam.ID64 { return steam.FromAccount(uint32(100_000 + i)) }

// open opens the database, as a start does.
func (a *arena) open() {
	a.t.Helper()
	var err error
	a.db, err = db.Open(a.t.Context(), a.target)
	a.ok(err)
	a.g, err = NewGateway(a.t.Context(), Options{DB: a.db, Box: seal.New([32]byte{3}), PublicURL: "http://gateway.test", Transport: a, Now: a.clock, Alone: true,
		Steam: web.Endpoints{Community: "http://steam.test", API: "http://steam.test"}, Log: slog.New(slog.DiscardHandler)})
	a.ok(err)
}

// hire makes two agents for each bot.
func (a *arena) hire() {
	a.t.Helper()
	a.agents = nil
	bots, err := a.g.Fleet.Bots(a.t.Context())
	a.ok(err)
	var clients []steam.Client
	for _, b := range bots {
		c, _, err := a.g.Fleet.Secrets(a.t.Context(), b.ID)
		a.ok(err)
		for range 2 {
			client, err := web.New(a.g.clientOptions(b, c, nil))
			a.ok(err)
			clients = append(clients, client)
			a.agents = append(a.agents, bot.NewAgent(client, b, a.g.Trades, a.g.Fleet, a.g.Drifts, a.g.Log))
		}
	}
	a.g.Desk.Staff(clients)
}

// restart closes everything in the middle of what runs, and opens it again.
func (a *arena) restart() {
	a.t.Helper()
	a.ok(a.db.Close())
	a.open()
	a.hire()
}

// step lets agents do one step at the same time. Errors are those of a stop.
func (a *arena) step(ctx context.Context, agents []*bot.Agent) bool {
	moved := make([]bool, len(agents))
	var wg sync.WaitGroup
	for i, one := range agents {
		wg.Go(func() {
			did, err := one.Step(ctx, a.clock())
			if err != nil && ctx.Err() == nil {
				a.t.Errorf("step: %v", err)
			}
			moved[i] = did
		})
	}
	wg.Wait()
	for _, m := range moved {
		if m {
			return true
		}
	}
	return false
}

// settle steps until nothing moves.
func (a *arena) settle(agents []*bot.Agent) {
	a.t.Helper()
	for range 1000 {
		if played := a.steam.Step(a.clock()); !a.step(a.t.Context(), agents) && !played {
			return
		}
	}
	a.t.Fatal("no rest")
}

// first is one agent of each bot.
func (a *arena) first() (agents []*bot.Agent) {
	for i := 0; i < len(a.agents); i += 2 {
		agents = append(agents, a.agents[i])
	}
	return agents
}

// deposit opens a deposit of each thing of the first payers, and lets all be
// accepted.
func (a *arena) deposit(payers int) {
	a.t.Helper()
	p, err := a.g.Merchants.Project(a.t.Context(), arenaProject)
	a.ok(err)
	for from := 0; from < payers; from += 100 {
		next := make(chan int)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for i := range next {
					a.depositAll(p, i)
				}
			})
		}
		for i := from; i < min(payers, from+100); i++ {
			next <- i
		}
		close(next)
		wg.Wait()
		a.settle(a.first())
	}
}

func (a *arena) depositAll(p merchant.Project, payer int) {
	app := gameNames[payer%4].app
	for n, id := range a.assets(arenaPayer(payer), app) {
		r := deposit.Request{Project: p, OrderID: fmt.Sprintf("%d/%d", payer, n), SteamID: arenaPayer(payer), TradeToken: fmt.Sprintf("pay%05d", payer)}
		if _, err := a.g.Deposits.OpenChosen(a.t.Context(), r, app, []string{id}, a.clock()); err != nil {
			a.t.Errorf("deposit %s: %v", r.OrderID, err)
		}
	}
}

// sim calls the simulator's control.
func (a *arena) sim(method, path string) (code int, out map[string]any) {
	rec := httptest.NewRecorder()
	a.front.ServeHTTP(rec, httptest.NewRequest(method, "http://steam.test/sim/"+path, http.NoBody))
	_ = json.Unmarshal(rec.Body.Bytes(), &out) // empty when it is none
	return rec.Code, out
}

func (a *arena) assets(of steam.ID64, app steam.AppID) (ids []string) {
	_, out := a.sim(http.MethodGet, fmt.Sprintf("accounts/%s/items?app=%d", of, app))
	list, _ := out["items"].([]any)
	for _, it := range list {
		ids = append(ids, fmt.Sprint(it.(map[string]any)["assetid"]))
	}
	return ids
}

// click makes a payer reverse all that he can; false when Steam refuses.
func (a *arena) click(payer steam.ID64, one steam.TradeID) bool {
	code, _ := a.sim(http.MethodPost, fmt.Sprintf("trades/%s/reverse?by=%s", one, payer))
	return code == http.StatusOK
}

// dose is how much of something a test does.
func dose(name string, otherwise int) int {
	if n, err := strconv.Atoi(strings.TrimSpace(os.Getenv(name))); err == nil && n > 0 {
		return n
	}
	return otherwise
}
