package sim

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// whole is everything the simulation remembers, as text.
func (w *world) whole() string {
	w.t.Helper()
	w.sim.mu.Lock()
	defer w.sim.mu.Unlock()
	raw, err := json.Marshal(w.sim.state.save(w.sim.journal.number))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(raw)
}

// busy does a bit of everything that is remembered.
func busy(w *world) (bot *user, offer string) {
	w.t.Helper()
	bot = w.login(botID)
	mine := bot.inventory(botID, steam.CS2, "2")
	offer = bot.mustSend(payerID, "Eus3r-tk", mine[:1], nil)
	bot.confirm(offer)
	bot.mustSend(payerID, "Eus3r-tk", mine[1:2], nil)
	bot.mustSend(yesID, "Aut0-acc", nil, bot.inventory(yesID, steam.CS2, "2")[:3])
	bot.mustSend(revID, "Rev3rses", nil, bot.inventory(revID, steam.CS2, "2")[:2])
	w.advance(0)
	bot.post("/trade/new/acknowledge", url.Values{})
	bot.do(bot.request("POST", "/jwt/finalizelogin", url.Values{"nonce": {bot.refresh}}))
	w.control("/sim/offers/"+offer+"/counter", "")
	w.control("/sim/accounts/"+yesID.String(), `{"escrow_days":3,"reverse_after":"2h"}`)
	bot.mustSend(yesID, "Aut0-acc", nil, bot.inventory(yesID, steam.CS2, "2")[:1])
	w.advance(73 * time.Hour)
	bot.renew()
	w.begin("example_bot", "example bot password")
	return bot, offer
}

func TestWorldSurvivesAKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot, offer := busy(w)
	before, world := w.whole(), mustJSON(t, w.sim.World())
	answers := func() string {
		text := string(bot.api("IEconService/GetTradeOffers", url.Values{"get_sent_offers": {"1"}, "get_received_offers": {"1"}}).body) +
			string(bot.api("IEconService/GetTradeHistory", nil).body) +
			string(bot.page("/inventory/"+botID.String()+"/730/2", nil).body) + string(bot.mobile("conf", "/mobileconf/getlist", url.Values{}).body)
		return strings.ReplaceAll(text, w.http.URL, "") // its port changes
	}
	said := answers()
	due, _ := w.sim.NextDue()
	w.kill()
	if w.whole() != before {
		t.Error("the state differs after a kill")
	}
	if mustJSON(t, w.sim.World()) != world {
		t.Error("the world differs after a kill")
	}
	if again, _ := w.sim.NextDue(); !again.Equal(due) {
		t.Errorf("next due was %v and is %v", due, again)
	}
	bot.wantState(offer, steam.OfferCountered)
	if err := w.sim.Close(); err != nil {
		t.Fatal(err)
	}
	w.http.Close()
	w.open()
	if w.whole() != before {
		t.Error("the state differs after a clean end")
	}
	if w.sim.journal.size != 0 {
		t.Errorf("journal holds %d bytes after a clean end", w.sim.journal.size)
	}
	if again, _ := w.sim.NextDue(); !again.Equal(due) {
		t.Errorf("next due was %v and is %v", due, again)
	}
	if answers() != said {
		t.Error("answers differ after restarts")
	}
	w.advance(10 * 24 * time.Hour)
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestSameSeedAndRequestsGiveTheSameWorld(t *testing.T) {
	t.Parallel()
	var seen [2]string
	for i := range seen {
		w := newWorld(t)
		busy(w)
		seen[i] = w.whole()
	}
	if seen[0] != seen[1] {
		t.Error("two runs differ")
	}
}

func TestTornLastLineIsDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	kept := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	before := w.whole()
	bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[1:2])
	name := filepath.Join(w.dir, journalFile)
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	w.http.Close()
	if err := os.Truncate(name, info.Size()-5); err != nil {
		t.Fatal(err)
	}
	w.open()
	if w.whole() != before {
		t.Error("the state is not that before the torn line")
	}
	bot.wantState(kept, steam.OfferActive)
	bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[1:2])
	want := w.whole()
	w.kill()
	if w.whole() != want {
		t.Error("lines after a torn one are lost")
	}
}

func TestLinesThatTheSnapshotHoldsAreNotAppliedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	busy(w)
	want := w.whole()
	name := filepath.Join(w.dir, journalFile)
	lines, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.sim.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	w.http.Close()
	w.open()
	if w.whole() != want {
		t.Error("the state differs")
	}
}

func TestJournalKnowsEveryCommand(t *testing.T) {
	t.Parallel()
	for name, fresh := range commands {
		if got := kindOf(fresh()); got != name {
			t.Errorf("command %T is filed as %q, not %q", fresh(), got, name)
		}
	}
}

func TestImpossibleWorldsAreRefused(t *testing.T) {
	t.Parallel()
	s, err := Open(Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]World{
		"account twice": {Accounts: []Account{{SteamID: botID}, {SteamID: botID}}},
		"name twice":    {Accounts: []Account{{SteamID: botID, AccountName: "a"}, {SteamID: yesID, AccountName: "A"}}},
		"behaviour":     {Accounts: []Account{{SteamID: botID, Behaviour: "dance"}}},
		"token":         {Accounts: []Account{{SteamID: botID, TradeToken: "short"}}},
		"secret":        {Accounts: []Account{{SteamID: botID, IdentitySecret: "x"}}},
		"steam id":      {Accounts: []Account{{SteamID: 5}}},
	} {
		if err := s.Seed(w); err == nil || !s.Empty() {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Seed(exampleWorld()); err != nil || s.Empty() {
		t.Fatalf("seed: %v", err)
	}
	if err := s.Seed(exampleWorld()); err != ErrSeeded {
		t.Errorf("second seed: %v", err)
	}
	again, _ := Open(Options{Now: time.Now})
	if err := again.Seed(s.World()); err != nil || mustJSON(t, again.World()) != mustJSON(t, s.World()) {
		t.Errorf("a world seeded from a world differs: %v", err)
	}
}
