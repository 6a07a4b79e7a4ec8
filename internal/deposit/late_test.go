package deposit_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// refused is a deposit whose offer Steam refused; the link is over when ended.
func (w *world) refused(order string, ended bool, app steam.AppID, assets ...string) (deposit.Deposit, trade.Trade) {
	w.t.Helper()
	d := w.walk(w.choose(order, app, assets...), []hop{{to: trade.Sending}, {trade.Failed, string(steam.RefusedItemsGone)}})
	if ended {
		w.now = w.now.Add(deposit.LinkLife)
		_, err := w.deposits.Expire(w.t.Context(), w.now)
		w.ok(err)
	}
	return w.find(d.ID), w.lastTrade(d)
}

// comesLate takes a trade's offer for accepted after all.
func (w *world) comesLate(t trade.Trade) (trade.Trade, error) {
	w.t.Helper()
	return w.trades.Late(w.t.Context(), t, trade.Change{Offer: steam.OfferID(fmt.Sprint(7000000000 + t.ID)),
		Receipt: w.receipt(t, nil), SettleAt: w.settleAt(t)}, w.now)
}

func (w *world) say(t trade.Trade) {
	w.t.Helper()
	said, err := w.trades.Say(w.t.Context(), bot, trade.Word{Offer: steam.OfferID(fmt.Sprint(7000000000 + t.ID)), By: "ann", Note: "they agree"}, w.now)
	if w.ok(err); !said {
		w.t.Error("not said")
	}
}

// What a payer has accepted of an offer that was taken for not made is his
// payment while the link is open, and by a person's word when it is over; at the
// prices he chose by, and once.
func TestLateOfferIsCreditedOnceAtItsPrices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		ended  bool
		app    steam.AppID
		assets []string
		sum    money.Amount
		story  string
	}{
		{"open protected", false, steam.CS2, []string{"1", "2"}, sum, "held, credited, balance 20.677"},
		{"ended protected", true, steam.CS2, []string{"1", "2"}, sum, "failed expired, held, credited, balance 20.677"},
		{"ended unprotected", true, steam.Rust, []string{"5"}, 5005, "failed expired, credited, balance 4.755"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *db.DB) {
				w := newWorld(t, db)
				d, tr := w.refused("inv-1", c.ended, c.app, c.assets...)
				w.ok(w.pricing.SetPrices(t.Context(), []pricing.Price{{App: steam.CS2, Name: sand, Amount: 99999}, {App: steam.Rust, Name: cap5, Amount: 99999}}, w.now)) // what it costs by now is nobody's affair
				if c.ended {
					if _, err := w.comesLate(tr); !errors.Is(err, fault.WrongState) || w.find(d.ID).State != deposit.Failed || w.lastTrade(d).State != trade.Failed {
						t.Errorf("without a word: %v", err)
					}
					w.say(tr)
				}
				var wg sync.WaitGroup
				var won atomic.Int64
				for range 6 {
					wg.Go(func() {
						if _, err := w.comesLate(tr); err == nil {
							won.Add(1)
						} else if !errors.Is(err, fault.WrongState) {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				if won.Load() != 1 {
					t.Errorf("taken on %d times", won.Load())
				}
				tr = w.lastTrade(d)
				if !tr.Protected() {
					_, err := w.trades.Move(t.Context(), tr, trade.Settled, trade.Change{}, w.now)
					w.ok(err)
				} else if got := w.money(); got != [4]money.Amount{0, c.sum, 0, 0} {
					t.Errorf("held: %v", got)
				} else {
					w.walk(deposit.Deposit{ID: d.ID, TradeID: tr.ID}, path(trade.Settled))
				}
				now, fee := w.find(d.ID), w.balanceOfCommission()
				if now.State != deposit.Credited || now.Amount != c.sum || now.Reason != "" || now.EndedAt.IsZero() || len(now.Items) != len(c.assets) {
					t.Errorf("%+v", now)
				}
				if got := w.money(); got != [4]money.Amount{c.sum - fee, 0, fee, c.sum} || w.story() != c.story {
					t.Errorf("money %v; %s", got, w.story())
				}
				if _, err := w.comesLate(tr); !errors.Is(err, fault.WrongState) {
					t.Errorf("again: %v", err)
				}
			})
		})
	}
}

func (w *world) balanceOfCommission() money.Amount { return w.money()[2] }

// A late offer that is taken back while it is held leaves nothing.
func TestLateOfferThatIsReversedLeavesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *db.DB) {
		w := newWorld(t, db)
		d, tr := w.refused("inv-1", true, steam.CS2, "1", "2")
		w.say(tr)
		tr, err := w.comesLate(tr)
		w.ok(err)
		now := w.walk(deposit.Deposit{ID: d.ID, TradeID: tr.ID}, path(trade.Reversed))
		if now.State != deposit.Failed || w.money() != [4]money.Amount{} || w.story() != "failed expired, held, failed trade_rollback" {
			t.Errorf("%s, %v; %s", now.State, w.money(), w.story())
		}
		if _, err := w.comesLate(w.lastTrade(d)); !errors.Is(err, fault.WrongState) {
			t.Errorf("again: %v", err)
		}
	})
}

// A deposit that has received something, whose payer has chosen again or is
// somebody else by now, takes nothing that came late, whoever says so; and a
// receipt serves one order.
func TestLateOfferOfAnotherPaymentIsNotTaken(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world, d deposit.Deposit, t *trade.Trade){
		"chosen again": func(w *world, d deposit.Deposit, _ *trade.Trade) {
			_, err := w.deposits.Choose(w.t.Context(), d.Hash, w.quote(d, steam.CS2).ID, []string{"1", "2"}, w.now)
			w.ok(err)
		},
		"paid meanwhile": func(w *world, d deposit.Deposit, _ *trade.Trade) {
			d, err := w.deposits.Choose(w.t.Context(), d.Hash, w.quote(d, steam.CS2).ID, []string{"1", "2"}, w.now)
			w.ok(err)
			w.walk(d, path(trade.Sending, trade.Active, trade.Accepted, trade.Reversed))
		},
		"other items": func(w *world, d deposit.Deposit, _ *trade.Trade) {
			d, err := w.deposits.Choose(w.t.Context(), d.Hash, w.quote(d, steam.CS2).ID, []string{"2"}, w.now)
			w.ok(err)
			w.walk(d, []hop{{to: trade.Sending}, {trade.Failed, string(steam.RefusedItemsGone)}})
		},
		"other payer": func(w *world, d deposit.Deposit, _ *trade.Trade) {
			w.exec("update deposit set steam_id = '76561198000000008' where id = $1", d.ID)
		},
		"receipt of another order": func(w *world, d deposit.Deposit, _ *trade.Trade) {
			w.exec("update trade set steam_trade = $1 where owner = 'deposit/1'", fmt.Sprint(5100000000+w.lastTrade(d).ID))
		},
		"given": func(w *world, _ deposit.Deposit, t *trade.Trade) { t.Direction = trade.Give },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *db.DB) {
				w := newWorld(t, db)
				w.at(deposit.Failed, "first")
				d, tr := w.refused("inv-1", false, steam.CS2, "1", "2")
				spoil(w, d, &tr)
				w.say(tr)
				was, money := w.find(d.ID), w.money()
				if _, err := w.comesLate(tr); !errors.Is(err, fault.WrongState) {
					t.Errorf("%v", err)
				}
				if now := w.find(d.ID); now.Version != was.Version || now.State != was.State || w.money() != money {
					t.Errorf("%+v, %v", now, w.money())
				}
			})
		})
	}
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.ok(w.db.Write(w.t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(w.t.Context(), query, args...)
		return err
	}))
}

// A word is kept once; one that could not be followed can be said again.
func TestWordOnALateOffer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		one := trade.Word{Offer: "7000000001", By: "ann", Note: "they agree"}
		for i, want := range []bool{true, false} {
			if said, err := w.trades.Say(t.Context(), bot, one, w.now); err != nil || said != want {
				t.Errorf("%d: %t, %v", i, said, err)
			}
		}
		for _, bad := range []trade.Word{{Offer: "7", By: "", Note: "x"}, {Offer: "7", By: "ann"}} {
			if _, err := w.trades.Say(t.Context(), bot, bad, w.now); !errors.Is(err, fault.InvalidRequest) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		w.ok(w.trades.CannotFollow(t.Context(), one.Offer, "no receipt", w.now))
		got, said, err := w.trades.WordOn(t.Context(), one.Offer)
		if err != nil || !said || !got.Done || got.Why != "no receipt" || got.By != "ann" {
			t.Errorf("%+v, %t, %v", got, said, err)
		}
		if words, err := w.trades.Words(t.Context(), bot); err != nil || len(words) != 0 {
			t.Errorf("%v, %v", words, err)
		}
		if again, err := w.trades.Say(t.Context(), bot, one, w.now.Add(time.Minute)); err != nil || !again {
			t.Errorf("%t, %v", again, err)
		}
		if words, err := w.trades.Words(t.Context(), bot); err != nil || len(words) != 1 || words[0].Why != "" {
			t.Errorf("%v, %v", words, err)
		}
	})
}
