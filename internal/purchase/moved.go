package purchase

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/purchase/sqlc"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// maxReads bounds how often a move starts again because somebody changed the
// purchase between reading and writing it.
const maxReads = 5

// TradeMovedTx follows the purchase's trade inside the trade's own transaction.
// What has happened already changes nothing; what cannot happen is
// [fault.WrongState].
func (s *Service) TradeMovedTx(ctx context.Context, tx *db.Tx, t trade.Trade, m trade.Move) error {
	id, err := strconv.ParseInt(strings.TrimPrefix(t.Owner, prefix), 10, 64)
	if err != nil {
		return fmt.Errorf("trade %d: owner %q is not a purchase", t.ID, t.Owner)
	}
	for range maxReads {
		p, err := one(sqlc.New(tx).ByID(ctx, id))
		if err != nil {
			return err
		}
		if p.TradeID != 0 && p.TradeID != t.ID {
			return fault.New(fault.WrongState, "purchase %d has another trade than %d", p.ID, t.ID)
		}
		moved, err := s.follow(ctx, tx, p, t, m)
		if moved || err != nil {
			return err
		}
	}
	return fault.New(fault.WrongState, "purchase %d does not come to rest", id)
}

// follow makes the step that a move of the trade means. It reports false when
// the purchase is not any more what was read.
func (s *Service) follow(ctx context.Context, tx *db.Tx, p Purchase, t trade.Trade, m trade.Move) (bool, error) {
	by, reason, ok := stepOf(p, m)
	if !ok || did(p.State, by) {
		return true, nil
	}
	to, ok := Next(p.State, by)
	if !ok {
		return false, fault.New(fault.WrongState, "purchase %d is %s, its trade is %s", p.ID, p.State, m.To)
	}
	next := apply(p, to, t, reason, m.At)
	if done, err := change(ctx, tx, p, next, note(by, m.Reason), m.At); err != nil || !done {
		return false, err
	}
	paid, err := s.book(ctx, tx, p, next, m.At)
	if err != nil {
		return true, err
	}
	news := []event.NewEvent{next.news(event.PurchaseChanged, m.At)}
	if paid {
		left, err := s.Ledger.BalanceTx(ctx, tx, ledger.Available(p.Project))
		if err != nil {
			return true, err
		}
		news = append(news, balanceNews(p.Project, left, m.At))
	}
	_, err = s.Events.AppendAllTx(ctx, tx, news...)
	return true, err
}

// apply is the pure part of a step.
func apply(p Purchase, to State, t trade.Trade, reason string, now time.Time) Purchase {
	p.State, p.Reason, p.TradeID = to, reason, t.ID
	if t.OfferID != "" {
		p.OfferID = t.OfferID
	}
	switch {
	case to == Accepted:
		p.AcceptedAt = t.AcceptedAt
	case to == Settled:
		p.SettledAt, p.EndedAt = now, now
	case to.Ended():
		p.EndedAt = now
	}
	return p
}

func note(by Step, why string) string {
	if why == "" {
		return string(by)
	}
	return string(by) + ": " + why
}

// book moves the money that goes with a step, and reports whether the
// merchant's available balance has changed.
func (s *Service) book(ctx context.Context, tx *db.Tx, p, next Purchase, now time.Time) (bool, error) {
	switch {
	case next.State == Accepted:
		return false, s.Merchants.AddTotalsTx(ctx, tx, p.Project, 0, p.Price)
	case next.State == Settled:
		return false, s.Ledger.ReleaseTx(ctx, tx, p.Owner(), []ledger.Entry{{Account: ledger.Sales, Amount: p.Price}}, now)
	case next.State.Refunded():
		return true, s.refund(ctx, tx, p, next, now)
	}
	return false, nil
}

// refund gives the money back, and puts the item back on sale where it may
// still be the one we had: it never left, or Steam has undone the trade, which
// can mean that nothing moved. What came back under another asset id is another
// item, and the old one is not present. After a reversal that is certain.
func (s *Service) refund(ctx context.Context, tx *db.Tx, p, next Purchase, now time.Time) error {
	if next.State != RolledBack {
		if err := s.Market.UnreserveTx(ctx, tx, p.ItemID, p.reservation); err != nil {
			return err
		}
	}
	if err := s.Ledger.VoidTx(ctx, tx, p.Owner(), now); err != nil || p.State != Accepted {
		return err
	}
	return s.Merchants.AddTotalsTx(ctx, tx, p.Project, 0, -p.Price)
}

// stepOf says what a move of the trade means for the purchase, and the reason
// that the merchant is told; false when it means nothing.
func stepOf(p Purchase, m trade.Move) (by Step, reason string, ok bool) {
	switch m.To {
	case trade.Active:
		return Offered, "", p.State == Creating // one that is seen again means nothing
	case trade.Accepted:
		return Taken, "", p.AcceptedAt.IsZero()
	case trade.Settled:
		return Final, "", true
	case trade.Reversed:
		return TakenBack, "", true
	case trade.Declined:
		return Declined, "", true
	case trade.Expired:
		return RanOut, "", true
	case trade.Canceled:
		return canceled(p, m)
	case trade.Failed:
		if !p.AcceptedAt.IsZero() {
			return UndoneOutside, "", true
		}
		return refused(m)
	}
	return "", "", false
}

func canceled(p Purchase, m trade.Move) (Step, string, bool) {
	switch {
	case m.Reason == trade.ReasonEscrow:
		return RefusedUser, ReasonUser, true
	case m.Reason == trade.ReasonDeadline || !p.Deadline.After(m.At):
		return RanOut, "", true
	}
	return Withdrawn, "", true
}

// refused puts Steam's words into those that merchants know.
func refused(m trade.Move) (Step, string, bool) {
	switch steam.Refusal(m.Reason) {
	case steam.RefusedTradeURL:
		return RefusedURL, ReasonTradeURL, true
	case steam.RefusedPartnerTrade:
		return RefusedUser, ReasonUser, true
	case steam.RefusedPrivate:
		return RefusedUser, ReasonPrivate, true
	}
	return RefusedOther, ReasonUnknown, true
}
