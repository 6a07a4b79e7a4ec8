package main_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// split starts three nodes that share the roles, on one PostgreSQL.
func split(t *testing.T) (all []*sandbox, shop *shop) {
	t.Helper()
	database := ownDatabase(t)
	if database == "" {
		return nil, nil
	}
	steam, _ := openSteam(t, 20)
	shop = openShop(t, "", "")
	for _, roles := range []string{"api,pay,worker", "api,socket", "api,bot"} {
		s := serveOn(t, steam.URL, "--database", database, "--roles", roles, "--lease-length", "3s")
		s.serve()
		all = append(all, s)
	}
	shop.belongsTo(all[0].openBusiness(shop.URL))
	for _, s := range all[1:] {
		s.callAs(shop.id, shop.secret)
	}
	eventually(t, "a bot can work", func() bool { return all[0].answers("/readyz") == http.StatusOK })
	return all, shop
}

// A purchase is taken by one node, delivered by another, told by the third, and
// heard on a socket of a fourth part; a deposit is looked up by a node that has
// no bot of its own.
func TestRolesOfSeveralNodesMakeOneGateway(t *testing.T) {
	t.Parallel()
	all, shop := split(t)
	if all == nil {
		return
	}
	api, sockets, bots := all[0], all[1], all[2]
	for _, c := range []struct {
		s    *sandbox
		path string
		want int
	}{
		{api, "/ws", http.StatusNotFound}, {sockets, "/ws", http.StatusUpgradeRequired}, {bots, "/ws", http.StatusNotFound},
		{api, "/embed.js", http.StatusOK}, {sockets, "/embed.js", http.StatusNotFound}, {bots, "/pay/x/", http.StatusNotFound},
		{api, "/healthz", http.StatusOK}, {sockets, "/healthz", http.StatusOK}, {bots, "/healthz", http.StatusOK},
	} {
		if got := c.s.answers(c.path); got != c.want {
			t.Errorf("%v %s: %d, want %d", c.s.args[len(c.s.args)-3], c.path, got, c.want)
		}
	}
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(sockets.ready.GatewayURL, "http")+"/ws/"+sockets.socketLogin(0), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	if _, raw, err := readFrame(conn); raw != `{"event":"auth_success"}` {
		t.Fatalf("first frame %s %v", raw, err)
	}
	api.buyOnceOnSale("told-1")
	began := time.Now()
	var told []string
	for !slices.Contains(told, "status_change accepted") && len(told) < 10 {
		f, raw, err := readFrame(conn)
		if err != nil {
			t.Fatalf("frame %s %v after %v", raw, err, told)
		}
		told = append(told, f.Event+" "+f.Data.Status)
	}
	t.Logf("bought on one node, delivered by another, heard on a third after %v: %v", time.Since(began).Round(time.Millisecond), told)
	api.pay("rust", "paid-1")
	eventually(t, "the deposit is paid and the merchant told", func() bool { return slices.Contains(shop.statuses("paid-1"), "success") })
	api.audit()
}

// Limits, keys and maintenance are the same on every node.
func TestNodesShareLimitsKeysAndMaintenance(t *testing.T) {
	t.Parallel()
	all, shop := split(t)
	if all == nil {
		return
	}
	const limit = 150
	var passed int64
	for try := 0; ; try++ { // the limit is one a minute: calls of one minute are counted
		p := all[0].asked("add", fmt.Sprintf("Limited %d", try), fmt.Sprintf("rate_limit=%d", limit))
		began := time.Now().Unix() / 60
		passed = hammer(t, all, p.text("client_id"), p.text("client_secret"), limit)
		if time.Now().Unix()/60 == began {
			break
		}
	}
	t.Logf("%d calls of %d passed on three nodes, the limit is %d", passed, 3*limit, limit)
	if passed < limit*9/10 || passed > limit*11/10 {
		t.Errorf("%d calls passed, want %d within 10 %%", passed, limit)
	}

	old := shop.secret
	fresh := all[0].asked("rotate", shop.id).text("client_secret")
	everywhere(t, all, "the new secret works", func(s *sandbox) bool {
		a, err := s.tryAs(shop.id, fresh, answer{"method": "balance"})
		return err == nil && a.text("status") == "success"
	})
	all[0].project("rotate", shop.id, "--finish")
	everywhere(t, all, "the old secret is refused", func(s *sandbox) bool {
		a, err := s.tryAs(shop.id, old, answer{"method": "balance"})
		return err == nil && a.text("status") == "error"
	})
	maintain := func(on string) {
		t.Helper()
		if out, errors, code := command(t, "", append([]string{"maintenance", on}, databaseArgs(all[0].args)...)...); code != 0 {
			t.Fatalf("maintenance %s: %s%s", on, out, errors)
		}
	}
	maintain("on")
	everywhere(t, all, "maintenance", func(s *sandbox) bool {
		a, err := s.tryAs(shop.id, fresh, answer{"method": "balance"})
		return err == nil && a["error_code"] == -9.0
	})
	maintain("off")
	everywhere(t, all, "work again", func(s *sandbox) bool {
		a, err := s.tryAs(shop.id, fresh, answer{"method": "balance"})
		return err == nil && a.text("status") == "success"
	})
}

// hammer calls every node as often as all of them together may be called, and
// returns how many calls passed.
func hammer(t *testing.T, all []*sandbox, id, secret string, each int) int64 {
	t.Helper()
	var passed atomic.Int64
	var wg sync.WaitGroup
	for _, s := range all {
		wg.Go(func() {
			for range each {
				a, err := s.tryAs(id, secret, answer{"method": "currencies"})
				switch {
				case err != nil:
					t.Error(err)
				case a["error_code"] != -7.0:
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return passed.Load()
}

// everywhere waits until something holds on every node, and says after how long
// it did.
func everywhere(t *testing.T, all []*sandbox, what string, holds func(*sandbox) bool) {
	t.Helper()
	began := time.Now()
	for _, s := range all {
		eventually(t, what, func() bool { return holds(s) })
	}
	took := time.Since(began)
	t.Logf("%s on every node after %v", what, took.Round(time.Millisecond))
	if took > soon {
		t.Errorf("%s only after %v", what, took)
	}
}
