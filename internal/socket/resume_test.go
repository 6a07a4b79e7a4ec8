package socket_test

import (
	"fmt"
	"testing"

	"github.com/coder/websocket"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
)

// following reads a numbered socket and checks that nothing is missing and
// nothing comes twice.
type following struct {
	*client
	epoch string
	seq   int64
}

func (w *world) follow(query string, since int64) *following {
	w.t.Helper()
	c := w.dial(fmt.Sprintf("%s&since=%d", query, since))
	a := parse(w.t, c.next())
	if a.Event != "auth_success" || a.Epoch == "" || a.Seq != since || a.Head < since {
		w.t.Fatalf("first frame %+v", a)
	}
	return &following{c, a.Epoch, since}
}

func (f *following) upTo(seq int64) {
	f.t.Helper()
	for f.seq < seq {
		n := parse(f.t, f.next())
		if n.Epoch != f.epoch || n.Seq != f.seq+1 {
			f.t.Fatalf("after %d of %s came %+v", f.seq, f.epoch, n)
		}
		if want := "balance_change"; n.Event != want {
			f.t.Fatalf("event %s, want %s", n.Event, want)
		}
		f.seq = n.Seq
	}
}

func TestSinceGivesEverythingAfterItAndGoesOnLive(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := start(t, d, nil)
		var before []any
		for n := range 300 {
			before = append(before, n)
		}
		w.add(shop, event.BalanceChanged, before...)
		done := make(chan struct{})
		go func() { // while sockets are catching up
			defer close(done)
			for n := range 300 {
				w.add(shop, event.BalanceChanged, n)
			}
		}()
		for _, since := range []int64{0, 1, 63, 64, 65, 150, 299, 300} {
			w.follow(shopLogin, since).upTo(600)
		}
		<-done
		w.follow(shopLogin, 600)
	})
}

func TestResumeAcrossARestart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := start(t, d, nil)
		f := w.follow(shopLogin, 0)
		w.add(shop, event.BalanceChanged, 1, 2, 3)
		f.upTo(2)
		w.stop()
		w = start(t, d, nil)
		w.add(shop, event.BalanceChanged, 4) // while nobody listened
		g := w.follow(shopLogin+"&epoch="+f.epoch, f.seq)
		if g.epoch != f.epoch {
			t.Errorf("epoch %s, before %s", g.epoch, f.epoch)
		}
		w.add(shop, event.BalanceChanged, 5)
		g.upTo(5)
	})
}

// Numbers that sockets are not told of are skipped in words, so that a client
// can see from the numbers alone that nothing is missing.
func TestNumbersHaveNoHole(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	w.add(shop, event.DepositChanged, 1)
	f := w.follow(shopLogin, 0)
	plain := w.open(shopLogin)
	w.add(shop, event.BalanceChanged, 2)
	w.add(shop, event.DepositChanged, 3)
	w.add(shop, event.PurchaseBought, 4)
	f.want(`{"event":"skip","seq":1,"epoch":"`+f.epoch+`"}`,
		`{"event":"balance_change","data":2,"seq":2,"epoch":"`+f.epoch+`"}`,
		`{"event":"skip","seq":3,"epoch":"`+f.epoch+`"}`,
		`{"event":"buy_item","data":4,"seq":4,"epoch":"`+f.epoch+`"}`)
	plain.want(balance(2), `{"event":"buy_item","data":4}`)
}

func TestEmptySinceBeginsNowWithNumbers(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	w.add(shop, event.BalanceChanged, 1, 2)
	c := w.dial(shopLogin + "&since=")
	if a := parse(t, c.next()); a.Seq != 2 || a.Head != 2 || a.Epoch == "" {
		t.Fatalf("first frame %+v", a)
	}
	w.add(shop, event.BalanceChanged, 3)
	if n := parse(t, c.next()); n.Seq != 3 {
		t.Errorf("frame %+v", n)
	}
}

func TestWhatCannotBeHadIsAnExplicitGap(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := start(t, d, nil)
		w.add(shop, event.BalanceChanged, 1, 2, 3, 4, 5, 6)
		forget(t, d, 3)
		for _, c := range []struct {
			query, reason  string
			from, to, last int64
		}{
			{"since=0", "expired", 1, 3, 6},
			{"since=2", "expired", 3, 3, 6},
			{"since=7", "ahead", 8, 6, 6},
			{"since=9007199254740991", "ahead", 9007199254740992, 6, 6},
			{"since=4&epoch=another", "epoch", 5, 6, 6},
			{"since=0&epoch=another&epoch=other", "epoch", 1, 6, 6},
		} {
			conn := w.dial(shopLogin + "&" + c.query)
			a := parse(t, conn.next())
			g := parse(t, conn.next())
			if a.Event != "auth_success" || a.Head != 6 || g.Event != "gap" || g.From != c.from || g.To != c.to ||
				g.Seq != c.to || g.Reason != c.reason || g.Epoch != a.Epoch {
				t.Errorf("%s: frames %+v and %+v", c.query, a, g)
			}
			f := &following{conn, g.Epoch, g.Seq}
			f.upTo(c.last)
			w.add(stranger, event.BalanceChanged, 0)
			conn.say("ping")
		}
		w.follow(shopLogin, 3).upTo(6)
	})
}

// The log is cut while a socket is on its way through it.
func TestCutLogIsAGapForWhoIsBehind(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	w := start(t, d, nil)
	f := w.follow(shopLogin, 0)
	w.add(shop, event.BalanceChanged, 1)
	f.upTo(1)
	w.stop()
	w.add(shop, event.BalanceChanged, 2, 3, 4)
	forget(t, d, 4)
	w = start(t, d, nil)
	c := w.dial(shopLogin + "&since=1")
	if a := parse(t, c.next()); a.Head != 4 {
		t.Errorf("first frame %+v", a)
	}
	if g := parse(t, c.next()); g.From != 2 || g.To != 4 || g.Reason != "expired" {
		t.Errorf("gap %+v", g)
	}
	w.add(shop, event.BalanceChanged, 5)
	if n := parse(t, c.next()); n.Seq != 5 {
		t.Errorf("frame %+v", n)
	}
}

func TestSinceThatIsNoNumberIsRefused(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	for _, since := range []string{"-1", "+1", "1.0", "1e3", "x", "%201", "9007199254740992", "99999999999999999999", "0x1", "1&since=1", "null"} {
		w.dial(shopLogin + "&since=" + since).ends(websocket.StatusPolicyViolation)
	}
}

// forget takes the oldest events out of the log.
func forget(t *testing.T, d *db.DB, upTo int) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "delete from event where project_id = $1 and seq <= $2", shop, upTo)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
