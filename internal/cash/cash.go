package cash

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/cash/sqlc"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
)

// Direction is which way money goes, seen from the project.
type Direction string

// The directions.
const (
	In  Direction = "in"  // the merchant pays in
	Out Direction = "out" // the merchant is paid out
)

// String is the direction in an operator's words: pay-in or pay-out.
func (d Direction) String() string { return "pay-" + string(d) }

// Booking is one transfer. Amount is in thousandths of USD; Seq counts the
// bookings of the project from 1. DecidedBy and DecidedAt are empty while it is
// proposed; within the limit who proposed it has decided it too.
type Booking struct {
	ID, Project, Seq int64
	Direction        Direction
	Amount           money.Amount
	Ref, Note        string
	State            State
	ProposedBy       string
	CreatedAt        time.Time
	DecidedBy        string
	DecidedAt        time.Time
	Reason           string // given with the decision
}

// name is under which the ledger keeps the booking.
func (b Booking) name() string { return "cash/" + strconv.FormatInt(b.ID, 10) }

// Proposal is a transfer that an operator has made or is about to make outside.
// Ref names it there, such as the bank's reference.
type Proposal struct {
	Project   int64
	Direction Direction
	Amount    money.Amount
	Ref, Note string
	By        string
}

// Deps is what the room needs.
type Deps struct {
	DB        *db.DB
	Ledger    *ledger.Service
	Events    *event.Service
	Merchants *merchant.Service
}

// Service is the room; its methods may be called concurrently.
type Service struct{ Deps }

// New makes the room.
func New(d Deps) *Service { return &Service{d} }

// Propose is [Service.ProposeTx] in a write of its own.
func (s *Service) Propose(ctx context.Context, p Proposal, now time.Time) (b Booking, replayed bool, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		b, replayed, err = s.ProposeTx(ctx, tx, p, now)
		return err
	})
	if err != nil {
		return Booking{}, false, fmt.Errorf("%s: %w", p.Direction, err)
	}
	return b, replayed, nil
}

// ProposeTx books a transfer, or above the limit proposes it; a proposed
// payout's money is set aside. The same transfer again changes nothing and is
// reported as replayed. It returns [fault.InvalidRequest], [fault.NotFound]
// when there is no such project, [fault.IdempotencyMismatch] when the reference
// is that of another transfer, [fault.Duplicate] when it is that of a rejected
// one, and [fault.InsufficientBalance]; then the write must end without effect.
func (s *Service) ProposeTx(ctx context.Context, tx *db.Tx, p Proposal, now time.Time) (b Booking, replayed bool, err error) {
	if err := check(p); err != nil {
		return Booking{}, false, err
	}
	head, err := lock(ctx, tx, p.Project)
	if err != nil {
		return Booking{}, false, err
	}
	b, err = one(sqlc.New(tx).ByRef(ctx, sqlc.ByRefParams{ProjectID: p.Project, Ref: p.Ref}))
	if err == nil {
		return b, true, p.repeats(b)
	}
	if !errors.Is(err, fault.NotFound) {
		return Booking{}, false, err
	}
	limit, err := limit(ctx, tx)
	if err != nil {
		return Booking{}, false, err
	}
	b = p.booking(head, limit, now)
	if b.ID, err = insert(ctx, tx, b); err != nil {
		return Booking{}, false, err
	}
	return b, false, s.move(ctx, tx, b, "")
}

// repeats returns nil when b is what is proposed again.
func (p Proposal) repeats(b Booking) error {
	switch {
	case b.Direction != p.Direction || b.Amount != p.Amount:
		return fault.New(fault.IdempotencyMismatch, "reference %q is that of another transfer, %s %d of %s USD: choose another reference",
			p.Ref, b.Direction, b.ID, b.Amount.Text(2))
	case b.State == Rejected:
		return fault.New(fault.Duplicate, "reference %q was used by %s %d, which was rejected: choose another reference",
			p.Ref, b.Direction, b.ID)
	}
	return nil
}

// booking is the pure part of a proposal. Time never goes back from one booking
// of a project to the next, whatever the clocks of those who book say.
func (p Proposal) booking(head sqlc.LockHeadRow, limit money.Amount, now time.Time) Booking {
	at := db.Time(max(db.Micros(now), head.At))
	b := Booking{Project: p.Project, Seq: head.Seq + 1, Direction: p.Direction, Amount: p.Amount, Ref: p.Ref, Note: p.Note,
		State: Begin(p.Amount, limit), ProposedBy: operator(p.By), CreatedAt: at}
	if b.State == Booked {
		b.DecidedBy, b.DecidedAt = b.ProposedBy, at
	}
	return b
}

// Approve books a proposal. It returns [fault.Forbidden] for the one who
// proposed it, [fault.WrongState] when somebody else has decided,
// [fault.NotFound] and [fault.InvalidRequest]. Who repeats his own decision
// changes nothing.
func (s *Service) Approve(ctx context.Context, id int64, by, reason string, now time.Time) (Booking, error) {
	return s.decide(ctx, id, Approved, by, reason, now)
}

// Reject ends a proposal without effect: what was set aside for a payout is
// available again. Its errors are those of [Service.Approve], but whoever made
// the proposal may reject it too.
func (s *Service) Reject(ctx context.Context, id int64, by, reason string, now time.Time) (Booking, error) {
	return s.decide(ctx, id, Refused, by, reason, now)
}

func (s *Service) decide(ctx context.Context, id int64, step Step, by, reason string, now time.Time) (b Booking, err error) {
	if err := errors.Join(checkOperator(by), checkNote("reason", reason)); err != nil {
		return Booking{}, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		b, err = s.decideTx(ctx, tx, id, step, operator(by), reason, now)
		return err
	})
	if err != nil {
		return Booking{}, fmt.Errorf("booking %d: %w", id, err)
	}
	return b, nil
}

// maxReads bounds how often a decision starts again because somebody else
// decided between reading and writing.
const maxReads = 3

func (s *Service) decideTx(ctx context.Context, tx *db.Tx, id int64, step Step, by, reason string, now time.Time) (Booking, error) {
	for range maxReads {
		b, err := one(sqlc.New(tx).ByID(ctx, id))
		if err != nil {
			return Booking{}, err
		}
		to, may := Next(b.State, step)
		switch {
		case !may && did(b.State, step) && b.DecidedBy == by:
			return b, nil
		case !may:
			return Booking{}, fault.New(fault.WrongState, "%s %d is %s already, by %s", b.Direction, b.ID, b.State, b.DecidedBy)
		case step == Approved && b.ProposedBy == by:
			return Booking{}, fault.New(fault.Forbidden, "%s proposed %s %d: somebody else must approve it", by, b.Direction, b.ID)
		}
		if step == Approved && b.Direction == Out {
			if err := s.checkDebt(ctx, tx, b.Project); err != nil {
				return Booking{}, err
			}
		}
		from := b.State
		b.State, b.DecidedBy, b.DecidedAt, b.Reason = to, by, db.Time(max(db.Micros(now), db.Micros(b.CreatedAt))), reason
		done, err := change(ctx, tx, b, from)
		if err != nil {
			return Booking{}, err
		}
		if done {
			return b, s.move(ctx, tx, b, from)
		}
	}
	return Booking{}, fault.New(fault.WrongState, "booking %d does not come to rest", id)
}

// move does what the books see of a booking that came to its state, and tells
// the merchant when his available balance has changed. From is empty for a new
// one.
func (s *Service) move(ctx context.Context, tx *db.Tx, b Booking, from State) error {
	available, at := ledger.Available(b.Project), b.CreatedAt
	if !b.DecidedAt.IsZero() {
		at = b.DecidedAt
	}
	var err error
	switch {
	case b.Direction == In && b.State == Booked:
		err = s.post(ctx, tx, b, ledger.OutsideCash, available, at)
	case b.Direction == In:
		return nil // nothing is there yet, or nothing will be
	case b.State == Proposed:
		err = s.Ledger.HoldTx(ctx, tx, ledger.Hold{ID: b.name(), From: available, To: ledger.PayingOut(b.Project), Amount: b.Amount, At: at})
	case b.State == Rejected:
		err = s.Ledger.VoidTx(ctx, tx, b.name(), at)
	case from == Proposed:
		err = s.Ledger.ReleaseTx(ctx, tx, b.name(), []ledger.Entry{{Account: ledger.OutsideCash, Amount: b.Amount}}, at)
	default:
		err = s.post(ctx, tx, b, available, ledger.OutsideCash, at)
	}
	if err == nil && b.Direction == Out && b.State == Booked {
		err = s.Merchants.AddTotalsTx(ctx, tx, b.Project, 0, b.Amount)
	}
	if err != nil || b.Direction == Out && from == Proposed && b.State == Booked {
		return err // that money was not available before either
	}
	return s.tell(ctx, tx, b.Project, at)
}

func (s *Service) post(ctx context.Context, tx *db.Tx, b Booking, from, to ledger.Account, at time.Time) error {
	return s.Ledger.PostTx(ctx, tx, ledger.Transaction{Ref: b.name(), Kind: b.Direction.String(), At: at,
		Entries: []ledger.Entry{{Account: from, Amount: -b.Amount}, {Account: to, Amount: b.Amount}}})
}
