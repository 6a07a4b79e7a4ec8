package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/skinrail/skinrail/internal/steam"
)

// errNotSent marks an error from before a request left: nothing happened.
var errNotSent = errors.New("not sent")

const (
	bodyLimit      = 1 << 20
	inventoryLimit = 16 << 20
)

// call is one HTTP request. A form makes it a POST.
type call struct {
	base    string
	path    string
	query   url.Values
	form    url.Values
	referer string
	cookie  string
	limit   int64         // of the answer's body; zero: bodyLimit
	pace    *rate.Limiter // beside the general one
	effect  bool          // a GET that changes something
}

func (k call) method() string {
	if k.form != nil {
		return http.MethodPost
	}
	return http.MethodGet
}

// String leaves the query out: it carries tokens and keys.
func (k call) String() string { return k.method() + " " + k.path }

// answer is what came back, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends k and reads the answer. An error means that no whole answer came; it
// wraps errNotSent if nothing was sent, else [steam.ErrUnavailable].
func (c *Client) do(ctx context.Context, k call) (answer, error) {
	if err := wait(ctx, k.pace, c.pace.request); err != nil {
		return answer{}, fmt.Errorf("%s: %w", k, err)
	}
	if k.form != nil || k.effect {
		var settled context.CancelFunc
		ctx, settled = lingering(ctx)
		defer settled()
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := c.request(ctx, k)
	if err == nil {
		err = c.permit(req)
	}
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w: %w", k, errNotSent, err)
	}
	start := time.Now()
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, c.broken(k, start, err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if a.body, err = readAll(res, k.limit); err != nil {
		return answer{}, c.broken(k, start, err)
	}
	c.noteDate(res.Header)
	c.log.Debug("steam answered", "account", c.account.ID, "call", k.String(), "status", a.status,
		"bytes", len(a.body), "took", time.Since(start))
	return a, nil
}

// linger is how long the answer to a call with an effect is still waited for
// when the caller is told to stop: cut off, its outcome would be unclear.
const linger = 8 * time.Second

// lingering is a context that ends some time after ctx, if ctx had not ended
// yet: then nothing may begin.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() != nil {
		return ctx, func() {}
	}
	long, end := context.WithCancel(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(linger, end)
		context.AfterFunc(long, func() { t.Stop() })
	})
	return long, func() { unwatch(); end() }
}

func (c *Client) request(ctx context.Context, k call) (*http.Request, error) {
	target := k.base + k.path
	if len(k.query) > 0 {
		target += "?" + k.query.Encode()
	}
	var body io.Reader
	if k.form != nil {
		body = strings.NewReader(k.form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, k.method(), target, body)
	if err != nil {
		return nil, withoutURL(err)
	}
	if k.effect && req.Body == nil {
		// net/http sends a GET again by itself when a kept connection breaks
		// before the answer, unless it has a body that cannot be rewound.
		req.Body = io.NopCloser(strings.NewReader(""))
	}
	req.Header.Set("User-Agent", "skinrail")
	req.Header.Set("Accept-Language", "en-US,en;q=0.9")
	if k.form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		req.Header.Set("Origin", req.URL.Scheme+"://"+req.URL.Host)
	}
	if k.referer != "" {
		req.Header.Set("Referer", k.referer)
	}
	if k.cookie != "" {
		req.Header.Set("Cookie", k.cookie)
	}
	return req, nil
}

func (c *Client) broken(k call, start time.Time, err error) error {
	err = withoutURL(err)
	c.log.Debug("steam did not answer", "account", c.account.ID, "call", k.String(), "error", err, "took", time.Since(start))
	return fmt.Errorf("%s: %w: %w", k, steam.ErrUnavailable, err)
}

// withoutURL takes the URL, which carries tokens, out of an error of net/http.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// roomAtOnce bounds what is made ready for an answer because it says how long it
// is.
const roomAtOnce = 64 << 10

func readAll(res *http.Response, limit int64) ([]byte, error) {
	if limit == 0 {
		limit = bodyLimit
	}
	var b bytes.Buffer
	b.Grow(int(max(min(res.ContentLength, roomAtOnce), 0)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(res.Body, limit+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		return nil, fmt.Errorf("answer is larger than %d bytes", limit)
	}
	return b.Bytes(), nil
}

func (c *Client) noteDate(h http.Header) {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.date = Date{Steam: at, Ours: c.now()}
}

// loggedOut reports the community's signs of an ended session (403 means
// different things on different paths and is not among them).
func (a answer) loggedOut() bool {
	if a.status == http.StatusUnauthorized {
		return true
	}
	if a.status >= 300 && a.status < 400 {
		to := a.header.Get("Location")
		return strings.Contains(to, "/login/") || strings.Contains(to, "/jwt/refresh")
	}
	return bytes.Contains(a.body, []byte("g_steamID = false;"))
}

// fault is the error that a community read's status stands for, nil at 200.
func (a answer) fault() error {
	switch {
	case a.loggedOut():
		return steam.ErrSession
	case a.status == http.StatusOK:
		return nil
	case a.status == http.StatusTooManyRequests:
		return steam.ErrRateLimited
	default:
		return fmt.Errorf("%w: status %d", steam.ErrUnavailable, a.status)
	}
}
