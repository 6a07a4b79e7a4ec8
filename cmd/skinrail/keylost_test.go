package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The key is gone: the gateway says what to do, the way out asks for what it
// costs and forgets nothing without it, and afterwards merchants and bots work
// with other secrets on the same books.
func TestGatewayBeginsAnewAfterItsKeyIsLost(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steam, _ := openSteam(t, 5)
			shop := openShop(t, "", "")
			s := serveOn(t, steam.URL, args...)
			s.serve()
			id, old := s.openBusiness(shop.URL)
			shop.belongsTo(id, old)
			eventually(t, "a bot can work", func() bool { return s.answers("/readyz") == http.StatusOK })
			key := filepath.Join(s.data, "key")
			lost := func(more ...string) (string, int) {
				out, errors, code := s.command("", append(append([]string{"key-lost", "--data", s.data}, databaseArgs(s.args)...), more...)...)
				return out + errors, code
			}
			const cost = "1 projects and 3 bots"
			refused := func(when, why string, more ...string) {
				t.Helper()
				if said, code := lost(more...); code != 1 || !strings.Contains(said, why) {
					t.Errorf("%s: exit %d: %s", when, code, said)
				}
			}
			write := func(text string) {
				if err := os.WriteFile(key, []byte(strings.Repeat(text, 32)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("6f") // by mistake, while it runs
			running := "is in use by another skinrail"
			if len(databaseArgs(s.args)) > 0 {
				running = "runs on this database"
			}
			refused("while it runs", running, "--forget", cost)
			s.kill()
			write("5e")
			refused("nothing is lost", "it is not lost", "--forget", cost)
			write("6f")
			if out, errors, code := command(t, "", s.args...); code == 0 || !strings.Contains(out+errors, "skinrail key-lost") {
				t.Errorf("it starts with another key: exit %d: %s%s", code, out, errors)
			}
			refused("no word", `--forget "`+cost+`"`)
			refused("another number", `--forget "`+cost+`"`, "--forget", "1 projects and 2 bots")
			said, code := lost("--forget", cost)
			fresh := regexp.MustCompile(`(?m)^` + id + `\s+(\S+)\s+whsec_\S+$`).FindStringSubmatch(said)
			if code != 0 || fresh == nil || strings.Contains(said, old) {
				t.Fatalf("exit %d: %s", code, said)
			}
			refused("twice", "it is not lost", "--forget", cost)

			s.serve()
			s.callAs(id, old)
			if a := s.api(answer{"method": "balance"}); a["balance"] != nil {
				t.Error("the old secret is still valid")
			}
			s.callAs(id, fresh[1])
			if a := s.ok(answer{"method": "balance"}); a.text("balance") != "1000.00" {
				t.Errorf("balance: %v", a)
			}
			for _, b := range s.bots() {
				if b.text("health") == "ready" {
					t.Errorf("a bot without secrets works: %v", b)
				}
			}
			for _, b := range steamBots {
				s.done(strings.Join([]string{b.SteamID, b.AccountName, b.SharedSecret, b.IdentitySecret, b.Password}, "\n"), "add", "--replace")
			}
			eventually(t, "the bots work again", func() bool {
				for _, b := range s.bots() {
					if b.text("health") != "ready" {
						return false
					}
				}
				return s.answers("/readyz") == http.StatusOK
			})
			if out, errors, code := s.command("", append([]string{"audit", "--data", s.data}, databaseArgs(s.args)...)...); code != 0 {
				t.Errorf("audit: %s%s", out, errors)
			}
		})
	}
}
