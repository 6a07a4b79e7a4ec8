package db_test

import (
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// soon is the longest that a wake-up between processes may take here; it is
// some milliseconds on a machine that does nothing else.
const soon = 20 * time.Second

func woken(t *testing.T, ch <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(soon):
		t.Fatalf("never woken: %s", what)
	}
}

// listening returns once wake-ups of another process arrive.
func listening(t *testing.T, heard <-chan struct{}, other *db.DB, topic string) {
	t.Helper()
	for end := time.Now().Add(soon); time.Now().Before(end); {
		wake(t, other, topic)
		select {
		case <-heard:
			time.Sleep(200 * time.Millisecond) // for those that are on their way
			select {
			case <-heard:
			default:
			}
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatal("does not listen")
}

func wake(t *testing.T, d *db.DB, topic string) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		tx.Wake(topic)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Processes on one server wake each other, also after the connection that
// listens was lost, and in both ways.
func TestCommitWakesOtherProcesses(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		if !db.IsPostgres(target) {
			return // one process has a file
		}
		var both [2]*db.DB
		for i := range both {
			d, err := db.Open(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close() })
			both[i] = d
		}
		heard := both[1].Subscribe("a")
		listening(t, heard, both[0], "a")
		wake(t, both[0], "a")
		woken(t, heard, "by another process")
		wake(t, both[1], "a")
		woken(t, heard, "by itself")

		var lost bool
		err := both[0].Read().QueryRowContext(t.Context(), "select bool_or(pg_terminate_backend(pid)) from pg_stat_activity where query = 'listen ' || $1", both[1].Channel()).Scan(&lost)
		if err != nil || !lost {
			t.Fatalf("the listening connection is not there: %v", err)
		}
		woken(t, heard, "all, once it listens again")
		wake(t, both[0], "a")
		woken(t, heard, "by another process, afterwards")

		next, never := both[1].Subscribe("b"), both[1].Subscribe("d")
		wake(t, both[0], "c")
		wake(t, both[0], "b") // they come in order
		woken(t, next, "by what came after")
		select {
		case <-never:
			t.Error("woken by a topic that it did not subscribe to")
		default:
		}
	})
}

// What a short-lived process has committed is told before it ends.
func TestClosingTellsWhatIsPending(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		if !db.IsPostgres(target) {
			return
		}
		stays, err := db.Open(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stays.Close() }()
		heard := stays.Subscribe("a")
		goes, err := db.Open(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		listening(t, heard, goes, "a")
		wake(t, goes, "a")
		if err := goes.Close(); err != nil {
			t.Fatal(err)
		}
		woken(t, heard, "by a process that ended")
	})
}
