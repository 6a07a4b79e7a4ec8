package pay_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// browser is a payer's browser without script. It keeps cookies and says what
// browsers say; it does not follow redirects by itself.
type browser struct {
	t      *testing.T
	base   string
	client *http.Client
	framed bool
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &browser{t: w.t, base: w.server.URL, client: &http.Client{Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came, parsed when it is a page.
type answer struct {
	*http.Response
	t    *testing.T
	body string
	doc  *html.Node
}

func (b *browser) get(path string) answer { return b.do(http.MethodGet, path, nil, nil) }

func (b *browser) post(path string, form url.Values) answer {
	return b.do(http.MethodPost, path, form, http.Header{"Sec-Fetch-Site": {"same-origin"}})
}

func (b *browser) do(method, path string, form url.Values, header http.Header) answer {
	b.t.Helper()
	to := path
	if strings.HasPrefix(path, "/") {
		to = b.base + path
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, to, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Dest", "document")
	if b.framed {
		r.Header.Set("Sec-Fetch-Dest", "iframe")
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range header {
		r.Header[k] = v
	}
	got, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answer{Response: got, t: b.t, body: string(text)}
	if strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
		if a.doc, err = html.Parse(strings.NewReader(a.body)); err != nil {
			b.t.Fatal(err)
		}
	}
	return a
}

// to follows one redirect, as a browser does after a form.
func (b *browser) to(a answer) answer {
	b.t.Helper()
	a.wants(http.StatusSeeOther)
	return b.get(a.Header.Get("Location"))
}

// submit sends a form of a page as a browser without script would, with fields
// changed or added.
func (b *browser) submit(a answer, testid string, change url.Values) answer {
	b.t.Helper()
	button := a.one(testid)
	form := button
	for form != nil && form.Data != "form" {
		form = form.Parent
	}
	if form == nil {
		b.t.Fatalf("%s is not in a form", testid)
	}
	values := url.Values{}
	for n := range form.Descendants() {
		typ := attr(n, "type")
		if n.Data != "input" || attr(n, "name") == "" || typ == "checkbox" && !has(n, "checked") {
			continue
		}
		values.Add(attr(n, "name"), attr(n, "value"))
	}
	for k, v := range change {
		values[k] = v
	}
	action := attr(form, "action")
	if own := attr(button, "formaction"); own != "" {
		action = own
	}
	return b.post(action, values)
}

func (a answer) wants(status int) {
	a.t.Helper()
	if a.StatusCode != status {
		a.t.Fatalf("%s %s: status %d, want %d\n%s", a.Request.Method, a.Request.URL, a.StatusCode, status, a.body)
	}
}

func (a answer) all(testid string) []*html.Node {
	if a.doc == nil {
		return nil
	}
	return slices.Collect(func(yield func(*html.Node) bool) {
		for n := range a.doc.Descendants() {
			if attr(n, "data-testid") == testid && !yield(n) {
				return
			}
		}
	})
}

func (a answer) one(testid string) *html.Node {
	a.t.Helper()
	found := a.all(testid)
	if len(found) != 1 {
		a.t.Fatalf("%s %s (%d): %d × %s\n%s", a.Request.Method, a.Request.URL, a.StatusCode, len(found), testid, a.body)
	}
	return found[0]
}

// reads checks the text of one element.
func (a answer) reads(testid, want string) {
	a.t.Helper()
	if got := text(a.one(testid)); !strings.Contains(got, want) {
		a.t.Errorf("%s reads %q, want %q", testid, got, want)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
