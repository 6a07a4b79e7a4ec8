package skinsback

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/steam"
)

const (
	maxIDLength  = 255  // characters of order_id and custom_id
	maxURL       = 2048 // bytes
	maxNumber    = 1000 // characters of a decimal, so that 400 digits are fine
	maxExponent  = 400  // of a JSON number, beyond what any float holds
	maxListed    = 1000 // ids or names in one call
	minSearchLen = 3    // characters of a name
)

// merchantID reads order_id or custom_id: 1 to 255 characters of valid UTF-8
// without control characters, compared byte for byte.
func merchantID(v value) (string, bool) {
	s, ok := v.word()
	return s, ok && s != "" && len(s) <= utf8.UTFMax*maxIDLength && clean(s) && utf8.RuneCountInString(s) <= maxIDLength
}

// clean reports valid UTF-8 without control characters. A database that keeps
// text could not even store some of the others.
func clean(s string) bool {
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			if r, size = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
				return false
			}
		}
		if unicode.IsControl(r) {
			return false
		}
		i += size
	}
	return true
}

// positive reads one of our own ids: digits without leading zeros. Ids beyond
// 64 bits are nobody's and become the largest.
func positive(v value) (int64, bool) {
	s, ok := v.word()
	if !ok || s == "" || s[0] == '0' || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 1<<63 - 1, len(s) <= maxNumber
	}
	return n, true
}

// decimal reads a number as plain text: optional minus, digits, one dot with
// digits. An exponent is allowed in JSON only and is written out.
func decimal(v value) (string, bool) {
	if v.kind != text && v.kind != number || len(v.str) > maxNumber {
		return "", false
	}
	s := v.str
	if v.kind == number {
		var ok bool
		if s, ok = writtenOut(s); !ok {
			return "", false
		}
	}
	whole, frac, dotted := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return s, allDigits(whole) && (!dotted || allDigits(frac))
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// writtenOut turns 12.5e3 into 12500, exactly.
func writtenOut(s string) (string, bool) {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return s, true
	}
	exp, err := strconv.Atoi(s[i+1:])
	if err != nil || exp < -maxExponent || exp > maxExponent {
		return "", false
	}
	body, minus := strings.CutPrefix(s[:i], "-")
	whole, frac, _ := strings.Cut(body, ".")
	point := len(whole) + exp
	all := whole + frac
	if point < 1 {
		all, point = strings.Repeat("0", 1-point)+all, 1
	}
	if point > len(all) {
		all += strings.Repeat("0", point-len(all))
	}
	out := strings.TrimLeft(all[:point], "0")
	if out == "" {
		out = "0"
	}
	if point < len(all) {
		out += "." + all[point:]
	}
	if minus {
		out = "-" + out
	}
	return out, true
}

// unsigned is [decimal] without negative numbers; minus zero is zero.
func unsigned(v value) (string, bool) {
	s, ok := decimal(v)
	if body, minus := strings.CutPrefix(s, "-"); minus {
		return body, ok && strings.Trim(body, "0.") == ""
	}
	return s, ok
}

// isZero tells of a text from [unsigned].
func isZero(s string) bool { return strings.Trim(s, "0.") == "" }

// yes reads a boolean in any spelling; everything else is no.
func yes(v value) bool {
	switch v.kind {
	case boolean, number, text:
		return v.str == "true" || v.str == "1"
	}
	return false
}

// tradeToken reads the token of a trade URL, which merchants give with eight
// characters.
func tradeToken(v value) (string, bool) {
	s, ok := v.word()
	return s, ok && len(s) == 8 && steam.ValidToken(s)
}

// steamID reads a SteamID64.
func steamID(v value) (steam.ID64, bool) {
	s, ok := v.word()
	if !ok {
		return 0, false
	}
	id, err := steam.ParseID64(s)
	return id, err == nil
}

var games = map[string]steam.AppID{
	"cs2": steam.CS2, "csgo": steam.CS2, "dota2": steam.Dota2, "rust": steam.Rust, "tf2": steam.TF2,
}

// game reads a game by name, cs2 when none is given. One that is unknown, or
// not traded here, is no error of its own: nothing is on sale there.
func (d *Door) game(v value) (steam.AppID, bool) {
	app, ok := steam.CS2, true
	if v.given() {
		app, ok = games[v.str]
		ok = ok && v.kind == text
	}
	return app, ok && (len(d.deps.Games) == 0 || slices.Contains(d.deps.Games, app))
}

// pageURL reads an address that a payer is sent to.
func pageURL(v value, origins []string) (string, bool) {
	if v.kind != text || len(v.str) > maxURL || !clean(v.str) {
		return "", false
	}
	u, err := url.Parse(v.str)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return "", false
	}
	return v.str, len(origins) == 0 || slices.Contains(origins, u.Scheme+"://"+u.Host)
}

// searched reads name or names of a search; name wins.
func searched(c *call) (part string, names []string, err error) {
	if v := c.get("name"); v.given() {
		part, ok := v.word()
		if !ok {
			return "", nil, searchMissingName.because("name: want text")
		}
		if utf8.RuneCountInString(part) < minSearchLen {
			return "", nil, nameTooShort
		}
		return part, nil, nil
	}
	v := c.get("names")
	if !v.given() {
		return "", nil, searchMissingName
	}
	list, ok := v.elements(maxListed)
	if !ok || len(list) == 0 {
		return "", nil, searchMissingName.because("names: want a list of 1 to 1000 names")
	}
	for _, v := range list {
		name, ok := v.word()
		if !ok {
			return "", nil, searchMissingName.because("names: want a list of texts")
		}
		names = append(names, name)
	}
	return "", names, nil
}
