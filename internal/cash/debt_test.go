package cash_test

import (
	"testing"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

// owe makes the project owe something: it was given more than that, has set all
// of it aside, and it is taken back.
func (w *world) owe(amount money.Amount) {
	w.ok(w.ledger.Post(w.t.Context(), ledger.Transaction{Ref: "credit", Kind: "test", At: w.now, Entries: []ledger.Entry{
		{Account: ledger.OutsideSteam, Amount: -amount}, {Account: ledger.Available(shop), Amount: amount}}}))
	w.ok(w.db.Write(w.t.Context(), func(tx *db.Tx) error {
		if err := w.ledger.HoldTx(w.t.Context(), tx, ledger.Hold{ID: "purchase/1", From: ledger.Available(shop), To: ledger.InDelivery(shop), Amount: amount, At: w.now}); err != nil {
			return err
		}
		_, err := w.ledger.TakeBackTx(w.t.Context(), tx, "credit", ledger.OutsideSteam, w.now)
		return err
	}))
}

func TestPayoutsStopAboveTheDebtLimit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.propose(cash.In, cash.DefaultLimit, "wire-1")
		w.propose(cash.In, 1, "wire-2")
		out := w.propose(cash.Out, large, "payout-1")
		w.owe(cash.DefaultDebtLimit + 1)
		debts, err := w.cash.Debts(t.Context())
		if err != nil || len(debts) != 1 || debts[0] != (cash.Debt{Project: shop, Owed: 100_001, Limit: 100_000}) || !debts[0].Over() {
			t.Errorf("debts %+v, %v", debts, err)
		}
		_, err = w.cash.Approve(t.Context(), out.ID, "bob", "", w.now)
		w.want(err, fault.WrongState)
		_, _, err = w.cash.Propose(t.Context(), proposal(cash.Out, 1, "payout-2"), w.now)
		w.want(err, fault.InsufficientBalance) // who owes has nothing available
		w.want(w.cash.SetDebtLimit(t.Context(), 99, 5), fault.NotFound)
		w.want(w.cash.SetDebtLimit(t.Context(), shop, -1), fault.InvalidRequest)
		w.ok(w.cash.SetDebtLimit(t.Context(), shop, 100_001))
		_, err = w.cash.Approve(t.Context(), out.ID, "bob", "", w.now)
		w.ok(err)
	})
}

func TestRejectedPayoutPaysTheDebt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.propose(cash.In, cash.DefaultLimit, "wire-1")
		w.propose(cash.In, 1, "wire-2")
		out := w.propose(cash.Out, large, "payout-1")
		w.owe(400_000)
		_, err := w.cash.Reject(t.Context(), out.ID, "bob", "owes", w.now)
		w.ok(err)
		w.wantMoney(large-400_000, 0, -large, 0)
		if debts, err := w.cash.Debts(t.Context()); err != nil || len(debts) != 0 {
			t.Errorf("debts %+v, %v", debts, err)
		}
	})
}
