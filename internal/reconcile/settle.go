package reconcile

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/reconcile/sqlc"
)

// Settlement is a person's word that a difference is dealt with, though Steam
// and the records go on to differ.
type Settlement struct {
	Kind     Kind
	Subject  string
	By, Note string
}

// Settle ends drifts for good: no later look tells them again. It reports how
// many of them stood; one that was not seen yet is settled all the same.
func (s *Service) Settle(ctx context.Context, now time.Time, all ...Settlement) (stood int64, err error) {
	for _, one := range all {
		if one.By == "" || one.Note == "" || len(one.By) > 64 || len(one.Note) > 500 {
			return 0, fault.New(fault.InvalidRequest, "who settles a difference gives a name and a reason of up to 500 bytes")
		}
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		q := sqlc.New(tx)
		stood = 0
		for _, one := range all {
			n, err := q.EndDrift(ctx, sqlc.EndDriftParams{GoneAt: db.Micros(now), Kind: string(one.Kind), Subject: one.Subject})
			if err == nil {
				stood += n
				err = q.Settle(ctx, sqlc.SettleParams{Kind: string(one.Kind), Subject: one.Subject, At: db.Micros(now), ByName: one.By, Note: one.Note})
			}
			if err != nil {
				return fmt.Errorf("settle %s %s: %w", one.Kind, one.Subject, err)
			}
		}
		return nil
	})
	return stood, err
}

// End ends a drift whose cause is gone: a look that does not read back so far
// cannot see that.
func (s *Service) End(ctx context.Context, k Kind, subject string, now time.Time) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := sqlc.New(tx).EndDrift(ctx, sqlc.EndDriftParams{GoneAt: db.Micros(now), Kind: string(k), Subject: subject})
		if err != nil {
			return fmt.Errorf("end %s %s: %w", k, subject, err)
		}
		return nil
	})
}

// Unsettled leaves out what a person has settled.
func (s *Service) Unsettled(ctx context.Context, found []Drift) ([]Drift, error) {
	if len(found) == 0 {
		return nil, nil
	}
	rows, err := sqlc.New(s.db.Read()).Settled(ctx)
	if err != nil {
		return nil, fmt.Errorf("read settled drifts: %w", err)
	}
	settled := make(map[Drift]bool, len(rows))
	for _, r := range rows {
		settled[Drift{Kind: Kind(r.Kind), Subject: r.Subject}] = true
	}
	return slices.DeleteFunc(found, func(d Drift) bool { return settled[Drift{Kind: d.Kind, Subject: d.Subject}] }), nil
}
