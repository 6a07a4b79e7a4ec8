package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

const (
	tradeConfirmation = 2
	// keyDrift bounds how far a confirmation key's time may run ahead of ours;
	// Steam tolerates a minute or more.
	keyDrift = 45
)

type confirmations struct {
	reply
	Conf list[confirmation] `json:"conf"`
}

type confirmation struct {
	ID      text   `json:"id"`
	Creator text   `json:"creator_id"`
	Nonce   text   `json:"nonce"`
	Type    number `json:"type"`
}

// reply is what every mobile confirmation answer has.
type reply struct {
	Success  number `json:"success"`
	NeedAuth number `json:"needauth"`
	Message  text   `json:"message"`
	Detail   text   `json:"detail"`
}

// Confirm allows the mobile confirmation of the account's own sent offer. An
// offer that is not in the list may be confirmed already, and one whose
// confirmation Steam did not take may be too: both are Unknown.
func (c *Client) Confirm(ctx context.Context, id steam.OfferID) steam.Outcome {
	if !digits(text(id)) {
		return refused(steam.RefusedMalformed, "offer id")
	}
	return c.effect(ctx, func(s session) steam.Outcome {
		found, failed := c.findConfirmation(ctx, s, id)
		if failed != nil {
			return *failed
		}
		var r reply
		op := url.Values{"op": {"allow"}, "cid": {string(found.ID)}, "ck": {string(found.Nonce)}}
		if failed := c.mobile(ctx, s, "ajaxop", "allow", op, &r, &r); failed != nil {
			return *failed
		}
		return done()
	})
}

// Confirmations lists what waits for the account's mobile confirmation.
func (c *Client) Confirmations(ctx context.Context) ([]steam.Confirmation, error) {
	var found []steam.Confirmation
	out := c.effect(ctx, func(s session) steam.Outcome {
		var l confirmations
		if failed := c.mobile(ctx, s, "getlist", "list", url.Values{}, &l, &l.reply); failed != nil {
			return *failed
		}
		found = nil
		for _, conf := range l.Conf {
			one := steam.Confirmation{ID: string(conf.ID), Type: int(conf.Type)}
			if conf.Type == tradeConfirmation {
				one.Offer = steam.OfferID(conf.Creator)
			}
			found = append(found, one)
		}
		return done()
	})
	if out.Verdict != steam.Done {
		return nil, fmt.Errorf("%w: %s %s", steam.ErrUnavailable, out.Refusal, out.Detail)
	}
	return found, nil
}

func (c *Client) findConfirmation(ctx context.Context, s session, id steam.OfferID) (confirmation, *steam.Outcome) {
	var l confirmations
	if failed := c.mobile(ctx, s, "getlist", "list", url.Values{}, &l, &l.reply); failed != nil {
		return confirmation{}, failed
	}
	for _, conf := range l.Conf {
		if conf.Type == tradeConfirmation && string(conf.Creator) == string(id) {
			return conf, nil
		}
	}
	out := unknown("not in the list of confirmations")
	return confirmation{}, &out
}

// mobile makes one signed confirmation request, decodes the answer into out and
// returns the outcome if it is not a success.
func (c *Client) mobile(ctx context.Context, s session, op, tag string, query url.Values, out any, r *reply) *steam.Outcome {
	a, err := c.mobileCall(ctx, s, op, tag, query)
	if err != nil {
		failed := unanswered(err)
		return &failed
	}
	failed := mobileOutcome(a, out, r)
	if failed.Verdict == steam.Done {
		return nil
	}
	return &failed
}

func mobileOutcome(a answer, out any, r *reply) steam.Outcome {
	if a.loggedOut() {
		return refused(steam.RefusedSession, "not signed in")
	}
	if a.status != http.StatusOK {
		return statusOutcome(a.status)
	}
	if err := decode(a.body, out); err != nil {
		return unknown(plain(err.Error()))
	}
	switch {
	case r.Success == 1:
		return done()
	case r.NeedAuth == 1:
		return refused(steam.RefusedSession, "confirmations need a session")
	default:
		return unknown(plain("confirmation not taken: " + string(r.Message) + " " + string(r.Detail)))
	}
}

func (c *Client) mobileCall(ctx context.Context, s session, op, tag string, query url.Values) (answer, error) {
	at := c.nextKeyTime(s)
	key, err := steam.ConfirmationKey(c.account.IdentitySecret, time.Unix(at, 0), tag)
	if err != nil {
		return answer{}, err
	}
	query.Set("p", steam.DeviceID(c.account.ID))
	query.Set("a", c.account.ID.String())
	query.Set("k", key)
	query.Set("t", strconv.FormatInt(at, 10))
	query.Set("m", "react")
	query.Set("tag", tag)
	k := call{base: c.community, path: "/mobileconf/" + op, query: query, cookie: s.cookie()}
	if op == "getlist" {
		k.pace = c.pace.confirmation
	} else {
		k.effect = true
	}
	return c.do(ctx, k)
}

// nextKeyTime avoids signing twice for the same second: each key is for one
// operation.
func (c *Client) nextKeyTime(s session) int64 {
	at := s.at(c.now())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keyTime >= at && c.keyTime < at+keyDrift {
		at = c.keyTime + 1
	}
	c.keyTime = at
	return at
}
