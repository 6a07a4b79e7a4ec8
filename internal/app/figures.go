package app

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// figure is a value that a [reading] gives.
type figure struct {
	name, help string
	labels     []string
}

// figureList is every one of them.
var figureList = []figure{
	{"skinrail_bot_health", "1 for the one reason why a bot can or cannot work, 0 for the others.", []string{"bot", "account", "health"}},
	{"skinrail_bot_ready", "1 when a bot takes new deposits.", []string{"bot", "account"}},
	{"skinrail_bot_duty", "1 for what the operator lets a bot do: enabled, draining, quarantined or stopped.", []string{"bot", "account", "duty"}},
	{"skinrail_bot_off_duty_seconds", "How long an operator has kept a bot from new work; 0: it is enabled.", []string{"bot", "account"}},
	{"skinrail_bot_reason_ends_seconds", "When the reason ends by itself, in Unix time; 0: not known.", []string{"bot", "account"}},
	{"skinrail_bot_open_offers", "Offers of a bot that are wanted or out.", []string{"bot", "account"}},
	{"skinrail_bot_free_slots", "Offers that a bot may open now.", []string{"bot", "account"}},
	{"skinrail_bot_items", "Items that a bot holds, by game, those under protection included.", []string{"bot", "account", "game"}},
	{"skinrail_bot_worth_usd", "What they are worth.", []string{"bot", "account", "game"}},
	{"skinrail_trades", "Live trades, by state.", []string{"state"}},
	{"skinrail_trades_overdue", "Live trades whose next step is late by more than 15 minutes.", []string{"state"}},
	{"skinrail_trade_late_seconds", "How late the latest step of a live trade is.", []string{"state"}},
	{"skinrail_drifts", "Differences between Steam and the records that stand, by kind; certain: seen twice in a row.", []string{"kind", "certain"}},
	{"skinrail_deliveries_waiting", "Orders with a notification that is not delivered yet.", nil},
	{"skinrail_deliveries_failing", "Notifications of which a try failed, and that are neither delivered nor superseded.", nil},
	{"skinrail_delivery_late_seconds", "How late the next notification is.", nil},
	{"skinrail_events_behind", "Events that are not on their way to merchants yet.", nil},
	{"skinrail_event_late_seconds", "How long ago the oldest of them happened.", nil},
	{"skinrail_link_late_seconds", "How late the next end of a payment link is.", nil},
	{"skinrail_money_stopped", "1 while no money moves because the books are not right.", nil},
	{"skinrail_books_unsealed", "Transactions that are committed and not sealed yet.", nil},
	{"skinrail_leases", "Bots and background jobs that this process works on.", nil},
	{"skinrail_nodes", "Processes on the database that this one sees to live, itself among them.", nil},
	{"skinrail_bookings_waiting", "Payments in and out that wait for a second person.", nil},
	{"skinrail_booking_wait_seconds", "How long the oldest of them waits.", nil},
	{"skinrail_rotations", "Secrets of projects whose predecessors are still valid.", nil},
	{"skinrail_rotation_seconds", "How long the oldest of them is so.", nil},
	{"skinrail_owed_usd", "What projects owe after deposits were undone.", nil},
	{"skinrail_projects_over_debt_limit", "Projects that owe more than they may.", nil},
	{"skinrail_replica_behind_seconds", "How long ago the newest part of the replica was written, 0 when nothing was committed since. Only with --replica.", nil},
	{"skinrail_maintenance", "1 while the merchant API is under maintenance.", nil},
	{"skinrail_maintenance_seconds", "How long an operator has had it so; 0: it is not.", nil},
}

// figures is the collector of all readings.
type figures struct {
	log      *slog.Logger
	now      func() time.Time
	readings []reading
	descs    map[string]*prometheus.Desc
	failed   *prometheus.Desc
	failures atomic.Int64
}

// readFor bounds what a scrape may take.
const readFor = 10 * time.Second

func newFigures(log *slog.Logger, now func() time.Time, readings []reading) *figures {
	f := &figures{log: log, now: now, readings: readings, descs: map[string]*prometheus.Desc{},
		failed: prometheus.NewDesc("skinrail_figures_failed_total", "Readings of figures that failed.", nil, nil)}
	for _, one := range figureList {
		f.descs[one.name] = prometheus.NewDesc(one.name, one.help, one.labels, nil)
	}
	return f
}

// Describe names all figures.
func (f *figures) Describe(ch chan<- *prometheus.Desc) {
	ch <- f.failed
	for _, d := range f.descs {
		ch <- d
	}
}

// Collect reads them. One that cannot be read leaves the others.
func (f *figures) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readFor)
	defer cancel()
	for _, read := range f.readings {
		err := read(ctx, f.now(), func(name string, value float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(f.descs[name], prometheus.GaugeValue, value, labels...)
		})
		if err != nil {
			f.failures.Add(1)
			f.log.Warn("read figures", "err", err)
		}
	}
	ch <- prometheus.MustNewConstMetric(f.failed, prometheus.CounterValue, float64(f.failures.Load()))
}

// readings are what the rooms tell.
func (g *Gateway) readings() []reading {
	return []reading{g.botFigures, g.tradeFigures, g.driftFigures, g.outgoingFigures, g.bookFigures, g.leaseFigures, g.debtFigures, g.cashFigures, g.secretFigures, g.replicaFigures}
}

func (g *Gateway) botFigures(ctx context.Context, now time.Time, put put) error {
	bots, err := g.Fleet.Bots(ctx)
	if err != nil {
		return err
	}
	open, err := g.Fleet.Open(ctx)
	if err != nil {
		return err
	}
	names := map[steam.ID64]string{}
	for _, b := range bots {
		id := b.ID.String()
		names[b.ID] = b.AccountName
		for _, h := range fleet.Healths() {
			put("skinrail_bot_health", one(b.Health == h), id, b.AccountName, string(h))
		}
		for _, d := range []string{"enabled", "draining", "quarantined", "stopped"} {
			put("skinrail_bot_duty", one(duty(b) == d), id, b.AccountName, d)
		}
		lasts, _ := b.OffDuty(now)
		put("skinrail_bot_off_duty_seconds", lasts.Seconds(), id, b.AccountName)
		until := 0.0
		if !b.Until.IsZero() {
			until = float64(b.Until.Unix())
		}
		put("skinrail_bot_ready", one(b.Enabled && b.Health.Works()), id, b.AccountName)
		put("skinrail_bot_reason_ends_seconds", until, id, b.AccountName)
		put("skinrail_bot_open_offers", float64(open[b.ID].Open), id, b.AccountName)
		put("skinrail_bot_free_slots", float64(max(0, b.Slots()-open[b.ID].Open)), id, b.AccountName)
	}
	held, err := g.Fleet.Holdings(ctx)
	for _, h := range held {
		put("skinrail_bot_items", float64(h.Items), h.Bot.String(), names[h.Bot], gameName(h.App))
		put("skinrail_bot_worth_usd", float64(h.Worth)/1000, h.Bot.String(), names[h.Bot], gameName(h.App)) // for people to look at: no money moves by it
	}
	return err
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func (g *Gateway) tradeFigures(ctx context.Context, now time.Time, put put) error {
	ages, err := g.Trades.Ages(ctx, now)
	if err != nil {
		return err
	}
	by := map[trade.State]trade.Age{}
	for _, a := range ages {
		by[a.State] = a
	}
	for _, s := range trade.LiveStates() {
		put("skinrail_trades", float64(by[s].N), string(s))
		put("skinrail_trades_overdue", float64(by[s].Overdue), string(s))
		put("skinrail_trade_late_seconds", by[s].Late.Seconds(), string(s))
	}
	due, any, err := g.Deposits.NextDue(ctx)
	put("skinrail_link_late_seconds", late(due, any, now))
	return err
}

// late is by how much a moment is over.
func late(due time.Time, any bool, now time.Time) float64 {
	if !any {
		return 0
	}
	return max(0, now.Sub(due).Seconds())
}

func (g *Gateway) driftFigures(ctx context.Context, _ time.Time, put put) error {
	counts, err := g.Drifts.Counts(ctx)
	if err != nil {
		return err
	}
	by := map[reconcile.Kind]reconcile.Count{}
	for _, c := range counts {
		by[c.Kind] = c
	}
	for _, k := range reconcile.Kinds() {
		put("skinrail_drifts", float64(by[k].Certain), string(k), "true")
		put("skinrail_drifts", float64(by[k].N-by[k].Certain), string(k), "false")
	}
	return nil
}

func (g *Gateway) outgoingFigures(ctx context.Context, now time.Time, put put) error {
	q, err := g.Webhooks.Queue(ctx)
	if err != nil {
		return err
	}
	put("skinrail_deliveries_waiting", float64(q.Waiting))
	put("skinrail_deliveries_failing", float64(q.Failing))
	put("skinrail_events_behind", float64(q.Behind))
	put("skinrail_maintenance", one(g.Merchants.Maintenance(ctx)))
	since, any, err := g.Merchants.MaintenanceSince(ctx)
	if err != nil {
		return err
	}
	put("skinrail_maintenance_seconds", late(since, any, now))
	event, any, err := g.Webhooks.Behind(ctx)
	if err != nil {
		return err
	}
	put("skinrail_event_late_seconds", late(event, any, now))
	due, any, err := g.Webhooks.NextDue(ctx)
	put("skinrail_delivery_late_seconds", late(due, any, now))
	return err
}
