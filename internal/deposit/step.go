package deposit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit/sqlc"
	"github.com/skinrail/skinrail/internal/fault"
)

// Approve ends the merchant's wait for a held deposit; only projects of the
// no-wait scheme may. The money still arrives when the hold ends. Anything but
// a held deposit is [fault.WrongState].
func (s *Service) Approve(ctx context.Context, project, id int64, now time.Time) error {
	p, err := s.Merchants.Project(ctx, project)
	if err != nil {
		return err
	}
	if !p.NoWait {
		return fault.New(fault.WrongState, "the project does not take part in the no-wait scheme")
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		return s.retry(ctx, tx, id, func(d Deposit) (bool, error) {
			if d.Project != project {
				return false, fault.New(fault.NotFound, "no such deposit")
			}
			return s.move(ctx, tx, d, d, step{by: ApprovedNow}, now)
		})
	})
}

// Expire fails the links that are over and reports whether there were any. One
// that cannot be failed is an error beside the others.
func (s *Service) Expire(ctx context.Context, now time.Time) (bool, error) {
	rows, err := sqlc.New(s.DB.Read()).Overdue(ctx, db.Micros(now))
	if err != nil || len(rows) == 0 {
		return false, err
	}
	var errs []error
	for _, r := range rows {
		if err := s.expire(ctx, r, now); err != nil {
			errs = append(errs, fmt.Errorf("expire deposit %d: %w", r.ID, err))
		}
	}
	return true, errors.Join(errs...)
}

func (s *Service) expire(ctx context.Context, r sqlc.Deposit, now time.Time) error {
	d, err := fromRow(r)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := s.move(ctx, tx, d, d, step{by: Expired, reason: ReasonExpired}, now)
		return err // one that was not open any more is nobody's loss
	})
}

// NextDue is when the next link ends; false when none is open.
func (s *Service) NextDue(ctx context.Context) (time.Time, bool, error) {
	at, err := sqlc.New(s.DB.Read()).NextExpiry(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	return db.Time(at), err == nil, err
}
