package client

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/md5"  // #nosec G501 -- the constant token of the format
	"crypto/sha1" // #nosec G505 -- the signature of the format
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// ErrForged is a notification whose signature is missing or wrong. Answer it
// with a status other than 200 and do nothing.
var ErrForged = errors.New("the notification is not signed with this project's secret")

// Verifier checks what is sent to your Result and Events URL.
type Verifier struct {
	ID, Secret string // of the project
	// WebhookSecret (whsec_…) has the Standard Webhooks signature checked too,
	// which also refuses what was sent more than five minutes ago.
	WebhookSecret string
}

// maxNotification is more than any notification has.
const maxNotification = 1 << 20

// Deposit reads and verifies a request to the Result URL. The same notification
// may come more than once; act on TransactionID and Status, and credit once.
func (v Verifier) Deposit(r *http.Request) (Deposit, error) {
	body, err := v.read(r)
	if err != nil {
		return Deposit{}, err
	}
	var d Deposit
	var fields map[string]string
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		fields, d, err = fromForm(body)
	} else {
		fields, err = scalars(body)
		err = cmp.Or(err, json.Unmarshal(body, &d))
	}
	if err != nil {
		return Deposit{}, fmt.Errorf("notification: %w", err)
	}
	if !equal(fields["sign"], v.sign(fields)) {
		return Deposit{}, ErrForged
	}
	return d, nil
}

// Event is one change of a purchase or of the balance. Exactly one of the
// pointers is set, by Kind.
type Event struct {
	Kind     string        // buy_item, status_change, balance_change
	Bought   *Purchase     // buy_item
	Changed  *StatusChange // status_change
	Balance  Amount        // balance_change
	Sequence int64         // on sockets with resume
	Epoch    string
}

// StatusChange is a purchase that moved.
type StatusChange struct {
	Item         struct{ ID ID } `json:"item"`
	BuyID        ID              `json:"buy_id"`
	OfferStatus  string          `json:"offer_status"`
	ErrorReason  string          `json:"error_reason"`
	TradeOfferID string          `json:"tradeofferid"`
	CustomID     string          `json:"custom_id"`
}

// Event reads and verifies a request to the Events URL. The same event may come
// more than once.
func (v Verifier) Event(r *http.Request) (Event, error) {
	body, err := v.read(r)
	if err != nil {
		return Event{}, err
	}
	mac := hmac.New(sha256.New, []byte(v.Secret))
	mac.Write(body)
	if !equal(r.Header.Get("Signature"), hex.EncodeToString(mac.Sum(nil))) {
		return Event{}, ErrForged
	}
	return parseEvent(body)
}

// read reads the body and checks what both kinds of notifications carry.
func (v Verifier) read(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxNotification))
	if err != nil {
		return nil, fmt.Errorf("notification: %w", err)
	}
	token := md5.Sum([]byte(v.ID + v.Secret)) // #nosec G401 -- as above
	if !equal(r.Header.Get("X-SIGN"), hex.EncodeToString(token[:])) {
		return nil, ErrForged
	}
	if v.WebhookSecret == "" {
		return body, nil
	}
	check, err := standardwebhooks.NewWebhook(v.WebhookSecret)
	if err != nil {
		return nil, fmt.Errorf("webhook secret: %w", err)
	}
	if err := check.Verify(body, r.Header); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForged, err)
	}
	return body, nil
}

// sign is the signature over all scalar fields but sign.
func (v Verifier) sign(fields map[string]string) string {
	mac := hmac.New(sha1.New, []byte(v.Secret))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name != "sign" {
			mac.Write([]byte(name + ":" + fields[name] + ";"))
		}
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// scalars are the top-level texts and numbers exactly as they were sent.
func scalars(body []byte) (map[string]string, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for name, raw := range all {
		if bytes.ContainsAny(raw[:1], "{[") {
			continue
		}
		s, err := scalar(raw)
		if err != nil {
			return nil, err
		}
		fields[name] = s
	}
	return fields, nil
}

// fromForm reads a notification of a project that asked for forms. Nested
// values have brackets in their names and are not signed; skins are left out.
func fromForm(body []byte) (map[string]string, Deposit, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, Deposit{}, err
	}
	fields, nested := map[string]string{}, map[string]map[string]string{}
	for name := range form {
		parent, rest, ok := strings.Cut(name, "[")
		switch {
		case !ok:
			fields[name] = form.Get(name)
		case strings.HasSuffix(parent, "_in_currencies"):
			if nested[parent] == nil {
				nested[parent] = map[string]string{}
			}
			nested[parent][strings.TrimSuffix(rest, "]")] = form.Get(name)
		}
	}
	whole := map[string]any{}
	for name, v := range fields {
		whole[name] = v
	}
	for name, v := range nested {
		whole[name] = v
	}
	raw, err := json.Marshal(whole)
	if err != nil {
		return nil, Deposit{}, err
	}
	var d Deposit
	return fields, d, json.Unmarshal(raw, &d)
}

func equal(a, b string) bool { return a != "" && hmac.Equal([]byte(a), []byte(b)) }

// parseEvent reads an event of the Events URL or of a socket.
func parseEvent(body []byte) (Event, error) {
	var frame struct {
		Event string          `json:"event"`
		Data  json.RawMessage `json:"data"`
		Seq   int64           `json:"seq"`
		Epoch string          `json:"epoch"`
	}
	if err := json.Unmarshal(body, &frame); err != nil {
		return Event{}, fmt.Errorf("event: %w", err)
	}
	e := Event{Kind: frame.Event, Sequence: frame.Seq, Epoch: frame.Epoch}
	var err error
	switch frame.Event {
	case "buy_item":
		e.Bought = &Purchase{}
		err = json.Unmarshal(frame.Data, e.Bought)
	case "status_change":
		e.Changed = &StatusChange{}
		err = json.Unmarshal(frame.Data, e.Changed)
	case "balance_change":
		var b struct {
			Value Amount `json:"balance_value"`
		}
		err = json.Unmarshal(frame.Data, &b)
		e.Balance = b.Value
	}
	if err != nil {
		return Event{}, fmt.Errorf("event %s: %w", frame.Event, err)
	}
	return e, nil
}
