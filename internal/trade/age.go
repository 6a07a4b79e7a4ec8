package trade

import (
	"context"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/trade/sqlc"
)

// MaxLate is how long the next step of a live trade may be overdue: each live
// state names the moment of its next step, so this bounds the age of all of
// them (G15). What is older needs a person: its bot does not work, Steam does
// not answer, or it waits in [Review].
const MaxLate = 15 * time.Minute

// Age is how the live trades of one state stand.
type Age struct {
	State   State
	N       int64
	Overdue int64         // by more than [MaxLate]
	Late    time.Duration // of the latest step; 0: none is late
}

// Ages counts what is live, by state.
func (s *Service) Ages(ctx context.Context, now time.Time) ([]Age, error) {
	rows, err := sqlc.New(s.db.Read()).Ages(ctx, db.Micros(now.Add(-MaxLate)))
	if err != nil {
		return nil, fmt.Errorf("ages of trades: %w", err)
	}
	ages := make([]Age, 0, len(rows))
	for _, r := range rows {
		ages = append(ages, Age{State: State(r.State), N: r.N, Overdue: r.Late, Late: max(0, now.Sub(db.Time(r.Due)))})
	}
	return ages, nil
}

// Overdue lists live trades whose next step is overdue by more than [MaxLate],
// the latest first.
func (s *Service) Overdue(ctx context.Context, now time.Time, limit int) ([]Trade, error) {
	rows, err := sqlc.New(s.db.Read()).Overdue(ctx, sqlc.OverdueParams{Late: db.Micros(now.Add(-MaxLate)), AtMost: int32(limit)}) // #nosec G115 -- small
	return s.all(ctx, rows, err)
}

// LiveStates lists the states that have moves left.
func LiveStates() []State {
	return []State{Wanted, Sending, Unknown, Unconfirmed, Active, Escrow, Accepted, Review}
}
