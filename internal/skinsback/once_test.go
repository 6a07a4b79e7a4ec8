package skinsback

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/trade"
	"github.com/skinrail/skinrail/internal/webhook"
)

// keyed calls with an Idempotency-Key and tells whether the answer was repeated.
func (w *world) keyed(key, body string) (answer string, replayed bool) {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api.php", strings.NewReader(body))
	r.Header = http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}, "Idempotency-Key": {key}}
	rec := httptest.NewRecorder()
	w.door.Handler().ServeHTTP(rec, r)
	if rec.Code != http.StatusOK || rec.Header().Get("X-Request-Id") == "" {
		w.t.Errorf("HTTP %d %v", rec.Code, rec.Header())
	}
	return rec.Body.String(), rec.Header().Get("Idempotent-Replayed") == "true"
}

func TestKeyRepeatsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for method, body := range map[string]string{
		"create":           `{"method":"create","order_id":"once-1","min_amount":1.50,"currency":"usd"}`,
		"market_buy":       `{"method":"market_buy",` + partner + `,"name":"` + sandDune + `","custom_id":"once-1"}`,
		"without an id":    `{"method":"market_buy",` + partner + `,"name":"` + karambit + `"}`,
		"market_batch_buy": `{"method":"market_batch_buy",` + partner + `,"items":[{"id":` + w.itemID(capillary) + `},{"id":999}]}`,
	} {
		first, replayed := w.keyed(strings.ReplaceAll(method, " ", "-"), body)
		if n, _ := code(t, first); n != 0 || replayed {
			t.Fatalf("%s: %s", method, first)
		}
		before := w.counts()
		again, replayed := w.keyed(strings.ReplaceAll(method, " ", "-"), body)
		if again != first || !replayed {
			t.Errorf("%s: replayed %v %s, first %s", method, replayed, again, first)
		}
		for _, other := range []string{strings.Replace(body, `"method"`, `"note":"x","method"`, 1), `{"method":"create","order_id":"other"}`,
			strings.Replace(body, "1.50", "1.5", 1)} {
			if other == body {
				continue
			}
			got, replayed := w.keyed(strings.ReplaceAll(method, " ", "-"), other)
			if n, name := code(t, got); n != -10 || name != "idempotency_key_mismatch" || replayed {
				t.Errorf("%s: %s: %s", method, other, got)
			}
		}
		if after := w.counts(); after != before {
			t.Errorf("%s: something changed: %s, was %s", method, after, before)
		}
	}
	if n, _ := code(t, w.post(`{"method":"create","order_id":"once-1","min_amount":1.50,"currency":"usd"}`)); n != 5 {
		t.Errorf("without the key: %d", n)
	}
}

func TestRefusedCallKeepsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dear := `{"method":"market_buy",` + partner + `,"name":"` + sandDune + `","max_price":0.1}`
	if n, _ := code(t, first(w.keyed("k", dear))); n != 6 {
		t.Fatal(n)
	}
	if n, _ := code(t, first(w.keyed("k", strings.Replace(dear, "0.1", "1", 1)))); n != 0 {
		t.Errorf("the key of a refused call is not free: %d", n)
	}
	for _, key := range []string{"", " ", "a b", "ä", strings.Repeat("x", 256), "a\tb"} {
		got, _ := w.keyed(key, `{"method":"create","order_id":"`+fmt.Sprint("bad-", len(key))+`"}`)
		if n, name := code(t, got); n != -11 || name != "invalid_idempotency_key" {
			t.Errorf("key %q: %s", key, got)
		}
	}
	if got, replayed := w.keyed("k", `{"method":"balance"}`); replayed || !strings.Contains(got, `"success"`) {
		t.Errorf("a method without effect: %s", got)
	}
}

func first(answer string, _ bool) string { return answer }

// The same call many times at once has one effect, and all get its answer.
func TestSameCallAtOnceHasOneEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"method":"market_buy",` + partner + `,"name":"` + sandDune + `"}`
	var mu sync.Mutex
	answers := map[string]int{}
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			got, _ := w.keyed("race", body)
			mu.Lock()
			defer mu.Unlock()
			answers[got]++
		})
	}
	wg.Wait()
	if len(answers) != 1 {
		t.Errorf("%v", answers)
	}
	var bought int
	w.ok(w.db.Read().QueryRowContext(t.Context(), "select count(*) from purchase").Scan(&bought))
	if bought != 1 {
		t.Errorf("%d purchases", bought)
	}
}

func TestRepeatedDirectDepositWaitsForTheSameOffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	done := w.meanwhile(trade.Sending, trade.Active)
	one, _ := w.keyed("direct", directCall)
	<-done
	two, replayed := w.keyed("direct", directCall)
	if n, _ := code(t, one); n != 0 || two != one || !replayed {
		t.Errorf("%s\n%s", one, two)
	}
	w.door.offerTime = time.Millisecond
	late := strings.Replace(directCall, "inv-1003", "late", 1)
	if n, _ := code(t, first(w.keyed("late", late))); n != 11 {
		t.Error("the offer was there")
	}
	d, err := w.deposits.FindByOrder(t.Context(), shop, "late")
	w.ok(err)
	w.walk(d.TradeID, trade.Sending, trade.Active)
	if got, replayed := w.keyed("late", late); !strings.Contains(got, `"trade_offer_id":"7000000002"`) || !replayed {
		t.Errorf("once the offer is there: %s", got)
	}
}

func TestKeysAreForgottenAfterTwoDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"method":"create","order_id":"o"}`
	w.keyed("k", body)
	w.prune(noon, keyLife)
	if _, replayed := w.keyed("k", body); !replayed {
		t.Error("forgotten too early")
	}
	w.ok(w.door.Prune(t.Context(), noon.Add(keyLife+time.Second)))
	if n, _ := code(t, first(w.keyed("k", body))); n != 5 {
		t.Error("not forgotten")
	}
}

// prune lets time pass as the gateway does: once an hour.
func (w *world) prune(from time.Time, span time.Duration) {
	w.t.Helper()
	for at := time.Duration(0); at <= span; at += time.Hour {
		w.ok(w.door.Prune(w.t.Context(), from.Add(at)))
	}
}

func TestClockThatJumpsForgetsNoKeyEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"method":"create","order_id":"o"}`
	w.keyed("k", body)
	w.prune(noon.AddDate(1, 0, 0), keyLife/2-2*time.Hour) // a year ahead, for most of a day
	w.prune(noon.Add(keyLife/2), 0)
	if _, replayed := w.keyed("k", body); !replayed {
		t.Error("forgotten because a clock was wrong")
	}
}

// A signed request is good once, whatever the wall clock does; it is noon here.
func TestClockThatJumpsForgetsNoNonceEarly(t *testing.T) {
	t.Parallel()
	const body, nonce = `{"method":"balance"}`, "0123456789abcdef"
	for name, clock := range map[string]struct{ before, after time.Time }{
		"right":      {noon, noon.Add(time.Minute)},
		"far ahead":  {noon, noon.AddDate(1, 0, 0)},
		"ahead":      {noon, noon.Add(time.Hour)},
		"was behind": {noon.AddDate(1, 0, 0), noon.AddDate(1, 0, 0).Add(time.Minute)},
	} {
		w := newWorld(t)
		w.prune(clock.before, 0)
		if n, _ := code(t, w.strong(body, nonce, noon, nil)); n != 0 {
			t.Fatalf("%s: the first time: %d", name, n)
		}
		w.prune(clock.after, 0)
		if n, _ := code(t, w.strong(body, nonce, noon, nil)); n != -3 {
			t.Errorf("%s: the same again: %d", name, n)
		}
		w.prune(clock.after.Add(time.Hour), 3*time.Hour)
		var kept int
		w.ok(w.db.Read().QueryRowContext(t.Context(), "select count(*) from request_nonce").Scan(&kept))
		if kept != 0 {
			t.Errorf("%s: a nonce is kept for ever", name)
		}
	}
}

// Nonces of sign-ins and ended deliveries go too, each in its time.
func TestWhatIsKeptForAWhileIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.db.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "insert into signin_nonce (nonce, at) values ('n', $1)", db.Micros(noon))
		if err == nil {
			_, err = tx.ExecContext(t.Context(), `insert into delivery (event_id, project_id, seq, endpoint, subject, version, url, content_type, body, key_at,
				state, due_at, created_at, ended_at) values ('e', $1, 1, 'result', 'deposit/1', 1, 'u', 't', $2, 1, 'delivered', 1, $3, $3)`, shop, []byte{}, db.Micros(noon))
		}
		return err
	}))
	kept := func() (nonces, deliveries int) {
		w.ok(w.db.Read().QueryRowContext(t.Context(), "select (select count(*) from signin_nonce), (select count(*) from delivery)").Scan(&nonces, &deliveries))
		return nonces, deliveries
	}
	for _, c := range []struct {
		at                 time.Duration
		nonces, deliveries int
	}{{deposit.NonceLife + ageStep, 1, 1}, {deposit.NonceLife + ageStep + time.Second, 0, 1}, {webhook.Life + ageStep, 0, 1}, {webhook.Life + ageStep + time.Second, 0, 0}} {
		w.ok(w.door.Prune(t.Context(), noon.Add(c.at)))
		for range int(c.at / ageStep) { // the clock follows
			w.ok(w.door.Prune(t.Context(), noon.Add(c.at)))
		}
		if n, d := kept(); n != c.nonces || d != c.deliveries {
			t.Errorf("after %s: %d nonces and %d deliveries, want %d and %d", c.at, n, d, c.nonces, c.deliveries)
		}
	}
}

func TestAnswerOfAClockThatIsBehindIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"method":"create","order_id":"o"}`
	right := noon.AddDate(1, 0, 0)
	w.prune(right, 0)
	w.keyed("k", body) // by the wall clock of this world, which is a year behind
	w.prune(right.Add(time.Hour), keyLife/2)
	if _, replayed := w.keyed("k", body); !replayed {
		t.Error("forgotten because a clock was wrong")
	}
}
