package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Client calls one gateway for one project. It may be used concurrently.
type Client struct {
	base, id, secret string
	http             *http.Client
}

// Option changes a new [Client].
type Option func(*Client)

// WithHTTPClient uses another HTTP client than one with a timeout of 15
// seconds.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// New returns a client for the gateway at base, such as https://pay.example,
// and the project with this client id and secret.
func New(base, id, secret string, options ...Option) *Client {
	c := &Client{base: strings.TrimSuffix(base, "/"), id: id, secret: secret, http: &http.Client{Timeout: 15 * time.Second}}
	for _, o := range options {
		o(c)
	}
	return c
}

// Error is a refusal. Positive codes mean something only within their method;
// Name is the same everywhere.
type Error struct {
	Method  string
	Code    int
	Name    string // such as order_id_already_exists
	Detail  string // a hint for people; may be empty
	Request string // names the request in the gateway's log
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s (%d)", e.Method, e.Name, e.Code)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Is reports whether the target is the same kind of refusal, so that
// errors.Is(err, client.ErrOrderExists) works whatever the method.
func (e *Error) Is(target error) bool {
	t, ok := errors.AsType[*Error](target)
	return ok && t.Name == e.Name
}

// Refusals that callers tell apart.
var (
	ErrOrderExists       = &Error{Name: "order_id_already_exists"}
	ErrCustomIDExists    = &Error{Name: "custom_id_already_exists"}
	ErrInsufficientFunds = &Error{Name: "insufficient_funds"}
	ErrUnavailable       = &Error{Name: "skin_unavailable"}
	ErrTooDear           = &Error{Name: "skins_not_found_at_specified_price"}
	ErrNotFound          = &Error{Name: "transaction_not_found"}
	ErrOfferNotFound     = &Error{Name: "offer_not_found"}
	ErrNotHeld           = &Error{Name: "offer_already_approved_or_canceled"}
	ErrRateLimited       = &Error{Name: "request_limit_reached"}
	ErrMaintenance       = &Error{Name: "under_maintenance"}
	ErrSignature         = &Error{Name: "invalid_signature"}
)

type idempotencyKey struct{}

// IdempotencyKey gives the calls made with the context a key: repeated with the
// same key and content, a call that had an effect answers the same again
// instead of refusing a known order or custom id. Use a new key for each order
// or purchase.
func IdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, key)
}

// maxAnswer is room for a full price list of a million items.
const maxAnswer = 512 << 20

// call sends a method with its parameters and reads the answer into out.
func (c *Client) call(ctx context.Context, method string, params map[string]any, out any) error {
	body := map[string]any{"method": method}
	for name, v := range params {
		body[name] = v
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api.php/"+method, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-CLIENT-ID", c.id)
	r.Header.Set("X-CLIENT-SECRET", c.secret)
	if key, ok := ctx.Value(idempotencyKey{}).(string); ok {
		r.Header.Set("Idempotency-Key", key)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	defer func() { _ = answer.Body.Close() }()
	read, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s: read the answer: %w", method, err)
	}
	return decode(method, answer, read, out)
}

func decode(method string, answer *http.Response, body []byte, out any) error {
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: HTTP status %d", method, answer.StatusCode)
	}
	var head struct {
		Status string `json:"status"`
		Code   int    `json:"error_code"`
		Name   string `json:"error_message"`
		Detail string `json:"error_detail"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		return fmt.Errorf("%s: not an answer of the API: %w", method, err)
	}
	if head.Status == "error" {
		return &Error{Method: method, Code: head.Code, Name: head.Name, Detail: head.Detail, Request: answer.Header.Get("X-Request-Id")}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s: read the answer: %w", method, err)
	}
	return nil
}

// params are parameters that were given: empty text, zero numbers and empty
// lists are left out.
type params map[string]any

func (p params) text(name, v string) params {
	if v != "" {
		p[name] = v
	}
	return p
}

func (p params) number(name string, v int64) params {
	if v != 0 {
		p[name] = v
	}
	return p
}

func (p params) amount(name string, a Amount) params { return p.text(name, string(a)) }

// window is the time that a list covers, and where its page starts.
func window(from, to time.Time, start int64) params {
	return params{"starting": max(0, from.Unix()), "ending": max(0, to.Unix())}.number("start_from", start)
}
