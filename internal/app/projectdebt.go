package app

import (
	"context"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/risk"
	"github.com/skinrail/skinrail/internal/trade"
)

// Undo books that Steam has undone a credited deposit: what the project has not
// available any more it owes.
func (p Projects) Undo(ctx context.Context, d Decision) error {
	return p.with(ctx, nil, func(k *desk) error {
		deposits := deposit.New(deposit.Deps{DB: k.db, Ledger: k.ledger, Events: event.New(k.db), Merchants: k.merchants,
			Trades: trade.New(k.db), Risk: risk.New()})
		u, replayed, err := deposits.Undo(ctx, d.Booking, d.By, d.Note, k.now)
		if err != nil {
			return err
		}
		if err := settleUndone(ctx, k, deposits, u); err != nil {
			return err
		}
		machine := map[string]any{"deposit": strconv.FormatInt(u.Deposit, 10), "client_id": strconv.FormatInt(u.Project, 10),
			"amount": u.Amount.String(), "owed": u.Owed.String(), "by": u.By, "note": u.Reason, "at": when(u.At), "replayed": replayed}
		return p.print(machine, func(w *tabwriter.Writer) {
			word := "is undone"
			if replayed {
				word = "was undone before, by " + u.By + " at " + when(u.At)
			}
			fmt.Fprintf(w, "Deposit %d of project %d, %s USD, %s; %s USD were not available any more and are owed.\n", u.Deposit, u.Project, u.Amount, word, u.Owed)
		})
	})
}

// settleUndone ends the difference that was booked: Steam goes on to say that the
// trade is undone, and the deposit goes on to be a success.
func settleUndone(ctx context.Context, k *desk, deposits *deposit.Service, u deposit.Undone) error {
	d, err := deposits.Find(ctx, u.Project, u.Deposit)
	if err != nil {
		return err
	}
	trades := trade.New(k.db)
	t, err := trades.ByID(ctx, d.TradeID)
	if err != nil {
		return err
	}
	one := reconcile.Settlement{Kind: reconcile.TradeUndone, Subject: string(t.SteamTrade), By: u.By, Note: u.Reason}
	other := one
	other.Kind = reconcile.TradeReturned
	_, err = reconcile.New(k.db, trades, fleet.New(k.db, nil)).Settle(ctx, k.now, one, other)
	return err
}

// Debt prints what a project owes and may owe.
func (p Projects) Debt(ctx context.Context, project int64) error {
	return p.with(ctx, nil, func(k *desk) error { return p.printDebt(ctx, k, project) })
}

// SetDebtLimit changes what a project may owe.
func (p Projects) SetDebtLimit(ctx context.Context, project int64, text string) error {
	m, err := dollars("limit", text)
	if err != nil {
		return explain(err)
	}
	return p.with(ctx, nil, func(k *desk) error {
		if err := k.cash.SetDebtLimit(ctx, project, m); err != nil {
			return err
		}
		return p.printDebt(ctx, k, project)
	})
}

func (p Projects) printDebt(ctx context.Context, k *desk, project int64) error {
	if _, err := k.merchants.Project(ctx, project); err != nil {
		return fault.New(fault.NotFound, "no project %d", project)
	}
	limit, err := k.cash.DebtLimit(ctx, project)
	if err != nil {
		return err
	}
	all, err := k.cash.Debts(ctx)
	if err != nil {
		return err
	}
	d := cash.Debt{Project: project, Limit: limit}
	for _, one := range all {
		if one.Project == project {
			d = one
		}
	}
	machine := map[string]any{"client_id": strconv.FormatInt(project, 10), "owed": d.Owed.String(), "limit": d.Limit.String(), "over": d.Over()}
	return p.print(machine, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "Project %d owes %s USD and may owe %s USD.\n", project, d.Owed, d.Limit)
		if d.Over() {
			fmt.Fprintln(w, "Its payouts are stopped until it owes less.")
		}
	})
}

// noteDebts alarms, each minute, about projects that owe more than they may.
func (g *Gateway) noteDebts(ctx context.Context) error {
	all, err := g.Cash.Debts(ctx)
	for _, d := range all {
		if d.Over() {
			g.Log.Error("a project owes more than it may: its payouts are stopped", "project", d.Project, "owed", d.Owed.String(), "limit", d.Limit.String())
		}
	}
	return err
}

func (g *Gateway) debtFigures(ctx context.Context, _ time.Time, put put) error {
	all, err := g.Cash.Debts(ctx)
	if err != nil {
		return err
	}
	var owed, over float64 // for people to look at: no money moves by it
	for _, d := range all {
		owed += float64(d.Owed) / 1000
		over += one(d.Over())
	}
	put("skinrail_owed_usd", owed)
	put("skinrail_projects_over_debt_limit", over)
	return nil
}
