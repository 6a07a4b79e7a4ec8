package skinsback

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
)

// maxBrackets bounds a[b][c]…; the deepest documented name has two.
const maxBrackets = 8

// decodeForm reads a=1&b=2 with PHP's bracket names. A name that comes twice, a
// name that is a text and a list at once, and a broken escape are unreadable:
// two readers could see two requests.
func decodeForm(s string) (fields, error) {
	f := form{}
	for s != "" {
		var pair string
		pair, s, _ = strings.Cut(s, "&")
		if pair == "" {
			continue
		}
		name, val, _ := strings.Cut(pair, "=")
		name, ok := unescape(name)
		if !ok {
			return nil, errUnreadable
		}
		if val, ok = unescape(val); !ok || !f.add(name, val) {
			return nil, errUnreadable
		}
	}
	return f.fields(), nil
}

// decodeMultipart reads form parts; files are ignored.
func decodeMultipart(s, boundary string) (fields, error) {
	r := multipart.NewReader(strings.NewReader(s), boundary)
	f := form{}
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f.fields(), nil
		}
		if err != nil {
			return nil, errUnreadable
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(part); err != nil {
			return nil, errUnreadable
		}
		if part.FileName() == "" && part.FormName() != "" && !f.add(part.FormName(), b.String()) {
			return nil, errUnreadable
		}
	}
}

// boundary returns the boundary of a multipart content type.
func boundary(contentType string) (string, bool) {
	media, params, err := mime.ParseMediaType(contentType)
	return params["boundary"], err == nil && media == "multipart/form-data" && params["boundary"] != ""
}

// form gathers fields while a body is read.
type form struct {
	root node
}

// node is one level of names: a text, or what stands in brackets below it.
type node struct {
	text  string
	leaf  bool
	order []branch
	named map[string]*node
}

type branch struct {
	step string // "" for []
	node *node
}

// add puts one pair in its place; false when the place is taken.
func (f *form) add(name, val string) bool {
	path, ok := brackets(name)
	if !ok {
		return false
	}
	at := &f.root
	for i, step := range path {
		if at.leaf {
			return false
		}
		at = at.child(step, i > 0 && step == "")
	}
	if at.leaf || at.order != nil {
		return false
	}
	at.text, at.leaf = val, true
	return true
}

// child finds or makes a member; one of a[] is always a new one.
func (n *node) child(step string, unnamed bool) *node {
	if c, ok := n.named[step]; ok && !unnamed {
		return c
	}
	c := &node{}
	n.order = append(n.order, branch{step, c})
	if !unnamed {
		if n.named == nil {
			n.named = map[string]*node{}
		}
		n.named[step] = c
	}
	return c
}

// brackets splits a[b][] into its steps. A name whose brackets do not close is
// a plain name, as in PHP.
func brackets(name string) ([]string, bool) {
	open := strings.IndexByte(name, '[')
	if open <= 0 || !strings.HasSuffix(name, "]") {
		return []string{name}, true
	}
	path := []string{name[:open]}
	path = append(path, strings.Split(name[open+1:len(name)-1], "][")...)
	return path, len(path) <= maxBrackets
}

func (f *form) fields() fields {
	out := make(fields, 0, len(f.root.order))
	for _, m := range f.root.order {
		out = append(out, field{m.step, m.node.value()})
	}
	return out
}

// value turns a level into a list when its steps are empty or numbers.
func (n *node) value() value {
	if n.leaf {
		return value{kind: text, str: n.text}
	}
	v := value{kind: list, items: make([]value, 0, len(n.order))}
	for _, m := range n.order {
		if strings.Trim(m.step, "0123456789") != "" {
			v.kind = object
		}
		v.items = append(v.items, m.node.value())
		v.names = append(v.names, m.step)
	}
	return v
}

// unescape decodes %xx and + of a form.
func unescape(s string) (string, bool) {
	if !strings.ContainsAny(s, "%+") {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			b = append(b, ' ')
		case '%':
			if i+2 >= len(s) {
				return "", false
			}
			high, low := unhex(s[i+1]), unhex(s[i+2])
			if high > 15 || low > 15 {
				return "", false
			}
			b = append(b, high<<4|low)
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b), true
}

func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
