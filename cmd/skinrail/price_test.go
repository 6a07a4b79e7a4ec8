package main_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Prices come from a file, move when it does, and a person can set them.
func TestPricesComeFromSourcesAndFromHands(t *testing.T) {
	t.Parallel()
	for engine, args := range databases(t) {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			const name = "P250 | Sand Dune (Field-Tested)"
			dir := t.TempDir()
			write := func(file, text string) {
				t.Helper()
				if err := os.WriteFile(filepath.Join(dir, file+".new"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(filepath.Join(dir, file+".new"), filepath.Join(dir, file)); err != nil {
					t.Fatal(err)
				}
			}
			feed := func(price string) {
				write("feed.json", fmt.Sprintf(`{"prices":[{"game":"cs2","name":%q,"price":%s}]}`, name, price))
			}
			feed("0.5")
			write("rates.json", `{"rates":{"eur":"0.5"}}`)
			write("prices.toml", "move_cap = \"2\"\n[[source]]\nname = \"desk\"\nfile = \"feed.json\"\nevery = \"1s\"\n"+
				"[[rates]]\nname = \"bank\"\nfile = \"rates.json\"\nevery = \"1s\"\n[[band]]\ngame = \"cs2\"\nfrom = \"0.60\"\nbuy_in = \"0.9\"\nsell_out = \"1.5\"\n")
			s := start(t, append([]string{"--prices", filepath.Join(dir, "prices.toml")}, args...)...)
			made := s.control(http.StatusOK, http.MethodPost, "/projects", answer{"name": "Prices", "balance": "1000", "rate_limit_per_minute": 1000000})
			call := func(params answer) answer {
				t.Helper()
				return s.asProject(made.text("client_id"), made.text("client_secret"), params)
			}
			listed := func() string {
				found, _ := call(answer{"method": "market_search", "names": []string{name}})["items"].([]any)
				if len(found) == 0 {
					return "none"
				}
				return fmt.Sprint(found[0].(map[string]any)["price"])
			}
			eventually(t, "the feed's price", func() bool { return listed() == "0.5" })
			eventually(t, "the source's rate", func() bool {
				in, _ := call(answer{"method": "balance"})["balance_in_currencies"].(map[string]any)
				return in["eur"] == "500.00"
			})
			feed("0.8")
			eventually(t, "the new price in its band", func() bool { return listed() == "1.2" })
			run := func(want int, arguments ...string) string {
				t.Helper()
				where := append([]string{"--data", s.data}, databaseArgs(s.args)...)
				cmd := exec.Command(binary, append(append([]string{"price"}, arguments...), where...)...)
				out, _ := cmd.CombinedOutput()
				if got := cmd.ProcessState.ExitCode(); got != want {
					t.Fatalf("%v: exit %d: %s", arguments, got, out)
				}
				return string(out)
			}
			if out := run(0, "set", name, "2", "--by", "ann"); !strings.Contains(out, "by ann") || !strings.Contains(out, "desk") {
				t.Error(out)
			}
			eventually(t, "the price set by hand", func() bool { return listed() == "3" })
			run(0, "unset", name)
			eventually(t, "the feed's price again", func() bool { return listed() == "1.2" })
			run(2, "set", name, "-1", "--by", "ann")
			run(2, "set", name, "2")
			run(2, "set", name, "1")
			run(2, "show", name, "--game", "chess")
			if out := run(0, "show", "No such item"); !strings.Contains(out, "no price") {
				t.Error(out)
			}
		})
	}
}
