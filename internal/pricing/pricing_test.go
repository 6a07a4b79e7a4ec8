package pricing_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const sand = "P250 | Sand Dune (Field-Tested)"

func filled(t testing.TB, d *db.DB) *pricing.Service {
	t.Helper()
	s := pricing.New(d)
	ctx := t.Context()
	err := errors.Join(
		s.SetPrices(ctx, []pricing.Price{{App: steam.CS2, Name: sand, Amount: 335}, {App: steam.Rust, Name: "Sand Cap", Amount: 1}}, noon),
		s.SetCoefficients(ctx, []pricing.Coefficient{{App: steam.CS2, BuyIn: money.MustRate("0.9"), SellOut: money.MustRate("1.05"),
			MinDeposit: 500}, {App: steam.Rust, BuyIn: money.MustRate("0.4"), SellOut: money.One}}),
		s.SetCurrencies(ctx, []pricing.Currency{{Code: "rub", Name: "Russian Ruble", Rate: money.MustRate("80.5"), Digits: 2},
			{Code: "jpy", Name: "Yen", Rate: money.MustRate("150"), Digits: 0}}, noon))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPricesAreRoundedOnceHalfUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := filled(t, d)
		if a, ok := s.BuyIn(steam.CS2, sand); a != 302 || !ok { // 0.335 × 0.9 = 0.3015
			t.Errorf("buy-in %s, %v", a, ok)
		}
		if a, ok := s.SellOut(steam.CS2, sand); a != 352 || !ok { // 0.335 × 1.05 = 0.35175
			t.Errorf("sell-out %s, %v", a, ok)
		}
		if a, ok := s.BuyIn(steam.Rust, "Sand Cap"); ok {
			t.Errorf("what rounds to nothing has the price %s", a)
		}
		if a, ok := s.BuyIn(steam.Dota2, sand); ok {
			t.Errorf("another game's item has the price %s", a)
		}
		if s.MinDeposit(steam.CS2) != 500 || s.MinDeposit(steam.Dota2) != 0 {
			t.Errorf("least deposits %s, %s", s.MinDeposit(steam.CS2), s.MinDeposit(steam.Dota2))
		}
	})
}

func TestCurrenciesStartWithTheDollar(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := filled(t, d)
		var codes string
		for _, c := range s.Currencies() {
			codes += c.Code + " "
		}
		if codes != "usd jpy rub " {
			t.Errorf("currencies %s", codes)
		}
		for code, want := range map[string]string{"usd": "12.35", "JPY": "1852", "rub": "993.77"} {
			c, ok := s.Currency(code)
			if got := s.Convert(12345, c).String(); got != want || !ok {
				t.Errorf("12.345 in %s is %s, want %s", code, got, want)
			}
		}
		if _, ok := s.Currency("xyz"); ok {
			t.Error("xyz is known")
		}
	})
}

func TestKeptRatesSurviveAChange(t *testing.T) {
	t.Parallel()
	s := filled(t, dbtest.SQLite(t))
	text := s.Rates()
	if err := s.SetCurrencies(t.Context(), []pricing.Currency{{Code: "rub", Rate: money.MustRate("90"), Digits: 2}}, noon); err != nil {
		t.Fatal(err)
	}
	kept, err := pricing.ParseRates(text)
	if err != nil || len(kept) != 3 || kept[2].Code != "rub" || kept[2].Rate.String() != "80.5" || kept[2].Digits != 2 {
		t.Errorf("kept %v, %v", kept, err)
	}
	if c, _ := s.Currency("rub"); c.Rate.String() != "90" {
		t.Errorf("rate now %s", c.Rate)
	}
	if none, err := pricing.ParseRates(""); none != nil || err != nil {
		t.Errorf("no rates: %v, %v", none, err)
	}
	for _, bad := range []string{"{", `[{"code":"usd","rate":"1e3"}]`} {
		if _, err := pricing.ParseRates(bad); err == nil {
			t.Errorf("%s is read", bad)
		}
	}
}

func TestNonsenseIsRefusedWhole(t *testing.T) {
	t.Parallel()
	s := filled(t, dbtest.SQLite(t))
	ctx, before := t.Context(), s.Version()
	for i, err := range []error{
		s.SetPrices(ctx, []pricing.Price{{App: steam.CS2, Name: sand, Amount: 1}, {App: steam.CS2, Name: "x", Amount: 0}}, noon),
		s.SetPrices(ctx, []pricing.Price{{App: steam.CS2, Amount: 1}}, noon),
		s.SetCoefficients(ctx, []pricing.Coefficient{{App: steam.CS2, MinDeposit: -1}}),
		s.SetCurrencies(ctx, []pricing.Currency{{Code: "RUB", Rate: money.One}}, noon),
		s.SetCurrencies(ctx, []pricing.Currency{{Code: "rub"}}, noon),
		s.SetCurrencies(ctx, []pricing.Currency{{Code: "usd", Rate: money.MustRate("2"), Digits: 2}}, noon),
		s.SetCurrencies(ctx, []pricing.Currency{{Code: "rub", Rate: money.One, Digits: 9}}, noon),
	} {
		if !errors.Is(err, fault.InvalidRequest) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if a, _ := s.BuyIn(steam.CS2, sand); a != 302 || s.Version() != before {
		t.Errorf("price %s, version %d after %d", a, s.Version(), before)
	}
}

func TestReadersNeverSeeHalfAChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := filled(t, d)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for n := range 10 {
					a := money.Amount(1000 * (1 + i*10 + n))
					ps := []pricing.Price{{App: steam.Dota2, Name: "left", Amount: a}, {App: steam.Dota2, Name: "right", Amount: a}}
					if err := s.SetPrices(t.Context(), ps, noon); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		left, _ := s.SellOut(steam.Dota2, "left")
		right, _ := s.SellOut(steam.Dota2, "right")
		again := pricing.New(d)
		if err := again.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		stored, _ := again.SellOut(steam.Dota2, "left")
		if left != right || left != stored || s.Version() < 43 {
			t.Errorf("left %s, right %s, stored %s, version %d", left, right, stored, s.Version())
		}
	})
}
