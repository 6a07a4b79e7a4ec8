package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// ErrOlder and ErrNewer are returned for a database whose schema is not that of
// this program. Numbers are taken on branches: one that is both is newer, for it
// holds what this program does not know.
var (
	ErrOlder = errors.New("the schema of the database is older than this program")
	ErrNewer = errors.New("the schema of the database is newer than this program")
)

// asIs is what [OpenAsIs] does instead of bringing the schema forward: it reads
// which migrations were applied and compares them with those of this program.
func asIs(ctx context.Context, pool *sql.DB, e Engine) error {
	lacks, err := known(e)
	if err != nil {
		return err
	}
	rows, err := pool.QueryContext(ctx, "select v.version_id from goose_db_version v where v.is_applied and v.version_id > 0")
	if err != nil {
		return fmt.Errorf("it is no database of this program, which  skinrail migrate  makes: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var beyond []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return err
		}
		if !lacks[n] {
			beyond = append(beyond, n)
		}
		delete(lacks, n)
	}
	switch err := rows.Err(); {
	case err != nil:
		return err
	case len(beyond) > 0:
		slices.Sort(beyond)
		return fmt.Errorf("%w: it has %s", ErrNewer, numbers(beyond))
	case len(lacks) > 0:
		return fmt.Errorf("%w: it lacks %s", ErrOlder, numbers(slices.Sorted(maps.Keys(lacks))))
	}
	return nil
}

// known are the numbers of this program's migrations.
func known(e Engine) (map[int64]bool, error) {
	names, err := fs.Glob(migrations, "migrations/"+e.String()+"/*.sql")
	if err != nil {
		return nil, err
	}
	all := map[int64]bool{}
	for _, name := range names {
		var n int64
		if _, err := fmt.Sscanf(name[strings.LastIndex(name, "/")+1:], "%d_", &n); err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		all[n] = true
	}
	return all, nil
}

func numbers(all []int64) string {
	var words []string
	for _, n := range all {
		words = append(words, fmt.Sprint(n))
	}
	return strings.Join(words, ", ")
}
