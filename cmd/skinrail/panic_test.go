package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// panics are where the program of [panicking] panics, once each: the text before
// which it does so.
var panics = []struct{ file, before string }{
	{"internal/skinsback/buy.go", "return boughtOne(p), nil"},                                   // after the purchase, before its answer
	{"internal/pay/start.go", `show := v.r.URL.Query().Get("show")`},                            // a page
	{"internal/bot/send.go", "ctx = context.WithoutCancel(ctx) // the answer is worth keeping"}, // after Steam has made the offer, before that is stored
	{"internal/deposit/step.go", "rows, err := sqlc.New(s.DB.Read()).Overdue("},                 // who ends links
	{"internal/webhook/attempt.go", "r := s.send(ctx, request, wall)"},                          // a notification
	{"internal/ledger/seal.go", "h, err := readHead(ctx, q)"},                                   // under a lock
}

// panicking builds the program with a panic at each of those places.
func panicking(t *testing.T) (program string) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	put := func(file, text string) {
		real, err := filepath.Abs(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		replace[real] = filepath.Join(dir, strings.ReplaceAll(file, "/", "-"))
		if err := os.WriteFile(replace[real], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range panics {
		text, err := os.ReadFile(filepath.Join("../..", p.file))
		if err != nil || strings.Count(string(text), p.before) != 1 {
			t.Fatalf("%s has not one %q: %v", p.file, p.before, err)
		}
		put(p.file, strings.Replace(string(text), p.before, "plant()\n"+p.before, 1))
		folder := filepath.Dir(p.file)
		put(folder+"/plant.go", fmt.Sprintf("package %s\n\nimport \"sync\"\n\nvar planted sync.Once\n\nfunc plant() { planted.Do(func() { panic(\"planted in %[1]s\") }) }\n", filepath.Base(folder)))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(dir, "skinrail")
	if out, err := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// A panic ends one request, one step or one notification: the process goes on,
// says where, and nothing is half done or done twice.
func TestPanicEndsOneStepOnly(t *testing.T) {
	t.Parallel()
	program := panicking(t)
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t, exampleID, exampleSecret)
			s := &sandbox{t: t, data: t.TempDir(), by: program, args: append(args, "--world", world(t, shop.URL))}
			s.start()
			t.Cleanup(func() { s.kill() })
			buy := answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": "p-1", "name": sand}
			if got := s.api(buy); fmt.Sprint(got["error_code"]) != "-9" || strings.Contains(fmt.Sprint(got), "planted") {
				t.Errorf("a panic is answered with %v", got)
			}
			if got := s.api(buy); got.text("error_message") != "custom_id_already_exists" {
				t.Errorf("what was bought before the panic is not there: %v", got)
			}
			d := s.ok(answer{"method": "create", "order_id": "p-2", "steam_id": "76561198000000201"})
			for i, want := range []int{http.StatusInternalServerError, http.StatusOK} {
				res, err := http.Get(d.text("url"))
				if err != nil {
					t.Fatal(err)
				}
				if _ = res.Body.Close(); res.StatusCode != want {
					t.Errorf("the page at try %d: %d", i+1, res.StatusCode)
				}
			}
			eventually(t, "the purchase ends", func() bool {
				items, _ := s.api(answer{"method": "market_getinfo", "custom_ids": []string{"p-1"}})["items"].([]any)
				return len(items) == 1 && answer(items[0].(map[string]any)).text("offer_status") == "accepted"
			})
			eventually(t, "its notification arrives", func() bool { return shop.heard() > 0 })
			eventually(t, "the books are sealed", func() bool { return s.metrics()["skinrail_books_unsealed"] == 0 })
			s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "2h"})
			if got := s.api(answer{"method": "orderstatus", "order_id": "p-2"}); got.text("status") != "fail" {
				t.Errorf("a link that is over: %v", got)
			}
			for _, loop := range []string{"bot", "links", "books"} {
				if n := s.metrics()[`skinrail_step_failures_total{loop="`+loop+`"}`]; n == 0 {
					t.Errorf("no failure of %s is counted", loop)
				}
			}
			select {
			case <-s.ended:
				t.Error("the process has ended")
			default:
			}
			said := s.err.String()
			for _, p := range panics {
				where := "planted in " + filepath.Base(filepath.Dir(p.file))
				if !strings.Contains(said, where) || !strings.Contains(said, p.file) {
					t.Errorf("%q and its place in %s are not in the log:\n%s", where, p.file, said)
				}
			}
			for _, secret := range []string{exampleSecret, "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=", "iYYWqyDW0rccStpM0VUyLznxe5U=", "example bot password"} {
				if strings.Contains(said, secret) {
					t.Errorf("a secret is in the log:\n%s", said)
				}
			}
			s.audit()
		})
	}
}
