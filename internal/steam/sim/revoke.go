package sim

import (
	"cmp"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

// renewAfter is the age at which a refresh token may be exchanged for a new one.
const renewAfter = 24 * time.Hour

// revokeCommand ends a refresh token and all that was derived from it.
type revokeCommand struct{ Token uint64 }

func (c *revokeCommand) apply(st *state, at stamp) { st.revoke(c.Token, at) }

// revoke also forgets what has ended by itself meanwhile.
func (st *state) revoke(id uint64, at stamp) {
	for old, end := range st.Revoked {
		if at >= end {
			delete(st.Revoked, old)
		}
	}
	st.Revoked[id] = at.add(Duration(webLife))
}

// root is the number of the refresh token that the claims belong to: the first
// eight bytes of its id.
func (c claims) root() uint64 {
	id := c.ID
	if !c.refresh() {
		id = strings.TrimPrefix(c.Issuer, "r:")
	}
	if len(id) < 16 {
		return 0
	}
	n, err := strconv.ParseUint(id[:16], 16, 64)
	if err != nil {
		return 0
	}
	return n
}

// renewedToken is a fresh refresh token in place of an older one, which stays
// good until its own end.
func (st *state) renewedToken(from claims, at stamp) (string, claims) {
	now := at.seconds()
	from.ID = hex.EncodeToString(st.sign("jti", "renewed", from.ID, decimal(uint64(now)))[:12])
	from.Expires, from.NotBefore, from.Issued = now+int64(refreshLife/time.Second), now-8640000, now
	from.RefreshBy = from.Expires
	return st.token(from), from
}

// revokeToken ends a session that its bearer shows the token of.
func (q *call) revokeToken() (reply, error) {
	var m authpb.RevokeRequest
	if m.Unmarshal(q.input()) != nil {
		return protobuf(steam.ResultInvalidParam, nil), nil
	}
	c, a, ok := q.sim.state.readToken(cmp.Or(m.Token, q.r.FormValue("access_token")), q.at)
	if !ok {
		return protobuf(steam.ResultAccessDenied, nil), nil
	}
	q.account = a
	if err := q.sim.do(q.at, &revokeCommand{Token: c.root()}); err != nil {
		return reply{}, err
	}
	return protobuf(steam.ResultOK, nil), nil
}

// logout ends the session whose cookie the request has.
func (q *call) logout() (reply, error) {
	c, a, ok := q.sim.state.readToken(q.cookieToken("steamLoginSecure"), q.at)
	if ok && q.form() {
		q.account = a
		if err := q.sim.do(q.at, &revokeCommand{Token: c.root()}); err != nil {
			return reply{}, err
		}
	}
	p := redirect(q.base(community) + "/")
	p.set("Set-Cookie", "steamLoginSecure=deleted; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=None")
	return p, nil
}
