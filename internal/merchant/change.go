package merchant

import (
	"context"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant/sqlc"
)

// Change changes some settings of a project and returns it as it is then. It is
// for those who change one setting and must not write back what somebody else
// has just changed: f gets the project as the write sees it. f may run more
// than once; its error ends the write without effect. It returns
// [fault.NotFound] or [fault.InvalidRequest].
func (s *Service) Change(ctx context.Context, id int64, f func(*Project) error) (Project, error) {
	var p Project
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		if err := bump(ctx, tx); err != nil { // first: its row makes other changes wait until this one is in
			return err
		}
		if p, err = findProject(ctx, tx, id); err != nil {
			return err
		}
		if err := f(&p); err != nil {
			return err
		}
		p.ID = id
		if err := checkSettings(p); err != nil {
			return err
		}
		_, err = updateProject(ctx, tx, p)
		return err
	})
	if err != nil {
		return Project{}, err
	}
	s.cache.drop()
	return p, nil
}

// LiveSecret tells of a secret without showing it.
type LiveSecret struct {
	Purpose Purpose
	Old     bool // valid until the rotation ends
	MadeAt  time.Time
}

// LiveSecrets lists the live secrets of a project as they are now, by purpose
// and the one in force first. It needs no key. [fault.NotFound] when there is no
// such project.
func (s *Service) LiveSecrets(ctx context.Context, project int64) ([]LiveSecret, error) {
	rows, err := sqlc.New(s.db.Read()).Secrets(ctx, project)
	if err != nil {
		return nil, fmt.Errorf("secrets of project %d: %w", project, err)
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.NotFound, "no project %d", project)
	}
	var all []LiveSecret
	for _, purpose := range []Purpose{Client, Webhook} {
		for _, slot := range []int64{slotNew, slotOld} {
			for _, r := range rows {
				if Purpose(r.Purpose) == purpose && r.Slot == slot {
					all = append(all, LiveSecret{Purpose: purpose, Old: slot == slotOld, MadeAt: db.Time(r.CreatedAt)})
				}
			}
		}
	}
	return all, nil
}
