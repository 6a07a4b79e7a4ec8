package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/skinrail/skinrail/client"
	"github.com/skinrail/skinrail/internal/apidoc/apidoctest"
)

// ready is what a started sandbox tells.
var ready struct {
	GatewayURL string `json:"gateway_url"`
	Projects   []struct {
		ClientID      string `json:"client_id"`
		ClientSecret  string `json:"client_secret"`
		WebhookSecret string `json:"webhook_secret"`
	}
}

// The examples run against a sandbox of the built-in world; what crosses the
// wire is compared with the reference.
func TestMain(m *testing.M) {
	var differences atomic.Int64
	http.DefaultTransport = apidoctest.Transport{Next: http.DefaultTransport, Report: func(err error) {
		differences.Add(1)
		fmt.Fprintln(os.Stderr, err)
	}}
	code, err := withSandbox(m.Run)
	if err == nil && differences.Load() > 0 {
		err = errors.New("FAIL: the reference says otherwise")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withSandbox(run func() int) (code int, err error) {
	dir, err := os.MkdirTemp("", "skinrail-client")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary, file := filepath.Join(dir, "skinrail"), filepath.Join(dir, "ready.json")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/skinrail").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build: %w\n%s", err, out)
	}
	sandbox := exec.Command(binary, "sandbox", "--listen", "127.0.0.1:0", "--steam-listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"),
		"--ready-file", file)
	sandbox.Stderr = os.Stderr
	if err := sandbox.Start(); err != nil {
		return 0, err
	}
	defer func() {
		_ = sandbox.Process.Signal(syscall.SIGTERM)
		_ = sandbox.Wait()
	}()
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if data, err := os.ReadFile(file); err == nil {
			if err := json.Unmarshal(data, &ready); err != nil {
				return 0, err
			}
			return run(), nil
		}
		if time.Now().After(end) {
			return 0, fmt.Errorf("the sandbox is not ready after three minutes")
		}
	}
}

// shop is the client of the sandbox's first project.
func shop() *client.Client {
	p := ready.Projects[0]
	return client.New(ready.GatewayURL, p.ClientID, p.ClientSecret)
}

// play has the sandbox play a payer.
func play(path string) error {
	r, err := http.Post(ready.GatewayURL+"/sandbox"+path, "application/json", nil)
	if err != nil {
		return err
	}
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", path, r.StatusCode)
	}
	return nil
}
