package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// browserTools are Chromium and Node with the test's packages. Without them the
// pages are not covered, which is an error in CI.
func browserTools(t *testing.T) (chromium string, found bool) {
	t.Helper()
	missing := ""
	chromium = os.Getenv("SKINRAIL_TEST_CHROMIUM")
	if chromium == "" {
		missing = "SKINRAIL_TEST_CHROMIUM is not set"
	} else if _, err := exec.LookPath("node"); err != nil {
		missing = "node is not installed"
	} else if _, err := os.Stat("../../test/browser/node_modules/playwright-core"); err != nil {
		missing = "npm ci was not run in test/browser"
	}
	if missing == "" {
		return chromium, true
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s: the pages would not be covered", missing)
	}
	t.Logf("%s: the pages are not covered", missing)
	return "", false
}

func TestPeoplePayInABrowser(t *testing.T) {
	t.Parallel()
	chromium, found := browserTools(t)
	if !found {
		return
	}
	for name, args := range map[string][]string{"example": {"--world", "testdata/world.example.json"}, "builtin": nil} {
		t.Run(name, func(t *testing.T) {
			s := start(t, args...)
			payer := s.payer("Casual Carl")
			token := payer["trade_token"]
			page := func(params answer) any {
				params["method"] = "create"
				return s.ok(params)["url"]
			}
			number, err := strconv.ParseUint(payer["steam_id"].(string), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			given, err := json.Marshal(answer{"name": name, "chromium": chromium, "gateway": s.ready.GatewayURL, "steam": s.ready.SteamURL,
				"account": payer["steam_id"], "partner": fmt.Sprint(number - 76561197960265728), "token": token,
				"open":      page(answer{"order_id": "b-1", "success_url": "https://shop.example/thanks"}),
				"prefilled": page(answer{"order_id": "b-2", "steam_id": payer["steam_id"], "trade_token": token}),
				"framed":    page(answer{"order_id": "b-3"})})
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("node", "pay.mjs")
			cmd.Dir = "../../test/browser"
			cmd.Env = append(os.Environ(), "SKINRAIL_BROWSER="+string(given))
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Fatalf("%v\n%s", err, s.err.String())
			}
		})
	}
}

// payer finds a payer of the world by his persona.
func (s *sandbox) payer(persona string) answer {
	s.t.Helper()
	accounts, _ := s.control(http.StatusOK, http.MethodGet, "/world", nil)["accounts"].([]any)
	for _, a := range accounts {
		if m, ok := a.(map[string]any); ok && m["persona"] == persona {
			return m
		}
	}
	s.t.Fatalf("no payer %q in the world", persona)
	return nil
}
