package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/sandbox"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam/sim"
	"github.com/skinrail/skinrail/internal/steam/web"
	"github.com/skinrail/skinrail/internal/trade"
	"github.com/skinrail/skinrail/internal/webhook"
	"github.com/skinrail/skinrail/internal/world"
)

// Sandbox is how to run everything in one process with a simulated Steam.
type Sandbox struct {
	Listen         string   // main listener
	SteamListen    string   // simulated Steam
	AdminListen    string   // profiling; loopback
	SocketListen   string   // plain websockets for very old clients; empty: none
	Data           string   // folder; made when missing
	Database       string   // postgres://…; empty: a file in Data
	World          string   // world file; empty: the built-in world
	Seed           int64    // of the built-in world; 0: its own
	Prices         string   // file that names price sources; empty: none
	Pictures       string   // where pictures are fetched; empty: they are drawn
	Games          Games    // that are traded; empty: all
	TrustedProxies Networks // that may say for whom they ask
	ReadyFile      string   // written once when ready; empty: the same is printed for people
	Replica        string   // folder of Litestream's replica of the data folder; empty: none
	Version        string
	Out            io.Writer
	Log            *slog.Logger
}

// sandboxPoll is how often a bot looks at the simulated Steam, which has no
// limits to respect.
const sandboxPoll = 250 * time.Millisecond

// simTick is how often the simulated Steam is asked to do what is due.
const simTick = 20 * time.Millisecond

// playing is a sandbox that runs: a gateway process with the world it plays in.
type playing struct {
	running
	cfg              Sandbox
	main, steamFront *server
	admin            *server
	sockets          *server // nil when not wanted
	world            *world.Service
	sim              *sim.Sim
	clock            *clock
}

// Run starts the sandbox and returns after ctx has ended and everything that
// ran is finished, or with the first failure.
func (c Sandbox) Run(ctx context.Context) error {
	r := &playing{running: running{log: c.Log}, cfg: c}
	return r.run(ctx, r.openListeners, r.openWorld, r.openSteam, r.openGateway, r.start, r.tell)
}

func (r *playing) openListeners(context.Context) (err error) {
	if r.lock, err = lockFolder(r.cfg.Data); err != nil {
		return err
	}
	if r.main, err = r.listen(&r.front, r.cfg.Listen); err != nil {
		return err
	}
	if r.steamFront, err = r.listen(&r.back, r.cfg.SteamListen); err != nil {
		return err
	}
	if r.admin, err = r.listen(&r.back, r.cfg.AdminListen); err != nil {
		return err
	}
	if r.cfg.SocketListen != "" {
		r.sockets, err = r.listen(&r.front, r.cfg.SocketListen)
	}
	return err
}

func (r *playing) openWorld(ctx context.Context) (err error) {
	if r.db, err = (Store{r.cfg.Data, r.cfg.Database}).openBy(ctx, db.Open); err != nil {
		return err
	}
	var found bool
	if r.world, found, err = world.Open(ctx, r.db, time.Now); err != nil || found {
		return err
	}
	f, err := r.worldFile()
	if err != nil {
		return err
	}
	start, err := f.StartTime()
	if err != nil {
		return err
	}
	return r.world.Create(ctx, f.Number, start)
}

// openSteam opens the simulated Steam and, in a new world, seeds it first: the
// rooms then find its accounts there.
func (r *playing) openSteam(context.Context) (err error) {
	r.sim, err = sim.Open(sim.Options{Now: r.world.Now, BaseURL: r.steamFront.URL, Dir: filepath.Join(r.cfg.Data, "steam"), Logger: r.cfg.Log})
	if err != nil {
		return fmt.Errorf("simulated Steam: %w", err)
	}
	r.steam = r.sim
	r.steamFront.serve(r.sim.Handler(), r.cfg.Log, r.failed)
	if !r.sim.Empty() {
		return nil
	}
	if r.world.Seeded() {
		return fmt.Errorf("the database holds a world but %s holds no simulated Steam: start with the folder the world was made in", r.cfg.Data)
	}
	f, err := r.worldFile()
	if err != nil {
		return err
	}
	return r.sim.Seed(SimWorld(f))
}

func (r *playing) openGateway(ctx context.Context) error {
	box, err := seal.LoadOrCreateKey(filepath.Join(r.cfg.Data, keyFile))
	if err != nil {
		return err
	}
	u := r.steamFront.URL()
	r.gateway, err = NewGateway(ctx, Options{DB: r.db, Alone: true, Box: box, PublicURL: r.main.URL(), Poll: sandboxPoll, Games: r.cfg.Games.apps, Sources: r.cfg.Prices, Pictures: r.cfg.Pictures, TrustedProxies: r.cfg.TrustedProxies.networks,
		Steam: web.Endpoints{Community: u, API: u, Login: u, Store: u},
		Guard: webhook.GuardOptions{AllowLoopback: true}, Now: r.world.Now, Log: r.cfg.Log, Replica: Store{r.cfg.Data, r.cfg.Database}.replica(r.cfg.Replica)})
	if err != nil {
		return err
	}
	r.clock = &clock{gateway: r.gateway, world: r.world, steam: r.sim}
	if r.world.Seeded() {
		if r.cfg.World != "" || r.cfg.Seed != 0 {
			fmt.Fprintf(r.cfg.Out, "%s holds a world already: --world and --seed are not applied again\n", r.cfg.Data)
		}
		return nil
	}
	return r.seedRooms(ctx)
}

// seedRooms applies the world file to the rooms. Each part may have been
// applied before by a start that was interrupted.
func (r *playing) seedRooms(ctx context.Context) error {
	f, err := r.worldFile()
	if err != nil {
		return err
	}
	g := r.gateway
	rooms := sandbox.Rooms{Merchants: g.Merchants, Ledger: g.Ledger, Pricing: g.Pricing, Fleet: g.Fleet}
	if err := f.Seed(ctx, rooms, r.world.Now()); err != nil {
		return fmt.Errorf("seed the world: %w", err)
	}
	return r.world.MarkSeeded(ctx)
}

// worldFile reads the world that is being made. A copy is kept in the folder
// until then, so that an interrupted first start goes on with the same world.
func (r *playing) worldFile() (sandbox.File, error) {
	kept := filepath.Join(r.cfg.Data, "world.json")
	if data, err := os.ReadFile(kept); err == nil {
		return sandbox.Parse(data)
	}
	if r.cfg.World == "" {
		f := sandbox.Builtin(r.cfg.Seed)
		return f, writeWhole(kept, f.Bytes())
	}
	data, err := os.ReadFile(r.cfg.World)
	if err != nil {
		return sandbox.File{}, fmt.Errorf("world file: %w", err)
	}
	f, err := sandbox.Parse(data)
	if err == nil {
		err = SimWorld(f).Check()
	}
	if err != nil {
		return sandbox.File{}, fmt.Errorf("world file %s: %w", r.cfg.World, err)
	}
	return f, writeWhole(kept, data)
}

// start serves and runs everything. It returns when the gateway is ready.
func (r *playing) start(ctx context.Context) error {
	if err := r.gateway.Prepare(ctx); err != nil {
		return fmt.Errorf("prepare the bots: %w", err)
	}
	f, err := r.worldFile()
	if err != nil {
		return err
	}
	g := r.gateway
	door := sandbox.New(sandbox.Deps{Deposits: g.Deposits, Merchants: g.Merchants, Trades: g.Trades, Pricing: g.Pricing,
		Fleet: g.Fleet, Ledger: g.Ledger, Clock: r.clock, World: f, SteamURL: r.steamFront.URL,
		HTTP: &http.Client{Timeout: 30 * time.Second}, Kick: func() { r.db.Wake(trade.Topic) }, Logger: r.cfg.Log})
	r.main.visitors = g.visitors()
	r.main.serve(g.public(door.Handler()), r.cfg.Log, r.failed)
	r.admin.serve(r.gateway.back(), r.cfg.Log, r.failed)
	if r.sockets != nil {
		r.sockets.visitors = g.visitors()
		r.sockets.serve(g.legacySockets(), r.cfg.Log, r.failed)
	}
	g.loop(r.loop(ctx), "steam", simTick, nil, func(context.Context) (bool, error) { return r.sim.Step(r.world.Now()), nil })
	return nil
}
