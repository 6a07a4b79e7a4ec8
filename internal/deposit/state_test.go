package deposit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/goldentest"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// at brings a new deposit to a state; open is one whose offer Steam refused.
func (w *world) at(s deposit.State, order string) deposit.Deposit {
	w.t.Helper()
	d := w.choose(order, steam.CS2, "1", "2")
	switch s {
	case deposit.Open:
		return w.walk(d, []hop{{to: trade.Sending}, {trade.Failed, string(steam.RefusedPrivate)}})
	case deposit.Held:
		return w.walk(d, path(trade.Sending, trade.Active, trade.Accepted))
	case deposit.Approved, deposit.Returned:
		d = w.walk(d, path(trade.Sending, trade.Active, trade.Accepted))
		w.ok(w.deposits.Approve(w.t.Context(), shop, d.ID, w.now))
		if s == deposit.Returned {
			return w.walk(d, path(trade.Reversed))
		}
	case deposit.Credited:
		return w.walk(d, path(trade.Sending, trade.Active, trade.Accepted, trade.Settled))
	case deposit.Failed:
		return w.walk(d, path(trade.Sending, trade.Active, trade.Declined))
	}
	return w.find(d.ID)
}

// news is everything a trade can say.
var news = []hop{
	{to: trade.Active}, {to: trade.Accepted}, {to: trade.Settled}, {to: trade.Reversed}, {to: trade.Declined}, {to: trade.Expired},
	{trade.Canceled, trade.ReasonDeadline}, {trade.Canceled, trade.ReasonElsewhere}, {trade.Canceled, trade.ReasonEscrow},
	{trade.Failed, trade.ReasonItemsGone}, {to: trade.Review},
}

// What each news does in each state stands in testdata/news.txt: the state it
// leads to, "-" for nothing, "refused" for what cannot be.
func TestEveryNewsInEveryState(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var b strings.Builder
		w := newWorld(t, d)
		for _, s := range deposit.States() {
			d := w.at(s, string(s))
			if d.State != s {
				t.Fatalf("on the way to %s: %s", s, d.State)
			}
			fmt.Fprintf(&b, "%s\n", s)
			tr := w.lastTrade(d)
			for _, h := range news {
				now, known := w.now, tr
				switch {
				case h.to == trade.Accepted && known.AcceptedAt.IsZero():
					known.AcceptedAt, known.SettleAt = now, now.Add(hold)
					for i := range known.Assets {
						known.Assets[i].NewAsset = "9"
					}
				case h.to == trade.Settled && known.Protected():
					w.now = known.SettleAt
				}
				after, err := w.tell(known, h, false)
				fmt.Fprintf(&b, "  %-28s %s\n", strings.TrimSpace(string(h.to)+" "+h.why), outcome(t, d, after, err))
				w.now = now
			}
			after, err := w.try(d.ID, true, func(*db.Tx) error { return nil })
			w.ok(err)
			if after.Version != d.Version {
				t.Errorf("%s: something was kept", s)
			}
		}
		goldentest.File(t, "testdata/news.txt", b.String())
	})
}

// lastTrade is the trade of a deposit, also one that was refused.
func (w *world) lastTrade(d deposit.Deposit) trade.Trade {
	w.t.Helper()
	var id int64
	w.ok(w.db.Read().QueryRowContext(w.t.Context(), "select max(id) from trade where owner = $1", d.Owner()).Scan(&id))
	t, err := w.trades.ByID(w.t.Context(), id)
	w.ok(err)
	return t
}

func outcome(t *testing.T, before, after deposit.Deposit, err error) string {
	t.Helper()
	switch {
	case errors.Is(err, fault.WrongState):
		return "refused"
	case err != nil:
		t.Error(err)
		return "error"
	case after.Version == before.Version:
		return "-"
	}
	return strings.TrimSpace(string(after.State) + " " + after.Reason)
}

func TestHearingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for i, c := range []struct {
			app   steam.AppID
			asset string
			hops  []hop
		}{
			{steam.CS2, "1", path(trade.Sending, trade.Active, trade.Accepted, trade.Settled)},
			{steam.CS2, "1", path(trade.Sending, trade.Active, trade.Accepted, trade.Reversed)},
			{steam.CS2, "1", path(trade.Sending, trade.Unknown, trade.Accepted, trade.Failed)},
			{steam.CS2, "1", path(trade.Sending, trade.Active, trade.Declined)},
			{steam.CS2, "1", []hop{{to: trade.Sending}, {trade.Failed, "trade_url"}}},
			{steam.Rust, "5", path(trade.Sending, trade.Active, trade.Accepted, trade.Settled)},
		} {
			d := w.choose(fmt.Sprint("order-", i), c.app, c.asset)
			for _, h := range c.hops {
				after := w.walk(deposit.Deposit{ID: d.ID, TradeID: d.TradeID}, []hop{h})
				if h.to == trade.Sending || h.to == trade.Unknown {
					continue
				}
				money, events, tr := w.money(), len(w.log()), w.lastTrade(d)
				for range 2 {
					again, err := w.tell(tr, h, true)
					if err != nil || again.Version != after.Version || again.State != after.State {
						t.Errorf("%v, %s: %+v, %v", c.hops, h.to, again, err)
					}
				}
				if w.money() != money || len(w.log()) != events {
					t.Errorf("%v, %s: money %v, %d events", c.hops, h.to, w.money(), len(w.log()))
				}
			}
		}
	})
}

func TestNextFollowsTheTable(t *testing.T) {
	t.Parallel()
	ends, moves := 0, 0
	for _, s := range deposit.States() {
		for _, by := range deposit.Steps() {
			to, ok := deposit.Next(s, by)
			if ok {
				moves++
			}
			if ok != (to != "") || ok && s.Ended() && by != deposit.CameLate {
				t.Errorf("%s by %s: %q, %v", s, by, to, ok)
			}
		}
		if s.Ended() {
			ends++
		}
	}
	if ends != 3 || moves != 15 {
		t.Errorf("%d states end, %d steps are in the table", ends, moves)
	}
	if _, ok := deposit.Next("nowhere", deposit.Chosen); ok {
		t.Error("an unknown state has a step")
	}
}

func TestDiagramShowsTheTable(t *testing.T) {
	t.Parallel()
	begin := []string{string(deposit.Open)}
	goldentest.File(t, "../../docs/states/deposit.md",
		goldentest.Diagram("a deposit", "internal/deposit/state.go", begin, deposit.States(), deposit.Steps(), deposit.Next))
}
