package client

import (
	"context"
	"crypto/md5" // #nosec G501 -- the constant token of the format
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// ErrGap is a resume that could not give everything: events are missing
// between what you had and what comes now. Read the state of your purchases
// with [Client.Purchases] and the balance anew, then go on.
var ErrGap = errors.New("events are missing: read the state anew")

// errLogin is a login that the gateway refused; trying again does not help.
var errLogin = &Error{Method: "websocket", Name: "auth_failed"}

// Position is how far a reader of events is. Keep it with what you did about
// the event, and give it to [Client.Events] after a restart. The zero position
// is now.
type Position struct {
	Sequence int64
	Epoch    string
}

const (
	leastPause = 200 * time.Millisecond
	mostPause  = 15 * time.Second
	keepAlive  = 30 * time.Second // between pings
	pongTime   = 20 * time.Second // that an answer to one may take
	maxFrame   = 1 << 20
)

// Events follows the project's events over a websocket, from a position on. It
// connects again by itself and goes on after the last event, so that each comes
// once and in order. The pair has [ErrGap] where events are missing, and goes on
// after it; any other error ends the loop, as ctx does.
func (c *Client) Events(ctx context.Context, from Position) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		f := &follower{client: c, at: from, yield: yield}
		for pause := leastPause; ; pause = min(2*pause, mostPause) {
			before := f.at
			err := f.follow(ctx)
			switch {
			case f.stopped:
				return
			case ctx.Err() != nil:
				yield(Event{}, ctx.Err())
				return
			case errors.Is(err, errLogin):
				yield(Event{}, err)
				return
			}
			if f.at != before {
				pause = leastPause
			}
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}

// follower is one loop over events.
type follower struct {
	client  *Client
	at      Position
	yield   func(Event, error) bool
	stopped bool // the loop's body ended
}

// frame is what a socket brings.
type frame struct {
	Event string `json:"event"`
	Seq   int64  `json:"seq"`
	Epoch string `json:"epoch"`
}

func (f *follower) follow(ctx context.Context) error {
	conn, _, err := websocket.Dial(ctx, f.url(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: f.client.http.Transport}})
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxFrame)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go ping(ctx, conn)
	for !f.stopped {
		_, body, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		if err := f.take(body); err != nil {
			return err
		}
	}
	return nil
}

// ping finds out when the gateway is gone.
func ping(ctx context.Context, conn *websocket.Conn) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(keepAlive):
		}
		alive, cancel := context.WithTimeout(ctx, pongTime)
		err := conn.Ping(alive)
		cancel()
		if err != nil {
			_ = conn.CloseNow()
			return
		}
	}
}

// take passes a frame on.
func (f *follower) take(body []byte) error {
	var h frame
	if err := json.Unmarshal(body, &h); err != nil {
		return fmt.Errorf("frame: %w", err)
	}
	switch h.Event {
	case "auth_failed":
		return errLogin
	case "auth_success":
		if f.at.Epoch == "" {
			f.at = Position{h.Seq, h.Epoch}
		}
		return nil
	case "gap":
		f.at = Position{h.Seq, h.Epoch}
		f.stopped = !f.yield(Event{Kind: h.Event, Sequence: h.Seq, Epoch: h.Epoch}, ErrGap)
		return nil
	case "skip":
		f.at = Position{h.Seq, h.Epoch}
		return nil
	}
	e, err := parseEvent(body)
	if err != nil {
		return err
	}
	f.at = Position{h.Seq, h.Epoch}
	f.stopped = !f.yield(e, nil)
	return nil
}

// Position is where a reader stands that has done its work for the event.
func (e Event) Position() Position { return Position{e.Sequence, e.Epoch} }

// url asks for everything after the position. Without one it asks for numbers
// all the same, beginning at the log's head.
func (f *follower) url() string {
	token := md5.Sum([]byte(f.client.id + f.client.secret)) // #nosec G401 -- as above
	q := url.Values{"shopid": {f.client.id}, "signature": {hex.EncodeToString(token[:])}}
	q.Set("since", "")
	if f.at.Epoch != "" {
		q.Set("since", strconv.FormatInt(f.at.Sequence, 10))
		q.Set("epoch", f.at.Epoch)
	}
	return "ws" + strings.TrimPrefix(f.client.base, "http") + "/ws/?" + q.Encode()
}
