package skinsback

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
)

// Headers of the newer authentication.
const (
	headerID     = "X-Client-Id"
	headerSecret = "X-Client-Secret" // #nosec G101 -- the name of a header
)

// caller is who signed a request, and how.
type caller struct {
	project merchant.Project
	legacy  bool // by a signature over the parameters
}

// unknown stands in for a project that is not there, so that its refusal takes
// as long as one for a wrong signature.
var unknown = merchant.Secrets{Client: "no project has this secret"}

// authenticate finds out who sent a request. Headers win over parameters.
func (d *Door) authenticate(ctx context.Context, r *http.Request, f fields, address netip.Addr, wall time.Time) (caller, error) {
	ids, byHeader := r.Header[headerID]
	id, ok := int64(0), false
	if byHeader {
		id, ok = shopID(strings.Join(ids, ","))
	} else if s, isWord := f.get("shopid").word(); isWord {
		id, ok = shopID(s)
	}
	project, secrets, known, err := d.shop(ctx, id, ok)
	if err != nil {
		return caller{}, err
	}
	bucket := pairOf(address, id)
	if known && d.failures.blocked(bucket, wall) {
		return caller{}, limitReached.because("too many wrong signatures from this address")
	}
	good := false
	if byHeader {
		good = secretMatches(secrets, strings.Join(r.Header[headerSecret], ","))
	} else {
		good = signatureMatches(secrets, f)
	}
	switch {
	case !known:
		return caller{}, invalidShop
	case !good:
		d.failures.count(bucket, wall)
		return caller{}, invalidSignature
	}
	return caller{project: project, legacy: !byHeader}, nil
}

// shop finds a project with its secrets; those of [unknown] when there is none.
func (d *Door) shop(ctx context.Context, id int64, wellFormed bool) (merchant.Project, merchant.Secrets, bool, error) {
	if !wellFormed {
		return merchant.Project{}, unknown, false, nil
	}
	p, err := d.deps.Merchants.Project(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return merchant.Project{}, unknown, false, nil
	}
	if err != nil {
		return merchant.Project{}, unknown, false, err
	}
	s, err := d.deps.Merchants.Secrets(ctx, id)
	return p, s, err == nil, err
}

// shopID reads a client id: digits without leading zeros.
func shopID(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && s[0] >= '1' && s[0] <= '9'
}

// secretMatches compares digests, which have one length whatever was sent.
func secretMatches(s merchant.Secrets, sent string) bool {
	got := sha256.Sum256([]byte(sent))
	match := 0
	for _, secret := range alive(s) {
		want := sha256.Sum256([]byte(secret.Reveal()))
		match |= subtle.ConstantTimeCompare(got[:], want[:])
	}
	return match == 1
}

func signatureMatches(s merchant.Secrets, f fields) bool {
	sign, ok := signature(f.get("sign"))
	if !ok {
		return false
	}
	texts := f.signedTexts()
	match := false
	for _, secret := range alive(s) {
		match = signedBy(secret, sign, texts) || match
	}
	return match
}

// alive returns the client secrets that are good now: two during a rotation.
func alive(s merchant.Secrets) []seal.Secret {
	if s.ClientOld == "" {
		return []seal.Secret{s.Client}
	}
	return []seal.Secret{s.Client, s.ClientOld}
}

// address returns who calls: the peer, or behind a trusted proxy the last
// address in X-Forwarded-For that no trusted proxy has.
func (d *Door) address(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at := peer.Addr().Unmap().WithZone("")
	if len(d.deps.TrustedProxies) == 0 || !contains(d.deps.TrustedProxies, at) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return at
		}
		at = hop.Unmap().WithZone("")
		if !contains(d.deps.TrustedProxies, at) {
			return at
		}
	}
	return at
}

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
