package sim

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/steam"
)

const seededWorld = `{"seed":7,"settings":{"protected":{"730":"168h"}},
	"classes":[{"app":730,"name":"P250 | Sand Dune (Field-Tested)","type":"Seeded Pistol","name_color":"aabbcc","icon":"seeded_icon",
		"marketable":false,"tags":[{"category":"Seed","internal_name":"seed","localized_category_name":"Seed","localized_tag_name":"Yes"}]}],
	"accounts":[{"steam_id":"76561198000000101","account_name":"example_bot","password":"example bot password",
		"shared_secret":"aIdWNSL0Uu0AhZiXbJ7kNYmq0cs=","identity_secret":"iYYWqyDW0rccStpM0VUyLznxe5U=","trade_token":"Eb0t_tok",
		"items":[{"app":730,"name":"P250 | Sand Dune (Field-Tested)","count":2,"pattern":661,"wear":"0.15000001"},
			{"app":730,"name":"P250 | Sand Dune (Field-Tested)","count":1}]},
	{"steam_id":"76561198000000202","trade_token":"Aut0-acc","behaviour":"accept","items":[]}]}`

func TestSeededClassesAndPropertiesStayWithTheirItems(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) {
		*w = World{}
		if err := json.Unmarshal([]byte(seededWorld), w); err != nil {
			t.Fatal(err)
		}
	})
	bot := w.login(botID)
	marked := func(owner steam.ID64, context string) (n int) {
		a := bot.page("/inventory/"+owner.String()+"/730/"+context, nil)
		return strings.Count(string(a.body), `{"propertyid":1,"int_value":"661","name":"Pattern Template"},{"propertyid":2,"float_value":"0.15000001","name":"Wear Rating"}`)
	}
	page := string(bot.page("/inventory/"+botID.String()+"/730/2", nil).body)
	for _, want := range []string{`"type":"Seeded Pistol"`, `"name_color":"aabbcc"`, `"icon_url":"seeded_icon"`, `"marketable":0`, `"tags":[{"category":"Seed"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in %s", want, page)
		}
	}
	mine := bot.inventory(botID, steam.CS2, "2") // newest first: the last two are marked
	offer := bot.mustSend(yesID, "Aut0-acc", mine[2:], nil)
	bot.confirm(offer)
	w.advance(0)
	w.kill()
	if marked(botID, "2") != 1 {
		t.Errorf("%d marked items are left", marked(botID, "2"))
	}
	w.advance(169 * 3600 * 1e9)
	bot.renew()
	if err := w.sim.Close(); err != nil {
		t.Fatal(err)
	}
	w.http.Close()
	w.open()
	if marked(yesID, "2") != 1 {
		t.Errorf("%d marked items have arrived", marked(yesID, "2"))
	}
	again, err := Open(Options{Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Seed(w.sim.World()); err != nil || mustJSON(t, again.World()) != mustJSON(t, w.sim.World()) {
		t.Errorf("a world seeded from this one differs: %v", err)
	}
	made := w.control("/sim/accounts/"+botID.String()+"/items", `{"app":730,"name":"P250 | Sand Dune (Field-Tested)","count":1,"pattern":661,"wear":"0.15000001"}`)
	if made.status != 200 || marked(botID, "2") != 2 {
		t.Errorf("given later: %s", made.body)
	}
	for _, bad := range []string{`"wear":"2"`, `"wear":"-0.1"`, `"pattern":-1`, `"wear":"0,5"`} {
		if a := w.control("/sim/accounts/"+botID.String()+"/items", `{"app":730,"name":"x","count":1,`+bad+`}`); a.status != 400 {
			t.Errorf("%s: %d", bad, a.status)
		}
	}
}

func TestImpossibleClassesAreRefused(t *testing.T) {
	t.Parallel()
	for name, list := range map[string][]Class{
		"no name": {{App: 730}}, "no game": {{Name: "a"}}, "twice": {{App: 730, Name: "a"}, {App: 730, Name: "a", Type: "b"}},
		"color": {{App: 730, Name: "a", NameColor: "red"}}, "icon": {{App: 730, Name: "a", Icon: "../x"}},
	} {
		if err := (World{Classes: list}).Check(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if err := (World{Classes: []Class{{App: 730, Name: "a"}, {App: 730, Name: "a", Phase: "b"}}}).Check(); err != nil {
		t.Error(err)
	}
}
