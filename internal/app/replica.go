package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// replica is a folder that another program, Litestream, copies the database's
// log to. That program's own figures do not tell when its copying fails (tried:
// its counts go on), so the copy itself is looked at.
type replica struct {
	folder string // empty: none is kept, or it is not a folder
	log    string // SQLite's, which every commit changes
}

func (s Store) replica(folder string) replica {
	if s.Database != "" {
		return replica{} // a server has its own figures
	}
	return replica{folder: folder, log: s.target() + "-wal"}
}

// behind is how long ago the newest part of the replica was written, 0 when
// nothing was committed since.
func (r replica) behind(now time.Time) (time.Duration, error) {
	committed, err := os.Stat(r.log)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // nothing is committed since the log was emptied
	}
	if err != nil {
		return 0, err
	}
	var newest time.Time
	err = filepath.WalkDir(r.folder, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return gone(err)
		}
		info, err := e.Info()
		if err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
		return gone(err)
	})
	if err != nil || !newest.Before(committed.ModTime()) {
		return 0, err
	}
	return now.Sub(newest), nil
}

// gone forgives that old parts are removed meanwhile.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (g *Gateway) replicaFigures(_ context.Context, _ time.Time, put put) error {
	if g.Replica.folder == "" {
		return nil
	}
	behind, err := g.Replica.behind(g.Wall())
	if err == nil {
		put("skinrail_replica_behind_seconds", behind.Seconds())
	}
	return err
}
