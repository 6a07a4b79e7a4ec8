package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/lease"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/trade"
)

// Restore makes a gateway's database from a backup.
type Restore struct {
	Store
	KeyFile    string    // opens the secrets in it; empty: the file "key" in Data
	WithoutKey bool      // restore although nothing opens them: only to read the books
	Out        io.Writer // what was done
	Err        io.Writer // how far it is
}

// Run puts a backup into a folder that holds no database. What it puts there is
// whole, its books are right, and it is closed (G13): one step, or nothing is
// there.
func (r Restore) Run(ctx context.Context, file string) error {
	if r.Database != "" {
		return wrong("restore PostgreSQL with its own tools, then:  skinrail restore --mark --database URL")
	}
	target := filepath.Join(r.Data, databaseFile)
	lock, err := lockFolder(r.Data)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if _, err := os.Stat(target + suffix); err == nil {
			return fmt.Errorf("%s holds a database: restore into an empty folder, or move that one away", r.Data)
		}
	}
	began, part := time.Now(), target+".restoring"
	if err := removed(part); err != nil { // of a restore that was interrupted
		return err
	}
	if err := r.prepare(ctx, file, part); err != nil {
		return errors.Join(fmt.Errorf("nothing was restored: %w", err), removed(part))
	}
	if err := errors.Join(os.Rename(part, target), db.Sync(r.Data)); err != nil {
		return err
	}
	fmt.Fprintf(r.Out, "restored %s to %s in %s; the books are right\n", file, r.Data, time.Since(began).Round(time.Millisecond))
	fmt.Fprint(r.Out, closedNow)
	return nil
}

const closedNow = `the gateway is closed: it sends nothing until Steam and the records agree
  start it; it reads Steam and opens by itself when nothing differs
  skinrail doctor                       what still differs
  skinrail doctor --release --by NAME   open it although something differs
`

// prepare makes the restored database under another name.
func (r Restore) prepare(ctx context.Context, file, part string) error {
	m := newMeter(r.Err, "pages copied")
	err := db.Copy(ctx, file, part, m.at)
	m.end()
	if err != nil {
		return err
	}
	if err := db.Verify(ctx, part); err != nil {
		return err
	}
	d, err := db.OpenAsIs(ctx, part)
	if errors.Is(err, db.ErrOlder) {
		d, err = db.Open(ctx, part) // nobody works on it
	}
	if err != nil {
		return otherVersion(err)
	}
	if err := errors.Join(r.close(ctx, d), d.Close()); err != nil {
		return err
	}
	return db.Settle(ctx, part)
}

// close proves a restored database and closes it.
func (r Restore) close(ctx context.Context, d *db.DB) error {
	lost, err := r.keyed(ctx, d, r.KeyFile)
	if err != nil {
		return err
	}
	if lost != "" && !r.WithoutKey {
		return errors.New(lost + "\nput the key back; if it is lost, restore the books with --without-key, then see  skinrail key-lost --help")
	}
	if err := audited(ctx, d, r.Out); err != nil {
		return err
	}
	if err := mark(ctx, d); err != nil {
		return err
	}
	if lost != "" {
		fmt.Fprintf(r.Out, "WARNING: %s\nthe books can be read and proved; no gateway starts on them\n", lost)
	}
	return nil
}

// Mark closes a database that was restored by PostgreSQL's own tools, as Run
// does. It refuses one that a gateway runs on.
func (r Restore) Mark(ctx context.Context) (err error) {
	if r.Database == "" {
		return wrong("--mark is for a PostgreSQL server: name it with --database")
	}
	d, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := r.unserved(ctx, d); err != nil {
		return err
	}
	if err := r.close(ctx, d); err != nil {
		return err
	}
	fmt.Fprintln(r.Out, "marked as restored; the books are right")
	fmt.Fprint(r.Out, closedNow)
	return nil
}

// unserved refuses a database on which a node tells that it lives. Rows of nodes
// are restored too: only their beats tell the living.
func (r Restore) unserved(ctx context.Context, d *db.DB) error {
	before, err := lease.Beats(ctx, d)
	if err != nil || len(before) == 0 {
		return err
	}
	m := newMeter(r.Err, "waiting for signs of nodes")
	defer m.end()
	const looks = 10
	for look := range int64(looks) {
		m.at(look, looks)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lease.Length / looks):
		}
		now, err := lease.Beats(ctx, d)
		if err != nil {
			return err
		}
		for node, beat := range now {
			if before[node] != beat {
				return fmt.Errorf("%s runs on this database: stop every node, then restore it anew, for they have written to it", node)
			}
		}
	}
	return nil
}

// mark closes a restored database in one commit: the event log gets another
// epoch, ids and numbers jump over what may have been given out after the
// backup, what was not sent may have been, and nothing goes out.
func mark(ctx context.Context, d *db.DB) error {
	events, trades := event.New(d), trade.New(d)
	drifts := reconcile.New(d, trades, fleet.New(d, nil))
	merchants := merchant.New(d, nil)
	clock, _, err := clockOf(ctx, d)
	if err != nil {
		return err
	}
	now := clock()
	since, err := events.Newest(ctx)
	if err != nil {
		return err
	}
	projects, err := merchants.List(ctx)
	if err != nil {
		return err
	}
	newest := since
	for _, p := range projects { // one that has had no events yet
		if p.CreatedAt.After(newest) {
			newest = p.CreatedAt
		}
	}
	leap := db.Leap(newest, now)
	err = d.Write(ctx, func(tx *db.Tx) error {
		if err := d.JumpIDsTx(ctx, tx, leap); err != nil {
			return err
		}
		if err := events.RestartTx(ctx, tx, leap); err != nil {
			return err
		}
		if err := trades.DoubtTx(ctx, tx, now); err != nil {
			return err
		}
		if err := merchants.SetRestoredTx(ctx, tx, true); err != nil {
			return err
		}
		return drifts.CloseTx(ctx, tx, since, now)
	})
	if err != nil {
		return fmt.Errorf("mark as restored: %w", err)
	}
	return nil
}

// open ends what mark began, and reports whether the database was closed.
func open(ctx context.Context, d *db.DB, drifts *reconcile.Service, merchants *merchant.Service, by string, now time.Time) (opened bool, err error) {
	err = d.Write(ctx, func(tx *db.Tx) (err error) {
		if opened, err = drifts.OpenTx(ctx, tx, by, now); err != nil || !opened {
			return err
		}
		return merchants.SetRestoredTx(ctx, tx, false)
	})
	return opened, err
}
