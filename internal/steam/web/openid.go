package web

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/steam"
)

// Errors of [OpenID.Verify] beside [steam.ErrUnavailable] and [steam.ErrRateLimited].
var (
	// ErrSignIn: the assertion is forged, damaged, stale or not ours.
	ErrSignIn = errors.New("steam sign-in refused")
	// ErrSignInCancelled: the visitor said no, or Steam could not ask him.
	ErrSignInCancelled = errors.New("steam sign-in cancelled")
)

const (
	openidNS     = "http://specs.openid.net/auth/2.0"
	openidSelect = "http://specs.openid.net/auth/2.0/identifier_select"
	// nonceAge is how far a nonce's time may be from ours, either way.
	nonceAge   = 5 * time.Minute
	nonceStamp = "2006-01-02T15:04:05Z"
	// checkLimit bounds the check's answer, which is two short lines.
	checkLimit   = 4 << 10
	checkTimeout = 15 * time.Second
)

// assertionKeys are the members of a positive assertion: each exactly once, no other.
var assertionKeys = []string{
	"openid.ns", "openid.mode", "openid.op_endpoint", "openid.claimed_id", "openid.identity",
	"openid.return_to", "openid.response_nonce", "openid.assoc_handle", "openid.signed", "openid.sig",
}

// mustSign are the members that Steam's signature has to cover.
var mustSign = []string{"signed", "op_endpoint", "claimed_id", "identity", "return_to", "response_nonce", "assoc_handle"}

// OpenID lets a visitor prove through Steam that an account is his. Only the
// configured endpoint is ever asked: nothing is discovered from a request.
type OpenID struct {
	Community string       // base URL without a slash at the end
	HTTP      *http.Client // its Transport is used; redirects and cookies never; nil: the default
}

func (o OpenID) endpoint() string { return o.Community + "/openid/login" }

// RedirectURL is where the visitor's browser is sent. Realm and returnTo must
// agree in scheme and host.
func (o OpenID) RedirectURL(realm, returnTo string) string {
	return o.endpoint() + "?" + url.Values{
		"openid.ns":         {openidNS},
		"openid.mode":       {"checkid_setup"},
		"openid.return_to":  {returnTo},
		"openid.realm":      {realm},
		"openid.identity":   {openidSelect},
		"openid.claimed_id": {openidSelect},
	}.Encode()
}

// Verify checks what the browser brought back to returnTo, which carries our
// one-time state, and asks Steam. It returns the account and the nonce, which
// the caller must accept only once. Errors are [ErrSignIn],
// [ErrSignInCancelled], or Steam not answering.
func (o OpenID) Verify(ctx context.Context, query url.Values, returnTo string, now time.Time) (id steam.ID64, nonce string, err error) {
	if mode := query["openid.mode"]; len(mode) == 1 && (mode[0] == "cancel" || mode[0] == "error") {
		return 0, "", ErrSignInCancelled
	}
	if err := checkShape(query); err != nil {
		return 0, "", err
	}
	if err := o.checkValues(query, returnTo); err != nil {
		return 0, "", err
	}
	if id, err = o.account(query.Get("openid.claimed_id")); err != nil {
		return 0, "", err
	}
	nonce = query.Get("openid.response_nonce")
	if err := checkNonce(nonce, now); err != nil {
		return 0, "", err
	}
	if err := o.ask(ctx, query); err != nil {
		return 0, "", err
	}
	return id, nonce, nil
}

// forged names what is wrong and quotes nothing: the values are hostile.
func forged(what string) error { return fmt.Errorf("%w: %s", ErrSignIn, what) }

// checkShape wants every known member exactly once, no unknown one, and plain text.
func checkShape(query url.Values) error {
	for key, values := range query {
		if !strings.HasPrefix(strings.ToLower(key), "openid") {
			continue // returnTo's own parameters; compared with it as a whole
		}
		if !slices.Contains(assertionKeys, key) {
			return forged("unknown member")
		}
		if len(values) != 1 {
			return forged("repeated member")
		}
		if !plainValue(values[0]) {
			return forged("empty, too long or not plain text")
		}
	}
	for _, key := range assertionKeys {
		if len(query[key]) == 0 {
			return forged("missing " + key)
		}
	}
	return nil
}

func plainValue(v string) bool {
	if v == "" || len(v) > 2048 || !utf8.ValidString(v) {
		return false
	}
	return strings.IndexFunc(v, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) < 0
}

func (o OpenID) checkValues(query url.Values, returnTo string) error {
	switch {
	case query.Get("openid.mode") != "id_res":
		return forged("mode")
	case query.Get("openid.ns") != openidNS:
		return forged("namespace")
	case query.Get("openid.op_endpoint") != o.endpoint():
		return forged("endpoint")
	case query.Get("openid.claimed_id") != query.Get("openid.identity"):
		return forged("identity differs from the claimed one")
	case query.Get("openid.return_to") != returnTo:
		return forged("return address")
	}
	ours, err := url.Parse(returnTo)
	if err != nil {
		return forged("return address")
	}
	for key, values := range ours.Query() {
		if !slices.Equal(query[key], values) {
			return forged("return address's parameters")
		}
	}
	if sig, err := base64.StdEncoding.Strict().DecodeString(query.Get("openid.sig")); err != nil || len(sig) < 16 || len(sig) > 64 {
		return forged("signature's form")
	}
	return checkSigned(query.Get("openid.signed"))
}

// checkSigned wants the list complete, without repeats and without members that
// are not there.
func checkSigned(signed string) error {
	names := strings.Split(signed, ",")
	for i, name := range names {
		if slices.Contains(names[:i], name) || name == "sig" || !slices.Contains(assertionKeys, "openid."+name) {
			return forged("list of signed members")
		}
	}
	for _, name := range mustSign {
		if !slices.Contains(names, name) {
			return forged("unsigned " + name)
		}
	}
	return nil
}

// account reads {community}/openid/id/{SteamID64}, to its last character.
func (o OpenID) account(claimed string) (steam.ID64, error) {
	digits, ok := strings.CutPrefix(claimed, o.Community+"/openid/id/")
	if !ok || !strings.HasPrefix(digits, "7656119") {
		return 0, forged("claimed id")
	}
	id, err := steam.ParseID64(digits)
	if err != nil {
		return 0, forged("claimed id")
	}
	return id, nil
}

func checkNonce(nonce string, now time.Time) error {
	if len(nonce) <= len(nonceStamp) || len(nonce) > 255 {
		return forged("nonce")
	}
	stamp, tail := nonce[:len(nonceStamp)], nonce[len(nonceStamp):]
	at, err := time.Parse(nonceStamp, stamp)
	if err != nil || at.Format(nonceStamp) != stamp {
		return forged("nonce")
	}
	if strings.IndexFunc(tail, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
		return forged("nonce")
	}
	if age := now.Sub(at); age > nonceAge || age < -nonceAge {
		return forged("nonce's age")
	}
	return nil
}

// ask has Steam check the signature, which it does once for each nonce.
func (o OpenID) ask(ctx context.Context, query url.Values) error {
	form := url.Values{}
	for _, key := range assertionKeys {
		form.Set(key, query.Get(key))
	}
	form.Set("openid.mode", "check_authentication")
	body, err := o.post(ctx, form)
	if err != nil {
		return fmt.Errorf("check steam sign-in: %w", err)
	}
	return readCheck(string(body))
}

func (o OpenID) post(ctx context.Context, form url.Values) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.endpoint(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, withoutURL(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("Origin", req.URL.Scheme+"://"+req.URL.Host)
	client := &http.Client{CheckRedirect: stay}
	if o.HTTP != nil {
		client.Transport = o.HTTP.Transport
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", steam.ErrUnavailable, withoutURL(err))
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusForbidden, http.StatusTooManyRequests:
		return nil, steam.ErrRateLimited
	default:
		return nil, fmt.Errorf("%w: status %d", steam.ErrUnavailable, res.StatusCode)
	}
	body, err := readAll(res, checkLimit)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", steam.ErrUnavailable, err)
	}
	return body, nil
}

// readCheck reads key:value lines; each key may come once.
func readCheck(body string) error {
	got := map[string]string{}
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if _, again := got[key]; again || !ok {
			return fmt.Errorf("check steam sign-in: %w", malformed("key and value lines"))
		}
		got[key] = value
	}
	if got["ns"] != openidNS {
		return fmt.Errorf("check steam sign-in: %w", malformed("its namespace"))
	}
	switch got["is_valid"] {
	case "true":
		return nil
	case "false":
		return forged("steam does not confirm it")
	default:
		return fmt.Errorf("check steam sign-in: %w", malformed("a verdict"))
	}
}
