package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// Every state of a payment link, as a payer sees it on a phone.
func TestEveryStateOfAPaymentIsReadableOnAPhone(t *testing.T) {
	t.Parallel()
	chromium, found := browserTools(t)
	if !found {
		return
	}
	s := start(t)
	project := s.ready.Projects[0]
	given, err := json.Marshal(answer{"name": "states", "chromium": chromium, "gateway": s.ready.GatewayURL, "steam": s.ready.SteamURL,
		"client_id": project.ClientID, "client_secret": project.ClientSecret, "binary": binary, "data": s.data})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "states.mjs")
	cmd.Dir = "../../test/browser"
	cmd.Env = append(os.Environ(), "SKINRAIL_BROWSER="+string(given))
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.err.String())
	}
	s.audit()
}
