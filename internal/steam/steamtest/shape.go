package steamtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// shape complains about a JSON value that does not look as it should; at is
// where it stands.
type shape func(at string, v any) []string

func want(what string, fits func(v any) bool) shape {
	return func(at string, v any) []string {
		if fits(v) {
			return nil
		}
		return []string{fmt.Sprintf("%s: want %s, got %s", at, what, show(v))}
	}
}

func show(v any) string {
	raw, err := json.Marshal(v)
	if err != nil || len(raw) > 80 {
		return fmt.Sprintf("%T", v)
	}
	return string(raw)
}

var (
	onlyDigits = regexp.MustCompile(`^[0-9]+$`)
	integer    = regexp.MustCompile(`^-?[0-9]+$`)
)

// The types of the contract, 1.3.
var (
	digits  = want("a string of digits", func(v any) bool { s, ok := v.(string); return ok && onlyDigits.MatchString(s) })
	number  = want("an integer", func(v any) bool { n, ok := v.(json.Number); return ok && integer.MatchString(n.String()) })
	truth   = want("a boolean", func(v any) bool { _, ok := v.(bool); return ok })
	text    = want("a string", func(v any) bool { _, ok := v.(string); return ok })
	flag    = want("0 or 1", func(v any) bool { return v == json.Number("0") || v == json.Number("1") })
	flagged = want(`"0" or "1"`, func(v any) bool { return v == "0" || v == "1" })
	nothing = want("null", func(v any) bool { return v == nil })
)

// is wants exactly this value.
func is(value any) shape {
	if n, ok := value.(int); ok {
		value = json.Number(fmt.Sprint(n))
	}
	return want(show(value), func(v any) bool { return v == value })
}

// either wants one of two shapes.
func either(a, b shape) shape {
	return func(at string, v any) []string {
		wrong := a(at, v)
		if len(wrong) == 0 || len(b(at, v)) == 0 {
			return nil
		}
		return wrong
	}
}

// list wants an array of at least one: lists are absent when empty.
func list(of shape) shape { return array(of, 1) }

// maybeEmpty is a list that is there also when it is empty.
func maybeEmpty(of shape) shape { return array(of, 0) }

func array(of shape, least int) shape {
	return func(at string, v any) []string {
		l, ok := v.([]any)
		if !ok || len(l) < least {
			return []string{fmt.Sprintf("%s: want an array of at least %d, got %s", at, least, show(v))}
		}
		var wrong []string
		for i, one := range l {
			wrong = append(wrong, of(fmt.Sprintf("%s[%d]", at, i), one)...)
		}
		return wrong
	}
}

// keyed wants an object whose keys fit and whose members have one shape.
func keyed(key string, of shape) shape {
	fits := regexp.MustCompile("^(?:" + key + ")$")
	return func(at string, v any) []string {
		m, ok := v.(map[string]any)
		if !ok || len(m) == 0 {
			return []string{fmt.Sprintf("%s: want an object, got %s", at, show(v))}
		}
		var wrong []string
		for k, one := range m {
			if !fits.MatchString(k) {
				wrong = append(wrong, fmt.Sprintf("%s: key %q", at, k))
			}
			wrong = append(wrong, of(at+"."+k, one)...)
		}
		return wrong
	}
}

// object wants these members and no others; a name that ends in "?" may be
// absent.
type object map[string]shape

func (o object) shape(at string, v any) []string {
	m, ok := v.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s: want an object, got %s", at, show(v))}
	}
	var wrong []string
	for name, of := range o {
		bare := strings.TrimSuffix(name, "?")
		one, there := m[bare]
		switch {
		case there:
			wrong = append(wrong, of(at+"."+bare, one)...)
		case bare == name:
			wrong = append(wrong, fmt.Sprintf("%s: no %s", at, name))
		}
	}
	for name := range m {
		if o[name] == nil && o[name+"?"] == nil {
			wrong = append(wrong, fmt.Sprintf("%s: member %q is not Steam's", at, name))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// with is the object with further members.
func (o object) with(more object) object {
	all := object{}
	for _, m := range []object{o, more} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

func parse(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("text after the document")
	}
	return v, nil
}
