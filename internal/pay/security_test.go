package pay_test

import (
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/pay"
	"github.com/skinrail/skinrail/internal/steam"
)

func TestEveryAnswerCarriesItsHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	for _, path := range []string{"/pay/" + d.Hash + "/", "/pay/" + d.Hash + "/status", "/pay/unknown/", "/pay", "/elsewhere"} {
		h := b.get(path).Header
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'",
			"form-action 'self' " + community, "frame-ancestors *"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %q", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || h.Get("X-Frame-Options") != "" {
			t.Errorf("%s: policy %q, frame options %q", path, csp, h.Get("X-Frame-Options"))
		}
	}
}

func TestOnlyRegisteredOriginsMayFrame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	w.shop.Origins = []string{"https://shop.example", "https://evil.example;script-src", "http://127.0.0.1:3000", "javascript:x"}
	w.must(w.shops.Update(t.Context(), w.shop))
	csp := w.browser().get("/pay/" + d.Hash + "/").Header.Get("Content-Security-Policy")
	if !strings.HasSuffix(csp, "; frame-ancestors https://shop.example http://127.0.0.1:3000") {
		t.Errorf("policy %q", csp)
	}
}

func TestNamesFromOutsideAreText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	p := b.get("/pay/" + d.Hash + "/")
	for n := range p.doc.Descendants() {
		if n.Data == "script" && attr(n, "src") == "" || n.Data == "i" || n.Data == "b" {
			t.Errorf("a name became <%s>", n.Data)
		}
	}
	if strings.Contains(p.body, "\u202e") {
		t.Error("a name turns the text around")
	}
	p.reads("payer", "Casual <b>Carl</b>")
	found := false
	for _, card := range p.all("item") {
		found = found || strings.Contains(text(card), `<script>alert(1)</script> "'&{{.}}`)
	}
	if !found {
		t.Error("the hostile name is not shown")
	}
	r := b.submit(p, "review", url.Values{"item": {"1004", "1001"}})
	r.wants(http.StatusOK)
	if n := len(r.all("listed")); n != 2 {
		t.Errorf("%d items are listed", n)
	}
}

func TestFormsFromOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.prefilled()
	b := w.browser()
	for _, action := range []string{"signin", "account", "trade-url", "review", "send"} {
		for name, header := range map[string]http.Header{
			"cross-site":   {"Sec-Fetch-Site": {"cross-site"}},
			"null origin":  {"Origin": {"null"}},
			"other origin": {"Origin": {"https://evil.example"}},
		} {
			got := b.do(http.MethodPost, "/pay/"+d.Hash+"/"+action, url.Values{"item": {"1001"}}, header)
			if got.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s: status %d", action, name, got.StatusCode)
			}
		}
	}
	if got := w.find(d.Hash); got.State != deposit.Open || got.SteamID != payer {
		t.Errorf("the deposit is %s of %v", got.State, got.SteamID)
	}
}

func TestUnknownLinksAreNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	for _, path := range []string{"/pay", "/pay/", "/pay?hash=", "/pay?hash=%00", "/pay/ffffffffffffffffffffffff/", "/pay/'or'1/", "/pay/" + strings.Repeat("a", 4000) + "/",
		"/pay/signin/", "/pay/assets/", "/pay/x/status", "/pay/x/y/z", "/pay/assets/0/pay.css", "/pay/assets/0/..%2f..%2fdoor.go"} {
		if got := b.get(path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", path, got.StatusCode)
		}
	}
}

func TestSignInIsBoundToItsBrowser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.open(nil)
	mine, other := w.browser(), w.browser()
	says := url.Values{"claimed": {payer.String()}, "nonce": {"n1"}}
	page := mine.get("/pay/" + d.Hash + "/")
	sent := mine.submit(page, "signin", nil)
	cookie := sent.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=900"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	if to := sent.Header.Get("Location"); strings.Contains(to, d.Hash) {
		t.Errorf("Steam learns the link: %s", to)
	}
	other.back(sent, says).wants(http.StatusUnauthorized)
	other.submit(other.get("/pay/"+d.Hash+"/"), "signin", nil).wants(http.StatusSeeOther)
	other.to(other.back(sent, says)).reads("error", "started in another browser")
	if id := w.find(d.Hash).SteamID; id != 0 {
		t.Fatalf("the payer is %v", id)
	}
	mine.back(sent, says).wants(http.StatusSeeOther)
	if id := w.find(d.Hash).SteamID; id != payer {
		t.Fatalf("the payer is %v", id)
	}
	mine.to(mine.back(sent, url.Values{"claimed": {stranger.String()}, "nonce": {"n2"}})).reads("error", "started in another browser")
	again := mine.submit(mine.get("/pay/"+d.Hash+"/?show=account"), "signin", nil)
	mine.to(mine.back(again, says)).one("error")
	if id := w.find(d.Hash).SteamID; id != payer {
		t.Errorf("a used answer made %v the payer", id)
	}
}

func TestSignInThatFailsComesBackWithASentence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.open(nil)
	b := w.browser()
	for _, c := range []struct {
		mode string
		err  error
		says string
	}{
		{"cancel", errSays("cancelled"), "The sign-in was cancelled"},
		{"id_res", errSays("forged"), "Steam did not confirm"},
		{"id_res", steam.ErrUnavailable, "Steam does not answer"},
	} {
		w.openID.err = c.err
		sent := b.submit(b.get("/pay/"+d.Hash+"/"), "signin", nil)
		b.to(b.back(sent, url.Values{"openid.mode": {c.mode}})).reads("error", c.says)
	}
}

type errSays string

func (e errSays) Error() string { return string(e) }

func TestCookieIsHostBoundUnderHTTPS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.open(nil)
	deps := w.door.Deps
	deps.PublicURL = "https://pay.example"
	door := pay.New(deps)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://inner.example/pay/"+d.Hash+"/signin", nil)
	r.Header.Set("Origin", "https://pay.example")
	rec := httptest.NewRecorder()
	door.Handler().ServeHTTP(rec, r)
	cookie := rec.Header().Get("Set-Cookie")
	if rec.Code != http.StatusSeeOther || !strings.HasPrefix(cookie, "__Host-skinrail_signin_") || !strings.Contains(cookie, "Secure") {
		t.Errorf("status %d, cookie %q", rec.Code, cookie)
	}
	if rec.Header().Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS")
	}
}

func TestFramedPageSignsInInItsOwnWindowAndLeavesOnlyByClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.open(func(r *deposit.Request) { r.TradeToken = "" })
	frame, window := w.browser(), w.browser()
	frame.framed = true
	p := frame.get("/pay/" + d.Hash + "/")
	if target := attr(p.one("signin").Parent, "target"); target != "_blank" {
		t.Errorf("the sign-in opens in %q", target)
	}
	sent := window.submit(p, "signin", nil)
	window.back(sent, url.Values{"claimed": {payer.String()}, "nonce": {"n"}}).reads("signed-in", "Close this window")
	frame.get("/pay/" + d.Hash + "/").one("trade-url")

	w.advance(2 * time.Hour)
	over := frame.get("/pay/" + d.Hash + "/")
	over.reads("return", "shop.example")
	if back := over.one("return"); attr(back, "target") != "_top" || attr(back, "rel") != "noreferrer" {
		t.Errorf("back by %q %q", attr(back, "target"), attr(back, "rel"))
	}
	for n := range over.doc.Descendants() {
		if n.Data == "meta" && strings.EqualFold(attr(n, "http-equiv"), "refresh") {
			t.Error("an ended page goes on loading")
		}
	}
}

func TestReturnLinksLeadToTheWebOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hashes := map[string]string{}
	for _, to := range []string{"javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://shop.example/", "https://"} {
		hashes[to] = w.open(func(r *deposit.Request) { r.OrderID, r.FailURL = to, to }).Hash
	}
	w.advance(2 * time.Hour)
	for to, hash := range hashes {
		if n := len(w.browser().get("/pay/" + hash + "/").all("return")); n != 0 {
			t.Errorf("%s is linked", to)
		}
	}
}

func TestPicturesHoldNothingButAPicture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	p := b.get("/img/item?" + url.Values{"app": {"730"}, "name": {hostile}}.Encode())
	p.wants(http.StatusOK)
	if strings.Contains(p.body, "<script") || p.Header.Get("Content-Type") != "image/svg+xml" ||
		!strings.Contains(p.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%v\n%s", p.Header, p.body)
	}
	for _, q := range []string{"", "app=730", "name=x&app=abc", "name=" + strings.Repeat("x", 500)} {
		if got := b.get("/img/item?" + q); got.StatusCode != http.StatusNotFound {
			t.Errorf("%q: status %d", q, got.StatusCode)
		}
	}
}

// Pictures come from the one configured place through the gateway: only what is
// a picture by its bytes, small, and of an icon's name; all else is drawn. Each
// is fetched once.
func TestPicturesAreFetchedCheckedAndKept(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[string]int{}
	count := func(icon string) int { mu.Lock(); defer mu.Unlock(); return asked[icon] }
	place := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, rest, _ := strings.Cut(r.URL.Path, "/economy/image/")
		icon, _, _ := strings.Cut(rest, "/")
		mu.Lock()
		asked[icon]++
		mu.Unlock()
		side := 8
		switch icon {
		case "script":
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write([]byte("<script>alert(1)</script>"))
			return
		case "elsewhere":
			http.Redirect(w, r, "/economy/image/good/x", http.StatusFound)
			return
		case "missing":
			http.NotFound(w, r)
			return
		case "huge":
			side = 4000
		case "heavy":
			_, _ = w.Write(make([]byte, 600<<10))
			return
		}
		_ = png.Encode(w, image.NewGray(image.Rect(0, 0, side, side)))
	}))
	t.Cleanup(place.Close)
	w := newWorldOf(t, func(d *pay.Deps) {
		d.PictureURL, d.PictureHTTP = place.URL+"/economy/image/", place.Client()
		d.PictureHTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	})
	b := w.browser()
	query := "?" + url.Values{"app": {"730"}, "name": {redline}}.Encode()
	for icon, want := range map[string]string{"good": "image/png", "script": "image/svg+xml", "elsewhere": "image/svg+xml", "missing": "image/svg+xml",
		"huge": "image/svg+xml", "heavy": "image/svg+xml", "item": "image/svg+xml", "a%2F..%2Fgood": "image/svg+xml", strings.Repeat("x", 601): "image/svg+xml"} {
		for range 3 {
			p := b.get("/img/" + icon + query)
			if got := p.Header.Get("Content-Type"); p.StatusCode != http.StatusOK || got != want || !strings.Contains(p.Header.Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("%.20s: %d %s, want %s", icon, p.StatusCode, got, want)
			}
		}
	}
	for icon, most := range map[string]int{"good": 1, "script": 1, "missing": 1, "huge": 1, "heavy": 1, "a": 0, "": 0} {
		if n := count(icon); n > most {
			t.Errorf("%q was fetched %d times", icon, n)
		}
	}
	if p := b.get("/img/missing"); p.StatusCode != http.StatusNotFound {
		t.Errorf("without a name and a picture: status %d", p.StatusCode)
	}
	if p := b.get("/img/good"); p.StatusCode != http.StatusOK {
		t.Errorf("a picture without a name: status %d", p.StatusCode)
	}
}
