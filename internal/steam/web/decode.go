package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/steam"
)

// Steam types the same thing differently from endpoint to endpoint: these types
// take every form seen and refuse the rest.

// text takes a string or a number, whose digits it keeps.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null":
		return nil
	case b[0] == '"':
		if in := b[1 : len(b)-1]; bytes.IndexByte(in, '\\') < 0 && utf8.Valid(in) { // nothing to decode
			*t = text(in)
			return nil
		}
		return json.Unmarshal(b, (*string)(t))
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*t = text(b)
		return nil
	}
	return fmt.Errorf("want a string or a number")
}

// number takes an integer, a string of digits or a boolean; null and "" are 0.
type number int64

func (n *number) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	switch s {
	case "null", "", "false":
		*n = 0
		return nil
	case "true":
		*n = 1
		return nil
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("want an integer")
	}
	*n = number(v)
	return nil
}

// moment takes Unix seconds; 0 and absent are the zero time.
type moment struct{ time.Time }

func (m *moment) UnmarshalJSON(b []byte) error {
	var n number
	if err := n.UnmarshalJSON(b); err != nil {
		return err
	}
	// Years beyond four digits are no times of Steam's and break other encoders.
	if n < 0 || n > 253402300799 {
		return fmt.Errorf("want unix seconds")
	}
	if n != 0 {
		m.Time = time.Unix(int64(n), 0).UTC()
	}
	return nil
}

// list takes an array, an object keyed by numbers, "" and null.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(b []byte) error {
	switch {
	case string(b) == "null" || string(b) == `""`:
		return nil
	case b[0] == '[':
		*l = nil
		return elements(b, func(value []byte) error {
			var one T
			*l = append(*l, one)
			return fill(&(*l)[len(*l)-1], value)
		})
	}
	var m object[T]
	if err := m.UnmarshalJSON(b); err != nil {
		return err
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		return len(keys[i]) < len(keys[j]) || len(keys[i]) == len(keys[j]) && keys[i] < keys[j]
	})
	for _, k := range keys {
		*l = append(*l, m[k])
	}
	return nil
}

// object takes an object; an empty array, "" and null are empty.
type object[T any] map[string]T

func (o *object[T]) UnmarshalJSON(b []byte) error {
	switch strings.Join(strings.Fields(string(b[:min(len(b), 16)])), "") {
	case "null", `""`, "[]":
		return nil
	}
	if *o == nil {
		*o = object[T]{}
	}
	return members(b, func(name, value []byte) error {
		var one T
		err := fill(&one, value)
		(*o)[string(name)] = one
		return err
	})
}

// decode reads one JSON document. Anything else is [steam.ErrUnavailable].
func decode(body []byte, into any) error {
	if err := unmarshal(body, into); err != nil {
		what := "broken json"
		if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
			what = "html"
		}
		// The decoder's own text may quote the answer: keep it out.
		return fmt.Errorf("%w: %s instead of an answer (%d bytes)", steam.ErrUnavailable, what, len(body))
	}
	return nil
}

func unmarshal(body []byte, into any) error {
	w, ok := into.(wire)
	if !ok {
		return json.Unmarshal(body, into)
	}
	if !json.Valid(body) {
		return errShape
	}
	return read(bytes.TrimSpace(body), w)
}

// malformed is an answer without what matters.
func malformed(what string) error {
	return fmt.Errorf("%w: answer without %s", steam.ErrUnavailable, what)
}

// digits reports whether s is an id: up to twenty digits, not all zero.
func digits(s text) bool {
	if len(s) == 0 || len(s) > 20 || strings.Trim(string(s), "0") == "" {
		return false
	}
	return strings.Trim(string(s), "0123456789") == ""
}

// appID is an app's number within its range, else 0.
func appID(n number) steam.AppID {
	if n < 0 || n > 1<<32-1 {
		return 0
	}
	return steam.AppID(n)
}

// plain makes a sentence of Steam's fit for a log line or an operator's page.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	if runes := []rune(s); len(runes) > 200 {
		s = string(runes[:200]) + "…"
	}
	return s
}
