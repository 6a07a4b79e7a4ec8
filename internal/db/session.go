package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// idleWrite is after how long the server ends a write that does nothing. Writes
// wait for nothing but the server, so its process is frozen or gone, and others
// need the rows that it has locked.
const idleWrite = "5s"

// lockWait is after how long the server ends a write that waits for a lock; it
// is tried again. Without it the writes of a frozen process that wait for one
// another would be idle for five seconds one after the other.
const lockWait = "2s"

// limits begins each write behind a pooler: the session is another one each time,
// and whoever had it before may have left settings there.
const limits = "set local idle_in_transaction_session_timeout = '" + idleWrite + "'; set local lock_timeout = '" + lockWait + "'; set local synchronous_commit = on"

const pooledMode = "default_query_exec_mode=cache_describe"

// isPooled reports whether a pooler, such as PgBouncer, may give each transaction
// another session of the server: the URL says so by the driver's own word for
// statements that are not kept there. Then nothing is: limits go with each write,
// and nobody listens, which looking every second makes up for.
func isPooled(config *pgx.ConnConfig) (bool, error) {
	switch config.DefaultQueryExecMode {
	case pgx.QueryExecModeCacheStatement:
		return false, nil
	case pgx.QueryExecModeCacheDescribe:
		return true, nil
	}
	return false, fmt.Errorf("default_query_exec_mode of the database's URL: leave it out, or  %s  behind a connection pooler", pooledMode)
}

// checkSession refuses a session that would lose acknowledged writes, or does not
// have the limits that it was opened with.
func checkSession(ctx context.Context, pool *sql.DB, pooled bool) error {
	settings := map[string]string{"synchronous_commit": "on", "fsync": "on"}
	if !pooled {
		settings["idle_in_transaction_session_timeout"], settings["lock_timeout"] = idleWrite, lockWait
	}
	for name, want := range settings {
		var got string
		if err := pool.QueryRowContext(ctx, "select current_setting($1)", name).Scan(&got); err != nil {
			return fmt.Errorf("open database: %w", explained(err))
		}
		switch {
		case got == want:
		case want == "on":
			return fmt.Errorf("open database: %s is %q, want %q: acknowledged money could be lost", name, got, want)
		default:
			return fmt.Errorf("open database: %s is %q, want %q: %w", name, got, want, errPooler)
		}
	}
	return nil
}

var errPooler = errors.New("is there a connection pooler, such as PgBouncer, before the server? Then the URL has to say  " + pooledMode + "  (docs/nodes.md)")

// explained adds to the refusal of a pooler, which knows few of the settings that
// a session can be opened with, what to do.
func explained(err error) error {
	const protocolViolation = "08P01"
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == protocolViolation {
		return fmt.Errorf("%w: %w", err, errPooler)
	}
	return err
}
