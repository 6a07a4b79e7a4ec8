package pay

import (
	"net/http"
	"strings"

	"github.com/skinrail/skinrail/internal/pay/page"
)

const forever = "public, max-age=31536000, immutable"

// asset serves style and script. Their address carries a digest of their
// content; under another digest they are not there.
func (d *Door) asset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.PathValue("version") != d.version {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", forever)
	http.ServeFileFS(w, r, page.Assets(), r.PathValue("file"))
}

// picture draws an item. The text in it comes from the address, so the answer
// is a picture and nothing else: no script runs in it, wherever it is opened.
func (d *Door) picture(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	name, app := r.URL.Query().Get("name"), r.URL.Query().Get("app")
	if name == "" || len(name) > 400 || len(app) > 10 || strings.Trim(app, "0123456789") != "" {
		http.NotFound(w, r)
		return
	}
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Cache-Control", forever)
	_, _ = w.Write(page.Draw(app, strings.ToValidUTF8(name, ""))) // who went away will ask again
}

// embed serves the script that merchants include. It stands under one address
// for ever, so it is asked for again after a while.
func (d *Door) embed(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("ETag", `"`+d.version+`"`)
	http.ServeFileFS(w, r, page.Assets(), "embed.js")
}
