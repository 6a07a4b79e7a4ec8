package deposit_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// What a merchant hears of a payer is his history in all projects before the
// deposit that is held.
func TestHeldDepositTellsThePayersHistory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		first := w.walk(w.choose("inv-1", steam.CS2, "2"), path(trade.Sending, trade.Active, trade.Accepted))
		w.now = w.now.Add(time.Hour)
		w.walk(w.choose("inv-2", steam.Rust, "5"), path(trade.Sending, trade.Active, trade.Accepted, trade.Settled))
		w.walk(first, path(trade.Reversed))
		w.walk(w.choose("inv-3", steam.CS2, "1"), path(trade.Sending, trade.Active, trade.Declined))
		w.now = w.now.Add(time.Hour)
		last := w.walk(w.choose("inv-4", steam.CS2, "1"), path(trade.Sending, trade.Active, trade.Accepted))
		var held []deposit.Risk
		for _, e := range w.log() {
			var c deposit.Changed
			if e.Kind != event.DepositChanged {
				continue
			}
			w.ok(json.Unmarshal(e.Body, &c))
			if (c.Risk != nil) != (c.State == deposit.Held) {
				t.Errorf("%s: risk %v", c.State, c.Risk)
			}
			if c.Risk != nil {
				held = append(held, *c.Risk)
			}
		}
		if len(held) != 2 || held[0].Deposits != 0 || held[0].Last != 0 || held[0].Joined != noon.Unix() {
			t.Fatalf("%+v", held)
		}
		r := held[1]
		if r.Deposits != 2 || r.DepositsSum != 21350+5005 || r.Rollbacks != 1 || r.RollbacksSum != 21350 || r.Last == 0 ||
			r.Last >= last.SkinsAt.Unix() || len(r.Inventories) != 2 {
			t.Errorf("%+v", r)
		}
	})
}
