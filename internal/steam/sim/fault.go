package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// Moments of a fault: before the request has an effect, or after.
const (
	before = "before"
	after  = "after"
)

// Fault makes requests fail. Kinds:
//
//	latency  waits Value (a duration of real time) and goes on
//	drop     closes the connection without an answer
//	status   answers the HTTP status Value with the body null
//	eresult  fails as the endpoint does for the EResult Value; after a Web API
//	         read it only replaces x-eresult and keeps the content
//	html     answers Steam's maintenance page
//	empty    answers success without content or effect
//	cut      sends the first half of the answer, after its effect
//	late     shows offers and trades as they were Value (a duration of world time) ago
//	session  answers as if the session had ended
//	text     refuses with the sentence Value
//	hollow   shows offers and trades without partner and items
//	types    turns the numbers of the answer into text and small texts of digits
//	         into numbers
//	signin   answers with the sign-in page under status 200
//	redirect sends to Value, a path of the community
type Fault struct {
	Endpoint string `json:"endpoint"`          // as in the request journal; "*" is every one
	Account  string `json:"account,omitempty"` // SteamID64 or account name; empty is everyone
	Count    int    `json:"count,omitempty"`   // how many requests; 0 is one, -1 all
	Skip     int    `json:"skip,omitempty"`    // how many requests pass first
	When     string `json:"when,omitempty"`    // "before" (default) or "after"
	Kind     string `json:"kind"`
	Value    scalar `json:"value,omitempty"`
}

// scalar is text that may be written as a number in JSON.
type scalar string

// UnmarshalJSON takes a string or a number.
func (s *scalar) UnmarshalJSON(b []byte) error {
	var n json.Number
	if err := json.Unmarshal(b, &n); err == nil {
		*s = scalar(n)
		return nil
	}
	return json.Unmarshal(b, (*string)(s))
}

func (f *Fault) check() error {
	if f.When == "" {
		f.When = before
	}
	if f.Count == 0 {
		f.Count = 1
	}
	if f.Skip < 0 || f.Count < -1 {
		return fmt.Errorf("skip %d, count %d: want at least 0 and -1", f.Skip, f.Count)
	}
	if f.When != before && f.When != after {
		return fmt.Errorf("when %q: want before or after", f.When)
	}
	if !knownEndpoint(f.Endpoint) {
		return fmt.Errorf("endpoint %q: unknown", f.Endpoint)
	}
	switch f.Kind {
	case "drop", "html", "empty", "session", "signin":
		return nil
	case "cut", "hollow", "types":
		f.When = after
		return nil
	case "text", "redirect":
		if f.Value == "" || len(f.Value) > 1000 {
			return fmt.Errorf("value: want 1 to 1000 bytes for kind %q", f.Kind)
		}
		return nil
	case "late":
		f.When = before
		if d, err := time.ParseDuration(string(f.Value)); err != nil || d <= 0 {
			return fmt.Errorf("value %q: want a duration", f.Value)
		}
		return nil
	case "latency":
		if d, err := time.ParseDuration(string(f.Value)); err != nil || d < 0 || d > 10*time.Minute {
			return fmt.Errorf("value %q: want a duration up to 10m", f.Value)
		}
		return nil
	case "status":
		if n, err := strconv.Atoi(string(f.Value)); err != nil || n < 200 || n > 599 {
			return fmt.Errorf("value %q: want a status from 200 to 599", f.Value)
		}
		return nil
	case "eresult":
		if n, err := strconv.Atoi(string(f.Value)); err != nil || n < 1 || n > 999 {
			return fmt.Errorf("value %q: want an eresult", f.Value)
		}
		return nil
	}
	return fmt.Errorf("kind %q: unknown", f.Kind)
}

func knownEndpoint(name string) bool {
	for _, r := range table() {
		if r.endpoint == name {
			return true
		}
	}
	return name == "*"
}

// faultsCommand replaces the faults in force. They come back after a restart
// with what is left of their counts.
type faultsCommand struct{ List []Fault }

func (c *faultsCommand) apply(st *state, _ stamp) { st.Faults = c.List }

// strike finds the first fault that fits the request and uses up one of its
// counts, and of the requests that those before it let pass.
func (q *call) strike(who *account) (taken Fault, found bool, err error) {
	list := q.sim.state.Faults
	changed := false
	for i, f := range list {
		if f.Endpoint != "*" && f.Endpoint != q.route.endpoint || !f.fits(who) {
			continue
		}
		if f.Skip == 0 && f.Count < 0 {
			taken, found = f, true
			break
		}
		if !changed {
			list, changed = slices.Clone(list), true
		}
		if f.Skip > 0 {
			list[i].Skip--
			continue
		}
		taken, found = f, true
		if list[i].Count--; list[i].Count == 0 {
			list = slices.Delete(list, i, i+1)
		}
		break
	}
	if changed {
		err = q.sim.do(q.at, &faultsCommand{List: list})
	}
	return taken, found, err
}

func (f *Fault) fits(who *account) bool {
	if f.Account == "" {
		return true
	}
	return who != nil && (f.Account == who.SteamID.String() || strings.EqualFold(f.Account, who.AccountName))
}

// apply makes the failing answer; done is false when the request goes on. made
// is the handler's answer for faults of after, else nil.
func (f *Fault) apply(q *call, made *reply) (p reply, done bool) {
	switch f.Kind {
	case "latency":
		return reply{drop: true}, !f.wait(q)
	case "late":
		d, _ := time.ParseDuration(string(f.Value)) // checked when the fault was made
		q.late = stamp(d.Microseconds())
		return reply{}, false
	case "cut":
		made.raw = made.raw[:len(made.raw)/2]
		return *made, true
	case "hollow", "types":
		made.raw = f.spoil(made.raw)
		return *made, true
	case "redirect":
		return redirect(q.base(community) + "/" + strings.TrimLeft(string(f.Value), "/")), true
	case "drop":
		return reply{drop: true}, true
	case "status":
		n, _ := strconv.Atoi(string(f.Value)) // checked when the fault was made
		return null(n), true
	case "signin":
		return signInHTML(), true
	case "html":
		return maintenance(), true
	case "session":
		return q.ended(), true
	case "empty":
		p = q.nothing()
	case "text":
		p = q.refusedWith(string(f.Value))
	case "eresult":
		n, _ := strconv.Atoi(string(f.Value))
		if made != nil && q.route.surface == surfaceAPI {
			made.eresult = steam.Result(n)
			return *made, true
		}
		p = q.failure(steam.Result(n))
	}
	if err := p.render(); err != nil {
		return reply{status: http.StatusInternalServerError}, true
	}
	return p, true
}

// wait is real time: it is I/O that is slow, not the world. It reports false
// when the caller has gone.
func (f *Fault) wait(q *call) bool {
	d, _ := time.ParseDuration(string(f.Value)) // checked when the fault was made
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-q.r.Context().Done():
		return false
	}
}

// signInHTML is the page that some addresses deliver in place of their own.
func signInHTML() reply {
	return reply{status: http.StatusOK, ctype: typeHTML, raw: []byte("<!DOCTYPE html>\n<html><head><title>Sign In</title></head><body>\n" +
		"<script type=\"text/javascript\">\ng_steamID = false;\n</script></body></html>\n")}
}

func maintenance() reply {
	return reply{status: http.StatusServiceUnavailable, ctype: typeHTML, raw: []byte(
		"<html><head><title>Steam Community :: Error</title></head><body><h1>Sorry!</h1>" +
			"<h3>The Steam Community is currently unavailable.  Please try again later.</h3></body></html>")}
}

// failure is the endpoint's own way of saying an EResult.
func (q *call) failure(r steam.Result) reply {
	switch q.route.surface {
	case surfaceAuth:
		return protobuf(r, nil)
	case surfaceAPI:
		return apiFailure(r)
	case surfaceMobile:
		return document(map[string]any{"success": false, "message": resultText("Error", r)})
	case surfaceInventory:
		return reply{status: http.StatusInternalServerError, json: map[string]string{"error": resultText("EYldRefreshAppIfNecessary failed with EResult", r)}}
	case surfaceTrade:
		return tradeError(resultText(sentence(q.route.endpoint), r))
	}
	return reply{status: http.StatusInternalServerError, ctype: typeHTML, raw: []byte(errorPage(resultText("Error", r)))}
}

// nothing is an answer that says success and no more.
func (q *call) nothing() reply {
	switch q.route.surface {
	case surfaceAuth:
		return protobuf(steam.ResultOK, nil)
	case surfaceAPI:
		return apiFailure(steam.ResultOK)
	case surfaceMobile:
		return document(map[string]any{"success": true, "conf": []any{}})
	case surfaceInventory:
		return document(map[string]any{"success": 1, "total_inventory_count": 0, "rwgrsn": -2})
	case surfaceTrade:
		switch q.route.endpoint {
		case "accept":
			return document(map[string]any{"tradeid": nil})
		case "cancel", "decline":
			return document(map[string]string{"tradeofferid": q.r.PathValue("id")})
		}
		return document(struct{}{})
	}
	return reply{status: http.StatusOK, ctype: typeHTML}
}

// ended is how the endpoint answers without a session.
func (q *call) ended() reply {
	var p reply
	switch q.route.surface {
	case surfaceAuth:
		return protobuf(steam.ResultAccessDenied, nil)
	case surfaceAPI:
		return apiDenied()
	case surfaceMobile:
		p = document(map[string]any{"success": false, "needauth": true})
		_ = p.render() // unreachable: two booleans have a JSON form
		return p
	case surfaceInventory:
		return null(http.StatusForbidden)
	case surfaceTrade:
		if q.route.endpoint == "accept" {
			return null(http.StatusForbidden)
		}
		return null(http.StatusUnauthorized)
	}
	return q.toLogin()
}
