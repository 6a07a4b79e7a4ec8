package socket_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/socket"
)

const (
	shop, stranger = 4021, 4022
	shopKey        = "k3yForTests"
	otherKey       = "0therKey"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// All goroutines of all doors must have ended with the tests.
func TestMain(m *testing.M) {
	if os.Getenv(clientURL) != "" {
		crowdMain()
		return
	}
	code := m.Run()
	if code == 0 && left() != "" {
		fmt.Println("goroutines are left:\n" + left())
		code = 1
	}
	os.Exit(code)
}

// left returns the stack of a goroutine of the door, if one runs.
func left() string {
	var found string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		found = ""
		for s := range strings.SplitSeq(string(stacks), "\n\n") {
			if strings.Contains(s, "internal/socket.(") {
				found = s
			}
		}
		if found == "" {
			return ""
		}
	}
	return found
}

// world is a door on a real listener, with real rooms behind it.
type world struct {
	t         testing.TB
	db        *db.DB
	events    *event.Service
	merchants *merchant.Service
	door      *socket.Door
	url       string
	stop      func()
	logged    bytes.Buffer // to be read after stop
}

// start opens a door on a database; change may alter what it is made of.
func start(t testing.TB, d *db.DB, change func(*socket.Deps)) *world {
	t.Helper()
	w := &world{t: t, db: d, events: event.New(d), merchants: merchant.New(d, seal.New([32]byte{7}))}
	for id, key := range map[int64]string{shop: shopKey, stranger: otherKey} {
		p := merchant.NewProject{Project: merchant.Project{ID: id, Name: "Example shop", Active: true}, ClientSecret: key}
		if _, _, err := w.merchants.Add(t.Context(), p, noon); err != nil && !strings.Contains(err.Error(), "exists") {
			t.Fatal(err)
		}
	}
	deps := socket.Deps{Events: w.events, Merchants: w.merchants, Encode: encode, Logger: slog.New(slog.NewTextHandler(&w.logged, nil))}
	// No test depends on how fast the machine is, unless it is about one of these.
	deps.Limits = socket.Limits{Linger: time.Hour, Ping: time.Hour, Pong: time.Hour, Write: time.Hour, Lag: time.Hour}
	if change != nil {
		change(&deps)
	}
	w.door = socket.New(deps)
	server := httptest.NewServer(w.door)
	w.url = "ws" + strings.TrimPrefix(server.URL, "http") + "/ws/"
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ran := make(chan struct{})
	go func() { w.door.Run(ctx, d.Subscribe(event.Topic)); close(ran) }()
	stopped := false
	w.stop = func() {
		if stopped {
			return
		}
		stopped = true
		server.Close()
		cancel()
		<-ran
		end, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := w.door.Close(end); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	t.Cleanup(w.stop)
	return w
}

// encode shows purchases and balances with the body as data.
func encode(_ merchant.Project, e event.Event) ([]byte, bool, error) {
	name := map[event.Kind]string{event.PurchaseBought: "buy_item", event.PurchaseChanged: "status_change", event.BalanceChanged: "balance_change"}[e.Kind]
	return fmt.Appendf(nil, `{"event":%q,"data":%s}`, name, e.Body), name != "", nil
}

// add commits events of one kind.
func (w *world) add(project int64, kind event.Kind, bodies ...any) {
	w.t.Helper()
	err := w.db.Write(context.Background(), func(tx *db.Tx) error {
		for _, b := range bodies {
			_, err := w.events.AppendTx(context.Background(), tx, event.NewEvent{Project: project, Kind: kind,
				Subject: fmt.Sprintf("purchase/%d", project), At: noon, Body: b})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) settings(project int64, change func(*merchant.Project)) {
	w.t.Helper()
	p, err := w.merchants.Project(w.t.Context(), project)
	if err != nil {
		w.t.Fatal(err)
	}
	change(&p)
	if err := w.merchants.Update(w.t.Context(), p); err != nil {
		w.t.Fatal(err)
	}
}

// login is the query of a project.
func login(project int64, key string) string {
	return fmt.Sprintf("shopid=%d&signature=%x", project, md5.Sum(fmt.Appendf(nil, "%d%s", project, key)))
}

var shopLogin, strangerLogin = login(shop, shopKey), login(stranger, otherKey)

// client is one end of a socket.
type client struct {
	t    testing.TB
	conn *websocket.Conn
}

func (w *world) dial(query string) *client {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, w.url+"?"+query, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if answer.StatusCode != 101 {
		w.t.Fatalf("status %d", answer.StatusCode)
	}
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{w.t, conn}
}

// open dials and wants to be let in.
func (w *world) open(query string) *client {
	w.t.Helper()
	c := w.dial(query)
	if f := c.next(); !strings.HasPrefix(f, `{"event":"auth_success"`) {
		w.t.Fatalf("first frame %s", f)
	}
	return c
}

func (c *client) read() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	kind, data, err := c.conn.Read(ctx)
	if err == nil && kind != websocket.MessageText {
		err = fmt.Errorf("a frame of kind %v", kind)
	}
	return string(data), err
}

func (c *client) next() string {
	c.t.Helper()
	f, err := c.read()
	if err != nil {
		c.t.Fatalf("no frame: %v", err)
	}
	return f
}

// want reads frames and compares them.
func (c *client) want(frames ...string) {
	c.t.Helper()
	for _, f := range frames {
		if got := c.next(); got != f {
			c.t.Fatalf("frame %s, want %s", got, f)
		}
	}
}

// ends wants no further frame but a close with a code.
func (c *client) ends(code websocket.StatusCode) {
	c.t.Helper()
	f, err := c.read()
	if err == nil {
		c.t.Fatalf("frame %s, want the end", f)
	}
	if got := websocket.CloseStatus(err); got != code {
		c.t.Fatalf("ended with %v, want code %d", err, code)
	}
}

func (c *client) say(text string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// balance is the frame of a balance event with a number as body.
func balance(n int) string { return fmt.Sprintf(`{"event":"balance_change","data":%d}`, n) }

// numbers is what a numbered frame says.
type numbers struct {
	Event, Epoch, Reason string
	Seq, Head, From, To  int64
	Data                 json.RawMessage
}

func parse(t testing.TB, frame string) (n numbers) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(frame))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&n); err != nil {
		t.Fatalf("frame %s: %v", frame, err)
	}
	return n
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}
