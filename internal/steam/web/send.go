package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/steam"
)

const (
	maxMessage = 128 // characters that Steam keeps
	maxAssets  = 255 // per offer
)

// effectAnswer is the JSON of send and cancel, success or not.
type effectAnswer struct {
	Offer    text   `json:"tradeofferid"`
	Mobile   number `json:"needs_mobile_confirmation"`
	Email    number `json:"needs_email_confirmation"`
	Sentence text   `json:"strError"`
}

// readEffect returns a success answer, or the outcome that the answer is.
func readEffect(a answer) (effectAnswer, *steam.Outcome) {
	var r effectAnswer
	err := decode(a.body, &r)
	var out steam.Outcome
	switch {
	case a.status == http.StatusUnauthorized || a.status == http.StatusTooManyRequests:
		out = statusOutcome(a.status)
	case err == nil && r.Sentence != "":
		out = sentenceOutcome(string(r.Sentence))
	case a.status != http.StatusOK:
		out = statusOutcome(a.status)
	case err != nil:
		out = unknown(plain(err.Error()))
	default:
		return r, nil
	}
	return r, &out
}

// Send makes an offer. Done carries the id, and whether it must be confirmed.
// Unknown means that the offer may exist: look for its message among the sent
// ones before anything else. So does a refusal that is not sure, such as for want
// of a session: it is never sent again by itself.
func (c *Client) Send(ctx context.Context, o steam.NewOffer) steam.SendOutcome {
	if why := c.unfit(o); why != "" {
		return steam.SendOutcome{Outcome: refused(steam.RefusedMalformed, why)}
	}
	var sent steam.SendOutcome
	out := c.once(ctx, func(s session) steam.Outcome {
		a, failed := c.post(ctx, s, "/tradeoffer/new/send", c.offerPage(o.Partner, o.Token), sendForm(o))
		if failed != nil {
			return *failed
		}
		sent = sendOutcome(a)
		return sent.Outcome
	})
	sent.Outcome = out
	return sent
}

// unfit says what keeps an offer from being sent at all.
func (c *Client) unfit(o steam.NewOffer) string {
	if _, err := steam.ParseID64(o.Partner.String()); err != nil || o.Partner == c.account.ID {
		return "partner"
	}
	if n := len(o.Give) + len(o.Receive); n == 0 || n > maxAssets {
		return "number of items"
	}
	// A cut message could lose the reference by which the offer is found again.
	if !utf8.ValidString(o.Message) || utf8.RuneCountInString(o.Message) > maxMessage {
		return "message"
	}
	if o.Token != "" && !steam.ValidToken(o.Token) {
		return "token"
	}
	for _, side := range [][]steam.Asset{o.Give, o.Receive} {
		for _, a := range side {
			if a.App == 0 || !digits(text(a.Context)) || !digits(text(a.ID)) {
				return "asset"
			}
		}
	}
	return ""
}

type sideForm struct {
	Assets   []assetForm `json:"assets"`
	Currency []string    `json:"currency"`
	Ready    bool        `json:"ready"`
}

type assetForm struct {
	App     steam.AppID `json:"appid"`
	Context string      `json:"contextid"`
	Amount  int         `json:"amount"`
	Asset   string      `json:"assetid"`
}

func side(assets []steam.Asset) sideForm {
	s := sideForm{Assets: []assetForm{}, Currency: []string{}}
	for _, a := range assets {
		s.Assets = append(s.Assets, assetForm{App: a.App, Context: a.Context, Amount: 1, Asset: a.ID})
	}
	return s
}

func sendForm(o steam.NewOffer) url.Values {
	offer := struct {
		NewVersion bool     `json:"newversion"`
		Version    int      `json:"version"`
		Me         sideForm `json:"me"`
		Them       sideForm `json:"them"`
	}{true, len(o.Give) + len(o.Receive) + 1, side(o.Give), side(o.Receive)}
	params := map[string]string{}
	if o.Token != "" {
		params["trade_offer_access_token"] = o.Token
	}
	return url.Values{
		"serverid":                  {"1"},
		"partner":                   {o.Partner.String()},
		"tradeoffermessage":         {o.Message},
		"json_tradeoffer":           {mustJSON(offer)},
		"captcha":                   {""},
		"trade_offer_create_params": {mustJSON(params)},
		"tradeofferid_countered":    {""},
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // unreachable: only strings, numbers and booleans
	}
	return string(b)
}

func sendOutcome(a answer) steam.SendOutcome {
	r, out := readEffect(a)
	if out != nil {
		return steam.SendOutcome{Outcome: *out}
	}
	if !digits(r.Offer) {
		return steam.SendOutcome{Outcome: unknown("answer without an offer's id")}
	}
	return steam.SendOutcome{
		Outcome:          done(),
		Offer:            steam.OfferID(r.Offer),
		NeedConfirmation: r.Mobile != 0 || r.Email != 0,
	}
}
