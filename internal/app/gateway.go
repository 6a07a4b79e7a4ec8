package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"time"

	"github.com/skinrail/skinrail/internal/bot"
	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/lease"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/pay"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/random"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/risk"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/skinsback"
	"github.com/skinrail/skinrail/internal/socket"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/web"
	"github.com/skinrail/skinrail/internal/trade"
	"github.com/skinrail/skinrail/internal/webhook"
)

// Options are what a gateway is made of.
type Options struct {
	DB        *db.DB
	Box       *seal.Box
	PublicURL string // without a slash at its end
	Steam     web.Endpoints
	Pace      web.Gaps
	Games     []steam.AppID // that are traded; empty: all
	Poll      time.Duration // how often a bot looks at Steam
	Guard     webhook.GuardOptions
	Now       func() time.Time // the world's clock
	Log       *slog.Logger
	Sources   string // file that names price sources; empty: prices are only set by hand
	Pictures  string // where pictures of items are fetched; empty: they are drawn
	// TrustedProxies may say in X-Forwarded-For for whom they ask.
	TrustedProxies []netip.Prefix
	Roles          Roles // of this process; the zero value is all
	// Alone says that no other process can be on the database, as on SQLite.
	Alone bool
	// Replica is a copy of the database that another program keeps.
	Replica replica
	Lease   time.Duration // how long a process may be silent before others take over; zero: lease.Length

	// What a simulation decides; missing is what the machine has.
	Wall      func() time.Time
	Random    random.Source
	Transport http.RoundTripper   // to Steam
	Pause     func(time.Duration) // while a call waits for Steam
}

// Gateway is everything that runs, whatever Steam stands behind it.
type Gateway struct {
	Options
	paces     *web.Paces
	Ledger    *ledger.Service
	Merchants *merchant.Service
	Events    *event.Service
	Webhooks  *webhook.Service
	Pricing   *pricing.Service
	Fleet     *fleet.Service
	Trades    *trade.Service
	Drifts    *reconcile.Service
	Market    *market.Service
	Deposits  *deposit.Service
	Purchases *purchase.Service
	Cash      *cash.Service
	Desk      *bot.Desk
	Metrics   *Metrics
	Node      string // names this run of this process among those on the database
	Leases    *lease.Keeper
	sign      *sign                    // of Node
	Agents    []*bot.Agent             // that work in this process
	staff     map[steam.ID64]*employee // the same, with their leases
	readers   map[steam.ID64]reader    // bots that work in others
	looks     int
	enabled   map[steam.ID64]bool // bots, as Hire saw them last
	API       *skinsback.Door
	Pay       *pay.Door
	Sockets   *socket.Door
	loops     loops
	stopped   string // why no money moves, as it was logged last
}

// NewGateway wires rooms and doors. Nothing runs and Steam is not called yet.
func NewGateway(ctx context.Context, o Options) (*Gateway, error) {
	g := &Gateway{Options: o, paces: web.NewPaces(o.Pace), Desk: &bot.Desk{}, staff: map[steam.ID64]*employee{}, readers: map[steam.ID64]reader{}}
	if g.Wall == nil {
		g.Wall = g.DB.Clock
	}
	g.rooms()
	g.lease()
	g.Metrics = newMetrics(g.DB, g.Log, g.Now, g.readings())
	if err := g.checkBooks(ctx); err != nil {
		return nil, err
	}
	if err := g.Pricing.Load(ctx); err != nil {
		return nil, fmt.Errorf("load prices: %w", err)
	}
	if err := g.sources(ctx); err != nil {
		return nil, err
	}
	g.doors()
	return g, nil
}

func (g *Gateway) rooms() {
	g.Ledger = ledger.New(g.DB)
	g.Merchants = merchant.New(g.DB, g.Box)
	g.Events = event.New(g.DB)
	g.Events.Random = g.Random
	g.Pricing = pricing.New(g.DB)
	g.Fleet = fleet.New(g.DB, g.Box)
	g.Fleet.Value(g.Pricing.BuyIn)
	g.Trades = trade.New(g.DB)
	g.Trades.Random = g.Random
	g.Drifts = reconcile.New(g.DB, g.Trades, g.Fleet)
	g.Market = market.New(g.DB, g.Pricing, g.Fleet)
	g.Deposits = deposit.New(deposit.Deps{DB: g.DB, Ledger: g.Ledger, Events: g.Events, Merchants: g.Merchants,
		Trades: g.Trades, Fleet: g.Fleet, Pricing: g.Pricing, Risk: risk.New(), Steam: g.Desk, Random: g.Random})
	g.Purchases = purchase.New(purchase.Deps{DB: g.DB, Ledger: g.Ledger, Events: g.Events, Merchants: g.Merchants,
		Market: g.Market, Trades: g.Trades, Fleet: g.Fleet, Random: g.Random})
	g.Cash = cash.New(cash.Deps{DB: g.DB, Ledger: g.Ledger, Events: g.Events, Merchants: g.Merchants})
	g.Webhooks = webhook.New(webhook.Deps{DB: g.DB, Events: g.Events, Merchants: g.Merchants,
		Encoder: skinsback.NewEncoder(), Client: webhook.Guard(g.Guard), Wall: g.Wall})
}

func (g *Gateway) doors() {
	g.API = skinsback.New(skinsback.Deps{DB: g.DB, Merchants: g.Merchants, Deposits: g.Deposits, Purchases: g.Purchases,
		Market: g.Market, Pricing: g.Pricing, Ledger: g.Ledger, Cash: g.Cash, Webhooks: g.Webhooks,
		Trades: g.Trades, Fleet: g.Fleet, Games: g.Games, PublicURL: g.PublicURL, Guard: g.Guard,
		Ready: g.unavailable, Answered: g.Metrics.answered, Version: g.DB.Version, Now: g.Now, Wall: g.Wall, Wait: g.Pause, TrustedProxies: g.TrustedProxies, Logger: g.Log})
	g.Pay = pay.New(pay.Deps{Deposits: g.Deposits, Merchants: g.Merchants, Pricing: g.Pricing, Trades: g.Trades, Fleet: g.Fleet,
		Steam: faces{g.Desk}, OpenID: web.OpenID{Community: g.Steam.Community, HTTP: &http.Client{Transport: g.Transport}}, PublicURL: g.PublicURL,
		CommunityURL: g.Steam.Community, Games: g.Games, PictureURL: g.Pictures, PictureHTTP: g.pictureHTTP(), Now: g.Now, Wall: g.Wall, Logger: g.Log})
	g.Sockets = socket.New(socket.Deps{Events: g.Events, Merchants: g.Merchants, Encode: skinsback.Frame,
		LegacyLogin: func(p merchant.Project) bool { return !p.NoSocketLogin },
		Limits:      socket.Limits{Sockets: maxSockets()}, Logger: g.Log})
}

// noticeDuty tells readers of what is for sale that an operator, in another
// process, has put a bot to work or taken it out.
func (g *Gateway) noticeDuty(bots []fleet.Bot) {
	enabled := map[steam.ID64]bool{}
	for _, b := range bots {
		enabled[b.ID] = b.Enabled
	}
	if g.enabled != nil && !maps.Equal(g.enabled, enabled) {
		g.Fleet.Touch()
	}
	g.enabled = enabled
}

// Prepare makes the gateway ready: bots have sessions and their inventories are
// read. It returns the errors of those that cannot; the others are ready. That no
// money moves is no reason not to answer.
func (g *Gateway) Prepare(ctx context.Context) error {
	if err := g.Hire(ctx); err != nil {
		return err
	}
	errs := make(chan error, len(g.Agents))
	for _, a := range g.Agents {
		go func() { _, err := g.step(ctx, a, g.Now()); errs <- err }()
	}
	var all []error
	for range g.Agents {
		if err := <-errs; !errors.Is(err, ledger.ErrStopped) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// unavailable tells the API's method status why nothing can be traded.
func (g *Gateway) unavailable() string {
	if g.Ledger.Stopped() != "" {
		return "site_off"
	}
	bots, err := g.Fleet.Bots(context.Background())
	if err != nil {
		return "site_off"
	}
	for _, b := range bots {
		if b.Enabled && b.Health.Works() {
			return ""
		}
	}
	if fleet.AllStopped(bots) {
		return "site_off"
	}
	return "no_bots"
}

// faces gives the payment page what it shows of Steam accounts.
type faces struct{ *bot.Desk }

// Profile is what Steam shows of an account to everybody.
func (f faces) Profile(ctx context.Context, id steam.ID64) (pay.Profile, error) {
	s, level, err := f.Desk.Profile(ctx, id)
	return pay.Profile{Name: s.Name, Level: level, Joined: s.Created}, err
}
