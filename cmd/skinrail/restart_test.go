package main_test

import (
	"syscall"
	"testing"
	"time"
)

// A node that was killed is started again on the same machine: its bots and jobs
// go on at once, not after the silence that others would wait for. A frozen one
// keeps what it has.
func TestKilledNodeIsReplacedAtOnceOnItsMachine(t *testing.T) {
	t.Parallel()
	database := ownDatabase(t)
	if database == "" {
		return
	}
	steam, _ := openSteam(t, 20)
	shop := openShop(t, "", "")
	n := &nodes{t: t, database: database, steam: steam.URL}
	open := func() *sandbox {
		s := serveOn(t, steam.URL, "--database", database, "--lease-length", "30m") // longer than the test
		s.serve()
		n.all = append(n.all, s)
		return s
	}
	first := open()
	shop.belongsTo(first.openBusiness(shop.URL))
	first.buyOnceOnSale("gift-1")
	first.waitPurchase("gift-1", "accepted")
	first.kill()
	before := first.node
	began := time.Now()
	first.serve()
	first.buyOnceOnSale("gift-2")
	first.waitPurchase("gift-2", "accepted")
	t.Logf("started, sold and delivered %v after kill -9", time.Since(began).Round(time.Millisecond))
	if held := n.holds(before); held != 0 {
		t.Errorf("the dead node holds %d leases", held)
	}

	second := open()
	n.spread()
	_ = first.cmd.Process.Signal(syscall.SIGSTOP)
	beats := func() (beat int) {
		n.ask(&beat, "select beat from node where id = $1", second.node)
		return beat
	}
	from, held := beats(), n.holds(first.node)
	eventually(t, "the second goes on", func() bool { return beats() > from+3 })
	if now := n.holds(first.node); now != held {
		t.Errorf("a frozen node had %d leases and has %d", held, now)
	}
	_ = first.cmd.Process.Kill()
	_ = first.cmd.Process.Signal(syscall.SIGCONT)
	eventually(t, "the second has it all", func() bool { return n.holds(first.node) == 0 })
}
