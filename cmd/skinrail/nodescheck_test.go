package main_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// check is what must hold when everything has ended.
func (n *nodes) check(b *business, shop *shop) {
	t, s := n.t, n.all[0]
	t.Helper()
	s.wait = 0
	if len(b.orders) == 0 || len(b.bought) < 20 {
		t.Error("too little happened to show anything")
	}
	unclear := n.settle()
	found := s.purchases(b.attempts)
	for _, name := range b.bought {
		if found[name] == nil {
			t.Errorf("purchase %s was acknowledged and is lost", name)
		}
	}
	offers, late := n.accepted(unclear)
	delivered, received := 0, 0
	for _, p := range found {
		if p["offer_status"] == "accepted" {
			delivered++
		}
	}
	want := 1_000_000
	for _, o := range n.orders() {
		if slices.Contains([]string{"success", "in_hold"}, o.text("status")) {
			received++
		}
		if o.text("status") == "success" {
			amount := thousandths(o["amount"])
			want += amount - (amount*5+50)/100
		}
	}
	for _, p := range found {
		if s := p["offer_status"]; s == "accepted" || s == "creating_trade" {
			want -= thousandths(p["balance_debited_sum"])
		}
	}
	if unseen := offers - delivered - received; unseen < 0 || unseen > late {
		t.Errorf("Steam has %d accepted offers, the gateway %d deliveries and %d deposits", offers, delivered, received)
	}
	for _, order := range b.orders {
		is := s.api(answer{"method": "orderstatus", "order_id": order})
		if got := is.text("status"); got != "success" && got != "in_hold" && (got != "pending" || len(unclear) == 0) {
			said, _ := s.order("deposit/" + is.text("transaction_id"))
			t.Errorf("deposit %s was acknowledged and is %s\n%s", order, got, said)
		}
	}
	if got := thousandths(s.ok(answer{"method": "balance"})["balance"]); got != want {
		t.Errorf("balance %d, the orders say %d", got, want)
	}
	eventually(t, "the merchant was told of every deposit", func() bool {
		return len(unclear) > 0 || !slices.ContainsFunc(b.orders, func(o string) bool {
			told := shop.statuses(o)
			return !slices.Contains(told, "success") && !slices.Contains(told, "in_hold")
		})
	})
	if bad := shop.unsealed(); len(bad) != 0 {
		t.Errorf("signatures do not verify: %v", bad)
	}
	t.Logf("%d delivered, %d received, %d unclear and looked for\n%s", delivered, received, len(unclear), s.audit())
}

// settle waits until all trades have come to rest. A send that was cut off by a
// death is looked for on Steam for five minutes before it is made again: in a
// short test it may still be looked for, once at least, and without a find. It
// may yet arrive there after that look. The references of these are returned.
func (n *nodes) settle() (unclear []string) {
	n.t.Helper()
	const open = `select coalesce(array_agg(reference), '{}') from trade
		where (state in ('wanted', 'sending', 'unknown', 'unconfirmed', 'active') or (state = 'accepted' and settle_at = 0))`
	if os.Getenv("SKINRAIL_FREEZE") != "" {
		for end := time.Now().Add(12 * time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
			if n.ask(&unclear, open); len(unclear) == 0 {
				return nil
			}
		}
	}
	eventually(n.t, "all trades come to rest", func() bool {
		n.ask(&unclear, open+" and not (state = 'unknown' and misses > 0)")
		return len(unclear) == 0
	})
	n.ask(&unclear, open)
	return unclear
}

// accepted counts the offers of all bots that were accepted, and those among
// them that are of unclear trades, and refuses two of one trade.
func (n *nodes) accepted(unclear []string) (all, late int) {
	n.t.Helper()
	references := map[string]int{}
	for _, b := range steamBots {
		r, _ := http.NewRequest(http.MethodGet, n.steam+"/sim/offers?partner="+b.SteamID, nil)
		status, got, err := do(r)
		offers, _ := got["offers"].([]any)
		if err != nil || status != http.StatusOK {
			n.t.Fatalf("offers of the simulated Steam: %d %v", status, err)
		}
		for _, o := range offers {
			m := o.(map[string]any)
			if state := fmt.Sprint(m["state"]); state == "3" || state == "Accepted" {
				reference, _, _ := strings.Cut(fmt.Sprint(m["message"]), " ")
				references[reference]++
			}
		}
	}
	for reference, count := range references {
		if count > 1 {
			n.t.Errorf("%d offers of %s were accepted", count, reference)
		}
		all += count
		if slices.Contains(unclear, reference) {
			late += count
		}
	}
	return all, late
}

// orders are all deposits.
func (n *nodes) orders() (all []answer) {
	n.t.Helper()
	items, _ := n.all[0].ok(answer{"method": "orders", "starting": 0, "ending": 4102444800})["items"].([]any)
	for _, o := range items {
		all = append(all, answer(o.(map[string]any)))
	}
	return all
}
