package main_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// metrics scrapes the admin listener: value by name with labels.
func (s *sandbox) metrics() map[string]float64 {
	s.t.Helper()
	a, err := http.Get(s.ready.AdminURL + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK {
		s.t.Fatalf("scrape: %d, %v\n%s", a.StatusCode, err, text)
	}
	all := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "} ")
		if name += "}"; !ok {
			name, value, _ = strings.Cut(strings.TrimSpace(line), " ")
		}
		if n, err := strconv.ParseFloat(value, 64); err == nil && !strings.HasPrefix(line, "#") {
			all[name] = n
		}
	}
	return all
}

func (s *sandbox) shows(m map[string]float64, name string, want float64) {
	s.t.Helper()
	if got, ok := m[name]; !ok || got != want {
		s.t.Errorf("%s is %v (%t), want %v", name, got, ok, want)
	}
}

func TestMetricsTellWhatTheGatewayDoes(t *testing.T) {
	t.Parallel()
	for name, args := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t, exampleID, exampleSecret)
			s := start(t, append(args, "--world", world(t, shop.URL))...)
			d := s.ok(answer{"method": "create", "order_id": "m-1", "steam_id": "76561198000000201"})
			s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
			s.api(answer{"method": "create", "order_id": "m-1"})
			s.api(answer{"method": "nonsense"})
			m := s.metrics()
			s.shows(m, `skinrail_trades{state="accepted"}`, 1)
			s.shows(m, `skinrail_trades{state="unknown"}`, 0)
			s.shows(m, `skinrail_trades_overdue{state="accepted"}`, 0)
			s.shows(m, `skinrail_api_calls_total{code="0",method="create"}`, 1)
			s.shows(m, `skinrail_api_calls_total{code="5",method="create"}`, 1)
			s.shows(m, `skinrail_api_calls_total{code="-5",method="none"}`, 1)
			s.shows(m, `skinrail_deliveries_failing`, 0)
			s.shows(m, `skinrail_figures_failed_total`, 0)
			b := s.worldBot()
			bot := `bot="` + b.SteamID + `"`
			s.shows(m, `skinrail_bot_health{account="`+b.AccountName+`",`+bot+`,health="ready"}`, 1)
			s.shows(m, `skinrail_bot_health{account="`+b.AccountName+`",`+bot+`,health="session expired"}`, 0)
			s.shows(m, `skinrail_bot_free_slots{account="`+b.AccountName+`",`+bot+`}`, 25)
			if m["skinrail_db_commit_seconds_count"] == 0 || m["skinrail_db_writes_total"] < m["skinrail_db_commit_seconds_count"] ||
				m["process_open_fds"] == 0 || m[`skinrail_http_request_seconds_count{part="api"}`] < 3 {
				t.Errorf("no figures of commits, requests or the process: %v", m)
			}
		})
	}
}

// Every figure stands in docs/metrics.md, and every name there is a figure.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, name := range regexp.MustCompile(`skinrail_[a-z_]+`).FindAllString(string(text), -1) {
		told[strings.TrimSuffix(name, "_bucket")] = true
	}
	s := start(t, "--replica", t.TempDir())
	s.api(answer{"method": "balance"})
	got := map[string]bool{}
	for name := range s.metrics() {
		name, _, _ = strings.Cut(name, "{")
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, end)
		}
		if strings.HasPrefix(name, "skinrail_") {
			got[name] = true
		}
	}
	got["skinrail_step_failures_total"] = true // none may have failed
	got["skinrail_drifts"], got["skinrail_bot_items"] = true, true
	for name := range got {
		if !told[name] {
			t.Errorf("%s is not documented", name)
		}
	}
	for name := range told {
		if !got[name] {
			t.Errorf("%s is documented and not there", name)
		}
	}
}

// Each reason why a bot cannot work shows within a minute of its cause, in the
// list and in the figures, and goes when work succeeds.
func TestReasonsShowInListAndMetricsWithinAMinute(t *testing.T) {
	t.Parallel()
	s := start(t, "--world", world(t, openShop(t, exampleID, exampleSecret).URL, `"count": 40`, `"count": 60`))
	b := s.worldBot()
	labels := `{account="` + b.AccountName + `",bot="` + b.SteamID + `"`
	shows := func(health, begins string) {
		t.Helper()
		s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "1m"})
		within(t, health, func() bool { return strings.HasPrefix(s.bots()[b.AccountName].text("reason"), begins) })
		m := s.metrics()
		s.shows(m, `skinrail_bot_health`+labels+`,health="`+health+`"}`, 1)
		if health != "ready" && health != "inventory full" {
			s.shows(m, `skinrail_bot_ready`+labels+`}`, 0)
			if s.bots()[b.AccountName].text("advice") == "" {
				t.Errorf("%s: no advice", health)
			}
		}
	}
	for _, c := range []struct {
		fault          answer
		health, begins string
	}{
		{answer{"kind": "session"}, "session expired", "session expired"},
		{answer{"kind": "status", "value": 429}, "rate limited by Steam", "rate limited by Steam until 20"},
		{answer{"kind": "status", "value": 503}, "Steam does not answer", "Steam does not answer"},
	} {
		c.fault["endpoint"], c.fault["account"], c.fault["count"] = "offers", b.SteamID, -1
		s.control(http.StatusOK, http.MethodPost, "/faults", c.fault)
		shows(c.health, c.begins)
		s.control(http.StatusOK, http.MethodDelete, "/faults", nil)
		shows("ready", "ready")
	}
	s.steam("accounts/"+b.SteamID+"/items", `{"app":730,"name":"P250 | Sand Dune (Field-Tested)","count":940}`) // by hand
	shows("inventory full", "inventory full (app 730: 10")
	s.steam("accounts/"+b.SteamID, `{"new_device":true}`)
	s.ok(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "custom_id": "c-1", "name": "P250 | Sand Dune (Field-Tested)"})
	s.waitPurchase("c-1", "trade_create_error")
	shows("trade cooldown", "trade cooldown until 20")
}

// What needs a Steam of its own: its clock is off, and what it asks the account
// to acknowledge fails.
func TestReasonsOfANodeShowWithinAMinute(t *testing.T) {
	t.Parallel()
	steam, _ := openSteam(t, 3)
	var ahead, broken atomic.Bool
	ahead.Store(true)
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() && strings.HasSuffix(r.URL.Path, "/trade/new/acknowledge") {
			http.Error(w, "<html>maintenance</html>", http.StatusServiceUnavailable)
			return
		}
		made := httptest.NewRecorder()
		steam.Config.Handler.ServeHTTP(made, r)
		maps.Copy(w.Header(), made.Header())
		if ahead.Load() {
			w.Header().Set("Date", time.Now().Add(6*time.Minute+30*time.Second).UTC().Format(http.TimeFormat))
		}
		w.WriteHeader(made.Code)
		_, _ = w.Write(made.Body.Bytes())
	}))
	t.Cleanup(odd.Close)
	s := serveOn(t, odd.URL)
	b := steamBots[0]
	in := strings.Join([]string{b.SteamID, b.AccountName, b.SharedSecret, b.IdentitySecret, b.Password}, "\n")
	shows := func(health, begins string) {
		t.Helper()
		within(t, health, func() bool { return strings.HasPrefix(s.bots()[b.AccountName].text("reason"), begins) })
		labels := `{account="` + b.AccountName + `",bot="` + b.SteamID + `"`
		m := s.metrics()
		s.shows(m, `skinrail_bot_health`+labels+`,health="`+health+`"}`, 1)
		s.shows(m, `skinrail_bot_ready`+labels+`}`, 0)
		if s.bots()[b.AccountName].text("advice") == "" {
			t.Errorf("%s: no advice", health)
		}
	}
	s.serve()
	s.done(in, "add")
	shows("clock off", "clock off by 6m")
	s.kill()
	ahead.Store(false)
	broken.Store(true)
	s.plant("update bot set acknowledged = false")
	s.serve()
	shows("needs acknowledgement", "needs acknowledgement")
	broken.Store(false)
	within(t, "it works again", func() bool { return s.bots()[b.AccountName].text("reason") == "ready" })
}

// steam posts to the simulated Steam's control.
func (s *sandbox) steam(path, body string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.ready.SteamURL+"/sim/"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if code, got, err := do(r); err != nil || code != http.StatusOK {
		s.t.Fatalf("%s: %d, %v, %v", path, code, got, err)
	}
}
