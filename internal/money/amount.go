package money

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Amount is a sum of money in thousandths of a US dollar.
type Amount int64

// Scale is how many digits after the point an Amount has.
const Scale = 3

// ErrOverflow is returned when a sum leaves the range of an Amount.
var ErrOverflow = errors.New("money: overflow")

// ErrMalformed is returned for text that is not a plain decimal number.
var ErrMalformed = errors.New("money: malformed amount")

// Add returns a+b, or [ErrOverflow].
func (a Amount) Add(b Amount) (Amount, error) {
	s := a + b
	if (s > a) != (b > 0) {
		return 0, ErrOverflow
	}
	return s, nil
}

// ParseAmount reads optional minus, digits, and optionally one dot with one to
// three digits. More digits are refused rather than cut.
func ParseAmount(s string) (Amount, error) {
	body, neg := strings.CutPrefix(s, "-")
	whole, frac, dotted := strings.Cut(body, ".")
	if !digits(whole) || (dotted && !digits(frac)) || len(frac) > Scale {
		return 0, fmt.Errorf("%w: %q", ErrMalformed, clip(s))
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", Scale-len(frac)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", ErrOverflow, clip(s))
	}
	if neg {
		n = -n
	}
	return Amount(n), nil
}

// String prints all three digits: "12.500".
func (a Amount) String() string { return format(int64(a), Scale) }

// Text prints at least places digits and drops further zeros: "12.50" for
// places 2, "12.505" when the third digit is not zero, "12.5" for places 0.
func (a Amount) Text(places int) string {
	s := format(int64(a), Scale)
	return trim(s, places)
}

func format(units int64, scale int) string {
	neg := units < 0
	u := uint64(units)
	if neg {
		u = -u
	}
	s := strconv.FormatUint(u, 10)
	if scale > 0 {
		if len(s) <= scale {
			s = strings.Repeat("0", scale+1-len(s)) + s
		}
		s = s[:len(s)-scale] + "." + s[len(s)-scale:]
	}
	if neg {
		s = "-" + s
	}
	return s
}

// trim removes trailing zeros but keeps places digits after the point.
func trim(s string, places int) string {
	dot := strings.IndexByte(s, '.')
	if dot < 0 {
		return s
	}
	end := len(s)
	for end > dot+1+places && s[end-1] == '0' {
		end--
	}
	if end == dot+1 {
		end = dot
	}
	return s[:end]
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// Max is the largest amount that any single operation may carry: a billion
// dollars, far below overflow when many are summed.
const Max Amount = 1_000_000_000_000
