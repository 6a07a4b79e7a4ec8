package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
)

// KeyLost begins anew with another key after the one that sealed the secrets of
// a database is lost for good.
type KeyLost struct {
	Store
	KeyFile string // the new key
	Forget  string // what is lost, in the words in which Run tells it
	Out     io.Writer
	Err     io.Writer
}

// Run makes new secrets for all projects, prints them once, and forgets those of
// the bots. It does so only when no gateway runs on the database, when the key
// opens nothing of it, and when Forget says how much is lost.
func (k KeyLost) Run(ctx context.Context) (err error) {
	if err := k.there(); err != nil {
		return err
	}
	if k.Database == "" {
		lock, err := lockFolder(k.Data)
		if err != nil {
			return err
		}
		defer func() { _ = lock.Close() }()
	}
	d, err := k.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(explain(err), d.Close()) }()
	box, path, err := k.loadKey(k.KeyFile)
	if err != nil {
		return err
	}
	lost, err := lostWith(ctx, d, box, path)
	if err != nil {
		return err
	}
	if k.Forget != lost {
		return said{fmt.Sprintf("This cannot be undone. Look for the lost key first: in backups, with whoever installed the gateway.\n"+
			"Then every merchant needs new secrets and every bot its own again. To go on:  --forget %q", lost), nil}
	}
	if k.Database != "" {
		if err := (Restore{Store: k.Store, Err: k.Err}).unserved(ctx, d); err != nil {
			return err
		}
	}
	return k.remake(ctx, d, box)
}

// lostWith is what the key in path does not open, which must be everything.
func lostWith(ctx context.Context, d *db.DB, box *seal.Box, path string) (string, error) {
	projects, bots, err := sealed(ctx, d)
	if err != nil {
		return "", err
	}
	for _, p := range projects {
		if _, err := merchant.New(d, box).Secrets(ctx, p.ID); !errors.Is(err, seal.ErrKey) {
			return "", notLost(path, fmt.Sprintf("project %d", p.ID), err)
		}
	}
	for _, b := range bots {
		if _, _, err := fleet.New(d, box).Secrets(ctx, b.ID); !errors.Is(err, seal.ErrKey) && !errors.Is(err, fleet.ErrForgotten) {
			return "", notLost(path, fmt.Sprintf("bot %s", b.ID), err)
		}
	}
	if len(projects)+len(bots) == 0 {
		return "", errors.New("this database holds no secrets: any key is good for it")
	}
	return fmt.Sprintf("%d projects and %d bots", len(projects), len(bots)), nil
}

// notLost refuses a key that opens a secret, or whose secret is broken itself.
func notLost(path, whose string, err error) error {
	if err == nil {
		return fmt.Errorf("the key in %s opens the secrets of %s: it is not lost, and nothing is forgotten", path, whose)
	}
	return fmt.Errorf("whether the key in %s is that of %s cannot be told, and nothing is forgotten: %w", path, whose, err)
}

func (k KeyLost) remake(ctx context.Context, d *db.DB, box *seal.Box) error {
	now, _, err := clockOf(ctx, d)
	if err != nil {
		return err
	}
	var made []merchant.Remade
	err = d.Write(ctx, func(tx *db.Tx) (err error) {
		if made, err = merchant.New(d, box).RemakeTx(ctx, tx, now()); err != nil {
			return err
		}
		return fleet.New(d, box).ForgetTx(ctx, tx, now())
	})
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(k.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "Keep these now: they are not shown again. The old ones are not valid any more.\n\nCLIENT ID\tCLIENT SECRET\tWEBHOOK SECRET")
	for _, m := range made {
		fmt.Fprintf(w, "%d\t%s\t%s\n", m.Project, m.Client.Reveal(), m.Webhook.Reveal())
	}
	fmt.Fprintln(w, "\nGive each bot its secrets again:  skinrail bot add --replace")
	return w.Flush()
}
