package pricing

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestPricesMoveWithinTheirCap(t *testing.T) {
	t.Parallel()
	tenth := money.MustRate("0.1")
	for _, c := range []struct {
		price, anchor money.Amount
		most          money.Rate
		want          money.Amount
	}{
		{500, 100, tenth, 110}, {1, 100, tenth, 90}, {105, 100, tenth, 105}, {500, 0, tenth, 500}, {500, 100, money.Rate{}, 500},
		{500, 1, tenth, 1}, {1, 100, money.One, 1}, {2, 100, money.One, 2}, {500, math.MaxInt64, money.MustRate("2"), 500},
	} {
		if got := capped(c.price, c.anchor, c.most); got != c.want {
			t.Errorf("%s from %s by %s: %s, want %s", c.price, c.anchor, c.most, got, c.want)
		}
	}
}

func TestSettingsAtTheirLimits(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s, ctx := New(d), t.Context()
	if cs := s.Currencies(); len(cs) != 1 || cs[0] != usd || usd.Name != "US Dollar" {
		t.Errorf("before anything is read: %v", cs)
	}
	for amount, good := range map[money.Amount]bool{1: true, money.Max: true, 0: false, money.Max + 1: false, -1: false} {
		if err := s.SetPrices(ctx, []Price{{App: steam.CS2, Name: "x", Amount: amount}}, noon); (err == nil) != good || !good && !errors.Is(err, fault.InvalidRequest) {
			t.Errorf("price %s: %v", amount, err)
		}
	}
	rate := money.MustRate("80")
	for _, c := range []struct {
		Currency
		good bool
	}{
		{Currency{Code: "rub", Name: "Ruble", Rate: rate, Digits: 0}, true}, {Currency{Code: "btc", Rate: rate, Digits: 8}, true},
		{Currency{Code: "btc", Rate: rate, Digits: 9}, false}, {Currency{Code: "rub", Rate: rate, Digits: -1}, false},
		{Currency{Code: "", Rate: rate}, false}, {Currency{Code: "Rub", Rate: rate}, false}, {Currency{Code: "rub"}, false},
		{Currency{Code: "usd", Rate: rate}, false}, {Currency{Code: "usd", Name: "Dollar", Rate: money.One, Digits: 2}, true},
	} {
		if err := s.SetCurrencies(ctx, []Currency{c.Currency}, noon); (err == nil) != c.good || !c.good && !errors.Is(err, fault.InvalidRequest) {
			t.Errorf("%+v: %v", c.Currency, err)
		}
	}
	if got, ok := s.Currency("RUB"); !ok || got.Name != "Ruble" {
		t.Errorf("%+v", got)
	}
	var kept string
	if err := d.Read().QueryRowContext(ctx, `select p.at || ' ' || p.sourced || ' ' || c.at || ' ' || c.sourced from price p, currency c where c.code = 'rub'`).
		Scan(&kept); err != nil || kept != fmt.Sprintf("%d 0 %[1]d 0", noon.UnixMicro()) {
		t.Errorf("kept as %q, %v", kept, err)
	}
	if err := s.SetCoefficients(ctx, []Coefficient{{App: steam.CS2, BuyIn: money.MustRate("0.5"), SellOut: money.MustRate("0.4"), MinDeposit: 7}}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPrices(ctx, []Price{{App: steam.CS2, Name: "one", Amount: 1}, {App: steam.CS2, Name: "much", Amount: money.Max}}, noon); err != nil {
		t.Fatal(err)
	}
	if in, ok := s.BuyIn(steam.CS2, "one"); in != 1 || !ok { // 0.5 is rounded up
		t.Errorf("%s, %v", in, ok)
	}
	if out, ok := s.SellOut(steam.CS2, "one"); out != 0 || ok { // what is worth nothing has no price
		t.Errorf("%s, %v", out, ok)
	}
	if in, ok := s.BuyIn(steam.CS2, "none"); in != 0 || ok {
		t.Errorf("%s, %v", in, ok)
	}
	if least := s.MinDeposit(steam.CS2); least != 7 {
		t.Errorf("%s", least)
	}
}

// A database that fails is an error of whatever asked it.
func TestBrokenTableIsAnErrorOfEachSetting(t *testing.T) {
	t.Parallel()
	for table, set := range map[string]func(*Service) error{
		"price": func(s *Service) error {
			return s.SetPrices(t.Context(), []Price{{App: steam.CS2, Name: "x", Amount: 1}}, noon)
		},
		"coefficient": func(s *Service) error {
			return s.SetCoefficients(t.Context(), []Coefficient{{App: steam.CS2, BuyIn: money.One, SellOut: money.One}})
		},
		"currency": func(s *Service) error {
			return s.SetCurrencies(t.Context(), []Currency{{Code: "rub", Rate: money.One}}, noon)
		},
	} {
		d := dbtest.SQLite(t)
		s := New(d)
		dbtest.Freeze(t, d, table)
		if err := set(s); err == nil {
			t.Errorf("%s: set", table)
		}
		gone := dbtest.SQLite(t)
		dbtest.Break(t, gone, table)
		if err := New(gone).Load(t.Context()); err == nil {
			t.Errorf("%s: loaded", table)
		}
	}
}
