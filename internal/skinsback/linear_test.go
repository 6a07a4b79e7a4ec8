package skinsback

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// What callers of one account see at the same time must be what they could have
// seen one after the other, each between its call and its answer. Histories are
// recorded over HTTP and given to a checker with the sequential account below.

// step is one call; which purchase it is about stands in custom.
type step struct {
	do     string // buy, balance, info, in, fail
	custom int
	amount int
}

// account is the sequential model: what is available, and a letter for each
// custom id: nothing yet, held, refunded.
type account struct {
	balance int
	custom  string
}

const (
	customs = 24
	cost    = 410 // of a sand, in thousandths
	free    = '.'
	held    = 'b'
	ended   = 'f'
)

func (a account) set(custom int, state byte, more int) account {
	b := []byte(a.custom)
	b[custom] = state
	return account{a.balance + more, string(b)}
}

// after is what the account may answer to a step, and what it is then.
func (a account) after(s step, answer string) (bool, account) {
	state := a.custom[s.custom]
	switch s.do {
	case "buy":
		switch {
		case state != free:
			return answer == "duplicate", a
		case a.balance < cost:
			return answer == "no money", a
		}
		return answer == "bought", a.set(s.custom, held, -cost)
	case "fail": // the bot finds that Steam refuses; only of what is known to be bought
		return state == held, a.set(s.custom, ended, cost)
	case "info":
		return answer == map[byte]string{free: "offer_not_found", held: "creating_trade", ended: "failed"}[state], a
	case "in":
		return true, account{a.balance + s.amount, a.custom}
	}
	return answer == strconv.Itoa(a.balance), a
}

var sequential = porcupine.Model{
	Init: func() any { return account{0, strings.Repeat(string(free), customs)} },
	Step: func(state, input, output any) (bool, any) {
		return state.(account).after(input.(step), output.(string))
	},
	DescribeOperation: func(input, output any) string {
		return fmt.Sprintf("%+v → %v", input, output)
	},
}

// possible reports whether the history of one account could have been
// sequential.
func possible(t *testing.T, history []porcupine.Operation) bool {
	t.Helper()
	result := porcupine.CheckOperationsTimeout(sequential, history, time.Minute)
	if result == porcupine.Unknown {
		t.Fatal("the checker did not finish")
	}
	return result == porcupine.Ok
}

// recorder calls the gateway for one project and keeps the history.
type recorder struct {
	t       *testing.T
	w       *world
	url     string
	project int64
	began   time.Time
	mu      sync.Mutex
	history []porcupine.Operation
	trades  map[int]int64 // purchases by custom id, known to be bought
}

func (r *recorder) record(client int, s step, call func() string) {
	began := time.Since(r.began).Nanoseconds()
	answer := call()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, porcupine.Operation{ClientId: client, Input: s, Call: began, Output: answer, Return: time.Since(r.began).Nanoseconds()})
}

// ask posts to the merchant API.
func (r *recorder) ask(body string) map[string]any {
	q, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+"/api.php", strings.NewReader(body))
	if err == nil {
		q.Header = http.Header{"X-Client-Id": {fmt.Sprint(r.project)}, "X-Client-Secret": {shopKey}, "Content-Type": {"application/json"}}
		var a *http.Response
		if a, err = http.DefaultClient.Do(q); err == nil {
			var text []byte
			text, err = io.ReadAll(a.Body)
			_ = a.Body.Close()
			d := json.NewDecoder(bytes.NewReader(text))
			d.UseNumber()
			var m map[string]any
			if err == nil && d.Decode(&m) == nil {
				return m
			}
		}
	}
	r.t.Errorf("%s: %v", body, err)
	return map[string]any{}
}

// client makes its calls one after the other.
func (r *recorder) client(n, calls int, random *rand.Rand) {
	for i := range calls {
		s := step{do: []string{"buy", "buy", "buy", "balance", "balance", "info", "in", "fail"}[random.IntN(8)], custom: random.IntN(customs)}
		switch s.do {
		case "buy":
			r.record(n, s, func() string { return r.buy(s.custom) })
		case "balance":
			r.record(n, step{do: "balance"}, func() string { return thousandths(fmt.Sprint(r.ask(`{"method":"balance"}`)["balance"])) })
		case "info":
			r.record(n, s, func() string { return r.info(s.custom) })
		case "in":
			s = step{do: "in", amount: 100 * (1 + random.IntN(9))}
			r.record(n, s, func() string { return r.payIn(fmt.Sprintf("%d-%d", n, i), s.amount) })
		case "fail":
			if custom, id, ok := r.pick(); ok {
				r.record(n, step{do: "fail", custom: custom}, func() string { return r.fail(id) })
			}
		}
	}
}

func (r *recorder) buy(custom int) string {
	got := r.ask(fmt.Sprintf(`{"method":"market_buy",%s,"name":%q,"custom_id":"c-%d"}`, partner, sandDune, custom))
	switch got["error_message"] {
	case nil:
		id, _ := strconv.ParseInt(fmt.Sprint(got["buy_id"]), 10, 64)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.trades[custom] = id
		return "bought"
	case "custom_id_already_exists":
		return "duplicate"
	case "insufficient_funds":
		return "no money"
	}
	r.t.Errorf("project %d, custom %d: an answer that no account gives: %v", r.project, custom, got)
	return fmt.Sprint(got)
}

func (r *recorder) info(custom int) string {
	got := r.ask(fmt.Sprintf(`{"method":"market_getinfo","custom_ids":["c-%d"]}`, custom))
	if items, _ := got["items"].([]any); len(items) == 1 {
		status := fmt.Sprint(items[0].(map[string]any)["offer_status"])
		if status != "creating_trade" {
			status = "failed"
		}
		return status
	}
	return "offer_not_found"
}

func (r *recorder) payIn(ref string, amount int) string {
	_, _, err := r.w.cash.Propose(r.t.Context(), cash.Proposal{Project: r.project, Direction: cash.In, Amount: money.Amount(amount), Ref: ref, By: "ann"}, start)
	if err != nil {
		r.t.Error(err)
	}
	return "paid"
}

// pick takes a purchase that nobody has failed.
func (r *recorder) pick() (custom int, id int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for custom, id = range r.trades {
		delete(r.trades, custom)
		return custom, id, true
	}
	return 0, 0, false
}

// fail ends a purchase as a bot does whose offer Steam refuses.
func (r *recorder) fail(purchase int64) string {
	var id int64
	err := r.w.db.Read().QueryRowContext(r.t.Context(), "select id from trade where owner = $1", fmt.Sprint("purchase/", purchase)).Scan(&id)
	if err == nil {
		var t trade.Trade
		if t, err = r.w.trades.ByID(r.t.Context(), id); err == nil {
			_, err = r.w.trades.Move(r.t.Context(), t, trade.Failed, trade.Change{Reason: "refused"}, start)
		}
	}
	if err != nil {
		r.t.Error(err)
	}
	return "failed"
}

// thousandths reads a decimal with two or three digits.
func thousandths(text string) string {
	whole, frac, _ := strings.Cut(text, ".")
	n, err := strconv.Atoi(whole + (frac + "000")[:3])
	if err != nil {
		return text
	}
	return strconv.Itoa(n)
}

// histories is how many are recorded on each database; SKINRAIL_HISTORIES sets
// another dose.
func histories(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SKINRAIL_HISTORIES")
	if text == "" {
		return 16
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		t.Fatalf("SKINRAIL_HISTORIES: %q", text)
	}
	return n
}

func TestHistoriesOfAnAccountAreLinearizable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const clients, calls, abreast = 5, 32, 4
		w := newWorldOn(t, d)
		server := httptest.NewServer(w.door.Handler())
		t.Cleanup(server.Close)
		seed := uint64(time.Now().UnixNano())
		n, operations, doctored := histories(t), 0, 0
		done, watched := make(chan struct{}), make(chan int)
		go func() { watched <- w.watchSums(done) }()
		for first := 0; first < n; first += abreast {
			var some [abreast]*recorder
			var wg sync.WaitGroup
			for i := range some {
				some[i] = w.recorder(t, server.URL, int64(100_000+first+i))
				for c := range clients {
					wg.Go(func() { some[i].client(c, calls, rand.New(rand.NewPCG(seed, uint64((first+i)*clients+c)))) })
				}
			}
			wg.Wait()
			for _, r := range some {
				operations += len(r.history)
				if !possible(t, r.history) {
					t.Errorf("seed %d, project %d: not linearizable:\n%s", seed, r.project, written(r.history))
				}
				doctored += doctor(t, r.history)
			}
		}
		close(done)
		t.Logf("%s: %d histories of one account, %d operations, all linearizable; %d doctored ones, none is; sums were zero in each of %d reads",
			d.Engine(), n, operations, doctored, <-watched)
	})
}

// recorder makes a project, with the goods for it.
func (w *world) recorder(t *testing.T, url string, project int64) *recorder {
	t.Helper()
	p := w.project(project)
	_, _, err := w.merchants.Add(t.Context(), merchant.NewProject{Project: p, ClientSecret: shopKey, WebhookSecret: hookKey}, start)
	w.ok(err)
	var goods []steam.Item
	for i := range 2 * customs {
		goods = append(goods, asset(fmt.Sprintf("5%d%04d", project, i), sandDune))
	}
	bot := steam.ID64(76561198000000000 + project)
	w.ok(w.fleet.Add(t.Context(), fleet.NewBot{ID: bot, AccountName: fmt.Sprint("desk", project)}, start))
	w.ok(w.fleet.Enable(t.Context(), bot, true, time.Now()))
	w.ok(w.fleet.Report(t.Context(), bot, fleet.Ready, "", start))
	w.ok(w.fleet.SyncItems(t.Context(), bot, steam.CS2, steam.ContextMain, goods, start))
	return &recorder{t: t, w: w, url: url, project: project, began: time.Now(), trades: map[int]int64{}}
}

// watchSums reads all balances at once, again and again: money that is on its
// way must never be seen twice, or nowhere. It returns how often.
func (w *world) watchSums(done chan struct{}) (n int) {
	const query = `select sum(a.balance), sum(case when a.path like '%/in_delivery' then a.balance else 0 end)
		- (select coalesce(sum(h.amount), 0) from hold h where h.state = 'open') from account a`
	for {
		select {
		case <-done:
			return n
		default:
		}
		var sum, held int64
		if err := w.db.Read().QueryRowContext(w.t.Context(), query).Scan(&sum, &held); err != nil || sum != 0 || held != 0 {
			w.t.Errorf("balances sum to %d, in delivery less open holds to %d: %v", sum, held, err)
			return n
		}
		n++
		time.Sleep(time.Millisecond)
	}
}

func written(history []porcupine.Operation) string {
	var b strings.Builder
	for _, o := range history {
		fmt.Fprintf(&b, "%10d %10d  client %d  %s\n", o.Call/1000, o.Return/1000, o.ClientId, sequential.DescribeOperation(o.Input, o.Output))
	}
	return b.String()
}
