package trade

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade/sqlc"
)

// Change is what a move writes besides the state. Zero fields keep what is there.
type Change struct {
	Reason   string
	Offer    steam.OfferID
	Receipt  *steam.Trade // evidence of an exchange
	SettleAt time.Time    // with Receipt: when a protected trade becomes final
	DueAt    time.Time    // next look; zero: the deadline, the settlement or now, whichever applies
}

// Move brings a trade to another state, tells its owner in the same
// transaction, and returns the trade as it is then. When somebody else was
// faster the error is [fault.WrongState] and nothing happened.
func (s *Service) Move(ctx context.Context, t Trade, to State, c Change, now time.Time) (Trade, error) {
	if !May(t.State, to) || t.State == Failed {
		return t, fault.New(fault.WrongState, "trade %d cannot go from %s to %s", t.ID, t.State, to)
	}
	owner, err := s.owner(t.Owner)
	if err != nil {
		return t, err
	}
	var moved Trade
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		moved = apply(t, to, c, now)
		if err := update(ctx, tx, t, moved, c.Receipt, now); err != nil {
			return err
		}
		m := Move{From: t.State, To: to, At: now, Reason: c.Reason}
		if err := insertMove(ctx, tx, moved, m); err != nil {
			return err
		}
		if !heard[to] {
			return nil
		}
		return owner.TradeMovedTx(ctx, tx, moved, m)
	})
	if err != nil {
		if errors.Is(err, fault.WrongState) {
			return t, err
		}
		return t, fmt.Errorf("move trade %d from %s to %s: %w", t.ID, t.State, to, err)
	}
	return moved, nil
}

// apply is the pure part of a move.
func apply(t Trade, to State, c Change, now time.Time) Trade {
	t.State, t.Problem = to, c.Reason
	t.Version++
	t.Assets = append([]Asset(nil), t.Assets...)
	if c.Offer != "" {
		t.OfferID = c.Offer
	}
	if to == Sending {
		t.Tries++
		t.Misses = 0
	}
	if (to == Active || to == Unconfirmed) && t.SentAt.IsZero() {
		t.SentAt = now
	}
	if c.Receipt != nil {
		t = applyReceipt(t, *c.Receipt, c.SettleAt)
	}
	t.DueAt = nextDue(t, c.DueAt, now)
	return t
}

// nextDue keeps in one column when time itself asks for the next step. What is
// accepted without protection is due at once: whoever dies before it is settled
// leaves it to the next.
func nextDue(t Trade, asked, now time.Time) time.Time {
	switch {
	case !asked.IsZero():
		return asked
	case t.State == Accepted && t.Protected():
		return t.SettleAt
	case t.State == Accepted:
		return now
	case t.State == Active || t.State == Unconfirmed:
		return t.Deadline
	}
	return t.DueAt
}

func applyReceipt(t Trade, r steam.Trade, settleAt time.Time) Trade {
	t.SteamTrade, t.AcceptedAt, t.SettleAt = r.ID, r.Init, settleAt
	items := r.Received
	if t.Direction == Give {
		items = r.Given
	}
	for i, a := range t.Assets {
		a.NewContext, a.NewAsset = "", ""
		for _, it := range items {
			if it.Asset == a.Asset {
				a.NewContext, a.NewAsset = it.NewContext, it.NewID
			}
		}
		t.Assets[i] = a
	}
	return t
}

// Missed counts a read-back of an unclear send that found nothing, and sets
// when to look again.
func (s *Service) Missed(ctx context.Context, t Trade, again time.Time) (Trade, error) {
	next := t
	next.DueAt = again
	next.Misses++
	next.Version++
	err := s.db.Write(ctx, func(tx *db.Tx) error { return update(ctx, tx, t, next, nil, again) })
	if err != nil {
		return t, err
	}
	return next, nil
}

// restored is the reason of a trade that was made unclear by [Service.DoubtTx].
const restored = "restored: may have been sent after the backup"

// DoubtTx makes every trade of a restored database that was not sent an unclear
// one: it may have been sent after the backup. All that are unclear are read
// back from the beginning.
func (s *Service) DoubtTx(ctx context.Context, tx *db.Tx, now time.Time) error {
	q, at := sqlc.New(tx), db.Micros(now)
	err := q.DoubtMoves(ctx, sqlc.DoubtMovesParams{At: at, Note: restored})
	if err == nil {
		err = q.Doubt(ctx, sqlc.DoubtParams{At: at, Note: restored})
	}
	if err == nil {
		err = q.LookAgain(ctx, at)
	}
	if err != nil {
		return fmt.Errorf("doubt unsent trades: %w", err)
	}
	return nil
}

// GiveUp ends the time of a trade whose offer is not known to be with the
// partner: what is not sent is not sent any more, and an offer that turns up is
// withdrawn. It reports false when the partner has it, or the trade has ended.
func (s *Service) GiveUp(ctx context.Context, id int64, now time.Time) (bool, error) {
	given := false
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		given = false
		bot, err := sqlc.New(tx).GiveUp(ctx, sqlc.GiveUpParams{ID: id, Deadline: db.Micros(now)})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if given = err == nil; given {
			tx.Wake(TopicOf(mustID(bot)))
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("give up trade %d: %w", id, err)
	}
	return given, nil
}

// Decide ends a trade that waits for a person: [Settled] when the items are ours
// for good, [Reversed] when they are not. A trade in another state is
// [fault.WrongState]; a hold whose time has not come is not released.
func (s *Service) Decide(ctx context.Context, id int64, to State, why string, now time.Time) (Trade, error) {
	t, err := s.ByID(ctx, id)
	if err != nil {
		return t, err
	}
	if t.State != Review {
		return t, fault.New(fault.WrongState, "trade %d is %s: only one in review is decided by a person", id, t.State)
	}
	return s.Move(ctx, t, to, Change{Reason: why}, now)
}
