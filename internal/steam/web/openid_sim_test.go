package web_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/skinrail/skinrail/internal/steam/web"
)

func TestASignInAtTheSimulatorIsGoodOnce(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	const returnTo = "https://pay.example/pay/return?state=once-1"
	o := web.OpenID{Community: st.server.URL, HTTP: st.server.Client()}
	back := visit(t, st, o.RedirectURL("https://pay.example", returnTo)+"&account="+partner.String())
	id, nonce, err := o.Verify(t.Context(), back, returnTo, st.clock())
	if err != nil || id != partner || nonce == "" {
		t.Fatalf("Verify = %v, %q, %v", id, nonce, err)
	}
	if _, _, err := o.Verify(t.Context(), back, returnTo, st.clock()); !errors.Is(err, web.ErrSignIn) {
		t.Errorf("the same assertion again: %v; want it refused", err)
	}
	forged := visit(t, st, o.RedirectURL("https://pay.example", returnTo)+"&account="+partner.String())
	for _, key := range []string{"openid.claimed_id", "openid.identity"} {
		forged.Set(key, st.server.URL+"/openid/id/"+big.String())
	}
	if _, _, err := o.Verify(t.Context(), forged, returnTo, st.clock()); !errors.Is(err, web.ErrSignIn) {
		t.Errorf("another account in a good assertion: %v; want it refused", err)
	}
	cancelled := visit(t, st, o.RedirectURL("https://pay.example", returnTo)+"&choice=cancel")
	if _, _, err := o.Verify(t.Context(), cancelled, returnTo, st.clock()); !errors.Is(err, web.ErrSignInCancelled) {
		t.Errorf("a cancelled sign-in: %v", err)
	}
}

// visit follows the visitor's browser to Steam and returns what it brings back.
func visit(t *testing.T, st *stage, target string) url.Values {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := st.server.Client().Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	to, err := res.Location()
	if err != nil {
		t.Fatalf("status %d: %v", res.StatusCode, err)
	}
	return to.Query()
}
