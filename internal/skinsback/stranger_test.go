package skinsback

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// asStranger sends what another project asks, under a key where there is one.
func (w *world) asStranger(body, key string) string {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api.php", strings.NewReader(body))
	r.Header = http.Header{"X-Client-Id": {strconv.Itoa(stranger)}, "X-Client-Secret": {"other secret"}}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return w.serve(r)
}

// I24: who asks with an id of another project's gets, byte for byte, what he
// gets for an id that nobody has, from every method that takes one; what is
// his own he may name as they did; and nothing of theirs changes.
func TestStrangerNeitherSeesNorChangesWhatIsNotHis(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorldOn(t, d)
		deposit := w.choose("theirs", "31000000001")
		bought := w.post(`{"method":"market_buy","partner":"123456789","token":"aB3dE5_-","name":"` + sandDune + `","custom_id":"theirs"}`)
		if n, _ := code(t, bought); n != 0 {
			t.Fatal(bought)
		}
		ours := func() (all string) {
			for _, ask := range []string{`orders","starting":0,"ending":1767229200`, `market_history","starting":0,"ending":1767229200`,
				`money_history","starting":1,"ending":1767229200`, `balance"`, `callback_error_list"`, `market_getinfo","custom_ids":["theirs"]`,
				fmt.Sprintf(`orderstatus","transaction_id":%d`, deposit.ID)} {
				all += w.post(`{"method":"`+ask+`}`) + "\n"
			}
			return all
		}
		before := ours()
		if strings.Count(before, "theirs") < 4 {
			t.Fatalf("too little is to be seen:\n%s", before)
		}

		const unknown = "900719925474099"
		ids := map[string][2]string{ // what takes the id, with theirs and with nobody's
			"transaction_id": {strconv.FormatInt(deposit.ID, 10), unknown}, "order_id": {`"theirs"`, `"nobody's"`},
			"buy_id": {"1", unknown}, "buy_ids": {"[1]", "[" + unknown + "]"}, "custom_ids": {`["theirs"]`, `["nobody's"]`},
		}
		asked := 0
		for _, name := range slices.Sorted(maps.Keys(w.door.methods)) {
			m := w.door.methods[name]
			if m.effect {
				continue // makes something of his own
			}
			for _, p := range m.params {
				id, takes := ids[p.name]
				if !takes {
					continue
				}
				asked++
				ask := `{"method":"` + name + `","` + p.name + `":`
				if theirs, nobodys := w.asStranger(ask+id[0]+"}", ""), w.asStranger(ask+id[1]+"}", ""); theirs != nobodys {
					t.Errorf("%s by %s: %s for theirs, %s for nobody's", name, p.name, theirs, nobodys)
				}
			}
		}
		if asked < 7 {
			t.Errorf("only %d parameters that name something", asked)
		}
		for _, ask := range []string{`{"method":"orders","starting":0,"ending":1767229200}`, `{"method":"market_history","starting":0,"ending":1767229200}`,
			`{"method":"money_history","starting":1,"ending":1767229200}`, `{"method":"callback_error_list"}`} {
			if got := w.asStranger(ask, ""); strings.Contains(got, "theirs") {
				t.Errorf("%s: %s", ask, got)
			}
		}

		first := w.asStranger(`{"method":"create","order_id":"theirs"}`, "theirs")
		if n, _ := code(t, first); n != 0 || strings.Contains(first, fmt.Sprintf(`"transaction_id":%d,`, deposit.ID)) {
			t.Errorf("an order of his own: %s", first)
		}
		if got := w.asStranger(`{"method":"market_buy","partner":"123456789","token":"aB3dE5_-","name":"`+sandDune+`","custom_id":"theirs"}`, ""); !strings.Contains(got, "insufficient") {
			t.Errorf("bought by who has nothing: %s", got)
		}
		if after := ours(); after != before {
			t.Errorf("theirs was\n%s\nand is\n%s", before, after)
		}
	})
}
