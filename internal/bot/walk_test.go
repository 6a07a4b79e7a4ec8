package bot_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// The oldest of more trades than one step reads is undone in its place, where
// nothing new in the history tells of it. The walk goes on until it is seen, and a
// look of the reconciliation until all is compared, what came meanwhile as well.
func TestAHistoryLongerThanOneStepIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		st.tell("settings", `{"limits":{"history_page":1}}`) // 200 pages are 200 trades
		st.buy(d, 1)
		st.run()
		st.pass(time.Minute, 0)
		st.other(205)
		first, err := st.trades.ByID(t.Context(), 1)
		st.must(err)
		if first.State != trade.Accepted {
			t.Fatalf("the first trade is %s", first.State)
		}
		st.pass(time.Minute, 0)
		st.tell(fmt.Sprintf("trades/%s/status", first.SteamTrade), `{"status":4}`)
		st.hire()
		for step, want := range []trade.State{trade.Accepted, trade.Failed} {
			_, err := st.agent.Step(t.Context(), st.ours())
			st.must(err)
			if now, err := st.trades.ByID(t.Context(), 1); err != nil || now.State != want {
				t.Errorf("after step %d: %s, %v; want %s", step+1, now.State, err, want)
			}
		}
		st.pass(2*time.Minute, 0)
		for range 2 { // a look takes two steps; its difference is certain after two looks
			st.must2(st.agent.Step(t.Context(), st.ours()))
			st.other(1) // meanwhile
			st.run()
			st.pass(5*time.Minute, 0)
		}
		all, err := st.drifts.Open(t.Context())
		st.must(err)
		told := 0
		for _, one := range all {
			switch {
			case one.Kind == reconcile.TradeUnknown:
				told++
			case one.Certain():
				t.Errorf("%+v", one)
			}
		}
		if told != 205+2 {
			t.Errorf("%d trades that nobody wanted are told, want 207", told)
		}
	})
}

func (st *stage) must2(_ bool, err error) {
	st.t.Helper()
	st.must(err)
}

// other makes n trades that no order of ours wanted.
func (st *stage) other(n int) {
	st.t.Helper()
	st.tell("accounts/"+self.String(), `{"acknowledged":true}`)
	st.tell("accounts/"+payer.String()+"/items", fmt.Sprintf(`{"app":%d,"name":"Sticker","count":%d}`, steam.TF2, n))
	st.tell("accounts/"+self.String(), `{"behaviour":"accept"}`)
	items := st.call("GET", fmt.Sprintf("accounts/%s/items?app=%d", payer, steam.TF2), "")["items"].([]any)
	for _, it := range items {
		st.tell("offers", fmt.Sprintf(`{"from":"%s","to":"%s","give":["%s"]}`, payer, self, it.(map[string]any)["assetid"]))
	}
	st.steam.Step(st.steams())
}
