package purchase_test

import (
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

func TestMoneyFollowsTheTrade(t *testing.T) {
	t.Parallel()
	refunded := [4]money.Amount{start, 0, 0, 0}
	for state, c := range map[purchase.State]struct {
		money [4]money.Amount
		stock int
		story string
	}{
		purchase.Creating:     {[4]money.Amount{start - price, price, 0, 0}, 0, ""},
		purchase.Waiting:      {[4]money.Amount{start - price, price, 0, 0}, 0, "waiting_accept"},
		purchase.Accepted:     {[4]money.Amount{start - price, price, 0, price}, 0, "waiting_accept, accepted"},
		purchase.Settled:      {[4]money.Amount{start - price, 0, price, price}, 0, "waiting_accept, accepted, settled"},
		purchase.Canceled:     {refunded, 1, "waiting_accept, canceled, balance 100.00"},
		purchase.Timeout:      {refunded, 1, "waiting_accept, timeout, balance 100.00"},
		purchase.BadTradeURL:  {refunded, 1, "invalid_trade_token invalid_trade_url, balance 100.00"},
		purchase.CannotTrade:  {refunded, 1, "user_not_tradable user_cant_trade, balance 100.00"},
		purchase.NotMade:      {refunded, 1, "trade_create_error unknown_error, balance 100.00"},
		purchase.RolledBack:   {refunded, 0, "waiting_accept, accepted, rollback_user, balance 100.00"},
		purchase.SupplierBack: {refunded, 1, "waiting_accept, accepted, rollback_supplier, balance 100.00"},
	} {
		t.Run(string(state), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d, item(1, sand))
				p := w.walk(w.buy(sand, ""), ways[state]...)
				if p.State != state || p.EndedAt.IsZero() == state.Ended() {
					t.Errorf("purchase %+v", p)
				}
				if got := w.money(); got != c.money || w.stock() != c.stock {
					t.Errorf("money %v, stock %d", got, w.stock())
				}
				begin := "creating_trade, balance 99.59"
				if got := w.story(); strings.TrimPrefix(got, begin) != strings.TrimSuffix(", "+c.story, ", ") {
					t.Errorf("events: %s", got)
				}
			})
		})
	}
}

func TestHearingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, items(len(ways), sand)...)
		for state, hops := range ways {
			p := w.buy(sand, "")
			for i, h := range hops {
				p = w.walk(p, h)
				if h.to == trade.Sending {
					continue
				}
				money, events, tr := w.money(), len(w.log()), w.tradeOf(p)
				for range 2 {
					after, err := w.tell(tr, h, true)
					if err != nil || after.Version != p.Version || after.State != p.State {
						t.Errorf("%s, hop %d (%s): %+v, %v", state, i, h.to, after, err)
					}
				}
				if w.money() != money || len(w.log()) != events {
					t.Errorf("%s, hop %d (%s): money %v, %d events", state, i, h.to, w.money(), len(w.log()))
				}
			}
		}
	})
}

func TestUnclearSendIsNeverRefunded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, items(2, sand)...)
		p := w.walk(w.buy(sand, ""), path(trade.Sending, trade.Unknown)...)
		w.now = w.now.Add(240 * purchase.OfferLife)
		if p.State != purchase.Creating || w.money()[0] != start-price || w.stock() != 1 {
			t.Errorf("unknown: %+v", p)
		}
		// The offer is found, accepted long ago.
		p = w.walk(p, path(trade.Accepted, trade.Settled)...)
		if p.State != purchase.Settled || w.money() != [4]money.Amount{start - price, 0, price, price} {
			t.Errorf("found accepted: %s, %v", p.State, w.money())
		}
		q := w.walk(w.buy(sand, ""), path(trade.Sending, trade.Unknown, trade.Active)...)
		if q.State != purchase.Waiting || q.OfferID == "" {
			t.Errorf("found active: %+v", q)
		}
	})
}

func TestRefundedItemCanBeBoughtAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, item(1, sand))
		for range 3 {
			p := w.walk(w.buy(sand, ""), ways[purchase.Canceled]...)
			if p.State != purchase.Canceled {
				t.Fatalf("%s", p.State)
			}
		}
		if got := w.money(); got[0] != start {
			t.Errorf("money %v", got)
		}
	})
}

func TestUndoneTradeSellsOnlyWhatTheBotHas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after, back []steam.Item // what the bot has after the acceptance, and when the trade was undone
	}{
		"nothing moved":                 {items(1, sand), items(1, sand)},
		"moved back as another":         {nil, []steam.Item{item(2000, sand)}},
		"moved back before it was seen": {items(1, sand), []steam.Item{item(2000, sand)}},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d, items(1, sand)...)
				p := w.walk(w.buy(sand, ""), ways[purchase.Accepted]...)
				w.ok(w.fleet.SyncItems(t.Context(), bot, steam.CS2, steam.ContextMain, c.after, w.now))
				if p = w.walk(p, hop{to: trade.Failed}); p.State != purchase.SupplierBack {
					t.Fatalf("%s", p.State)
				}
				w.ok(w.fleet.SyncItems(t.Context(), bot, steam.CS2, steam.ContextMain, c.back, w.now))
				if again := w.buy(sand, ""); again.Asset != c.back[0].Asset || w.stock() != 0 {
					t.Errorf("sold %v of %v, %d left", again.Asset, c.back, w.stock())
				}
			})
		})
	}
}
