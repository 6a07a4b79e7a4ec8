package simulation

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// toSteam is how a request to Steam goes, and what it meets.
func (r *run) toSteam(q *http.Request, call func() (*http.Response, error)) (*http.Response, error) {
	r.alive()
	where := endpoint(q.URL.Path)
	if where == "send" {
		r.sends(q)
	}
	var a *http.Response
	var err error
	switch k := r.take(atSteam, where); {
	case k != nil:
		a, err = k.steam(r, q, call)
	case r.clock.steam.Before(r.outage):
		a, err = page(q, http.StatusServiceUnavailable, "<html><body>maintenance</body></html>"), nil
	default:
		a, err = call()
	}
	if err != nil {
		r.trace.add("  steam %s: %v", where, err)
		return nil, err
	}
	r.trace.add("  steam %s %d %s", where, a.StatusCode, a.Header.Get("X-Eresult"))
	if where == "offers" {
		r.looks(a)
	}
	return a, nil
}

func page(q *http.Request, status int, text string) *http.Response {
	return &http.Response{StatusCode: status, Status: strconv.Itoa(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"text/html"}},
		Body: io.NopCloser(strings.NewReader(text)), Request: q}
}

// simulated lets the simulator itself fail: it knows how Steam does.
func simulated(kind, when, value string) func(*run, *http.Request, caller) (*http.Response, error) {
	rule := map[string]string{"endpoint": "*", "kind": kind, "when": when}
	if value != "" {
		rule["value"] = value
	}
	return func(r *run, _ *http.Request, call caller) (*http.Response, error) {
		if status, text := r.wire.control(http.MethodPost, "/sim/faults", rule, nil); status != http.StatusOK {
			r.fail("fault %s: %s", kind, text)
		}
		return call()
	}
}

// notPoll is every endpoint but the one that asks whether a login was confirmed:
// there an empty answer means wait, and the client waits in real time.
var notPoll = []string{"inventory", "cancel", "offers", "offer", "trade", "history", "holds", "bans", "partnerinventory", "send",
	"confirmations", "confirm", "token", "rsa", "login", "guard", "time"}

var effects = []string{"send", "confirm", "cancel"}

var lists = []string{"offers", "offer"}

// steamFaults are the ways of F4.
func steamFaults() []*kind {
	var all []*kind
	add := func(name string, on []string, f func(*run, *http.Request, caller) (*http.Response, error)) *kind {
		k := &kind{name: "F4 " + name, at: atSteam, on: on, steam: f}
		all = append(all, k)
		return k
	}
	for _, when := range []string{"before", "after"} {
		add("request lost "+when, nil, simulated("drop", when, ""))
		add("answer lost "+when+" an effect", effects, simulated("drop", when, "")).often = 2
		add("502 "+when, nil, simulated("status", when, "502"))
		add("502 "+when+" an effect", effects, simulated("status", when, "502"))
		add("maintenance page "+when, notPoll, simulated("html", when, ""))
		add("sign-in page "+when, notPoll, simulated("signin", when, ""))
		add("session ended "+when, notPoll, simulated("session", when, ""))
		add("empty answer "+when, notPoll, simulated("empty", when, ""))
		for _, code := range []string{"2", "11", "15", "16", "20", "25", "26"} {
			add("result "+code+" "+when+" an effect", effects, simulated("eresult", when, code))
		}
		add("result 2 "+when, notPoll, simulated("eresult", when, "2"))
		add("unknown sentence "+when+" an effect", effects, simulated("text", when, "There was an error you have never read."))
	}
	add("refused with an effect that shows late", []string{"send"}, showsLate)
	add("429", nil, simulated("status", "before", "429"))
	add("empty answer to an effect", effects, simulated("empty", "before", ""))
	add("cut answer", notPoll, simulated("cut", "after", ""))
	add("body breaks off", notPoll, read(func(_ *run, b []byte) io.Reader { return io.MultiReader(bytes.NewReader(b[:len(b)/2]), broken{}) }))
	add("body trickles and breaks off", notPoll, read(func(r *run, b []byte) io.Reader { return &trickle{r: r, left: b[:len(b)/2]} }))
	add("other types", notPoll, simulated("types", "after", ""))
	add("hollow offers and trades", []string{"offers", "offer", "trade", "history"}, simulated("hollow", "after", ""))
	add("stale offers", lists, simulated("late", "before", "3m"))
	add("redirect to the login", notPoll, simulated("redirect", "before", "/login/home/"))
	add("slow answer", nil, later(20*time.Second))
	add("answer after hours", effects, later(3*time.Hour))
	add("request arrives twice", effects, twice)
	add("offer missing in a list", []string{"offers"}, missing)
	add("maintenance for hours", nil, func(r *run, q *http.Request, _ caller) (*http.Response, error) {
		r.outage = r.clock.steam.Add(time.Duration(1+r.rng.IntN(300)) * time.Minute)
		return page(q, http.StatusServiceUnavailable, "<html><body>maintenance</body></html>"), nil
	})
	return all
}

// showsLate is an offer that Steam refuses to have made, and that its lists do not
// show for minutes.
func showsLate(r *run, q *http.Request, call caller) (*http.Response, error) {
	for _, rule := range []map[string]any{{"endpoint": "send", "kind": "eresult", "when": "after", "value": "26"},
		{"endpoint": "offers", "kind": "late", "when": "before", "value": "20m", "count": 1 + r.rng.IntN(60)}} {
		if status, text := r.wire.control(http.MethodPost, "/sim/faults", rule, nil); status != http.StatusOK {
			r.fail("fault: %s", text)
		}
	}
	return call()
}

func later(d time.Duration) func(*run, *http.Request, caller) (*http.Response, error) {
	return func(r *run, _ *http.Request, call caller) (*http.Response, error) {
		a, err := call()
		r.clock.pass(d)
		return a, err
	}
}

// read changes how the body of an answer is read.
func read(as func(*run, []byte) io.Reader) func(*run, *http.Request, caller) (*http.Response, error) {
	return func(r *run, _ *http.Request, call caller) (*http.Response, error) {
		a, err := call()
		if err == nil {
			a.Body = io.NopCloser(as(r, drain(a.Body)))
		}
		return a, err
	}
}

// trickle is a body of which a few bytes come each second, until the connection
// breaks.
type trickle struct {
	r    *run
	left []byte
}

func (t *trickle) Read(b []byte) (int, error) {
	if len(t.left) == 0 {
		return broken{}.Read(nil)
	}
	t.r.clock.pass(time.Second)
	n := copy(b[:min(64, len(b))], t.left)
	t.left = t.left[n:]
	return n, nil
}

// twice is a proxy that sends again what it has no answer to.
func twice(_ *run, _ *http.Request, call caller) (*http.Response, error) {
	if _, err := call(); err != nil {
		return nil, err
	}
	return call()
}

// missing leaves the newest of the sent offers out of a list.
func missing(_ *run, _ *http.Request, call caller) (*http.Response, error) {
	a, err := call()
	if err != nil {
		return nil, err
	}
	var list struct {
		Response map[string]json.RawMessage `json:"response"`
	}
	data := drain(a.Body)
	var sent []json.RawMessage
	if json.Unmarshal(data, &list) == nil && json.Unmarshal(list.Response["trade_offers_sent"], &sent) == nil && len(sent) > 0 {
		list.Response["trade_offers_sent"], _ = json.Marshal(sent[1:])
		data, _ = json.Marshal(list)
	}
	a.Body, a.ContentLength = complete(data), int64(len(data))
	return a, nil
}
