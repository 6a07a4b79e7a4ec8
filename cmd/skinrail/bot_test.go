package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bot runs a subcommand on the sandbox's database.
func (s *sandbox) bot(in string, args ...string) (out, errors string, code int) {
	s.t.Helper()
	args = append(append([]string{"bot"}, args...), "--data", s.data)
	return s.command(in, append(args, databaseArgs(s.args)...)...)
}

// bots are all bots by account name.
func (s *sandbox) bots() map[string]answer {
	s.t.Helper()
	out, errors, code := s.bot("", "list", "--json")
	var rows []answer
	if code != 0 || errors != "" || json.Unmarshal([]byte(out), &rows) != nil {
		s.t.Fatalf("bot list: exit %d\n%s%s", code, out, errors)
	}
	all := map[string]answer{}
	for _, r := range rows {
		all[r.text("account_name")] = r
	}
	return all
}

// done wants a bot command to succeed.
func (s *sandbox) done(in string, args ...string) string {
	s.t.Helper()
	out, errors, code := s.bot(in, args...)
	if code != 0 || errors != "" {
		s.t.Fatalf("bot %v: exit %d\n%s%s", args, code, out, errors)
	}
	return out
}

// account is a bot in a world file, with its secrets.
type account struct {
	SteamID        string `json:"steam_id"`
	AccountName    string `json:"account_name"`
	Password       string `json:"password"`
	SharedSecret   string `json:"shared_secret"`
	IdentitySecret string `json:"identity_secret"`
}

// worldBot is the first bot of the sandbox's world.
func (s *sandbox) worldBot() account {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.data, "world.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	var w struct {
		Accounts []struct {
			Role string `json:"role"`
			account
		} `json:"accounts"`
	}
	if err := json.Unmarshal(data, &w); err != nil {
		s.t.Fatal(err)
	}
	for _, a := range w.Accounts {
		if a.Role == "bot" {
			return a.account
		}
	}
	s.t.Fatal("no bots in the world")
	return account{}
}

func TestOperatorTakesBotsOutOfWorkAndBack(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, args...)
			for name, b := range s.bots() {
				if b.text("health") != "ready" || b.text("duty") != "enabled" {
					t.Errorf("%s: %v", name, b)
				}
				s.done("", "quarantine", name)
			}
			within(t, "nothing can be traded", func() bool { return s.api(answer{"method": "status"}).text("reason") == "no_bots" })
			for name, b := range s.bots() {
				if b.text("duty") != "quarantined" || !strings.Contains(b.text("advice"), "bot enable") {
					t.Errorf("%s: %v", name, b)
				}
				s.done("", "drain", b.text("steam_id"))
				s.done("", "enable", name)
			}
			if _, errors, code := s.bot("", "drain", "nobody"); code != 1 || !strings.Contains(errors, "bot list") {
				t.Errorf("unknown bot: exit %d: %s", code, errors)
			}
		})
	}
}

// One command stops all sending; starting again gives each bot its own duty back.
func TestEverythingIsStoppedAtOnce(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, append(args, "--world", world(t, openShop(t, exampleID, exampleSecret).URL))...)
			b := s.worldBot()
			buy := answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "name": "P250 | Sand Dune (Field-Tested)"}
			s.control(http.StatusOK, http.MethodPost, "/faults", answer{"endpoint": "holds", "count": 1, "kind": "status", "value": 503}) // so that one is bought and not yet sent
			buy["custom_id"] = "stop-1"
			s.ok(buy)
			if out := s.done("", "stop"); !strings.Contains(out, "stopped") || !strings.Contains(out, "skinrail bot start") {
				t.Errorf("%s", out)
			}
			within(t, "it is off", func() bool { return s.api(answer{"method": "status"}).text("reason") == "site_off" })
			buy["custom_id"] = "stop-2"
			if a := s.api(buy); a.text("status") == "success" {
				t.Errorf("sold while stopped: %v", a)
			}
			before := s.offers(acceptingPayer)
			s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "11m"})
			s.waitPurchase("stop-1", "trade_create_error")
			if after := s.offers(acceptingPayer); len(after) != len(before) {
				t.Errorf("sent while stopped: %v, before %v", after, before)
			}
			s.done("", "start")
			if d := s.bots()[b.AccountName].text("duty"); d != "enabled" {
				t.Errorf("duty %s after the start", d)
			}
			within(t, "it sells again", func() bool {
				buy["custom_id"] = "stop-3"
				return s.api(buy).text("status") == "success"
			})
			s.waitPurchase("stop-3", "accepted")
		})
	}
}

func TestOperatorLimitsWhatABotIsTrustedWith(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.worldBot()
	if out := s.done("", "limit", b.AccountName, "--games", "cs2,rust", "--offers", "2", "--worth", "50"); !strings.Contains(out, "receives cs2,rust, 2 offers at once, holds up to 50.00 usd") {
		t.Errorf("%s", out)
	}
	if l := s.bots()[b.AccountName].text("limits"); !strings.Contains(l, "2 offers") {
		t.Errorf("%s", l)
	}
	for _, bad := range [][]string{{"--offers", "-1"}, {"--worth", "0"}, {"--worth", "1e3"}, {"--games", "chess"}} {
		if _, errors, code := s.bot("", append([]string{"limit", b.AccountName}, bad...)...); code != 2 {
			t.Errorf("%v: exit %d: %s", bad, code, errors)
		}
	}
	if out := s.done("", "limit", b.AccountName); !strings.Contains(out, "no limits") {
		t.Errorf("%s", out)
	}
}

func TestBotListTellsWhyABotCannotWork(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.worldBot()
	s.control(http.StatusOK, http.MethodPost, "/faults", answer{"endpoint": "offers", "account": b.SteamID, "count": -1, "kind": "status", "value": 429})
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "1m"}) // a bot without work looks at Steam every 45 seconds
	within(t, "rate limit is shown", func() bool {
		r := s.bots()[b.AccountName]
		return strings.HasPrefix(r.text("reason"), "rate limited by Steam until 20") && r.text("advice") != ""
	})
	if out := s.done("", "list"); !strings.Contains(out, "rate limited by Steam until 20") || !strings.Contains(out, "wait: ") {
		t.Errorf("table:\n%s", out)
	}
	s.kill()
	if r := s.bots()[b.AccountName]; r.text("health") != "rate limited by Steam" {
		t.Errorf("forgotten: %v", r)
	}
}

func TestBotIsAddedFromAMaFileAndTested(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.worldBot()
	path := filepath.Join(t.TempDir(), "bot.maFile")
	ma := fmt.Sprintf(`{"account_name":%q,"shared_secret":%q,"identity_secret":%q,"Session":{"SteamID":%s}}`,
		b.AccountName, b.SharedSecret, b.IdentitySecret, b.SteamID)
	if err := os.WriteFile(path, []byte(ma), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errors, code := s.bot(b.Password+"\n", "add", "--mafile", path); code != 1 || !strings.Contains(errors, "--replace") {
		t.Errorf("there already: exit %d: %s", code, errors)
	}
	s.done("wrong words\n", "add", "--mafile", path, "--replace")
	at := []string{"login", b.AccountName, "--steam-url", s.ready.SteamURL}
	if _, errors, code := s.bot("", at...); code != 1 || !strings.Contains(errors, "refuses its password") || strings.Contains(errors, "wrong words") {
		t.Errorf("wrong password: exit %d: %s", code, errors)
	}
	out := s.done(b.Password+"\n", "add", "--mafile", path, "--replace")
	if strings.Contains(out, b.Password) || strings.Contains(out, b.SharedSecret) {
		t.Errorf("a secret is printed: %s", out)
	}
	if out := s.done("", at...); !strings.Contains(out, "has logged in") {
		t.Errorf("login: %s", out)
	}
	if _, errors, code := s.bot("", "login", b.AccountName); code != 2 || !strings.Contains(errors, "--steam-url") {
		t.Errorf("no Steam: exit %d: %s", code, errors)
	}
	// With a proxy it goes out by that one, until an empty file says otherwise.
	by, seen := filepath.Join(t.TempDir(), "proxy"), make(chan string, 100)
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.URL.String()
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(p.Close)
	for _, step := range []struct {
		file    string // absent: nothing is said about proxies
		proxied bool
	}{{p.URL, true}, {"-", true}, {"", false}, {"-", false}} {
		args := []string{"add", "--mafile", path, "--replace"}
		if step.file != "-" {
			if err := os.WriteFile(by, []byte(step.file+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, "--proxy-file", by)
		}
		s.done(b.Password+"\n", args...)
		// Directly, Steam may say that the code was used a moment ago.
		if _, errors, _ := s.bot("", at...); (len(seen) > 0) != step.proxied || strings.Contains(errors, "does not answer") != step.proxied {
			t.Errorf("proxy file %q: %d requests by it: %s", step.file, len(seen), errors)
		}
		for len(seen) > 0 {
			<-seen
		}
	}
	// A new one, by answers to questions; a running gateway employs it.
	in := strings.Join([]string{"76561198000099999", "new_bot", b.SharedSecret, b.IdentitySecret, "its password"}, "\n")
	s.done(in, "add")
	within(t, "the new bot cannot log in", func() bool { return s.bots()["new_bot"].text("health") == "cannot log in" })
	if _, errors, code := s.bot("76561198000099998\nx\nnonsense\nnonsense\npass\n", "add"); code != 2 || strings.Contains(errors, "nonsense") {
		t.Errorf("bad secrets: exit %d: %s", code, errors)
	}
}

// A trade of which Steam says what we do not know waits for a person, who ends it.
func TestOperatorDecidesATradeInReview(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, append(args, "--world", world(t, openShop(t, exampleID, exampleSecret).URL))...)
			for _, c := range []struct{ order, verdict, status string }{{"r-1", "undo", "fail"}, {"r-2", "settle", "success"}} {
				d := s.ok(answer{"method": "create", "order_id": c.order, "steam_id": "76561198000000201"})
				s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
				s.steam("trades/"+s.steamTrade(c.order)+"/status", `{"status":8}`)
				s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "195h"})
				var late answer
				s.untilAfter(t, "the doctor shows the review", func() bool {
					s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "16m"})
					a, code := s.diagnosis()
					list, _ := a["overdue_trades"].([]any)
					if len(list) == 1 {
						late = list[0].(map[string]any)
					}
					return code == 1 && late["state"] == "review" && late["problem"] == "trade status 8"
				})
				if got := s.api(answer{"method": "orderstatus", "order_id": c.order}).text("status"); got != "in_hold" {
					t.Errorf("in review the merchant sees %s", got)
				}
				number := fmt.Sprint(late["trade"])
				if _, errors, code := s.bot("", "decide", number, c.verdict, "--by", "ann"); code != 2 || !strings.Contains(errors, "--note") {
					t.Errorf("without a reason: exit %d: %s", code, errors)
				}
				s.done("", "decide", number, c.verdict, "--by", "ann", "--note", "as support says")
				within(t, "the order is "+c.status, func() bool {
					return s.api(answer{"method": "orderstatus", "order_id": c.order}).text("status") == c.status
				})
				if _, errors, code := s.bot("", "decide", number, c.verdict, "--by", "ann", "--note", "again"); code != 1 || !strings.Contains(errors, "only one in review") {
					t.Errorf("again: exit %d: %s", code, errors)
				}
			}
			s.audit()
		})
	}
}

// steamTrade is Steam's number of an order's trade.
func (s *sandbox) steamTrade(order string) string {
	s.t.Helper()
	offer := s.ok(answer{"method": "orderstatus", "order_id": order}).text("trade_offer_id")
	r, err := http.NewRequest(http.MethodGet, s.ready.SteamURL+"/sim/offers/"+offer, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_, o, err := do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprint(o["tradeid"])
}
