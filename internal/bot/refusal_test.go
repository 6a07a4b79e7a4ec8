package bot_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// lying makes Steam refuse the next offer that it makes, and show lists that do
// not have it.
func (st *stage) lying(late string) {
	st.fault(http.MethodPost, `{"endpoint":"send","when":"after","kind":"eresult","value":"26"}`)
	st.fault(http.MethodPost, `{"endpoint":"offers","kind":"late","value":"3m","count":`+late+`}`)
}

// requests counts what Steam was asked for.
func (st *stage) requests(endpoint string) (n int) {
	st.t.Helper()
	for _, one := range st.call(http.MethodGet, "journal", "")["requests"].([]any) {
		if one.(map[string]any)["endpoint"] == endpoint {
			n++
		}
	}
	return n
}

func (st *stage) sends() int { return st.requests("send") }

func (st *stage) trade(id int64) trade.Trade {
	st.t.Helper()
	one, err := st.trades.ByID(st.t.Context(), id)
	st.must(err)
	return one
}

// Steam refuses what it has made, and its lists do not show it yet: the payer,
// who has accepted it, is found all the same.
func TestRefusedOfferThatShowsLateIsAdopted(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]time.Duration{"first look": 0, "second look": 6 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				st := newStage(t, d, 1)
				st.run()
				st.lying("-1")
				ids := st.buy(d, 1)
				st.run()
				st.pass(pause, 0)
				st.run()
				if one := st.trade(ids[0]); one.State != trade.Unknown || one.Problem != string(steam.RefusedItemsGone) {
					t.Errorf("%s, %q", one.State, one.Problem)
				}
				st.fault(http.MethodDelete, "")
				st.pass(time.Second, 0)
				st.run()
				if one := st.trade(ids[0]); one.State != trade.Accepted || st.sends() != 1 {
					t.Errorf("%s, %d sends", one.State, st.sends())
				}
			})
		})
	}
}

// A refusal that tells no cause of its own is believed 15 s later, never sent
// anew; one in Steam's own words at once; too many offers is a wait after that.
func TestRefusalIsBelieved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, fault string
		after       time.Duration
		state       trade.State
		problem     steam.Refusal
	}{
		{"number", `"kind":"eresult","value":"26"`, 15 * time.Second, trade.Failed, steam.RefusedItemsGone},
		{"unknown sentence", `"kind":"text","value":"No."`, 15 * time.Second, trade.Failed, steam.RefusedOther},
		{"known sentence", `"kind":"text","value":"You cannot trade with Ann because they have a trade ban."`, 0, trade.Failed, steam.RefusedPartnerTrade},
		{"limit", `"kind":"eresult","value":"25"`, 15 * time.Second, trade.Wanted, steam.RefusedTooManyOffers},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				st := newStage(t, d, 1)
				st.fault(http.MethodPost, `{"endpoint":"send",`+c.fault+`}`)
				ids := st.buy(d, 1)
				took := time.Duration(0)
				for st.run(); st.trade(ids[0]).State == trade.Unknown; took += 5 * time.Second {
					st.pass(5*time.Second, 0)
					st.run()
				}
				if one := st.trade(ids[0]); one.State != c.state || one.Problem != string(c.problem) || took != c.after || st.sends() != 1 {
					t.Errorf("%s, %q after %s, %d sends", one.State, one.Problem, took, st.sends())
				}
			})
		})
	}
}

// Steam says that there is no session, after or before it has made the offer: it
// is looked for, found or sent anew once, and there is one.
func TestSendWithoutASessionIsLookedForBeforeItIsRepeated(t *testing.T) {
	t.Parallel()
	for when, sends := range map[string]int{"after": 1, "before": 2} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				st := newStage(t, d, 1)
				st.fault(http.MethodPost, `{"endpoint":"send","when":"`+when+`","kind":"status","value":401}`)
				st.fault(http.MethodPost, `{"endpoint":"offers","kind":"late","value":"10s","count":-1}`)
				id := st.buy(d, 1)[0]
				for range 6 {
					st.run()
					st.pass(5*time.Second, 0)
				}
				st.fault(http.MethodDelete, "")
				st.run()
				offers := st.call(http.MethodGet, "offers?partner="+payer.String(), "")["offers"].([]any)
				if one := st.trade(id); one.State != trade.Accepted || st.sends() != sends || len(offers) != 1 {
					t.Errorf("%s, %d sends, %d offers", one.State, st.sends(), len(offers))
				}
			})
		})
	}
}

// wordless is the owner of orders that take nothing late without a person's word.
type wordless struct{}

func (wordless) TradeMovedTx(_ context.Context, _ *db.Tx, _ trade.Trade, m trade.Move) error {
	if m.Late() && m.Word == "" {
		return fault.New(fault.WrongState, "nobody has said so")
	}
	return nil
}

// tooLate brings an order to its end whose offer turns up then, after a pause.
func (st *stage) tooLate(d *db.DB, behaviour string, o trade.Owner, pause time.Duration) (id int64, offer map[string]any) {
	st.t.Helper()
	st.tell("accounts/"+payer.String(), `{"behaviour":"`+behaviour+`"}`)
	st.lying("-1")
	id = st.buy(d, 1)[0]
	st.trades.Register("test", o)
	for st.run(); st.trade(id).State == trade.Unknown; st.run() {
		st.pass(5*time.Second, 0)
	}
	if one := st.trade(id); one.State != trade.Failed {
		st.t.Fatalf("%s", one.State)
	}
	st.fault(http.MethodDelete, "")
	st.pass(pause, 0)
	st.run()
	return id, st.call(http.MethodGet, "offers?partner="+payer.String(), "")["offers"].([]any)[0].(map[string]any)
}

// An offer that turns up when its order has ended is withdrawn at once. One that
// the payer has accepted by then is his payment, if the order takes it.
func TestOfferThatTurnsUpAfterTheEnd(t *testing.T) {
	t.Parallel()
	for behaviour, want := range map[string]trade.State{"ignore": trade.Failed, "accept": trade.Accepted} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				st := newStage(t, d, 1)
				id, o := st.tooLate(d, behaviour, owner{}, 2*time.Second)
				if one := st.trade(id); one.State != want || behaviour == "ignore" && o["state_name"] != "Canceled" {
					t.Errorf("%s, offer %v", one.State, o)
				}
				if open, err := st.drifts.Open(t.Context()); err != nil || len(open) != 0 {
					t.Errorf("%+v, %v", open, err)
				}
			})
		})
	}
}

// Also when the gateway was off for a year before it could be seen: a look begins
// where the one before has ended.
func TestLateOfferIsToldHoweverLongTheGatewayWasOff(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		st.run()
		st.pass(2*time.Minute, 0)
		st.run()
		_, o := st.tooLate(d, "accept", wordless{}, 365*24*time.Hour)
		if open, err := st.drifts.Open(t.Context()); err != nil || len(open) != 1 || open[0].Kind != reconcile.OfferLate {
			t.Errorf("%+v, %v, offer %v", open, err, o)
		}
	})
}

// If the order does not take it, it is told under its name until a person has
// said that it counts, or has settled it.
func TestLateOfferIsTakenOnByAPersonsWord(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		id, o := st.tooLate(d, "accept", wordless{}, 2*time.Second)
		offer := steam.OfferID(o["tradeofferid"].(string))
		open, err := st.drifts.Open(t.Context())
		st.must(err)
		if len(open) != 1 || open[0].Kind != reconcile.OfferLate || open[0].Subject != string(offer) || st.trade(id).State != trade.Failed {
			t.Fatalf("%+v, offer %v", open, o)
		}
		for _, w := range []trade.Word{{Offer: "1234567890", By: "ann", Note: "a slip"}, {Offer: offer, By: "ann", Note: "they agree"}} {
			said, err := st.trades.Say(t.Context(), self, w, st.ours())
			if st.must(err); !said {
				t.Errorf("not said: %v", w)
			}
		}
		st.hire() // a restart between the word and what follows of it
		st.run()
		one := st.trade(id)
		if one.State != trade.Accepted || one.OfferID != offer || one.Assets[0].NewAsset == "" || !one.SettleAt.Equal(one.AcceptedAt.Add(192*time.Hour)) {
			t.Errorf("%+v", one)
		}
		if slip, _, err := st.trades.WordOn(t.Context(), "1234567890"); err != nil || slip.Why != "Steam does not know the offer" {
			t.Errorf("%+v, %v", slip, err)
		}
		if open, err := st.drifts.Open(t.Context()); err != nil || len(open) != 0 {
			t.Errorf("%+v, %v", open, err)
		}
		st.tell("trades/"+string(one.SteamTrade)+"/reverse?by="+payer.String(), "")
		st.pass(time.Minute, 0)
		st.run()
		if one := st.trade(id); one.State != trade.Reversed {
			t.Errorf("reversed on Steam: %s", one.State)
		}
	})
}
