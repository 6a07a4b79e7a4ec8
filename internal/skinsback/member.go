package skinsback

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// member is one named value of a deposit as it goes over the wire. The same
// members are written as JSON, as a form and as the text that is signed, so
// that the three can't differ. No scalar that is signed is null or boolean: verifiers of
// different languages turn those into different texts.
type member struct {
	name  string
	kind  kind // text, number, list or object; null inside an object only
	text  string
	below []member
}

func textMember(name, s string) member   { return member{name: name, kind: text, text: s} }
func numberMember(name, s string) member { return member{name: name, kind: number, text: s} }

func integerMember(name string, n int64) member {
	return numberMember(name, strconv.FormatInt(n, 10))
}

// members writes them into the open object.
func (a *answer) members(ms []member) {
	for _, m := range ms {
		if m.name == "" {
			a.next()
		} else {
			a.key(m.name)
		}
		switch m.kind {
		case list:
			a.b = append(a.b, '[')
			a.members(m.below)
			a.b = append(a.b, ']')
		case object:
			a.b = append(a.b, '{')
			a.members(m.below)
			a.b = append(a.b, '}')
		case number:
			a.b = append(a.b, m.text...)
		case null:
			a.b = append(a.b, "null"...)
		default:
			a.b = appendText(a.b, m.text)
		}
	}
}

// signedMembers returns the text that a notification's sign is made over.
func signedMembers(ms []member) string {
	scalars := slices.DeleteFunc(slices.Clone(ms), func(m member) bool { return m.kind == list || m.kind == object })
	slices.SortFunc(scalars, func(x, y member) int { return cmp.Compare(x.name, y.name) })
	var b strings.Builder
	for _, m := range scalars {
		b.WriteString(m.name + ":" + m.text + ";")
	}
	return b.String()
}

// formMembers writes them as a form with PHP's bracket names.
func formMembers(ms []member) []byte {
	var b []byte
	return appendForm(b, "", ms)
}

func appendForm(b []byte, parent string, ms []member) []byte {
	for i, m := range ms {
		name := m.name
		if name == "" {
			name = strconv.Itoa(i)
		}
		if parent != "" {
			name = parent + "[" + name + "]"
		}
		switch m.kind {
		case list, object:
			b = appendForm(b, name, m.below)
			continue
		case null: // as PHP does
			continue
		}
		if len(b) > 0 {
			b = append(b, '&')
		}
		b = append(b, url.QueryEscape(name)+"="+url.QueryEscape(m.text)...)
	}
	return b
}
