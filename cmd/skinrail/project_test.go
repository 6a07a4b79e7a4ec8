package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// soon is the longest that a running gateway may take to see what another
// process has changed; it is about a second on a machine that does nothing else,
// and what is not noticed takes far longer.
const soon = 30 * time.Second

// command runs the program as an operator does and returns what it printed.
func command(t testing.TB, in string, args ...string) (out, errors string, code int) {
	t.Helper()
	return run(binary, in, args...)
}

// command is an operator's, by the program that serves.
func (s *sandbox) command(in string, args ...string) (out, errors string, code int) {
	return run(s.cmd.Path, in, args...)
}

func run(program, in string, args ...string) (out, errors string, code int) {
	cmd := exec.Command(program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &stdout, &stderr
	_ = cmd.Run()
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// project runs a subcommand on the sandbox's database and wants it to succeed.
func (s *sandbox) project(args ...string) string {
	s.t.Helper()
	out, errors, code := s.command("", s.projectArgs(args...)...)
	if code != 0 || errors != "" {
		s.t.Fatalf("project %v: exit %d\n%s%s", args, code, out, errors)
	}
	return out
}

func (s *sandbox) projectArgs(args ...string) []string {
	args = append([]string{"project"}, args...)
	return append(append(args, "--data", s.data), databaseArgs(s.args)...)
}

// asked is project with --json.
func (s *sandbox) asked(args ...string) answer {
	s.t.Helper()
	var a answer
	if out := s.project(append(args, "--json")...); json.Unmarshal([]byte(out), &a) != nil {
		s.t.Fatalf("project %v: %s", args, out)
	}
	return a
}

// as makes the API calls those of a project.
func (s *sandbox) as(id, secret string) {
	s.ready.Projects[0].ClientID, s.ready.Projects[0].ClientSecret = id, secret
}

func TestRunningGatewaySeesWhatOperatorsDo(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, args...)
			made := s.asked("add", "Third shop", "commission=0.05", "no_wait=on")
			id, secret := made.text("client_id"), made.text("client_secret")
			s.as(id, secret)
			within(t, "the new project can call", func() bool { return s.api(answer{"method": "balance"}).text("balance") == "0.00" })

			shop := openShop(t, id, secret)
			s.project("set", id, "events_url="+shop.URL+"/events")
			s.project("pay-in", id, "250.50", "--ref", "wire-1", "--by", "ann")
			within(t, "the pay-in is there", func() bool { return s.ok(answer{"method": "balance"}).text("balance") == "250.50" })
			within(t, "the merchant is told", func() bool { return shop.events("balance_change") >= 1 })
			if bad := shop.unsealed(); len(bad) != 0 {
				t.Errorf("signatures do not verify: %v", bad)
			}

			fresh := s.asked("rotate", id).text("client_secret")
			if fresh == "" || fresh == secret {
				t.Fatalf("rotated to %q", fresh)
			}
			s.as(id, fresh)
			within(t, "the new secret is good", func() bool { return s.api(answer{"method": "status"}).text("status") == "success" })
			s.as(id, secret)
			s.ok(answer{"method": "status"}) // the old one still is
			s.project("rotate", id, "--finish")
			within(t, "the old secret is not", func() bool {
				return s.api(answer{"method": "status"}).text("error_message") == "invalid_signature"
			})
			s.as(id, fresh)
			s.project("disable", id)
			within(t, "it is disabled", func() bool {
				return s.api(answer{"method": "status"}).text("error_message") == "shop_not_active"
			})
			s.project("enable", id)
			within(t, "it is enabled", func() bool { return s.api(answer{"method": "status"}).text("status") == "success" })
			s.audit()
		})
	}
}

func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	began := time.Now()
	eventually(t, what, holds)
	took := time.Since(began)
	t.Logf("%s after %v", what, took.Round(time.Millisecond))
	if took > soon {
		t.Errorf("%s only after %v", what, took)
	}
}

func TestLargePayoutNeedsTwoPeopleAndIsSetAside(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, args...)
			id := s.ready.Projects[0].ClientID // 2500 to start with
			b := s.asked("pay-out", id, "1500", "--ref", "payout-1", "--by", "ann", "--note", "October")
			if b["state"] != "proposed" || b["available"] != "1000.000" || b["replayed"] != false {
				t.Fatalf("proposed %v", b)
			}
			number := fmt.Sprint(b["booking"])
			if shown := s.project("show", id); !strings.Contains(shown, "payout-1") || !strings.Contains(shown, "1500.000") {
				t.Errorf("what waits is not shown:\n%s", shown)
			}
			for _, c := range []struct {
				says string
				args []string
			}{
				{"somebody else", []string{"approve", number, "--by", "Ann"}},
				{"does not have that much", []string{"pay-out", id, "1000.001", "--ref", "payout-2", "--by", "ann"}},
				{"another transfer", []string{"pay-out", id, "1", "--ref", "payout-1", "--by", "ann"}},
			} {
				if out, errors, code := command(t, "", s.projectArgs(c.args...)...); code != 1 || !strings.Contains(errors, c.says) || out != "" {
					t.Errorf("%v: exit %d, %s%s", c.args, code, out, errors)
				}
			}
			s.project("approve", number, "--by", "bob")
			if again := s.asked("pay-out", id, "1500", "--ref", "payout-1", "--by", "ann"); again["replayed"] != true || again["state"] != "booked" {
				t.Errorf("again %v", again)
			}
			s.project("limit", "100")
			in := s.asked("pay-in", id, "100.001", "--ref", "wire-9", "--by", "bob")
			s.project("reject", fmt.Sprint(in["booking"]), "--by", "bob")
			within(t, "the history tells", func() bool {
				h := s.ok(answer{"method": "money_history", "starting": 0, "ending": 1 << 40})
				items, _ := h["items"].([]any)
				return len(items) == 2 && items[1].(map[string]any)["status"] == "success" && items[0].(map[string]any)["status"] == "fail"
			})
			within(t, "the totals tell", func() bool {
				b := s.ok(answer{"method": "balance"})
				return b.text("balance") == "1000.00" && b.text("withdraw_sum") == "1500.00"
			})
			s.audit()
		})
	}
}

// Operators and the gateway write to one file at the same time: nobody fails.
func TestOperatorsBookWhileTheGatewayIsBusy(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.ready.Projects[0].ClientID
	s.project("set", id, "rate_limit=100000000") // before the gateway has read the project
	stop := make(chan struct{})
	var callers, operators sync.WaitGroup
	for c := range 32 {
		callers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if a, err := s.tryAPI(answer{"method": "create", "order_id": fmt.Sprint(c, "-", i)}); err != nil || a.text("status") != "success" {
					t.Errorf("create: %v %v", a, err)
					return
				}
			}
		})
	}
	for o := range 6 {
		operators.Go(func() {
			args := s.projectArgs("pay-in", id, "10", "--ref", fmt.Sprint("wire-", o/2), "--by", "ann")
			if out, errors, code := command(t, "", args...); code != 0 {
				t.Errorf("exit %d: %s%s", code, out, errors)
			}
		})
	}
	operators.Wait()
	close(stop)
	callers.Wait()
	within(t, "each is booked once", func() bool { return s.ok(answer{"method": "balance"}).text("balance") == "2530.00" })
	s.audit()
}

func TestSecretsAreShownOnlyWhenTheyAreMade(t *testing.T) {
	t.Parallel()
	s := start(t)
	made := s.asked("add", "Shy shop")
	id := made.text("client_id")
	rotated := s.asked("rotate", id, "--purpose", "webhook").text("webhook_secret")
	var all strings.Builder
	for _, args := range [][]string{{"list"}, {"show", id}, {"set", id, "name=Shyer"}, {"rotate", id, "--purpose", "webhook", "--finish"}, {"show", id}} {
		all.WriteString(s.project(args...) + s.project(append(args, "--json")...))
	}
	for _, secret := range []string{made.text("client_secret"), made.text("webhook_secret"), rotated} {
		if len(secret) < 20 || strings.Contains(all.String(), secret) {
			t.Errorf("secret %q is shown again, or is none", secret)
		}
	}
}

func TestMovingMerchantKeepsIDAndSecret(t *testing.T) {
	t.Parallel()
	s := start(t)
	made := s.asked("add", "Moved shop", "--id", "4021", "--client-secret-file", secretFile(t, "k3yForTests\n"))
	if made.text("client_id") != "4021" || made.text("client_secret") != "k3yForTests" {
		t.Errorf("made %v", made)
	}
	s.as("4021", "k3yForTests")
	s.ok(answer{"method": "balance"})
	out, errors, code := command(t, "0ther-Secret", s.projectArgs("add", "Piped", "--client-secret-file", "-", "--json")...)
	if code != 0 || !strings.Contains(out, `"0ther-Secret"`) {
		t.Errorf("from standard input: %d %s%s", code, out, errors)
	}
}

func secretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEverySettingCanBeSetAndShown(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.ready.Projects[1].ClientID
	wanted := map[string]string{"name": "Ärger & Söhne", "active": "off", "market": "off", "no_wait": "on", "legacy_statuses": "on", "multiplier": "1.250",
		"commission": "0.031", "result_url": "http://127.0.0.1:9000/r", "events_url": "https://shop.example/e?a=b", "success_url": "https://shop.example/ok",
		"fail_url": "", "webhook_encoding": "form", "rate_limit": "77", "allowed_ips": "203.0.113.7, 2001:db8::/32", "origins": "https://A.example,http://b.example:8080"}
	before, _ := s.asked("show", id)["settings"].(map[string]any)
	if len(before) < len(wanted) {
		t.Fatalf("settings %v", before)
	}
	args := []string{"set", id}
	for k, v := range wanted {
		args = append(args, k+"="+v)
	}
	s.project(args...)
	after, _ := s.asked("show", id)["settings"].(map[string]any)
	want := map[string]any{"name": "Ärger & Söhne", "active": false, "market": false, "no_wait": true, "legacy_statuses": true, "multiplier": "1.25",
		"commission": "0.031", "result_url": "http://127.0.0.1:9000/r", "events_url": "https://shop.example/e?a=b", "success_url": "https://shop.example/ok",
		"fail_url": "", "webhook_encoding": "form", "rate_limit": 77, "allowed_ips": []string{"203.0.113.7/32", "2001:db8::/32"},
		"origins": []string{"https://a.example", "http://b.example:8080"}}
	for k, v := range want {
		if printed(t, after[k]) != printed(t, v) {
			t.Errorf("%s: %v, want %v", k, after[k], v)
		}
	}
	s.project("set", id, "allowed_ips=", "origins=")
	if a, _ := s.asked("show", id)["settings"].(map[string]any); printed(t, a["allowed_ips"]) != "[]" || printed(t, a["origins"]) != "[]" {
		t.Errorf("lists are not emptied: %v", a)
	}
}
