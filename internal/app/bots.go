package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/web"
)

// Bots is what the command line does with our Steam accounts. It works on the
// database itself, also while the gateway runs on it: changes are seen within
// seconds.
type Bots struct {
	Store
	KeyFile string // seals secrets; empty: the file "key" in Data
	JSON    bool   // print for machines
	Out     io.Writer
}

// crew is an open database with the fleet.
type crew struct {
	db    *db.DB
	fleet *fleet.Service
	clock func() time.Time // of the sandbox's world, if there is one
}

func (b Bots) with(ctx context.Context, box *seal.Box, f func(crew) error) (err error) {
	d, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(inWords(err), d.Close()) }()
	now, _, err := clockOf(ctx, d)
	if err != nil {
		return err
	}
	return f(crew{db: d, fleet: fleet.New(d, box), clock: now})
}

// inWords is explain without talk of bookings.
func inWords(err error) error {
	if err != nil && db.Class(err) == db.Busy {
		return said{"the database is busy: try again", err}
	}
	return explain(err)
}

// sealed is with for what opens or seals secrets. It refuses a key that does
// not open what the database holds already.
func (b Bots) sealed(ctx context.Context, f func(crew) error) error {
	box, path, err := b.loadKey(b.KeyFile)
	if err != nil {
		return err
	}
	return b.with(ctx, box, func(c crew) error {
		if err := opens(ctx, c.db, box, path); err != nil {
			return err
		}
		return f(c)
	})
}

// List prints all bots, each with the one reason why it can or cannot work.
func (b Bots) List(ctx context.Context) error {
	return b.with(ctx, nil, func(c crew) error {
		all, err := c.fleet.Bots(ctx)
		if err != nil {
			return err
		}
		return b.printList(all)
	})
}

// duties are the commands that change what a bot does.
var duties = map[string]func(*fleet.Service, context.Context, steam.ID64, time.Time) error{
	"enable": func(f *fleet.Service, ctx context.Context, id steam.ID64, now time.Time) error {
		return f.Enable(ctx, id, true, now)
	},
	"drain": func(f *fleet.Service, ctx context.Context, id steam.ID64, now time.Time) error {
		return f.Enable(ctx, id, false, now)
	},
	"quarantine": (*fleet.Service).Quarantine,
}

// SetDuty enables, drains or quarantines a bot, named by SteamID64 or account.
func (b Bots) SetDuty(ctx context.Context, duty, name string) error {
	return b.with(ctx, nil, func(c crew) error {
		one, err := c.find(ctx, name)
		if err != nil {
			return err
		}
		if err := duties[duty](c.fleet, ctx, one.ID, c.clock()); err != nil {
			return err
		}
		if one, err = c.fleet.Bot(ctx, one.ID); err != nil {
			return err
		}
		return b.printDuty(one)
	})
}

// SetAll stops all bots at once, or starts them again.
func (b Bots) SetAll(ctx context.Context, what string) error {
	return b.with(ctx, nil, func(c crew) error {
		f := c.fleet.Stop
		if what == "start" {
			f = c.fleet.Start
		}
		if _, err := f(ctx, c.clock()); err != nil {
			return err
		}
		all, err := c.fleet.Bots(ctx)
		if err != nil {
			return err
		}
		return b.printList(all)
	})
}

// BotLimits are the limits of a bot as they are given.
type BotLimits struct {
	Games  Games
	Offers int64
	Worth  string // USD; empty: not limited
}

// Limit sets what a bot, named by SteamID64 or account, is trusted with.
func (b Bots) Limit(ctx context.Context, name string, l BotLimits) error {
	limits := fleet.Limits{Games: l.Games.apps, Open: l.Offers}
	if l.Offers < 0 {
		return wrong("--offers: want a number above 0")
	}
	if l.Worth != "" {
		var err error
		if limits.Worth, err = money.ParseAmount(l.Worth); err != nil || limits.Worth <= 0 {
			return wrong("--worth: want an amount of USD above 0, such as 50")
		}
	}
	return b.with(ctx, nil, func(c crew) error {
		one, err := c.find(ctx, name)
		if err != nil {
			return err
		}
		if err := c.fleet.SetLimits(ctx, one.ID, limits); err != nil {
			return err
		}
		if one, err = c.fleet.Bot(ctx, one.ID); err != nil {
			return err
		}
		return b.printLimits(one)
	})
}

// find is the bot of a SteamID64 or account name.
func (c crew) find(ctx context.Context, name string) (fleet.Bot, error) {
	all, err := c.fleet.Bots(ctx)
	if err != nil {
		return fleet.Bot{}, err
	}
	for _, b := range all {
		if b.ID.String() == name || b.AccountName == name {
			return b, nil
		}
	}
	return fleet.Bot{}, fault.New(fault.NotFound, "no bot %q; see  skinrail bot list", name)
}

// Add seals a bot's secrets and stores it; with replace, it gives a bot that is
// there new secrets, and a new proxy if one is named. Nothing is stored when the
// secrets cannot work.
func (b Bots) Add(ctx context.Context, n NewBot, replace bool) error {
	if err := n.check(); err != nil {
		return err
	}
	return b.sealed(ctx, func(c crew) error {
		if replace {
			if n.proxyFile == "" { // an address changes only when that is asked for
				old, _, err := c.fleet.Secrets(ctx, n.ID)
				if err != nil && !errors.Is(err, sql.ErrNoRows) && !errors.Is(err, fleet.ErrForgotten) {
					return err
				}
				n.Credentials.Proxy = old.Proxy
			}
			if err := c.fleet.Replace(ctx, n.ID, n.AccountName, n.Credentials); err != nil {
				return err
			}
			return b.printAdded(n, "New secrets are stored for")
		}
		err := c.fleet.Add(ctx, n.NewBot, c.clock())
		if errors.Is(err, fault.Duplicate) {
			return fault.New(fault.Duplicate, "bot %s is there already: give it new secrets with --replace", n.ID)
		}
		if err != nil {
			return err
		}
		return b.printAdded(n, "Added")
	})
}

// SteamURLs are the base URLs of Steam's roles that a login needs.
type SteamURLs struct {
	Community string
	API       string // empty: the same
}

// loginFor bounds the test of a bot's login.
const loginFor = 3 * time.Minute

// Login logs a bot in with its password and a code, whatever session is stored,
// and keeps the new one. It trades nothing and accepts nothing.
func (b Bots) Login(ctx context.Context, name string, at SteamURLs) error {
	if at.Community == "" {
		return wrong("--steam-url is missing: where is Steam? Its own is https://steamcommunity.com with --steam-api-url https://api.steampowered.com")
	}
	if at.API == "" {
		at.API = at.Community
	}
	return b.sealed(ctx, func(c crew) error {
		one, err := c.find(ctx, name)
		if err != nil {
			return err
		}
		secrets, _, err := c.fleet.Secrets(ctx, one.ID)
		if err != nil {
			return err
		}
		client, err := web.New(web.Options{Endpoints: web.Endpoints{Community: at.Community, API: at.API}, Account: account(one, secrets), Now: c.clock})
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, loginFor)
		defer cancel()
		if err := client.Login(ctx); err != nil {
			return loginFailed(one, err)
		}
		if err := c.fleet.KeepSession(ctx, one.ID, client.Session()); err != nil {
			return err
		}
		return b.printLogin(one, at.Community)
	})
}

func account(b fleet.Bot, c fleet.Credentials) web.Account {
	return web.Account{ID: b.ID, Name: b.AccountName, Password: c.Password.Reveal(),
		SharedSecret: c.SharedSecret.Reveal(), IdentitySecret: c.IdentitySecret.Reveal(), Proxy: c.Proxy.Reveal()}
}

func loginFailed(b fleet.Bot, err error) error {
	switch {
	case errors.Is(err, steam.ErrCredentials):
		return said{fmt.Sprintf("%s cannot log in: Steam refuses its password or codes, or the account itself. Give it the right ones with  skinrail bot add --replace  (%v)", b.AccountName, err), err}
	case errors.Is(err, steam.ErrRateLimited):
		return said{fmt.Sprintf("%s cannot log in now: Steam limits logins from this address. Wait half an hour or more before the next try (%v)", b.AccountName, err), err}
	}
	return said{fmt.Sprintf("%s cannot log in now: Steam does not answer as expected. Check --steam-url and the network (%v)", b.AccountName, err), err}
}
