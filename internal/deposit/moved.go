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

// maxReads bounds how often a move starts again because somebody changed the
// deposit between reading and writing it.
const maxReads = 5

// TradeMovedTx follows the deposit's trade inside the trade's own transaction.
// What has happened already changes nothing; what cannot happen is
// [fault.WrongState].
func (s *Service) TradeMovedTx(ctx context.Context, tx *db.Tx, t trade.Trade, m trade.Move) error {
	id, err := strconv.ParseInt(strings.TrimPrefix(t.Owner, prefix), 10, 64)
	if err != nil {
		return fmt.Errorf("trade %d: owner %q is not a deposit", t.ID, t.Owner)
	}
	return s.retry(ctx, tx, id, func(d Deposit) (bool, error) { return s.follow(ctx, tx, d, t, m) })
}

// retry reads the deposit and calls f until f has moved it from what was read.
func (s *Service) retry(ctx context.Context, tx *db.Tx, id int64, f func(Deposit) (bool, error)) error {
	for range maxReads {
		row, err := sqlc.New(tx).ByID(ctx, id)
		d, err := s.full(ctx, tx, row, err)
		if err != nil {
			return err
		}
		if moved, err := f(d); moved || err != nil {
			return err
		}
	}
	return fault.New(fault.WrongState, "deposit %d does not come to rest", id)
}

// follow makes the step that a move of the trade means. It reports false when
// the deposit is not any more what was read.
func (s *Service) follow(ctx context.Context, tx *db.Tx, d Deposit, t trade.Trade, m trade.Move) (bool, error) {
	if m.Late() {
		return s.late(ctx, tx, d, t, m)
	}
	if d.TradeID != t.ID {
		if m.To == trade.Failed { // refused before, and the payer may have chosen again
			return true, nil
		}
		return false, fault.New(fault.WrongState, "deposit %d has another trade than %d", d.ID, t.ID)
	}
	st, ok := stepOf(d, t, m)
	if !ok || did(d.State, st.by) {
		return true, nil
	}
	next := d
	switch st.by {
	case Offered:
		next.OfferAt, next.OfferID = m.At, t.OfferID
	case Refused:
		next.TradeID, next.Amount, next.UserAmount, next.Commission = 0, 0, 0, 0
	case Secured, Received:
		var err error
		if next, st, err = receive(d, t, st); err != nil {
			return false, err
		}
	}
	return s.move(ctx, tx, d, next, st, m.At)
}

// step is a step with what is said of it.
type step struct {
	by     Step
	reason string // for the merchant and the payer
	note   string // for the operator
}

// stepOf says what a move of the trade means for the deposit; false when it
// means nothing. An unprotected trade is credited when it settles, which
// follows at once.
func stepOf(d Deposit, t trade.Trade, m trade.Move) (step, bool) {
	switch m.To {
	case trade.Active:
		return step{by: Offered}, d.OfferAt.IsZero()
	case trade.Accepted:
		return step{by: Secured}, t.Protected() && d.SkinsAt.IsZero()
	case trade.Settled:
		if t.Protected() {
			return step{by: Settled}, d.State != Failed // nothing was received
		}
		return step{by: Received}, d.SkinsAt.IsZero()
	case trade.Reversed:
		return step{by: TakenBack, reason: ReasonRollback}, true
	case trade.Declined, trade.Canceled, trade.Expired:
		return step{by: Ended, reason: endReason(m), note: m.Reason}, true
	case trade.Failed:
		return failed(d, t, m), true
	}
	return step{}, false
}

// failed lets the payer choose again when nothing was ever offered; an offer
// that broke ends the deposit, and an accepted trade undone is taken back.
func failed(d Deposit, t trade.Trade, m trade.Move) step {
	switch {
	case !t.AcceptedAt.IsZero():
		return step{by: TakenBack, reason: ReasonRollback, note: m.Reason}
	case t.SentAt.IsZero() && d.State == Trading && d.ExpiresAt.After(m.At):
		return step{by: Refused, reason: m.Reason}
	}
	return step{by: Ended, reason: m.Reason}
}

func endReason(m trade.Move) string {
	if m.To == trade.Expired || m.Reason == trade.ReasonDeadline {
		return ReasonTimeout
	}
	switch m.Reason {
	case trade.ReasonElsewhere, trade.ReasonEscrow, trade.ReasonEarly:
		return m.Reason
	}
	return ReasonCanceled
}

// receive takes from the receipt what was chosen, never more: the items, and by
// them the amount. When none of them came the deposit ends.
func receive(d Deposit, t trade.Trade, st step) (Deposit, step, error) {
	next := d
	next.SkinsAt, next.HoldUntil, next.OfferID = t.AcceptedAt, t.SettleAt, t.OfferID
	if next.OfferAt.IsZero() {
		next.OfferAt = t.AcceptedAt
	}
	next.Items = receivedItems(d, t)
	if missing := len(d.Items) - len(next.Items); missing != 0 {
		st.note = fmt.Sprintf("%d of %d items are in the receipt", len(next.Items), len(d.Items))
		if err := next.total(); err != nil {
			return d, st, err
		}
	}
	if next.Amount == 0 {
		st.by, st.reason = Ended, ReasonNothing
	}
	return next, st, nil
}

// receivedItems are the chosen items that the receipt shows in our hands.
func receivedItems(d Deposit, t trade.Trade) []Item {
	var got []Item
	for _, it := range d.Items {
		for _, a := range t.Assets {
			if a.Asset == it.Asset && a.NewAsset != "" {
				got = append(got, it)
				break
			}
		}
	}
	return got
}

// move makes one step: guarded update, history, money and events. next carries
// what else changes. It reports false, with nothing done, when the deposit is
// not any more what was read.
func (s *Service) move(ctx context.Context, tx *db.Tx, d, next Deposit, st step, now time.Time) (bool, error) {
	to, ok := Next(d.State, st.by)
	if !ok {
		return false, fault.New(fault.WrongState, "deposit %d is %s", d.ID, d.State)
	}
	next.State, next.Reason, next.EndedAt = to, st.reason, time.Time{}
	if to.Ended() {
		next.EndedAt = now
	}
	if done, err := change(ctx, tx, d, next, st, now); err != nil || !done {
		return false, err
	}
	paid, err := s.book(ctx, tx, next, st.by, now)
	if err != nil || st.by == Refused || st.by == CameLate { // the merchant never heard of this try, or hears how it goes on
		return true, err
	}
	told := next.Changed()
	if told.Risk, err = s.remember(ctx, tx, next, st.by, now); err != nil {
		return false, err
	}
	return true, s.tell(ctx, tx, next, told, paid, now)
}

// remember adds a step to what is known of the payer. When his items are held it
// returns what was known before: the merchant decides by it.
func (s *Service) remember(ctx context.Context, tx *db.Tx, d Deposit, by Step, now time.Time) (*Risk, error) {
	switch by {
	case Secured:
		known, err := s.Risk.OfTx(ctx, tx, d.SteamID)
		if err != nil {
			return nil, err
		}
		if known.Joined.IsZero() {
			known.Joined = d.CreatedAt
		}
		return riskOf(known), s.Risk.PaidTx(ctx, tx, d.SteamID, d.Amount, now)
	case Received:
		return nil, s.Risk.PaidTx(ctx, tx, d.SteamID, d.Amount, now)
	case TakenBack:
		if d.SkinsAt.IsZero() {
			return nil, nil
		}
		return nil, s.Risk.TookBackTx(ctx, tx, d.SteamID, d.Amount)
	}
	return nil, nil
}

// book moves the money that goes with a step, and reports whether the
// merchant's available balance has changed.
func (s *Service) book(ctx context.Context, tx *db.Tx, d Deposit, by Step, now time.Time) (bool, error) {
	switch by {
	case Secured:
		return false, s.Ledger.HoldTx(ctx, tx, ledger.Hold{ID: d.Owner(), From: ledger.OutsideSteam,
			To: ledger.Held(d.Project), Amount: d.Amount, NotBefore: d.HoldUntil, At: now})
	case TakenBack:
		if d.HoldUntil.IsZero() { // nothing was booked yet
			return false, nil
		}
		return false, s.Ledger.VoidTx(ctx, tx, d.Owner(), now)
	case Settled:
		if err := s.Ledger.ReleaseTx(ctx, tx, d.Owner(), d.parts(), now); err != nil {
			return false, err
		}
	case Received:
		entries := append(d.parts(), ledger.Entry{Account: ledger.OutsideSteam, Amount: -d.Amount})
		err := s.Ledger.PostTx(ctx, tx, ledger.Transaction{Ref: "credit/" + d.Owner(), Kind: "deposit", At: now, Entries: entries})
		if err != nil {
			return false, err
		}
	default:
		return false, nil
	}
	return true, s.Merchants.AddTotalsTx(ctx, tx, d.Project, d.Amount, 0)
}

// parts is who gets the amount: the gateway its commission, the merchant the
// rest.
func (d Deposit) parts() []ledger.Entry {
	var to []ledger.Entry
	for _, e := range []ledger.Entry{{Account: ledger.Available(d.Project), Amount: d.Amount - d.Commission},
		{Account: ledger.Commission, Amount: d.Commission}} {
		if e.Amount != 0 {
			to = append(to, e)
		}
	}
	return to
}
