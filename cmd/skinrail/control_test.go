package main_test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestControlRefusesWhatItCannotDoAndSaysWhy(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.ok(answer{"method": "create", "order_id": "c-1"})
	before := s.control(http.StatusOK, http.MethodGet, "/world", nil)
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/clock", ``, 400, "advance"},
		{"POST", "/clock", `{"advance":"8 days"}`, 400, "192h"},
		{"POST", "/clock", `{"advance":"-1h"}`, 400, "advance"},
		{"POST", "/clock", `{"advance":"1h","set":"2030-01-01T00:00:00Z"}`, 400, "want"},
		{"POST", "/clock", `{"advance":"99999h"}`, 400, "ten years"},
		{"POST", "/clock", `{"set":"2001-01-01T00:00:00Z"}`, 409, "only goes forward"},
		{"POST", "/clock", `{"set":"tomorrow"}`, 400, "set"},
		{"POST", "/clock", `{"forward":"1h"}`, 400, "forward"},
		{"POST", "/clock", `{"advance":"0s","advance":"1h"}`, 400, "twice"},
		{"POST", "/clock", `{"advance":"0s"} {}`, 400, "after the end"},
		{"POST", "/clock", `{"advance":`, 400, "EOF"},
		{"POST", "/clock", strings.Repeat(" ", 300<<10), 400, "too large"},
		{"POST", "/deposits/99/success", ``, 404, "no such deposit"},
		{"POST", "/deposits/0/success", ``, 404, "no deposit"},
		{"POST", "/deposits/one/success", ``, 404, "no deposit"},
		{"POST", "/deposits/1/sucess", ``, 404, "in_hold"},
		{"POST", "/deposits/1/success?max_items=0", ``, 400, "max_items"},
		{"POST", "/deposits/1/success?steam_id=7", ``, 400, "steam_id"},
		{"POST", "/deposits/1/success?steam_id=76561198000000999", ``, 409, "no payer"},
		{"POST", "/offers/1/accept", ``, 404, ""},
		{"POST", "/trades/1/reverse?by=76561198000000999", ``, 404, ""},
		{"POST", "/faults", `{"endpoint":"send","colour":"red"}`, 400, "colour"},
		{"POST", "/projects", `{"nme":"x"}`, 400, "nme"},
		{"POST", "/projects", `{"result_url":"gopher://x"}`, 400, "result_url"},
		{"POST", "/projects", `{"client_id":"100001"}`, 409, ""},
	} {
		r, err := http.NewRequest(c.method, s.ready.GatewayURL+"/sandbox"+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		status, a, err := do(r)
		if err != nil || status != c.status || !strings.Contains(a.text("error"), c.says) {
			t.Errorf("%s %s %.40s: %d %v %v, want %d and %q", c.method, c.path, c.body, status, a, err, c.status, c.says)
		}
	}
	after := s.control(http.StatusOK, http.MethodGet, "/world", nil)
	delete(before, "start")
	delete(after, "start")
	if was, is := printed(t, before), printed(t, after); was != is {
		t.Error("a refused call changed the world")
	}
}

func printed(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestOtherSitesCannotControlTheWorld(t *testing.T) {
	t.Parallel()
	s := start(t)
	r, err := http.NewRequest(http.MethodPost, s.ready.GatewayURL+"/sandbox/clock", strings.NewReader(`{"advance":"1h"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("status %d, want 403", res.StatusCode)
	}
}

func TestAddedProjectWorksAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.control(http.StatusOK, http.MethodPost, "/projects", answer{"name": "Third", "balance": "12.5"})
	s.ready.Projects[0].ClientID, s.ready.Projects[0].ClientSecret = p.text("client_id"), p.text("client_secret")
	if b := s.ok(answer{"method": "balance"}); b["balance"] != "12.50" {
		t.Errorf("balance %v", b["balance"])
	}
}

func TestShownWorldStartsAnotherSandbox(t *testing.T) {
	t.Parallel()
	first := start(t)
	shown := first.control(http.StatusOK, http.MethodGet, "/world", nil)
	path := filepath.Join(t.TempDir(), "world.json")
	if err := os.WriteFile(path, []byte(printed(t, shown)), 0o600); err != nil {
		t.Fatal(err)
	}
	second := start(t, "--world", path)
	again := second.control(http.StatusOK, http.MethodGet, "/world", nil)
	for _, w := range []answer{shown, again} {
		delete(w, "start")
	}
	if printed(t, shown) != printed(t, again) {
		t.Error("the second world is another one")
	}
}

func TestMaintenanceIsSeenByTheRunningGateway(t *testing.T) {
	t.Parallel()
	s := start(t)
	run := func(on string) {
		t.Helper()
		if out, err := exec.Command(binary, "maintenance", on, "--data", s.data).CombinedOutput(); err != nil {
			t.Fatalf("maintenance %s: %v\n%s", on, err, out)
		}
	}
	run("on")
	eventually(t, "under_maintenance", func() bool {
		return s.api(answer{"method": "balance"})["error_message"] == "under_maintenance"
	})
	run("off")
	eventually(t, "work again", func() bool { return s.api(answer{"method": "balance"}).text("status") == "success" })
}

func TestWrongUsageEndsWithTwoAndFailureWithOne(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	file := filepath.Join(empty, "config.toml")
	if err := os.WriteFile(file, []byte("colour = \"red\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	world := filepath.Join(empty, "world.json")
	if err := os.WriteFile(world, []byte(`{"sed":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"sandbox", "--lisen", "x"}, 2, "--lisen"},
		{[]string{"sandbox", "extra"}, 2, "extra"},
		{[]string{"nothing"}, 2, "nothing"},
		{[]string{"maintenance", "maybe"}, 2, "maybe"},
		{[]string{"clock", "advance"}, 2, "skinrail clock advance DURATION"},
		{[]string{"restore"}, 2, "skinrail restore FILE"},
		{[]string{"restore", "one", "two"}, 2, `"two" is too much`},
		{[]string{"maintenance"}, 2, "on|off"},
		{[]string{"price", "set", "x", "dear", "--by", "ann"}, 2, "usage: price \"dear\": want dollars"},
		{[]string{"price", "set", "x", "1.00"}, 2, "usage: --by is missing"},
		{[]string{"doctor", "--settle", "x"}, 2, "usage: --settle"},
		{[]string{"migrate", "--database", filepath.Join(empty, "file")}, 2, "postgres://"},
		{[]string{"audit", "--database", "mysql://u:p@h/x"}, 2, "postgres://"},
		{[]string{"sandbox", "--log-level", "loud"}, 2, "loud"},
		{[]string{"audit", "--config", file}, 2, "colour"},
		{[]string{"audit", "--data", empty}, 1, "no database"},
		{[]string{"clock", "show", "--data", empty}, 1, "--url"},
		{[]string{"sandbox", "--data", filepath.Join(empty, "d"), "--world", world, "--listen", "127.0.0.1:0", "--steam-listen", "127.0.0.1:0"}, 1, "sed"},
		{[]string{"sandbox", "--data", filepath.Join(empty, "e"), "--listen", "nowhere"}, 1, "listen"},
		{[]string{"sandbox", "--data", filepath.Join(empty, "f"), "--listen", taken.Addr().String()}, 1, "name another address"},
		{[]string{"sandbox", "--data", filepath.Join(empty, "g"), "--database", "x", "--listen", "127.0.0.1:0", "--steam-listen", "127.0.0.1:0"}, 2, "postgres://"},
	} {
		cmd := exec.Command(binary, c.args...)
		var out bytes.Buffer
		cmd.Stderr = &out
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: exit %d, %q; want %d and %q", c.args, code, out.String(), c.code, c.says)
		}
	}
}

func TestSecondProcessOnAFolderIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	out, err := exec.Command(binary, "sandbox", "--data", s.data, "--listen", "127.0.0.1:0", "--steam-listen", "127.0.0.1:0").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "in use by another") {
		t.Errorf("%v %s", err, out)
	}
}
