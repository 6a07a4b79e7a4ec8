package skinsback

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/webhook"
)

// Encoder puts events into the old format's notifications. It may be used
// concurrently.
type Encoder struct{ rates rateBook }

var _ webhook.Encoder = (*Encoder)(nil)

// NewEncoder returns the encoder for [webhook.New].
func NewEncoder() *Encoder { return &Encoder{} }

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// Encode returns the message for an event; false when the project has no
// address for it, or when the old format shows no change: a status is sent once
// per transition that a merchant can see.
func (n *Encoder) Encode(_ context.Context, p merchant.Project, s merchant.Secrets, e event.Event) (webhook.Message, bool, error) {
	switch e.Kind {
	case event.DepositChanged:
		return n.notification(p, s, e)
	case event.PurchaseBought, event.PurchaseChanged, event.BalanceChanged:
		if p.EventsURL == "" {
			return webhook.Message{}, false, nil
		}
		body, ok, err := Frame(p, e)
		return webhook.Message{Endpoint: webhook.Events, URL: p.EventsURL, ContentType: jsonType, Body: body}, ok, err
	}
	return webhook.Message{}, false, nil
}

// Headers returns what proves a try to its receiver. X-SIGN is constant per
// secret; Signature is made over the exact body, and a copy stands in
// Authorization because the original's prose names that header.
func (n *Encoder) Headers(p merchant.Project, s merchant.Secrets, d webhook.Delivery, wall time.Time) (http.Header, error) {
	legacy, _ := s.Legacy()
	h := http.Header{}
	h.Set("X-SIGN", StaticToken(p.ID, legacy))
	if d.Endpoint == webhook.Events {
		mac := hmac.New(sha256.New, []byte(legacy.Reveal()))
		mac.Write(d.Body)
		signature := hex.EncodeToString(mac.Sum(nil))
		h.Set("Signature", signature)
		if !p.NoAuthorizationCopy {
			h.Set("Authorization", signature)
		}
	}
	return h, standardHeaders(h, s, d, wall)
}

// standardHeaders adds the Standard Webhooks signature, made with both secrets
// while they rotate.
func standardHeaders(h http.Header, s merchant.Secrets, d webhook.Delivery, wall time.Time) error {
	var signatures []string
	for _, secret := range []seal.Secret{s.Webhook, s.WebhookOld} {
		if secret == "" {
			continue
		}
		w, err := standardwebhooks.NewWebhookRaw(webhookKey(secret))
		if err != nil {
			return fmt.Errorf("sign delivery: %w", err)
		}
		signature, err := w.Sign(d.EventID, wall, d.Body)
		if err != nil {
			return fmt.Errorf("sign delivery: %w", err)
		}
		signatures = append(signatures, signature)
	}
	if len(signatures) == 0 {
		return nil
	}
	h.Set(standardwebhooks.HeaderWebhookID, d.EventID)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(wall.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}

// webhookKey is the key that a webhook secret stands for: what the base64 after
// whsec_ decodes to, and the bytes of any other text.
func webhookKey(secret seal.Secret) []byte {
	if encoded, marked := strings.CutPrefix(secret.Reveal(), "whsec_"); marked {
		if key, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return key
		}
	}
	return []byte(secret.Reveal())
}

// notification is the deposit webhook. sign covers every scalar beside it.
func (n *Encoder) notification(p merchant.Project, s merchant.Secrets, e event.Event) (webhook.Message, bool, error) {
	var c deposit.Changed
	if err := json.Unmarshal(e.Body, &c); err != nil {
		return webhook.Message{}, false, fmt.Errorf("read event %s: %w", e.ID, err)
	}
	address := c.ResultURL
	if address == "" {
		address = p.ResultURL
	}
	status := statusOf(p, c.State)
	if address == "" || !told(c.State, status, c.Offered != 0) {
		return webhook.Message{}, false, nil
	}
	ms, err := n.rates.members(c, status)
	if err != nil {
		return webhook.Message{}, false, fmt.Errorf("encode event %s: %w", e.ID, err)
	}
	if !amountsShown(status) {
		ms = slices.DeleteFunc(ms, func(m member) bool { return m.kind == list })
	}
	if status == statusHeld && p.NoWait && c.Risk != nil {
		ms = append(ms, riskMember(*c.Risk))
	}
	secret, _ := s.Legacy()
	ms = slices.Insert(ms, 0, textMember("sign", sign(secret, signedMembers(ms))))
	m := webhook.Message{Endpoint: webhook.Result, URL: address}
	m.ContentType, m.Body = encodeMembers(p.WebhookEncoding, ms)
	return m, true, nil
}

// told reports whether a merchant hears of a state: pending once, when the
// offer exists; and what an old client knows as pending already, not again.
func told(state deposit.State, status string, offered bool) bool {
	switch {
	case state == deposit.Open:
		return false
	case status == statusPending:
		return state == deposit.Trading && offered
	}
	return true
}

func encodeMembers(encoding string, ms []member) (contentType string, body []byte) {
	if encoding == "form" {
		return formType, formMembers(ms)
	}
	a := &answer{b: make([]byte, 0, 1024)}
	a.open()
	a.members(ms)
	return jsonType, a.done()
}
