package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/lease"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/web"
	"github.com/skinrail/skinrail/internal/webhook"
	"github.com/skinrail/skinrail/internal/world"
)

// Serve is how to run a gateway against the real Steam.
type Serve struct {
	Listen         string // main listener
	AdminListen    string // profiling; loopback
	SocketListen   string // plain websockets for very old clients; empty: none
	Store                 // where everything is kept
	PublicURL      string // where payers and merchants reach the main listener
	KeyFile        string // opens the secrets in the database
	Steam          SteamURLs
	Pace           web.Gaps
	Poll           time.Duration // how often a bot looks at Steam
	Protected      Games         // under Steam's trade protection
	Prices         string        // file that names price sources; empty: none
	Pictures       string        // where pictures are fetched; empty: they are drawn
	Games          Games         // that are traded; empty: all
	TrustedProxies Networks      // that may say for whom they ask
	Roles          Roles         // of this process; empty: all
	AllowPrivate   bool          // notifications may go to private addresses
	Lease          time.Duration // how long a process may be silent before others take over its work
	Replica        string        // folder of Litestream's replica of the data folder; empty: none
	Version        string
	Out            io.Writer
	Log            *slog.Logger
}

// serving is a gateway that runs against the real Steam.
type serving struct {
	running
	cfg         Serve
	box         *seal.Box
	main, admin *server
	sockets     *server // nil when not wanted
}

// Run starts the gateway and returns after ctx has ended and everything that
// ran is finished, or with the first failure. What the configuration lacks is
// named all at once, and nothing is opened then.
func (c Serve) Run(ctx context.Context) error {
	if err := c.check(); err != nil {
		return explain(err)
	}
	s := &serving{running: running{log: c.Log}, cfg: c}
	return s.run(ctx, s.openKey, s.openStore, s.openListeners, s.openGateway, s.start)
}

// check names what a gateway cannot do without, and what cannot be meant.
func (c *Serve) check() error {
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	var lacks []string
	for _, f := range []struct{ flag, value, what string }{
		{"--public-url", c.PublicURL, "where payers and merchants reach this gateway, such as https://pay.example.com"},
		{"--key-file", c.KeyFile, "the file with the key of the database's secrets"},
		{"--steam-url", c.Steam.Community, "Steam's community; its own address is https://steamcommunity.com"},
		{"--steam-api-url", c.Steam.API, "Steam's Web API; its own address is https://api.steampowered.com"},
	} {
		if f.value == "" {
			lacks = append(lacks, "\n  "+f.flag+"  "+f.what)
		}
	}
	if len(lacks) > 0 {
		return wrong("serve does not start without:%s", strings.Join(lacks, ""))
	}
	for _, f := range []struct{ flag, value string }{{"--public-url", c.PublicURL}, {"--steam-url", c.Steam.Community}, {"--steam-api-url", c.Steam.API}} {
		u, err := url.Parse(f.value)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return wrong("%s: want https://host without anything after it", f.flag)
		}
	}
	if c.Poll <= 0 || slices.Min([]time.Duration{c.Pace.Login, c.Pace.Inventory, c.Pace.Confirmation, c.Pace.Request, c.Pace.Penalty}) < 0 {
		return wrong("--steam-poll must be above zero, and no --steam-…-gap below it")
	}
	if c.Lease < time.Second {
		return wrong("--lease-length must be a second or more")
	}
	return nil
}

// LogValue is the configuration without secrets.
func (c Serve) LogValue() slog.Value {
	where := c.Data
	if c.Database != "" {
		where = "postgres"
		if u, err := url.Parse(c.Database); err == nil {
			where = "postgres://" + u.Host + u.Path
		}
	}
	return slog.GroupValue(slog.String("listen", c.Listen), slog.String("database", where), slog.String("public_url", c.PublicURL),
		slog.String("steam", c.Steam.Community), slog.String("steam_api", c.Steam.API), slog.String("roles", c.Roles.String()))
}

func (s *serving) openKey(context.Context) (err error) {
	s.box, err = seal.LoadKey(s.cfg.KeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no key in %s: make one of 64 hexadecimal digits, keep it and a copy elsewhere:\n  (umask 077; openssl rand -hex 32 > %s)\nWhen there was one that is lost:  skinrail key-lost --help", s.cfg.KeyFile, s.cfg.KeyFile)
	}
	return err
}

// openStore opens the database, which must not be a sandbox's. One process at a
// time runs on a folder; several share a PostgreSQL server.
func (s *serving) openStore(ctx context.Context) (err error) {
	if s.cfg.Database == "" {
		if s.lock, err = lockFolder(s.cfg.Data); err != nil {
			return err
		}
	}
	if s.db, err = s.cfg.openBy(ctx, db.Open); err != nil {
		return err
	}
	_, sandbox, err := world.Open(ctx, s.db, time.Now)
	if sandbox {
		return errors.New("this database belongs to a sandbox: serve needs one of its own")
	}
	return err
}

func (s *serving) openListeners(context.Context) (err error) {
	if s.main, err = s.listen(&s.front, s.cfg.Listen); err != nil {
		return err
	}
	if s.admin, err = s.listen(&s.back, s.cfg.AdminListen); err != nil {
		return err
	}
	if s.cfg.SocketListen != "" && s.cfg.Roles.has(RoleSocket) {
		s.sockets, err = s.listen(&s.front, s.cfg.SocketListen)
	}
	return err
}

func (s *serving) openGateway(ctx context.Context) (err error) {
	c := s.cfg
	s.gateway, err = NewGateway(ctx, Options{DB: s.db, Box: s.box, PublicURL: c.PublicURL, Poll: c.Poll, Pace: c.Pace,
		Steam: web.Endpoints{Community: c.Steam.Community, API: c.Steam.API}, Games: c.Games.apps, Sources: c.Prices, Pictures: c.Pictures,
		TrustedProxies: c.TrustedProxies.networks, Guard: webhook.GuardOptions{AllowLoopback: c.AllowPrivate, AllowPrivate: c.AllowPrivate},
		Now: s.db.Clock, Log: c.Log, Roles: c.Roles, Lease: c.Lease, Replica: c.replica(c.Replica)})
	if err != nil {
		return err
	}
	if err := opens(ctx, s.db, s.box, c.KeyFile); err != nil {
		return err
	}
	return s.gateway.Fleet.Protect(ctx, c.Protected.apps...)
}

// start serves and runs everything. Bots log in behind it, at Steam's pace:
// /readyz tells when one can work.
func (s *serving) start(ctx context.Context) error {
	s.log.Info("configuration", "serve", s.cfg)
	s.main.visitors = s.gateway.visitors()
	s.main.serve(s.gateway.public(nil), s.log, s.failed)
	s.admin.serve(s.gateway.back(), s.log, s.failed)
	if s.sockets != nil {
		s.sockets.visitors = s.gateway.visitors()
		s.sockets.serve(s.gateway.legacySockets(), s.log, s.failed)
	}
	if err := s.gateway.Hire(ctx); err != nil {
		return err
	}
	s.loop(ctx)
	if s.lock != nil {
		if err := writeWhole(filepath.Join(s.cfg.Data, urlFile), []byte(s.main.URL()+"\n")); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.cfg.Out, "Skinrail serves %s for %s\n  gateway    %s\n  profiling  %s\n  node       %s\n", s.cfg.Roles, s.cfg.PublicURL, s.main.URL(), s.admin.URL(), s.gateway.Node)
	return nil
}

// Migrate brings a database's schema up to date, making a file when there is
// none. Running it again changes nothing. On a folder that a gateway runs on, it
// changes nothing either: that may be an older one, which is alone there by right.
func Migrate(ctx context.Context, s Store, out io.Writer) error {
	bring, inUse := db.Open, error(nil)
	if s.Database == "" {
		var lock *os.File
		if lock, inUse = lockFolder(s.Data); inUse == nil {
			defer func() { _ = lock.Close() }()
		} else {
			bring = db.OpenAsIs
		}
	}
	d, err := s.openBy(ctx, bring)
	if err != nil {
		return errors.Join(err, inUse)
	}
	fmt.Fprintln(out, "the schema is up to date")
	return d.Close()
}

// protectedByDefault is the game that Steam's trade protection covers.
var protectedByDefault = []steam.AppID{steam.CS2}

// Defaults are what a configuration leaves out: the pace that careful operators
// keep.
func Defaults() Serve {
	return Serve{Protected: Games{protectedByDefault}, Poll: 2 * time.Second, Lease: lease.Length,
		Pace: web.Gaps{Login: 10 * time.Second, Inventory: 4 * time.Second, Confirmation: 10 * time.Second,
			Request: 300 * time.Millisecond, Penalty: 30 * time.Minute}}
}
