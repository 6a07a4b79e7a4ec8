package money_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/skinrail/skinrail/internal/money"
)

func TestParseRateTakesPlainDecimalsOnly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0", "1": "1", "01.50": "1.5", "0.05": "0.05", "1.000000000000": "1", "0.000000000001": "0.000000000001",
		"999999999999999999": "999999999999999999", "999999.999999999999": "999999.999999999999", "92.4137": "92.4137",
	} {
		got, err := money.ParseRate(text)
		if err != nil || got.String() != want {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
	odd := slices.DeleteFunc(slices.Clone(oddNumbers), func(s string) bool { return s == "1.0005" })
	odd = append(odd, "-1", "-0", "1000000000000000000", "9999999.999999999999", "0.0000000000001", "1.0000000000000", strings.Repeat("9", 400), "0."+strings.Repeat("0", 400))
	for _, text := range odd {
		if got, err := money.ParseRate(text); !errors.Is(err, money.ErrMalformed) {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

func TestProductIsRoundedOnceHalfUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount money.Amount
		rates  string
		want   money.Amount
	}{
		{1_000, "1", 1_000}, {1, "0.5", 1}, {1, "0.4999999999", 0}, {-1, "0.5", -1}, {3, "0.5", 2}, {-3, "0.5", -2},
		{12_345, "0.95", 11_728}, {12_345, "0.05", 617}, // 11727.75 and 617.25: the parts of a commission
		{1, "0.7 0.7 1.1", 1}, // 0.539; rounded between the factors it would be 1 × 1 × 1.1
		{1, "0.7 0.7 1", 0},   // 0.49
		{5, "", 5}, {7, "0", 0}, {0, "1.5", 0},
	} {
		got, err := c.amount.Mul(rates(c.rates)...)
		if err != nil || got != c.want {
			t.Errorf("%d × %s = %d, %v, want %d", c.amount, c.rates, got, err, c.want)
		}
	}
	if _, err := money.Amount(math.MaxInt64).Mul(money.MustRate("1.1")); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("got %v", err)
	}
}

func rates(texts string) (rs []money.Rate) {
	for _, s := range strings.Fields(texts) {
		rs = append(rs, money.MustRate(s))
	}
	return rs
}

// rateText draws what ParseRate takes.
func rateText(t *rapid.T, name string) string {
	units := rapid.Int64Range(0, 999_999_999_999).Draw(t, name)
	scale := rapid.IntRange(0, 9).Draw(t, name+" scale")
	if scale == 0 {
		return fmt.Sprint(units)
	}
	s := fmt.Sprintf("%0*d", scale+1, units)
	return s[:len(s)-scale] + "." + s[len(s)-scale:]
}

// rounded is the rule in other words: the nearest integer, ties away from zero.
func rounded(x *big.Rat) *big.Int {
	twice := new(big.Int).Quo(new(big.Int).Mul(x.Num(), big.NewInt(2)), x.Denom())
	if twice.Sign() < 0 {
		return twice.Quo(twice.Sub(twice, big.NewInt(1)), big.NewInt(2))
	}
	return twice.Quo(twice.Add(twice, big.NewInt(1)), big.NewInt(2))
}

func TestConversionAgreesWithRationals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := money.Amount(rapid.Int64().Draw(t, "amount"))
		scale := rapid.IntRange(0, 8).Draw(t, "scale")
		exact := new(big.Rat).SetFrac64(int64(a), 1000)
		var rs []money.Rate
		for range rapid.IntRange(0, 3).Draw(t, "rates") {
			text := rateText(t, "rate")
			r, _ := new(big.Rat).SetString(text)
			exact.Mul(exact, r)
			rs = append(rs, money.MustRate(text))
		}
		pow := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
		want := rounded(new(big.Rat).Mul(exact, new(big.Rat).SetInt(pow)))
		got, err := a.Convert(scale, rs...)
		if !want.IsInt64() {
			if !errors.Is(err, money.ErrOverflow) {
				t.Fatalf("got %s, %v", got, err)
			}
			return
		}
		printed, ok := new(big.Rat).SetString(got.String())
		if err != nil || !ok || printed.Cmp(new(big.Rat).SetFrac(want, pow)) != 0 {
			t.Fatalf("got %s, %v, want %s at scale %d", got, err, want, scale)
		}
	})
}

func TestRatesCompareByValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rateText(t, "a"), rateText(t, "b")
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		if got, want := money.MustRate(a).Cmp(money.MustRate(b)), x.Cmp(y); got != want {
			t.Fatalf("%s against %s: %d, want %d", a, b, got, want)
		}
	})
	if money.One.Cmp(money.MustRate("1.000")) != 0 || money.One.IsZero() || !money.MustRate("0.0").IsZero() {
		t.Error("one and zero are not themselves")
	}
}

func TestLimitIsComparedExactly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount money.Amount
		limit  string
		want   int
	}{
		{1_000, "1", 0}, {1_000, "1.0000000", 0}, {1_000, "0001", 0}, {1_000, "0.999", 1}, {1_000, "1.001", -1},
		{1_000, "1.0000000000000000000000000001", -1}, {1_000, "0.9999999999999999999999999999", 1},
		{1_001, "1." + strings.Repeat("0", 400) + "1", 1}, {1, strings.Repeat("9", 400), -1}, {1, "-" + strings.Repeat("9", 400), 1},
		{0, "-0", 0}, {0, "00.00", 0}, {-5, "0", -1}, {-5, "-0.005", 0}, {-5, "-0.006", 1}, {-5, "-0.004", -1},
		{9_999, "10", -1}, {10_000, "9.999", 1}, {100, "0.1", 0}, {120, "0.12", 0},
	} {
		got, err := c.amount.Decimal().CmpLimit(c.limit)
		if err != nil || got != c.want {
			t.Errorf("%s against %.20s: %d, %v, want %d", c.amount, c.limit, got, err, c.want)
		}
	}
	odd := slices.DeleteFunc(slices.Clone(oddNumbers), func(s string) bool { return s == "1.0005" })
	for _, limit := range odd {
		if got, err := money.Amount(1).Decimal().CmpLimit(limit); !errors.Is(err, money.ErrMalformed) {
			t.Errorf("%q: %d, %v", limit, got, err)
		}
	}
}

func TestMalformedTextIsQuotedShort(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		strings.Repeat("x", 40):    `"` + strings.Repeat("x", 40) + `"`,
		strings.Repeat("x", 41):    `"` + strings.Repeat("x", 40) + `…"`,
		strings.Repeat("x", 1<<20): `"` + strings.Repeat("x", 40) + `…"`,
	} {
		if _, err := money.ParseAmount(text); err == nil || !strings.HasSuffix(err.Error(), " "+want) {
			t.Errorf("%d characters: %.200v, want %s", len(text), err, want)
		}
	}
}

func TestConvertedFiguresPrintTheirPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount             money.Amount
		scale              int
		all, two, shortest string
	}{
		{12_500, 0, "13", "13", "13"}, {12_500, 1, "12.5", "12.5", "12.5"}, {12_500, 3, "12.500", "12.50", "12.5"},
		{12_500, 4, "12.5000", "12.50", "12.5"}, {100_000, 0, "100", "100", "100"}, {100_000, 1, "100.0", "100.0", "100"},
	} {
		d, err := c.amount.Convert(c.scale)
		if err != nil || d.String() != c.all || d.Text(2) != c.two || d.Text(0) != c.shortest {
			t.Errorf("%s at scale %d: %s, %s, %s, %v", c.amount, c.scale, d, d.Text(2), d.Text(0), err)
		}
	}
}

func FuzzParseRate(f *testing.F) {
	for _, s := range append([]string{"92.4137", "0.000000000001", "999999999999999999"}, oddNumbers...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := money.ParseRate(s)
		if err != nil {
			if !errors.Is(err, money.ErrMalformed) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		want, ok := new(big.Rat).SetString(s)
		got, _ := new(big.Rat).SetString(r.String())
		if !ok || want.Cmp(got) != 0 {
			t.Fatalf("%q was read as %s", s, r)
		}
		if again, err := money.ParseRate(r.String()); err != nil || again != r {
			t.Fatalf("%s does not come back: %s, %v", r, again, err)
		}
	})
}

func FuzzCmpLimit(f *testing.F) {
	for _, s := range append([]string{"1.005", "-0", "00"}, oddNumbers...) {
		f.Add(int64(1_005), s)
	}
	f.Fuzz(func(t *testing.T, n int64, s string) {
		if len(s) > 2000 {
			return
		}
		got, err := money.Amount(n).Decimal().CmpLimit(s)
		if err != nil {
			return
		}
		limit, ok := new(big.Rat).SetString(s)
		if !ok || big.NewRat(n, 1000).Cmp(limit) != got {
			t.Fatalf("%d thousandths against %q: %d", n, s, got)
		}
	})
}
