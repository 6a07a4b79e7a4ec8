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

// Late takes a trade that failed on as accepted: its offer stood on Steam all
// the same, and c has the receipt of what the bot was given. The order's owner
// decides whether it counts, and is told whose word there is. It is
// [fault.WrongState], and nothing happened, when he does not take it, when
// the order has another live trade, or when the receipt belongs to another order.
func (s *Service) Late(ctx context.Context, t Trade, c Change, now time.Time) (Trade, error) {
	if t.State != Failed || t.Direction != Receive || !t.AcceptedAt.IsZero() || c.Receipt == nil || c.Offer == "" {
		return t, fault.New(fault.WrongState, "trade %d is %s: nothing of it can have come late", t.ID, t.State)
	}
	owner, err := s.owner(t.Owner)
	if err != nil {
		return t, err
	}
	var moved Trade
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		word, err := sayer(ctx, tx, c.Offer)
		if err != nil {
			return err
		}
		moved = apply(t, Accepted, c, now)
		if err := update(ctx, tx, t, moved, c.Receipt, now); err != nil {
			return err
		}
		m := Move{From: t.State, To: Accepted, At: now, Reason: c.Reason, Word: word}
		if err := insertMove(ctx, tx, moved, m); err != nil {
			return err
		}
		if err := owner.TradeMovedTx(ctx, tx, moved, m); err != nil {
			return err
		}
		return endWord(ctx, tx, c.Offer, "", now)
	})
	if db.IsUnique(err) {
		return t, fault.New(fault.WrongState, "%s has another live trade, or the receipt is of another order", t.Owner)
	}
	if err != nil {
		return t, fmt.Errorf("take on trade %d late: %w", t.ID, err)
	}
	return moved, nil
}

// sayer is who has said that a late offer counts.
func sayer(ctx context.Context, tx *db.Tx, o steam.OfferID) (string, error) {
	w, err := sqlc.New(tx).LateWord(ctx, string(o))
	if errors.Is(err, sql.ErrNoRows) || w.DoneAt > 0 {
		return "", nil
	}
	return w.ByName, err
}

func endWord(ctx context.Context, tx *db.Tx, o steam.OfferID, why string, now time.Time) error {
	return sqlc.New(tx).EndLate(ctx, sqlc.EndLateParams{DoneAt: db.Micros(now), Why: why, OfferID: string(o)})
}

// Word is a person's, that an offer counts which was accepted after its order
// had ended.
type Word struct {
	Offer    steam.OfferID
	By, Note string
	Done     bool
	Why      string // it could not be followed for
}

// Say keeps a person's word about an offer of a bot, who follows it at his next
// step. A word that stands, or was followed, is not changed: it reports false.
// One that could not be followed can be said again.
func (s *Service) Say(ctx context.Context, bot steam.ID64, w Word, now time.Time) (said bool, err error) {
	if w.By == "" || w.Note == "" || len(w.By) > 64 || len(w.Note) > 500 {
		return false, fault.New(fault.InvalidRequest, "who credits a late offer gives a name and a note of up to 500 bytes")
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := sqlc.New(tx).SayLate(ctx, sqlc.SayLateParams{OfferID: string(w.Offer), Bot: bot.String(), At: db.Micros(now), ByName: w.By, Note: w.Note})
		if said = n > 0; said {
			tx.Wake(TopicOf(bot))
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("say that offer %s counts: %w", w.Offer, err)
	}
	return said, nil
}

// Words lists what was said of a bot's offers and is not followed yet.
func (s *Service) Words(ctx context.Context, bot steam.ID64) ([]Word, error) {
	rows, err := sqlc.New(s.db.Read()).LateWords(ctx, bot.String())
	if err != nil {
		return nil, fmt.Errorf("read late offers: %w", err)
	}
	words := make([]Word, 0, len(rows))
	for _, r := range rows {
		words = append(words, word(r))
	}
	return words, nil
}

// WordOn is what was said of an offer; false when nobody has.
func (s *Service) WordOn(ctx context.Context, o steam.OfferID) (Word, bool, error) {
	r, err := sqlc.New(s.db.Read()).LateWord(ctx, string(o))
	if errors.Is(err, sql.ErrNoRows) {
		return Word{}, false, nil
	}
	return word(r), err == nil, err
}

func word(r sqlc.LateOffer) Word {
	return Word{Offer: steam.OfferID(r.OfferID), By: r.ByName, Note: r.Note, Done: r.DoneAt > 0, Why: r.Why}
}

// CannotFollow ends a word that cannot be followed.
func (s *Service) CannotFollow(ctx context.Context, o steam.OfferID, why string, now time.Time) error {
	err := s.db.Write(ctx, func(tx *db.Tx) error { return endWord(ctx, tx, o, why, now) })
	if err != nil {
		return fmt.Errorf("end the word on offer %s: %w", o, err)
	}
	return nil
}
