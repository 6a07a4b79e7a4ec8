package sim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/authpb"
)

// accepted is a trade that has just begun: the payer gave one item.
func (u *user) accepted() (offer, trade string) {
	u.t.Helper()
	offer = u.mustSend(payerID, "Eus3r-tk", nil, u.inventory(payerID, steam.CS2, "2")[:1])
	if a := u.control("/sim/offers/"+offer+"/accept", ""); a.status != http.StatusOK {
		u.t.Fatalf("accept: %d %s", a.status, a.body)
	}
	return offer, u.wantState(offer, steam.OfferAccepted)["tradeid"].(string)
}

// wantTrade wants a status, and the received item to have arrived or not.
func (u *user) wantTrade(trade string, status steam.TradeStatus, arrived bool) map[string]any {
	u.t.Helper()
	record := u.trade(trade)
	got := record["assets_received"].([]any)[0].(map[string]any)
	if record["status"] != float64(status) || (got["new_assetid"] != nil) != arrived {
		u.t.Fatalf("trade %v, want status %d, arrived %v", record, status, arrived)
	}
	if n := len(u.inventory(u.id, steam.CS2, "16")); (n > 0) != arrived {
		u.t.Fatalf("status %d: %d items in context 16", status, n)
	}
	return record
}

func TestATradeMayTakeItsSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Settings.TradeSteps = Duration(10 * time.Minute) })
	bot := w.login(botID)
	_, trade := bot.accepted()
	for _, step := range []struct {
		status  steam.TradeStatus
		arrived bool
	}{{steam.TradeInit, false}, {steam.TradePreCommitted, false}, {steam.TradeCommitted, true}, {steam.TradeComplete, true}} {
		record := bot.wantTrade(trade, step.status, step.arrived)
		if (record["time_settlement"] != nil) != step.arrived {
			t.Errorf("status %d: settlement %v", step.status, record["time_settlement"])
		}
		if a := w.control("/sim/trades/"+trade+"/reverse?by="+payerID.String(), ""); step.status != steam.TradeComplete && a.status != http.StatusConflict {
			t.Errorf("status %d can be reversed: %d", step.status, a.status)
		}
		w.kill()
		w.advance(10 * time.Minute)
	}
	w.control("/sim/faults", `{"endpoint":"trade","kind":"late","value":"25m","count":2}`)
	for _, late := range []steam.TradeStatus{steam.TradePreCommitted, steam.TradeCommitted} {
		record := bot.trade(trade)
		if got := record["assets_received"].([]any)[0].(map[string]any); record["status"] != float64(late) || (got["new_assetid"] != nil) != (late == steam.TradeCommitted) {
			t.Errorf("seen late: %v, want status %d", record, late)
		}
		w.advance(10 * time.Minute)
	}
	w.advance(8 * 24 * time.Hour)
	bot.renew()
	if n := len(bot.inventory(botID, steam.CS2, "16")); n != 0 {
		t.Errorf("%d items are still protected", n)
	}
}

func TestAHeldTradeTakesItsStepsInTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Settings.TradeSteps = Duration(time.Minute) })
	bot := w.login(botID)
	w.control("/sim/accounts/"+payerID.String(), `{"escrow_days":1}`)
	offer := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	w.control("/sim/offers/"+offer+"/accept", "")
	trade := bot.wantState(offer, steam.OfferInEscrow)["tradeid"].(string)
	w.advance(24 * time.Hour)
	bot.renew()
	bot.wantState(offer, steam.OfferAccepted)
	bot.wantTrade(trade, steam.TradeInit, false)
	w.advance(3 * time.Minute)
	bot.wantTrade(trade, steam.TradeComplete, true)
}

// What Steam's support may do to a trade, from each status it can be in.
func TestATradeGetsAStatusFromOutside(t *testing.T) {
	t.Parallel()
	const conflict, bad, fine = http.StatusConflict, http.StatusBadRequest, http.StatusOK
	for _, c := range []struct {
		name    string
		prepare func(w *world, trade string)
		answers map[steam.TradeStatus]int
	}{
		{"underway", nil, map[steam.TradeStatus]int{0: bad, 2: bad, 3: fine, 4: fine, 8: conflict, 11: conflict, 12: bad, 99: bad}},
		{"committed", func(w *world, _ string) { w.advance(20 * time.Minute) }, map[steam.TradeStatus]int{3: fine, 4: fine, 8: conflict, 11: conflict}},
		{"protected", func(w *world, _ string) { w.advance(time.Hour) }, map[steam.TradeStatus]int{3: fine, 4: fine, 8: fine, 11: fine, 5: bad}},
		{"doubted", func(w *world, trade string) {
			w.advance(time.Hour)
			w.control("/sim/trades/"+trade+"/status", `{"status":8}`)
		}, map[steam.TradeStatus]int{3: fine, 4: fine, 8: fine, 11: fine}},
		{"settled", func(w *world, _ string) { w.advance(8 * 24 * time.Hour) }, map[steam.TradeStatus]int{3: conflict, 4: conflict, 8: conflict}},
		{"reversed", func(w *world, trade string) {
			w.advance(time.Hour)
			w.control("/sim/trades/"+trade+"/reverse?by="+payerID.String(), "")
		}, map[steam.TradeStatus]int{3: conflict, 4: conflict, 11: conflict}},
	} {
		for status, want := range c.answers {
			w := newWorld(t, func(w *World) { w.Settings.TradeSteps = Duration(10 * time.Minute) })
			bot := w.login(botID)
			offer, trade := bot.accepted()
			if c.prepare != nil {
				c.prepare(w, trade)
			}
			bot.renew()
			a := w.control("/sim/trades/"+trade+"/status", `{"status":`+decimal(uint64(status))+`}`)
			if a.status != want {
				t.Errorf("%s, status %d: %d %s, want %d", c.name, status, a.status, a.body, want)
			}
			if want != fine {
				continue
			}
			w.kill()
			bot.wantState(offer, steam.OfferAccepted)
			undone := status == steam.TradeFailed || status == steam.TradeEscrowRollback
			record := bot.trade(trade)
			if record["status"] != float64(status) {
				t.Errorf("%s, status %d: the trade is %v", c.name, status, record)
			}
			if bots, payers := len(bot.inventory(botID, steam.CS2, "16")), len(bot.inventory(payerID, steam.CS2, "2")); bots != 1-bit(undone) || payers != 7+bit(undone) {
				t.Errorf("%s, status %d: bot has %d, payer %d", c.name, status, bots, payers)
			}
			if got := record["assets_received"].([]any)[0].(map[string]any); undone {
				back, _ := got["rollback_new_assetid"].(string)
				if got["new_assetid"] != nil || got["new_contextid"] != nil || got["rollback_new_contextid"] != "2" || bot.inventory(payerID, steam.CS2, "2")[0].AssetID != back {
					t.Errorf("%s, status %d: asset %v; want its id after the return", c.name, status, got)
				}
			}
			w.advance(9 * 24 * time.Hour) // nothing is left that breaks later
		}
	}
}

func TestATradeWhoseItemHasMovedOnIsNotUndone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Settings.TradeSteps = Duration(10 * time.Minute) })
	bot := w.login(botID)
	offer := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.Rust, "2")[:1])
	w.control("/sim/offers/"+offer+"/accept", "")
	w.advance(20 * time.Minute) // committed, and free in context 2
	trade := bot.wantState(offer, steam.OfferAccepted)["tradeid"].(string)
	got := bot.trade(trade)["assets_received"].([]any)[0].(map[string]any)["new_assetid"].(string)
	w.control("/sim/accounts/"+botID.String()+"/remove", `{"assets":["`+got+`"]}`)
	if a := w.control("/sim/trades/"+trade+"/status", `{"status":4}`); a.status != http.StatusConflict {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAHeldTradeIsOnlyRolledBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	w.control("/sim/accounts/"+payerID.String(), `{"escrow_days":15}`)
	offer := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	w.control("/sim/offers/"+offer+"/accept", "")
	trade := bot.wantState(offer, steam.OfferInEscrow)["tradeid"].(string)
	for _, c := range []struct{ body, want string }{{`{"status":3}`, "409"}, {`{"status":4}`, "409"}, {`{"status":"3"}`, "400"}, {`{"state":3}`, "400"}, {`{"status":11}`, "200"}} {
		if a := w.control("/sim/trades/"+trade+"/status", c.body); decimal(uint64(a.status)) != c.want {
			t.Errorf("%s: %d %s", c.body, a.status, a.body)
		}
	}
	bot.wantState(offer, steam.OfferInvalidItems)
	if record := bot.trade(trade); record["status"] != float64(11) || record["assets_received"].([]any)[0].(map[string]any)["rollback_new_assetid"] == nil {
		t.Errorf("trade %v", record)
	}
	if a := w.control("/sim/trades/1/status", `{"status":3}`); a.status != http.StatusNotFound {
		t.Errorf("no such trade: %d", a.status)
	}
}

// rivals are two offers for one item, of which the first is accepted.
func rivals(t *testing.T, after time.Duration) (w *world, bot *user, loser string) {
	t.Helper()
	w = newWorld(t, func(w *World) { w.Settings.InvalidAfter = Duration(after) })
	bot = w.login(botID)
	item := bot.inventory(payerID, steam.CS2, "2")[:1]
	first, loser := bot.mustSend(payerID, "Eus3r-tk", nil, item), bot.mustSend(payerID, "Eus3r-tk", nil, item)
	w.control("/sim/offers/"+first+"/accept", "")
	return w, bot, loser
}

func TestAnOfferWithoutItsItemsLooksOpenUntilSomebodyTouchesIt(t *testing.T) {
	t.Parallel()
	for name, touch := range map[string]func(w *world, bot *user, offer string){
		"read":   func(_ *world, bot *user, offer string) { bot.offer(offer) },
		"page":   func(_ *world, bot *user, offer string) { bot.page("/tradeoffer/"+offer+"/", nil) },
		"person": func(w *world, _ *user, offer string) { w.control("/sim/offers/"+offer+"/accept", "") },
		"accept": func(w *world, _ *user, offer string) {
			late := w.login(payerID).post("/tradeoffer/"+offer+"/accept", url.Values{"partner": {botID.String()}})
			if late.status != 500 || !strings.HasSuffix(late.json["strError"].(string), " (26)") {
				t.Errorf("accept: %d %s", late.status, late.body)
			}
		},
		"sweep": func(w *world, _ *user, _ string) { w.advance(2 * time.Hour) },
	} {
		w, bot, loser := rivals(t, 2*time.Hour)
		open := func() string {
			return string(bot.api("IEconService/GetTradeOffers", url.Values{"get_sent_offers": {"1"}, "active_only": {"1"}, "time_historical_cutoff": {"9999999999"}}).body)
		}
		w.advance(time.Hour)
		w.kill()
		if got := open(); !strings.Contains(got, `"tradeofferid":"`+loser+`"`) || !strings.Contains(got, `"trade_offer_state":2`) || !strings.Contains(got, `"missing":true`) {
			t.Errorf("%s: before, the list has %s", name, got)
		}
		touch(w, bot, loser)
		if got := open(); strings.Contains(got, loser) {
			t.Errorf("%s: after, the list has %s", name, got)
		}
		bot.wantState(loser, steam.OfferInvalidItems)
	}
}

func TestAConfirmationFindsThatItemsAreGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Settings.InvalidAfter = Duration(time.Hour) })
	bot := w.login(botID)
	item := bot.inventory(botID, steam.CS2, "2")[0]
	offer := bot.mustSend(payerID, "Eus3r-tk", []asset{item}, nil)
	if a := w.control("/sim/accounts/"+botID.String()+"/remove", `{"assets":["`+item.AssetID+`"]}`); a.status != 200 {
		t.Fatalf("remove: %s", a.body)
	}
	one := bot.confirmations()[0]
	if a := bot.mobile("allow", "/mobileconf/ajaxop", url.Values{"op": {"allow"}, "cid": {one.ID}, "ck": {one.Nonce}}); a.json["success"] != false {
		t.Errorf("confirmed: %s", a.body)
	}
	bot.wantState(offer, steam.OfferInvalidItems)
	if list := bot.confirmations(); len(list) != 0 {
		t.Errorf("left: %v", list)
	}
}

func TestTheEndOfProtectionIsWrittenInSeveralForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	bot.accepted()
	for _, c := range []struct{ settings, bbcode, want string }{
		{`{"day_month_dates":false}`, "", "transferred until Mar 09, 2026 (11:00:00) GMT"},
		{`{"day_month_dates":true}`, "", "transferred until 9 Mar @ 11:00am\""},
		{`{"day_month_dates":true}`, "1", "transferred until [date]1773054000[/date]"},
	} {
		w.control("/sim/settings", c.settings)
		if a := bot.page("/inventory/"+botID.String()+"/730/16", url.Values{"preserve_bbcode": {c.bbcode}}); !strings.Contains(string(a.body), c.want) {
			t.Errorf("%s, bbcode %q: no %q in %s", c.settings, c.bbcode, c.want, a.body)
		}
	}
}

func TestTokensOfTheDesktopClientAreNotRenewedOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.mu.Lock()
	st := w.sim.state
	refresh := st.refreshToken(st.byID[botID], &login{Platform: authpb.PlatformClient}, 1, stampOf(w.clock()))
	w.sim.mu.Unlock()
	a := w.auth(http.MethodPost, "GenerateAccessTokenForApp", &authpb.AccessTokenRequest{RefreshToken: refresh, SteamID: uint64(botID)})
	if got := a.header.Get("X-Eresult"); got != "63" || len(a.body) != 0 {
		t.Errorf("x-eresult %s, %q", got, a.body)
	}
}
