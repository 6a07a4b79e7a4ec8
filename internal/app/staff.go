package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/bot"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/lease"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/web"
	"github.com/skinrail/skinrail/internal/trade"
)

// employee is a bot that works in this process, under one lease.
type employee struct {
	agent *bot.Agent
	fence int64
	stop  context.CancelFunc // of its loop; nil before it has one
}

// Hire keeps this process's leases and its staff in step: an agent for every
// bot whose lease is held here, none for the others. Bots may have been added.
// One that cannot be used shows why in its health.
func (g *Gateway) Hire(ctx context.Context) error {
	bots, err := g.Fleet.Bots(ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("hire bots: %w", err), g.Leases.Step(ctx))
	}
	g.noticeDuty(bots)
	if g.Roles.has(RoleBot) {
		for _, b := range bots {
			g.Leases.Want(botLease(b.ID))
		}
	}
	err = g.Leases.Step(ctx)
	g.dismiss()
	for _, b := range bots {
		err = errors.Join(err, g.hire(ctx, b))
	}
	err = errors.Join(err, g.read(ctx, bots))
	g.seat(bots)
	return err
}

// dismiss ends the agents whose leases are held no more.
func (g *Gateway) dismiss() {
	for id, e := range g.staff {
		if g.Leases.Fence(botLease(id)) == e.fence {
			continue
		}
		if e.stop != nil {
			e.stop()
		}
		delete(g.staff, id)
	}
}

// hire makes the agent of a bot whose lease was just taken. Its memory is empty:
// what it needs to know was stored by the one before it.
func (g *Gateway) hire(ctx context.Context, b fleet.Bot) error {
	if g.staff[b.ID] != nil {
		return nil
	}
	_, err := g.Leases.Under(ctx, botLease(b.ID), func(ctx context.Context) error {
		c, err := g.client(ctx, b)
		if err != nil {
			return g.Fleet.Report(ctx, b.ID, fleet.NoLogin, err.Error(), g.Now())
		}
		g.staff[b.ID] = &employee{agent: bot.NewAgent(c, b, g.Trades, g.Fleet, g.Drifts, g.Log), fence: g.Leases.Fence(botLease(b.ID))}
		return nil
	})
	return err
}

// seat names the accounts that this process looks things up with: its own
// first, then those that work elsewhere.
func (g *Gateway) seat(bots []fleet.Bot) {
	g.Agents = nil
	var own, others []steam.Client
	for _, b := range bots {
		if e := g.staff[b.ID]; e != nil {
			g.Agents = append(g.Agents, e.agent)
			own = append(own, e.agent.Client())
		} else if r := g.readers[b.ID]; r.client != nil {
			others = append(others, r.client)
		}
	}
	g.Desk.Staff(append(own, others...))
}

// work starts the loops of agents that have none.
func (g *Gateway) work(ctx context.Context) {
	for _, e := range g.staff {
		if e.stop == nil {
			var own context.Context
			own, e.stop = context.WithCancel(ctx)
			g.employ(own, e.agent)
		}
	}
}

// employ starts the loop of one bot.
func (g *Gateway) employ(ctx context.Context, a *bot.Agent) {
	g.loop(ctx, botLoop+a.ID().String(), g.Poll, g.DB.Subscribe(trade.Topic, trade.TopicOf(a.ID())), func(ctx context.Context) (bool, error) {
		moved, err := g.step(ctx, a, g.Now())
		return moved && err == nil, err
	})
}

// step is one step of an agent under its lease; without the lease it does
// nothing.
func (g *Gateway) step(ctx context.Context, a *bot.Agent, now time.Time) (moved bool, err error) {
	_, err = g.Leases.Under(ctx, botLease(a.ID()), func(ctx context.Context) (err error) {
		moved, err = a.Step(ctx, now)
		return err
	})
	return moved, err
}

// Work is one step of the agent at a place, for callers that run no loops.
func (g *Gateway) Work(ctx context.Context, i int) (bool, error) {
	return g.step(ctx, g.Agents[i], g.Now())
}

// client is a bot's way to Steam. It belongs to the lease under which ctx is:
// without it, it asks Steam nothing and stores nothing.
func (g *Gateway) client(ctx context.Context, b fleet.Bot) (steam.Client, error) {
	name := botLease(b.ID)
	fence := g.Leases.Fence(name)
	c, session, err := g.Fleet.Secrets(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	o := g.clientOptions(b, c, session)
	o.Permit = func(*http.Request) error {
		if g.Leases.Fence(name) != fence {
			return lease.ErrLost
		}
		return nil
	}
	o.OnSession = func(session []byte) {
		if err := g.Fleet.KeepSession(context.WithoutCancel(ctx), b.ID, session); err != nil {
			g.Log.Error("keep session", "bot", b.ID.String(), "err", err)
		}
	}
	return web.New(o)
}

func (g *Gateway) clientOptions(b fleet.Bot, c fleet.Credentials, session []byte) web.Options {
	return web.Options{Endpoints: g.Steam, Session: session, Now: g.Now, Pace: g.paces.Of(c.Proxy.Reveal()), Transport: g.Transport,
		Random: g.Random, Logger: g.Log, Account: account(b, c)}
}

// reader is a bot that works in another process. Its stored session serves to
// look things up; it is neither renewed nor made here.
type reader struct {
	client  steam.Client
	session string
}

// lookingOnly refuses to log in.
func lookingOnly(r *http.Request) error {
	if strings.HasPrefix(r.URL.Path, "/IAuthenticationService/") {
		return errors.New("this process does not log the bot in: it works in another one")
	}
	return nil
}

// readEvery is at which looks at the staff readers take up what other processes
// stored.
const readEvery = 5

// read keeps the readers in step with the stored sessions.
func (g *Gateway) read(ctx context.Context, bots []fleet.Bot) error {
	if g.looks++; !g.Roles.has(RoleAPI, RolePay) || g.looks%readEvery != 1 {
		return nil
	}
	var errs []error
	for _, b := range bots {
		if g.staff[b.ID] != nil {
			delete(g.readers, b.ID)
			continue
		}
		c, session, err := g.Fleet.Secrets(ctx, b.ID)
		if errors.Is(err, fleet.ErrForgotten) {
			continue // the bot's health says it
		}
		if err != nil || len(session) == 0 || g.readers[b.ID].session == string(session) {
			errs = append(errs, err)
			continue
		}
		o := g.clientOptions(b, c, session)
		o.Permit = lookingOnly
		client, err := web.New(o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		g.readers[b.ID] = reader{client, string(session)}
	}
	return errors.Join(errs...)
}
