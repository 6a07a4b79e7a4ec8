package skinsback

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// errUnreadable is returned for a body that has no single meaning.
var errUnreadable = errors.New("the body is neither one JSON object nor a form that can be read")

// maxDepth bounds nesting. The deepest documented request has three levels.
const maxDepth = 32

// decodeJSON reads one JSON object strictly: no duplicate keys at any depth, no
// text after it, valid UTF-8 without lone surrogates. Numbers keep their text,
// because signatures are made over it. Lists stay source text until a method
// reads them.
func decodeJSON(s string) (fields, error) {
	if !utf8.ValidString(s) {
		return nil, errUnreadable
	}
	p := parser{s: s}
	p.space()
	out := make(fields, 0, 12)
	seen := keys{}
	if !p.object(0, func(name string) bool {
		v, ok := p.value(1)
		out = append(out, field{name, v})
		return ok && seen.add(name)
	}) {
		return nil, errUnreadable
	}
	p.space()
	if p.pos != len(s) {
		return nil, errUnreadable
	}
	return out, nil
}

// jsonElements reads the members of a list that decodeJSON has validated.
func jsonElements(s string, limit int) ([]value, bool) {
	p := parser{s: s}
	var out []value
	fits := p.list(0, func() bool {
		if len(out) == limit {
			return false
		}
		v, ok := p.value(1)
		out = append(out, v)
		return ok
	})
	return out, fits
}

// parser walks over one JSON text. Its methods report false for malformed text
// and leave the position undefined then.
type parser struct {
	s   string
	pos int
}

func (p *parser) space() {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// take consumes the byte c if it is next.
func (p *parser) take(c byte) bool {
	if p.pos < len(p.s) && p.s[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// object reads { "name": … }; member reads the value.
func (p *parser) object(depth int, member func(name string) bool) bool {
	if depth > maxDepth || !p.take('{') {
		return false
	}
	p.space()
	if p.take('}') {
		return true
	}
	for {
		p.space()
		name, ok := p.text()
		if !ok {
			return false
		}
		p.space()
		if !p.take(':') {
			return false
		}
		p.space()
		if !member(name) {
			return false
		}
		p.space()
		if p.take('}') {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

func (p *parser) list(depth int, member func() bool) bool {
	if depth > maxDepth || !p.take('[') {
		return false
	}
	p.space()
	if p.take(']') {
		return true
	}
	for {
		p.space()
		if !member() {
			return false
		}
		p.space()
		if p.take(']') {
			return true
		}
		if !p.take(',') {
			return false
		}
	}
}

func (p *parser) value(depth int) (value, bool) {
	if p.pos >= len(p.s) {
		return value{}, false
	}
	start := p.pos
	switch c := p.s[p.pos]; c {
	case '"':
		s, ok := p.text()
		return value{kind: text, str: s}, ok
	case '{':
		seen := keys{}
		ok := p.object(depth, func(name string) bool {
			_, ok := p.value(depth + 1)
			return ok && seen.add(name)
		})
		return value{kind: object, str: p.s[start:p.pos]}, ok
	case '[':
		ok := p.list(depth, func() bool {
			_, ok := p.value(depth + 1)
			return ok
		})
		return value{kind: list, str: p.s[start:p.pos]}, ok
	case 't':
		return value{kind: boolean, str: "true"}, p.literal("true")
	case 'f':
		return value{kind: boolean, str: "false"}, p.literal("false")
	case 'n':
		return value{kind: null}, p.literal("null")
	default:
		ok := p.number()
		return value{kind: number, str: p.s[start:p.pos]}, ok
	}
}

func (p *parser) literal(word string) bool {
	if !strings.HasPrefix(p.s[p.pos:], word) {
		return false
	}
	p.pos += len(word)
	return true
}

func (p *parser) number() bool {
	p.take('-')
	if !p.take('0') && !p.digits() {
		return false
	}
	if p.take('.') && !p.digits() {
		return false
	}
	if p.take('e') || p.take('E') {
		_ = p.take('+') || p.take('-')
		return p.digits()
	}
	return true
}

func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.s) && p.s[p.pos] >= '0' && p.s[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > start
}

// text reads a quoted string; without an escape it is a part of the source.
func (p *parser) text() (string, bool) {
	if !p.take('"') {
		return "", false
	}
	start := p.pos
	for ; p.pos < len(p.s); p.pos++ {
		switch c := p.s[p.pos]; {
		case c == '"':
			p.pos++
			return p.s[start : p.pos-1], true
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return "", false
		}
	}
	return "", false
}

func (p *parser) escaped(start int) (string, bool) {
	var b strings.Builder
	b.WriteString(p.s[start:p.pos])
	for p.pos < len(p.s) {
		c := p.s[p.pos]
		p.pos++
		switch {
		case c == '"':
			return b.String(), true
		case c < 0x20:
			return "", false
		case c != '\\':
			b.WriteByte(c)
		default:
			r, ok := p.escape()
			if !ok {
				return "", false
			}
			b.WriteRune(r)
		}
	}
	return "", false
}

func (p *parser) escape() (rune, bool) {
	if p.pos >= len(p.s) {
		return 0, false
	}
	c := p.s[p.pos]
	p.pos++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), true
	}
	if c != 'u' {
		return 0, false
	}
	r, ok := p.hex4()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if !p.take('\\') || !p.take('u') {
		return 0, false
	}
	low, ok := p.hex4()
	if !ok {
		return 0, false
	}
	r = utf16.DecodeRune(r, low)
	return r, r != utf8.RuneError
}

func (p *parser) hex4() (rune, bool) {
	if p.pos+4 > len(p.s) || strings.ContainsAny(p.s[p.pos:p.pos+4], "+_") {
		return 0, false
	}
	n, err := strconv.ParseUint(p.s[p.pos:p.pos+4], 16, 16)
	p.pos += 4
	return rune(n), err == nil
}

// keys finds a name that comes twice.
type keys struct {
	few  [16]string
	n    int
	many map[string]struct{}
}

// add reports false when the name is there already.
func (k *keys) add(name string) bool {
	if k.many != nil {
		if _, taken := k.many[name]; taken {
			return false
		}
		k.many[name] = struct{}{}
		return true
	}
	for _, n := range k.few[:k.n] {
		if n == name {
			return false
		}
	}
	if k.n < len(k.few) {
		k.few[k.n] = name
		k.n++
		return true
	}
	k.many = map[string]struct{}{name: {}}
	for _, n := range k.few {
		k.many[n] = struct{}{}
	}
	return true
}
