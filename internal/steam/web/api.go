package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/skinrail/skinrail/internal/steam"
)

// get reads a Web API method under a session and hands its body to read.
func (c *Client) get(ctx context.Context, path string, query url.Values, read func(answer) error) error {
	return c.signedIn(ctx, func(s session) error {
		q := url.Values{"access_token": {s.Access.Text}}
		for k, v := range query {
			q[k] = v
		}
		k := call{base: c.api, path: path, query: q}
		a, err := c.do(ctx, k)
		if err != nil {
			return err
		}
		if err := a.apiFault(); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
		if err := read(a); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
		return nil
	})
}

// econ is get for IEconService: the response member decoded into out.
func (c *Client) econ(ctx context.Context, method string, query url.Values, out any) error {
	return c.get(ctx, "/IEconService/"+method+"/v1/", query, func(a answer) error {
		if h := a.header.Get("X-Eresult"); (h == "" || h == "1") && bytes.HasPrefix(a.body, []byte(`{"response":{`)) {
			return decode(a.body, enveloped{out}) // as nearly all are, read once
		}
		response, err := econResponse(a)
		if err != nil {
			return err
		}
		return decode(response, out)
	})
}

// enveloped is around every response.
type enveloped struct{ response any }

func (e enveloped) member(name []byte) json.Unmarshaler {
	if string(name) == "response" {
		return filled{e.response}
	}
	return nil
}

// econResponse takes the response out of its envelope. No result header means
// success, and so does a 2 beside content: Steam sends false ones.
func econResponse(a answer) ([]byte, error) {
	var envelope struct {
		Response json.RawMessage `json:"response"`
	}
	decoded := decode(a.body, &envelope)
	if h := a.header.Get("X-Eresult"); h != "" && h != "1" {
		r, err := strconv.Atoi(h)
		if err != nil {
			return nil, malformed("a readable result")
		}
		if steam.Result(r) != steam.ResultFail || decoded != nil || hollow(envelope.Response) {
			return nil, resultError(r)
		}
	}
	if decoded != nil {
		return nil, decoded
	}
	if len(envelope.Response) == 0 || envelope.Response[0] != '{' {
		return nil, malformed("a response")
	}
	return envelope.Response, nil
}

func hollow(response []byte) bool {
	var m map[string]json.RawMessage
	return json.Unmarshal(response, &m) != nil || len(m) == 0
}

// apiFault is the error that a Web API status stands for, nil at 200.
func (a answer) apiFault() error {
	switch a.status {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized:
		return steam.ErrSession
	case http.StatusForbidden:
		if bytes.Contains(a.body, []byte("Access is denied")) {
			return steam.ErrSession
		}
	case http.StatusTooManyRequests:
		return steam.ErrRateLimited
	}
	return fmt.Errorf("%w: status %d", steam.ErrUnavailable, a.status)
}
