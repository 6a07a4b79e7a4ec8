package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the schema forward; there is no way back. Running it on an
// up-to-date or newer database changes nothing. Numbers are taken on branches, so
// a lower one may come after a higher: migrations do not build on another's
// unless they name it by a lower number of the same branch.
func migrate(ctx context.Context, pool *sql.DB, e Engine) error {
	dir, err := fs.Sub(migrations, "migrations/"+e.String())
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	dialect := goose.DialectSQLite3
	if e == Postgres {
		dialect = goose.DialectPostgres
	}
	anyOrder := goose.WithAllowOutofOrder(true)
	p, err := goose.NewProvider(dialect, pool, dir, anyOrder)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if !pending {
		return nil
	}
	if e == Postgres { // several processes may start at once
		lease, err := lock.NewPostgresTableLocker(lock.WithTableLockTimeout(200*time.Millisecond, 600))
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		if p, err = goose.NewProvider(dialect, pool, dir, anyOrder, goose.WithLocker(lease)); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	for {
		_, err := p.Up(ctx)
		if err == nil {
			return nil
		}
		if Class(err) != Busy || e != Postgres {
			return fmt.Errorf("migrate: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("migrate: %w", errors.Join(ctx.Err(), err))
		case <-time.After(schemaPause):
		}
	}
}

// schemaWait is how long a change of the schema waits for those who read or
// write its table. Whoever comes meanwhile waits behind it, so it gives way and
// is tried again: a dump reads every table for as long as it takes.
const (
	schemaWait  = "300ms"
	schemaPause = time.Second
)
