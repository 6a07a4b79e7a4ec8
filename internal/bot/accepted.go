package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// historyPage is how many trades one look at the history brings.
const historyPage = 100

// recheck is how often a trade that has left the history's first page is read.
const recheck = time.Hour

// checkAccepted looks for reversals, which offers never show, and settles what
// has come to its end by a record read in this very step.
func (a *Agent) checkAccepted(ctx context.Context, live []trade.Trade, now time.Time) (bool, error) {
	var waiting []trade.Trade
	for _, t := range live {
		if t.State == trade.Accepted || t.State == trade.Review {
			waiting = append(waiting, t)
		}
	}
	if len(waiting) == 0 {
		return false, nil
	}
	page, err := a.client.Trades(ctx, time.Time{}, historyPage)
	if err != nil {
		return false, fmt.Errorf("read trade history: %w", err)
	}
	records, reversed := index(page)
	moved := false
	for _, t := range waiting {
		r, ok := records[t.SteamTrade]
		if !ok {
			if r, ok, err = a.record(ctx, t, now); err != nil {
				return moved, err
			}
		}
		if !ok {
			continue
		}
		if reversed[t.SteamTrade] {
			r.Status = steam.TradeProtectionRollback
		}
		did, err := a.conclude(ctx, t, r, now)
		if moved = moved || did; err != nil {
			return moved, err
		}
	}
	return moved, nil
}

func index(page []steam.Trade) (records map[steam.TradeID]steam.Trade, reversed map[steam.TradeID]bool) {
	records, reversed = map[steam.TradeID]steam.Trade{}, map[steam.TradeID]bool{}
	for _, r := range page {
		records[r.ID] = r
		if r.Rollback != "" {
			reversed[r.Rollback] = true
		}
	}
	return records, reversed
}

// record reads one trade by itself when it is due or was not read for long.
func (a *Agent) record(ctx context.Context, t trade.Trade, now time.Time) (steam.Trade, bool, error) {
	if t.DueAt.After(now) && now.Sub(t.CheckedAt) < recheck {
		return steam.Trade{}, false, nil
	}
	r, err := a.client.Trade(ctx, t.SteamTrade)
	if errors.Is(err, steam.ErrNotFound) {
		return steam.Trade{}, false, nil
	}
	if err != nil {
		return steam.Trade{}, false, fmt.Errorf("read trade %s: %w", t.SteamTrade, err)
	}
	return r, true, a.trades.Checked(ctx, t.ID, now)
}

// conclude ends an accepted trade by Steam's record. Whatever is neither
// complete nor certainly undone is left for a person.
func (a *Agent) conclude(ctx context.Context, t trade.Trade, r steam.Trade, now time.Time) (bool, error) {
	switch r.Status {
	case steam.TradeComplete, steam.TradeCommitted:
		if t.SettleAt.After(now) {
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
	return a.move(ctx, t, trade.Review, trade.Change{Reason: fmt.Sprintf("trade status %d", r.Status)}, now)
}
