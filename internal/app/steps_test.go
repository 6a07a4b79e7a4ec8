package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/ledger"
)

// While a trade is on its way on Steam, nothing is credited: nothing at all until
// its items are here, and not the money before Steam calls it complete.
func TestNothingIsCreditedForATradeOnItsWay(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		a := newArena(t, target, 1, []int{1})
		rec := httptest.NewRecorder()
		a.front.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "http://steam.test/sim/settings", strings.NewReader(`{"trade_steps":"400h"}`)))
		if rec.Code != http.StatusOK {
			t.Fatalf("settings: %d %s", rec.Code, rec.Body)
		}
		a.deposit(1)
		want := func(state deposit.State, held, available string) {
			t.Helper()
			a.settle(a.first())
			d, err := a.g.Deposits.ByID(t.Context(), 1)
			a.ok(err)
			h, err := a.g.Ledger.Balance(t.Context(), ledger.Held(arenaProject))
			a.ok(err)
			v, err := a.g.Ledger.Balance(t.Context(), ledger.Available(arenaProject))
			a.ok(err)
			if d.State != state || h.String() != held || v.String() != available {
				t.Errorf("%s: the deposit is %s, held %s, available %s", a.clock().Format(time.RFC3339), d.State, h, v)
			}
		}
		begin := a.clock()
		want(deposit.Trading, "0.000", "0.000") // status 0
		a.to(begin.Add(400 * time.Hour))
		want(deposit.Trading, "0.000", "0.000") // status 1
		a.to(begin.Add(800 * time.Hour))
		want(deposit.Held, "1.000", "0.000") // status 2
		a.to(begin.Add(1100 * time.Hour))
		want(deposit.Held, "1.000", "0.000") // its settlement time is over
		a.to(begin.Add(1201 * time.Hour))
		want(deposit.Credited, "0.000", "0.950")
	})
}
