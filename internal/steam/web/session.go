package web

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// session is what is kept between starts. All of it is secret.
type session struct {
	Account steam.ID64 `json:"account"`
	Refresh token      `json:"refresh"`
	Access  token      `json:"access"`
	ID      string     `json:"session_id"`  // the community's CSRF value, invented by us
	Offset  int64      `json:"offset"`      // Steam's time minus ours, seconds
	Window  int64      `json:"code_window"` // newest 30 s window whose code was used
}

// token is a JWT and its life in Steam's time.
type token struct {
	Text  string `json:"text,omitempty"`
	From  int64  `json:"from,omitempty"`
	Until int64  `json:"until,omitempty"`
}

func (t token) alive(at int64) bool { return t.Text != "" && at < t.Until }

// old reports that two thirds of the token's life are over.
func (t token) old(at int64) bool { return at >= t.From+(t.Until-t.From)/3*2 }

func (s session) at(now time.Time) int64 { return now.Unix() + s.Offset }

// cookie is the Cookie header of the community. Go's cookie jar would keep
// Secure cookies back from a plain HTTP base.
func (s session) cookie() string {
	return "steamLoginSecure=" + s.Account.String() + "%7C%7C" + s.Access.Text +
		"; sessionid=" + s.ID + "; Steam_Language=english"
}

// newToken reads a JWT's account and life; the signature is Steam's affair.
func newToken(jwt string, owner steam.ID64, received int64) (token, error) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 || len(jwt) > 8<<10 || strings.ContainsAny(jwt, "; \r\n") {
		return token{}, malformed("a usable token")
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return token{}, malformed("a usable token")
	}
	var claims struct {
		Subject text   `json:"sub"`
		Issued  number `json:"iat"`
		Expires number `json:"exp"`
	}
	if err := decode(payload, &claims); err != nil {
		return token{}, fmt.Errorf("token: %w", err)
	}
	if string(claims.Subject) != owner.String() {
		return token{}, fmt.Errorf("%w: token of another account", steam.ErrCredentials)
	}
	if claims.Expires <= 0 {
		return token{}, malformed("the token's end")
	}
	t := token{Text: jwt, From: int64(claims.Issued), Until: int64(claims.Expires)}
	if t.From <= 0 || t.From > t.Until {
		t.From = min(received, t.Until)
	}
	return t, nil
}

// Session is the state to keep between starts. It is a secret.
func (c *Client) Session() []byte { return c.current().encode() }

func (s session) encode() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // unreachable: strings and integers always encode
	}
	return b
}

func (c *Client) current() session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// change alters the session and tells the owner, one change after the other.
func (c *Client) change(alter func(*session)) {
	c.changes.Lock()
	defer c.changes.Unlock()
	old := c.current()
	s := old
	alter(&s)
	if s == old {
		return
	}
	c.mu.Lock()
	c.session = s
	c.mu.Unlock()
	if c.onSession != nil {
		c.onSession(s.encode())
	}
}

// restore takes a stored session over, or starts an empty one and says why.
func (c *Client) restore(stored []byte) error {
	c.session = session{Account: c.account.ID, ID: c.random.Hex(12)}
	if len(stored) == 0 {
		return nil
	}
	var s session
	if err := json.Unmarshal(stored, &s); err != nil {
		return errors.New("damaged")
	}
	if s.Account != c.account.ID {
		return errors.New("belongs to another account")
	}
	if _, err := hex.DecodeString(s.ID); err != nil || len(s.ID) != 24 {
		return errors.New("damaged")
	}
	for _, t := range []token{s.Refresh, s.Access} {
		if t.Text == "" {
			continue
		}
		if _, err := newToken(t.Text, c.account.ID, t.From); err != nil {
			return errors.New("damaged token")
		}
	}
	c.session = s
	return nil
}

// Login makes sure that a session exists: a stored one is reused, renewed after
// two thirds of its life, and only when that is impossible the account logs in
// with password and code. [steam.ErrCredentials] needs an operator,
// [steam.ErrRateLimited] and [steam.ErrUnavailable] need time.
func (c *Client) Login(ctx context.Context) error {
	_, err := c.fresh(ctx, "")
	return err
}

// fresh returns a session whose access token lives and is not the one that
// Steam just turned down. Callers that need a new one wait for each other.
func (c *Client) fresh(ctx context.Context, turnedDown string) (session, error) {
	if s, ok := c.usable(turnedDown); ok {
		return s, nil
	}
	if err := c.login.enter(ctx); err != nil {
		return session{}, err
	}
	defer c.login.leave()
	if s, ok := c.usable(turnedDown); ok {
		return s, nil
	}
	old := c.current()
	s, err := c.renew(ctx, old)
	if errors.Is(err, errRenewalRefused) {
		c.log.Info("steam session ended, logging in", "account", c.account.ID, "reason", err)
		s, err = c.logIn(ctx, c.current())
	}
	if err == nil {
		c.change(func(now *session) { *now = s })
		return s, nil
	}
	if old.Access.Text != turnedDown && old.Access.alive(old.at(c.now())) {
		c.postpone()
		c.log.Warn("steam session not renewed, using the old one", "account", c.account.ID, "error", err)
		return old, nil
	}
	return session{}, err
}

// usable returns the present session if no renewal is due.
func (c *Client) usable(turnedDown string) (session, bool) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.session
	at := s.at(now)
	ok := s.Access.alive(at) && s.Access.Text != turnedDown && (!s.Access.old(at) || now.Before(c.retryAt))
	return s, ok
}

// postpone lets a living session be used for a minute before the next attempt
// to renew it: while Steam is down, each call would pay for the attempt.
func (c *Client) postpone() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retryAt = c.now().Add(time.Minute)
}

// distrust drops a session that Steam turned down although it was just made:
// the next call logs in with the password.
func (c *Client) distrust(s session) {
	c.change(func(now *session) {
		if now.Access.Text == s.Access.Text {
			now.Access, now.Refresh = token{}, token{}
		}
	})
}

// signedIn runs f under a session. If f returns [steam.ErrSession], which must
// mean that nothing happened, the session is renewed and f runs once more.
func (c *Client) signedIn(ctx context.Context, f func(session) error) error {
	s, err := c.fresh(ctx, "")
	if err != nil {
		return err
	}
	if err = f(s); !errors.Is(err, steam.ErrSession) {
		return err
	}
	if s, err = c.fresh(ctx, s.Access.Text); err != nil {
		return err
	}
	err = f(s)
	if errors.Is(err, steam.ErrSession) && !errors.Is(err, errOwnRefused) {
		c.distrust(s)
	}
	return err
}
