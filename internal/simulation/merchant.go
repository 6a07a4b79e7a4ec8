package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/skinsback"
)

// asked is one call of a merchant as it was made first.
type asked struct {
	own, key, body string
	answer         reply
	at             time.Time
}

// number is an id, written as a number or as text.
type number int64

// UnmarshalJSON takes both.
func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*n = number(v)
	return err
}

// reply is what the simulation reads of an answer.
type reply struct {
	text          string
	replayed      bool   // the first answer again
	Status        string `json:"status"`
	ErrorCode     int    `json:"error_code"`
	TransactionID number `json:"transaction_id"`
	BuyID         number `json:"buy_id"`
	Data          struct {
		TransactionID number `json:"transaction_id"`
	} `json:"data"`
	Purchased []struct {
		BuyID number `json:"buy_id"`
		Own   string `json:"custom_id"`
	} `json:"purchased"`
}

// deposit is the id of the deposit that the answer tells of.
func (a reply) deposit() int64 { return int64(max(a.TransactionID, a.Data.TransactionID)) }

func (a reply) ok() bool { return a.Status == "success" }

func (r *run) anyShop() *shop { return r.shops[r.rng.IntN(len(r.shops))] }

// own is an id that the merchant has not used yet.
func (s *shop) own() string { return s.name + "-" + strconv.Itoa(s.orders) }

// call makes one API call of a merchant; "" is an answer that never came.
func (r *run) call(s *shop, key, body string) reply {
	return r.callIn(r.ctx, s, key, body)
}

func (r *run) callIn(ctx context.Context, s *shop, key, body string) reply {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, ourURL+skinsback.Path, nil)
	if err != nil {
		r.fail("request: %v", err)
	}
	q.Header = http.Header{"X-Client-Id": {s.name}, "X-Client-Secret": {s.secret}, "Content-Type": {"application/json"}}
	if key != "" {
		q.Header["Idempotency-Key"] = []string{key}
	}
	r.pauses = 0
	before := r.broken
	a, err := serve(r.api, q, []byte(body))
	r.alive() // nobody hears the answer of a dead process
	if err != nil {
		r.fail("merchant api: %v", err)
	}
	text := string(bytes.TrimSpace(drain(a.Body)))
	r.trace.add("  api %s %s\n  = %d %s", s.name, body, a.StatusCode, text)
	var out reply
	if err := json.Unmarshal([]byte(text), &out); err != nil || a.StatusCode != http.StatusOK {
		r.fail("the merchant api answers %d %s", a.StatusCode, text)
	}
	if out.ErrorCode == -9 && before == r.broken && !r.dead {
		r.fail("the merchant api failed though nothing did: %s", text)
	}
	out.text, out.replayed = text, a.Header.Get("Idempotent-Replayed") == "true"
	return out
}

// order makes a call that moves something and remembers it. Who hears of an
// internal error asks again, as clients do.
func (r *run) order(s *shop, body string, keep func(reply)) {
	own, key := s.own(), ""
	if r.rng.IntN(3) == 0 {
		key = "key-" + own
	}
	a := r.call(s, key, body)
	if a.ok() {
		keep(a)
	}
	s.asked = append(s.asked, asked{own: own, key: key, body: body, answer: a, at: r.clock.steam})
}

func (r *run) create() {
	s, p := r.anyShop(), r.payers[r.rng.IntN(len(r.payers))]
	s.orders++
	own, who := s.own(), ""
	if r.rng.IntN(4) > 0 {
		who = fmt.Sprintf(`,"steam_id":"%s","trade_token":"%s"`, p.id, p.token)
	}
	if r.rng.IntN(8) == 0 {
		who += `,"min_amount":"1","max_amount":"30","currency":"eur"`
	}
	r.order(s, fmt.Sprintf(`{"method":"create","order_id":"%s"%s}`, own, who), func(a reply) {
		s.deposits = append(s.deposits, ack{a.deposit(), own})
	})
}

func (r *run) createDirect() {
	s, p := r.anyShop(), r.payers[r.rng.IntN(len(r.payers))]
	app, name := uint32(730), "cs2"
	if r.rng.IntN(2) == 0 {
		app, name = 440, "tf2"
	}
	items := r.itemsOf(p.id, app)
	if len(items) == 0 {
		return
	}
	s.orders++
	own := s.own()
	r.order(s, fmt.Sprintf(`{"method":"create_from_user_inventory","order_id":"%s","game":"%s","steam_id":"%s","trade_token":"%s","currency":"usd","item_asset_ids":["%s"]}`,
		own, name, p.id, p.token, items[r.rng.IntN(len(items))]), func(a reply) {
		s.deposits = append(s.deposits, ack{a.deposit(), own})
	})
}

func (r *run) buy() {
	s, p := r.anyShop(), r.payers[r.rng.IntN(len(r.payers))]
	s.orders++
	own, price := s.own(), prices[r.rng.IntN(len(prices))]
	more := ""
	if r.rng.IntN(10) == 0 {
		more = `,"max_price":"1.25"`
	}
	r.order(s, fmt.Sprintf(`{"method":"market_buy","partner":"%d","token":"%s","name":"%s","game":"%s","custom_id":"%s"%s}`,
		p.account(), p.token, price.Name, price.Game, own, more), func(a reply) {
		s.purchases = append(s.purchases, ack{int64(a.BuyID), own})
	})
}

func (r *run) buyBatch() {
	s, p := r.anyShop(), r.payers[r.rng.IntN(len(r.payers))]
	bot := r.bots[r.rng.IntN(len(r.bots))]
	held, err := r.gateway.Fleet.Items(r.ctx, bot, 730, "2")
	if err != nil || len(held) == 0 {
		r.note("items", false, err)
		return
	}
	var items []string
	for range 1 + r.rng.IntN(3) {
		s.orders++
		items = append(items, fmt.Sprintf(`{"id":"%d","custom_id":"%s"}`, held[r.rng.IntN(len(held))].Item, s.own()))
	}
	r.order(s, fmt.Sprintf(`{"method":"market_batch_buy","partner":"%d","token":"%s","items":[%s]}`, p.account(), p.token, strings.Join(items, ",")), func(a reply) {
		for _, one := range a.Purchased {
			s.purchases = append(s.purchases, ack{int64(one.BuyID), one.Own})
		}
	})
}

func (r *run) askDeposit() {
	s := r.anyShop()
	if len(s.deposits) > 0 {
		r.call(s, "", fmt.Sprintf(`{"method":"orderstatus","transaction_id":%d}`, s.deposits[r.rng.IntN(len(s.deposits))].id))
	}
}

func (r *run) askPurchase() {
	s := r.anyShop()
	if len(s.purchases) > 0 {
		r.call(s, "", fmt.Sprintf(`{"method":"market_getinfo","buy_id":%d}`, s.purchases[r.rng.IntN(len(s.purchases))].id))
	}
}

func (r *run) askBalance() { r.call(r.anyShop(), "", `{"method":"balance"}`) }

func (r *run) askList() {
	method := []string{"orders", "market_history", "money_history", "callback_error_list", "status"}[r.rng.IntN(5)]
	r.call(r.anyShop(), "", fmt.Sprintf(`{"method":"%s","starting":0,"ending":4000000000}`, method))
}

func (r *run) approve() {
	s := r.anyShop()
	if len(s.deposits) > 0 {
		r.call(s, "", fmt.Sprintf(`{"method":"offer_approve","transaction_id":%d}`, s.deposits[r.rng.IntN(len(s.deposits))].id))
	}
}

// again repeats an earlier call: the first answer again for a key, else no
// second effect (I5).
func (r *run) again(s *shop, a asked) {
	got := r.call(s, a.key, a.body)
	replayed := a.key != "" && got.text == a.answer.text
	gone := r.rounds >= keyRounds || r.clock.steam.Sub(a.at) >= keyKept
	switch {
	case !a.answer.ok() || got.ErrorCode == -9 || replayed:
	case a.key != "" && !gone:
		r.fail("I5: call %s with a key was answered\n%s\nand then\n%s", a.own, a.answer.text, got.text)
	case got.ok() && got.deposit()+int64(got.BuyID) != 0:
		r.fail("I5: call %s had an effect twice:\n%s\n%s", a.own, a.answer.text, got.text)
	}
	for _, one := range got.Purchased { // of a batch, what was refused before may be bought now
		for _, before := range a.answer.Purchased {
			if !replayed && one.Own == before.Own {
				r.fail("I5: %s is bought twice:\n%s\n%s", one.Own, a.answer.text, got.text)
			}
		}
		s.purchases = append(s.purchases, ack{int64(one.BuyID), one.Own})
	}
}

// A kept answer may be gone two days later by the true clock, less what clocks
// are apart. A clock that is far ahead ages it by two hours at most in each round
// of upkeep, so before that many rounds it is there as well.
const (
	keyRounds = 24
	keyKept   = 47 * time.Hour
)

// clientFaults are the ways of F7.
var clientFaults = []*kind{
	{name: "F7 the same call many times", at: atOnce, now: func(r *run) bool {
		s := r.anyShop()
		if len(s.asked) == 0 {
			return false
		}
		a := s.asked[len(s.asked)-1]
		for range 2 + r.rng.IntN(4) {
			r.again(s, a)
		}
		return true
	}},
	{name: "F7 the same call later", at: atOnce, now: func(r *run) bool {
		s := r.anyShop()
		for _, a := range s.asked {
			if r.clock.steam.Sub(a.at) > time.Hour {
				r.again(s, a)
				return true
			}
		}
		return false
	}},
	{name: "F7 another call with the same key", at: atOnce, now: func(r *run) bool {
		s := r.anyShop()
		for _, a := range s.asked {
			if a.key != "" && a.answer.ok() && r.clock.steam.Sub(a.at) < time.Hour {
				if got := r.call(s, a.key, strings.Replace(a.body, a.own, a.own+"-other", 1)); got.ok() {
					r.fail("I5: key %s was taken for another call: %s", a.key, got.text)
				}
				return true
			}
		}
		return false
	}},
	{name: "F7 half a body", at: atOnce, now: func(r *run) bool {
		body := `{"method":"create","order_id":"half"}`
		if a := r.call(r.anyShop(), "", body[:len(body)/2]); a.ok() {
			r.fail("half a body was taken: %s", a.text)
		}
		return true
	}},
	{name: "F7 leaves before the answer", at: atOnce, now: func(r *run) bool {
		s := r.anyShop()
		s.orders++
		ctx, leave := context.WithCancel(r.ctx)
		leave()
		own := s.own()
		body := fmt.Sprintf(`{"method":"create","order_id":"%s"}`, own)
		a := r.callIn(ctx, s, "", body)
		s.asked = append(s.asked, asked{own: own, body: body, answer: a, at: r.clock.steam})
		return true
	}},
	{name: "F7 calls in another order", at: atOnce, now: func(r *run) bool {
		s := r.anyShop()
		s.orders++
		own := s.own()
		r.call(s, "", fmt.Sprintf(`{"method":"orderstatus","order_id":"%s"}`, own))
		r.call(s, "", fmt.Sprintf(`{"method":"offer_approve","order_id":"%s"}`, own))
		if a := r.call(s, "", fmt.Sprintf(`{"method":"create","order_id":"%s"}`, own)); a.ok() {
			s.deposits = append(s.deposits, ack{a.deposit(), own})
		}
		return true
	}},
}
