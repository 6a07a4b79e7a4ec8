package sim

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

const (
	refreshLife = 200 * 24 * time.Hour
	webLife     = 207 * 24 * time.Hour // of a refresh token for the web that is to be remembered
	accessLife  = 24 * time.Hour
)

// claims are the payload of Steam's tokens.
type claims struct {
	Issuer    string     `json:"iss"`
	Subject   steam.ID64 `json:"sub"`
	Audience  []string   `json:"aud"`
	Expires   int64      `json:"exp"`
	NotBefore int64      `json:"nbf"`
	Issued    int64      `json:"iat"`
	ID        string     `json:"jti"`
	Original  int64      `json:"oat"`
	RefreshBy int64      `json:"rt_exp,omitempty"`
	Persist   int        `json:"per"`
	SubjectIP string     `json:"ip_subject"`
	ConfirmIP string     `json:"ip_confirmer"`
	Epoch     int        `json:"epoch,omitempty"` // not Steam's: account.Epoch at the login
}

func (c claims) refresh() bool { return slices.Contains(c.Audience, "derive") }

// tokenHeader says what Steam's tokens say; the signature is an HMAC of the
// world's key, which only the simulator itself checks.
var tokenHeader = base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"EdDSA"}`))

func (st *state) token(c claims) string {
	raw, err := json.Marshal(c)
	if err != nil {
		return "" // unreachable: claims hold nothing that JSON cannot
	}
	body := tokenHeader + "." + base64.RawURLEncoding.EncodeToString(raw)
	return body + "." + base64.RawURLEncoding.EncodeToString(st.sign("token", body))
}

// readToken returns the claims of a token made here that is good at the moment.
// Machine tokens are no sessions, and revoked ones are void with all that were
// derived from them.
func (st *state) readToken(token string, at stamp) (claims, *account, bool) {
	c, a, ok := st.readClaims(token, at)
	if !ok || slices.Contains(c.Audience, machineAudience) || st.Revoked[c.root()] != 0 {
		return claims{}, nil, false
	}
	return c, a, true
}

func (st *state) readClaims(token string, at stamp) (claims, *account, bool) {
	c, a, ok := st.tokenClaims(token)
	if !ok || at.seconds() >= c.Expires {
		return claims{}, nil, false
	}
	return c, a, true
}

// tokenClaims returns the claims of a token made here, whatever its time, and
// whether its account has not ended all sessions since. The account is nil for
// any other text.
func (st *state) tokenClaims(token string) (claims, *account, bool) {
	c, made := st.tokens[token]
	if !made {
		if c, made = st.openToken(token); !made {
			return claims{}, nil, false
		}
		if len(st.tokens) >= keptTokens {
			clear(st.tokens)
		}
		st.tokens[token] = c
	}
	a := st.byID[c.Subject]
	return c, a, a != nil && c.Epoch == a.Epoch
}

// keptTokens is how many tokens are remembered as made here: each request has
// one, and it is looked at several times.
const keptTokens = 1000

// openToken reads a token if it is signed here.
func (st *state) openToken(token string) (c claims, made bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || len(token) > 4096 {
		return c, false
	}
	sig, err := base64.RawURLEncoding.DecodeString(token[i+1:])
	if err != nil || !sameBytes(sig, st.sign("token", token[:i])) {
		return c, false
	}
	_, payload, _ := strings.Cut(token[:i], ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return c, false
	}
	err = json.Unmarshal(raw, &c)
	return c, err == nil
}

var platformAudience = map[int32][]string{
	authpb.PlatformWeb:    {"web", "renew", "derive"},
	authpb.PlatformMobile: {"web", "renew", "derive", "mobile"},
	authpb.PlatformClient: {"client", "web", "renew", "derive"},
}

// refreshToken is the token a login ends with.
func (st *state) refreshToken(a *account, l *login, client uint64, at stamp) string {
	now := at.seconds()
	life := refreshLife
	if l.Platform == authpb.PlatformWeb && !l.Brief {
		life = webLife
	}
	end := now + int64(life/time.Second)
	return st.token(claims{
		Issuer: "steam", Subject: a.SteamID, Audience: platformAudience[l.Platform],
		Expires: end, NotBefore: now - 8640000, Issued: now, Original: now, RefreshBy: end,
		ID: hex.EncodeToString(st.sign("jti", decimal(client))[:12]), Persist: 1 - bit(l.Brief),
		SubjectIP: "127.0.0.1", ConfirmIP: "127.0.0.1", Epoch: a.Epoch,
	})
}

// accessToken is derived from a refresh token, for one audience.
func (st *state) accessToken(from claims, audience []string, at stamp) string {
	now := at.seconds()
	return st.token(claims{
		Issuer: "r:" + from.ID, Subject: from.Subject, Audience: audience,
		Expires: now + int64(accessLife/time.Second), NotBefore: now - 8640000, Issued: now, Original: from.Original,
		ID:        hex.EncodeToString(st.sign("access", from.ID, strings.Join(audience, " "), decimal(uint64(now)))[:12]),
		RefreshBy: from.Expires, Persist: from.Persist, SubjectIP: from.SubjectIP, ConfirmIP: from.ConfirmIP, Epoch: from.Epoch,
	})
}
