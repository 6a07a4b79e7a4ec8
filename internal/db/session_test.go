package db_test

import (
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

func with(target, setting string) string {
	if strings.Contains(target, "?") {
		return target + "&" + setting
	}
	return target + "?" + setting
}

// Behind a pooler a session belongs to one transaction: limits come with it, and
// nothing is left in the session.
func TestPooledWritesBringTheirLimitsAndLeaveNothing(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		if !db.IsPostgres(target) {
			return // a file has no pooler
		}
		d, err := db.Open(t.Context(), with(target, "default_query_exec_mode=cache_describe"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		err = d.Write(t.Context(), func(tx *db.Tx) error {
			for name, want := range map[string]string{"idle_in_transaction_session_timeout": "5s", "lock_timeout": "2s", "synchronous_commit": "on"} {
				var got, before string
				if err := tx.QueryRowContext(t.Context(), "select current_setting($1), s.reset_val from pg_settings s where s.name = $1", name).Scan(&got, &before); err != nil {
					return err
				}
				if got != want {
					t.Errorf("%s is %q in a write, want %q", name, got, want)
				}
				if name != "synchronous_commit" && before != "0" {
					t.Errorf("the session came with %s %q", name, before)
				}
			}
			var kept int
			if err := tx.QueryRowContext(t.Context(), "select count(*) from pg_prepared_statements").Scan(&kept); err != nil {
				return err
			}
			if kept != 0 {
				t.Errorf("%d statements stay in the session", kept)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestUntriedWaysOfAskingAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		if !db.IsPostgres(target) {
			return
		}
		for _, mode := range []string{"exec", "describe_exec", "simple_protocol"} {
			d, err := db.Open(t.Context(), with(target, "default_query_exec_mode="+mode))
			if err == nil {
				_ = d.Close()
			}
			if err == nil || !strings.Contains(err.Error(), "cache_describe") {
				t.Errorf("%s: %v, want a refusal that says what is tried", mode, err)
			}
		}
	})
}
