package page

import (
	"fmt"
	"hash/fnv"
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestName bounds what is drawn and asked for: Steam's names are shorter.
const longestName = 200

// Drawn is the icon of a picture that is always drawn.
const Drawn = "item"

// Picture is the address of an item's picture on the gateway: a payment page
// loads nothing from elsewhere. Without an icon, or when its picture cannot be
// had, it is drawn from the name.
func Picture(app, name, icon string) string {
	if icon == "" {
		icon = Drawn
	}
	if len(name) > longestName {
		name = strings.ToValidUTF8(name[:longestName], "")
	}
	return "/img/" + url.PathEscape(icon) + "?" + url.Values{"app": {app}, "name": {name}}.Encode()
}

// Draw makes the placeholder picture of an item: the same for the same name,
// with the short name of the thing on a pattern of its own. The result is an
// SVG document without script, style or references.
func Draw(app, name string) []byte {
	h := fnv.New64a()
	_, _ = h.Write([]byte(app + "\x00" + name)) // never fails
	sum := h.Sum64()
	hue, second := sum%360, (sum%360+40+sum>>9%80)%360
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 72" width="96" height="72">`)
	fmt.Fprintf(&b, `<rect width="96" height="72" fill="hsl(%d,22%%,30%%)"/>`, hue)
	for i := range uint64(4) {
		bits := sum >> (12 + 12*i)
		x, w := int(bits%128)-24, 6+bits>>7%22
		fmt.Fprintf(&b, `<path d="M%d 72 l42 -72 h%d l-42 72z" fill="hsl(%d,34%%,%d%%)" fill-opacity=".55"/>`, x, w, second, 34+4*i)
	}
	fmt.Fprintf(&b, `<rect y="46" width="96" height="26" fill="#000" fill-opacity=".38"/>`)
	text := short(name)
	size := min(14, 140/max(1, utf8.RuneCountInString(text)))
	fmt.Fprintf(&b, `<text x="48" y="64" text-anchor="middle" font-family="system-ui,sans-serif" font-weight="600" font-size="%d" fill="#fff">%s</text></svg>`,
		size, html.EscapeString(text))
	return []byte(b.String())
}

// short is what fits on a picture: the word before the bar, cut.
func short(name string) string {
	name, _ = SplitName(Plain(name))
	thing, _, _ := strings.Cut(name, " | ")
	for _, prefix := range []string{"★ ", "StatTrak™ ", "Souvenir "} {
		thing = strings.TrimPrefix(thing, prefix)
	}
	if runes := []rune(thing); len(runes) > 12 {
		thing = string(runes[:11]) + "…"
	}
	return thing
}

// SplitName takes the wear, or whatever stands in brackets at the end, off a
// market hash name.
func SplitName(full string) (name, detail string) {
	i := strings.LastIndex(full, " (")
	if i <= 0 || !strings.HasSuffix(full, ")") {
		return full, ""
	}
	return full[:i], full[i+2 : len(full)-1]
}

// Plain makes a name from outside safe to read: no line breaks, no control
// characters, and nothing that turns the direction of the text around it.
func Plain(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c, r == unicode.ReplacementChar:
			return -1
		case unicode.IsControl(r), r == 0x2028, r == 0x2029:
			return ' '
		}
		return r
	}, s))
}
