package pay

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/pay/page"
	"github.com/skinrail/skinrail/internal/steam"
)

// signinLife is how long the cookie of a sign-in is kept, in wall time.
const signinLife = 15 * time.Minute

// signinErrors are the sentences that a failed sign-in comes back with.
var signinErrors = map[string]string{
	"aborted": page.ErrSignInAborted,
	"refused": page.ErrSignInRefused,
	"stale":   page.ErrSignInStale,
	"steam":   page.ProblemSteam + ". " + page.ProblemSteamDo,
}

// account asks whose account it is, or shows the one there is.
func (v *visit) account(problem string) error {
	f := v.frame(page.TitleAccount, page.StepAccount)
	f.Key = v.key("")
	known := f.Payer
	f.Payer = page.Payer{}
	if f.Framed {
		f.Refresh = 5 // the sign-in ends in another window
	}
	return v.draw(200, page.AccountPage(page.Account{Frame: f, SteamHost: v.door.communityHost, Known: known, Error: problem}))
}

// forget lets go of the account, so that another can be chosen.
func (d *Door) forget(v *visit) error {
	if err := v.open(); err != nil {
		return err
	}
	if _, err := d.Deposits.SetPayer(v.ctx(), v.deposit.Hash, 0); err != nil {
		return err
	}
	return v.home("")
}

// signin sends the browser to Steam. The one-time state in the return address
// is bound to a cookie of this browser (Q5).
func (d *Door) signin(v *visit) error {
	if err := v.open(); err != nil {
		return err
	}
	if err := d.mayAsk(v.deposit.Hash); err != nil {
		return err
	}
	tag := linkTag(v.deposit.Hash)
	secret := d.readCookie(v.r, tag).secret
	if secret == "" {
		secret = rand.Text()
	}
	state, err := d.Deposits.BeginSignin(v.ctx(), v.deposit.Hash, secret, v.now)
	if err != nil {
		return err
	}
	http.SetCookie(v.w, &http.Cookie{Name: d.cookieName(tag), Value: secret + "." + v.deposit.Hash, Path: "/",
		MaxAge: int(signinLife / time.Second), HttpOnly: true, Secure: d.secure, SameSite: http.SameSiteLaxMode})
	to := d.OpenID.RedirectURL(d.PublicURL, d.returnTo(state, tag, v.r.PostForm.Get("framed") == "1"))
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// returnTo is our part of the address that Steam sends the browser back to. It
// names the link by a tag only: Steam need not learn the link itself.
func (d *Door) returnTo(state, tag string, framed bool) string {
	q := url.Values{"state": {state}, "link": {tag}}
	if framed {
		q.Set("framed", "1")
	}
	return d.PublicURL + "/pay/signin/return?" + q.Encode()
}

// signinReturn takes the browser back from Steam and asks Steam whether what it
// brings is true.
func (d *Door) signinReturn(v *visit) error {
	q := v.r.URL.Query()
	cookie := d.readCookie(v.r, q.Get("link"))
	if cookie.secret == "" {
		return fault.New(fault.Unauthorized, "no cookie of a running sign-in")
	}
	if err := v.reload(cookie.hash); err != nil {
		return err
	}
	if err := d.mayAsk(cookie.hash); err != nil {
		return err
	}
	framed := q.Get("framed") == "1"
	id, nonce, err := d.OpenID.Verify(v.ctx(), q, d.returnTo(q.Get("state"), q.Get("link"), framed), v.now)
	if err != nil {
		return v.signinFailed(q, err)
	}
	signed, err := d.Deposits.FinishSignin(v.ctx(), q.Get("state"), cookie.secret, nonce, id, v.now)
	switch {
	case errors.Is(err, fault.Unauthorized):
		return v.home("error=stale&show=account")
	case errors.Is(err, fault.WrongState):
		return v.home("")
	case err != nil:
		return err
	}
	v.deposit = signed
	if framed {
		f := v.frame(page.TitleSignedIn, page.StepNone)
		f.Watch = ""
		return v.draw(200, page.ReturnPage(page.Return{Frame: f}))
	}
	return v.home("")
}

func (v *visit) signinFailed(q url.Values, err error) error {
	reason := "refused"
	switch mode := q.Get("openid.mode"); {
	case errors.Is(err, steam.ErrUnavailable), errors.Is(err, steam.ErrRateLimited), errors.Is(err, fault.SteamUnavailable):
		reason = "steam"
	case mode == "cancel" || mode == "error":
		reason = "aborted"
	}
	v.door.Logger.InfoContext(v.ctx(), "steam sign-in", "deposit", v.deposit.ID, "outcome", reason, "error", err)
	return v.home("error=" + reason + "&show=account")
}

// linkTag stands for a link where the link itself must not stand.
func linkTag(hash string) string {
	sum := sha256.Sum256([]byte("sign-in of " + hash))
	return hex.EncodeToString(sum[:6])
}

// cookieName keeps the sign-ins of several links in one browser apart.
func (d *Door) cookieName(tag string) string {
	if d.secure {
		return "__Host-skinrail_signin_" + tag
	}
	return "skinrail_signin_" + tag
}

type signinCookie struct{ secret, hash string }

// readCookie returns the cookie of a link's sign-in, empty when there is none
// or it is not one of ours.
func (d *Door) readCookie(r *http.Request, tag string) signinCookie {
	c, err := r.Cookie(d.cookieName(tag))
	if err != nil {
		return signinCookie{}
	}
	secret, hash, ok := strings.Cut(c.Value, ".")
	if !ok || len(secret) < 20 || len(secret) > 64 || !possibleHash(hash) || linkTag(hash) != tag {
		return signinCookie{}
	}
	return signinCookie{secret, hash}
}
