package skinsback

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestBatchBuysEachForItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hostile = true
	dune, awp := w.itemID(sandDune), w.itemID(capillary)
	w.post(`{"method":"market_buy",` + partner + `,"name":"` + karambit + `","custom_id":"used"}`)
	batch := func(items string) string {
		return w.post(`{"method":"market_batch_buy",` + partner + `,"items":[` + items + `]}`)
	}
	golden(t, "batch.json", batch(fmt.Sprintf(`{"id":%s,"max_price":0.5,"custom_id":"wd-78"},{"id":"%s","max_price":"21.349"},{"id":%s,"custom_id":"used"},`+
		`{"id":%s},{"id":999,"custom_id":"wd-79"},{"id":%s,"custom_id":"wd-78"},{"id":"x"},{"max_price":1},{"id":%s,"max_price":-1},{"id":%s,"custom_id":[1]}`,
		dune, awp, awp, dune, awp, awp, awp)))
	golden(t, "batch_events.txt", w.framesOf(2))
	golden(t, "batch_none.json", batch(`{"id":999}`))
	if got := w.post(`{"method":"balance"}`); !strings.Contains(got, `"balance":"1327.44"`) {
		t.Error(got)
	}
	form := url.Values{"method": {"market_batch_buy"}, "partner": {"123456789"}, "token": {"aB3dE5_-"}, "items[0][id]": {awp},
		"items[0][max_price]": {"21.35"}, "items[1][id]": {"998"}}
	got := w.send(form.Encode(), http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}})
	golden(t, "batch_form.json", got)
}

func TestBatchRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hundred := strings.Repeat(`{"id":999},`, 99) + `{"id":999}`
	before := w.counts()
	answers := map[string]string{}
	for params, want := range map[string]string{
		``: "1 missing_items", partner: "1 missing_items", partner + `,"items":[]`: "1 missing_items", partner + `,"items":{}`: "1 missing_items",
		partner + `,"items":"1"`: "1 missing_items", partner + `,"items":[1]`: "1 missing_items", partner + `,"items":[[{"id":1}]]`: "1 missing_items",
		partner + `,"items":[` + hundred + `,{"id":1}]`: "1 missing_items", partner + `,"items":[null]`: "1 missing_items",
		`"items":[{"id":1}]`: "3 missing_partner_or_token", `"partner":"1","items":[{"id":1}]`: "3 missing_partner_or_token",
		`"partner":"1","token":"short","items":[{"id":1}]`:             "3 missing_partner_or_token",
		`"partner":"0","token":"aB3dE5_-","items":[{"id":1}]`:          "8 invalid_partner_value",
		`"partner":"4294967296","token":"aB3dE5_-","items":[{"id":1}]`: "8 invalid_partner_value",
	} {
		body := `{"method":"market_batch_buy",` + params + `}`
		if params == "" {
			body = `{"method":"market_batch_buy"}`
		}
		got := w.post(body)
		n, name := code(t, got)
		if fmt.Sprint(n, " ", name) != want {
			t.Errorf("%.80s: %s", params, got)
		}
		answers[want] = withoutDetail(t, got)
	}
	golden(t, "batch_errors.txt", lines(answers))
	if got := w.post(`{"method":"market_batch_buy",` + partner + `,"items":[` + hundred + `]}`); strings.Count(got, "skin_unavailable") != 100 {
		t.Errorf("a hundred: %s", got)
	}
	if after := w.counts(); after != before {
		t.Errorf("something changed: %s, was %s", after, before)
	}
}

func TestBatchStopsAtTheMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pay(stranger, 800) // one of the two costs 0.41
	items := w.itemIDs(sandDune)
	got := w.send(fmt.Sprintf(`{"method":"market_batch_buy",%s,"items":[{"id":%s},{"id":%s}]}`, partner, items[0], items[1]),
		http.Header{"X-Client-Id": {fmt.Sprint(stranger)}, "X-Client-Secret": {"other secret"}})
	if strings.Count(got, `"buy_id"`) != 1 || !strings.Contains(got, `"unavailable":[{"id":"`+items[1]+`","custom_id":"","error_code":4,"error_message":"insufficient_funds"}]`) {
		t.Error(got)
	}
}

func (w *world) itemIDs(name string) (ids []string) {
	w.t.Helper()
	rows, err := w.db.Read().QueryContext(w.t.Context(), "select id from bot_item where name = $1 order by id", name)
	w.ok(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		w.ok(rows.Scan(&id))
		ids = append(ids, id)
	}
	w.ok(rows.Err())
	return ids
}
