package webhook

import (
	"context"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/webhook/sqlc"
)

// dropOlder supersedes what was tried in a lane and has something newer behind
// it, and returns how many deliveries that were.
func dropOlder(ctx context.Context, tx *db.Tx, subject, endpoint string, now int64) (int64, error) {
	q := sqlc.New(tx)
	failing, err := q.FailingOlder(ctx, sqlc.FailingOlderParams{Subject: subject, Endpoint: endpoint})
	if err != nil {
		return 0, err
	}
	n, err := q.Supersede(ctx, sqlc.SupersedeParams{Now: now, Subject: subject, Endpoint: endpoint})
	if err != nil {
		return 0, err
	}
	for _, f := range failing {
		if err := countFailing(ctx, q, f.ProjectID, endpoint, -f.N); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// countFailing keeps how many deliveries of an endpoint are failing.
func countFailing(ctx context.Context, q *sqlc.Queries, project int64, endpoint string, more int64) error {
	if more == 0 {
		return nil
	}
	return q.AddFailing(ctx, sqlc.AddFailingParams{ProjectID: project, Endpoint: endpoint, N: more})
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
