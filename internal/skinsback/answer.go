package skinsback

import (
	"strconv"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/money"
)

// answer writes one JSON object, its members in the order of the calls. Figures
// are exact decimal text; a float never comes near them.
type answer struct{ b []byte }

// success begins the usual envelope.
func success() *answer {
	a := &answer{b: make([]byte, 0, 512)}
	a.open()
	a.text("status", "success")
	return a
}

func (a *answer) open()  { a.b = append(a.b, '{') }
func (a *answer) close() { a.b = append(a.b, '}') }

// done ends the object and returns it.
func (a *answer) done() []byte {
	a.close()
	return a.b
}

// next puts a comma where one is due.
func (a *answer) next() {
	if n := len(a.b); n > 0 && a.b[n-1] != '{' && a.b[n-1] != '[' {
		a.b = append(a.b, ',')
	}
}

// key begins a member; its value follows.
func (a *answer) key(name string) {
	a.next()
	a.b = appendText(a.b, name)
	a.b = append(a.b, ':')
}

func (a *answer) text(name, s string) {
	a.key(name)
	a.b = appendText(a.b, s)
}

// raw writes JSON that is known to be right, such as a number.
func (a *answer) raw(name, json string) {
	a.key(name)
	a.b = append(a.b, json...)
}

func (a *answer) integer(name string, n int64) {
	a.key(name)
	a.b = strconv.AppendInt(a.b, n, 10)
}

func (a *answer) boolean(name string, v bool) {
	a.key(name)
	a.b = strconv.AppendBool(a.b, v)
}

// id writes an id as text.
func (a *answer) id(name string, n int64) {
	a.key(name)
	a.b = append(a.b, '"')
	a.b = strconv.AppendInt(a.b, n, 10)
	a.b = append(a.b, '"')
}

// amount writes dollars as a JSON number without trailing zeros.
func (a *answer) amount(name string, m money.Amount) { a.raw(name, m.Text(0)) }

// numstr writes dollars as text with two digits, three when the third is not
// zero.
func (a *answer) numstr(name string, m money.Amount) { a.text(name, m.Text(2)) }

// begin opens an object or list as a member; end closes it.
func (a *answer) begin(name string, bracket byte) {
	a.key(name)
	a.b = append(a.b, bracket)
}

func (a *answer) end(bracket byte) { a.b = append(a.b, bracket) }

const hexDigits = "0123456789abcdef"

// appendText appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[start:i]...)
		b = appendEscape(b, c)
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	if c >= utf8.RuneSelf {
		return append(b, "\ufffd"...)
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
