package socket

import (
	"context"
	"crypto/md5" // #nosec G501 -- the format's own choice
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
)

// ticket is what a login came to.
type ticket struct {
	project  int64
	key      time.Time // when the secret was made that proved it
	address  netip.Addr
	head     int64 // newest event at login
	after    int64 // events above it are sent
	numbered bool  // frames carry seq and epoch
	epoch    string
	gap      *gap
	refusal  *refusal
}

// gap says that what a client asks for cannot be had.
type gap struct {
	from, to int64
	reason   string
}

// refusal ends a socket right after it was opened. A failed login is told in a
// frame and lingers, as clients expect.
type refusal struct {
	code   websocket.StatusCode
	reason string
	failed bool
}

// nobody is the project of refused sockets. It has no events.
const nobody = 0

func (t *ticket) refuse(code websocket.StatusCode, reason string) {
	*t = ticket{project: nobody, address: t.address, refusal: &refusal{code: code, reason: reason}}
}

func (t *ticket) fail() {
	t.refuse(websocket.StatusPolicyViolation, authFailed)
	t.refusal.failed = true
}

// greeting is what the client hears first.
func (t *ticket) greeting() [][]byte {
	switch {
	case t.refusal != nil && t.refusal.failed:
		return [][]byte{failedFrame}
	case t.refusal != nil:
		return nil
	case !t.numbered:
		return [][]byte{successFrame}
	case t.gap != nil:
		return [][]byte{numberedSuccess(t), gapFrame(*t.gap, t.epoch)}
	}
	return [][]byte{numberedSuccess(t)}
}

// login decides about a request. The error says that nothing could be decided.
func (d *Door) login(ctx context.Context, r *http.Request, address netip.Addr) (ticket, error) {
	q := r.URL.Query()
	t := ticket{address: address}
	p, err := d.authenticate(ctx, q, &t)
	if err != nil || t.refusal != nil {
		return t, err
	}
	t.project = p.ID
	return t, d.place(ctx, q, &t)
}

// unknown stands in for a project that is not there, so that its refusal takes
// the same work.
var unknown = merchant.Secrets{Client: "no project has this secret"}

// authenticate finds the project and the secret that prove a login. A project
// that is switched off, or the wrong address, fails like a wrong signature.
func (d *Door) authenticate(ctx context.Context, q url.Values, t *ticket) (merchant.Project, error) {
	id, text := shopID(q)
	p, secrets, err := d.project(ctx, id)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return merchant.Project{}, err
	}
	known := err == nil
	if !known {
		secrets = unknown
	}
	at, good := proof(secrets, text, single(q, "signature"))
	t.key = at
	if !known || !good || !d.may(*t, p, secrets) {
		t.fail()
	}
	return p, nil
}

func (d *Door) project(ctx context.Context, id int64) (merchant.Project, merchant.Secrets, error) {
	if id == nobody {
		return merchant.Project{}, merchant.Secrets{}, fault.New(fault.NotFound, "no project")
	}
	p, err := d.deps.Merchants.Project(ctx, id)
	if err != nil {
		return merchant.Project{}, merchant.Secrets{}, fmt.Errorf("project of a socket: %w", err)
	}
	s, err := d.deps.Merchants.Secrets(ctx, id)
	if err != nil {
		return merchant.Project{}, merchant.Secrets{}, fmt.Errorf("project of a socket: %w", err)
	}
	return p, s, nil
}

// may reports whether a socket may be open, also after its login: the project
// can be switched off, its addresses limited, its secret retired.
func (d *Door) may(t ticket, p merchant.Project, s merchant.Secrets) bool {
	live := t.key.Equal(s.ClientAt) || s.ClientOld != "" && t.key.Equal(s.ClientOldAt)
	return live && p.Active && allows(p.AllowedIPs, t.address) && d.deps.LegacyLogin(p)
}

func allows(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return len(networks) == 0
}

// shopID reads the project's id, nobody when it is none.
func shopID(q url.Values) (int64, string) {
	text := single(q, "shopid")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || text[0] < '1' || text[0] > '9' {
		return nobody, ""
	}
	return n, text
}

// single returns a value that is given once.
func single(q url.Values, name string) string {
	if len(q[name]) != 1 {
		return ""
	}
	return q[name][0]
}

// proof finds which live secret made a signature and tells when that secret was
// made. The work is the same whatever comes.
func proof(s merchant.Secrets, shop, signature string) (time.Time, bool) {
	fresh := subtle.ConstantTimeCompare(token(shop, s.Client), []byte(signature))
	old := subtle.ConstantTimeCompare(token(shop, s.ClientOld), []byte(signature))
	switch {
	case fresh == 1:
		return s.ClientAt, true
	case old == 1 && s.ClientOld != "":
		return s.ClientOldAt, true
	}
	return time.Time{}, false
}

// token is the hash of id and secret, in lower case.
func token(shop string, secret seal.Secret) []byte {
	sum := md5.Sum([]byte(shop + secret.Reveal())) // #nosec G401 -- the format's own choice
	return hex.AppendEncode(make([]byte, 0, 2*md5.Size), sum[:])
}

// place decides after which event a socket begins. An empty since begins at the
// log's head like none, but with numbers: for a client that has no place yet.
func (d *Door) place(ctx context.Context, q url.Values, t *ticket) error {
	span, err := d.deps.Events.Span(ctx, t.project)
	if err != nil {
		return err
	}
	t.head, t.after = span.Head, span.Head
	if _, numbered := q["since"]; !numbered {
		return nil
	}
	if t.epoch, err = d.logEpoch(ctx); err != nil {
		return err
	}
	t.numbered = true
	text := single(q, "since")
	if text == "" && len(q["since"]) == 1 {
		return nil
	}
	since, ok := number(text)
	if !ok {
		t.refuse(websocket.StatusPolicyViolation, "since is not the number of an event")
		return nil
	}
	t.resume(since, span, strings.Join(q["epoch"], ","))
	return nil
}

// resume begins after the number a client has seen, or says why it cannot.
func (t *ticket) resume(since int64, span event.Span, epoch string) {
	g := gap{from: since + 1}
	switch {
	case epoch != "" && epoch != t.epoch:
		g.to, g.reason = span.Head, foreign
	case since < span.Base:
		g.to, g.reason = span.Base, foreign
	case since > span.Head:
		g.to, g.reason = span.Head, ahead
	case since < span.First-1:
		g.to, g.reason = span.First-1, expired
	default:
		t.after = since
		return
	}
	t.gap, t.after = &g, g.to
}

// number reads digits, up to the largest number that JSON carries safely.
func number(text string) (int64, bool) {
	n, err := strconv.ParseUint(text, 10, 53) // no sign
	return int64(n), err == nil               // #nosec G115 -- 53 bits
}

// logEpoch is the name of the log, asked for once.
func (d *Door) logEpoch(ctx context.Context) (string, error) {
	d.mu.Lock()
	epoch := d.epoch
	d.mu.Unlock()
	if epoch != "" {
		return epoch, nil
	}
	epoch, err := d.deps.Events.Epoch(ctx)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	d.epoch = epoch
	d.mu.Unlock()
	return epoch, nil
}
