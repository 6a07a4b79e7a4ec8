package main_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/apidoc/apidoctest"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "skinrail")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "skinrail")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	code := underReference(m.Run)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// underReference runs the tests with all that they send and get compared with
// the reference: each difference is printed, and fails the run.
func underReference(run func() int) int {
	var differences atomic.Int64
	http.DefaultTransport = apidoctest.Transport{Next: http.DefaultTransport, Report: func(err error) {
		differences.Add(1)
		fmt.Fprintln(os.Stderr, err)
	}}
	code := run()
	if n := differences.Load(); n > 0 && code == 0 {
		fmt.Fprintf(os.Stderr, "FAIL: %d answers or requests are not as documented\n", n)
		code = 1
	}
	return code
}

// output is what a program says, to be read while it runs.
type output struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String()
}

func (o *output) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said.Reset()
}

// sandbox is a running program and its folder.
type sandbox struct {
	t      testing.TB
	data   string
	args   []string
	by     string   // the program; empty: the one under test
	env    []string // of the program; nil: this process's
	cmd    *exec.Cmd
	ended  chan struct{} // closed once the program is gone
	node   string        // of serve: its name among the processes on the database
	wait   time.Duration // the longest that an answer may take; zero: no limit
	err    output
	moving sync.RWMutex // of the address, while others call
	ready  struct {
		GatewayURL string `json:"gateway_url"`
		AdminURL   string `json:"admin_url"`
		SteamURL   string `json:"steam_url"`
		PID        int
		Projects   []struct {
			ClientID     string `json:"client_id"`
			ClientSecret string `json:"client_secret"`
		}
	}
}

// start runs a sandbox on a new folder.
func start(t testing.TB, args ...string) *sandbox {
	t.Helper()
	s := &sandbox{t: t, data: t.TempDir(), args: args}
	s.start()
	t.Cleanup(func() { s.kill() })
	return s
}

// start runs the program on its folder and waits until it is ready.
func (s *sandbox) start() {
	s.t.Helper()
	ready := filepath.Join(s.data, "ready.json")
	_ = os.Remove(ready)
	args := append([]string{"sandbox", "--listen", "127.0.0.1:0", "--steam-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
		"--data", s.data, "--ready-file", ready}, s.args...)
	s.cmd = exec.Command(cmp.Or(s.by, binary), args...)
	s.err.Reset()
	s.cmd.Stderr = &s.err
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd, ended := s.cmd, make(chan struct{})
	s.ended = ended
	go func() { _ = cmd.Wait(); close(ended) }()
	deadline := time.After(patience)
	for {
		if data, err := os.ReadFile(ready); err == nil {
			if err := json.Unmarshal(data, &s.ready); err != nil {
				s.t.Fatalf("ready file: %v", err)
			}
			return
		}
		select {
		case <-ended:
			s.t.Fatalf("the program ended before it was ready: %v\n%s", cmd.ProcessState, s.err.String())
		case <-deadline:
			s.t.Fatalf("not ready after %v\n%s", patience, s.err.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// kill ends the program as a power switch does for it.
func (s *sandbox) kill() { s.end(syscall.SIGKILL) }

// end sends a signal and returns the exit code once the program is gone; -1
// when a signal ended it.
func (s *sandbox) end(sig syscall.Signal) int {
	_ = s.cmd.Process.Signal(sig)
	<-s.ended
	return s.cmd.ProcessState.ExitCode()
}

// answer is a decoded JSON answer.
type answer map[string]any

func (a answer) text(key string) string { s, _ := a[key].(string); return s }

// api calls a merchant method with header authentication.
func (s *sandbox) api(params answer) answer {
	s.t.Helper()
	a, err := s.tryAPI(params)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *sandbox) tryAPI(params answer) (answer, error) {
	p := s.ready.Projects[0]
	return s.tryAs(p.ClientID, p.ClientSecret, params)
}

// asProject calls a merchant method for another project and must succeed.
func (s *sandbox) asProject(id, secret string, params answer) answer {
	s.t.Helper()
	a, err := s.tryAs(id, secret, params)
	if err != nil || a.text("status") == "error" {
		s.t.Errorf("%v: %v %v", params["method"], a, err)
	}
	return a
}

// gateway is where the program listens, also while it is being replaced.
func (s *sandbox) gateway() string {
	s.moving.RLock()
	defer s.moving.RUnlock()
	return s.ready.GatewayURL
}

func (s *sandbox) tryAs(id, secret string, params answer) (answer, error) {
	body, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, s.gateway()+"/api.php", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if s.wait > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), s.wait)
		defer cancel()
		r = r.WithContext(ctx)
	}
	r.Header.Set("X-CLIENT-ID", id)
	r.Header.Set("X-CLIENT-SECRET", secret)
	status, a, err := do(r)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d: %v", status, a)
	}
	return a, err
}

// ok is api for calls that must succeed.
func (s *sandbox) ok(params answer) answer {
	s.t.Helper()
	a := s.api(params)
	if a.text("status") == "error" {
		s.t.Fatalf("%v: %v", params["method"], a)
	}
	return a
}

// control calls the sandbox control and wants the status.
func (s *sandbox) control(want int, method, path string, body any) answer {
	s.t.Helper()
	var b bytes.Buffer
	if body != nil {
		_ = json.NewEncoder(&b).Encode(body)
	}
	r, err := http.NewRequest(method, s.ready.GatewayURL+"/sandbox"+path, &b)
	if err != nil {
		s.t.Fatal(err)
	}
	status, a, err := do(r)
	if err != nil || status != want {
		s.t.Fatalf("%s %s: status %d, want %d: %v %v", method, path, status, want, a, err)
	}
	return a
}

func do(r *http.Request) (int, answer, error) {
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, err
	}
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		return res.StatusCode, nil, fmt.Errorf("answer %q: %w", data, err)
	}
	return res.StatusCode, a, nil
}

// patience is how long is waited for what must come, on a machine that has much
// else to do.
const patience = 3 * time.Minute

// eventually waits until a condition holds, and fails when it does not.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// audit runs skinrail audit on the folder and wants it to prove the books.
func (s *sandbox) audit() string {
	s.t.Helper()
	args := append([]string{"audit", "--data", s.data}, databaseArgs(s.args)...)
	out, err := exec.Command(binary, args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("audit: %v\n%s", err, out)
	}
	return string(out)
}

func databaseArgs(args []string) []string {
	for i, a := range args {
		if a == "--database" {
			return args[i : i+2]
		}
	}
	return nil
}

// world writes the example world with its endpoints moved to url, and further
// texts replaced by others.
func world(t *testing.T, url string, replace ...string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/world.example.json")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "world.json")
	if err := os.WriteFile(path, []byte(strings.NewReplacer(append(replace, "http://127.0.0.1:9000", url)...).Replace(string(data))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
