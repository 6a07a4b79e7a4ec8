package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// effect runs a call with an effect, one at a time for the account. When Steam
// refuses it for want of a session, nothing happened: it runs once more under a
// renewed one. No other answer leads to a repeat.
func (c *Client) effect(ctx context.Context, try func(session) steam.Outcome) steam.Outcome {
	if err := c.writes.enter(ctx); err != nil {
		return neverSent(err)
	}
	defer c.writes.leave()
	var out steam.Outcome
	tried := false
	err := c.signedIn(ctx, func(s session) error {
		out, tried = try(s), true
		if out.Verdict == steam.Refused && out.Refusal == steam.RefusedSession {
			return steam.ErrSession
		}
		return nil
	})
	if err != nil && !tried {
		return neverSent(err)
	}
	return out
}

// once is [Client.effect] for what must not be made twice: a refusal for want of a
// session is not believed either. The session is renewed for the next call; one
// that was renewed so and is turned down again is dropped.
func (c *Client) once(ctx context.Context, try func(session) steam.Outcome) steam.Outcome {
	if err := c.writes.enter(ctx); err != nil {
		return neverSent(err)
	}
	defer c.writes.leave()
	s, err := c.fresh(ctx, "")
	if err != nil {
		return neverSent(err)
	}
	out := try(s)
	if out.Verdict != steam.Refused || out.Refusal != steam.RefusedSession {
		return out
	}
	out.Unsure = true
	if s.Access.Text == c.anew {
		c.distrust(s)
		return out
	}
	if s, err = c.fresh(ctx, s.Access.Text); err == nil {
		c.anew = s.Access.Text
	}
	return out
}

// neverSent is the outcome when no request left. A session could not be had, or
// the call must be made again later.
func neverSent(err error) steam.Outcome {
	if errors.Is(err, errNotSent) || errors.Is(err, steam.ErrRateLimited) {
		return refused(steam.RefusedRateLimit, plain(err.Error()))
	}
	return refused(steam.RefusedSession, plain(err.Error()))
}

// post sends a form with the session's marks and returns either an answer or
// the outcome of not getting one.
func (c *Client) post(ctx context.Context, s session, path, referer string, form url.Values) (answer, *steam.Outcome) {
	form.Set("sessionid", s.ID)
	a, err := c.do(ctx, call{base: c.community, path: path, form: form, referer: referer, cookie: s.cookie()})
	if err != nil {
		out := unanswered(err)
		return answer{}, &out
	}
	return a, nil
}

func unanswered(err error) steam.Outcome {
	if errors.Is(err, errNotSent) {
		return neverSent(err)
	}
	return unknown(plain(err.Error()))
}

// Cancel withdraws a sent offer. An offer that is over is
// [steam.RefusedState]: read which way it went.
func (c *Client) Cancel(ctx context.Context, id steam.OfferID) steam.Outcome {
	if !digits(text(id)) {
		return refused(steam.RefusedMalformed, "offer id")
	}
	return c.effect(ctx, func(s session) steam.Outcome {
		a, failed := c.post(ctx, s, "/tradeoffer/"+string(id)+"/cancel", c.community+"/tradeoffer/"+string(id)+"/", url.Values{})
		if failed != nil {
			return *failed
		}
		return cancelOutcome(a, id)
	})
}

func cancelOutcome(a answer, id steam.OfferID) steam.Outcome {
	r, out := readEffect(a)
	if out != nil {
		return *out
	}
	if string(r.Offer) != string(id) {
		return unknown("answer without the offer's id")
	}
	return done()
}

// Acknowledge accepts Steam's trade-protection rules, once per account.
func (c *Client) Acknowledge(ctx context.Context) steam.Outcome {
	return c.effect(ctx, func(s session) steam.Outcome {
		a, failed := c.post(ctx, s, "/trade/new/acknowledge", c.community+"/my/tradeoffers", url.Values{"message": {"1"}})
		if failed != nil {
			return *failed
		}
		return acknowledgeOutcome(a, c.account.ID)
	})
}

// failing reports whether a JSON object says by itself that a call failed, or
// cannot be read. Other bodies say nothing.
func failing(body []byte) bool {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return false
	}
	var r struct {
		Success  *number `json:"success"`
		Error    any     `json:"error"`
		Sentence any     `json:"strError"`
	}
	return decode(body, &r) != nil || r.Success != nil && *r.Success != 1 || r.Error != nil || r.Sentence != nil
}

// acknowledgeOutcome believes a page only if it is made for the account: an error
// page, in whatever language, is not. Steam's own answer is not known to have a
// body of another kind; one that says no is not believed either.
func acknowledgeOutcome(a answer, id steam.ID64) steam.Outcome {
	to := a.header.Get("Location")
	html := bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<"))
	switch {
	case a.loggedOut():
		return refused(steam.RefusedSession, "not signed in")
	case a.status == http.StatusOK && html && !bytes.Contains(a.body, []byte(id.String())):
		return unknown("a page that is not the account's")
	case a.status == http.StatusOK && failing(a.body):
		return unknown("an answer that says no, or is broken")
	case a.status == http.StatusOK, a.status == http.StatusFound && (strings.Contains(to, "/profiles/") || strings.Contains(to, "/id/")):
		return done()
	default:
		return statusOutcome(a.status)
	}
}
