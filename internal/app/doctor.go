package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/trade"
)

// Doctor tells what a person has to look after.
type Doctor struct {
	Store
	JSON bool
	By   string // who releases a restored database, settles a difference or credits a late offer
	Note string // how it was settled, why it is credited
}

// ErrUnwell is returned when somebody has to do something.
var ErrUnwell = errors.New("not everything is well")

// findings are what the doctor prints; names in JSON.
type findings struct {
	Well   bool           `json:"well"`
	Bots   []botFinding   `json:"bots"`
	Counts map[string]int `json:"counts"` // certain drifts by kind
	Drifts []driftFinding `json:"drifts"`
	Trades []tradeFinding `json:"overdue_trades"`
	Cash   []cashFinding  `json:"overdue_bookings"`

	Overdue []overdueFinding `json:"overdue"`                 // other steps
	Stopped string           `json:"money_stopped,omitempty"` // the first row of the books that is wrong

	Restored *restoredFinding `json:"restored,omitempty"` // while closed
}

type botFinding struct {
	ID      string `json:"steam_id"`
	Account string `json:"account_name"`
	Enabled bool   `json:"enabled"`
	Duty    string `json:"duty"`
	Health  string `json:"health"`
	Advice  string `json:"advice,omitempty"`

	Compared string `json:"compared,omitempty"` // when Steam and the records were compared last; empty: never
}

type driftFinding struct {
	Kind    string    `json:"kind"`
	Bot     string    `json:"bot"`
	Subject string    `json:"subject"`
	Detail  string    `json:"detail"`
	Since   time.Time `json:"since"`
	Looks   int64     `json:"looks"`
	Certain bool      `json:"certain"`
	Advice  string    `json:"advice"`
}

type tradeFinding struct {
	Trade   int64     `json:"trade"`
	Order   string    `json:"order"`
	Bot     string    `json:"bot"`
	State   string    `json:"state"`
	Since   time.Time `json:"due"`
	Problem string    `json:"problem,omitempty"`
}

// cashFinding is money in or out that waits for a second person for too long.
type cashFinding struct {
	Project    int64     `json:"project"`
	Booking    int64     `json:"booking"`
	Direction  string    `json:"direction"`
	Amount     string    `json:"amount"`
	ProposedBy string    `json:"proposed_by"`
	Since      time.Time `json:"since"`
}

// tradesShown is how many overdue trades are printed at most.
const tradesShown = 100

// Run prints bots, drifts and what is overdue. It may run while the gateway works
// on the same database. It returns [ErrUnwell] when an enabled bot cannot work,
// a drift is certain, something is overdue, no money moves, or the database was
// restored and is closed.
func (doc Doctor) Run(ctx context.Context, out io.Writer) (err error) {
	d, err := doc.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	f, err := diagnose(ctx, d)
	if err != nil {
		return err
	}
	if err := f.print(out, doc.JSON); err != nil {
		return err
	}
	if !f.Well {
		return ErrUnwell
	}
	return nil
}

// Settle ends a difference that a person has dealt with, named KIND/SUBJECT as
// [Doctor.Run] prints them.
func (doc Doctor) Settle(ctx context.Context, what string, out io.Writer) error {
	kind, subject, ok := strings.Cut(what, "/")
	if !ok || subject == "" || !slices.Contains(reconcile.Kinds(), reconcile.Kind(kind)) {
		return wrong("--settle %q: want KIND/WHAT as  skinrail doctor  shows them, such as offer_late/7000000044", what)
	}
	return doc.with(ctx, func(d *db.DB, now time.Time) error {
		one := reconcile.Settlement{Kind: reconcile.Kind(kind), Subject: subject, By: doc.By, Note: doc.Note}
		n, err := reconcile.New(d, trade.New(d), fleet.New(d, nil)).Settle(ctx, now, one)
		if err != nil {
			return err
		}
		word := "is settled"
		if n == 0 {
			word = "is settled; it did not stand"
		}
		_, err = fmt.Fprintf(out, "%s %s %s.\n", kind, subject, word)
		return err
	})
}

func diagnose(ctx context.Context, d *db.DB) (f findings, err error) {
	clock, _, err := clockOf(ctx, d)
	if err != nil {
		return f, err
	}
	now := clock()
	f = findings{Well: true, Bots: []botFinding{}, Counts: map[string]int{}, Drifts: []driftFinding{}, Trades: []tradeFinding{}, Cash: []cashFinding{}}
	books := ledger.New(d)
	if err := books.Follow(ctx); err != nil {
		return f, err
	}
	f.Stopped = books.Stopped()
	bots, trades := fleet.New(d, nil), trade.New(d)
	all, err := bots.Bots(ctx)
	if err != nil {
		return f, err
	}
	drifts := reconcile.New(d, trades, bots)
	compared, err := drifts.Compared(ctx)
	if err != nil {
		return f, err
	}
	for _, b := range all {
		one := botFinding{b.ID.String(), b.AccountName, b.Enabled, duty(b), b.Reason(), toDo(b), ""}
		if at, ever := compared[b.ID.String()]; ever {
			one.Compared = when(at)
		}
		f.Bots = append(f.Bots, one)
		begins := b.Health == fleet.Starting && now.Sub(b.Since) <= trade.MaxLate
		f.Well = f.Well && (!b.Enabled || b.Health.Works() || begins)
	}
	open, err := drifts.Open(ctx)
	if err != nil {
		return f, err
	}
	if f.Restored, err = restored(ctx, drifts); err != nil {
		return f, err
	}
	f.Well = f.Well && f.Restored == nil && f.Stopped == ""
	for _, s := range open {
		advice := s.Kind.Advice()
		if s.Kind == reconcile.OfferLate {
			if advice, err = lateAdvice(ctx, trades, s); err != nil {
				return f, err
			}
		}
		f.Drifts = append(f.Drifts, driftFinding{string(s.Kind), s.Bot, s.Subject, s.Detail, s.FirstSeen, s.Looks, s.Certain(), advice})
		if s.Certain() {
			f.Counts[string(s.Kind)]++
			f.Well = f.Well && s.Kind.Harmless()
		}
	}
	late, err := trades.Overdue(ctx, now, tradesShown)
	for _, t := range late {
		f.Trades = append(f.Trades, tradeFinding{t.ID, t.Owner, t.Bot.String(), string(t.State), t.DueAt, t.Problem})
		f.Well = false
	}
	if err != nil {
		return f, err
	}
	waiting, err := cash.New(cash.Deps{DB: d}).Waiting(ctx, 0)
	for _, b := range waiting {
		if now.Sub(b.CreatedAt) > cash.MaxAge {
			f.Cash = append(f.Cash, cashFinding{b.Project, b.ID, string(b.Direction), b.Amount.String(), b.ProposedBy, b.CreatedAt})
			f.Well = false
		}
	}
	if err != nil {
		return f, err
	}
	more, err := overdue(ctx, d, now)
	f.Overdue = append([]overdueFinding{}, more...)
	f.Well = f.Well && len(more) == 0
	return f, err
}

func (f findings) print(out io.Writer, machine bool) error {
	if machine {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(f)
	}
	if f.Restored != nil {
		f.Restored.print(out)
	}
	if f.Stopped != "" {
		fmt.Fprintf(out, "NO MONEY MOVES: %s\nPut back what was, then  skinrail audit\n\n", f.Stopped)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "BOT\tACCOUNT\tHEALTH\tCOMPARED\tDO")
	for _, b := range f.Bots {
		health := b.Health
		if !b.Enabled {
			health = b.Duty
		}
		compared := b.Compared
		if compared == "" {
			compared = "never"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", b.ID, b.Account, health, compared, b.Advice)
	}
	fmt.Fprintln(w)
	if len(f.Trades) > 0 {
		fmt.Fprintln(w, "OVERDUE TRADE\tORDER\tBOT\tSTATE\tDUE\tPROBLEM")
		for _, t := range f.Trades {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", t.Trade, t.Order, t.Bot, t.State, t.Since.UTC().Format(time.DateTime), t.Problem)
		}
		fmt.Fprintln(w)
	}
	if len(f.Cash) > 0 {
		fmt.Fprintln(w, "OVERDUE BOOKING\tPROJECT\tUSD\tPROPOSED BY\tSINCE\tDO")
		for _, b := range f.Cash {
			fmt.Fprintf(w, "%s %d\t%d\t%s\t%s\t%s\tskinrail project approve %d, or reject\n", b.Direction, b.Booking, b.Project, b.Amount, b.ProposedBy, b.Since.UTC().Format(time.DateTime), b.Booking)
		}
		fmt.Fprintln(w)
	}
	if len(f.Overdue) > 0 {
		fmt.Fprintln(w, "OVERDUE\tDUE\tDO")
		for _, o := range f.Overdue {
			fmt.Fprintf(w, "%s\t%s\t%s\n", o.What, o.Since.UTC().Format(time.DateTime), o.Advice)
		}
		fmt.Fprintln(w)
	}
	if len(f.Drifts) == 0 {
		agreed := "Steam and the records agreed when they were compared."
		if !slices.ContainsFunc(f.Bots, func(b botFinding) bool { return b.Compared != "" }) {
			agreed = "Steam and the records have not been compared yet: that takes a gateway that runs, and a bot that can work."
		}
		fmt.Fprintln(w, agreed)
		return w.Flush()
	}
	fmt.Fprintln(w, "DIFFERENCE\tBOT\tWHAT\tSINCE\tDETAIL\tDO")
	for _, d := range f.Drifts {
		kind := d.Kind
		if !d.Certain {
			kind += " (seen once)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", kind, d.Bot, d.Subject, d.Since.UTC().Format(time.DateTime), d.Detail, d.Advice)
	}
	return w.Flush()
}
