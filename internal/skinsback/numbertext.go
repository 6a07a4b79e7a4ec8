package skinsback

import (
	"math"
	"strconv"
	"strings"
)

// A signature is made over the text of a number, and what the client's language
// printed is not what it sent. These two functions repeat the printing; nothing
// is calculated with the floating-point values, no money depends on them.

// javaScriptNumber prints a JSON number as JavaScript's String does: the
// shortest digits that read back the same, an exponent from 1e21 and below 1e-6.
func javaScriptNumber(literal string) string {
	f, _ := strconv.ParseFloat(literal, 64)
	switch {
	case f == 0:
		return "0"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	mantissa, exp, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	return mantissa + "e" + exp[:1] + strings.TrimLeft(exp[1:], "0")
}

// phpPrecision is PHP's default setting "precision".
const phpPrecision = 14

// phpNumber prints a JSON number as PHP turns it into text: integers of 64 bits
// digit by digit, everything else with 14 significant digits.
func phpNumber(literal string) string {
	if !strings.ContainsAny(literal, ".eE") {
		if _, err := strconv.ParseInt(literal, 10, 64); err == nil {
			return literal
		}
	}
	f, _ := strconv.ParseFloat(literal, 64)
	switch {
	case math.IsInf(f, 1):
		return "INF"
	case math.IsInf(f, -1):
		return "-INF"
	case f == 0:
		return signOf(f) + "0"
	}
	return phpFloat(f)
}

func signOf(f float64) string {
	if math.Signbit(f) {
		return "-"
	}
	return ""
}

func phpFloat(f float64) string {
	s := strconv.FormatFloat(math.Abs(f), 'e', phpPrecision-1, 64)
	mantissa, e, _ := strings.Cut(s, "e")
	exp, _ := strconv.Atoi(e)
	digits := strings.TrimRight(mantissa[:1]+mantissa[2:], "0")
	switch {
	case exp < -4 || exp >= phpPrecision:
		return signOf(f) + digits[:1] + "." + or(digits[1:], "0") + "E" + plus(exp)
	case exp < 0:
		return signOf(f) + "0." + strings.Repeat("0", -exp-1) + digits
	case len(digits) <= exp+1:
		return signOf(f) + digits + strings.Repeat("0", exp+1-len(digits))
	}
	return signOf(f) + digits[:exp+1] + "." + digits[exp+1:]
}

func plus(exp int) string {
	if exp < 0 {
		return strconv.Itoa(exp)
	}
	return "+" + strconv.Itoa(exp)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
