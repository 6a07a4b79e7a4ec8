package main_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam/sim"
)

// The bots of the Steam that the nodes trade on.
var steamBots = []account{
	{"76561198000000101", "example_bot", "example bot password", "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=", "iYYWqyDW0rccStpM0VUyLznxe5U="},
	{"76561198000000102", "second_bot", "second bot password", "Pu8sE19DmDhxcrY4dCYrdzSWMC4=", "pvDu4EI6Ihl9u6AXtX5EZg8mnmA="},
	{"76561198000000103", "third_bot", "third bot password", "7Dk2mZ0rUqkqkE8c5o0wYp3bHnM=", "Qm9ndXNJZGVudGl0eVNlY3JldDE="},
}

// What the bots sell, each its own.
var sold = []string{sand, "Nova | Predator (Field-Tested)", "MAG-7 | Storm (Field-Tested)"}

const (
	sand    = "P250 | Sand Dune (Field-Tested)"
	redline = "AK-47 | Redline (Field-Tested)" // what payers give; protected
	tunic   = "Tempered AK47"                  // what payers give; not protected
)

// openSteam runs a simulated Steam in this process, apart from the gateway's,
// on the wall clock, with bots that hold some items each.
func openSteam(t *testing.T, items int) (*httptest.Server, *sim.Sim) {
	t.Helper()
	var server *httptest.Server
	s, err := sim.Open(sim.Options{Now: time.Now, BaseURL: func() string { return server.URL }})
	if err != nil {
		t.Fatal(err)
	}
	w := sim.World{Seed: 7}
	if err := json.Unmarshal([]byte(`{"protected":{"730":"168h"},"require_acknowledge":true,"inventory_limit":100000}`), &w.Settings); err != nil {
		t.Fatal(err)
	}
	for i, b := range steamBots {
		var id sim.Account
		if _, err := fmt.Sscan(b.SteamID, &id.SteamID); err != nil {
			t.Fatal(err)
		}
		id.AccountName, id.Password, id.SharedSecret, id.IdentitySecret = b.AccountName, b.Password, b.SharedSecret, b.IdentitySecret
		id.Items = []sim.Item{{App: 730, Name: sold[i], Count: items}}
		w.Accounts = append(w.Accounts, id)
	}
	w.Accounts = append(w.Accounts, sim.Account{SteamID: 76561198000000202, TradeToken: "Aut0-acc", Behaviour: sim.Accept,
		Items: []sim.Item{{App: 730, Name: redline, Count: 300}, {App: 252490, Name: tunic, Count: 300}}},
		sim.Account{SteamID: 76561198000000203, TradeToken: "Aut0-two", Behaviour: sim.Accept})
	if err := s.Seed(w); err != nil {
		t.Fatal(err)
	}
	server = httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				s.Step(time.Now())
			}
		}
	}()
	return server, s
}

// serveOn prepares a node that serves on a new folder, or on a database that
// args name, and does not start it.
func serveOn(t *testing.T, steamURL string, args ...string) *sandbox {
	t.Helper()
	s := &sandbox{t: t, data: t.TempDir()}
	key := filepath.Join(s.data, "key")
	if err := os.WriteFile(key, []byte(strings.Repeat("5e", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.args = append([]string{"serve", "--listen", "127.0.0.1:0", "--data", s.data, "--key-file", key,
		"--public-url", "https://pay.example.com", "--steam-url", steamURL, "--steam-api-url", steamURL, "--steam-poll", "200ms",
		"--steam-login-gap", "0s", "--steam-inventory-gap", "0s", "--steam-confirmation-gap", "0s", "--steam-request-gap", "0s",
		"--allow-private-endpoints", "--log-level", "warn"}, args...)
	t.Cleanup(func() {
		if s.cmd != nil {
			s.kill()
		}
	})
	return s
}

// buyOnceOnSale buys as soon as the bots have shown what they have, which can be
// after the first of them is ready.
func (s *sandbox) buyOnceOnSale(custom string) {
	s.t.Helper()
	eventually(s.t, "what is on sale is shown and bought", func() bool {
		return s.api(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": custom, "name": sand}).text("status") == "success"
	})
}

// serve starts the node and returns once it listens.
func (s *sandbox) serve() { s.serveBy(cmp.Or(s.by, binary)) }

func (s *sandbox) serveBy(program string) {
	s.t.Helper()
	cmd, ended := exec.Command(program, s.args...), make(chan struct{})
	s.cmd, s.ended = cmd, ended
	s.err.Reset()
	cmd.Env, cmd.Stderr = s.env, &s.err
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	said := map[string]string{}
	for said["node"] == "" && lines.Scan() { // the last of what it says
		if name, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), " "); ok {
			said[name] = strings.TrimSpace(value)
		}
	}
	go func() {
		for lines.Scan() { // nothing more is said
		}
		_ = cmd.Wait()
		close(ended)
	}()
	if said["node"] == "" {
		<-ended
		s.t.Fatalf("serve ended before it listened: %v\n%s", cmd.ProcessState, s.err.String())
	}
	s.moving.Lock()
	defer s.moving.Unlock()
	s.ready.GatewayURL, s.ready.AdminURL, s.node = said["gateway"], said["profiling"], said["node"]
}

// answers calls a path of the node.
func (s *sandbox) answers(path string) int {
	s.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // not one that compares with the reference
	res, err := client.Get(s.ready.GatewayURL + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// openBusiness gives a serving database its bots, prices and a project whose
// merchant is the shop, by the operator's commands, and makes the node call as
// that project.
func (s *sandbox) openBusiness(url string) (id, secret string) {
	s.t.Helper()
	for _, b := range steamBots {
		s.done(strings.Join([]string{b.SteamID, b.AccountName, b.SharedSecret, b.IdentitySecret, b.Password}, "\n"), "add")
	}
	where := append([]string{"--data", s.data}, databaseArgs(s.args)...)
	for _, p := range [][]string{{"cs2", sold[0], "0.410"}, {"cs2", sold[1], "0.410"}, {"cs2", sold[2], "0.410"}, {"cs2", redline, "21.350"}, {"rust", tunic, "9.990"}} {
		if out, errors, code := s.command("", append([]string{"price", "set", "--game", p[0], p[1], p[2], "--by", "ann"}, where...)...); code != 0 {
			s.t.Fatalf("price set %v: %s%s", p, out, errors)
		}
	}
	p := s.asked("add", "Nodes", "result_url="+url, "events_url="+url+"/events", "market=true", "commission=0.05", "rate_limit=1000000", "--allow-private-endpoints")
	id, secret = p.text("client_id"), p.text("client_secret")
	s.project("pay-in", id, "1000", "--ref", "wire-1", "--by", "ann")
	s.callAs(id, secret)
	return id, secret
}

// callAs makes the node's API calls those of a project.
func (s *sandbox) callAs(id, secret string) {
	s.ready.Projects = append(s.ready.Projects[:0], struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}{id, secret})
}

// The real program against a Steam in another process, from nothing to a held
// deposit and a delivered purchase, on both databases.
func TestServeTradesOnASteamOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steam, _ := openSteam(t, 5)
			shop := openShop(t, "", "")
			s := serveOn(t, steam.URL, append([]string{"--log-level", "debug"}, args...)...)
			s.serve()
			if status := s.answers("/healthz"); status != http.StatusOK {
				t.Errorf("/healthz: %d", status)
			}
			if status := s.answers("/readyz"); status != http.StatusServiceUnavailable {
				t.Errorf("/readyz without bots: %d, want 503", status)
			}
			shop.belongsTo(s.openBusiness(shop.URL))
			eventually(t, "a bot can work", func() bool { return s.answers("/readyz") == http.StatusOK })
			for _, path := range []string{"/sandbox/clock", "/sandbox/world", "/sandbox/"} {
				if status := s.answers(path); status != http.StatusNotFound {
					t.Errorf("%s: %d, want 404", path, status)
				}
			}
			d := s.ok(answer{"method": "create", "order_id": "page-1"})
			if url := d.text("url"); !strings.HasPrefix(url, "https://pay.example.com/pay/") {
				t.Errorf("payment page at %s, want it under --public-url", url)
			}
			s.pay("cs2", "held-1")
			s.pay("rust", "paid-1")
			eventually(t, "the protected deposit is held", func() bool {
				return s.ok(answer{"method": "orderstatus", "order_id": "held-1"}).text("status") == "in_hold"
			})
			eventually(t, "the unprotected one is paid", func() bool {
				return s.ok(answer{"method": "orderstatus", "order_id": "paid-1"}).text("status") == "success"
			})
			s.ok(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": "gift-1", "name": sand})
			s.waitPurchase("gift-1", "accepted")
			eventually(t, "the merchant is told", func() bool {
				return slices.Contains(shop.statuses("held-1"), "in_hold") && slices.Contains(shop.statuses("paid-1"), "success")
			})
			s.audit()
			told := s.surfaces(shop.id)
			if code := s.end(syscall.SIGTERM); code != 0 {
				t.Errorf("exit %d after SIGTERM, want 0\n%s", code, s.err.String())
			}
			said := s.err.String()
			if !strings.Contains(said, "configuration") || !strings.Contains(said, steam.URL) || !strings.Contains(said, "DEBUG") {
				t.Error("the configuration is not logged, or not everything")
			}
			told["the log"] = said
			s.files(told)
			if file := told["skinrail.db"]; len(args) == 0 && !strings.Contains(file, steamBots[0].AccountName) {
				t.Errorf("the database, %d bytes, does not know its bot: it was not read", len(file))
			}
			for _, secret := range s.secrets(shop) {
				for where, text := range told {
					if strings.Contains(text, secret) {
						t.Errorf("a secret of %d characters is in %s", len(secret), where)
					}
				}
			}
		})
	}
}

// surfaces are what a node and its commands show to operators, also when they
// are asked for what is not there.
func (s *sandbox) surfaces(project string) map[string]string {
	s.t.Helper()
	told := map[string]string{}
	for _, path := range []string{"/metrics", "/debug/pprof/goroutine?debug=2", "/debug/pprof/cmdline"} {
		res, err := http.Get(s.ready.AdminURL + path)
		if err != nil {
			s.t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			s.t.Fatal(err)
		}
		told[path] = string(text)
	}
	where := append([]string{"--data", s.data}, databaseArgs(s.args)...)
	for _, c := range [][]string{{"bot", "list"}, {"bot", "list", "--json"}, {"project", "list"}, {"project", "show", project}, {"project", "show", project, "--json"},
		{"project", "set", project, "nothing=1"}, {"project", "show", "1"}, {"doctor"}, {"doctor", "--json"}, {"audit"}, {"bot", "login", "nobody"}} {
		out, errors, _ := command(s.t, "", append(slices.Clone(c), where...)...)
		if out+errors == "" {
			s.t.Errorf("%v says nothing", c)
		}
		told[strings.Join(c, " ")] = out + errors
	}
	return told
}

// files adds what lies in the node's folder, but for the key.
func (s *sandbox) files(told map[string]string) {
	s.t.Helper()
	err := filepath.WalkDir(s.data, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "key" {
			return err
		}
		text, err := os.ReadFile(path)
		told[e.Name()] = string(text)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// secrets are those that a node has to do with.
func (s *sandbox) secrets(shop *shop) []string {
	all := []string{shop.secret, strings.Repeat("5e", 32)}
	for _, b := range steamBots {
		all = append(all, b.Password, b.SharedSecret, b.IdentitySecret)
	}
	for _, a := range databaseArgs(s.args) {
		if u, err := url.Parse(a); err == nil && u.User != nil {
			password, _ := u.User.Password()
			all = append(all, password)
		}
	}
	return all
}

// pay lets the payer who always accepts give an item of a game, once the node
// knows its price.
func (s *sandbox) pay(game, order string) {
	s.t.Helper()
	eventually(s.t, "items of "+game+" have prices", func() bool {
		chosen, err := s.offerable(game)
		return err == nil && chosen != ""
	})
	if err := s.tryPay(game, order); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sandbox) tryPay(game, order string) error {
	chosen, err := s.offerable(game)
	if err != nil {
		return err
	}
	got, err := s.tryAPI(with(payer, answer{"method": "create_from_user_inventory", "game": game, "order_id": order, "item_asset_ids": []string{chosen}}))
	if err == nil && got.text("status") != "success" {
		err = fmt.Errorf("%s: %v", order, got)
	}
	return err
}

var payer = answer{"steam_id": "76561198000000202", "trade_token": "Aut0-acc", "currency": "usd"}

// offerable is an item that the payer can give.
func (s *sandbox) offerable(game string) (asset string, err error) {
	found, err := s.tryAPI(with(payer, answer{"method": "user_inventory", "game": game}))
	if err != nil {
		return "", err
	}
	data, _ := found["data"].(map[string]any)
	items, _ := data["items"].([]any)
	for _, it := range items {
		if it := answer(it.(map[string]any)); it["disabled"] == false {
			return answer(it["item"].(map[string]any)).text("asset_id"), nil
		}
	}
	return "", nil
}

func with(a, more answer) answer {
	all := answer{}
	for _, m := range []answer{a, more} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

func TestServeNamesAllItLacksAndOpensNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	_, errors, code := command(t, "", "serve", "--data", data, "--listen", "nowhere")
	if code != 2 {
		t.Errorf("exit %d, want 2", code)
	}
	for _, flag := range []string{"--public-url", "--key-file", "--steam-url", "--steam-api-url"} {
		if !strings.Contains(errors, flag) {
			t.Errorf("%s is not named:\n%s", flag, errors)
		}
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("the data folder was made")
	}
}

func TestServeRefusesWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte(strings.Repeat("5e", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	enough := []string{"serve", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0", "--public-url", "https://pay.example.com",
		"--steam-url", "http://127.0.0.1:9", "--steam-api-url", "http://127.0.0.1:9", "--key-file", key}
	box := start(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--roles", "api,kitchen"}, 2, "kitchen"},
		{[]string{"--public-url", "pay.example.com"}, 2, "--public-url"},
		{[]string{"--steam-url", "https://steam.example/?x=1"}, 2, "--steam-url"},
		{[]string{"--steam-poll", "0s"}, 2, "--steam-poll"},
		{[]string{"--key-file", filepath.Join(dir, "none")}, 1, "openssl rand"},
		{[]string{"--data", box.data}, 1, "in use by another"},
		{[]string{"--database", "postgres://operator:hunter22@127.0.0.1:1/x?connect_timeout=2"}, 1, "open database"},
	} {
		_, errors, code := command(t, "", append(slices.Clone(enough), c.args...)...)
		if code != c.code || !strings.Contains(errors, c.says) || strings.Contains(errors, "hunter22") {
			t.Errorf("%v: exit %d, want %d and %q:\n%s", c.args, code, c.code, c.says, errors)
		}
	}
	box.kill()
	_, errors, code := command(t, "", append(slices.Clone(enough), "--data", box.data)...)
	if code != 1 || !strings.Contains(errors, "belongs to a sandbox") {
		t.Errorf("a sandbox's folder: exit %d\n%s", code, errors)
	}
}

// One file serves all commands; tables stand for what flags have before a
// hyphen. The environment wins over the file, a flag over both.
func TestConfigurationIsAFileThenTheEnvironmentThenFlags(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "skinrail.toml")
	text := fmt.Sprintf("data = %q\npublic-url = \"not a url\"\nkey-file = %q\nroles = [\"api\", \"worker\"]\n[steam]\nurl = \"http://127.0.0.1:9\"\napi-url = \"http://127.0.0.1:9\"\nlogin-gap = \"1s\"\n",
		filepath.Join(dir, "data"), filepath.Join(dir, "none"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(env string, args ...string) string {
		cmd := exec.Command(binary, append([]string{"serve", "--config", file}, args...)...)
		cmd.Env = append(os.Environ(), env)
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	if out := run("X=1"); !strings.Contains(out, "--public-url") {
		t.Errorf("the file's value is not used: %s", out)
	}
	if out := run("SKINRAIL_PUBLIC_URL=https://pay.example.com"); !strings.Contains(out, "no key in") {
		t.Errorf("the environment does not win over the file: %s", out)
	}
	if out := run("SKINRAIL_PUBLIC_URL=https://pay.example.com", "--public-url", "neither"); !strings.Contains(out, "--public-url") {
		t.Errorf("a flag does not win over the environment: %s", out)
	}
	if out := run("SKINRAIL_STEAM_POLL=soon"); !strings.Contains(out, "SKINRAIL_STEAM_POLL") {
		t.Errorf("the wrong variable is not named: %s", out)
	}
	if out, errors, code := command(t, "", "migrate", "--config", file); code != 0 || !strings.Contains(out, "up to date") {
		t.Errorf("migrate with the file of serve: exit %d\n%s%s", code, out, errors)
	}
	if _, errors, code := command(t, "", "audit", "--config", file); code != 0 {
		t.Errorf("audit with the file of serve: exit %d\n%s", code, errors)
	}
	out, errors, code := command(t, "", "backup", filepath.Join(dir, "b.db"), "--config", file)
	if code != 0 || !strings.Contains(out, "--key-file") || strings.Contains(out, filepath.Join("data", "key")) {
		t.Errorf("backup names a key that is not there: exit %d\n%s%s", code, out, errors)
	}
	if out, errors, code := command(t, "", "maintenance", "on", "--config", file); code != 0 || !strings.Contains(out, "skinrail maintenance off") {
		t.Errorf("maintenance on: exit %d\n%s%s", code, out, errors)
	}
}
