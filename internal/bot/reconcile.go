package bot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// Steam and our records are compared every hour, and soon again after a look
// that found something new: it may have been in flight.
const (
	lookEvery = time.Hour
	lookAgain = 5 * time.Minute
	lookFirst = time.Minute
	// In a restored database that is closed, and how much before the newest in
	// the records these looks begin.
	lookClosed = 20 * time.Second
	sinceSlack = time.Hour
)

// reconcile compares what Steam shows with what is stored, when it is time. It
// runs after everything that Steam has told was stored.
func (a *Agent) reconcile(ctx context.Context, live []trade.Trade, now time.Time) error {
	closed := a.restored.Closed()
	if a.lookAt.IsZero() {
		a.lookAt = now.Add(lookFirst)
		if closed {
			a.lookAt = now
		}
	}
	if now.Before(a.lookAt) || (closed && slices.ContainsFunc(live, unclear)) {
		return nil
	}
	from, err := a.drifts.Since(ctx, a.ID(), a.steamNow(now))
	if err != nil {
		return err
	}
	if since := a.restored.Since.Add(-sinceSlack); closed && since.Before(from) && !a.restored.Since.IsZero() {
		from = since
	}
	whole, err := a.readPast(ctx, from)
	if err != nil || !whole {
		return err
	}
	shown, err := a.shown(ctx, a.past.from, a.past.trades)
	if err != nil {
		return err
	}
	a.past = nil
	kept, err := a.drifts.Kept(ctx, a.ID(), shown)
	if err != nil {
		return err
	}
	drifts, err := a.drifts.Unsettled(ctx, reconcile.Compare(kept, shown))
	if err != nil {
		return err
	}
	standing, fresh, err := a.drifts.Keep(ctx, a.ID(), drifts, reconcile.Covered(kept, shown), a.steamNow(now))
	if err != nil {
		return err
	}
	if standing > 0 {
		a.log.WarnContext(ctx, "Steam and the records differ: see skinrail doctor", "drifts", standing)
	}
	if a.lookAt = now.Add(lookEvery); fresh {
		a.lookAt = now.Add(lookAgain)
	}
	if !closed {
		return nil
	}
	a.lookAt = now.Add(lookClosed)
	if slices.Contains(slices.Collect(maps.Values(a.stale)), true) { // not all was seen
		return nil
	}
	drifts = slices.DeleteFunc(drifts, func(d reconcile.Drift) bool { return d.Kind.Harmless() })
	return a.drifts.Looked(ctx, a.restored, reconcile.Look{Bot: a.ID().String(), At: now, Differences: int64(len(drifts))})
}

// unclear is a send whose outcome is not known.
func unclear(t trade.Trade) bool { return t.State == trade.Unknown || t.State == trade.Sending }

// shown reads Steam's view since a moment, with the trades of a history that was
// read to its end.
func (a *Agent) shown(ctx context.Context, from time.Time, trades []steam.Trade) (reconcile.Shown, error) {
	s := reconcile.Shown{From: from, Trades: trades, Items: map[steam.AppID][]steam.Item{}}
	list, err := a.client.Offers(ctx, from)
	if err != nil {
		return s, fmt.Errorf("list offers: %w", err)
	}
	s.Offers, s.Received = list.Sent, list.Received
	if s.Confirmations, err = a.client.Confirmations(ctx); err != nil {
		return s, fmt.Errorf("list confirmations: %w", err)
	}
	for _, g := range Games {
		items, read := a.items[g]
		if !read {
			if items, err = a.client.Inventory(ctx, a.ID(), g, steam.ContextMain); err != nil {
				return s, fmt.Errorf("read own inventory of %d: %w", g, err)
			}
		}
		if len(items) > 0 { // Steam shows full inventories as empty at times
			s.Items[g] = items
		}
	}
	return s, nil
}
