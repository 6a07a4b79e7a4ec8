package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

// sim calls a control path of the simulated Steam; an error when nobody answers.
func (s *sandbox) sim(method, path string, body any) (int, answer, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequest(method, s.ready.SteamURL+"/sim"+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	return do(r)
}

func (s *sandbox) mustSim(method, path string, body any) answer {
	s.t.Helper()
	status, a, err := s.sim(method, path, body)
	if err != nil || status != http.StatusOK {
		s.t.Fatalf("%s /sim%s: %d %v %v", method, path, status, a, err)
	}
	return a
}

// told are answers of the simulated Steam: offers with the trades they became.
type told struct {
	mu     sync.Mutex
	trades map[string]string // by offer; "" while it is open
}

// trading makes offers and accepts every second one, until nobody answers.
func (s *sandbox) trading(to *told, from, partner string, assets []any) {
	for i := 0; ; i++ {
		asset, _ := strconv.ParseUint(assets[i%len(assets)].(map[string]any)["assetid"].(string), 10, 64)
		_, a, err := s.sim(http.MethodPost, "/offers", answer{"from": from, "to": partner, "message": fmt.Sprint(i), "give": []uint64{asset}})
		if err != nil {
			return
		}
		id := a.text("tradeofferid")
		if id == "" {
			continue // the item has gone by another offer
		}
		to.mu.Lock()
		to.trades[id] = ""
		to.mu.Unlock()
		if i%2 == 0 {
			continue
		}
		_, a, err = s.sim(http.MethodPost, "/offers/"+id+"/accept", nil)
		if err != nil {
			return
		}
		to.mu.Lock()
		to.trades[id] = a.text("tradeid")
		to.mu.Unlock()
	}
}

func TestTheSimulatedSteamKeepsWhatItToldOverAKill(t *testing.T) {
	t.Parallel()
	users := botAccounts()
	alice, bob := users["alice"], users["bob"]
	s := start(t, "--world", botWorld(t, users))
	s.mustSim(http.MethodPost, "/settings", answer{"limits": answer{"offers_to_one": -1, "cs2_inventory": -1}})
	seen := told{trades: map[string]string{}}
	for range 3 {
		items := s.mustSim(http.MethodGet, "/accounts/"+alice.text("steam_id")+"/items?app=730", nil)["items"].([]any)
		var group sync.WaitGroup
		for w := range 4 {
			group.Go(func() { s.trading(&seen, alice.text("steam_id"), bob.text("steam_id"), items[w*5:(w+1)*5]) })
		}
		time.Sleep(150 * time.Millisecond) // of load, before the kill in its middle
		s.kill()
		group.Wait()
		s.start()
		s.checkTold(&seen)
	}
	// The gateway's bots go on with the tokens they had.
	journal := s.mustSim(http.MethodGet, "/journal", nil)["requests"].([]any)
	if len(journal) == 0 {
		t.Error("no request is in the journal")
	}
	for _, r := range journal {
		if r := r.(map[string]any); r["endpoint"] == "login" {
			t.Errorf("another login was needed: %v", r)
		}
	}
	t.Logf("%d offers", len(seen.trades))
}

// checkTold wants every offer and trade that was answered to be there, and new
// ones to get ids of their own.
func (s *sandbox) checkTold(seen *told) {
	s.t.Helper()
	newest := ""
	for id, trade := range seen.trades {
		newest = max(newest, id)
		o := s.mustSim(http.MethodGet, "/offers/"+id, nil)
		switch state := o.text("state_name"); {
		case trade != "" && (state != "Accepted" || o.text("tradeid") != trade):
			s.t.Errorf("offer %s became trade %s and is %s with trade %s", id, trade, state, o.text("tradeid"))
		case trade == "" && state != "Active" && state != "Accepted" && state != "InvalidItems":
			s.t.Errorf("offer %s was open and is %s", id, state)
		}
		if trade != "" {
			s.mustSim(http.MethodGet, "/trades/"+trade, nil)
		}
	}
	users := botAccounts()
	items := s.mustSim(http.MethodGet, "/accounts/"+users["alice"].text("steam_id")+"/items?app=730", nil)["items"].([]any)
	asset, _ := strconv.ParseUint(items[len(items)-1].(map[string]any)["assetid"].(string), 10, 64)
	made := s.mustSim(http.MethodPost, "/offers", answer{"from": users["alice"]["steam_id"], "to": users["bob"]["steam_id"], "message": "after", "give": []uint64{asset}})
	if made.text("tradeofferid") <= newest {
		s.t.Errorf("offer %s after %s", made.text("tradeofferid"), newest)
	}
}
