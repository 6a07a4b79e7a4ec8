package app

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/trade"
	"github.com/skinrail/skinrail/internal/webhook"
)

// tradeWaits says who moves a trade next.
var tradeWaits = map[trade.State]string{
	trade.Wanted:      "the bot, which has not sent the offer yet",
	trade.Sending:     "Steam's answer to the offer that is being sent",
	trade.Unknown:     "Steam, to show whether the offer was made: it gave no clear answer, and the bot goes on reading it back",
	trade.Unconfirmed: "the bot, which has to confirm the offer",
	trade.Active:      "the user, who has not answered the offer; the bot withdraws it at ",
	trade.Escrow:      "the bot, which withdraws the offer: Steam would hold the items for days",
	trade.Review:      "a person: Steam reports the trade in a way that is not known",
}

// trade adds the order's trade: the one it has, or the live one that Steam has
// not answered yet.
func (r clerk) trade(ctx context.Context, f *orderFinding) error {
	t, err := r.trades.LiveOf(ctx, f.Order)
	if errors.Is(err, fault.NotFound) && f.tradeID != 0 {
		t, err = r.trades.ByID(ctx, f.tradeID)
	}
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	moves, err := r.trades.Moves(ctx, t.ID)
	if err != nil {
		return err
	}
	f.Trade = &told{ID: t.ID, Bot: t.Bot.String(), OfferID: string(t.OfferID), Reference: t.Reference, State: string(t.State), Problem: t.Problem}
	for _, m := range moves {
		f.Trade.Steps = append(f.Trade.Steps, stepTold{when(m.At), string(m.From), string(m.To), m.Reason})
	}
	if !t.State.Live() {
		return nil
	}
	if waits := tradeWaits[t.State]; waits != "" {
		f.Waits = waits
	}
	if t.State == trade.Active {
		f.Waits += when(t.Deadline)
	}
	return r.advise(ctx, f, t)
}

// advise says what a person can do about a live trade.
func (r clerk) advise(ctx context.Context, f *orderFinding, t trade.Trade) error {
	b, err := r.bots.Bot(ctx, t.Bot)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	if late := r.k.now.Sub(t.DueAt); late > trade.MaxLate {
		f.Do = append(f.Do, fmt.Sprintf("overdue by %s: is a gateway with the role bot running?", late.Round(time.Minute)))
	}
	switch {
	case err != nil:
		f.Do = append(f.Do, "its bot "+t.Bot.String()+" is not among the bots: add it with  skinrail bot add")
	case b.Stopped:
		f.Do = append(f.Do, "all bots are stopped: end it with  skinrail bot start")
	case b.Quarantined:
		f.Do = append(f.Do, "its bot "+b.AccountName+" is quarantined and sends nothing: end it with  skinrail bot enable "+b.AccountName)
	case !b.Health.Works():
		f.Do = append(f.Do, "its bot "+b.AccountName+": "+b.Reason()+"; "+b.Advice())
	}
	switch t.State {
	case trade.Unknown:
		f.Do = append(f.Do, "send or refund nothing by hand: it ends by itself when Steam answers")
	case trade.Review:
		f.Do = append(f.Do, fmt.Sprintf("look at the trade on Steam, then  skinrail bot decide %d settle|undo --by NAME --note WHY", t.ID))
	}
	return nil
}

// tell adds a notification, and what to do when the merchant does not take it.
func (f *orderFinding) tell(d webhook.Delivery) {
	one := telling{At: when(d.CreatedAt), To: d.URL, State: string(d.State), Tries: d.Tries, Last: d.LastError}
	if d.LastCode != 0 {
		one.Last = fmt.Sprintf("HTTP %d", d.LastCode)
	}
	if d.State == webhook.Pending {
		one.Next = when(d.DueAt)
	}
	f.Told = append(f.Told, one)
	if d.Failing {
		f.Do = append(f.Do, "the merchant's address does not take notifications: "+d.URL+" gave "+one.Last)
	}
}

func (f orderFinding) print(w *tabwriter.Writer) {
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, text)
		}
	}
	row("order", f.Order)
	row("project", f.Project)
	row("merchant's id", f.Name)
	row("Steam user", f.User)
	row("amount", f.Amount+" USD")
	row("opened", f.CreatedAt)
	row("state", join(f.State, f.Reason))
	row("waits for", f.Waits)
	for _, do := range f.Do {
		row("do", do)
	}
	if t := f.Trade; t != nil {
		row("trade", fmt.Sprintf("%d, code %s, bot %s, offer %s", t.ID, t.Reference, t.Bot, orNone(t.OfferID)))
		for _, s := range t.Steps {
			row("  "+s.At, join(s.From+" → "+s.To, s.Note))
		}
	}
	for _, n := range f.Told {
		row("notification", n.To)
		what := fmt.Sprintf("%s after %d tries", n.State, n.Tries)
		if n.Tries == 1 {
			what = n.State + " after 1 try"
		}
		what = join(what, n.Last)
		if n.Next != "" {
			what += "; next try " + n.Next
		}
		row("  "+n.At, what)
	}
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + ": " + b
}

func orNone(s string) string {
	if s == "" {
		return "none yet"
	}
	return s
}
