package app

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/skinrail/skinrail/internal/fleet"
)

func (b Bots) print(machine any, people func(w *tabwriter.Writer)) error {
	return Projects{JSON: b.JSON, Out: b.Out}.print(machine, people)
}

// botRow is a bot for machines.
type botRow struct {
	SteamID string `json:"steam_id"`
	Account string `json:"account_name"`
	Name    string `json:"name"`
	Duty    string `json:"duty"`
	Health  string `json:"health"`
	Reason  string `json:"reason"`
	Until   string `json:"until,omitempty"`
	Since   string `json:"since"`
	Advice  string `json:"advice,omitempty"`
	Note    string `json:"note,omitempty"`
	Limits  string `json:"limits,omitempty"`
}

func duty(b fleet.Bot) string {
	switch {
	case b.Stopped:
		return "stopped"
	case b.Quarantined:
		return "quarantined"
	case !b.Enabled:
		return "draining"
	}
	return "enabled"
}

// toDo is what to do about a bot, and how it ends that one is kept from new work.
func toDo(b fleet.Bot) string {
	var all []string
	if advice := b.Advice(); advice != "" {
		all = append(all, advice)
	}
	if !b.Enabled {
		all = append(all, "when it may work again:  "+again(b))
	}
	return strings.Join(all, "; ")
}

// again is the command by which a bot comes back to work.
func again(b fleet.Bot) string {
	if b.Stopped {
		return "skinrail bot start"
	}
	return "skinrail bot enable " + b.AccountName
}

func row(b fleet.Bot) botRow {
	return botRow{SteamID: b.ID.String(), Account: b.AccountName, Name: b.Persona, Duty: duty(b), Health: string(b.Health),
		Reason: b.Reason(), Until: when(b.Until), Since: when(b.Since), Advice: toDo(b), Note: b.Note, Limits: limits(b)}
}

// limits are a bot's limits in words, empty when it has none.
func limits(b fleet.Bot) string {
	var parts []string
	if l := b.Limits; len(l.Games) > 0 {
		parts = append(parts, "receives "+(&Games{l.Games}).String())
	}
	if b.Limits.Open > 0 {
		parts = append(parts, fmt.Sprintf("%d offers at once", b.Limits.Open))
	}
	if b.Limits.Worth > 0 {
		parts = append(parts, "holds up to "+b.Limits.Worth.Text(2)+" usd")
	}
	return strings.Join(parts, ", ")
}

func (b Bots) printLimits(one fleet.Bot) error {
	return b.print(row(one), func(w *tabwriter.Writer) {
		text := limits(one)
		if text == "" {
			text = "no limits but Steam's"
		}
		fmt.Fprintf(w, "Bot %s (%s): %s.\n", one.ID, one.AccountName, text)
	})
}

func (b Bots) printList(all []fleet.Bot) error {
	rows := make([]botRow, 0, len(all))
	for _, one := range all {
		rows = append(rows, row(one))
	}
	return b.print(rows, func(w *tabwriter.Writer) {
		if len(rows) == 0 {
			fmt.Fprintln(w, "No bots yet. Add one with  skinrail bot add --mafile FILE")
			return
		}
		fmt.Fprintln(w, "STEAM ID\tACCOUNT\tNAME\tDUTY\tHEALTH\tSINCE\tLIMITS\tWHAT TO DO")
		for _, r := range rows {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.SteamID, r.Account, r.Name, r.Duty, r.Reason, r.Since, r.Limits, r.Advice)
		}
	})
}

// duty's consequences, for people.
var consequences = map[string]string{
	"enabled":     "it takes new orders when it is ready",
	"draining":    "it takes no new orders and ends those it has",
	"stopped":     "with all others, by  skinrail bot stop",
	"quarantined": "it sends and confirms nothing; its trades are still read, its offers withdrawn at their deadlines",
}

func (b Bots) printDuty(one fleet.Bot) error {
	return b.print(row(one), func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "Bot %s (%s) is %s: %s.\n", one.ID, one.AccountName, duty(one), consequences[duty(one)])
	})
}

func (b Bots) printAdded(n NewBot, what string) error {
	return b.print(map[string]any{"steam_id": n.ID.String(), "account_name": n.AccountName}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "%s %s (%s); the secrets are sealed. Test it with  skinrail bot login %s\n", what, n.ID, n.AccountName, n.AccountName)
	})
}

func (b Bots) printLogin(one fleet.Bot, at string) error {
	return b.print(map[string]any{"steam_id": one.ID.String(), "account_name": one.AccountName, "login": "ok"}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "Bot %s (%s) has logged in at %s; the session is kept.\n", one.ID, one.AccountName, at)
	})
}
