package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// botAccounts are users whose bots run on the packages: they answer nothing by
// themselves.
func botAccounts() map[string]answer {
	const dune, redline, knife = "P250 | Sand Dune (Field-Tested)", "AK-47 | Redline (Field-Tested)", "★ Karambit | Doppler (Factory New)"
	cs2 := func(name string, count int) answer { return answer{"game": "cs2", "name": name, "count": count} }
	user := func(id int, name, secret string, items ...answer) answer {
		a := answer{"role": "payer", "steam_id": fmt.Sprint(76561198000000400 + id), "persona": name, "trade_token": fmt.Sprintf("N0de-b%02d", id),
			"account_name": "node_" + strings.ToLower(name), "password": "example password of " + name, "behaviour": "manual", "items": items}
		if secret != "" {
			a["shared_secret"], a["identity_secret"] = secret, strings.ToLower(secret[:20])+secret[20:]
		}
		return a
	}
	accounts := map[string]answer{
		"alice": user(1, "Alice", "aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=", cs2(dune, 100), cs2(redline, 3), cs2(knife, 1)),
		"bob": user(2, "Bob", "Pu8sE19DmDhxcrY4dCYrdzSWMC4=", cs2(redline, 10),
			answer{"game": "rust", "name": "Tempered AK47", "count": 2}),
		"mia":  user(3, "Mia", "", cs2(dune, 1500)),
		"held": user(4, "Held", "", cs2(dune, 1)),
		"shut": user(5, "Shut", "", cs2(dune, 1)),
	}
	accounts["held"]["escrow_days"], accounts["shut"]["inventory_private"] = 15, true
	return accounts
}

// botWorld is a world file with the users.
func botWorld(t *testing.T, users map[string]answer) string {
	t.Helper()
	data, err := os.ReadFile("testdata/world.example.json")
	if err != nil {
		t.Fatal(err)
	}
	var world answer
	if err := json.Unmarshal(data, &world); err != nil {
		t.Fatal(err)
	}
	list := world["accounts"].([]any)
	for _, a := range users {
		list = append(list, a)
	}
	world["accounts"] = list
	world["steam"].(map[string]any)["require_acknowledge"] = true
	file := filepath.Join(t.TempDir(), "world.json")
	if data, err = json.Marshal(world); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestUnmodifiedBotPackagesTradeAgainstTheSimulator(t *testing.T) {
	t.Parallel()
	if !covered(t, "bot software", withoutNode("steam", "steam-tradeoffer-manager")) {
		return
	}
	accounts := botAccounts()
	s := start(t, "--world", botWorld(t, accounts))
	given, err := json.Marshal(answer{"steam": s.ready.SteamURL, "gateway": s.ready.GatewayURL, "accounts": accounts})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "--no-warnings", "bots.mjs")
	cmd.Dir = "../../test/steam"
	cmd.Env = append(os.Environ(), "SKINRAIL_BOTS="+string(given))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Log(strings.TrimSpace(string(out)))
}
