package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
)

// loadKey reads the key that seals the secrets of a store; without a path the
// one in its folder.
func (s Store) loadKey(path string) (*seal.Box, string, error) {
	if path == "" {
		path = filepath.Join(s.Data, keyFile)
	}
	box, err := seal.LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("no key in %s: name the gateway's key file with --key-file, or its folder with --data", path)
	}
	return box, path, err
}

// opens refuses a key that does not open what the database holds. One key seals
// everything, so the first project and the first bot tell.
func opens(ctx context.Context, d *db.DB, box *seal.Box, path string) error {
	projects, bots, err := sealed(ctx, d)
	if err != nil {
		return err
	}
	if len(projects) > 0 {
		_, err = merchant.New(d, box).Secrets(ctx, projects[0].ID)
	}
	for i := 0; i < len(bots) && err == nil; i++ {
		if _, _, err = fleet.New(d, box).Secrets(ctx, bots[i].ID); !errors.Is(err, fleet.ErrForgotten) {
			break
		}
		err = nil
	}
	if errors.Is(err, seal.ErrKey) {
		return fmt.Errorf("the key in %s is not that of this database: name the gateway's with --key-file; when that is lost for good, see  skinrail key-lost --help (%w)", path, err)
	}
	if errors.Is(err, seal.ErrBroken) {
		return nil // one row is damaged: whoever needs it will say so
	}
	return err
}

// sealed is whose secrets the database holds.
func sealed(ctx context.Context, d *db.DB) ([]merchant.Project, []fleet.Bot, error) {
	projects, err := merchant.New(d, nil).List(ctx)
	if err != nil {
		return nil, nil, err
	}
	bots, err := fleet.New(d, nil).Bots(ctx)
	return projects, bots, err
}

// keyed makes sure that the secrets of a restored database can be opened, and
// else returns in words what cannot be.
func (s Store) keyed(ctx context.Context, d *db.DB, path string) (lost string, err error) {
	projects, bots, err := sealed(ctx, d)
	if err != nil || len(projects)+len(bots) == 0 {
		return "", err
	}
	box, path, err := s.loadKey(path)
	if err == nil {
		err = opens(ctx, d, box, path)
	}
	if err != nil {
		lost = fmt.Sprintf("%v\nwithout it nobody opens the secrets of %d projects and %d bots", err, len(projects), len(bots))
	}
	return lost, nil
}
