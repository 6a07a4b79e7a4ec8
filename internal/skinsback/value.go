package skinsback

import (
	"strings"
)

// kind is what a parameter was on the wire. Forms know text, list and object.
type kind uint8

const (
	absent kind = iota
	null
	boolean
	number
	text
	list
	object
)

// value is one parameter. str is the decoded text, the literal of a number or
// boolean exactly as it was written, or the JSON source of a list.
type value struct {
	kind  kind
	str   string
	items []value  // of a list or object that came in a form
	names []string // of the items
}

// given reports whether there is something to validate: null and empty text
// count as not sent.
func (v value) given() bool {
	return v.kind != absent && v.kind != null && !(v.kind == text && v.str == "")
}

// scalar reports whether the value takes part in a signature; null does in some
// spellings.
func (v value) scalar() bool { return v.kind != list && v.kind != object && v.kind != absent }

// word returns the value as text where an id or name is due: text, or a JSON
// integer, whose digits are kept. Everything else is malformed.
func (v value) word() (string, bool) {
	switch v.kind {
	case text:
		return v.str, true
	case number:
		return v.str, !strings.ContainsAny(v.str, ".eE")
	}
	return "", false
}

// elements returns the members of a list; more than limit of them, or anything
// but a list, is malformed.
func (v value) elements(limit int) ([]value, bool) {
	if v.kind != list {
		return nil, false
	}
	if v.items != nil {
		return v.items, len(v.items) <= limit
	}
	return jsonElements(v.str, limit)
}

// members returns the parameters of an object.
func (v value) members() (fields, bool) {
	if v.kind != object {
		return nil, false
	}
	if v.items == nil {
		f, err := decodeJSON(v.str)
		return f, err == nil
	}
	f := make(fields, len(v.items))
	for i, it := range v.items {
		f[i] = field{v.names[i], it}
	}
	return f, true
}

// field is one named parameter.
type field struct {
	name  string
	value value
}

// fields are the top-level parameters of one request, each name once. The
// signature is checked over the same values that the method reads.
type fields []field

func (f fields) get(name string) value {
	for i := range f {
		if f[i].name == name {
			return f[i].value
		}
	}
	return value{}
}
