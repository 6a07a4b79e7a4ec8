package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// An accepted trade settles by a record read in that very step. Whether it was
// taken back is seen in the history, whose first page is read at each step, as
// much of it as is new, and all of it once in a while: a reversal adds a trade
// to its front, and also changes the old one in its place.
const (
	walkEvery    = time.Hour
	walkBack     = 15 * 24 * time.Hour
	historyPages = 200 // bounds what one step reads of a walk
	dueAtOnce    = 20
	duePause     = time.Minute // between two readings of a trade that does not settle
)

// maxApart is how far our clock may be from Steam's when a trade is settled: by
// a wrong clock it could be too early.
const maxApart = 5 * time.Minute

// walk is what is known of the history: the status of each trade, as seen last.
type walk struct {
	at   time.Time // when it began
	seen map[steam.TradeID]steam.TradeStatus
	rest steam.Trade // the next step goes on after it; zero: all was read
}

// checkAccepted looks for reversals, which offers never show, and settles what
// has come to its end.
func (a *Agent) checkAccepted(ctx context.Context, _ []trade.Trade, now time.Time) (bool, error) {
	waits, err := a.trades.Waits(ctx, a.ID())
	if err != nil || !waits {
		return false, err
	}
	moved, err := a.readHistory(ctx, now)
	if err != nil {
		return moved, err
	}
	due, err := a.trades.Due(ctx, a.ID(), now, duePause, dueAtOnce)
	if err != nil {
		return moved, err
	}
	for _, t := range due {
		did, err := a.checkDue(ctx, t, now)
		moved = moved || did
		if err := a.alone(ctx, t, err); err != nil {
			return moved, err
		}
	}
	return moved || len(due) == dueAtOnce, nil
}

// readHistory reads what is new in the history, and all of it when it is time.
func (a *Agent) readHistory(ctx context.Context, now time.Time) (moved bool, err error) {
	w := &a.history
	if w.seen == nil || w.rest.ID == "" && now.Sub(w.at) >= walkEvery {
		return a.walkOn(ctx, walk{at: now, seen: map[steam.TradeID]steam.TradeStatus{}}, now)
	}
	moved, beyond, err := a.readPages(ctx, *w, steam.Trade{}, false, now)
	if beyond.ID != "" { // more is new than a step reads
		w.seen = nil
	}
	if err != nil || w.rest.ID == "" || w.seen == nil {
		return moved, err
	}
	did, err := a.walkOn(ctx, *w, now)
	return moved || did, err
}

// walkOn reads the whole history from where a walk has come to, as far as one
// step may.
func (a *Agent) walkOn(ctx context.Context, w walk, now time.Time) (moved bool, err error) {
	moved, w.rest, err = a.readPages(ctx, w, w.rest, true, now)
	if err != nil {
		return moved, err
	}
	if a.history = w; w.rest.ID != "" {
		a.log.WarnContext(ctx, "trade history is longer than one step reads: the next goes on", "trades", len(w.seen), "back_to", w.rest.Init)
	}
	return moved, nil
}

// readPages heeds what is older than a trade in the history: all of it, or only
// as long as it is new. It returns the trade after which there is more that was
// not read.
func (a *Agent) readPages(ctx context.Context, w walk, than steam.Trade, whole bool, now time.Time) (moved bool, rest steam.Trade, err error) {
	pages := 0
	failed := a.client.History(ctx, than, func(page []steam.Trade) bool {
		news, old := false, false
		for _, r := range page {
			if status, known := w.seen[r.ID]; known && status == r.Status {
				continue
			}
			did := false
			if did, err = a.heed(ctx, r, now); err != nil {
				return false
			}
			moved, news = moved || did, true
			old = old || r.Init.Before(now.Add(-walkBack))
			w.seen[r.ID] = r.Status
		}
		pages++
		if !whole && !news || old {
			return false
		}
		if pages == historyPages {
			rest = page[len(page)-1]
		}
		return pages < historyPages
	})
	if failed != nil {
		err = fmt.Errorf("read trade history: %w", failed)
	}
	return moved, rest, err
}

// heed ends the trade that a record of the history says is undone, or puts it
// before a person. Nothing settles by it.
func (a *Agent) heed(ctx context.Context, r steam.Trade, now time.Time) (bool, error) {
	id, returned := r.ID, r.Rollback != ""
	switch {
	case returned:
		id, r.Status = r.Rollback, steam.TradeProtectionRollback
	case r.Status == steam.TradeComplete || r.Status == steam.TradeCommitted:
		return false, nil
	}
	t, err := a.trades.BySteamTrade(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil || t.Bot != a.ID() || (t.State != trade.Accepted && t.State != trade.Review) {
		return false, err
	}
	return a.conclude(ctx, t, r, now)
}

// checkDue reads the record of a trade whose time has come, and ends it by that.
func (a *Agent) checkDue(ctx context.Context, t trade.Trade, now time.Time) (bool, error) {
	r, err := a.client.Trade(ctx, t.SteamTrade)
	unknown := errors.Is(err, steam.ErrNotFound)
	if err != nil && !unknown {
		return false, fmt.Errorf("read trade %s: %w", t.SteamTrade, err)
	}
	if err := a.trades.Checked(ctx, t.ID, now); err != nil {
		return false, err
	}
	if unknown {
		a.log.WarnContext(ctx, "Steam does not know a trade that was accepted", "trade", t.ID, "steam_trade", t.SteamTrade)
		return false, nil
	}
	a.readClock(now)
	return a.conclude(ctx, t, r, now)
}

// conclude ends an accepted trade by Steam's record. What is on its way waits;
// whatever else is neither complete nor certainly undone is left for a person.
func (a *Agent) conclude(ctx context.Context, t trade.Trade, r steam.Trade, now time.Time) (bool, error) {
	switch r.Status {
	case steam.TradeInit, steam.TradePreCommitted, steam.TradeCommitted, steam.TradeInEscrow:
		return false, nil
	case steam.TradeComplete:
		if !a.final(ctx, t, r, now) {
			return false, nil
		}
		a.touch(t)
		return a.move(ctx, t, trade.Settled, trade.Change{}, now)
	case steam.TradeProtectionRollback:
		a.touch(t)
		return a.move(ctx, t, trade.Reversed, trade.Change{}, now)
	case steam.TradeFailed, steam.TradeEscrowRollback:
		a.touch(t)
		return a.move(ctx, t, trade.Failed, trade.Change{Reason: trade.ReasonItemsGone}, now)
	}
	if t.State == trade.Review {
		return false, nil
	}
	return a.move(ctx, t, trade.Review, trade.Change{Reason: fmt.Sprintf("trade status %d", r.Status), DueAt: now}, now)
}

// final reports whether a complete trade can be taken for irreversible: its
// time is over here and in Steam's record, and the two clocks agree.
func (a *Agent) final(ctx context.Context, t trade.Trade, r steam.Trade, now time.Time) bool {
	if t.SettleAt.After(now) || (!r.Settlement.IsZero() && r.Settlement.Add(settleMargin).After(now)) {
		return false
	}
	if a.skew.Abs() > maxApart {
		a.log.ErrorContext(ctx, "a trade does not settle: our clock and Steam's are apart", "trade", t.ID, "steam_is_ahead_by", a.skew)
		return false
	}
	return true
}
