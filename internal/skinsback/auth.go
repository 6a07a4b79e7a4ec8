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
	way     way
}

// way is how a request was authenticated.
type way int

const (
	byHeader way = iota // the secret itself
	byLegacy            // a signature over the parameters
	byStrong            // a signature over the whole request
)

// unknown stands in for a project that is not there, so that its refusal takes
// as long as one for a wrong signature.
var unknown = merchant.Secrets{Client: "no project has this secret"}

// authenticate finds out who sent a request. Headers win over parameters.
func (d *Door) authenticate(ctx context.Context, r *http.Request, f fields, body string, address netip.Addr, wall time.Time) (caller, error) {
	how := wayOf(r)
	ids := r.Header[headerID]
	id, ok := int64(0), false
	if len(ids) > 0 {
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
	which, good := proven(how, secrets, r, f, body)
	switch {
	case !known:
		return caller{}, invalidShop.because(unknownHint(r, f))
	case !good:
		d.failures.count(bucket, wall)
		return caller{}, invalidSignature.because(unprovenHint(how, r, f))
	}
	who := caller{project: project, way: how}
	if err := accepted(who); err != nil {
		return caller{}, err
	}
	if how == byStrong {
		if err := d.fresh(ctx, r, id, wall); err != nil {
			return caller{}, err
		}
	}
	if which == 0 && secrets.ClientOld != "" && !secrets.ClientUsed {
		return who, d.deps.Merchants.Used(ctx, id, secrets.ClientAt, d.deps.Now())
	}
	return who, nil
}

func wayOf(r *http.Request) way {
	switch {
	case r.Header[headerSignature] != nil:
		return byStrong
	case r.Header[headerID] != nil:
		return byHeader
	}
	return byLegacy
}

// proven returns which of the live secrets the caller has.
func proven(how way, s merchant.Secrets, r *http.Request, f fields, body string) (which int, ok bool) {
	switch how {
	case byStrong:
		return strongMatches(s, r, body)
	case byHeader:
		return secretMatches(s, strings.Join(r.Header[headerSecret], ","))
	}
	return signatureMatches(s, f)
}

// accepted refuses a way that the project does not want.
func accepted(who caller) error {
	switch {
	case who.project.StrongOnly && who.way != byStrong:
		return invalidSignature.because("this project takes calls with " + headerSignature + " only")
	case who.project.NoLegacySign && who.way == byLegacy:
		return invalidSignature.because("this project does not take shopid and sign; use X-CLIENT-ID and X-CLIENT-SECRET")
	}
	return nil
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
	return n, err == nil && s[0] >= '1' // and no sign
}

// secretMatches compares digests, which have one length whatever was sent.
func secretMatches(s merchant.Secrets, sent string) (which int, ok bool) {
	got := sha256.Sum256([]byte(sent))
	for i, secret := range alive(s) {
		want := sha256.Sum256([]byte(secret.Reveal()))
		if subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
			which, ok = i, true
		}
	}
	return which, ok
}

func signatureMatches(s merchant.Secrets, f fields) (which int, ok bool) {
	sign, wellFormed := signature(f.get("sign"))
	if !wellFormed {
		return 0, false
	}
	texts := f.signedTexts()
	for i, secret := range alive(s) {
		if signedBy(secret, sign, texts) {
			which, ok = i, true
		}
	}
	return which, ok
}

// alive returns the client secrets that are good now, the one in force first:
// two during a rotation.
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
	if !contains(d.deps.TrustedProxies, at) {
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
