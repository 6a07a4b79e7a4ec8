package skinsback

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/trade"
)

func TestOrdersAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foreign()
	golden(t, "orders_none.json", w.post(`{"method":"orders","starting":0,"ending":4102444800}`))
	held := w.choose("inv-1001", "31000000001")
	w.walk(held.TradeID, trade.Sending, trade.Active, trade.Accepted)
	last := w.open("inv-1002")
	golden(t, "orders.json", w.post(`{"method":"orders","starting":1767225600,"ending":1767290000}`))
	for params, want := range map[string]int{
		`"starting":"1767225600","ending":"1767225600.5"`:                1, // the whole second counts
		`"starting":1767225601,"ending":1767290000`:                      1,
		fmt.Sprintf(`"starting":0,"ending":%d`, last.CreatedAt.Unix()):   2,
		fmt.Sprintf(`"starting":0,"ending":%d`, last.CreatedAt.Unix()-1): 1,
		`"starting":1767290000,"ending":1767225600`:                      0,
		`"starting":0,"ending":1` + strings.Repeat("0", 300):             2,
		`"starting":99999999999999999,"ending":99999999999999999`:        0,
		`"starting":0,"ending":1767225599`:                               0,
		`"starting":0,"ending":1e12,"start_from":"x"`:                    2,
		`"starting":0,"ending":1e12,"start_from":-5`:                     2,
		`"starting":0,"ending":1e12,"start_from":9007199254740993`:       2,
		`"starting":0,"ending":1e12,"start_from":"2"`:                    1,
		`"starting":0,"ending":1e12,"start_from":1`:                      0,
	} {
		if got := len(page(t, w.post(`{"method":"orders",`+params+`}`)).Items); got != want {
			t.Errorf("%s: %d orders, want %d", params, got, want)
		}
	}
}

type listed struct {
	Total json.RawMessage   `json:"total_count"`
	More  bool              `json:"has_more"`
	Start int64             `json:"start_from"`
	Items []json.RawMessage `json:"items"`
}

func page(t *testing.T, answer string) (l listed) {
	t.Helper()
	if err := json.Unmarshal([]byte(answer), &l); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	return l
}

func TestListsRefuseAWindowThatIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	errors := map[string]string{}
	for _, method := range []string{"orders", "market_history"} {
		for _, params := range []string{``, `,"starting":0`, `,"ending":0`, `,"starting":"","ending":5`, `,"starting":-1,"ending":5`,
			`,"starting":[0],"ending":5`, `,"starting":true,"ending":5`, `,"starting":"1e3","ending":5`, `,"starting":"today","ending":"tomorrow"`} {
			got := withoutDetail(t, w.post(`{"method":"`+method+`"`+params+`}`))
			if got != `{"status":"error","error_code":1,"error_message":"missing_starting_or_ending"}` {
				t.Errorf("%s%s: %s", method, params, got)
			}
			errors[method+" 1 missing_starting_or_ending"] = got
		}
	}
	golden(t, "list_errors.txt", lines(errors))
}

// Following start_from while has_more says so visits every row once, also rows
// that come in meanwhile at the front.
func TestPagesVisitEveryRowOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const rows = pageSize*2 + 5
	for i := range rows {
		w.now = w.now.Add(time.Second)
		w.open(fmt.Sprint("order-", i))
	}
	seen := map[string]bool{}
	var pages []string
	for start, more := int64(0), true; more; {
		p := page(t, w.post(fmt.Sprintf(`{"method":"orders","starting":1767225602,"ending":4102444800,"start_from":%d}`, start)))
		for _, it := range p.Items {
			seen[string(it)] = true
		}
		pages = append(pages, fmt.Sprintf("%d of %s", len(p.Items), p.Total))
		start, more = p.Start, p.More
		if len(pages) == 1 {
			w.open("meanwhile")
		}
	}
	if got := strings.Join(pages, ", "); got != "1000 of 2004, 1000 of 2005, 4 of 2005" || len(seen) != 2004 {
		t.Errorf("pages %s, %d rows", got, len(seen))
	}
}

func TestPurchasesAreListedAsStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	golden(t, "history_none.json", w.post(`{"method":"market_history","starting":0,"ending":4102444800}`))
	first := w.buy("wd-1")
	w.walk(w.tradeOf(first), trade.Sending, trade.Active)
	w.buy("")
	golden(t, "history.json", w.post(`{"method":"market_history","starting":"1767200000","ending":1767290000}`))
	p := page(t, w.post(`{"method":"market_history","starting":0,"ending":4102444800,"start_from":2}`))
	one := w.post(fmt.Sprintf(`{"method":"market_getinfo","buy_id":%d}`, first.ID))
	if len(p.Items) != 1 || !strings.Contains(one, strings.Trim(string(p.Items[0]), "{}")) {
		t.Errorf("%s is not %s", p.Items, one)
	}
}

func TestUndeliveredNotificationsAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	golden(t, "callback_errors_none.json", w.post(`{"method":"callback_error_list"}`))
	for i, encoding := range []string{"json", "form"} {
		w.settings(func(p *merchant.Project) { p.WebhookEncoding, p.ResultURL = encoding, "https://127.0.0.1:443/" })
		order := fmt.Sprintf("inv-★ %d", i)
		d := w.choose(order, "31000000001")
		w.walk(d.TradeID, trade.Sending, trade.Active, trade.Declined)
	}
	w.buy("") // events of the other endpoint are not listed
	for worked := true; worked; {
		var err error
		worked, err = w.webhooks.FanOut(t.Context(), w.now)
		w.ok(err)
	}
	for claimed := true; claimed; {
		due, err := w.webhooks.Claim(t.Context(), w.now, noon, 100)
		w.ok(err)
		for _, d := range due {
			w.ok(w.webhooks.Attempt(t.Context(), d, w.now, noon)) // the guard refuses the address
		}
		claimed = len(due) > 0
	}
	golden(t, "callback_errors.json", w.post(`{"method":"callback_error_list","start_from":0}`))
	if p := page(t, w.post(`{"method":"callback_error_list","start_from":1}`)); len(p.Items) != 0 || p.More {
		t.Errorf("below the first: %+v", p)
	}
}
