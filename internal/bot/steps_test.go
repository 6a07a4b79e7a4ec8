package bot_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/trade"
)

// steps carries out a trade in steps of ten minutes, and wants a state of ours
// in each of Steam's statuses 0 to 3.
func (st *stage) steps(d *db.DB, want [4]trade.State) (ids []int64) {
	st.t.Helper()
	st.tell("settings", `{"trade_steps":"10m"}`)
	ids = st.buy(d, 1)
	for status, state := range want {
		st.run()
		if n := st.states(ids); n[state] != 1 {
			st.t.Errorf("status %d: %v, want %s", status, n, state)
		}
		st.pass(10*time.Minute, 0)
	}
	return ids
}

// A trade that Steam carries out in steps counts from the moment when its items
// are here, and settles only when Steam calls it complete.
func TestATradeOnItsWayIsNotSettled(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		ids := st.steps(d, [4]trade.State{trade.Active, trade.Active, trade.Accepted, trade.Accepted})
		st.pass(bot192, 0)
		st.run()
		if n := st.states(ids); n[trade.Settled] != 1 {
			t.Errorf("in the end: %v", n)
		}
	})
}

func TestAnUnprotectedTradeOnItsWayIsNotSettled(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		st.unprotected(d)
		st.steps(d, [4]trade.State{trade.Active, trade.Active, trade.Active, trade.Settled})
	})
}

// unprotected is a Steam whose trades are irreversible at once.
func (st *stage) unprotected(d *db.DB) {
	st.t.Helper()
	st.tell("settings", `{"protected":{"730":"0s"}}`)
	st.must(d.Write(st.t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(st.t.Context(), "delete from protected_app")
		return err
	}))
	st.must(st.fleet.Protect(st.t.Context())) // read again
}

// A trade that nothing protects is accepted and settled in one breath. Whoever
// dies in between leaves it to the next step, not to the offer's deadline.
func TestWhatNothingProtectsIsSettledAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		st.unprotected(d)
		ids := st.buy(d, 1)
		st.trades.Register("test", refuser{&ids[0]})
		st.turns(2)
		if n := st.states(ids); n[trade.Accepted] != 1 {
			t.Fatalf("interrupted: %v", n)
		}
		st.trades.Register("test", owner{})
		st.turns(1)
		if n := st.states(ids); n[trade.Settled] != 1 {
			t.Errorf("a minute later: %v", n)
		}
	})
}

// Until Steam calls a trade complete it does not settle, however late it is; it
// fails when Steam says so.
func TestATradeThatIsNeverCompleteDoesNotSettle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		st.tell("settings", `{"trade_steps":"1000h"}`)
		ids := st.buy(d, 2)
		for range 3 { // to status 2, in which it stays
			st.run()
			st.pass(1000*time.Hour, 0)
		}
		st.pass(-100*time.Hour, 0)
		st.run()
		if n := st.states(ids); n[trade.Accepted] != 2 {
			t.Errorf("five weeks under way: %v", n)
		}
		one, err := st.trades.ByID(t.Context(), ids[0])
		st.must(err)
		st.tell(fmt.Sprintf("trades/%s/status", one.SteamTrade), `{"status":4}`)
		st.run()
		if n := st.states(ids); n[trade.Failed] != 1 || n[trade.Accepted] != 1 {
			t.Errorf("one failed on its way: %v", n)
		}
	})
}
