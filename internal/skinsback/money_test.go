package skinsback

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/money"
)

const period = `"starting":1767225600,"ending":1767312000`

func (w *world) transfer(project int64, d cash.Direction, m money.Amount, ref string) cash.Booking {
	w.t.Helper()
	b, _, err := w.cash.Propose(w.t.Context(), cash.Proposal{Project: project, Direction: d, Amount: m, Ref: ref, By: "ann"}, w.now)
	w.ok(err)
	return b
}

func TestMoneyHistoryListsWhatCameInAndWentOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	golden(t, "money_none.json", w.post(`{"method":"money_history",`+period+`}`))
	w.transfer(shop, cash.In, 250_000, "wire-1")
	w.transfer(stranger, cash.In, 1, "wire-1")
	w.now = w.now.Add(time.Hour)
	w.transfer(shop, cash.Out, 99_505, "payout-1")
	large := w.transfer(shop, cash.Out, 1_500_000, "payout-2")
	gone := w.transfer(shop, cash.In, 2_000_000, "wire-2")
	_, err := w.cash.Reject(t.Context(), gone.ID, "bob", "never came", w.now)
	w.ok(err)
	golden(t, "money.json", w.post(`{"method":"money_history",`+period+`}`))
	golden(t, "balance_paying_out.json", w.post(`{"method":"balance"}`))
	_, err = w.cash.Approve(t.Context(), large.ID, "bob", "", w.now)
	w.ok(err)
	after := w.post(`{"method":"money_history",` + period + `}`)
	golden(t, "money_paid_out.json", after)
	golden(t, "balance_paid_out.json", w.post(`{"method":"balance"}`))
	for _, same := range []string{`{"method":"balance_history",` + period + `}`, `{"method":"money_history","starting":"1767225600","ending":1767312e3}`,
		`{"method":"money_history","starting":0,"ending":99999999999999999999,"start_from":"x"}`, `{"method":"money_history",` + period + `,"start_from":-1}`,
		`{"method":"money_history",` + period + `,"start_from":9007199254740992}`, `{"method":"money_history",` + period + `,"start_from":[1]}`} {
		if got := w.post(same); got != after {
			t.Errorf("%s: %s", same, got)
		}
	}
	text := "ending:1767312000;method:balance_history;shopid:4021;starting:1767225600;"
	if got := w.signed("method=balance_history&shopid=4021&starting=1767225600&ending=1767312000", text); got != after {
		t.Errorf("as a form: %s", got)
	}
	if got := w.post(`{"method":"money_history","starting":1767225601,"ending":1767229200}`); !strings.Contains(got, `"total_count":3,`) {
		t.Errorf("bounds: %s", got) // ending is included
	}
}

func TestMoneyHistoryNeedsAPeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	errors := map[string]string{}
	for _, params := range []string{``, `,"starting":1`, `,"ending":1`, `,"starting":"","ending":1`, `,"starting":null,"ending":1`, `,"starting":"yesterday","ending":1`,
		`,"starting":-5,"ending":2`, `,"starting":[1],"ending":2`, `,"starting":true,"ending":2`, `,"starting":1,"ending":"+2"`, `,"starting":1,"ending":"1e9"`} {
		got := w.post(`{"method":"money_history"` + params + `}`)
		n, name := code(t, got)
		if n != 1 || name != "missing_starting_or_ending" {
			t.Errorf("%s: %s", params, got)
		}
		errors[fmt.Sprint(n, " ", name)] = withoutDetail(t, got)
	}
	golden(t, "money_errors.txt", lines(errors))
	got := w.signed("method=money_history&shopid=4021&starting=1%3Bending:5&ending=1767312000",
		"ending:1767312000;method:money_history;shopid:4021;starting:1;ending:5;")
	if n, _ := code(t, got); n != 1 {
		t.Errorf("ambiguous signature: %s", got)
	}
	if n, _ := code(t, w.send(`{"method":"money_history"}`, http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {"no"}})); n != -3 {
		t.Error("the history is open to everybody")
	}
}

func TestMoneyHistoryIsReadPageByPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.db.Write(t.Context(), func(tx *db.Tx) error {
		for i := range pageSize + 2 {
			p := cash.Proposal{Project: shop, Direction: cash.In, Amount: 10, Ref: fmt.Sprint("wire-", i), By: "ann"}
			if _, _, err := w.cash.ProposeTx(t.Context(), tx, p, w.now); err != nil {
				return err
			}
		}
		return nil
	}))
	type page struct {
		Total int64 `json:"total_count"`
		More  bool  `json:"has_more"`
		From  int64 `json:"start_from"`
		Items []struct{ ID string }
	}
	seen := map[string]bool{}
	read := func(from int64) (p page) {
		t.Helper()
		w.ok(json.Unmarshal([]byte(w.post(fmt.Sprintf(`{"method":"money_history",%s,"start_from":%d}`, period, from))), &p))
		for _, it := range p.Items {
			seen[it.ID] = true
		}
		return p
	}
	first := read(0)
	if first.Total != pageSize+2 || !first.More || len(first.Items) != pageSize || first.From != 3 {
		t.Errorf("first page: %d of %d, more %v, start_from %d", len(first.Items), first.Total, first.More, first.From)
	}
	w.transfer(shop, cash.In, 10, "later") // what is newer does not move the pages
	second := read(first.From)
	if second.Total != pageSize+3 || second.More || len(second.Items) != 2 || second.From != 1 || len(seen) != pageSize+2 {
		t.Errorf("second page: %d of %d, more %v, start_from %d; %d seen", len(second.Items), second.Total, second.More, second.From, len(seen))
	}
	if over := read(second.From); over.More || len(over.Items) != 0 || over.From != 1 {
		t.Errorf("after the last page: %+v", over)
	}
}
