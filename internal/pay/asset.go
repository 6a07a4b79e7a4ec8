package pay

import (
	"net/http"

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
