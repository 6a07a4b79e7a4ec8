package sandbox

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/money"
)

func TestExampleWorldIsReadWhole(t *testing.T) {
	t.Parallel()
	f := example(t)
	if f.Number != 7 || len(f.Projects) != 1 || len(f.Prices) != 4 || len(f.Accounts) != 7 || len(f.Currencies) != 10 {
		t.Errorf("read %d projects, %d prices, %d accounts, %d currencies, seed %d", len(f.Projects), len(f.Prices),
			len(f.Accounts), len(f.Currencies), f.Number)
	}
	again, err := Parse(f.Bytes())
	if err != nil || !bytes.Equal(again.Bytes(), f.Bytes()) {
		t.Errorf("its own print is another world: %v", err)
	}
}

func example(t *testing.T) File {
	t.Helper()
	data, err := os.ReadFile("testdata/world.example.json")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWorldFileErrorsSayWhere(t *testing.T) {
	t.Parallel()
	const project = `{"projects":[{"client_id":"1",%s}]}`
	const account = `{"accounts":[{"role":"payer","steam_id":"76561198000000201",%s}]}`
	for _, c := range []struct{ world, want string }{
		{`{"sed":1}`, "sed"},
		{`{"seed":1,"seed":2}`, "seed stands twice"},
		{`{"projects":[{"client_id":"1","name":"a","name":"b"}]}`, "projects[0].name stands twice"},
		{`{"seed":1} {}`, "after the end"},
		{`{"seed":`, "EOF"},
		{`[]`, "cannot unmarshal"},
		{`{"start":"yesterday"}`, "start"},
		{`{"classes":[{"game":"cs3","name":"a"}]}`, "classes[0].game"},
		{`{"classes":[{"game":"cs2"}]}`, "classes[0].name"},
		{`{"classes":[{"game":"cs2","name":"a"},{"game":"csgo","name":"a","type":"b"}]}`, "classes[1].name"},
		{`{"classes":[{"game":"cs2","name":"a","icon":"../a"}]}`, "classes[0].icon"},
		{`{"classes":[{"game":"cs2","name":"a","name_color":"red"}]}`, "classes[0].name_color"},
		{strings.Replace(account, "%s", `"items":[{"game":"cs2","name":"a","wear":"1.5"}]`, 1), "wear"},
		{strings.Replace(account, "%s", `"items":[{"game":"cs2","name":"a","wear":0.5}]`, 1), "wear"},
		{strings.Replace(account, "%s", `"items":[{"game":"cs2","name":"a","pattern":-1}]`, 1), "pattern"},
		{`{"currencies":{"usd":"1","rub":"eighty"}}`, "currencies.rub"},
		{`{"currencies":{"rub":"80"}}`, "currencies.usd"},
		{`{"currencies":{"usd":"1","RUB":"80"}}`, "currencies.RUB"},
		{`{"buy_in":{"cs3":"1"}}`, "buy_in.cs3"},
		{`{"sell_out":{"cs2":"-1"}}`, "sell_out.cs2"},
		{`{"min_deposit":{"cs2":"x"}}`, "min_deposit.cs2"},
		{`{"projects":[{"client_id":"shop"}]}`, "projects[0].client_id"},
		{strings.Replace(project, "%s", `"balance":"1e3"`, 1), "balance"},
		{strings.Replace(project, "%s", `"multiplier":"-1"`, 1), "multiplier"},
		{strings.Replace(project, "%s", `"result_url":"ftp://a/b"`, 1), "result_url"},
		{strings.Replace(project, "%s", `"allowed_ips":["home"]`, 1), "allowed_ips"},
		{strings.Replace(project, "%s", `"webhook_encoding":"xml"`, 1), "webhook_encoding"},
		{strings.Replace(project, "%s", `"rate_limit_per_minute":-1`, 1), "rate_limit_per_minute"},
		{`{"prices":[{"game":"cs2","name":"","price":"1"}]}`, "prices[0].name"},
		{`{"prices":[{"game":"cs2","name":"a","price":"0"}]}`, "prices[0].price"},
		{`{"prices":[{"game":"cs2","name":"a","price":"1.0005"}]}`, "prices[0].price"},
		{`{"accounts":[{"role":"king","steam_id":"76561198000000201"}]}`, "accounts[0].role"},
		{`{"accounts":[{"role":"payer","steam_id":"42"}]}`, "accounts[0].steam_id"},
		{strings.Replace(account, "%s", `"trade_token":"short"`, 1), "trade_token"},
		{strings.Replace(account, "%s", `"behaviour":"nice"`, 1), "behaviour"},
		{strings.Replace(account, "%s", `"reverse_after":"3 days"`, 1), "reverse_after"},
		{strings.Replace(account, "%s", `"shared_secret":"abc"`, 1), "shared_secret"},
		{strings.Replace(account, "%s", `"items":[{"game":"chess","name":"a"}]`, 1), "items[0].game"},
		{`{"steam":{"protected_games":{"cs2":"-1h"}}}`, "protected_games.cs2"},
		{`{"steam":{"accept_delay":"soon"}}`, "accept_delay"},
		{`{"steam":{"trade_steps":"-1s"}}`, "trade_steps"},
		{`{"steam":{"hide_traded":240}}`, "hide_traded"},
		{strings.Replace(account, "%s", `"friends":["42"]`, 1), "42"},
		{strings.Replace(account, "%s", `"vac_bans":-1`, 1), "vac_bans"},
		{strings.Replace(account, "%s", `"items":[{"game":"cs2","name":"a","locked_for":"a week"}]`, 1), "locked_for"},
	} {
		if _, err := Parse([]byte(c.world)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error that names %q", c.world, err, c.want)
		}
	}
}

func TestBuiltInWorldHasEverythingAndIsTheSameForASeed(t *testing.T) {
	t.Parallel()
	f := Builtin(3)
	if err := f.check(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(f.Bytes(), Builtin(3).Bytes()) || bytes.Equal(f.Bytes(), Builtin(4).Bytes()) {
		t.Error("worlds are not a function of the seed")
	}
	bots, payers, items := 0, map[string]int{}, 0
	for _, a := range f.Accounts {
		if a.Role != "bot" {
			payers[a.Behaviour]++
			continue
		}
		bots++
		for _, it := range a.Items {
			items += it.Count
		}
	}
	games := map[string]int{}
	for _, p := range f.Prices {
		games[p.Game]++
		if a, err := money.ParseAmount(p.Price); err != nil || a < 10 {
			t.Errorf("price of %s: %s", p.Name, p.Price)
		}
	}
	total := 0
	for _, n := range payers {
		total += n
	}
	if len(f.Projects) < 2 || bots < 3 || total < 12 || len(payers) != 5 || len(f.Prices) < 300 || len(games) != 4 || items < 1500 {
		t.Errorf("%d projects, %d bots with %d items, payers %v, %d names in %v", len(f.Projects), bots, items, payers, len(f.Prices), games)
	}
}

func TestEveryItemOfTheBuiltInWorldHasAPrice(t *testing.T) {
	t.Parallel()
	f := Builtin(0)
	priced := map[string]bool{}
	for _, p := range f.Prices {
		if priced[p.Game+p.Name] {
			t.Errorf("%s has two prices", p.Name)
		}
		priced[p.Game+p.Name] = true
	}
	for _, a := range f.Accounts {
		for _, it := range a.Items {
			if !priced[it.Game+it.Name] {
				t.Errorf("%s of %s has no price", it.Name, a.Persona)
			}
		}
	}
}

func TestWhatAWorldFileLeavesOutIsFilled(t *testing.T) {
	t.Parallel()
	empty, err := Parse([]byte(`{}`))
	if err != nil || len(empty.Projects) != 2 || len(empty.Accounts) != 15 || len(empty.Prices) < 300 {
		t.Errorf("an empty file is not the built-in world: %v", err)
	}
	f, err := Parse([]byte(`{"projects":[{}],"prices":[],"accounts":[{"role":"bot","items":[]},{"items":[{"game":"rust","name":"a"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	bot, payer := f.Accounts[0], f.Accounts[1]
	if f.Projects[0].ClientID == "" || bot.SharedSecret == "" || bot.Password == "" || payer.Role != "payer" || payer.SteamID == "" ||
		payer.Items[0].Count != 1 || len(f.Prices) != 0 {
		t.Errorf("filled: %+v", f)
	}
}
