package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/app"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/memory"
	"github.com/skinrail/skinrail/internal/random"
	"github.com/skinrail/skinrail/internal/sandbox"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/sim"
	"github.com/skinrail/skinrail/internal/steam/web"
	"github.com/skinrail/skinrail/internal/webhook"
)

// stage is what all seeds of a process begin with: one small world, and a
// database that has been migrated and filled, with bots that are signed in.
type stage struct {
	file     sandbox.File
	world    sim.World
	box      *seal.Box
	database []byte
	bots     []steam.ID64
	payers   []sandbox.Account
}

// Hosts of the simulated outside.
const (
	steamURL = "http://steam.test"
	shopURL  = "http://shop-%s.test:8080"
	ourURL   = "http://pay.test"
)

var prices = []sandbox.Price{
	{Game: "cs2", Name: "AK-47 | Slate (Field-Tested)", Price: "3.895"},
	{Game: "cs2", Name: "P250 | Sand Dune (Field-Tested)", Price: "0.016"},
	{Game: "tf2", Name: "Strange Wrench", Price: "1.253"},
}

// small is the world of the simulation: CS2 is under trade protection, TF2 is
// not.
func small() (sandbox.File, error) {
	f := sandbox.File{Number: 1, Start: begin.Format(time.RFC3339), Prices: prices,
		Currencies: map[string]string{"usd": "1", "eur": "0.92"},
		SteamRules: sandbox.Steam{ProtectedGames: map[string]string{"cs2": "168h"}, RequireAcknowledge: new(bool)}}
	for i, name := range []string{"100001", "100002"} {
		p := sandbox.Project{ClientID: name, ClientSecret: "simulated-secret-" + name, WebhookSecret: "whsec_c2ltdWxhdGVkLXNlY3JldC0" + "xMjM0NTY3ODkw",
			Name: "Shop " + name, Balance: "40", Multiplier: "1.1", Commission: "0.05", NoWait: i == 0, RateLimit: 1_000_000,
			ResultURL: fmt.Sprintf(shopURL, name) + "/result"}
		if i == 0 {
			p.EventsURL = fmt.Sprintf(shopURL, name) + "/events"
		}
		f.Projects = append(f.Projects, p)
	}
	for i, role := range []string{"bot", "bot", "payer", "payer", "payer", "payer"} {
		a := sandbox.Account{Role: role, Behaviour: sandbox.Manual, Persona: role + strconv.Itoa(i), TradeToken: "Token-" + strconv.Itoa(10+i)}
		for _, p := range prices {
			a.Items = append(a.Items, sandbox.Item{Game: p.Game, Name: p.Name, Count: 5})
		}
		f.Accounts = append(f.Accounts, a)
	}
	data, err := json.Marshal(f)
	if err != nil {
		return f, err
	}
	return sandbox.Parse(data) // fills in what is left out
}

// newStage makes the stage.
func newStage(ctx context.Context) (*stage, error) {
	f, err := small()
	if err != nil {
		return nil, err
	}
	s := &stage{file: f, world: app.SimWorld(f), box: seal.New([32]byte{1})}
	for i, a := range f.Accounts {
		if a.Role == "bot" {
			s.bots = append(s.bots, s.world.Accounts[i].SteamID)
		} else {
			s.payers = append(s.payers, a)
		}
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("prepare the simulated world: %w", err)
	}
	return s, nil
}

// prepare fills the database that all seeds begin with.
func (s *stage) prepare(ctx context.Context) error {
	p := newPlace()
	defer p.leave()
	if err := p.begin(ctx, nil); err != nil {
		return err
	}
	c := &clock{steam: begin}
	st, err := s.openSteam(c)
	if err != nil {
		return err
	}
	wire := &wire{handler: st.Handler(), clock: c}
	g, err := app.NewGateway(ctx, s.options(p.db, c, wire, nil, random.From(mathrand.NewChaCha8([32]byte{2})), slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	rooms := sandbox.Rooms{Merchants: g.Merchants, Ledger: g.Ledger, Pricing: g.Pricing, Fleet: g.Fleet}
	if err := s.file.Seed(ctx, rooms, begin); err != nil {
		return err
	}
	if err := g.Cash.SetLimit(ctx, 20_000); err != nil {
		return err
	}
	if err := g.Hire(ctx); err != nil {
		return err
	}
	for _, a := range g.Agents { // one after the other: items are numbered as they are read
		if _, err := a.Step(ctx, c.Now()); err != nil {
			return err
		}
	}
	if err := p.close(); err != nil {
		return err
	}
	s.database = memory.Data(p.name)
	return nil
}

func (s *stage) openSteam(c *clock) (*sim.Sim, error) {
	st, err := sim.Open(sim.Options{Now: c.Steam, BaseURL: func() string { return steamURL }})
	if err != nil {
		return nil, err
	}
	return st, st.Seed(s.world)
}

// options is how every gateway of the simulation is made.
func (s *stage) options(d *db.DB, c *clock, toSteam, toShops http.RoundTripper, r random.Source, log *slog.Logger) app.Options {
	return app.Options{DB: d, Box: s.box, PublicURL: ourURL, Steam: web.Endpoints{Community: steamURL, API: steamURL, Login: steamURL, Store: steamURL},
		Guard: webhook.GuardOptions{Transport: toShops}, Now: c.Now, Wall: c.Now, Random: r, Transport: toSteam, Log: log}
}

// drain reads and closes a body.
func drain(r io.ReadCloser) []byte {
	if r == nil {
		return nil
	}
	b, _ := io.ReadAll(r)
	_ = r.Close()
	return b
}
