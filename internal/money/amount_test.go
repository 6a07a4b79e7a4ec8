package money_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/skinrail/skinrail/internal/money"
)

func TestParseAmountTakesPlainDecimalsOnly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]money.Amount{
		"0": 0, "-0": 0, "00": 0, "0.0": 0, "-0.000": 0, "1": 1_000, "01": 1_000, "-1": -1_000, "1.5": 1_500,
		"1.05": 1_050, "1.005": 1_005, "12.340": 12_340, "0.001": 1, "-0.001": -1,
		"2147483648": 2_147_483_648_000, "9223372036854775.807": math.MaxInt64, "-9223372036854775.807": -math.MaxInt64,
	} {
		got, err := money.ParseAmount(text)
		if err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range oddNumbers {
		if got, err := money.ParseAmount(text); !errors.Is(err, money.ErrMalformed) {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"9223372036854775.808", "-9223372036854775.809", "9007199254740993000", "9223372036854775808",
		"18446744073709551616", strings.Repeat("9", 400), "-" + strings.Repeat("9", 400)} {
		if got, err := money.ParseAmount(text); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
}

// oddNumbers are refused as amounts and as rates.
var oddNumbers = []string{"", " ", "+1", "1.", ".5", ".", "-", "-.", "--1", "1-", "1.0005", "1e2", "1E2", "1e309", "-1e309", "NaN",
	"nan", "Infinity", "-Infinity", "inf", "0x10", "0b1", "1_000", "1,5", "1,000.00", " 1", "1 ", "1\n", "\t1", "1.2.3", "1..2",
	"１２", "٣", "1\x00", "\x001", "1/2", "1:2", "null", "true", "[]", "{}", `"1"`, "1;", "1%", "$1", "−1", "1.\u0661", "\xff"}

func TestAmountPrintsWhatWasParsed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount             money.Amount
		all, two, shortest string
	}{
		{0, "0.000", "0.00", "0"}, {1, "0.001", "0.001", "0.001"}, {10, "0.010", "0.01", "0.01"},
		{1_000, "1.000", "1.00", "1"}, {12_505, "12.505", "12.505", "12.505"}, {-12_500, "-12.500", "-12.50", "-12.5"},
		{-1, "-0.001", "-0.001", "-0.001"}, {math.MaxInt64, "9223372036854775.807", "9223372036854775.807", "9223372036854775.807"},
		{math.MinInt64, "-9223372036854775.808", "-9223372036854775.808", "-9223372036854775.808"},
	} {
		if c.amount.String() != c.all || c.amount.Text(2) != c.two || c.amount.Text(0) != c.shortest {
			t.Errorf("%d: %s, %s, %s", int64(c.amount), c.amount, c.amount.Text(2), c.amount.Text(0))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a := money.Amount(rapid.Int64Min(-math.MaxInt64).Draw(t, "amount"))
		for places := range 4 {
			if back, err := money.ParseAmount(a.Text(places)); err != nil || back != a {
				t.Fatalf("%s came back as %s, %v", a, back, err)
			}
		}
	})
}

func TestSumsNeverWrap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		want := new(big.Int).Add(big.NewInt(a), big.NewInt(b))
		got, err := money.Amount(a).Add(money.Amount(b))
		if !want.IsInt64() {
			if !errors.Is(err, money.ErrOverflow) {
				t.Fatalf("%d + %d: %v", a, b, err)
			}
			return
		}
		if err != nil || int64(got) != want.Int64() {
			t.Fatalf("%d + %d = %d, %v", a, b, got, err)
		}
	})
	for _, c := range [][2]money.Amount{{math.MaxInt64, 1}, {math.MinInt64, -1}} {
		if _, err := c[0].Add(c[1]); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, s := range append([]string{"1.005", "-0", "00", "9223372036854775.807"}, oddNumbers...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := money.ParseAmount(s)
		if err != nil {
			if a != 0 || (!errors.Is(err, money.ErrMalformed) && !errors.Is(err, money.ErrOverflow)) {
				t.Fatalf("%q: %d, %v", s, a, err)
			}
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || want.Cmp(big.NewRat(int64(a), 1000)) != 0 {
			t.Fatalf("%q was read as %s", s, a)
		}
		if c, err := a.Decimal().CmpLimit(s); c != 0 || err != nil {
			t.Fatalf("%q: compares %d, %v", s, c, err)
		}
	})
}
