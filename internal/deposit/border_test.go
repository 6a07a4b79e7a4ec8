package deposit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// text is the one answer of a query.
func (w *world) text(query string, args ...any) (s string) {
	w.t.Helper()
	w.ok(w.db.Read().QueryRowContext(w.t.Context(), query, args...).Scan(&s))
	return s
}

func TestMoveBeginsAgainFiveTimes(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	dep, bad := w.at(deposit.Held, "inv-1"), errors.New("bad")
	for name, c := range map[string]struct {
		id     int64
		answer func(n int) (bool, error)
		calls  int
		want   error
	}{
		"somebody is always faster": {dep.ID, func(int) (bool, error) { return false, nil }, deposit.MaxReads, fault.WrongState},
		"once":                      {dep.ID, func(n int) (bool, error) { return n == 2, nil }, 2, nil},
		"moved":                     {dep.ID, func(int) (bool, error) { return true, nil }, 1, nil},
		"not moved":                 {dep.ID, func(int) (bool, error) { return false, bad }, 1, bad},
		"moved, then an error":      {dep.ID, func(int) (bool, error) { return true, bad }, 1, bad},
		"not there":                 {dep.ID + 1, func(int) (bool, error) { return true, nil }, 0, fault.NotFound},
	} {
		calls := 0
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return w.deposits.Retry(t.Context(), tx, c.id, func(got deposit.Deposit) (bool, error) {
				if calls++; got.ID != c.id || got.State != deposit.Held {
					t.Errorf("%s: read %+v", name, got)
				}
				return c.answer(calls)
			})
		})
		if !errors.Is(err, c.want) || calls != c.calls {
			t.Errorf("%s: %d calls, %v", name, calls, err)
		}
	}
	if deposit.MaxReads != 5 {
		t.Errorf("%d reads", deposit.MaxReads)
	}
}

func TestStaleReadMovesNothing(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	stale := w.at(deposit.Held, "inv-1")
	stale.Version--
	story := w.story()
	if err := d.Write(t.Context(), func(tx *db.Tx) error {
		moved, err := w.deposits.ApproveAs(t.Context(), tx, stale, w.now)
		if moved {
			t.Error("moved")
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if got := w.find(stale.ID); got.State != deposit.Held || w.story() != story {
		t.Errorf("%s, events %s", got.State, w.story())
	}
}

func TestTradesOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	dep := w.choose("inv-1", steam.CS2, "1")
	other, odd := w.lastTrade(dep), w.lastTrade(dep)
	other.ID++
	odd.Owner = "purchase/x"
	for why, c := range map[string]struct {
		t trade.Trade
		h hop
	}{
		"has another trade": {other, hop{to: trade.Active}}, "is not a deposit": {odd, hop{to: trade.Active}},
		"deposit 1 is trading": {w.lastTrade(dep), hop{to: trade.Settled}},
	} {
		if why == "deposit 1 is trading" {
			c.t.SettleAt = w.now // as if it had been accepted
		}
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			return w.deposits.TradeMovedTx(t.Context(), tx, c.t, trade.Move{From: c.t.State, To: c.h.to, At: w.now})
		})
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("got %v, want: %s", err, why)
		}
	}
}

func TestHistorySaysWhatHappened(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		app  steam.AppID
		hops []hop
	}{
		"held (secured)":                     {steam.CS2, path(trade.Sending, trade.Active, trade.Accepted)},
		"failed (ended: deadline)":           {steam.CS2, []hop{{to: trade.Sending}, {to: trade.Active}, {trade.Canceled, trade.ReasonDeadline}}},
		"failed (ended: items_gone)":         {steam.CS2, []hop{{to: trade.Sending}, {to: trade.Active}, {trade.Failed, trade.ReasonItemsGone}}},
		"failed (reversed: gone)":            {steam.CS2, []hop{{to: trade.Sending}, {to: trade.Active}, {to: trade.Accepted}, {trade.Failed, "gone"}}},
		"open (refused: private)":            {steam.CS2, []hop{{to: trade.Sending}, {trade.Failed, "private"}}},
		"credited (received)":                {steam.Rust, path(trade.Sending, trade.Active, trade.Accepted, trade.Settled)},
		"failed (reversed: trade_rollback)":  {steam.CS2, path(trade.Sending, trade.Active, trade.Accepted, trade.Reversed)},
		"failed (ended: canceled_elsewhere)": {steam.CS2, []hop{{to: trade.Sending}, {to: trade.Active}, {trade.Canceled, trade.ReasonElsewhere}}},
	} {
		w := newWorld(t, dbtest.SQLite(t))
		asset := map[steam.AppID]string{steam.CS2: "1", steam.Rust: "5"}[c.app]
		dep := w.walk(w.choose("inv-1", c.app, asset), c.hops)
		if got := w.history(dep.ID); !strings.HasSuffix(got, ", "+want) {
			t.Errorf("%s: %s", want, got)
		}
		if dep.State == deposit.Open && (dep.TradeID != 0 || dep.Amount != 0 || dep.UserAmount != 0 || dep.Commission != 0) {
			t.Errorf("refused: %+v", dep)
		}
	}
}

func TestWhatIsReceivedIsDatedByTheReceipt(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	found := w.walk(w.choose("inv-1", steam.CS2, "1"), path(trade.Sending, trade.Unknown, trade.Accepted)) // its offer was never seen
	if found.SkinsAt.IsZero() || !found.OfferAt.Equal(found.SkinsAt) {
		t.Errorf("offered %s, received %s", found.OfferAt, found.SkinsAt)
	}
	seen := w.walk(w.choose("inv-2", steam.CS2, "1"), path(trade.Sending, trade.Active, trade.Accepted))
	if !seen.OfferAt.Equal(seen.SkinsAt.Add(-time.Minute)) {
		t.Errorf("offered %s, received %s", seen.OfferAt, seen.SkinsAt)
	}
	before := w.now.Add(3 * time.Minute)
	plain := w.walk(w.choose("inv-3", steam.Rust, "5"), path(trade.Sending, trade.Active, trade.Accepted, trade.Settled))
	if !plain.SkinsAt.Equal(before) || !plain.EndedAt.Equal(before.Add(time.Minute)) {
		t.Errorf("unprotected: received %s, ended %s, want %s", plain.SkinsAt, plain.EndedAt, before)
	}
	// A trade that was canceled before it was sent has ended the deposit; that it failed later changes nothing.
	gone := w.walk(w.choose("inv-4", steam.CS2, "2"), path(trade.Canceled))
	if after, err := w.tell(w.lastTrade(gone), hop{to: trade.Failed}, true); err != nil || after.Version != gone.Version {
		t.Errorf("%+v, %v", after, err)
	}
}

func TestPayerUnknownBeforeJoinsWithHisDeposit(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	dep := w.choose("inv-1", steam.CS2, "1")
	w.ok(d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "delete from risk_user")
		return err
	}))
	w.walk(dep, path(trade.Sending, trade.Active, trade.Accepted))
	log := w.log()
	if body := string(log[len(log)-1].Body); !strings.Contains(body, fmt.Sprintf(`"joined":%d`, dep.CreatedAt.Unix())) {
		t.Error(body)
	}
}

func TestCreditWithoutCommissionIsOneEntry(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	w.project.Commission = money.Rate{}
	w.ok(w.merchants.Update(t.Context(), w.project))
	dep := w.walk(w.choose("inv-1", steam.Rust, "5"), path(trade.Sending, trade.Active, trade.Accepted, trade.Settled))
	if dep.State != deposit.Credited || w.money() != [4]money.Amount{5005, 0, 0, 5005} {
		t.Errorf("%s, %v", dep.State, w.money())
	}
	if got := w.text("select string_agg(ref || ' ' || kind, ', ') from ledger_transaction"); got != "credit/"+dep.Owner()+" deposit" {
		t.Errorf("booked as %s", got)
	}
	if totals, err := w.merchants.Totals(t.Context(), shop); err != nil || totals.Withdrawn != 0 {
		t.Errorf("%+v, %v", totals, err)
	}
	u, _, err := w.deposits.Undo(t.Context(), dep.ID, "ann", "support", w.now)
	if err != nil || u.Owed != 0 || w.money() != [4]money.Amount{} {
		t.Errorf("%+v, %v, %v", u, w.money(), err)
	}
}

func TestUndoneDepositIsKeptAsItWasTold(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	dep := w.at(deposit.Credited, "inv-1")
	at := w.now.Add(time.Hour)
	name, why := strings.Repeat("a", 64), strings.Repeat("w", 500)
	for _, bad := range [][2]string{{"", "why"}, {"ann", ""}, {name + "a", "why"}, {"ann", why + "w"}} {
		if _, _, err := w.deposits.Undo(t.Context(), dep.ID, bad[0], bad[1], at); !errors.Is(err, fault.InvalidRequest) {
			t.Errorf("by %.9q, %.9q: %v", bad[0], bad[1], err)
		}
	}
	want := deposit.Undone{Deposit: dep.ID, Project: shop, Amount: sum, By: name, Reason: why, At: at}
	for i, who := range []string{name, "bob"} {
		u, replayed, err := w.deposits.Undo(t.Context(), dep.ID, who, why[i:], at.Add(time.Duration(i)*time.Hour))
		if err != nil || replayed != (i == 1) || u != want {
			t.Errorf("%d: %v %+v, %v", i, replayed, u, err)
		}
	}
	if totals, err := w.merchants.Totals(t.Context(), shop); err != nil || totals.Deals != 0 || totals.Withdrawn != 0 {
		t.Errorf("%+v, %v", totals, err)
	}
	if got := w.text("select rollbacks || ' ' || rollbacks_sum from risk_user where steam_id = $1", payer.String()); got != fmt.Sprint("1 ", int64(sum)) {
		t.Errorf("known of the payer: %s", got)
	}
}

func TestSignInsAtTheirLimits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx := t.Context()
		dep := w.open(w.request("inv-1"))
		finish := func(nonce string, after time.Duration) error {
			state, err := w.deposits.BeginSignin(ctx, dep.Hash, "cookie", w.now)
			w.ok(err)
			_, err = w.deposits.FinishSignin(ctx, state, "cookie", nonce, payer, w.now.Add(after))
			return err
		}
		if err := finish("n1", 15*time.Minute-time.Microsecond); err != nil {
			t.Errorf("in time: %v", err)
		}
		if got := w.find(dep.ID); !got.SignedIn || got.TradeToken != token {
			t.Errorf("the token of the same account: %+v", got)
		}
		if at := w.text("select cast(at as text) from signin_nonce where nonce = 'n1'"); at != fmt.Sprint(db.Micros(w.now.Add(15*time.Minute-time.Microsecond))) {
			t.Errorf("the nonce was used at %s", at)
		}
		for _, late := range []time.Duration{0, time.Microsecond} {
			w.ok(w.deposits.DropNonces(ctx, w.now.Add(15*time.Minute-time.Microsecond+late)))
			if n := w.text("select cast(count(*) as text) from signin_nonce"); n != fmt.Sprint(1-late.Microseconds()) {
				t.Errorf("%s nonces are left", n)
			}
		}
		if err := finish("n2", 0); err != nil {
			t.Errorf("another nonce: %v", err)
		}
		if err := finish("n2", 0); !errors.Is(err, fault.Unauthorized) {
			t.Errorf("the same nonce: %v", err)
		}
		if err := finish("n3", 15*time.Minute); !errors.Is(err, fault.Unauthorized) {
			t.Errorf("too late: %v", err)
		}
		_, begun := w.deposits.BeginSignin(ctx, "none", "cookie", w.now)
		_, payerSet := w.deposits.SetPayer(ctx, "none", payer)
		_, urlSet := w.deposits.SetTradeURL(ctx, "none", steam.TradeURL{Partner: payer})
		for _, err := range []error{begun, payerSet, urlSet} {
			if !errors.Is(err, fault.NotFound) {
				t.Errorf("a link that leads nowhere: %v", err)
			}
		}
		const other = "zZ9xY8_-"
		got, err := w.deposits.SetTradeURL(ctx, dep.Hash, steam.TradeURL{Partner: payer, Token: other})
		if err != nil || got.TradeToken != other || w.find(dep.ID).TradeToken != other {
			t.Errorf("token %q, %v", got.TradeToken, err)
		}
		busy := w.choose("inv-2", steam.CS2, "1")
		if _, err := w.deposits.SetTradeURL(ctx, busy.Hash, steam.TradeURL{Partner: payer, Token: other}); !errors.Is(err, fault.WrongState) {
			t.Errorf("after the choice: %v", err)
		}
	})
}

func TestApprovalIsOfOnesOwnDeposits(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	held := w.at(deposit.Held, "inv-1")
	other, _, err := w.merchants.Add(t.Context(), merchant.NewProject{Project: merchant.Project{ID: 9, Name: "Other", Active: true, NoWait: true,
		Multiplier: money.One, Commission: money.MustRate("0.05")}}, noon)
	w.ok(err)
	for project, id := range map[int64]int64{other.ID: held.ID, 77: held.ID} {
		if err := w.deposits.Approve(t.Context(), project, id, w.now); !errors.Is(err, fault.NotFound) {
			t.Errorf("project %d: %v", project, err)
		}
	}
	if got := w.find(held.ID); got.State != deposit.Held {
		t.Errorf("%s", got.State)
	}
}

// A database that fails is an error of whatever asked it, and then nothing has
// happened.
func TestBrokenTableIsAnErrorOfEachStep(t *testing.T) {
	t.Parallel()
	fail := map[string]func(testing.TB, *db.DB, string){"without": dbtest.Break, "frozen": dbtest.Freeze}
	// What each call needs to read, and to write, in this order.
	calls := map[string]string{
		"secure":  "without:deposit without:risk_user frozen:deposit frozen:deposit_move frozen:hold frozen:risk_user frozen:event",
		"settle":  "frozen:deposit frozen:deposit_move frozen:hold frozen:entry frozen:project_total frozen:event",
		"receive": "frozen:entry frozen:project_total frozen:risk_user frozen:event",
		"reverse": "frozen:hold frozen:risk_user frozen:event",
		"approve": "without:deposit frozen:deposit frozen:deposit_move frozen:event",
		"expire":  "without:deposit frozen:deposit frozen:deposit_move frozen:quote frozen:event",
		"undo":    "without:deposit frozen:deposit_taken_back frozen:entry frozen:project_total frozen:risk_user frozen:event",
		"sign in": "without:deposit without:signin without:signin_nonce frozen:signin frozen:signin_nonce frozen:deposit",
		"payer":   "without:deposit frozen:deposit",
		"url":     "without:deposit frozen:deposit",
	}
	for call, wants := range calls {
		for want := range strings.FieldsSeq(wants) {
			how, table, _ := strings.Cut(want, ":")
			w := newWorld(t, dbtest.SQLite(t))
			dep, run := w.call(call)
			before := w.story()
			fail[how](t, w.db, table)
			err := run(dep)
			if code, _ := fault.Of(err); err == nil || code != fault.Internal {
				t.Errorf("%s, %s %s: %v", call, how, table, err)
			}
			if want != "without:event" && w.story() != before {
				t.Errorf("%s, %s %s: events %s", call, how, table, w.story())
			}
			if how == "without" { // what was booked is audited
				dbtest.Mend(t, w.db, table)
			}
		}
	}
}

// call prepares a deposit for a call, and returns both.
func (w *world) call(name string) (deposit.Deposit, func(deposit.Deposit) error) {
	ctx := w.t.Context()
	hear := func(h hop) func(deposit.Deposit) error {
		return func(d deposit.Deposit) error {
			t := w.lastTrade(d)
			if h.to == trade.Accepted {
				t.AcceptedAt, t.SettleAt = w.now, w.now.Add(hold)
				for i := range t.Assets {
					t.Assets[i].NewAsset = "9"
				}
			}
			return w.db.Write(ctx, func(tx *db.Tx) error {
				return w.deposits.TradeMovedTx(ctx, tx, t, trade.Move{From: t.State, To: h.to, At: w.now})
			})
		}
	}
	switch name {
	case "secure":
		return w.walk(w.choose("inv", steam.CS2, "1"), path(trade.Sending, trade.Active)), hear(hop{to: trade.Accepted})
	case "settle":
		d := w.at(deposit.Held, "inv")
		w.now = w.now.Add(hold)
		return d, hear(hop{to: trade.Settled})
	case "receive":
		return w.walk(w.choose("inv", steam.Rust, "5"), path(trade.Sending, trade.Active, trade.Accepted)), hear(hop{to: trade.Settled})
	case "reverse":
		return w.at(deposit.Held, "inv"), hear(hop{to: trade.Reversed})
	case "approve":
		return w.at(deposit.Held, "inv"), func(d deposit.Deposit) error { return w.deposits.Approve(ctx, shop, d.ID, w.now) }
	case "expire":
		d := w.open(w.request("inv"))
		w.quote(d, steam.CS2)
		return d, func(d deposit.Deposit) error { _, err := w.deposits.Expire(ctx, d.ExpiresAt); return err }
	case "undo":
		return w.at(deposit.Credited, "inv"), func(d deposit.Deposit) error {
			_, _, err := w.deposits.Undo(ctx, d.ID, "ann", "support", w.now)
			return err
		}
	case "sign in":
		d := w.open(w.request("inv"))
		state, err := w.deposits.BeginSignin(ctx, d.Hash, "cookie", w.now)
		w.ok(err)
		return d, func(deposit.Deposit) error {
			_, err := w.deposits.FinishSignin(ctx, state, "cookie", "n", payer, w.now)
			return err
		}
	case "payer":
		return w.open(w.request("inv")), func(d deposit.Deposit) error { _, err := w.deposits.SetPayer(ctx, d.Hash, payer); return err }
	}
	return w.open(w.request("inv")), func(d deposit.Deposit) error {
		_, err := w.deposits.SetTradeURL(ctx, d.Hash, steam.TradeURL{Partner: payer, Token: token})
		return err
	}
}
