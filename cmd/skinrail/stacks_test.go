package main_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// stackTools are Node and PHP with what the clients are made of. Without them
// the clients are not covered, which is an error in CI.
func stackTools(t testing.TB) (found bool) {
	t.Helper()
	missing := withoutNode("stacks", "axios")
	if err := exec.Command("php", "-r", `require "/usr/share/php/GuzzleHttp/autoload.php"; curl_init();`).Run(); err != nil {
		missing = cmp.Or(missing, "php with curl and Guzzle is not installed")
	}
	return covered(t, "the merchants' stacks", missing)
}

var stackCommands = map[string][]string{"node": {"node", "node.mjs"}, "php": {"php", "-d", "precision=14", "-d", "serialize_precision=-1", "stacks.php"}}

// stack runs one of the two scripts with what it needs.
func stack(t *testing.T, language, mode string, given answer, input io.Reader) {
	t.Helper()
	raw, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	args := append(stackCommands[language][1:], mode)
	cmd := exec.Command(stackCommands[language][0], args...) // #nosec G204 -- from the table above
	cmd.Dir, cmd.Stdin = "../../test/stacks", input
	cmd.Env = append(os.Environ(), "SKINRAIL_STACKS="+string(raw))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", language, mode, err, out)
		return
	}
	t.Logf("%s: %s", language, strings.TrimSpace(string(out)))
}

// stackCalls are calls whose spelling differs between clients: numbers,
// booleans, arrays, and text that is not ASCII. STACK makes ids unique.
func stackCalls(item any) []answer {
	const dune = "P250 | Sand Dune (Field-Tested)"
	return []answer{
		{"params": answer{"method": "balance"}, "has": []string{"balance", "balance_in_currencies"}},
		{"params": answer{"method": "status"}, "has": []string{"available"}},
		{"params": answer{"method": "create", "order_id": "STACK", "steam_id": "76561198000000201", "trade_token": "Eus3r-tk",
			"min_amount": 12.5, "max_amount": 250, "currency": "USD"}, "has": []string{"url", "transaction_id"}},
		{"params": answer{"method": "create", "order_id": "STACK"}, "error": "order_id_already_exists"},
		{"params": answer{"method": "create", "order_id": "STACK-★ ü", "custom_multiplier": 1.25}, "has": []string{"url"}},
		{"params": answer{"method": "orderstatus", "order_id": "STACK-★ ü"}, "has": []string{"transaction_id"}},
		{"params": answer{"method": "offer_approve", "order_id": "STACK"}, "error": "offer_already_approved_or_canceled"},
		{"params": answer{"method": "orders", "starting": 0, "ending": 4102444800, "start_from": 0}, "has": []string{"items", "total_count"}},
		{"params": answer{"method": "market_pricelist", "game": "csgo", "full": true, "extended": 1}, "has": []string{"items", "last_update"}},
		{"params": answer{"method": "market_search", "game": "cs2", "name": "sand dune"}, "has": []string{"items"}},
		{"params": answer{"method": "market_search", "names": []string{dune, "★ Karambit | Doppler (Factory New)"}}, "has": []string{"items"}},
		{"params": answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "name": dune, "max_price": 0.5,
			"custom_id": "STACK"}, "has": []string{"buy_id", "item"}},
		{"params": answer{"method": "market_buy", "partner": 39734474, "token": "Aut0-acc", "name": dune, "custom_id": "STACK"},
			"error": "custom_id_already_exists"},
		{"params": answer{"method": "market_batch_buy", "partner": 39734474, "token": "Aut0-acc",
			"items": []answer{{"id": item, "max_price": 0.001, "custom_id": "STACK-1"}, {"id": 999999999}}}, "has": []string{"purchased", "unavailable"}},
		{"params": answer{"method": "market_getinfo", "custom_ids": []string{"STACK", "nobody"}}, "has": []string{"items"}},
		{"params": answer{"method": "market_history", "starting": 0, "ending": "4102444800"}, "has": []string{"items"}},
		{"params": answer{"method": "money_history", "starting": 0, "ending": 4102444800}, "has": []string{"items"}},
		{"params": answer{"method": "callback_error_list"}, "has": []string{"items"}},
	}
}

func TestClientsOfEveryStackAreUnderstood(t *testing.T) {
	t.Parallel()
	if !stackTools(t) {
		return
	}
	s := start(t)
	found := s.ok(answer{"method": "market_search", "name": "sand dune"})["items"].([]any)
	seed := rand.Uint32()
	t.Logf("seed %d", seed)
	for language := range stackCommands {
		// Each a project of its own: so many wrong signatures in a minute are too many.
		made := s.control(http.StatusOK, http.MethodPost, "/projects", answer{"name": "Stacks", "balance": "1000", "rate_limit_per_minute": 1000000})
		given := answer{"gateway": watched(t, s.ready.GatewayURL), "id": made["client_id"], "secret": made["client_secret"], "seed": seed, "count": 200,
			"calls": stackCalls(found[0].(map[string]any)["id"])}
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			stack(t, language, "calls", given, nil)
			stack(t, language, "vectors", given, nil)
		})
	}
}

// watched is the gateway behind a proxy that compares what clients in other
// languages send and get with the reference.
func watched(t *testing.T, gateway string) string {
	t.Helper()
	to, err := url.Parse(gateway)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = http.DefaultTransport // compares, see TestMain
	srv := httptest.NewServer(proxy)
	t.Cleanup(srv.Close)
	return srv.URL
}

// kept is a receiver that keeps what it gets as it came.
type kept struct {
	*httptest.Server
	mu    sync.Mutex
	lines bytes.Buffer
	forms int
	count int
}

func keep(t *testing.T) *kept {
	t.Helper()
	k := &kept{}
	k.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := map[string]string{}
		for name := range r.Header {
			h[name] = r.Header.Get(name)
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		_ = json.NewEncoder(&k.lines).Encode(map[string]any{"headers": h, "body": string(body)})
		k.count++
		if strings.Contains(h["Content-Type"], "urlencoded") {
			k.forms++
		}
	}))
	t.Cleanup(k.Close)
	return k
}

func (k *kept) counts() (all, forms int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.count, k.forms
}

func TestNotificationsVerifyInEveryLanguage(t *testing.T) {
	t.Parallel()
	if !stackTools(t) {
		return
	}
	for _, encoding := range []string{"json", "form"} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			s, k := start(t), keep(t)
			made := s.control(http.StatusOK, http.MethodPost, "/projects", answer{"name": "Kept", "balance": "100", "no_wait": true,
				"webhook_encoding": encoding, "multiplier": "1.1", "result_url": k.URL + "/result", "events_url": k.URL + "/events"})
			call := func(params answer) answer {
				t.Helper()
				return s.asProject(made.text("client_id"), made.text("client_secret"), params)
			}
			for i, outcome := range []string{"in_hold", "fail", "reversed"} {
				d := call(answer{"method": "create", "order_id": "★ " + string(rune('a'+i))})
				s.control(http.StatusOK, http.MethodPost, "/deposits/"+fmt.Sprint(d["transaction_id"])+"/"+outcome, nil)
				if outcome == "in_hold" { // the reversal of the last one undoes this one too
					call(answer{"method": "offer_approve", "transaction_id": d["transaction_id"]})
				}
			}
			call(answer{"method": "market_buy", "partner": "39734474", "token": "Aut0-acc", "name": "P250 | Sand Dune (Field-Tested)"})
			eventually(t, "all is notified", func() bool { n, _ := k.counts(); return n >= 12 })
			all, forms := k.counts()
			if (forms > 0) != (encoding == "form") {
				t.Errorf("%d of %d are forms", forms, all)
			}
			given := answer{"id": made["client_id"], "secret": made["client_secret"], "webhook_secret": made["webhook_secret"], "gateway": s.ready.GatewayURL}
			k.mu.Lock()
			lines := k.lines.String()
			k.mu.Unlock()
			for language := range stackCommands {
				stack(t, language, "verify", given, strings.NewReader(lines))
			}
		})
	}
}
