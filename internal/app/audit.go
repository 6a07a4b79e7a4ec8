package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/world"
)

// Store names an existing database: a folder or a PostgreSQL server.
type Store struct {
	Data     string
	Database string
}

// target is what [db.Open] takes.
func (s Store) target() string {
	if s.Database != "" {
		return s.Database
	}
	return filepath.Join(s.Data, databaseFile)
}

// openBy opens the database where it is.
func (s Store) openBy(ctx context.Context, open func(context.Context, string) (*db.DB, error)) (*db.DB, error) {
	if s.Database != "" && !db.IsPostgres(s.Database) {
		return nil, explain(wrong("--database: want postgres://USER@HOST/NAME; SQLite is named by its folder, with --data"))
	}
	return open(ctx, s.target())
}

// open opens the database of a gateway that may be running, so it leaves the
// schema alone.
func (s Store) open(ctx context.Context) (*db.DB, error) {
	if err := s.there(); err != nil {
		return nil, err
	}
	d, err := s.openBy(ctx, db.OpenAsIs)
	return d, otherVersion(err)
}

// there refuses a folder without a database; a server says so itself.
func (s Store) there() error {
	if _, err := os.Stat(s.target()); err != nil && s.Database == "" {
		return fmt.Errorf("no database in %s: name the folder with --data, or a server with --database", s.Data)
	}
	return nil
}

// with opens the database, calls f with its time, and closes it.
func (s Store) with(ctx context.Context, f func(d *db.DB, now time.Time) error) (err error) {
	d, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	now, _, err := clockOf(ctx, d)
	if err != nil {
		return err
	}
	return f(d, now())
}

// clockOf returns the clock of a database: a sandbox's world has its own.
func clockOf(ctx context.Context, d *db.DB) (now func() time.Time, sandbox bool, err error) {
	w, sandbox, err := world.Open(ctx, d, time.Now)
	if sandbox {
		return w.Now, true, err
	}
	return d.Clock, false, err
}

// otherVersion says what to do about a database of another program.
func otherVersion(err error) error {
	switch {
	case errors.Is(err, db.ErrOlder):
		return said{err.Error() + "\nuse the program that serves it; to bring it forward for good:  skinrail migrate", err}
	case errors.Is(err, db.ErrNewer):
		return said{err.Error() + "\nuse the newer program, which has brought it forward", err}
	}
	return err
}

// ErrBooks is returned when the audit found something wrong.
var ErrBooks = errors.New("the books are not right")

// Audit recomputes the books, compares them with the orders, and prints what it
// checked. It may run while the gateway works on the same database. Wrong books
// stop money writes, right ones let them go on. A seal kept elsewhere, as an
// earlier audit printed it, must still be in the chain; empty: none.
func Audit(ctx context.Context, s Store, kept string, out io.Writer) (err error) {
	n, hash, err := parseSeal(kept)
	if err != nil {
		return err
	}
	d, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	l := ledger.New(d)
	m := newMeter(out, "transactions proved")
	report, err := proof(ctx, d, m.at)
	m.end()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, report)
	if kept != "" {
		has, err := l.HasSeal(ctx, n, hash)
		if err != nil {
			return err
		}
		if !has {
			what := "the seal " + kept + ", kept elsewhere, is not in the chain: it was made anew"
			fmt.Fprintln(out, "first wrong: "+what)
			return errors.Join(ErrBooks, l.Stop(ctx, what, d.Clock()))
		}
	}
	if !report.OK() {
		return errors.Join(ErrBooks, l.Stop(ctx, report.First(), d.Clock()))
	}
	fmt.Fprintln(out, "the books are right")
	resumed, err := l.Resume(ctx)
	if resumed {
		fmt.Fprintln(out, "money moves again")
	}
	return err
}

// parseSeal reads a seal as an audit prints it: its number, a colon, its hash.
func parseSeal(text string) (n int64, hash []byte, err error) {
	if text == "" {
		return 0, nil, nil
	}
	number, digits, ok := strings.Cut(text, ":")
	n, err = strconv.ParseInt(number, 10, 64)
	if hash, failed := hex.DecodeString(digits); ok && err == nil && failed == nil && n > 0 && len(hash) == sha256.Size {
		return n, hash, nil
	}
	return 0, nil, explain(wrong("--seal %q: want it as skinrail audit printed it, such as 812:5f0c…", text))
}

// SetMaintenance makes the merchant API of every node on the database answer
// "under maintenance", or work again, and says so.
func SetMaintenance(ctx context.Context, s Store, on bool, out io.Writer) error {
	err := s.with(ctx, func(d *db.DB, now time.Time) error { return merchant.New(d, nil).SetMaintenance(ctx, on, now) })
	if err != nil {
		return err
	}
	said := "merchants are answered again within a second"
	if on {
		said = "merchants get -9, under maintenance, within a second; end it with  skinrail maintenance off"
	}
	fmt.Fprintln(out, said)
	return nil
}
