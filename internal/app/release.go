package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/trade"
)

// restoredFinding is what keeps a restored database closed.
type restoredFinding struct {
	At   time.Time       `json:"at"`
	Bots []restoredAgree `json:"bots"`
}

type restoredAgree struct {
	Bot         string `json:"bot"`
	Looked      bool   `json:"looked"`
	Differences int64  `json:"differences"`
}

// restored tells what keeps a restored database closed; nil when it is open.
func restored(ctx context.Context, drifts *reconcile.Service) (*restoredFinding, error) {
	r, err := drifts.Restored(ctx)
	if err != nil || !r.Closed() {
		return nil, err
	}
	looks, err := drifts.Looks(ctx, r)
	if err != nil {
		return nil, err
	}
	f := &restoredFinding{At: r.At}
	for _, l := range looks {
		f.Bots = append(f.Bots, restoredAgree{Bot: l.Bot, Looked: !l.At.IsZero(), Differences: l.Differences})
	}
	return f, nil
}

func (r *restoredFinding) print(w io.Writer) {
	fmt.Fprintf(w, "RESTORED at %s and closed: nothing is sent until every bot agrees with Steam.\n", r.At.UTC().Format(time.DateTime))
	for _, b := range r.Bots {
		switch {
		case !b.Looked:
			fmt.Fprintf(w, "  %s has not been compared yet\n", b.Bot)
		case b.Differences > 0:
			fmt.Fprintf(w, "  %s differs in %d points\n", b.Bot, b.Differences)
		default:
			fmt.Fprintf(w, "  %s agrees\n", b.Bot)
		}
	}
	fmt.Fprint(w, "When what differs is understood and cannot be mended:  skinrail doctor --release --by NAME\n\n")
}

// Release opens a restored database although something differs from Steam.
func (doc Doctor) Release(ctx context.Context, out io.Writer) (err error) {
	if doc.By == "" {
		return wrong("--by is missing: who releases it?")
	}
	d, err := doc.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(inWords(err), d.Close()) }()
	drifts := reconcile.New(d, trade.New(d), fleet.New(d, nil))
	now, _, err := clockOf(ctx, d)
	if err != nil {
		return err
	}
	opened, err := open(ctx, d, drifts, merchant.New(d, nil), doc.By, now())
	if err != nil {
		return err
	}
	if !opened {
		return errors.New("nothing to release: the database was not restored, or is open")
	}
	fmt.Fprintln(out, "released: the gateway is open within a second")
	return nil
}
