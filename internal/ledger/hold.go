package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger/sqlc"
	"github.com/skinrail/skinrail/internal/money"
)

// Hold is money set aside, on its way from one account to others. To is an
// account of holds ([Held], [InDelivery], [PayingOut]); a zero NotBefore allows
// release at any time.
type Hold struct {
	ID            string
	From, To      Account
	Amount        money.Amount
	NotBefore, At time.Time
}

// A hold is open until whoever made it releases or voids it; it never comes
// back. Nothing happens to an open hold by itself.
const stateOpen = "open"

// The kinds of the transactions of holds, also the prefixes of their refs. That
// of a hold goes on with its time, so that the time is sealed with it.
const (
	kindHold    = "hold"
	kindRelease = "release"
	kindVoid    = "void"
)

// timedKind is the kind of the transaction that makes a hold.
func timedKind(notBefore int64) string { return kindHold + "/" + strconv.FormatInt(notBefore, 10) }

// reserved reports whether only holds, or what comes of a debt, may post this.
func reserved(t Transaction) bool {
	prefix, _, _ := strings.Cut(t.Ref, "/")
	kind, _, _ := strings.Cut(t.Kind, "/")
	for _, k := range []string{kindHold, kindRelease, kindVoid, kindBack, kindRepay} {
		if kind == k || prefix == k {
			return true
		}
	}
	return slices.ContainsFunc(t.Entries, func(e Entry) bool {
		return e.Account.nature() == holding || strings.HasSuffix(string(e.Account), "/receivable")
	})
}

// HoldTx moves the amount from From to To and remembers that it waits there
// (ref "hold/<id>"). It returns [fault.InsufficientBalance] when From does not
// have it and [fault.Duplicate] for an id used before.
func (s *Service) HoldTx(ctx context.Context, tx *db.Tx, h Hold) error {
	return s.HoldAllTx(ctx, tx, NewFunds(), h)
}

// HoldAllTx is [Service.HoldTx] for many, in their order; f may hold their
// accounts already, and holds them afterwards.
func (s *Service) HoldAllTx(ctx context.Context, tx *db.Tx, f *Funds, holds ...Hold) error {
	ps := make([]posting, len(holds))
	for i, h := range holds {
		if h.ID == "" || h.Amount <= 0 || h.To.nature() != holding || h.From.nature() == holding {
			return fmt.Errorf("hold %q: %s from %s to %s is no hold", h.ID, h.Amount, h.From, h.To)
		}
		ps[i].Transaction = Transaction{Ref: kindHold + "/" + h.ID, Kind: timedKind(db.Micros(h.NotBefore)), At: h.At,
			Entries: []Entry{{h.From, -h.Amount}, {h.To, h.Amount}}}
	}
	if err := s.book(ctx, tx, f, ps...); err != nil {
		return err
	}
	if err := insertHolds(tx, f, holds); err != nil {
		return fmt.Errorf("hold %s: %w", holds[0].ID, err)
	}
	return nil
}

// ReleaseTx resolves a hold by splitting its amount among accounts (ref
// "release/<id>"), of which the one it came from may be one: then a part was
// released. The parts are not negative and sum to the amount; empty ones are left
// out. It returns [fault.WrongState] before the hold's time and when it is not
// open, and an error without a code when that time is not what was booked.
func (s *Service) ReleaseTx(ctx context.Context, tx *db.Tx, id string, to []Entry, at time.Time) error {
	row, err := sqlc.New(tx).Release(ctx, sqlc.ReleaseParams{ID: id, At: db.Micros(at)})
	if errors.Is(err, sql.ErrNoRows) {
		return whyNot(ctx, tx, id, at)
	}
	if err != nil {
		return fmt.Errorf("release %s: %w", id, err)
	}
	entries, err := split(id, row, to)
	if err != nil {
		return err
	}
	return s.book(ctx, tx, NewFunds(), posting{Transaction: Transaction{Ref: kindRelease + "/" + id, Kind: kindRelease, At: at, Entries: entries}})
}

// split returns the entries that empty what is held into the parts.
func split(id string, held sqlc.ReleaseRow, to []Entry) ([]Entry, error) {
	entries := []Entry{{Account(held.ToPath), -money.Amount(held.Amount)}}
	for _, e := range to {
		if e.Amount < 0 || e.Account.nature() == holding {
			return nil, fmt.Errorf("release %s: %s to %s is no part", id, e.Amount, e.Account)
		}
		if e.Amount > 0 {
			entries = append(entries, e)
		}
	}
	return entries, nil // that the parts sum to the amount is checked for all transactions
}

// VoidTx resolves a hold by moving its amount back (ref "void/<id>"), at any
// time. It returns [fault.WrongState] when it is not open.
func (s *Service) VoidTx(ctx context.Context, tx *db.Tx, id string, at time.Time) error {
	row, err := sqlc.New(tx).Void(ctx, sqlc.VoidParams{ID: id, At: db.Micros(at)})
	if errors.Is(err, sql.ErrNoRows) {
		return whyNot(ctx, tx, id, at)
	}
	if err != nil {
		return fmt.Errorf("void %s: %w", id, err)
	}
	return s.book(ctx, tx, NewFunds(), posting{reverses: kindHold + "/" + id, Transaction: Transaction{Ref: kindVoid + "/" + id, Kind: kindVoid, At: at,
		Entries: []Entry{{Account(row.ToPath), -money.Amount(row.Amount)}, {Account(row.FromPath), money.Amount(row.Amount)}}}})
}

// whyNot says why a hold could not be resolved at a time.
func whyNot(ctx context.Context, tx *db.Tx, id string, at time.Time) error {
	row, err := sqlc.New(tx).HoldState(ctx, id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fault.New(fault.WrongState, "there is no hold %s", id)
	case err != nil:
		return fmt.Errorf("hold %s: %w", id, err)
	case row.State == stateOpen && row.NotBefore > db.Micros(at):
		return fault.New(fault.WrongState, "hold %s ends not before %s", id, db.Time(row.NotBefore).Format(time.RFC3339))
	case row.State == stateOpen:
		return fmt.Errorf("hold %s says %d, which is not what its transaction says: it stays open", id, row.NotBefore)
	}
	return fault.New(fault.WrongState, "hold %s is %s", id, row.State)
}
