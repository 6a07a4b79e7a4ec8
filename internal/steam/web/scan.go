package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode"
	"unicode/utf8"
)

// wire is an object that bots read over and over. It is taken apart here, in one
// pass: encoding/json goes over a part again for each type around it that has a
// word in its reading. All bytes given to what follows have been found to be JSON.
type wire interface {
	// member is where the value of that name, in small letters, goes; nil: it is
	// left out.
	member(name []byte) json.Unmarshaler
}

var errShape = errors.New("want another kind of value")

// fill reads a value into what is pointed to.
func fill(into any, value []byte) error {
	switch to := into.(type) {
	case wire:
		return read(value, to)
	case json.Unmarshaler:
		return to.UnmarshalJSON(value)
	}
	return json.Unmarshal(value, into)
}

// filled is a member that is read by [fill].
type filled struct{ into any }

func (f filled) UnmarshalJSON(value []byte) error { return fill(f.into, value) }

// read fills in an object; null changes nothing. As in encoding/json the last of
// equal names counts, and names may have capitals.
func read(b []byte, into wire) error {
	if string(b) == "null" {
		return nil
	}
	return members(b, func(name, value []byte) error {
		if string(value) == "null" {
			return nil
		}
		to := into.member(name)
		if to == nil && bytes.ContainsFunc(name, unicode.IsUpper) {
			to = into.member(bytes.ToLower(name))
		}
		if to == nil {
			return nil
		}
		return to.UnmarshalJSON(value)
	})
}

// members calls f with each member of an object.
func members(b []byte, f func(name, value []byte) error) error {
	if b[0] != '{' {
		return errShape
	}
	for i := skipSpace(b, 1); b[i] != '}'; {
		after := past(b, i)
		name := b[i+1 : after-1]
		if bytes.IndexByte(name, '\\') >= 0 || !utf8.Valid(name) {
			var clear string
			if err := json.Unmarshal(b[i:after], &clear); err != nil {
				return err
			}
			name = []byte(clear)
		}
		begin := skipSpace(b, skipSpace(b, after)+1) // behind the colon
		end := past(b, begin)
		if err := f(name, b[begin:end]); err != nil {
			return err
		}
		i = next(b, end)
	}
	return nil
}

// elements calls f with each element of an array.
func elements(b []byte, f func(value []byte) error) error {
	for i := skipSpace(b, 1); b[i] != ']'; {
		end := past(b, i)
		if err := f(b[i:end]); err != nil {
			return err
		}
		i = next(b, end)
	}
	return nil
}

// next is where the value after a comma begins, or the bracket that ends all.
func next(b []byte, i int) int {
	if i = skipSpace(b, i); b[i] == ',' {
		i = skipSpace(b, i+1)
	}
	return i
}

func skipSpace(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r' {
		i++
	}
	return i
}

// past is the end of the value that begins at i.
func past(b []byte, i int) int {
	for depth := 0; ; {
		switch b[i] {
		case '"':
			i = pastString(b, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\n', '\t', '\r':
			i++
			continue
		default: // a number or a word
			for i < len(b) && !isEnd(b[i]) {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}

func isEnd(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\t' || c == '\r'
}

func pastString(b []byte, i int) int {
	for i++; ; i++ {
		i += bytes.IndexByte(b[i:], '"')
		escapes := 0
		for b[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
}
