// Package dbtest runs a test on every database engine.
//
// SQLite always takes part, on a file in the test's own folder. PostgreSQL
// takes part when SKINRAIL_TEST_POSTGRES names a server: each test gets a
// schema of its own, dropped when it ends. `make test` starts such a server.
package dbtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/skinrail/skinrail/internal/db"
)

// Variable names the environment variable with the URL of the test server.
const Variable = "SKINRAIL_TEST_POSTGRES"

// Each runs f as a parallel subtest per engine on a fresh, migrated database.
// Without a PostgreSQL server it says so, and fails when CI=true.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachTarget(t, func(t *testing.T, target string) {
		if !db.IsPostgres(target) {
			migrated(t, target)
		}
		f(t, open(t, target))
	})
}

// EachTarget is [Each] for a test that opens its databases itself, for
// instance twice. It passes what [db.Open] takes; nothing is there yet.
func EachTarget(t *testing.T, f func(t *testing.T, target string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, filepath.Join(t.TempDir(), "test.db"))
	})
	server := os.Getenv(Variable)
	switch {
	case server != "":
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			f(t, schema(t, server))
		})
	case os.Getenv("CI") == "true":
		t.Errorf("%s is not set: PostgreSQL would not be covered, and CI must cover it", Variable)
	default:
		t.Logf("%s is not set: PostgreSQL is not covered", Variable)
	}
}

// Postgres is a schema of its own on the server of the tests, for benchmarks;
// false when there is no server.
func Postgres(t testing.TB) (*db.DB, bool) {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		return nil, false
	}
	return open(t, schema(t, server)), true
}

// SQLite returns a fresh, migrated SQLite database for what only concerns that
// engine or none in particular.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	migrated(t, path)
	return open(t, path)
}

// Break takes a table away: from now on each statement that names it fails.
func Break(t testing.TB, d *db.DB, table string) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "alter table "+table+" rename to broken_"+table)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Mend gives back the table that [Break] took away.
func Mend(t testing.TB, d *db.DB, table string) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "alter table broken_"+table+" rename to "+table)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Freeze lets a table be read only: from now on each change of it fails. On
// SQLite.
func Freeze(t testing.TB, d *db.DB, table string) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		for _, change := range []string{"insert", "update", "delete"} {
			if _, err := tx.ExecContext(t.Context(), fmt.Sprintf("create trigger frozen_%s_%s before %[2]s on %[1]s begin select raise(abort, 'frozen'); end",
				table, change)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// template is a migrated, closed SQLite file; copying it is a hundred times
// cheaper than migrating, under the race detector above all.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "skinrail-dbtest-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	d, err := db.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := d.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrated(t testing.TB, path string) {
	t.Helper()
	file, err := template()
	if err == nil {
		err = os.WriteFile(path, file, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, target string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

// schema makes an empty schema and returns a URL in which it is the only one.
func schema(t testing.TB, server string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	run(t, server, "create schema "+name)
	t.Cleanup(func() { run(t, server, "drop schema "+name+" cascade") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is no URL", Variable)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func run(t testing.TB, server, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // cleanups run when it is over
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("PostgreSQL of %s: %v", Variable, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, s := range []string{"set synchronous_commit = off", "set client_min_messages = warning", statement} {
		if _, err := conn.Exec(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}
