package apidoc

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
)

//go:embed page.html
var pageSource string

//go:embed page.css
var pageStyle []byte

// Handler serves /openapi.json, /docs/ and its style. Nothing is loaded from
// elsewhere, and no script is needed.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*") // it says nothing about anybody
		write(w, "application/json; charset=utf-8", Document())
	})
	mux.HandleFunc("GET /docs/{$}", func(w http.ResponseWriter, _ *http.Request) {
		write(w, "text/html; charset=utf-8", rendered())
	})
	mux.HandleFunc("GET /docs/style.css", func(w http.ResponseWriter, _ *http.Request) {
		write(w, "text/css; charset=utf-8", pageStyle)
	})
	return mux
}

func write(w http.ResponseWriter, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(body) // who went away will ask again
}

// group is a chapter of the page.
type group struct {
	Name    string
	Methods []Method
}

// rendered is the page, made once.
var rendered = sync.OnceValue(func() []byte {
	t, err := template.New("page").Funcs(template.FuncMap{"pretty": pretty, "curl": curl, "types": types, "schema": schemaText, "upper": strings.ToUpper}).Parse(pageSource)
	if err != nil {
		panic(fmt.Sprintf("apidoc: page.html: %v", err)) // unreachable: a test draws it
	}
	var groups []group
	for _, m := range Methods() {
		if len(groups) == 0 || groups[len(groups)-1].Name != m.Group {
			groups = append(groups, group{Name: m.Group})
		}
		g := &groups[len(groups)-1]
		g.Methods = append(g.Methods, m)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, map[string]any{"Groups": groups, "Standard": Standard, "Controls": Controls()}); err != nil {
		panic(fmt.Sprintf("apidoc: page.html: %v", err)) // unreachable: a test draws it
	}
	return b.Bytes()
})

func pretty(raw json.RawMessage) (string, error) {
	var b bytes.Buffer
	err := json.Indent(&b, raw, "", "  ")
	return b.String(), err
}

// curl is a call that can be pasted once the two secrets are filled in.
func curl(m Method) string {
	body := strings.ReplaceAll(string(m.example(m.Name)), "'", `'\''`)
	return "curl -s $GATEWAY/api.php -H \"X-CLIENT-ID: $ID\" -H \"X-CLIENT-SECRET: $SECRET\" \\\n  -d '" + body + "'"
}

// types is what a parameter may be, in a word or two.
func types(name string) (string, error) {
	var s struct {
		Type  any `json:"type"`
		Items any `json:"items"`
	}
	if err := json.Unmarshal(schemas()[name], &s); err != nil {
		return "", err
	}
	switch t := s.Type.(type) {
	case string:
		return t, nil
	case []any:
		words := make([]string, len(t))
		for i, w := range t {
			words[i] = fmt.Sprint(w)
		}
		return strings.Join(words, " or "), nil
	}
	return "any", nil
}

func schemaText(name string) (string, error) { return pretty(schemas()[name]) }
