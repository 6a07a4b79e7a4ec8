package cash

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/cash/sqlc"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
)

// DefaultLimit is the largest amount that one person may book, unless the
// gateway's setting says otherwise.
const DefaultLimit money.Amount = 1_000_000

// MaxWaiting is how many proposals are listed at once.
const MaxWaiting = 1000

// MaxAge is how long a proposal may wait for a second person before it is overdue
// (G15): a payout's money is set aside meanwhile.
const MaxAge = 72 * time.Hour

// Limit returns the largest amount that one person may book.
func (s *Service) Limit(ctx context.Context) (money.Amount, error) { return limit(ctx, s.DB.Read()) }

func limit(ctx context.Context, q db.Querier) (money.Amount, error) {
	text, err := sqlc.New(q).Limit(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return DefaultLimit, nil
	}
	if err != nil {
		return 0, fmt.Errorf("approval limit: %w", err)
	}
	m, err := money.ParseAmount(text)
	if err != nil {
		return 0, fmt.Errorf("approval limit: %w", err)
	}
	return m, nil
}

// SetLimit changes the largest amount that one person may book, for all
// processes from their next booking on; with 0 two people are always needed.
// [fault.InvalidRequest] below zero. What is proposed already stays so.
func (s *Service) SetLimit(ctx context.Context, m money.Amount) error {
	if m < 0 || m > money.Max {
		return fault.New(fault.InvalidRequest, "limit: from 0 to %s USD", money.Max.Text(0))
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error { return sqlc.New(tx).SetLimit(ctx, m.String()) })
	if err != nil {
		return fmt.Errorf("set approval limit: %w", err)
	}
	return nil
}

// Find returns a booking; [fault.NotFound] when there is none.
func (s *Service) Find(ctx context.Context, id int64) (Booking, error) {
	return one(sqlc.New(s.DB.Read()).ByID(ctx, id))
}

// Waiting returns proposals that nobody has decided, of one project or of all
// (0), oldest first and up to [MaxWaiting].
func (s *Service) Waiting(ctx context.Context, project int64) ([]Booking, error) {
	q := sqlc.New(s.DB.Read())
	if project == 0 {
		rows, err := q.Proposed(ctx, MaxWaiting)
		return many(rows, err)
	}
	rows, err := q.ProposedOf(ctx, sqlc.ProposedOfParams{ProjectID: project, Limit: MaxWaiting})
	return many(rows, err)
}

// Page is a part of a project's bookings, newest first. Total is how many the
// whole stretch of time holds.
type Page struct {
	Bookings []Booking
	Total    int64
	More     bool // older ones follow
}

// History returns bookings made at from or later and before to. Before, unless
// it is 0, leaves out those with that number and above. A page costs the same
// however many bookings there are.
func (s *Service) History(ctx context.Context, project int64, from, to time.Time, before int64, most int) (Page, error) {
	low, err := s.numberBefore(ctx, project, from)
	if err != nil {
		return Page{}, err
	}
	high, err := s.numberBefore(ctx, project, to)
	if err != nil || high <= low {
		return Page{}, err
	}
	upto := high
	if before > 0 {
		upto = min(high, before-1)
	}
	bookings, err := many(sqlc.New(s.DB.Read()).Between(ctx, sqlc.BetweenParams{ProjectID: project, Above: low, Upto: upto, Most: int32(most)}))
	return Page{Bookings: bookings, Total: high - low, More: upto-low > int64(len(bookings))}, err
}

func (s *Service) numberBefore(ctx context.Context, project int64, t time.Time) (int64, error) {
	n, err := sqlc.New(s.DB.Read()).NumberBefore(ctx, sqlc.NumberBeforeParams{ProjectID: project, CreatedAt: db.Micros(t)})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("bookings of project %d: %w", project, err)
	}
	return n, nil
}

// lock makes other bookings of the project wait and returns its newest number.
func lock(ctx context.Context, tx *db.Tx, project int64) (sqlc.LockHeadRow, error) {
	head, err := sqlc.New(tx).LockHead(ctx, project)
	if errors.Is(err, sql.ErrNoRows) {
		return head, fault.New(fault.NotFound, "no project %d", project)
	}
	return head, err
}

func insert(ctx context.Context, tx *db.Tx, b Booking) (int64, error) {
	q := sqlc.New(tx)
	if err := q.MoveHead(ctx, sqlc.MoveHeadParams{ProjectID: b.Project, Seq: b.Seq, At: db.Micros(b.CreatedAt)}); err != nil {
		return 0, err
	}
	id, err := q.Insert(ctx, sqlc.InsertParams{ProjectID: b.Project, Seq: b.Seq, Direction: string(b.Direction), Amount: int64(b.Amount),
		Ref: b.Ref, Note: b.Note, State: string(b.State), ProposedBy: b.ProposedBy, CreatedAt: db.Micros(b.CreatedAt),
		DecidedBy: b.DecidedBy, DecidedAt: db.Micros(b.DecidedAt)})
	if err == nil {
		err = tx.Lift("cash", &id)
	}
	return id, err
}

// change writes a decision if the booking is still in the old state, and
// reports whether it was.
func change(ctx context.Context, tx *db.Tx, b Booking, old State) (bool, error) {
	n, err := sqlc.New(tx).Decide(ctx, sqlc.DecideParams{State: string(b.State), DecidedBy: b.DecidedBy,
		DecidedAt: db.Micros(b.DecidedAt), Reason: b.Reason, ID: b.ID, OldState: string(old)})
	return n == 1, err
}

func one(r sqlc.Cash, err error) (Booking, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return Booking{}, fault.New(fault.NotFound, "no such booking")
	}
	if err != nil {
		return Booking{}, fmt.Errorf("read booking: %w", err)
	}
	return Booking{ID: r.ID, Project: r.ProjectID, Seq: r.Seq, Direction: Direction(r.Direction), Amount: money.Amount(r.Amount),
		Ref: r.Ref, Note: r.Note, State: State(r.State), ProposedBy: r.ProposedBy, CreatedAt: db.Time(r.CreatedAt),
		DecidedBy: r.DecidedBy, DecidedAt: db.Time(r.DecidedAt), Reason: r.Reason}, nil
}

func many(rows []sqlc.Cash, err error) ([]Booking, error) {
	all := make([]Booking, 0, len(rows))
	for _, r := range rows {
		b, rerr := one(r, err)
		if rerr != nil {
			return nil, rerr
		}
		all = append(all, b)
	}
	if err != nil {
		return nil, fmt.Errorf("read bookings: %w", err)
	}
	return all, nil
}
