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
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
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

func (s Store) open(ctx context.Context) (*db.DB, error) {
	if _, err := os.Stat(s.target()); err != nil && s.Database == "" {
		return nil, fmt.Errorf("no database in %s: name the folder with --data, or a server with --database", s.Data)
	}
	return db.Open(ctx, s.target())
}

// ErrBooks is returned when the audit found something wrong.
var ErrBooks = errors.New("the books are not right")

// Audit recomputes the books and prints what it checked. It may run while the
// gateway works on the same database. Wrong books stop money writes, right ones
// let them go on.
func Audit(ctx context.Context, s Store, out io.Writer) (err error) {
	d, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	l := ledger.New(d)
	tell, end := progress(out, "transactions")
	report, err := l.AuditTold(ctx, tell)
	end()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, report)
	if !report.OK() {
		return errors.Join(ErrBooks, l.Stop(ctx, report.First(), time.Now()))
	}
	fmt.Fprintln(out, "the books are right")
	resumed, err := l.Resume(ctx)
	if resumed {
		fmt.Fprintln(out, "money moves again")
	}
	return err
}

// SetMaintenance makes the merchant API of every node on the database answer
// "under maintenance", or work again.
func SetMaintenance(ctx context.Context, s Store, on bool) (err error) {
	d, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return merchant.New(d, nil).SetMaintenance(ctx, on)
}
