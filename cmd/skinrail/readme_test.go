package main_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The tour of the README, command by command, with the printed answers. Only
// the ports differ, and what stands for a text that nobody can know: HASH and …

// tourPorts are the addresses that the README names.
const tourGateway, tourShop = "http://127.0.0.1:8080", "http://127.0.0.1:9000"

func TestTourOfTheReadmeIsTrue(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tour, _ := strings.Cut(string(readme), "## Five minutes")
	tour, _, _ = strings.Cut(tour, "## Further")
	s := start(t)
	for _, p := range s.ready.Projects {
		if !strings.Contains(tour, p.ClientID+"  secret "+p.ClientSecret) {
			t.Errorf("the README does not show project %s with its secret", p.ClientID)
		}
	}
	printed := s.startReceiver(tour)
	run := s.shell(strings.NewReplacer(tourGateway, s.ready.GatewayURL, tourShop, printed.url, "go run ./cmd/skinrail", binary))
	for _, step := range steps(tour) {
		switch {
		case strings.HasPrefix(step.command, "node "), strings.HasSuffix(step.command, " sandbox"):
			continue // run already
		case strings.Contains(step.command, "market_getinfo"):
			eventually(t, "the bought item is accepted", func() bool { return step.want.MatchString(run(step.command)) })
			continue
		}
		if got := run(step.command); !step.want.MatchString(got) {
			t.Errorf("$ %s\nprints\n%s\nwant\n%s", step.command, got, step.want)
		}
	}
	printed.check(t)
}

// step is a command of the tour and what it prints.
type step struct {
	command string
	want    *regexp.Regexp
}

var fence = regexp.MustCompile("(?s)```\n(.*?)```")

// steps reads the commands out of the fenced blocks.
func steps(tour string) (all []step) {
	for _, block := range fence.FindAllStringSubmatch(tour, -1) {
		for _, part := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			command, want, _ := strings.Cut(part, "\n")
			all = append(all, step{command, pattern(want)})
		}
	}
	return all
}

// pattern accepts what is printed where … or HASH stand; how many were examined
// and how wide columns are is not promised.
func pattern(want string) *regexp.Regexp {
	p := regexp.QuoteMeta(strings.ReplaceAll(strings.TrimSpace(want), tourGateway, "GATEWAY"))
	p = strings.NewReplacer("GATEWAY", `http://127\.0\.0\.1:[0-9]+`, "HASH", "[0-9a-f]+", "…", "(?s:.*)").Replace(p)
	p = regexp.MustCompile(`[0-9]+ examined`).ReplaceAllString(p, "[0-9]+ examined")
	p = regexp.MustCompile("  +").ReplaceAllString(p, " {2,}")
	return regexp.MustCompile("^" + p)
}

// shell returns a function that runs commands one after the other in a folder of
// their own; what they define is there for the next.
func (s *sandbox) shell(places *strings.Replacer) func(string) string {
	var defined strings.Builder
	dir := s.t.TempDir()
	return func(command string) string {
		s.t.Helper()
		command = places.Replace(command)
		if strings.Contains(command, "() {") {
			defined.WriteString(command + "\n")
			return ""
		}
		cmd := exec.Command("bash", "-c", defined.String()+command) // #nosec G204 -- the README's
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "SKINRAIL_DATA="+s.data)
		var errors bytes.Buffer
		cmd.Stderr = &errors
		out, err := cmd.Output()
		if err != nil {
			s.t.Errorf("$ %s: %v\n%s", command, err, errors.String())
		}
		return strings.TrimSpace(string(out))
	}
}

// receiver is the example receiver in Node, where there is Node.
type receiver struct {
	url   string
	lines chan string
}

// startReceiver runs the command that the tour gives, on a port of its own.
func (s *sandbox) startReceiver(tour string) receiver {
	s.t.Helper()
	if !stackTools(s.t) {
		return receiver{url: "http://127.0.0.1:1"} // where nobody listens
	}
	command := strings.Fields(regexp.MustCompile(`(?m)^\$ (node .*) 9000$`).FindStringSubmatch(tour)[1])
	return receive(s.t, func(port string) *exec.Cmd {
		return exec.Command(command[0], append(command[1:], port)...) // #nosec G204 -- the README's
	})
}

// receive starts a receiver on a free port and waits until it listens.
func receive(t testing.TB, command func(port string) *exec.Cmd) receiver {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprint(free.Addr().(*net.TCPAddr).Port)
	_ = free.Close()
	cmd := command(port)
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	r := receiver{url: "http://127.0.0.1:" + port, lines: make(chan string, 100)}
	go func() {
		defer close(r.lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			r.lines <- in.Text()
		}
	}()
	eventually(t, "the receiver listens", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return r
}

// The example receivers take what is genuine, refuse what is not, and survive
// what is no notification at all.
func TestExampleReceiversVerify(t *testing.T) {
	t.Parallel()
	if !stackTools(t) {
		return
	}
	s := start(t)
	p := s.ready.Projects[0]
	for language, command := range map[string]func(port string) *exec.Cmd{
		"node": func(port string) *exec.Cmd {
			return exec.Command("node", "docs/examples/receive.mjs", p.ClientID, p.ClientSecret, port) // #nosec G204 -- ours
		},
		"php": func(port string) *exec.Cmd {
			cmd := exec.Command("php", "-S", "127.0.0.1:"+port, "docs/examples/receive.php") // #nosec G204 -- ours
			cmd.Env = append(os.Environ(), "SHOP="+p.ClientID, "SECRET="+p.ClientSecret)
			return cmd
		},
	} {
		r := receive(t, command)
		for _, body := range []string{"", "{", "null", "7", `"x"`, "[1]", `{"sign":1}`, `{"status":"success","sign":"é","transaction_id":"1"}`, `{"event":"buy_item"}`} {
			q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			q.Header.Set("X-Sign", strings.Repeat("é", 16))
			answer, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatalf("%s: %s: %v", language, body, err)
			}
			_ = answer.Body.Close()
			if line := <-r.lines; answer.StatusCode != http.StatusForbidden || !strings.HasPrefix(line, "FORGED ") {
				t.Errorf("%s: %s is answered %d: %s", language, body, answer.StatusCode, line)
			}
		}
		d := s.ok(answer{"method": "create", "order_id": "received-" + language, "result_url": r.url})
		s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
		s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "192h"})
		r.check(t)
	}
}

// check wants the three notifications in their order, each verified.
func (r receiver) check(t *testing.T) {
	t.Helper()
	if r.lines == nil {
		return
	}
	for _, status := range []string{"pending", "in_hold", "success"} {
		select {
		case line := <-r.lines:
			if !strings.HasPrefix(line, "verified "+status+" ") {
				t.Errorf("the receiver printed %q, want verified %s", line, status)
			}
		case <-time.After(patience):
			t.Fatalf("the receiver never printed %s", status)
		}
	}
}
