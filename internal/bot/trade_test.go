package bot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// owner keeps orders that nobody asks about.
type owner struct{}

func (owner) TradeMovedTx(context.Context, *db.Tx, trade.Trade, trade.Move) error { return nil }

// tell posts to the simulator's control.
func (st *stage) tell(path, body string) {
	st.t.Helper()
	st.call(http.MethodPost, path, body)
}

func (st *stage) call(method, path, body string) map[string]any {
	st.t.Helper()
	req, err := http.NewRequestWithContext(st.t.Context(), method, st.url+"/sim/"+path, strings.NewReader(body))
	st.must(err)
	res, err := http.DefaultClient.Do(req)
	st.must(err)
	defer func() { _ = res.Body.Close() }()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || res.StatusCode != http.StatusOK {
		st.t.Fatalf("%s %s: %d, %v, %v", method, path, res.StatusCode, out, err)
	}
	return out
}

// buy wants n trades of one item each from the payer.
func (st *stage) buy(d *db.DB, n int) (wanted []int64) {
	st.t.Helper()
	st.trades.Register("test", owner{})
	items, err := st.agentItems()
	st.must(err)
	for i := range n {
		st.must(d.Write(st.t.Context(), func(tx *db.Tx) error {
			t, err := st.trades.WantTx(st.t.Context(), tx, trade.Want{Owner: fmt.Sprintf("test/%d", i), Bot: self, Partner: payer, Token: payerToken,
				Direction: trade.Receive, Assets: []trade.Asset{{Asset: items[i].Asset, Name: items[i].Name}}, Deadline: st.ours().Add(10 * time.Minute), Now: st.ours()})
			wanted = append(wanted, t.ID)
			return err
		}))
	}
	return wanted
}

func (st *stage) agentItems() (items []steam.Item, err error) {
	for _, it := range st.call(http.MethodGet, "accounts/"+payer.String()+"/items?app=730&context=2", "")["items"].([]any) {
		m := it.(map[string]any)
		items = append(items, steam.Item{Asset: steam.Asset{App: steam.CS2, Context: steam.ContextMain, ID: fmt.Sprint(m["assetid"])}, Name: fmt.Sprint(m["name"])})
	}
	return items, nil
}

// run steps until nothing moves, the simulated Steam first.
func (st *stage) run() {
	st.t.Helper()
	for range 200 {
		played := st.steam.Step(st.steams())
		moved, err := st.agent.Step(st.t.Context(), st.ours())
		st.must(err)
		if !played && !moved {
			return
		}
	}
	st.t.Fatal("no rest")
}

// states are the states of all trades, counted.
func (st *stage) states(ids []int64) map[trade.State]int {
	st.t.Helper()
	count := map[trade.State]int{}
	for _, id := range ids {
		t, err := st.trades.ByID(st.t.Context(), id)
		st.must(err)
		count[t.State]++
	}
	return count
}

// More trades come back in one second than a page of the history has; each is
// seen in the next step, and again by an agent that was not there.
func TestAllReversalsOfOneClickAreSeenAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		ids := st.buy(d, 130)
		st.run()
		if n := st.states(ids); n[trade.Accepted] != 130 {
			t.Fatalf("%v", n)
		}
		st.pass(72*time.Hour, 0)
		st.run()
		one, err := st.trades.ByID(t.Context(), ids[0])
		st.must(err)
		st.tell(fmt.Sprintf("trades/%s/reverse?by=%s", one.SteamTrade, payer), "")
		st.hire() // restarted in between
		_, err = st.agent.Step(t.Context(), st.ours())
		st.must(err)
		if n := st.states(ids); n[trade.Reversed] != 130 {
			t.Errorf("after one step: %v", n)
		}
	})
}

// A trade settles only while our clock and Steam's agree.
func TestNothingSettlesByAWrongClock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		ids := st.buy(d, 1)
		st.run()
		st.pass(bot192, -6*time.Minute)
		st.shows("clock off by 6m")
		if n := st.states(ids); n[trade.Accepted] != 1 {
			t.Errorf("%v", n)
		}
		ages, err := st.trades.Ages(t.Context(), st.ours().Add(20*time.Minute))
		if st.must(err); len(ages) != 1 || ages[0].Overdue != 1 {
			t.Errorf("no alarm: %+v", ages)
		}
		st.pass(2*time.Minute, 0)
		st.run()
		if n := st.states(ids); n[trade.Settled] != 1 {
			t.Errorf("%v", n)
		}
	})
}

const bot192 = 192 * time.Hour

// What Steam reports and we do not know waits for a person and alarms; it is
// settled when Steam says what we know.
func TestOddStatusGoesToReview(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		ids := st.buy(d, 1)
		st.run()
		st.says(`"status":3`, `"status":6`)
		st.pass(bot192, 0)
		st.run()
		if n := st.states(ids); n[trade.Review] != 1 {
			t.Fatalf("%v", n)
		}
		st.pass(16*time.Minute, 0)
		if late, err := st.trades.Overdue(t.Context(), st.ours(), 10); err != nil || len(late) != 1 || late[0].Problem != "trade status 6" {
			t.Errorf("%+v, %v", late, err)
		}
		st.says("", "")
		st.run()
		if n := st.states(ids); n[trade.Settled] != 1 {
			t.Errorf("%v", n)
		}
	})
}

// Offers above the number at once wait for a slot until their deadline.
func TestOffersWaitForAFreeSlot(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		st.must(st.fleet.SetLimits(t.Context(), self, fleet.Limits{Open: 2}))
		st.tell("accounts/"+payer.String(), `{"behaviour":"ignore"}`)
		ids := st.buy(d, 5)
		st.run()
		if n := st.states(ids); n[trade.Active] != 2 || n[trade.Wanted] != 3 {
			t.Errorf("%v", n)
		}
		one, err := st.trades.ByID(t.Context(), ids[0])
		st.must(err)
		st.tell(fmt.Sprintf("offers/%s/accept", one.OfferID), "")
		st.run()
		if n := st.states(ids); n[trade.Accepted] != 1 || n[trade.Active] != 2 || n[trade.Wanted] != 2 {
			t.Errorf("a slot is free: %v", n)
		}
		st.pass(11*time.Minute, 0)
		st.run()
		if n := st.states(ids); n[trade.Canceled] != 4 {
			t.Errorf("past the deadline: %v", n)
		}
	})
}

// Too many open offers with one payer is a wait, not a refusal: the offer goes
// out when a slot is free.
func TestTooManyOffersWithOnePayerIsAWait(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		st.tell("settings", `{"limits":{"offers_to_one":5}}`)
		st.tell("accounts/"+payer.String(), `{"behaviour":"ignore"}`)
		ids := st.buy(d, 6)
		st.run()
		if n := st.states(ids); n[trade.Active] != 5 || n[trade.Wanted] != 1 {
			t.Fatalf("%v", n)
		}
		one, err := st.trades.ByID(t.Context(), ids[2])
		st.must(err)
		st.tell(fmt.Sprintf("offers/%s/accept", one.OfferID), "")
		st.pass(11*time.Second, 0)
		st.run()
		if n := st.states(ids); n[trade.Active] != 5 || n[trade.Accepted] != 1 {
			t.Errorf("%v", n)
		}
	})
}

// What the bot's account offers, is offered or is asked to confirm without an
// intent is told within a minute and left alone.
func TestWhatHasNoIntentIsReportedAndLeftAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 3)
		st.run()
		items, err := st.agentItems()
		st.must(err)
		st.tell("accounts/"+payer.String(), `{"behaviour":"ignore"}`)
		st.tell("offers", fmt.Sprintf(`{"from":%q,"to":%q,"message":"hello","give":[],"receive":[%s]}`, self, payer, items[0].ID))
		st.tell("offers", fmt.Sprintf(`{"from":%q,"to":%q,"message":"for you","give":[%s],"receive":[]}`, payer, self, items[1].ID))
		st.tell("accounts/"+self.String()+"/confirmations", `{"type":9}`)
		st.pass(50*time.Second, 0)
		st.run()
		st.pass(6*time.Minute, 0)
		st.run()
		open, err := st.drifts.Open(t.Context())
		st.must(err)
		var kinds []string
		for _, s := range open {
			if s.Certain() {
				kinds = append(kinds, string(s.Kind))
			}
		}
		slices.Sort(kinds)
		if got := strings.Join(kinds, " "); !strings.Contains(got, string(reconcile.ConfUnknown)) || !strings.Contains(got, string(reconcile.OfferReceived)) ||
			!strings.Contains(got, string(reconcile.OfferUnknown)) {
			t.Errorf("%s", got)
		}
		for _, o := range st.call(http.MethodGet, "offers", "")["offers"].([]any) {
			if m := o.(map[string]any); m["to"] == self.String() && m["state_name"] != "Active" {
				t.Errorf("touched: %v", m)
			}
		}
	})
}

// An offer whose item has gone is withdrawn although Steam still shows it open.
func TestOfferWhoseItemWentElsewhereIsWithdrawn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		st.tell("accounts/"+payer.String(), `{"behaviour":"ignore"}`)
		ids := st.buy(d, 1)
		st.run()
		st.says(`"missing":false`, `"missing":true`)
		st.pass(5*time.Second, 0)
		st.run()
		one, err := st.trades.ByID(t.Context(), ids[0])
		st.must(err)
		if one.State != trade.Failed || one.Problem != trade.ReasonMoved {
			t.Errorf("%s, %s", one.State, one.Problem)
		}
		if o := st.call(http.MethodGet, "offers/"+string(one.OfferID), ""); o["state_name"] != "Canceled" {
			t.Errorf("%v", o)
		}
	})
}

// A send that arrived twice has made two offers. When the one that we do not know
// is accepted, also under a hold, it is the trade's.
func TestAcceptedTwinIsTheTrades(t *testing.T) {
	t.Parallel()
	for days, want := range map[int]trade.State{0: trade.Accepted, 15: trade.Canceled} {
		t.Run(fmt.Sprint(days, " days"), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				st := newStage(t, d, 1)
				st.tell("accounts/"+payer.String(), `{"behaviour":"ignore"}`)
				ids := st.buy(d, 1)
				st.run()
				st.tell("accounts/"+payer.String(), fmt.Sprintf(`{"escrow_days":%d}`, days))
				one, err := st.trades.ByID(t.Context(), ids[0])
				st.must(err)
				twin := st.call(http.MethodPost, "offers", fmt.Sprintf(`{"from":%q,"to":%q,"message":%q,"give":[],"receive":[%s]}`,
					self, payer, st.call(http.MethodGet, "offers/"+string(one.OfferID), "")["message"], one.Assets[0].ID))
				st.tell(fmt.Sprintf("offers/%v/accept", twin["tradeofferid"]), "")
				st.pass(5*time.Second, 0)
				st.run()
				one, err = st.trades.ByID(t.Context(), ids[0])
				st.must(err)
				if one.State != want || string(one.OfferID) != twin["tradeofferid"] {
					t.Errorf("%s with offer %s, want %s with %v", one.State, one.OfferID, want, twin["tradeofferid"])
				}
			})
		})
	}
}

// A person takes longer than a program to decline.
func TestEarlyDeclineHasItsOwnReason(t *testing.T) {
	t.Parallel()
	for after, reason := range map[time.Duration]string{time.Second: trade.ReasonEarly, 10 * time.Second: ""} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				st := newStage(t, d, 1)
				st.tell("accounts/"+payer.String(), `{"behaviour":"ignore"}`)
				ids := st.buy(d, 1)
				st.run()
				one, err := st.trades.ByID(t.Context(), ids[0])
				st.must(err)
				st.pass(after, 0)
				st.tell(fmt.Sprintf("offers/%s/decline", one.OfferID), "")
				st.run()
				if one, err = st.trades.ByID(t.Context(), ids[0]); err != nil || one.State != trade.Declined || one.Problem != reason {
					t.Errorf("%s, %q, %v", one.State, one.Problem, err)
				}
			})
		})
	}
}
