package pay_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/skinrail/skinrail/internal/deposit"
)

func TestFramedPageNamesItsOrderAndWhoMayHear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.open(func(r *deposit.Request) { r.OrderID = hostile })
	body := func(path string) *html.Node {
		for n := range w.browser().get(path).doc.Descendants() {
			if n.Data == "body" {
				return n
			}
		}
		t.Fatal("no body")
		return nil
	}
	if b := body("/pay/" + d.Hash + "/"); attr(b, "data-origins") != "" || attr(b, "data-order") != hostile ||
		attr(b, "data-status") != "pending" || attr(b, "data-stage") != "choosing" {
		t.Errorf("%+v", b.Attr)
	}
	w.shop.Origins = []string{"https://Shop.example", "https://evil.example;script-src", "*"}
	w.must(w.shops.Update(t.Context(), w.shop))
	if b := body("/pay/" + d.Hash + "/"); attr(b, "data-origins") != "https://shop.example" {
		t.Errorf("%+v", b.Attr)
	}
	if b := body("/pay/nothing/"); attr(b, "data-order") != "" || attr(b, "data-origins") != "" {
		t.Errorf("%+v", b.Attr)
	}
	w.advance(2 * time.Hour)
	if b := body("/pay/" + d.Hash + "/"); attr(b, "data-status") != "fail" || attr(b, "data-stage") != "done" {
		t.Errorf("%+v", b.Attr)
	}
}

func TestEmbedScriptMayBeIncludedAnywhere(t *testing.T) {
	t.Parallel()
	p := newWorld(t).browser().get("/embed.js")
	p.wants(http.StatusOK)
	if h := p.Header; h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || !strings.HasPrefix(h.Get("Content-Type"), "text/javascript") ||
		h.Get("ETag") == "" || !strings.Contains(p.body, "Skinrail") {
		t.Errorf("%v", h)
	}
}
