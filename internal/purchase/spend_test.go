package purchase_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
)

// attempts is how often the same money is tried to be spent;
// SKINRAIL_DOUBLE_SPEND sets another dose.
func attempts(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SKINRAIL_DOUBLE_SPEND")
	if text == "" {
		return 20_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1000 {
		t.Fatalf("SKINRAIL_DOUBLE_SPEND: %q", text)
	}
	return n
}

// spender is a way to spend the price of a sand; false when there is no money.
type spender func(i int) error

// Many want to spend what is enough for a tenth of them: two nodes that buy, and
// one that sets money aside without buying anything. Exactly those succeed that
// can be afforded, and what is left is exact.
func TestMoneyIsSpentOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const remainder = 137
		n := attempts(t)
		affordable := n / 10
		w := newWorld(t, d)
		all := make([]steam.Item, affordable+8)
		for i := range all {
			all[i] = item(1000+i, sand)
		}
		w.ok(w.fleet.SyncItems(t.Context(), bot, steam.CS2, steam.ContextMain, all, noon))
		w.pay(shop, money.Amount(affordable)*price+remainder-start)

		node := roomsOn(d)
		w.ok(node.prices.Load(t.Context()))
		spend := []spender{
			func(int) error { _, err := w.purchases.Buy(t.Context(), w.order(sand, ""), noon); return err },
			func(i int) error {
				_, err := node.purchases.Buy(t.Context(), w.order(sand, fmt.Sprint("wd-", i)), noon)
				return err
			},
			func(i int) error {
				return d.Write(t.Context(), func(tx *db.Tx) error {
					return node.ledger.HoldTx(t.Context(), tx, ledger.Hold{ID: fmt.Sprint("aside/", i), From: ledger.Available(shop),
						To: ledger.InDelivery(shop), Amount: price, At: noon})
				})
			},
		}
		began := time.Now()
		spent := race(t, n, func(i int) error { return spend[i%len(spend)](i) })
		took := time.Since(began)

		if spent != int64(affordable) {
			t.Errorf("%d of %d attempts succeeded, %d can be afforded", spent, n, affordable)
		}
		if got := w.money(); got != [4]money.Amount{remainder, money.Amount(affordable) * price, 0, 0} {
			t.Errorf("money %v after %d purchases", got, affordable)
		}
		var holds, purchases int64
		w.ok(d.Read().QueryRowContext(t.Context(), "select count(*) from hold").Scan(&holds))
		w.ok(d.Read().QueryRowContext(t.Context(), "select count(*) from purchase").Scan(&purchases))
		if holds != spent || purchases > spent || purchases != int64(len(all)-w.stock()) {
			t.Errorf("%d holds, %d purchases, %d items left of %d", holds, purchases, w.stock(), len(all))
		}
		for more := true; more; {
			var err error
			more, err = w.ledger.Seal(t.Context(), noon)
			w.ok(err)
		}
		t.Logf("%s: %d attempts in %v, %d could be afforded, %d succeeded (%d of them purchases), %s left", d.Engine(), n,
			took.Round(time.Millisecond), affordable, spent, purchases, w.balance(ledger.Available(shop)))
	})
}

// race makes attempts from many sides and counts those that succeed; the only
// reason to fail is that there is no money.
func race(t *testing.T, n int, try func(i int) error) int64 {
	t.Helper()
	var next, spent atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				err := try(int(i))
				if err == nil {
					spent.Add(1)
				} else if !errors.Is(err, fault.InsufficientBalance) {
					t.Errorf("attempt %d: %v", i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	return spent.Load()
}

// Whoever repeats a call while the first one runs is told that it is a repeat,
// also when the first takes the last money and the last item.
func TestRepeatAtTheSameTimeIsNoLackOfMoney(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const rounds = 40
		w := newWorld(t, d, items(rounds, sand)...)
		node := roomsOn(d)
		w.ok(node.prices.Load(t.Context()))
		w.pay(shop, -start)
		for round := range rounds {
			w.ok(w.ledger.Post(t.Context(), ledger.Transaction{Ref: fmt.Sprint("in/", round), Kind: "pay in", At: noon, Entries: []ledger.Entry{
				{Account: ledger.OutsideCash, Amount: -price}, {Account: ledger.Available(shop), Amount: price}}}))
			var wg sync.WaitGroup
			var bought atomic.Int64
			for i := range 8 {
				wg.Go(func() {
					buyer := []*world{w, node}[i%2]
					_, err := buyer.purchases.Buy(t.Context(), w.order(sand, fmt.Sprint("wd-", round)), noon)
					if err == nil {
						bought.Add(1)
					} else if !errors.Is(err, fault.Duplicate) {
						t.Errorf("round %d: %v", round, err)
					}
				})
			}
			wg.Wait()
			if bought.Load() != 1 {
				t.Errorf("round %d: %d bought", round, bought.Load())
			}
		}
	})
}
