package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestReplicaIsBehindOnlyWhileSomethingIsNotInIt(t *testing.T) {
	t.Parallel()
	data, folder := t.TempDir(), filepath.Join(t.TempDir(), "replica")
	s := Store{Data: data}
	r := s.replica(folder)
	now := time.Now().Truncate(time.Second)
	written := func(path string, at time.Time) {
		t.Helper()
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, nil, 0o600)
		}
		if err == nil {
			err = os.Chtimes(path, at, at)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, behind time.Duration) {
		t.Helper()
		if got, err := r.behind(now); err != nil || got != behind {
			t.Errorf("%s: %v, %v, want %v", what, got, err, behind)
		}
	}
	want("nothing committed", 0)
	log := filepath.Join(data, databaseFile+"-wal")
	written(log, now.Add(-time.Minute))
	if got, err := r.behind(now); err != nil || got < 24*time.Hour {
		t.Errorf("no replica at all: %v, %v", got, err)
	}
	written(filepath.Join(folder, "ltx/9/a"), now.Add(-2*time.Hour))
	want("a copy of before", 2*time.Hour)
	written(filepath.Join(folder, "ltx/0/b"), now.Add(-30*time.Second))
	want("all is copied", 0)
	written(log, now.Add(-time.Second))
	want("a commit after it", 30*time.Second)
	if r := (Store{Database: "postgres://x"}).replica(folder); r.folder != "" {
		t.Error("a server's data folder is not looked at")
	}
}
