package deposit

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit/sqlc"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/trade"
)

// TradeMovedTx follows the deposit's trade inside the trade's own transaction.
func (s *Service) TradeMovedTx(ctx context.Context, tx *db.Tx, t trade.Trade, m trade.Move) error {
	id, err := strconv.ParseInt(strings.TrimPrefix(t.Owner, "deposit/"), 10, 64)
	if err != nil {
		return fmt.Errorf("trade %d: owner %q is not a deposit", t.ID, t.Owner)
	}
	row, err := sqlc.New(tx).ByID(ctx, id)
	d, err := s.full(ctx, tx, row, err)
	if err != nil {
		return err
	}
	if d.TradeID != t.ID {
		return fault.New(fault.WrongState, "deposit %d has another trade than %d", d.ID, t.ID)
	}
	switch m.To {
	case trade.Active:
		return s.offered(ctx, tx, d, t, m.At)
	case trade.Accepted:
		return s.accepted(ctx, tx, d, t, m.At)
	case trade.Settled:
		return s.settled(ctx, tx, d, m.At)
	case trade.Reversed:
		return s.reversed(ctx, tx, d, m.At)
	case trade.Failed:
		return s.tradeFailed(ctx, tx, d, t, m)
	case trade.Declined, trade.Canceled, trade.Expired:
		return s.move(ctx, tx, d, d, Ended, endReason(m), m.At)
	}
	return nil
}

func endReason(m trade.Move) string {
	if m.To == trade.Expired || m.Reason == trade.ReasonDeadline {
		return ReasonTimeout
	}
	if m.Reason == trade.ReasonElsewhere || m.Reason == trade.ReasonEscrow {
		return m.Reason
	}
	return ReasonCanceled
}

// move makes one step: guarded update, history and event. next carries what
// else changes.
func (s *Service) move(ctx context.Context, tx *db.Tx, d, next Deposit, by Step, reason string, now time.Time) error {
	to, ok := Next(d.State, by)
	if !ok {
		return fault.New(fault.WrongState, "deposit %d is %s", d.ID, d.State)
	}
	next.State, next.Reason = to, reason
	if to.Ended() {
		next.EndedAt = now
	}
	if err := change(ctx, tx, d, next, string(by), now); err != nil {
		return err
	}
	if by == Refused {
		return nil // the merchant never heard of this try
	}
	return s.tell(ctx, tx, next, now)
}

// offered notifies the merchant once: an offer that is seen again, after having
// been unclear, changes nothing.
func (s *Service) offered(ctx context.Context, tx *db.Tx, d Deposit, t trade.Trade, now time.Time) error {
	if !d.OfferAt.IsZero() && d.OfferID == t.OfferID {
		return nil
	}
	next := d
	next.OfferAt, next.OfferID = now, t.OfferID
	return s.move(ctx, tx, d, next, Offered, "", now)
}

// accepted credits what the receipt proves, never more than was quoted.
func (s *Service) accepted(ctx context.Context, tx *db.Tx, d Deposit, t trade.Trade, now time.Time) error {
	next := d
	next.SkinsAt, next.HoldUntil, next.OfferID = t.AcceptedAt, t.SettleAt, t.OfferID
	if next.OfferAt.IsZero() {
		next.OfferAt = t.AcceptedAt
	}
	next.Items = receivedItems(d, t)
	if len(next.Items) != len(d.Items) {
		if err := s.total(ctx, &next); err != nil {
			return err
		}
	}
	if next.Amount == 0 {
		return s.move(ctx, tx, d, next, Ended, ReasonCanceled, now)
	}
	if !t.Protected() {
		return s.credit(ctx, tx, d, next, Received, now)
	}
	err := s.Ledger.HoldTx(ctx, tx, ledger.Hold{ID: d.Owner(), From: ledger.OutsideSteam, To: ledger.Held(d.Project),
		Amount: next.Amount, NotBefore: t.SettleAt, At: now})
	if err != nil {
		return err
	}
	return s.move(ctx, tx, d, next, Secured, "", now)
}

// receivedItems are the chosen items that the receipt shows in our hands.
func receivedItems(d Deposit, t trade.Trade) []Item {
	var got []Item
	for _, it := range d.Items {
		for _, a := range t.Assets {
			if a.Asset == it.Asset && a.NewAsset != "" {
				got = append(got, it)
			}
		}
	}
	return got
}

// settled ends the hold. For items without protection accepted has credited
// everything already.
func (s *Service) settled(ctx context.Context, tx *db.Tx, d Deposit, now time.Time) error {
	if d.State == Credited || d.State == Failed {
		return nil
	}
	return s.credit(ctx, tx, d, d, Settled, now)
}

// credit gives the merchant the amount less commission, from the hold or, for
// items without protection, straight from outside.
func (s *Service) credit(ctx context.Context, tx *db.Tx, d, next Deposit, by Step, now time.Time) error {
	to := []ledger.Entry{{Account: ledger.Available(d.Project), Amount: next.Amount - next.Commission}}
	if next.Commission != 0 {
		to = append(to, ledger.Entry{Account: ledger.Commission, Amount: next.Commission})
	}
	var err error
	if by == Settled {
		err = s.Ledger.ReleaseTx(ctx, tx, d.Owner(), to, now)
	} else {
		from := ledger.Entry{Account: ledger.OutsideSteam, Amount: -next.Amount}
		err = s.Ledger.PostTx(ctx, tx, ledger.Transaction{Ref: "credit/" + d.Owner(), Kind: "deposit", At: now, Entries: append(to, from)})
	}
	if err != nil {
		return err
	}
	if err := s.Merchants.AddTotalsTx(ctx, tx, d.Project, next.Amount, 0); err != nil {
		return err
	}
	if err := s.move(ctx, tx, d, next, by, "", now); err != nil {
		return err
	}
	return s.tellBalance(ctx, tx, d.Project, now)
}

// reversed gives the held money back to where it came from.
func (s *Service) reversed(ctx context.Context, tx *db.Tx, d Deposit, now time.Time) error {
	if d.State.Ended() {
		return nil // the audit of trades names what was reversed after its end
	}
	if err := s.Ledger.VoidTx(ctx, tx, d.Owner(), now); err != nil {
		return err
	}
	return s.move(ctx, tx, d, d, TakenBack, ReasonRollback, now)
}

// tradeFailed lets the payer choose again when nothing was ever offered; an
// offer that broke ends the deposit, and so does an accepted trade undone.
func (s *Service) tradeFailed(ctx context.Context, tx *db.Tx, d Deposit, t trade.Trade, m trade.Move) error {
	if d.State == Held || d.State == Approved {
		return s.reversed(ctx, tx, d, m.At)
	}
	if t.SentAt.IsZero() && d.ExpiresAt.After(m.At) {
		next := d
		next.TradeID, next.Amount, next.UserAmount, next.Commission = 0, 0, 0, 0
		return s.move(ctx, tx, d, next, Refused, m.Reason, m.At)
	}
	return s.move(ctx, tx, d, d, Ended, m.Reason, m.At)
}
