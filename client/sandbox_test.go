package client_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/skinrail/skinrail/client"
	"github.com/skinrail/skinrail/internal/apidoc/apidoctest"
)

// told is what a started sandbox tells.
type told struct {
	GatewayURL string `json:"gateway_url"`
	Projects   []struct {
		ClientID      string `json:"client_id"`
		ClientSecret  string `json:"client_secret"`
		WebhookSecret string `json:"webhook_secret"`
	}
}

// ready starts the sandbox for the first test that needs it, and stop ends it.
var (
	ready = sync.OnceValue(func() told {
		t, err := start()
		if err != nil {
			stop()
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return t
	})
	stop = func() {}
)

// The examples run against a sandbox of the built-in world; what crosses the
// wire is compared with the reference.
func TestMain(m *testing.M) {
	var differences atomic.Int64
	http.DefaultTransport = apidoctest.Transport{Next: http.DefaultTransport, Report: func(err error) {
		differences.Add(1)
		fmt.Fprintln(os.Stderr, err)
	}}
	code := m.Run()
	stop()
	if differences.Load() > 0 {
		fmt.Fprintln(os.Stderr, "FAIL: the reference says otherwise")
		code = 1
	}
	os.Exit(code)
}

func start() (t told, err error) {
	dir, err := os.MkdirTemp("", "skinrail-client")
	if err != nil {
		return t, err
	}
	stop = func() { _ = os.RemoveAll(dir) }
	binary, file := filepath.Join(dir, "skinrail"), filepath.Join(dir, "ready.json")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/skinrail").CombinedOutput(); err != nil {
		return t, fmt.Errorf("build: %w\n%s", err, out)
	}
	sandbox := exec.Command(binary, "sandbox", "--listen", "127.0.0.1:0", "--steam-listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"),
		"--ready-file", file)
	sandbox.Stderr = os.Stderr
	if err := sandbox.Start(); err != nil {
		return t, err
	}
	stop = func() {
		_ = sandbox.Process.Signal(syscall.SIGTERM)
		_ = sandbox.Wait()
		_ = os.RemoveAll(dir)
	}
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if data, err := os.ReadFile(file); err == nil {
			return t, json.Unmarshal(data, &t)
		}
		if time.Now().After(end) {
			return t, fmt.Errorf("the sandbox is not ready after three minutes")
		}
	}
}

// shop is the client of the sandbox's first project.
func shop() *client.Client {
	p := ready().Projects[0]
	return client.New(ready().GatewayURL, p.ClientID, p.ClientSecret)
}

// play has the sandbox play a payer.
func play(path string) error {
	r, err := http.Post(ready().GatewayURL+"/sandbox"+path, "application/json", nil)
	if err != nil {
		return err
	}
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", path, r.StatusCode)
	}
	return nil
}
