package deposit

import (
	"context"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit/sqlc"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/trade"
)

// late takes a deposit up again whose payer has accepted an offer that was taken
// for not made, at the prices he chose by. While the link is open that is his
// payment like any other. A failed deposit is final for its merchant: there it
// needs a person's word. One that has received something before, or was changed
// to other items or another payer, is [fault.WrongState].
func (s *Service) late(ctx context.Context, tx *db.Tx, d Deposit, t trade.Trade, m trade.Move) (bool, error) {
	if d.State != Open && (d.State != Failed || m.Word == "") {
		return false, fault.New(fault.WrongState, "deposit %d is %s, and nobody has said that what came late counts", d.ID, d.State)
	}
	if !d.SkinsAt.IsZero() || t.Partner != d.SteamID {
		return false, fault.New(fault.WrongState, "deposit %d has received items before, or is of another payer", d.ID)
	}
	rows, err := sqlc.New(tx).Items(ctx, d.ID)
	if err != nil {
		return false, err
	}
	next := d
	next.Items, next.TradeID, next.OfferID, next.OfferAt = nil, t.ID, t.OfferID, t.AcceptedAt
	for _, r := range rows {
		next.Items = append(next.Items, itemOf(r))
	}
	d.Items = next.Items
	if got := receivedItems(next, t); len(got) == 0 || len(got) != len(t.Assets) {
		return false, fault.New(fault.WrongState, "deposit %d has prices for %d of the %d items that came", d.ID, len(got), len(t.Assets))
	}
	if err := next.total(); err != nil {
		return false, err
	}
	note := m.Word
	if note != "" {
		note = "by " + note
	}
	moved, err := s.move(ctx, tx, d, next, step{by: CameLate, note: note}, m.At)
	if err != nil || !moved || !t.Protected() { // without protection it is received when it settles, at once
		return moved, err
	}
	m.From = trade.Active
	return true, s.retry(ctx, tx, d.ID, func(d Deposit) (bool, error) { return s.follow(ctx, tx, d, t, m) })
}
