package purchase_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/goldentest"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// ways lead to every state.
var ways = map[purchase.State][]hop{
	purchase.Creating:     path(),
	purchase.Waiting:      path(trade.Sending, trade.Active),
	purchase.Accepted:     path(trade.Sending, trade.Active, trade.Accepted),
	purchase.Settled:      path(trade.Sending, trade.Active, trade.Accepted, trade.Settled),
	purchase.Canceled:     path(trade.Sending, trade.Active, trade.Declined),
	purchase.Timeout:      {{to: trade.Sending}, {to: trade.Active}, {trade.Canceled, trade.ReasonDeadline}},
	purchase.BadTradeURL:  {{to: trade.Sending}, {trade.Failed, string(steam.RefusedTradeURL)}},
	purchase.CannotTrade:  {{to: trade.Sending}, {trade.Failed, string(steam.RefusedPartnerTrade)}},
	purchase.NotMade:      {{to: trade.Sending}, {trade.Failed, string(steam.RefusedOther)}},
	purchase.RolledBack:   path(trade.Sending, trade.Active, trade.Accepted, trade.Reversed),
	purchase.SupplierBack: path(trade.Sending, trade.Active, trade.Accepted, trade.Failed),
}

// news is everything a trade can say.
var news = []hop{
	{to: trade.Active}, {to: trade.Accepted}, {to: trade.Settled}, {to: trade.Reversed}, {to: trade.Declined}, {to: trade.Expired},
	{trade.Canceled, trade.ReasonDeadline}, {trade.Canceled, trade.ReasonElsewhere}, {trade.Canceled, trade.ReasonEscrow},
	{trade.Failed, string(steam.RefusedTradeURL)}, {trade.Failed, string(steam.RefusedPartnerTrade)},
	{trade.Failed, string(steam.RefusedPrivate)}, {trade.Failed, trade.ReasonItemsGone}, {to: trade.Review},
}

// What each news does in each state stands in testdata/news.txt: the state it
// leads to, "-" for nothing, "refused" for what cannot be.
func TestEveryNewsInEveryState(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var b strings.Builder
		w := newWorld(t, d, items(len(purchase.States()), sand)...)
		for _, s := range purchase.States() {
			p := w.walk(w.buy(sand, ""), ways[s]...)
			if p.State != s {
				t.Fatalf("on the way to %s: %s", s, p.State)
			}
			fmt.Fprintf(&b, "%s\n", s)
			tr := w.tradeOf(p)
			for _, h := range news {
				known := tr
				if known.AcceptedAt.IsZero() && h.to == trade.Accepted {
					known.AcceptedAt, known.SettleAt = w.now, w.now.Add(192*time.Hour)
				}
				at := w.now
				if h.to == trade.Settled {
					w.now = at.Add(192 * time.Hour)
				}
				after, err := w.tell(known, h, false)
				w.now = at
				fmt.Fprintf(&b, "  %-32s %s\n", strings.TrimSpace(string(h.to)+" "+h.why), outcome(t, p, after, err))
			}
		}
		goldentest.File(t, "testdata/news.txt", b.String())
	})
}

func outcome(t *testing.T, before, after purchase.Purchase, err error) string {
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

func TestNextFollowsTheTable(t *testing.T) {
	t.Parallel()
	ends, moves := 0, 0
	for _, s := range purchase.States() {
		for _, by := range purchase.Steps() {
			to, ok := purchase.Next(s, by)
			if ok {
				moves++
			}
			if ok != (to != "") || ok && s.Ended() {
				t.Errorf("%s by %s: %q, %v", s, by, to, ok)
			}
		}
		if s.Ended() {
			ends++
		}
		if s.Refunded() && !s.Ended() || s.Refunded() == (s == purchase.Settled) && s.Ended() {
			t.Errorf("%s: refunded %v", s, s.Refunded())
		}
	}
	if ends != 8 || moves != 18 {
		t.Errorf("%d states end, %d steps are in the table", ends, moves)
	}
	if _, ok := purchase.Next("nowhere", purchase.Offered); ok {
		t.Error("an unknown state has a step")
	}
}

func TestDiagramShowsTheTable(t *testing.T) {
	t.Parallel()
	begin := []string{string(purchase.Creating) + ": bought"}
	goldentest.File(t, "../../docs/states/purchase.md",
		goldentest.Diagram("a purchase", "internal/purchase/state.go", begin, purchase.States(), purchase.Steps(), purchase.Next))
}
