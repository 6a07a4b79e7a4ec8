package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/seal"
)

// print writes for machines or for people, in one piece.
func (p Projects) print(machine any, people func(w *tabwriter.Writer)) error {
	var b bytes.Buffer
	if p.JSON {
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(machine); err != nil {
			return err
		}
	} else {
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		people(w)
		if err := w.Flush(); err != nil {
			return err
		}
	}
	_, err := p.Out.Write(b.Bytes())
	return err
}

func (p Projects) printNew(m merchant.Project, s merchant.Secrets) error {
	id := strconv.FormatInt(m.ID, 10)
	machine := map[string]any{"client_id": id, "client_secret": s.Client.Reveal(), "webhook_secret": s.Webhook.Reveal(), "settings": shownSettings(m)}
	return p.print(machine, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "Added %s. Keep the secrets now: they are not shown again.\n\n", m.Name)
		fmt.Fprintf(w, "  client id\t%s\n  client secret\t%s\n  webhook secret\t%s\n", id, s.Client.Reveal(), s.Webhook.Reveal())
	})
}

type listRow struct {
	ID        string `json:"client_id"`
	Name      string `json:"name"`
	Active    bool   `json:"active"`
	Market    bool   `json:"market"`
	Available string `json:"available"`
	Waiting   int    `json:"waiting"`
}

func (p Projects) printList(rows []listRow) error {
	return p.print(rows, func(w *tabwriter.Writer) {
		if len(rows) == 0 {
			fmt.Fprintln(w, "No projects yet. Add one with  skinrail project add NAME")
			return
		}
		fmt.Fprintln(w, "ID\tNAME\tSTATE\tMARKET\tAVAILABLE USD\tWAITING")
		for _, r := range rows {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\n", r.ID, r.Name, activeWord(r.Active), onOff(r.Market), r.Available, r.Waiting)
		}
	})
}

func activeWord(active bool) string {
	if active {
		return "active"
	}
	return "disabled"
}

func onOff(v bool) string {
	if v {
		return "on"
	}
	return "off"
}

// projectState is what is shown of a project.
type projectState struct {
	project  merchant.Project
	secrets  []merchant.LiveSecret
	balances []money.Amount // as accounts
	totals   merchant.Totals
	waiting  []cash.Booking
}

func (p Projects) printStatus(s projectState) error {
	id := strconv.FormatInt(s.project.ID, 10)
	balances, secrets, waiting := map[string]string{}, []map[string]any{}, []map[string]any{}
	for i, a := range accounts {
		balances[a.name] = s.balances[i].String()
	}
	for _, k := range s.secrets {
		secrets = append(secrets, map[string]any{"purpose": k.Purpose, "old": k.Old, "made_at": when(k.MadeAt)})
	}
	for _, b := range s.waiting {
		waiting = append(waiting, shownBooking(b))
	}
	machine := map[string]any{"client_id": id, "created_at": when(s.project.CreatedAt), "settings": shownSettings(s.project), "balances": balances,
		"deals_sum": s.totals.Deals.String(), "withdraw_sum": s.totals.Withdrawn.String(), "secrets": secrets, "waiting": waiting}
	return p.print(machine, func(w *tabwriter.Writer) { s.people(w, id) })
}

func (s projectState) people(w *tabwriter.Writer, id string) {
	fmt.Fprintf(w, "Project %s, made %s\n\nSETTING\tVALUE\n", id, when(s.project.CreatedAt))
	for _, set := range settings {
		fmt.Fprintf(w, "%s\t%s\n", set.name, word(set.get(&s.project)))
	}
	fmt.Fprint(w, "\nMONEY\tUSD\tMEANING\n")
	for i, a := range accounts {
		fmt.Fprintf(w, "%s\t%s\t%s\n", a.name, s.balances[i], a.meaning)
	}
	fmt.Fprintf(w, "deals_sum\t%s\tsettled deposits, ever\nwithdraw_sum\t%s\tspent on items and paid out, ever\n", s.totals.Deals, s.totals.Withdrawn)
	fmt.Fprint(w, "\nSECRET\tMADE\tNOTE\n")
	for _, k := range s.secrets {
		note := ""
		if k.Old {
			note = fmt.Sprintf("old, still valid: end it with  skinrail project rotate %s --purpose %s --finish", id, k.Purpose)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", k.Purpose, when(k.MadeAt), note)
	}
	if len(s.waiting) == 0 {
		return
	}
	fmt.Fprint(w, "\nWAITING\tBOOKING\tUSD\tREFERENCE\tPROPOSED BY\tAT\tNOTE\n")
	for _, b := range s.waiting {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", b.Direction, b.ID, b.Amount, b.Ref, b.ProposedBy, when(b.CreatedAt), b.Note)
	}
}

// shownSettings are all settings by name.
func shownSettings(m merchant.Project) map[string]any {
	all := map[string]any{}
	for _, s := range settings {
		all[s.name] = s.get(&m)
	}
	return all
}

// word is a setting's value for people, in the form that set reads.
func word(v any) string {
	switch v := v.(type) {
	case bool:
		return onOff(v)
	case []string:
		return strings.Join(v, ",")
	}
	return fmt.Sprint(v)
}

func (p Projects) printChanged(m merchant.Project, changes []settingChange) error {
	machine := map[string]any{"client_id": strconv.FormatInt(m.ID, 10), "settings": shownSettings(m)}
	return p.print(machine, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "Project %d:\n", m.ID)
		for _, c := range changes {
			fmt.Fprintf(w, "  %s\t%s\n", c.name, word(c.get(&m)))
		}
	})
}

func (p Projects) printRotated(id int64, which merchant.Purpose, fresh seal.Secret) error {
	name := string(which) + "_secret"
	return p.print(map[string]any{"client_id": strconv.FormatInt(id, 10), name: fresh.Reveal()}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "The new %s secret of project %d, which is not shown again:\n\n  %s\n\n", which, id, fresh.Reveal())
		fmt.Fprintf(w, "The old one stays valid until  skinrail project rotate %d --purpose %s --finish\n", id, which)
	})
}

func (p Projects) printFinished(id int64, which merchant.Purpose) error {
	return p.print(map[string]any{"client_id": strconv.FormatInt(id, 10), "purpose": which, "rotating": false}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "Project %d has one %s secret: the newest.\n", id, which)
	})
}

func shownBooking(b cash.Booking) map[string]any {
	return map[string]any{"booking": b.ID, "client_id": strconv.FormatInt(b.Project, 10), "type": b.Direction.String(), "amount": b.Amount.String(),
		"reference": b.Ref, "note": b.Note, "state": b.State, "proposed_by": b.ProposedBy, "created_at": when(b.CreatedAt),
		"decided_by": b.DecidedBy, "decided_at": when(b.DecidedAt), "reason": b.Reason}
}

func (p Projects) printBooking(ctx context.Context, k *desk, b cash.Booking, replayed bool) error {
	available, err := k.ledger.Balance(ctx, ledger.Available(b.Project))
	if err != nil {
		return err
	}
	machine := shownBooking(b)
	machine["replayed"], machine["available"] = replayed, available.String()
	return p.print(machine, func(w *tabwriter.Writer) {
		if replayed {
			fmt.Fprintf(w, "Reference %s is known: nothing was changed.\n", b.Ref)
		}
		what := fmt.Sprintf("%s %d of %s USD for project %d", b.Direction, b.ID, b.Amount.Text(2), b.Project)
		switch b.State {
		case cash.Booked:
			fmt.Fprintf(w, "Booked: %s.\n", what)
		case cash.Rejected:
			fmt.Fprintf(w, "Rejected: %s.\n", what)
		case cash.Proposed:
			fmt.Fprintf(w, "Proposed: %s. It is above the limit: somebody other than %s must approve it with\n\n", what, b.ProposedBy)
			fmt.Fprintf(w, "  skinrail project approve %d --by NAME\n\n", b.ID)
		}
		fmt.Fprintf(w, "The project has %s USD available.\n", available.Text(2))
	})
}

func (p Projects) printLimit(m money.Amount) error {
	return p.print(map[string]any{"limit": m.String()}, func(w *tabwriter.Writer) {
		fmt.Fprintf(w, "One person may book up to %s USD at once; above that somebody else must approve.\n", m.Text(2))
	})
}

// when is a time for people and machines alike; empty for none.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
