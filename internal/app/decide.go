package app

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/risk"
	"github.com/skinrail/skinrail/internal/trade"
)

// Verdict is a person's word on a trade in review.
type Verdict struct {
	Trade    int64
	End      trade.State // settled or reversed
	By, Note string
}

// Verdicts are the words of the command line.
var Verdicts = map[string]trade.State{"settle": trade.Settled, "undo": trade.Reversed}

// mostNote bounds what is written beside a decision.
const mostNote = 200

// Decide ends a trade in review, with its order, money and events.
func (b Bots) Decide(ctx context.Context, v Verdict) error {
	for flag, text := range map[string]string{"--by": v.By, "--note": v.Note} {
		if strings.TrimSpace(text) == "" || len(text) > mostNote || strings.ContainsFunc(text, unicode.IsControl) {
			return wrong("%s: want some text of at most %d bytes on one line", flag, mostNote)
		}
	}
	desks := Projects{Store: b.Store, JSON: b.JSON, Out: b.Out}
	return desks.with(ctx, nil, func(k *desk) error {
		trades, bots, prices, events := trade.New(k.db), fleet.New(k.db, nil), pricing.New(k.db), event.New(k.db)
		deposit.New(deposit.Deps{DB: k.db, Ledger: k.ledger, Events: events, Merchants: k.merchants, Trades: trades, Risk: risk.New()})
		purchase.New(purchase.Deps{DB: k.db, Ledger: k.ledger, Events: events, Merchants: k.merchants, Trades: trades, Fleet: bots,
			Market: market.New(k.db, prices, bots)})
		t, err := trades.Decide(ctx, v.Trade, v.End, "by "+v.By+": "+v.Note, k.now)
		if err != nil {
			return err
		}
		machine := map[string]any{"trade": t.ID, "order": t.Owner, "state": string(t.State), "by": v.By, "note": v.Note}
		return desks.print(machine, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "Trade %d of %s is %s.\n", t.ID, t.Owner, t.State)
		})
	})
}
