package skinsback

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/merchant"
)

func TestStandardErrorsComeInTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}}
	unknownShop := http.Header{"X-Client-Id": {"9"}, "X-Client-Secret": {shopKey}}
	wrongSecret := http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {"k3yForTest"}}
	expect := func(want string, got string) {
		t.Helper()
		n, name := code(t, got)
		if fmt.Sprint(n, " ", name) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	// All the reasons at once; then one less each time.
	w.ok(w.merchants.SetMaintenance(t.Context(), true, time.Now()))
	w.settings(func(p *merchant.Project) {
		p.Active, p.Market, p.RateLimit, p.AllowedIPs = false, false, 1, []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
	})
	for _, method := range []string{"GET", "HEAD", "PUT", "OPTIONS", "DELETE", "TRACE", "POSTS"} {
		r := httptest.NewRequest(method, "/api.php", nil)
		expect("-1 please_use_post_method", w.serve(r))
	}
	expect("-9 under_maintenance", w.send(`{`, unknownShop))
	w.ok(w.merchants.SetMaintenance(t.Context(), false, time.Now()))
	expect("-2 invalid_shopid", w.send(`{"method":"nonsense"}`, unknownShop))
	expect("-3 invalid_signature", w.send(`{"method":"nonsense"}`, wrongSecret))
	expect("-8 invalid_ip_address", w.send(`{"method":"nonsense"}`, good))
	w.settings(func(p *merchant.Project) { p.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	expect("-4 shop_not_active", w.send(`{"method":"nonsense"}`, good))
	expect("-7 request_limit_reached", w.send(`{"method":"nonsense"}`, good))
	w.settings(func(p *merchant.Project) { p.RateLimit = 1 << 30 })
	expect("-4 shop_not_active", w.send(`{"method":"nonsense"}`, good))
	w.settings(func(p *merchant.Project) { p.Active = true })
	for _, body := range []string{`{"method":"nonsense"}`, `{"method":["create"]}`, `{}`, ``, `{"method":null}`, `{"method":1}`, `{"Method":"balance"}`,
		`{"method":"create `, `1`, `"x"`, `method`, "\ufeff" + `{"method":"balance"}`} {
		expect("-5 invalid_method", w.send(body, good))
	}
	for _, m := range []string{"market_pricelist", "market_search", "market_buy", "market_getinfo"} {
		expect("-6 market_disabled", w.send(`{"method":"`+m+`"}`, good))
	}
	if got := w.send(`{"method":"status"}`, good); got != `{"status":"success","available":true}` {
		t.Error(got)
	}
}

// Our own failures, also a panic, are an answer like any other.
func TestOurOwnFailureNamesTheRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, run := range []func(*Door, *call) ([]byte, error){
		func(*Door, *call) ([]byte, error) { panic("a bug") },
		func(*Door, *call) ([]byte, error) { return nil, errors.New("a secret detail") },
	} {
		w.door.methods["status"] = &method{name: "status", run: run}
		r := httptest.NewRequest(http.MethodPost, "/api.php", strings.NewReader(`{"method":"status"}`))
		r.Header = http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}}
		rec := httptest.NewRecorder()
		w.door.Handler().ServeHTTP(rec, r)
		want := `{"status":"error","error_code":-9,"error_message":"under_maintenance","error_detail":"request ` + rec.Header().Get("X-Request-Id") + `"}`
		if rec.Code != http.StatusOK || rec.Body.String() != want {
			t.Errorf("HTTP %d %s, want %s", rec.Code, rec.Body, want)
		}
	}
}

func TestPathBelowIsTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string]int{"/api.php": 200, "/api.php/": 200, "/api.php/balance": 200, "/api.php//x/../y": 200,
		"/api.phpx": 404, "/": 404, "/other": 404} {
		r := httptest.NewRequest(http.MethodPost, "http://gateway.example"+path+"?method=balance&shopid=9", strings.NewReader(`{"method":"status"}`))
		r.Header = http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}}
		rec := httptest.NewRecorder()
		w.door.Handler().ServeHTTP(rec, r)
		if rec.Code != want || want == 200 && rec.Body.String() != `{"status":"success","available":true}` {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
}

func TestBothAuthenticationsAndAllEncodingsReachTheMethod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const want = `{"status":"success","available":true}`
	plain := "method:status;shopid:4021;"
	for name, got := range map[string]string{
		"headers":                w.post(`{"method":"status"}`),
		"headers beat the body":  w.post(`{"method":"status","shopid":9,"sign":"x"}`),
		"form":                   w.signed("method=status&shopid=4021", plain),
		"form with unknown":      w.signed("game=csgo&method=status&shopid=4021", "game:csgo;"+plain),
		"form with empty":        w.signed("note=&method=status&shopid=4021", "method:status;note:;shopid:4021;"),
		"json number":            w.send(`{"method":"status","shopid":4021,"sign":"`+sign(shopKey, plain)+`"}`, http.Header{}),
		"json text":              w.send(`{"method":"status","shopid":"4021","sign":"`+sign(shopKey, plain)+`"}`, http.Header{}),
		"json with wrong header": w.send(`{"method":"status","shopid":"4021","sign":"`+sign(shopKey, plain)+`"}`, http.Header{"Content-Type": {formType}}),
		"json true as php":       w.send(`{"full":true,"method":"status","shopid":4021,"sign":"`+sign(shopKey, "full:1;"+plain)+`"}`, http.Header{}),
		"json null as js":        w.send(`{"a":null,"method":"status","shopid":4021,"sign":"`+sign(shopKey, plain)+`"}`, http.Header{}),
		"json null as php":       w.send(`{"a":null,"method":"status","shopid":4021,"sign":"`+sign(shopKey, "a:;"+plain)+`"}`, http.Header{}),
		"raw number":             w.send(`{"a":1.50,"method":"status","shopid":4021,"sign":"`+sign(shopKey, "a:1.50;"+plain)+`"}`, http.Header{}),
		"lists are not signed":   w.signed("a[]=1&method=status&shopid=4021", plain),
	} {
		if got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	multi := "--B\r\nContent-Disposition: form-data; name=method\r\n\r\nstatus\r\n--B\r\nContent-Disposition: form-data; name=shopid\r\n\r\n4021\r\n" +
		"--B\r\nContent-Disposition: form-data; name=sign\r\n\r\n" + sign(shopKey, plain) + "\r\n--B--\r\n"
	if got := w.send(multi, http.Header{"Content-Type": {"multipart/form-data; boundary=B"}}); got != want {
		t.Error(got)
	}
}

func TestWrongSignaturesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := "amount:1.50;list:;method:status;ok:1;shopid:4021;"
	good := sign(shopKey, "amount:1.5;method:status;ok:true;shopid:4021;")
	body := func(s string) string {
		return `{"method":"status","amount":1.50,"list":[1],"ok":true,"shopid":4021,"sign":` + s + `}`
	}
	if n, _ := code(t, w.send(body(`"`+good+`"`), http.Header{})); n != 0 {
		t.Fatal("the good signature was refused")
	}
	for _, s := range []string{`""`, `null`, `[]`, `["` + good + `"]`, `{"a":1}`, `true`, `0`, `"` + strings.ToUpper(good) + `"`, `"` + good[1:] + `"`,
		`"` + good + `0"`, `" ` + good + `"`, `"` + sign(shopKey, text) + `"`, `"` + sign("other secret", "amount:1.5;method:status;ok:true;shopid:4021;") + `"`,
		`"` + sign(shopKey, "amount:1.5;list:1;method:status;ok:true;shopid:4021;") + `"`,
		`"` + sign(shopKey, "amount:1.5;method:status;ok:true;shopid:4021;sign:x;") + `"`,
		`"` + sign(shopKey, "amount=1.5;method=status;") + `"`, `"` + StaticToken(shop, shopKey) + `"`} {
		if n, _ := code(t, w.send(body(s), http.Header{})); n != -3 {
			t.Errorf("%s: %d", s, n)
		}
	}
	for _, id := range []string{`0`, `-4021`, `"04021"`, `4021.0`, `"4021 "`, `9223372036854775808`, `null`, `[4021]`, `""`, `"4021a"`, `4.021e3`} {
		got := w.send(`{"method":"status","shopid":`+id+`,"sign":"`+good+`"}`, http.Header{})
		if n, _ := code(t, got); n != -2 {
			t.Errorf("shopid %s: %s", id, got)
		}
	}
	if n, _ := code(t, w.send(`{"method":"status"}`, http.Header{"X-Client-Id": {""}})); n != -2 {
		t.Error("an empty client id is not unknown")
	}
}

func TestSecretsRotateWithoutRefusingAnybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k, err := w.merchants.Rotate(t.Context(), shop, merchant.Client, w.now)
	w.ok(err)
	for _, secret := range []string{shopKey, k.Client.Reveal()} {
		if n, _ := code(t, w.send(`{"method":"status"}`, http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {secret}})); n != 0 {
			t.Errorf("%d", n)
		}
		form := url.Values{"method": {"status"}, "shopid": {"4021"}, "sign": {sign(k.ClientOld, "method:status;shopid:4021;")}}
		if n, _ := code(t, w.send(form.Encode(), http.Header{})); n != 0 {
			t.Errorf("%d", n)
		}
	}
	w.ok(w.merchants.Retire(t.Context(), shop, merchant.Client))
	if n, _ := code(t, w.post(`{"method":"status"}`)); n != -3 {
		t.Error("the retired secret is still good")
	}
}

func TestTooManyWrongSignaturesBlockThePair(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrong := http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {"wrong"}}
	for i := range failuresAtOnce {
		if n, _ := code(t, w.send(`{}`, wrong)); n != -3 {
			t.Fatalf("failure %d: %d", i, n)
		}
	}
	if n, _ := code(t, w.send(`{}`, wrong)); n != -7 {
		t.Error("not blocked")
	}
	if n, _ := code(t, w.post(`{"method":"status"}`)); n != -7 {
		t.Error("the right secret unblocks: that would tell which one is right")
	}
	if n, _ := code(t, w.send(`{"method":"status"}`, http.Header{"X-Client-Id": {"4022"}, "X-Client-Secret": {"other secret"}})); n != 0 {
		t.Error("another project is blocked")
	}
}

// Over a real connection: bodies that are too long, cut, slow to end or
// announced and not sent are answered, and the server goes on.
func TestBrokenBodiesAreAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	srv := httptest.NewServer(w.door.Handler())
	defer srv.Close()
	do := func(body io.Reader, change func(*http.Request)) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/api.php", body)
		w.ok(err)
		r.Header = http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}}
		if change != nil {
			change(r)
		}
		res, err := srv.Client().Do(r)
		w.ok(err)
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		w.ok(err)
		if res.StatusCode != http.StatusOK {
			t.Errorf("HTTP %d", res.StatusCode)
		}
		return string(b)
	}
	fill := func(n int) string {
		return `{"method":"status","x":"` + strings.Repeat("a", n-len(`{"method":"status","x":""}`)) + `"}`
	}
	for i, c := range []struct {
		body   io.Reader
		change func(*http.Request)
		want   int
	}{
		{strings.NewReader(fill(maxBody)), nil, 0},
		{strings.NewReader(fill(maxBody + 1)), nil, -5},
		{strings.NewReader(fill(2 << 20)), nil, -5},
		{strings.NewReader(fill(maxBody)), func(r *http.Request) { r.ContentLength = -1 }, 0},
		{strings.NewReader(fill(maxBody + 1)), func(r *http.Request) { r.ContentLength = -1 }, -5},
		{strings.NewReader(fill(2 << 20)), func(r *http.Request) { r.ContentLength = -1 }, -5},
		{strings.NewReader(fill(maxBody + 1)), func(r *http.Request) { r.Header.Set("Expect", "100-continue") }, -5},
		{strings.NewReader(fill(100)), func(r *http.Request) { r.Header.Set("Expect", "100-continue") }, 0},
		{strings.NewReader("\x1f\x8b\x08"), func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, -5},
		{strings.NewReader(`{"method":"status"}`), func(r *http.Request) { r.Header.Set("Accept-Encoding", "nonsense") }, 0},
	} {
		if n, _ := code(t, do(c.body, c.change)); n != c.want {
			t.Errorf("case %d: %d, want %d", i, n, c.want)
		}
	}
}

func TestSlowBodyIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.door.bodyTime = 50 * time.Millisecond
	srv := httptest.NewServer(w.door.Handler())
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	w.ok(err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "POST /api.php HTTP/1.1\r\nHost: x\r\nX-Client-Id: 4021\r\nX-Client-Secret: "+shopKey+
		"\r\nContent-Length: 100\r\n\r\n{\"method\"")
	w.ok(err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	w.ok(err)
	b, err := io.ReadAll(res.Body)
	w.ok(err)
	if n, _ := code(t, string(b)); res.StatusCode != http.StatusOK || n != -5 {
		t.Errorf("HTTP %d %s", res.StatusCode, b)
	}
	if got := w.post(`{"method":"status"}`); !strings.Contains(got, "success") {
		t.Error(got)
	}
}
