package deposit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// sum is what items 1 and 2 are worth, fee the commission on it: 5 % of 21.765
// is 1.08825.
const sum, fee = money.Amount(21765), money.Amount(1088)

func TestMoneyFollowsTheTrade(t *testing.T) {
	t.Parallel()
	for state, c := range map[deposit.State]struct {
		money [4]money.Amount
		story string
	}{
		deposit.Open:     {[4]money.Amount{}, ""},
		deposit.Trading:  {[4]money.Amount{}, ""},
		deposit.Held:     {[4]money.Amount{0, sum, 0, 0}, "trading, held"},
		deposit.Approved: {[4]money.Amount{0, sum, 0, 0}, "trading, held, approved"},
		deposit.Credited: {[4]money.Amount{sum - fee, 0, fee, sum}, "trading, held, credited, balance 20.677"},
		deposit.Failed:   {[4]money.Amount{}, "trading, failed canceled"},
		deposit.Returned: {[4]money.Amount{}, "trading, held, approved, returned trade_rollback"},
	} {
		t.Run(string(state), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d)
				dep := w.at(state, "inv-1")
				if dep.State != state || dep.EndedAt.IsZero() == state.Ended() {
					t.Errorf("deposit %+v", dep)
				}
				if got := w.money(); got != c.money {
					t.Errorf("money %v", got)
				}
				if got := w.story(); got != c.story {
					t.Errorf("events: %s", got)
				}
			})
		})
	}
}

func TestReversalWhileHeldCreditsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		dep := w.walk(w.at(deposit.Held, "inv-1"), path(trade.Reversed))
		if dep.State != deposit.Failed || dep.Reason != deposit.ReasonRollback || w.money() != [4]money.Amount{} {
			t.Errorf("%s %s, money %v", dep.State, dep.Reason, w.money())
		}
		if got := w.balance(ledger.OutsideSteam); got != 0 {
			t.Errorf("outside %s", got)
		}
	})
}

func TestUnprotectedItemsAreCreditedAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		dep := w.walk(w.choose("inv-1", steam.Rust, "5"), path(trade.Sending, trade.Active, trade.Accepted, trade.Settled))
		// 5 % of 5.005 is 0.25025.
		if dep.State != deposit.Credited || !dep.HoldUntil.IsZero() || w.money() != [4]money.Amount{4755, 0, 250, 5005} {
			t.Errorf("%+v, money %v", dep, w.money())
		}
		if got := w.story(); got != "trading, credited, balance 4.755" {
			t.Errorf("events: %s", got)
		}
	})
}

func TestHoldIsNeverReleasedEarly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		dep := w.at(deposit.Held, "inv-1")
		tr := w.lastTrade(dep)
		if !dep.HoldUntil.Equal(tr.SettleAt) || !dep.HoldUntil.Equal(w.now.Add(hold)) {
			t.Errorf("held until %s, trade settles %s", dep.HoldUntil, tr.SettleAt)
		}
		w.now = tr.SettleAt.Add(-time.Microsecond)
		if _, err := w.tell(tr, hop{to: trade.Settled}, true); !errors.Is(err, fault.WrongState) {
			t.Errorf("early: %v", err)
		}
		w.now = tr.SettleAt
		if after, err := w.tell(tr, hop{to: trade.Settled}, true); err != nil || after.State != deposit.Credited {
			t.Errorf("in time: %s, %v", after.State, err)
		}
	})
}

func TestOnlyReceivedItemsAreCredited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		dep := w.walk(w.choose("inv-1", steam.CS2, "1", "2"), path(trade.Sending, trade.Active, trade.Accepted), "2")
		// 0.415 × 1.1 is 0.4565; 5 % of it is 0.02075.
		if dep.State != deposit.Held || len(dep.Items) != 1 || dep.Items[0].Name != sand || dep.Amount != 415 || dep.UserAmount != 457 ||
			dep.Commission != 21 || w.money()[1] != 415 {
			t.Errorf("%+v, money %v", dep, w.money())
		}
		if got := w.history(dep.ID); !strings.HasSuffix(got, "held (secured: 1 of 2 items are in the receipt)") {
			t.Errorf("history: %s", got)
		}
		if dep = w.walk(dep, path(trade.Settled)); dep.State != deposit.Credited || w.money() != [4]money.Amount{394, 0, 21, 415} {
			t.Errorf("%s, money %v", dep.State, w.money())
		}
	})
}

func TestNothingReceivedIsNothingCredited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for i, last := range []trade.State{trade.Settled, trade.Reversed} {
			dep := w.choose(fmt.Sprint("inv-", i), steam.CS2, "1")
			dep = w.walk(dep, path(trade.Sending, trade.Active, trade.Accepted), "1")
			if dep.State != deposit.Failed || dep.Reason != deposit.ReasonNothing {
				t.Errorf("%s %s", dep.State, dep.Reason)
			}
			if after := w.walk(dep, path(last)); after.Version != dep.Version || w.money() != [4]money.Amount{} {
				t.Errorf("%s: %+v, money %v", last, after, w.money())
			}
		}
	})
}

func TestApprovalIsForProjectsThatDoNotWait(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx := t.Context()
		_, _, err := w.merchants.Add(ctx, merchant.NewProject{Project: merchant.Project{ID: 9, Name: "Waits", Active: true}}, noon)
		w.ok(err)
		held := w.at(deposit.Held, "inv-1")
		for i, c := range []struct {
			project, id int64
			code        error
		}{
			{9, held.ID, fault.WrongState}, {shop, held.ID + 1, fault.NotFound}, {shop, held.ID, nil}, {shop, held.ID, fault.WrongState},
		} {
			if err := w.deposits.Approve(ctx, c.project, c.id, w.now); !errors.Is(err, c.code) {
				t.Errorf("call %d: %v", i, err)
			}
		}
		w.project.NoWait = false
		w.ok(w.merchants.Update(ctx, w.project))
		next := w.choose("inv-2", steam.CS2, "1")
		next = w.walk(next, path(trade.Sending, trade.Active, trade.Accepted))
		if err := w.deposits.Approve(ctx, shop, next.ID, w.now); !errors.Is(err, fault.WrongState) {
			t.Errorf("project waits: %v", err)
		}
		if got := w.find(held.ID); got.State != deposit.Approved {
			t.Errorf("%s", got.State)
		}
	})
}

func TestApprovalAndReversalAtOnceEndInOneState(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for i := range 10 {
			dep := w.walk(w.choose(fmt.Sprint("inv-", i), steam.CS2, "1"), path(trade.Sending, trade.Active, trade.Accepted))
			tr := w.lastTrade(dep)
			var wg sync.WaitGroup
			var approved error
			wg.Go(func() { approved = w.deposits.Approve(t.Context(), shop, dep.ID, w.now) })
			wg.Go(func() {
				if _, err := w.trades.Move(t.Context(), tr, trade.Reversed, trade.Change{}, w.now); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			got := w.find(dep.ID)
			if approved != nil && !errors.Is(approved, fault.WrongState) || (approved == nil) != (got.State == deposit.Returned) ||
				(approved != nil) != (got.State == deposit.Failed) {
				t.Errorf("%s after approval %v", got.State, approved)
			}
		}
		if w.money() != [4]money.Amount{} {
			t.Errorf("money %v", w.money())
		}
	})
}

func TestRefusedOfferLetsThePayerChooseAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		dep := w.at(deposit.Open, "inv-1")
		if dep.Reason != string(steam.RefusedPrivate) || dep.TradeID != 0 || dep.Amount != 0 || len(dep.Items) != 0 || w.story() != "" {
			t.Errorf("%+v, events: %s", dep, w.story())
		}
		dep, err := w.deposits.Choose(t.Context(), dep.Hash, w.quote(dep, steam.CS2).ID, []string{"1"}, w.now)
		w.ok(err)
		dep = w.walk(dep, path(trade.Sending, trade.Active, trade.Accepted, trade.Settled))
		if dep.State != deposit.Credited || len(dep.Items) != 1 || w.money()[3] != 415 {
			t.Errorf("%+v, money %v", dep, w.money())
		}
		late := w.choose("inv-2", steam.CS2, "1")
		w.now = w.now.Add(deposit.LinkLife)
		if late = w.walk(late, []hop{{to: trade.Sending}, {trade.Failed, "trade_url"}}); late.State != deposit.Failed || late.Reason != "trade_url" {
			t.Errorf("after the link's end: %s %s", late.State, late.Reason)
		}
	})
}

func TestLinkEndsAfterAnHour(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx := t.Context()
		dep, trading := w.open(w.request("inv-1")), w.choose("inv-2", steam.CS2, "1")
		due, any, err := w.deposits.NextDue(ctx)
		if err != nil || !any || !due.Equal(noon.Add(time.Hour)) {
			t.Errorf("due %s, %v, %v", due, any, err)
		}
		if did, err := w.deposits.Expire(ctx, due.Add(-time.Microsecond)); did || err != nil {
			t.Errorf("early: %v, %v", did, err)
		}
		if did, err := w.deposits.Expire(ctx, due); !did || err != nil {
			t.Errorf("in time: %v, %v", did, err)
		}
		if did, err := w.deposits.Expire(ctx, due); did || err != nil {
			t.Errorf("again: %v, %v", did, err)
		}
		if got := w.find(dep.ID); got.State != deposit.Failed || got.Reason != deposit.ReasonExpired {
			t.Errorf("%s %s", got.State, got.Reason)
		}
		if got := w.find(trading.ID); got.State != deposit.Trading {
			t.Errorf("a running trade ends with the link: %s", got.State)
		}
		if _, any, err := w.deposits.NextDue(ctx); any || err != nil {
			t.Errorf("something is due: %v", err)
		}
	})
}

func TestLinkThatCannotEndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		odd, sound := w.open(w.request("inv-1")), w.open(w.request("inv-2"))
		multiplier := func(rate string) {
			w.ok(d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), "update deposit set multiplier = $1, expires_at = expires_at - 1 where id = $2", rate, odd.ID)
				return err
			}))
		}
		multiplier("odd")
		if did, err := w.deposits.Expire(t.Context(), sound.ExpiresAt); !did || err == nil {
			t.Errorf("%v, %v", did, err)
		}
		if got := w.find(sound.ID); got.State != deposit.Failed {
			t.Errorf("the link behind it: %s", got.State)
		}
		multiplier(odd.Multiplier.String())
		if did, err := w.deposits.Expire(t.Context(), sound.ExpiresAt); !did || err != nil {
			t.Errorf("once it is mended: %v, %v", did, err)
		}
		if got := w.find(odd.ID); got.State != deposit.Failed {
			t.Errorf("the mended link: %s", got.State)
		}
	})
}

func TestEventTellsEverything(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		r := w.request("inv-1")
		r.ResultURL = "https://shop.example/special"
		dep := w.open(r)
		dep, err := w.deposits.Choose(context.Background(), dep.Hash, w.quote(dep, steam.CS2).ID, []string{"1", "2"}, w.now)
		w.ok(err)
		dep = w.walk(dep, path(trade.Sending, trade.Active, trade.Accepted))
		var c deposit.Changed
		log := w.log()
		w.ok(json.Unmarshal(log[len(log)-1].Body, &c))
		want := dep.Changed()
		if c.Risk == nil || c.Risk.Deposits != 0 || c.Risk.Joined != noon.Unix() || len(c.Risk.Inventories) != 1 || c.Risk.Inventories[0].Worth != sum {
			t.Errorf("risk %+v", c.Risk)
		}
		c.Risk = nil
		if fmt.Sprint(c) != fmt.Sprint(want) || c.State != deposit.Held || c.Offered == 0 || c.Skins == 0 || c.OfferID == "" ||
			c.ResultURL != r.ResultURL || len(c.Items) != 2 || c.Amount != sum || c.UserAmount != 23942 || c.Rates == "" || c.SteamID != payer.String() {
			t.Errorf("told %+v\n     is %+v", c, want)
		}
	})
}
