package skinsback

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/merchant"
)

// Who is not let in reads what to look at: for a signature the text that it has
// to be over. Nothing of the secret is in it.
func TestRefusedCallersAreToldWhatToLookAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, good := "X-Client-Id", http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}}
	form := http.Header{"Content-Type": {formType}}
	wrong := strings.Repeat("0", signatureSize)
	told := func(body string, h http.Header, want string) {
		t.Helper()
		got := w.send(body, h)
		if !strings.Contains(got, `"error_detail":"`+want) {
			t.Errorf("%s is answered %s, want the hint %s", body, got, want)
		}
		if strings.Contains(got, shopKey) {
			t.Errorf("%s is answered with the secret: %s", body, got)
		}
	}
	told(`{"method":"balance"}`, nil, "send X-CLIENT-ID and X-CLIENT-SECRET, or shopid and sign")
	told(`{"method":"balance","shopid":9,"sign":"x"}`, nil, "no project has this shopid")
	told(`{"method":"balance"}`, http.Header{id: {"9"}}, "no project has this X-CLIENT-ID")
	told(`{"method":"balance"}`, http.Header{id: {"4021"}}, "X-CLIENT-SECRET is missing")
	told(`{"method":"balance"}`, http.Header{id: {"4021"}, "X-Client-Secret": {"x"}}, "X-CLIENT-SECRET is not the secret of this project")
	told(`{"method":"balance","shopid":4021}`, nil, "sign is missing")
	told("method=balance&shopid=4021&sign="+wrong, form, `sign must be the lower-case hex HMAC-SHA1 with the client secret over method:balance;shopid:4021;"`)
	told(`{"names":["a"],"method":"market_search","shopid":4021,"full":true,"sign":"`+wrong+`"}`, nil,
		`sign must be the lower-case hex HMAC-SHA1 with the client secret over full:true;method:market_search;shopid:4021; (or`)
	told(`{"method":"balance"}`, http.Header{id: {"4021"}, headerTime: {"17"}, headerNonce: {"n"}, headerSignature: {"x"}},
		`X-Skinrail-Signature must be the lower-case hex HMAC-SHA256 with the client secret over \"17\\nn\\nPOST\\n/api.php\\n\" and the body`)
	told(`{"metod":"balance"}`, good, "method is missing")
	told(`{"method":["balance"]}`, good, "method: the name of a method")
	told(`{"method":"balanse"}`, good, "there is no method balanse")
	w.settings(func(p *merchant.Project) { p.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")} })
	told(`{"method":"balance"}`, good, "the call came from 192.0.2.1, which is not among the project's addresses")
}

// However long what a caller sent is, the hint that shows it is short.
func TestHintsStayShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.send("method=balance&shopid=4021&sign=x&note="+strings.Repeat("é", 100_000), http.Header{"Content-Type": {formType}})
	if n, _ := code(t, got); n != -3 || len(got) > 1500 || !strings.HasSuffix(got, `…"}`) {
		t.Errorf("%d, %d bytes: %.2000s", n, len(got), got)
	}
}
