package socket_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/socket"
)

func TestFirstFrameIsTheLoginAndThenComeEventsOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := start(t, d, nil)
		w.add(shop, event.BalanceChanged, 1, 2) // before the login: not sent
		c := w.dial(shopLogin)
		c.want(`{"event":"auth_success"}`)
		w.add(shop, event.BalanceChanged, 3)
		w.add(shop, event.PurchaseBought, map[string]string{"buy_id": "510"})
		w.add(shop, event.DepositChanged, 4) // told by notification only
		w.add(shop, event.PurchaseChanged, 5)
		c.want(balance(3), `{"event":"buy_item","data":{"buy_id":"510"}}`, `{"event":"status_change","data":5}`)
	})
}

func TestPingAndOtherTextIsIgnoredInSilence(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	c := w.open(shopLogin)
	for _, text := range []string{"ping", "", "{}", `{"event":"auth_success"}`, strings.Repeat("x", 4096), "\x00\xff"} {
		c.say(text)
	}
	if err := c.conn.Write(t.Context(), websocket.MessageText, []byte("ping")); err != nil {
		t.Fatal(err)
	}
	w.add(shop, event.BalanceChanged, 1)
	c.want(balance(1))
}

func TestAllSocketsOfAProjectGetEverythingAndNobodyElse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := start(t, d, nil)
		var mine, theirs []*client
		for range 3 {
			mine = append(mine, w.open(shopLogin))
			theirs = append(theirs, w.open(strangerLogin+"&since=0"))
		}
		const events = 200
		go func() {
			for n := range events {
				w.add(shop, event.BalanceChanged, n)
			}
		}()
		for n := range events {
			w.add(stranger, event.BalanceChanged, -n)
		}
		for _, c := range mine {
			for n := range events {
				c.want(balance(n))
			}
		}
		for _, c := range theirs {
			for n := range events {
				f := parse(t, c.next())
				if f.Seq != int64(n)+1 || string(f.Data) != fmt.Sprint(-n) {
					t.Fatalf("frame %d is %+v", n, f)
				}
			}
		}
		w.add(shop, event.BalanceChanged, "last")
		w.add(stranger, event.BalanceChanged, "last")
		for _, c := range append(mine, theirs...) {
			if f := c.next(); !strings.Contains(f, `"last"`) {
				t.Errorf("a frame too many: %s", f)
			}
		}
	})
}

// A burst is larger than a queue: who reads gets all of it, from the log.
func TestBurstLargerThanTheQueueIsDelivered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := start(t, d, func(deps *socket.Deps) { deps.Limits.Queue = 3 })
		clients := []*client{w.open(shopLogin), w.open(shopLogin), w.open(shopLogin + "&since=0")}
		const bursts, each = 4, 300
		for b := range bursts {
			var bodies []any
			for n := range each {
				bodies = append(bodies, b*each+n)
			}
			w.add(shop, event.BalanceChanged, bodies...)
		}
		for i, c := range clients {
			for n := range bursts * each {
				f := parse(t, c.next())
				if string(f.Data) != fmt.Sprint(n) || i == 2 && f.Seq != int64(n)+1 {
					t.Fatalf("client %d: frame %d is %+v", i, n, f)
				}
			}
		}
	})
}

func TestSilentClientStaysAndDeadPeerGoes(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), func(deps *socket.Deps) {
		deps.Limits.Ping, deps.Limits.Pong = 50*time.Millisecond, 10*time.Second
	})
	dead := rawDial(t, w.url+"?"+shopLogin) // answers no ping, and never closes
	alive := w.open(shopLogin)
	frames := make(chan string)
	go func() { // a client that only reads; the library answers pings
		f, err := alive.read()
		if err != nil {
			f = err.Error()
		}
		frames <- f
	}()
	eventually(t, "the dead peer is gone", func() bool { return w.door.Count() == 1 })
	w.add(shop, event.BalanceChanged, 1)
	if f := <-frames; f != balance(1) {
		t.Errorf("the silent client got %s", f)
	}
	dead.close()
}

func TestEventThatCannotBeShownStopsOnlyItsProject(t *testing.T) {
	t.Parallel()
	var cured atomic.Bool
	w := start(t, dbtest.SQLite(t), func(deps *socket.Deps) {
		deps.Encode = func(p merchant.Project, e event.Event) ([]byte, bool, error) {
			if string(e.Body) == "2" && !cured.Load() {
				return nil, false, errors.New("cannot be shown")
			}
			return encode(p, e)
		}
	})
	mine, theirs := w.open(shopLogin), w.open(strangerLogin)
	w.add(shop, event.BalanceChanged, 1, 2, 3)
	w.add(stranger, event.BalanceChanged, 4)
	mine.want(balance(1))
	theirs.want(balance(4))
	late := w.follow(shopLogin, 0)
	late.upTo(1)
	cured.Store(true)
	mine.want(balance(2), balance(3))
	late.upTo(3)
}

func TestWhoMayNotAnyMoreIsSentAway(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"switched off": func(w *world) { w.settings(shop, func(p *merchant.Project) { p.Active = false }) },
		"secret retired": func(w *world) {
			if _, err := w.merchants.Rotate(t.Context(), shop, merchant.Client, noon); err != nil {
				t.Error(err)
			}
			if err := w.merchants.Retire(t.Context(), shop, merchant.Client); err != nil {
				t.Error(err)
			}
		},
	} {
		for _, woken := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s woken %v", name, woken), func(t *testing.T) {
				t.Parallel()
				w := start(t, dbtest.SQLite(t), func(deps *socket.Deps) { deps.Limits.Ping = 100 * time.Millisecond })
				c, other := w.open(shopLogin), w.open(strangerLogin)
				change(w)
				if woken {
					w.add(shop, event.BalanceChanged, 1)
				}
				for { // what is read within a second of the change may still come
					f, err := c.read()
					if err == nil && f == balance(1) {
						continue
					}
					if code := websocket.CloseStatus(err); code != websocket.StatusPolicyViolation {
						t.Fatalf("ended with %s %v", f, err)
					}
					break
				}
				w.add(stranger, event.BalanceChanged, 2)
				other.want(balance(2))
			})
		}
	}
}

func TestStopSendsWhatIsCommittedAndSaysGoodbye(t *testing.T) {
	t.Parallel()
	w := start(t, dbtest.SQLite(t), nil)
	c, refused := w.open(shopLogin), w.dial("shopid=1")
	refused.want(`{"event":"auth_failed"}`)
	w.add(shop, event.BalanceChanged, 1)
	stopped := make(chan struct{})
	go func() { w.stop(); close(stopped) }()
	c.want(balance(1))
	c.ends(websocket.StatusGoingAway)
	refused.ends(websocket.StatusGoingAway)
	<-stopped
}
