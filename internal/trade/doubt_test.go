package trade_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// A restored database does not know what was sent after the backup.
func TestDoubtedTradesAreReadBackFromTheBeginning(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := trade.New(d)
		s.Register("test", &owner{})
		for _, name := range []string{"test/1", "test/2", "test/3"} {
			if _, err := want(t, d, s, name); err != nil {
				t.Fatal(err)
			}
		}
		live := func() map[string]trade.Trade {
			all, err := s.Open(t.Context(), steam.FromAccount(1))
			if err != nil {
				t.Fatal(err)
			}
			by := map[string]trade.Trade{}
			for _, one := range all {
				by[one.Owner] = one
			}
			return by
		}
		move := func(t2 trade.Trade, to trade.State) trade.Trade {
			next, err := s.Move(t.Context(), t2, to, trade.Change{}, noon)
			if err != nil {
				t.Fatal(err)
			}
			return next
		}
		unknown := move(move(live()["test/2"], trade.Sending), trade.Unknown)
		if _, err := s.Missed(t.Context(), unknown, noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		move(move(live()["test/3"], trade.Sending), trade.Active)

		later := noon.Add(time.Minute)
		if err := d.Write(t.Context(), func(tx *db.Tx) error { return s.DoubtTx(t.Context(), tx, later) }); err != nil {
			t.Fatal(err)
		}
		got := live()
		for _, name := range []string{"test/1", "test/2"} {
			if one := got[name]; one.State != trade.Unknown || one.Misses != 0 || !one.DueAt.Equal(later) {
				t.Errorf("%s: %+v", name, one)
			}
		}
		if got["test/3"].State != trade.Active {
			t.Errorf("an offer that is out: %+v", got["test/3"])
		}
		const why = "restored: may have been sent after the backup"
		var history string
		if err := d.Read().QueryRowContext(t.Context(), `select string_agg(from_state || '>' || to_state || ' ' || note || ' ' || at, ', ' order by version)
			from trade_move where trade_id = $1`, got["test/1"].ID).Scan(&history); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("wanted>sending %s %d, sending>unknown %[1]s %[2]d", why, db.Micros(later)); history != want || got["test/1"].Problem != why {
			t.Errorf("problem %q, history %s", got["test/1"].Problem, history)
		}
		move(got["test/1"], trade.Wanted) // found nowhere: its versions fit
		move(got["test/2"], trade.Wanted)
	})
}
