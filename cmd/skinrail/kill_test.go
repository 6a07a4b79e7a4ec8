package main_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// killRounds is how often the program is killed on SQLite; SKINRAIL_KILL_ROUNDS
// sets another dose. PostgreSQL gets a third of it.
func killRounds(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("SKINRAIL_KILL_ROUNDS"))
	if err != nil {
		n = 9
	}
	return n
}

// refreshed is after how many rounds the world goes over all holds: what was
// bought can then be paid with, and what was paid with be sold, so that a long run
// never ends with nothing on sale.
const refreshed = 20

// acknowledged is what a killed gateway acknowledged.
type acknowledged struct {
	mu       sync.Mutex
	orders   []string // deposits that were opened
	bought   []string // custom ids that were bought
	attempts []string // custom ids that were tried, whatever came of it
}

// The process dies at random moments under load. What was answered must be
// there, nothing may be there twice, and what was in flight must finish.
func TestKilledAtAnyMomentLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rounds := killRounds(t)
			if name == "postgres" {
				rounds = max(2, rounds/3)
			}
			seed := uint64(time.Now().UnixNano())
			t.Logf("%d rounds, seed %d", rounds, seed)
			r := rand.New(rand.NewPCG(seed, 0))
			shop := openShop(t, exampleID, exampleSecret)
			s := start(t, append([]string{"--world", world(t, shop.URL, `"count": 40`, `"count": 900`, `"count": 50`, `"count": 900`,
				`"rate_limit_per_minute": 500`, `"rate_limit_per_minute": 1000000`)}, args...)...)
			var a acknowledged
			var restarts []time.Duration
			for round := range rounds {
				s.load(&a, round, time.Duration(30+r.IntN(400))*time.Millisecond)
				began := time.Now()
				s.start()
				restarts = append(restarts, time.Since(began))
				if round%refreshed == refreshed-1 {
					s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "200h"})
				}
			}
			slices.Sort(restarts)
			t.Logf("ready again after %v … %v, median %v", restarts[0], restarts[len(restarts)-1], restarts[len(restarts)/2])
			t.Logf("acknowledged: %d deposits, %d purchases of %d tried", len(a.orders), len(a.bought), len(a.attempts))
			s.checkAcknowledged(t, &a)
			s.checkFinished(t, &a)
			s.checkMoney(t, &a)
			s.audit()
			if bad := shop.unsealed(); len(bad) != 0 {
				t.Errorf("signatures do not verify: %v", bad)
			}
		})
	}
}

// load works on the gateway from several sides until it is killed, so long after
// its first answer.
func (s *sandbox) load(a *acknowledged, round int, life time.Duration) {
	process := s.cmd.Process
	die := sync.OnceFunc(func() { time.AfterFunc(life, func() { _ = process.Kill() }) })
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for i := 0; ; i++ {
				if !s.work(a, fmt.Sprintf("k%d-%d-%d", round, worker, i), worker) {
					return
				}
				die()
			}
		})
	}
	wg.Wait()
	<-s.ended
}

// work makes one call and remembers what was acknowledged; false once the
// gateway is gone.
func (s *sandbox) work(a *acknowledged, name string, worker int) bool {
	if worker < 2 { // deposits, every other one paid by somebody who accepts
		got, err := s.tryAPI(answer{"method": "create", "order_id": name, "steam_id": "76561198000000202", "trade_token": "Aut0-acc"})
		if err != nil {
			return false
		}
		if got.text("status") == "success" {
			a.add(&a.orders, name)
		}
		r, _ := http.NewRequest(http.MethodPost, fmt.Sprintf("%s/sandbox/deposits/%v/in_hold", s.ready.GatewayURL, got["transaction_id"]), nil)
		_, _, err = do(r)
		return err == nil
	}
	partner, token := "39734474", "Aut0-acc" // accepts
	if worker == 5 {
		partner, token = "39734475", "Dec1ines"
	}
	a.add(&a.attempts, name)
	got, err := s.tryAPI(answer{"method": "market_buy", "partner": partner, "token": token, "custom_id": name,
		"name": "P250 | Sand Dune (Field-Tested)"})
	if err != nil {
		return false
	}
	if got.text("status") == "success" {
		a.add(&a.bought, name)
	} else {
		time.Sleep(20 * time.Millisecond) // nothing on sale just now
	}
	return true
}

func (a *acknowledged) add(to *[]string, name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	*to = append(*to, name)
}

func (s *sandbox) purchases(customs []string) map[string]map[string]any {
	s.t.Helper()
	found := map[string]map[string]any{}
	for part := range slices.Chunk(customs, 200) {
		items, _ := s.ok(answer{"method": "market_getinfo", "custom_ids": part})["items"].([]any)
		for _, it := range items {
			m := it.(map[string]any)
			found[m["custom_id"].(string)] = m
		}
	}
	return found
}

// checkAcknowledged looks everything up that was answered.
func (s *sandbox) checkAcknowledged(t *testing.T, a *acknowledged) {
	t.Helper()
	for _, o := range a.orders {
		if got := s.api(answer{"method": "orderstatus", "order_id": o}); got.text("status") == "error" {
			t.Errorf("deposit %s was acknowledged and is lost: %v", o, got)
		}
	}
	found := s.purchases(a.bought)
	for _, b := range a.bought {
		if found[b] == nil {
			t.Errorf("purchase %s was acknowledged and is lost", b)
			continue
		}
		again := s.api(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": b, "name": "P250 | Sand Dune (Field-Tested)"})
		if again["error_message"] != "custom_id_already_exists" {
			t.Errorf("purchase %s could be made twice: %v", b, again)
		}
	}
}

// checkFinished waits until nothing is in flight, moves over the hold, and
// counts the offers of each order on Steam.
func (s *sandbox) checkFinished(t *testing.T, a *acknowledged) {
	t.Helper()
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "20m"})
	eventually(t, "all purchases end", func() bool {
		for _, p := range s.purchases(a.attempts) {
			if p["offer_status"] == "creating_trade" || p["offer_status"] == "waiting_accept" {
				return false
			}
		}
		return true
	})
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "220h"})
	for _, o := range a.orders {
		got := s.ok(answer{"method": "orderstatus", "order_id": o})
		if st := got.text("status"); st != "success" && st != "fail" {
			t.Errorf("deposit %s is %s after everything must have ended", o, st)
		}
	}
	r, _ := http.NewRequest(http.MethodGet, s.ready.SteamURL+"/sim/offers?partner=76561198000000101", nil)
	status, all, err := do(r)
	offers, _ := all["offers"].([]any)
	if err != nil || status != http.StatusOK || len(offers) == 0 {
		t.Fatalf("offers of the simulated Steam: %d %v", status, err)
	}
	accepted := map[string]int{}
	for _, o := range offers {
		m := o.(map[string]any)
		if reference, _, _ := strings.Cut(fmt.Sprint(m["message"]), " "); fmt.Sprint(m["state"]) == "3" || fmt.Sprint(m["state"]) == "Accepted" {
			accepted[reference]++
		}
	}
	for reference, n := range accepted {
		if n > 1 {
			t.Errorf("%d offers of %s were accepted", n, reference)
		}
	}
	if len(accepted) == 0 {
		t.Error("no offer was accepted: the rounds were too short to show anything")
	}
}

// checkMoney computes the balance from what the merchant can see.
func (s *sandbox) checkMoney(t *testing.T, a *acknowledged) {
	t.Helper()
	want := 1_000_000 // thousandths
	for _, o := range a.orders {
		if got := s.ok(answer{"method": "orderstatus", "order_id": o}); got.text("status") == "success" {
			amount := thousandths(got["amount"])
			want += amount - (amount*5+50)/100
		}
	}
	for _, p := range s.purchases(a.attempts) {
		if p["offer_status"] == "accepted" {
			want -= thousandths(p["balance_debited_sum"])
		}
	}
	if got := thousandths(s.ok(answer{"method": "balance"})["balance"]); got != want {
		t.Errorf("balance %d, the orders say %d", got, want)
	}
}

// thousandths reads a decimal with up to three digits.
func thousandths(v any) int {
	whole, frac, _ := strings.Cut(fmt.Sprint(v), ".")
	n, _ := strconv.Atoi(whole + (frac + "000")[:3])
	return n
}
