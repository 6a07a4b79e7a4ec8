package money

import (
	"cmp"
	"fmt"
	"math/big"
	"strings"
)

// Rate is an exact decimal factor: an exchange rate, a multiplier, a
// commission. The zero Rate is 0.
type Rate struct {
	units int64 // times 10^-scale
	scale int
}

// maxRateScale bounds the digits after the point, so that products stay small.
const maxRateScale = 12

// One is the factor 1.
var One = Rate{units: 1}

// ParseRate reads a decimal without sign or exponent, up to 12 digits after
// the point and 18 digits in all.
func ParseRate(s string) (Rate, error) {
	whole, frac, dotted := strings.Cut(s, ".")
	if !digits(whole) || (dotted && !digits(frac)) || len(frac) > maxRateScale || len(whole)+len(frac) > 18 {
		return Rate{}, fmt.Errorf("%w: rate %q", ErrMalformed, clip(s))
	}
	frac = strings.TrimRight(frac, "0")
	var units int64
	for _, c := range whole + frac {
		units = units*10 + int64(c-'0')
	}
	return Rate{units: units, scale: len(frac)}, nil
}

// MustRate is [ParseRate] for constants.
func MustRate(s string) Rate {
	r, err := ParseRate(s)
	if err != nil {
		panic(err)
	}
	return r
}

func (r Rate) String() string { return format(r.units, r.scale) }

// IsZero reports whether the factor is 0.
func (r Rate) IsZero() bool { return r.units == 0 }

// Cmp compares two rates: -1, 0 or 1.
func (r Rate) Cmp(o Rate) int { return compare(r.String(), o.String()) }

// Mul returns a × every rate, rounded half up (away from zero) once to the
// ledger's unit, or [ErrOverflow].
func (a Amount) Mul(rates ...Rate) (Amount, error) {
	d, err := a.Convert(Scale, rates...)
	if err != nil {
		return 0, err
	}
	return Amount(d.units), nil
}

// Decimal is a rounded figure for display in some currency: units × 10^-scale.
type Decimal struct {
	units int64
	scale int
}

// Convert returns a × every rate, rounded half up once to scale digits.
func (a Amount) Convert(scale int, rates ...Rate) (Decimal, error) {
	n := big.NewInt(int64(a))
	exp := Scale
	for _, r := range rates {
		n.Mul(n, big.NewInt(r.units))
		exp += r.scale
	}
	units, err := roundTo(n, exp, scale)
	return Decimal{units: units, scale: scale}, err
}

// roundTo brings n × 10^-from to scale to, half away from zero.
func roundTo(n *big.Int, from, to int) (int64, error) {
	if to >= from {
		n.Mul(n, pow10(to-from))
	} else {
		div := pow10(from - to)
		half := new(big.Int).Rsh(div, 1)
		if n.Sign() < 0 {
			n.Sub(n, half)
		} else {
			n.Add(n, half)
		}
		n.Quo(n, div)
	}
	if !n.IsInt64() {
		return 0, ErrOverflow
	}
	return n.Int64(), nil
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// Text prints at least places digits and drops further zeros.
func (d Decimal) Text(places int) string { return trim(format(d.units, d.scale), places) }

// String prints all digits.
func (d Decimal) String() string { return format(d.units, d.scale) }

// CmpLimit compares the figure with a decimal text of any length: -1, 0 or 1,
// or [ErrMalformed]. The text is compared digit by digit, so nothing is cut and
// a very long one costs no more than reading it.
func (d Decimal) CmpLimit(limit string) (int, error) {
	body := strings.TrimPrefix(limit, "-")
	whole, frac, dotted := strings.Cut(body, ".")
	if !digits(whole) || (dotted && !digits(frac)) {
		return 0, fmt.Errorf("%w: %q", ErrMalformed, clip(limit))
	}
	return compare(d.String(), limit), nil
}

// compare orders two plain decimal texts by value.
func compare(a, b string) int {
	aNeg, aWhole, aFrac := parts(a)
	bNeg, bWhole, bFrac := parts(b)
	switch {
	case aNeg && !bNeg:
		return -1
	case bNeg && !aNeg:
		return 1
	case aNeg:
		aWhole, aFrac, bWhole, bFrac = bWhole, bFrac, aWhole, aFrac
	}
	return cmp.Or(cmp.Compare(len(aWhole), len(bWhole)), strings.Compare(aWhole, bWhole), strings.Compare(aFrac, bFrac))
}

// parts splits a decimal text and drops zeros that mean nothing; zero itself
// has no sign.
func parts(s string) (negative bool, whole, frac string) {
	body, negative := strings.CutPrefix(s, "-")
	whole, frac, _ = strings.Cut(body, ".")
	whole, frac = strings.TrimLeft(whole, "0"), strings.TrimRight(frac, "0")
	return negative && whole+frac != "", whole, frac
}

// Decimal is the amount as a figure in dollars.
func (a Amount) Decimal() Decimal { return Decimal{units: int64(a), scale: Scale} }
