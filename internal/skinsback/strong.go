package skinsback

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
)

// The signature of a whole request: lower-case hex HMAC-SHA256 with the client
// secret over time, nonce, method, path and body, with line feeds between. It
// covers arrays, and cannot be repeated.
const (
	headerTime      = "X-Skinrail-Timestamp"
	headerNonce     = "X-Skinrail-Nonce"
	headerSignature = "X-Skinrail-Signature"
	// strongWindow is how far the sender's clock may be from ours.
	strongWindow = merchant.NonceLife / 2
	leastNonce   = 16
	mostNonce    = 64
)

// strongText is what is signed.
func strongText(timestamp, nonce, method, path, body string) string {
	return strings.Join([]string{timestamp, nonce, method, path, body}, "\n")
}

func strongMAC(secret seal.Secret, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// strongMatches returns which live secret signed the request.
func strongMatches(s merchant.Secrets, r *http.Request, body string) (which int, ok bool) {
	sent, err := hex.DecodeString(r.Header.Get(headerSignature))
	if err != nil || len(sent) != sha256.Size {
		sent = make([]byte, sha256.Size)
	}
	text := strongText(r.Header.Get(headerTime), r.Header.Get(headerNonce), r.Method, r.URL.EscapedPath(), body)
	for i, secret := range alive(s) {
		if hmac.Equal(sent, strongMAC(secret, text)) {
			which, ok = i, true
		}
	}
	return which, ok
}

// fresh refuses a signed request that is too old or was seen before.
func (d *Door) fresh(ctx context.Context, r *http.Request, project int64, wall time.Time) error {
	seconds, err := strconv.ParseInt(r.Header.Get(headerTime), 10, 64)
	if err != nil {
		return invalidSignature.because(headerTime + ": seconds since 1970")
	}
	if at := time.Unix(seconds, 0); at.Before(wall.Add(-strongWindow)) || at.After(wall.Add(strongWindow)) {
		return invalidSignature.because(headerTime + " is more than five minutes from the gateway's clock, which shows " + strconv.FormatInt(wall.Unix(), 10))
	}
	nonce := r.Header.Get(headerNonce)
	if len(nonce) < leastNonce || len(nonce) > mostNonce || strings.Trim(nonce, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_") != "" {
		return invalidSignature.because(headerNonce + ": 16 to 64 letters, digits, - or _")
	}
	err = d.deps.Merchants.UseNonce(ctx, project, nonce, wall)
	if errors.Is(err, fault.Duplicate) {
		return invalidSignature.because(headerNonce + " was used before")
	}
	return err
}
