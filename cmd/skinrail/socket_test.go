package main_test

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/skinrail/skinrail/internal/apidoc/apidoctest"
)

// socketURLs reads what the ready file says of sockets.
func (s *sandbox) socketURLs() (main, legacy string) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.data, "ready.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	var urls struct {
		Main   string `json:"ws_url"`
		Legacy string `json:"legacy_ws_url"`
	}
	if err := json.Unmarshal(data, &urls); err != nil {
		s.t.Fatal(err)
	}
	return urls.Main, urls.Legacy
}

// socketLogin is the query of a project.
func (s *sandbox) socketLogin(project int) string {
	p := s.ready.Projects[project]
	return fmt.Sprintf("?shopid=%s&signature=%x", p.ClientID, md5.Sum([]byte(p.ClientID+p.ClientSecret)))
}

// buy makes a purchase of an item that a payer who always accepts gets.
func (s *sandbox) buy(custom string) (answer, error) {
	return s.tryAPI(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": custom,
		"name": "P250 | Sand Dune (Field-Tested)"})
}

// socketFrame is a frame of any kind.
type socketFrame struct {
	Event, Epoch string
	Seq          int64
	Data         struct {
		CustomID string `json:"custom_id"`
		Status   string `json:"offer_status"`
		Balance  string `json:"balance_value"`
		BuyID    string `json:"buy_id"`
	}
}

func readFrame(conn *websocket.Conn) (f socketFrame, raw string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, data, err := conn.Read(ctx)
	if err != nil {
		return f, "", err
	}
	if err := apidoctest.Component("Frame", data); err != nil {
		return f, string(data), fmt.Errorf("frame %s is not as documented: %w", data, err)
	}
	return f, string(data), json.Unmarshal(data, &f)
}

func TestSocketTellsOfAPurchaseOnEveryAddress(t *testing.T) {
	t.Parallel()
	s := start(t, "--world", world(t, "http://127.0.0.1:9", `"client_id": "770001"`, `"client_id": "4021"`), "--legacy-ws-listen", "127.0.0.1:0",
		"--log-level", "debug")
	main, legacy := s.socketURLs()
	root := strings.TrimSuffix(main, "ws/")
	if main != "ws"+strings.TrimPrefix(s.ready.GatewayURL, "http")+"/ws/" || legacy == "" {
		t.Fatalf("addresses %s and %s", main, legacy)
	}
	var conns []*websocket.Conn
	for _, url := range []string{main, root + "ws", root, strings.TrimSuffix(root, "/"), legacy, strings.TrimSuffix(legacy, "/"), legacy + "ws", legacy + "ws/"} {
		conn, _, err := websocket.Dial(t.Context(), url+s.socketLogin(0), nil)
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		defer func() { _ = conn.CloseNow() }()
		if _, raw, err := readFrame(conn); raw != `{"event":"auth_success"}` {
			t.Fatalf("%s: first frame %s %v", url, raw, err)
		}
		conns = append(conns, conn)
	}
	if _, err := s.buy("told-1"); err != nil {
		t.Fatal(err)
	}
	for _, conn := range conns {
		var told []string
		for len(told) < 4 {
			f, raw, err := readFrame(conn)
			if err != nil || strings.Contains(raw, `"seq"`) {
				t.Fatalf("frame %s %v", raw, err)
			}
			told = append(told, f.Event+" "+f.Data.Status)
		}
		if got := strings.Join(told, ", "); got != "buy_item creating_trade, balance_change , status_change waiting_accept, status_change accepted" &&
			got != "balance_change , buy_item creating_trade, status_change waiting_accept, status_change accepted" {
			t.Errorf("told: %s", got)
		}
	}
	for url, want := range map[string]int{s.ready.GatewayURL: http.StatusOK, s.ready.GatewayURL + "/ws/": http.StatusUpgradeRequired,
		s.ready.GatewayURL + "/ws/x": http.StatusNotFound, "http" + strings.TrimPrefix(legacy, "ws") + "docs/": http.StatusNotFound} {
		a, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, a.Body)
		_ = a.Body.Close()
		if a.StatusCode != want {
			t.Errorf("%s: status %d, want %d", url, a.StatusCode, want)
		}
	}
	if code := s.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if log := s.err.String(); !strings.Contains(log, "path=/ws/") || strings.Contains(log, "signature") || strings.Contains(log, s.socketLogin(0)[30:]) {
		t.Error("the log does not hold the request, or holds its query")
	}
	if _, _, err := readFrame(conns[0]); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("at the stop: %v", err)
	}
}

// follower comes back after every kill and keeps what it was told.
type follower struct {
	mu    sync.Mutex
	epoch string
	seq   int64
	told  map[string]int // buy_item by custom id
	bad   []string
}

// follow reads until the connection ends.
func (f *follower) follow(ctx context.Context, url string) error {
	f.mu.Lock()
	query := fmt.Sprintf("&since=%d&epoch=%s", f.seq, f.epoch)
	f.mu.Unlock()
	conn, _, err := websocket.Dial(ctx, url+query, nil)
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }()
	for {
		frame, raw, err := readFrame(conn)
		if err != nil {
			return err
		}
		f.keep(frame, raw)
	}
}

func (f *follower) keep(frame socketFrame, raw string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case frame.Event == "auth_success":
		f.epoch = frame.Epoch
		return
	case frame.Epoch != f.epoch || frame.Seq != f.seq+1:
		f.bad = append(f.bad, fmt.Sprintf("after %d came %s", f.seq, raw))
	case frame.Event == "buy_item":
		f.told[frame.Data.CustomID]++
	}
	f.seq = frame.Seq
}

// The program dies at random moments under load while a client follows: it gets
// every event once, and every purchase that was acknowledged.
func TestKilledServerLeavesNoSilentGapOnSockets(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const kills = 20
			s := start(t, append([]string{"--world", world(t, "http://127.0.0.1:9", `"count": 40`, `"count": 9000`, `"count": 50`, `"count": 9000`,
				`"rate_limit_per_minute": 500`, `"rate_limit_per_minute": 1000000`, `"balance": "1000.000"`, `"balance": "100000.000"`)}, args...)...)
			f := &follower{told: map[string]int{}}
			var a acknowledged
			for round := range kills {
				s.followAndKill(f, &a, round)
				s.start()
			}
			s.followToTheEnd(t, f, &a)
			if len(a.bought) < kills {
				t.Errorf("only %d purchases were acknowledged in %d rounds", len(a.bought), kills)
			}
			for _, b := range a.bought {
				if f.told[b] != 1 {
					t.Errorf("purchase %s was told %d times", b, f.told[b])
				}
			}
			for _, bad := range f.bad {
				t.Error(bad)
			}
			t.Logf("%d kills, %d purchases acknowledged, %d events followed", kills, len(a.bought), f.seq)
		})
	}
}

// followAndKill buys and follows until a purchase was acknowledged, and then for
// a moment that differs from round to round.
func (s *sandbox) followAndKill(f *follower, a *acknowledged, round int) {
	main, _ := s.socketURLs()
	url, cmd := main+s.socketLogin(0), s.cmd
	life := time.Duration(50+37*round%400) * time.Millisecond
	die := sync.OnceFunc(func() { time.AfterFunc(life, func() { _ = cmd.Process.Kill() }) })
	var wg sync.WaitGroup
	wg.Go(func() { _ = f.follow(context.Background(), url) })
	for worker := range 3 {
		wg.Go(func() {
			for i := 0; ; i++ {
				custom := fmt.Sprintf("g%d-%d-%d", round, worker, i)
				got, err := s.buy(custom)
				if err != nil {
					return
				}
				if got.text("status") == "success" {
					a.add(&a.bought, custom)
					die()
				}
			}
		})
	}
	wg.Wait()
	<-s.ended
}

// followToTheEnd reads until everything that was acknowledged was told.
func (s *sandbox) followToTheEnd(t *testing.T, f *follower, a *acknowledged) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	main, _ := s.socketURLs()
	ended := make(chan error, 1)
	go func() { ended <- f.follow(ctx, main+s.socketLogin(0)) }()
	eventually(t, "all purchases are told", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, b := range a.bought {
			if f.told[b] == 0 {
				return false
			}
		}
		return true
	})
	s.kill()
	cancel()
	if err := <-ended; err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the socket ended with %v", err)
	}
}
