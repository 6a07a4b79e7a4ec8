package page

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// The policy of the door forbids all of this: a page that had it would be
// broken, not dangerous.
func TestPagesHoldNothingInlineAndLoadNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	for name, c := range pages() {
		var b strings.Builder
		if err := c.Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		doc, err := html.Parse(strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for n := range doc.Descendants() {
			if n.Data == "style" || n.Data == "script" && n.FirstChild != nil {
				t.Errorf("%s: inline <%s>", name, n.Data)
			}
			for _, a := range n.Attr {
				checkAttribute(t, name, n, a, ids)
			}
		}
	}
}

func checkAttribute(t *testing.T, name string, n *html.Node, a html.Attribute, ids map[string]bool) {
	t.Helper()
	switch {
	case a.Key == "style", strings.HasPrefix(a.Key, "on"):
		t.Errorf("%s: <%s %s>", name, n.Data, a.Key)
	case a.Key == "src", n.Data == "link" && a.Key == "href", a.Key == "action", a.Key == "formaction":
		if !strings.HasPrefix(a.Val, "/pay/") && !strings.HasPrefix(a.Val, "/img/") {
			t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
		}
	case a.Key == "id":
		if ids[a.Val] {
			t.Errorf("%s: two elements are #%s", name, a.Val)
		}
		ids[a.Val] = true
	}
}

func TestPagesHaveOneHeadingAndNamedControls(t *testing.T) {
	t.Parallel()
	for name, c := range pages() {
		var b strings.Builder
		if err := c.Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		doc, err := html.Parse(strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		headings := 0
		for n := range doc.Descendants() {
			switch n.Data {
			case "h1":
				headings++
			case "img":
				if !has(n, "alt") || !has(n, "width") || !has(n, "height") {
					t.Errorf("%s: a picture without alt or size", name)
				}
			case "a":
				if has(n, "target") && !strings.Contains(value(n, "rel"), "noreferrer") {
					t.Errorf("%s: link to %s lets the other side know", name, value(n, "href"))
				}
			}
		}
		if headings != 1 {
			t.Errorf("%s has %d headings", name, headings)
		}
	}
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func value(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestLargeInventoriesStayLight(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := ItemsPage(choosingExample(1500)).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if perItem := b.Len() / 1500; perItem > 700 {
		t.Errorf("%d bytes an item", perItem)
	}
}

func TestNamesAreSplitAndMadePlain(t *testing.T) {
	t.Parallel()
	for full, want := range map[string][2]string{
		"AK-47 | Redline (Field-Tested)": {"AK-47 | Redline", "Field-Tested"},
		"Operation Case":                 {"Operation Case", ""},
		"(x)":                            {"(x)", ""},
		" (x)":                           {" (x)", ""},
		"a (b) (c)":                      {"a (b)", "c"},
		"":                               {"", ""},
	} {
		if name, detail := SplitName(full); name != want[0] || detail != want[1] {
			t.Errorf("%q became %q and %q", full, name, detail)
		}
	}
	if got := Plain("\u202ea\u2066b\x00c\r\nd\u200f\ufffd "); got != "ab c  d" {
		t.Errorf("%q", got)
	}
}

func TestFiguresAreGroupedWithTheirCurrency(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ figure, code, want string }{
		{"0.41", "usd", "$0.41"}, {"1234.5", "USD", "$1,234.5"}, {"999", "eur", "€999"}, {"1000000.00", "rub", "1,000,000.00\u00a0₽"},
		{"-1234", "usd", "$-1,234"}, {"5", "gems", "5\u00a0GEMS"}, {"100", "jpy", "100\u00a0JPY"},
	} {
		if got := InCurrency(c.figure, c.code); got != c.want {
			t.Errorf("%s %s: %q", c.figure, c.code, got)
		}
	}
}

func TestEqualItemsLookEqual(t *testing.T) {
	t.Parallel()
	a, b := string(Draw("730", "AK-47 | Redline")), string(Draw("730", "AK-47 | Redline"))
	if other := string(Draw("730", "AWP | Capillary")); a != b || a == other {
		t.Error("pictures do not follow names")
	}
	for _, name := range []string{"", "★", "<x>", "\x00\xff", strings.Repeat("★ ", 300)} {
		if _, err := html.Parse(strings.NewReader(string(Draw("", name)))); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}
