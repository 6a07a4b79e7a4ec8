package deposit_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

func TestQuoteSaysWhatCanBeChosen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		r := w.request("inv-1")
		r.CustomMultiplier = "0.5"
		q := w.quote(w.open(r), steam.CS2)
		var got []string
		for _, it := range q.Items {
			got = append(got, fmt.Sprintf("%s %s %s %s", it.ID, it.Price, it.UserPrice, it.Disabled))
		}
		want := "1 0.415 0.208 |2 21.350 10.675 |3 0.415 0.208 not_tradable|4 0.000 0.000 not_priced"
		if strings.Join(got, "|") != want || !q.Expires.Equal(noon.Add(15*time.Minute)) {
			t.Errorf("%s, until %s", strings.Join(got, "|"), q.Expires)
		}
	})
}

func TestChoiceIsWholeInOneCommit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		dep := w.choose("inv-1", steam.CS2, "2", "1")
		if got := w.find(dep.ID); fmt.Sprint(got) != fmt.Sprint(dep) {
			t.Errorf("stored %+v\nanswer %+v", got, dep)
		}
		if dep.State != deposit.Trading || dep.Amount != sum || dep.UserAmount != 23942 || dep.Commission != fee || dep.Rates == "" {
			t.Errorf("%+v", dep)
		}
		tr := w.lastTrade(dep)
		if tr.ID != dep.TradeID || tr.Direction != trade.Receive || tr.Partner != payer || tr.Token != token || tr.Bot != bot ||
			len(tr.Assets) != 2 || tr.Assets[0].ID != "2" || !tr.Deadline.Equal(dep.ExpiresAt) {
			t.Errorf("trade %+v", tr)
		}
	})
}

func TestLateChoiceStillHasTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.SQLite(t))
	dep := w.open(w.request("inv-1"))
	w.now = dep.ExpiresAt.Add(-time.Minute)
	dep, err := w.deposits.Choose(t.Context(), dep.Hash, w.quote(dep, steam.CS2).ID, []string{"1"}, w.now)
	w.ok(err)
	if got := w.lastTrade(dep).Deadline; !got.Equal(w.now.Add(10 * time.Minute)) {
		t.Errorf("deadline %s", got)
	}
}

func TestWrongChoicesAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.ok(w.pricing.SetCoefficients(t.Context(), []pricing.Coefficient{{App: steam.CS2, BuyIn: money.One, SellOut: money.One, MinDeposit: 416}}))
		dep, foreign := w.open(w.request("inv-1")), w.open(w.request("inv-2"))
		q, theirs := w.quote(dep, steam.CS2), w.quote(foreign, steam.CS2)
		for i, c := range []struct {
			quote  string
			assets []string
			code   fault.Code
		}{
			{q.ID, nil, fault.InvalidRequest},
			{q.ID, []string{"2", "2"}, fault.InvalidRequest},
			{q.ID, []string{"2", "3"}, fault.InvalidRequest},
			{q.ID, []string{"2", "4"}, fault.InvalidRequest},
			{q.ID, []string{"5"}, fault.InvalidRequest},
			{q.ID, []string{"1"}, fault.InvalidRequest}, // below the least for the game
			{q.ID, make([]string, deposit.MaxItems+1), fault.InvalidRequest},
			{theirs.ID, []string{"2"}, fault.PriceChanged},
			{"", []string{"2"}, fault.PriceChanged},
		} {
			if _, err := w.deposits.Choose(t.Context(), dep.Hash, c.quote, c.assets, w.now); !errors.Is(err, c.code) {
				t.Errorf("choice %d: %v", i, err)
			}
		}
		_, err := w.deposits.Choose(t.Context(), dep.Hash, q.ID, []string{"1"}, w.now)
		if _, detail := fault.Of(err); !strings.Contains(detail, "0.416") {
			t.Errorf("least is not named: %v", err)
		}
		if _, err := w.deposits.Choose(t.Context(), dep.Hash, q.ID, []string{"2"}, q.Expires); !errors.Is(err, fault.PriceChanged) {
			t.Errorf("late choice: %v", err)
		}
		if got := w.find(dep.ID); got.State != deposit.Open || got.Version != 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestLimitsAreComparedExactly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.SQLite(t))
	for i, c := range []struct {
		currency, min, max string
		fine               bool
	}{
		{"usd", "0.415", "0.415", true},
		{"usd", "0.41500000000000000000000000000001", "", false},
		{"usd", "", "0.41499999999999999999999999999999", false},
		{"usd", "0.42", "", false}, // would be reached by a rounded figure
		{"rub", "33.2", "33.2", true},
		{"rub", "33.200000001", "", false},
		{"rub", "", "33.199999999", false},
		{"rub", "0", "100000000000000000000000000000000", true},
		{"xyz", "1", "", false},
	} {
		r := w.request(fmt.Sprint("inv-", i))
		r.Currency, r.MinAmount, r.MaxAmount = c.currency, c.min, c.max
		dep := w.open(r)
		_, err := w.deposits.Choose(t.Context(), dep.Hash, w.quote(dep, steam.CS2).ID, []string{"1"}, w.now)
		if (err == nil) != c.fine || err != nil && !errors.Is(err, fault.InvalidRequest) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestDoubleClickMakesOneOffer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		dep := w.open(w.request("inv-1"))
		q := w.quote(dep, steam.CS2)
		errs := make([]error, 20)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = w.deposits.Choose(t.Context(), dep.Hash, q.ID, []string{fmt.Sprint(1 + i%2)}, w.now)
			})
		}
		wg.Wait()
		chosen := 0
		for _, err := range errs {
			if err == nil {
				chosen++
			} else if !errors.Is(err, fault.WrongState) {
				t.Error(err)
			}
		}
		live, err := w.trades.Since(t.Context(), bot, time.Unix(1<<40, 0))
		w.ok(err)
		if got := w.find(dep.ID); chosen != 1 || len(live) != 1 || len(got.Items) != 1 || got.Items[0].ID != live[0].Assets[0].ID {
			t.Errorf("%d chosen, %d trades, %+v", chosen, len(live), got)
		}
	})
}

func TestPayerWhoCannotTradeIsTurnedAway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		dep := w.open(w.request("inv-1"))
		q := w.quote(dep, steam.CS2)
		w.steam.refuse = fault.New(fault.PayerNotReady, "escrow")
		if _, err := w.deposits.Choose(t.Context(), dep.Hash, q.ID, []string{"1"}, w.now); !errors.Is(err, fault.PayerNotReady) {
			t.Errorf("preflight: %v", err)
		}
		if _, err := w.deposits.Inventory(t.Context(), dep.Hash, steam.CS2, w.now); !errors.Is(err, fault.PayerNotReady) {
			t.Errorf("inventory: %v", err)
		}
		w.steam.refuse = nil
		w.ok(w.fleet.Enable(t.Context(), bot, false, time.Now()))
		if _, err := w.deposits.Choose(t.Context(), dep.Hash, q.ID, []string{"1"}, w.now); !errors.Is(err, fault.SteamUnavailable) {
			t.Errorf("no bot: %v", err)
		}
		stranger := w.open(deposit.Request{Project: w.project, OrderID: "inv-2"})
		if _, err := w.deposits.Inventory(t.Context(), stranger.Hash, steam.CS2, w.now); !errors.Is(err, fault.WrongState) {
			t.Errorf("nobody's inventory: %v", err)
		}
		w.now = dep.ExpiresAt
		if _, err := w.deposits.Inventory(t.Context(), dep.Hash, steam.CS2, w.now); !errors.Is(err, fault.WrongState) {
			t.Errorf("over: %v", err)
		}
	})
}

func TestQuotesDoNotPileUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		dep := w.open(w.request("inv-1"))
		var last deposit.Quote
		for range 30 {
			w.now = w.now.Add(time.Second)
			last = w.quote(dep, steam.CS2)
		}
		count := func() (n int) {
			w.ok(w.db.Read().QueryRowContext(t.Context(), "select count(*) from quote").Scan(&n))
			return n
		}
		if n := count(); n != 8 {
			t.Errorf("%d quotes", n)
		}
		dep, err := w.deposits.Choose(t.Context(), dep.Hash, last.ID, []string{"1"}, w.now)
		w.ok(err)
		w.walk(dep, path(trade.Sending, trade.Active, trade.Declined))
		if n := count(); n != 0 {
			t.Errorf("%d quotes of an ended deposit", n)
		}
	})
}
