package app

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/lease"
	"github.com/skinrail/skinrail/internal/steam"
)

// What only one process at a time works on. Price sources are the work of those
// that have a file of them.
const (
	restoredLease = "worker/restored"
	linksLease    = "worker/links"
	eventsLease   = "worker/events"
	keysLease     = "worker/keys"
	booksLease    = "worker/books"
	roleSources   = "sources"
	sourcesLease  = roleSources + "/prices"
)

func botLease(id steam.ID64) string { return string(RoleBot) + "/" + id.String() }

// lease makes the keeper of what this process may work on.
func (g *Gateway) lease() {
	alone := g.Alone || g.DB.Engine() == db.SQLite
	g.Node, g.sign = "alone", &sign{}
	if !alone {
		host, _ := os.Hostname() // for people; the rest makes it unique
		g.sign, g.Node = hold(host + "-" + uuid.NewString())
	}
	var roles, jobs []string
	if g.Roles.has(RoleBot) {
		roles = append(roles, string(RoleBot))
	}
	if g.Roles.has(RoleWorker) {
		roles = append(roles, string(RoleWorker))
		jobs = append(jobs, restoredLease, linksLease, eventsLease, keysLease, booksLease)
		if g.Sources != "" {
			roles, jobs = append(roles, roleSources), append(jobs, sourcesLease)
		}
	}
	g.Leases = lease.New(g.DB, lease.Options{Node: g.Node, Roles: roles, Length: g.Lease, Alone: alone, Gone: g.sign.gone})
	g.Leases.Want(jobs...)
}

// job is a loop that works only while this process holds the lease of its name.
func (g *Gateway) job(ctx context.Context, name string, tick time.Duration, wake <-chan struct{}, work step) {
	_, short, _ := strings.Cut(name, "/")
	g.loop(ctx, short, tick, wake, func(ctx context.Context) (more bool, err error) {
		_, err = g.Leases.Under(ctx, name, func(ctx context.Context) (err error) {
			more, err = work(ctx)
			return err
		})
		return more && err == nil, err
	})
}

// steady is a step that is taken at the same pace also while it fails: others
// measure the pauses.
func (g *Gateway) steady(name string, work func(context.Context) error) step {
	return func(ctx context.Context) (bool, error) {
		if err := work(ctx); err != nil && ctx.Err() == nil {
			g.Metrics.stepFailed(name)
			g.Log.Warn("step", "loop", name, "err", err)
		}
		return false, nil
	}
}

func (g *Gateway) leaseFigures(_ context.Context, _ time.Time, put put) error {
	leases, processes := g.Leases.Count()
	put("skinrail_leases", float64(leases))
	put("skinrail_nodes", float64(processes))
	return nil
}
