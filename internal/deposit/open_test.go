package deposit_test

import (
	"errors"
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
)

func TestOrderIDIsOpenedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var wg sync.WaitGroup
		errs := make([]error, 50)
		for i := range errs {
			wg.Go(func() { _, errs[i] = w.deposits.Open(t.Context(), w.request("inv-1"), w.now) })
		}
		wg.Wait()
		opened := 0
		for _, err := range errs {
			if err == nil {
				opened++
			} else if !errors.Is(err, fault.Duplicate) {
				t.Error(err)
			}
		}
		if opened != 1 {
			t.Errorf("%d opened", opened)
		}
	})
}

func TestOpenedDepositIsFoundAsItIs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		r := deposit.Request{Project: w.project, OrderID: "żółw 1;:'\"", SteamID: payer, TradeToken: token, ResultURL: "https://a.example",
			SuccessURL: "https://b.example", FailURL: "https://c.example", Currency: "rub", MinAmount: "12.50", MaxAmount: "250",
			CustomMultiplier: "1.25", CustomCurrency: "GEM", CustomRate: "10", PriorityGame: "rust"}
		dep := w.open(r)
		byOrder, err1 := w.deposits.FindByOrder(t.Context(), shop, r.OrderID)
		byHash, err2 := w.deposits.ByHash(t.Context(), dep.Hash)
		for _, got := range []deposit.Deposit{w.find(dep.ID), byOrder, byHash} {
			if fmt.Sprint(got) != fmt.Sprint(dep) || err1 != nil || err2 != nil {
				t.Errorf("found %+v\nopened %+v", got, dep)
			}
		}
		if dep.Multiplier.String() != "1.25" || dep.CommissionRate.String() != "0.05" || !dep.ExpiresAt.Equal(noon.Add(time.Hour)) ||
			!regexp.MustCompile(`^[0-9a-f]{20}$`).MatchString(dep.Hash) {
			t.Errorf("%+v", dep)
		}
		if c := w.deposits.Display(dep); c.Code != "GEM" || c.Rate.String() != "10" {
			t.Errorf("shown in %+v", c)
		}
		r.CustomMultiplier = "much"
		if _, err := w.deposits.Open(t.Context(), r, w.now); !errors.Is(err, fault.InvalidRequest) {
			t.Errorf("multiplier: %v", err)
		}
		for _, err := range []error{second(w.deposits.Find(t.Context(), shop+1, dep.ID)), second(w.deposits.ByHash(t.Context(), "")),
			second(w.deposits.FindByOrder(t.Context(), shop+1, r.OrderID))} {
			if !errors.Is(err, fault.NotFound) {
				t.Error(err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestSigninIsGoodOnceForOneBrowser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx, s := t.Context(), w.deposits
		dep := w.open(deposit.Request{Project: w.project, OrderID: "inv-1"})
		begin := func() string {
			state, err := s.BeginSignin(ctx, dep.Hash, "cookie", w.now)
			w.ok(err)
			return state
		}
		state := begin()
		for name, err := range map[string]error{
			"another browser": second(s.FinishSignin(ctx, state, "other", "n1", payer, w.now)),
			"made up":         second(s.FinishSignin(ctx, state+"x", "cookie", "n1", payer, w.now)),
			"too late":        second(s.FinishSignin(ctx, state, "cookie", "n1", payer, w.now.Add(15*time.Minute))),
		} {
			if !errors.Is(err, fault.Unauthorized) {
				t.Errorf("%s: %v", name, err)
			}
		}
		got, err := s.FinishSignin(ctx, state, "cookie", "n1", payer, w.now)
		if err != nil || got.SteamID != payer || !got.SignedIn || got.Hash != dep.Hash {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := s.FinishSignin(ctx, state, "cookie", "n2", payer, w.now); !errors.Is(err, fault.Unauthorized) {
			t.Errorf("state used twice: %v", err)
		}
		if _, err := s.FinishSignin(ctx, begin(), "cookie", "n1", payer+1, w.now); !errors.Is(err, fault.Unauthorized) {
			t.Errorf("nonce used twice: %v", err)
		}
		if got := w.find(dep.ID); got.SteamID != payer || !got.SignedIn {
			t.Errorf("%+v", got)
		}
	})
}

func TestTradeURLBelongsToThePayer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ctx, s := t.Context(), w.deposits
		dep := w.open(deposit.Request{Project: w.project, OrderID: "inv-1"})
		w.ok(second(s.SetPayer(ctx, dep.Hash, payer)))
		if _, err := s.SetTradeURL(ctx, dep.Hash, steam.TradeURL{Partner: payer + 1, Token: token}); !errors.Is(err, fault.InvalidRequest) {
			t.Errorf("another account's: %v", err)
		}
		w.steam.refuse = fault.New(fault.PayerNotReady, "trade_url")
		if _, err := s.SetTradeURL(ctx, dep.Hash, steam.TradeURL{Partner: payer, Token: token}); !errors.Is(err, fault.PayerNotReady) {
			t.Errorf("Steam refuses: %v", err)
		}
		w.steam.refuse = nil
		w.ok(second(s.SetTradeURL(ctx, dep.Hash, steam.TradeURL{Partner: payer, Token: token})))
		if got := w.find(dep.ID); got.TradeToken != token {
			t.Errorf("%+v", got)
		}
		w.ok(second(s.SetPayer(ctx, dep.Hash, payer+1)))
		if got := w.find(dep.ID); got.TradeToken != "" || got.SteamID != payer+1 || got.SignedIn {
			t.Errorf("another payer keeps the trade url: %+v", got)
		}
		other := w.choose("inv-2", steam.CS2, "1")
		if _, err := s.SetPayer(ctx, other.Hash, payer+1); !errors.Is(err, fault.WrongState) {
			t.Errorf("payer of a running trade: %v", err)
		}
		if _, err := s.BeginSignin(ctx, other.Hash, "cookie", w.now); !errors.Is(err, fault.WrongState) {
			t.Errorf("sign-in of a running trade: %v", err)
		}
	})
}
