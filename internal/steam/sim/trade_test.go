package sim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

func TestGivenItemsAreProtectedAndThenSettle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot, payer := w.login(botID), w.login(payerID)
	item := bot.inventory(botID, steam.CS2, "2")[0]
	sent := bot.send(payerID, "Eus3r-tk", []asset{item}, nil)
	if sent.json["needs_mobile_confirmation"] != true || sent.json["needs_email_confirmation"] != false {
		t.Fatalf("send: %s", sent.body)
	}
	id := sent.json["tradeofferid"].(string)
	if o := bot.wantState(id, steam.OfferNeedsConfirmation); o["confirmation_method"] != float64(2) {
		t.Errorf("confirmation_method %v", o["confirmation_method"])
	}
	if payer.offer(id) != nil {
		t.Error("the receiver sees an offer that is not confirmed")
	}
	bot.confirm(id)
	payer.wantState(id, steam.OfferActive)
	accepted := payer.post("/tradeoffer/"+id+"/accept", url.Values{"partner": {botID.String()}, "tradeofferid": {id}})
	trade, _ := accepted.json["tradeid"].(string)
	if trade == "" {
		t.Fatalf("accept: %d %s", accepted.status, accepted.body)
	}
	bot.wantState(id, steam.OfferAccepted)

	record := payer.trade(trade)
	got := record["assets_received"].([]any)[0].(map[string]any)
	if got["assetid"] != item.AssetID || got["contextid"] != "2" || got["new_contextid"] != "16" || got["new_assetid"] == item.AssetID {
		t.Errorf("received %v", got)
	}
	end := w.clock().Add(168 * time.Hour).Truncate(time.Hour).Add(time.Hour)
	if record["time_settlement"] != float64(end.Unix()) || record["status"] != float64(3) {
		t.Errorf("trade %v, want settlement %d", record, end.Unix())
	}
	sealed := payer.inventory(payerID, steam.CS2, "16")
	if len(sealed) != 1 || sealed[0].AssetID != got["new_assetid"] {
		t.Fatalf("context 16 holds %v", sealed)
	}
	if a := bot.page("/inventory/"+payerID.String()+"/730/16", nil); a.status != 403 {
		t.Errorf("a stranger reads context 16: %d", a.status)
	}
	page := payer.page("/inventory/"+payerID.String()+"/730/16", url.Values{"preserve_bbcode": {"1"}})
	if !strings.Contains(string(page.body), "[date]"+decimal(uint64(end.Unix()))+"[/date]") || !strings.Contains(string(page.body), `"sealed":1,"sealed_type":0`) {
		t.Errorf("context 16 does not tell the end: %s", page.body)
	}
	w.advance(end.Sub(w.clock()) - time.Second)
	payer.renew()
	if len(payer.inventory(payerID, steam.CS2, "16")) != 1 {
		t.Error("protection ended early")
	}
	w.advance(time.Second)
	if len(payer.inventory(payerID, steam.CS2, "16")) != 0 || payer.inventory(payerID, steam.CS2, "2")[0].AssetID != sealed[0].AssetID {
		t.Error("the item is not in context 2 under its id")
	}
	if a := w.control("/sim/trades/"+trade+"/reverse?by="+payerID.String(), ""); a.status != http.StatusConflict {
		t.Errorf("reversal after the end: %d %s", a.status, a.body)
	}
}

func TestReversalUndoesAllProtectedTradesOfTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	theirs := bot.inventory(revID, steam.CS2, "2")
	first := bot.mustSend(revID, "Rev3rses", nil, theirs[:1])
	second := bot.mustSend(revID, "Rev3rses", nil, theirs[1:3])
	w.advance(0)
	trade := bot.wantState(first, steam.OfferAccepted)["tradeid"].(string)
	other := bot.wantState(second, steam.OfferAccepted)["tradeid"].(string)
	sealed := bot.inventory(botID, steam.CS2, "16")
	if len(sealed) != 3 {
		t.Fatalf("bot holds %d protected items, want 3", len(sealed))
	}
	w.advance(71 * time.Hour)
	bot.renew()
	if bot.trade(trade)["status"] != float64(3) {
		t.Fatal("reversed too early")
	}
	w.advance(time.Hour)
	for _, id := range []string{trade, other} {
		record := bot.trade(id)
		if _, told := record["time_settlement"]; record["status"] != float64(12) || told {
			t.Errorf("trade %v", record)
		}
	}
	bot.wantState(first, steam.OfferAccepted)
	if left := bot.inventory(botID, steam.CS2, "16"); len(left) != 0 {
		t.Errorf("bot still holds %v", left)
	}
	back := bot.inventory(revID, steam.CS2, "2")
	if len(back) != 5 {
		t.Fatalf("payer has %d items, want 5", len(back))
	}
	a := bot.api("IEconService/GetTradeHistory", url.Values{"max_trades": {"10"}, "include_total": {"1"}})
	response := a.json["response"].(map[string]any)
	trades := response["trades"].([]any)
	if response["total_trades"] != float64(4) || len(trades) != 4 {
		t.Fatalf("history: %s", a.body)
	}
	newest := trades[0].(map[string]any)
	if newest["status"] != float64(3) || newest["rollback_trade"] != trade && newest["rollback_trade"] != other {
		t.Errorf("returning trade %v", newest)
	}
	returned := newest["assets_given"].([]any)[0].(map[string]any)
	if returned["contextid"] != "16" || returned["new_contextid"] != "2" || returned["new_assetid"] == returned["assetid"] {
		t.Errorf("returned asset %v", returned)
	}
	refused := bot.send(revID, "Rev3rses", nil, back[:1])
	if !strings.Contains(string(refused.body), "is not available to trade. More information will be shown to") {
		t.Errorf("an offer to who reversed: %s", refused.body)
	}
	w.advance(31 * 24 * time.Hour)
	bot.renew()
	bot.mustSend(revID, "Rev3rses", nil, back[:1])
}

func TestFirstExchangeWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot, payer := w.login(botID), w.login(payerID)
	item := payer.inventory(payerID, steam.CS2, "2")[0]
	first := bot.mustSend(payerID, "Eus3r-tk", nil, []asset{item})
	second := bot.mustSend(payerID, "Eus3r-tk", nil, []asset{item})
	asked := payer.post("/tradeoffer/"+second+"/accept", url.Values{"partner": {botID.String()}})
	if asked.json["needs_mobile_confirmation"] != true || asked.json["tradeid"] != nil {
		t.Fatalf("accept: %s", asked.body)
	}
	if o := payer.wantState(second, steam.OfferActive); o["confirmation_method"] != float64(2) {
		t.Errorf("receiver's view %v", o)
	}
	if a := w.control("/sim/offers/"+first+"/accept", ""); a.status != http.StatusOK {
		t.Fatalf("accept: %s", a.body)
	}
	bot.wantState(first, steam.OfferAccepted)
	o := bot.wantState(second, steam.OfferInvalidItems)
	if o["items_to_receive"].([]any)[0].(map[string]any)["missing"] != true {
		t.Errorf("item is not shown missing: %v", o)
	}
	if list := payer.confirmations(); len(list) != 0 {
		t.Errorf("confirmations are left: %v", list)
	}
	late := payer.post("/tradeoffer/"+second+"/accept", url.Values{"partner": {botID.String()}})
	if late.status != 500 || !strings.HasSuffix(late.json["strError"].(string), "  Please try again later. (26)") {
		t.Errorf("accept of the loser: %d %s", late.status, late.body)
	}
	again := payer.post("/tradeoffer/"+first+"/accept", url.Values{"partner": {botID.String()}})
	if !strings.HasSuffix(again.json["strError"].(string), " (28)") {
		t.Errorf("accept again: %s", again.body)
	}
}

func TestWhoReversesDoesSoHoweverHeAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Settings.AcceptDelay = Duration(5 * time.Minute) })
	bot := w.login(botID)
	offer := bot.mustSend(revID, "Rev3rses", nil, bot.inventory(revID, steam.CS2, "2")[:1])
	if a := w.control("/sim/offers/"+offer+"/accept", ""); a.status != http.StatusOK {
		t.Fatalf("accept: %d %s", a.status, a.body)
	}
	trade := bot.wantState(offer, steam.OfferAccepted)["tradeid"].(string)
	w.advance(72 * time.Hour)
	bot.renew()
	if got := bot.trade(trade)["status"]; got != float64(12) {
		t.Errorf("trade status %v, want 12", got)
	}
}

func TestBehavioursAnswerAtTheirTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) {
		w.Settings.AcceptDelay = Duration(5 * time.Minute)
		w.Accounts[4].InventoryPrivate = false
		w.Accounts[4].Behaviour = Decline
	})
	bot := w.login(botID)
	yes := bot.mustSend(yesID, "Aut0-acc", nil, bot.inventory(yesID, steam.CS2, "2")[:1])
	no := bot.mustSend(privID, "Pr1vate_", nil, bot.inventory(privID, steam.CS2, "2")[:1])
	due, ok := w.sim.NextDue()
	if !ok || !due.Equal(w.clock().Add(5*time.Minute)) {
		t.Fatalf("next due %v %v", due, ok)
	}
	if w.sim.Step(due.Add(-time.Microsecond)) {
		t.Error("something happened before its time")
	}
	bot.wantState(yes, steam.OfferActive)
	w.advance(5 * time.Minute)
	bot.wantState(yes, steam.OfferAccepted)
	bot.wantState(no, steam.OfferDeclined)
}

func TestOffersExpireAndUnansweredConfirmationsGoWithThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	mine := bot.inventory(botID, steam.CS2, "2")
	asked := bot.mustSend(payerID, "Eus3r-tk", mine[:1], nil)
	open := bot.mustSend(payerID, "Eus3r-tk", nil, bot.inventory(payerID, steam.CS2, "2")[:1])
	w.advance(14*24*time.Hour - time.Second)
	bot.renew()
	bot.wantState(open, steam.OfferActive)
	w.advance(time.Second)
	bot.wantState(open, steam.OfferExpired)
	bot.wantState(asked, steam.OfferExpired)
	if list := bot.confirmations(); len(list) != 0 {
		t.Errorf("confirmations are left: %v", list)
	}
}

func TestHeldTradesMoveItemsAtTheEndOfTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Accounts[2].EscrowDays = 15 })
	bot := w.login(botID)
	theirs := bot.inventory(yesID, steam.CS2, "2")
	hold := bot.api("IEconService/GetTradeHoldDurations", url.Values{"steamid_target": {yesID.String()}, "trade_offer_access_token": {"Aut0-acc"}})
	their := hold.json["response"].(map[string]any)["their_escrow"].(map[string]any)
	if their["escrow_end_duration_seconds"] != float64(15*86400) {
		t.Errorf("hold durations: %s", hold.body)
	}
	kept := bot.mustSend(yesID, "Aut0-acc", nil, theirs[:1])
	dropped := bot.mustSend(yesID, "Aut0-acc", nil, theirs[1:2])
	w.advance(0)
	o := bot.wantState(kept, steam.OfferInEscrow)
	if o["escrow_end_date"] != float64(w.clock().Add(15*24*time.Hour).Unix()) {
		t.Errorf("held offer %v", o)
	}
	if got := bot.trade(o["tradeid"].(string)); got["status"] != float64(10) {
		t.Errorf("held trade %v", got)
	}
	gone := bot.offer(dropped)["tradeid"].(string)
	if a := bot.post("/tradeoffer/"+dropped+"/cancel", url.Values{}); a.json["tradeofferid"] != dropped {
		t.Fatalf("cancel a held trade: %s", a.body)
	}
	record := bot.trade(gone)
	back := record["assets_received"].([]any)[0].(map[string]any)
	if record["status"] != float64(11) || back["rollback_new_contextid"] != "2" || back["new_assetid"] != nil {
		t.Errorf("cancelled trade %v", record)
	}
	w.advance(15 * 24 * time.Hour)
	bot.renew()
	bot.wantState(kept, steam.OfferAccepted)
	if n := len(bot.inventory(botID, steam.CS2, "16")); n != 1 {
		t.Errorf("bot received %d items", n)
	}
	if n := len(bot.inventory(yesID, steam.CS2, "2")); n != 49 {
		t.Errorf("payer has %d items, want 49", n)
	}
}

func TestProtectedItemsCannotBeSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	bot.mustSend(yesID, "Aut0-acc", nil, bot.inventory(yesID, steam.CS2, "2")[:1])
	w.advance(0)
	sealed := bot.inventory(botID, steam.CS2, "16")[0]
	a := bot.send(payerID, "Eus3r-tk", []asset{sealed}, nil)
	if a.status != 500 || !strings.HasSuffix(a.json["strError"].(string), " (26)") {
		t.Errorf("context 16: %d %s", a.status, a.body)
	}
	sealed.ContextID = "2"
	if a := bot.send(payerID, "Eus3r-tk", []asset{sealed}, nil); !strings.HasSuffix(a.json["strError"].(string), " (26)") {
		t.Errorf("wrong context: %s", a.body)
	}
}

func TestSettlementMayChangeTheAssetID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *World) { w.Settings.SettleNewIDs = true })
	bot := w.login(botID)
	bot.mustSend(yesID, "Aut0-acc", nil, bot.inventory(yesID, steam.CS2, "2")[:1])
	w.advance(0)
	before := bot.page("/inventory/"+botID.String()+"/730/16", nil)
	w.advance(8 * 24 * time.Hour)
	bot.renew()
	after := bot.page("/inventory/"+botID.String()+"/730/2", nil)
	old := before.json["assets"].([]any)[0].(map[string]any)["assetid"]
	now := after.json["assets"].([]any)[0].(map[string]any)["assetid"]
	if old == now {
		t.Error("the id stayed")
	}
	wear := func(a answer) any { return a.json["asset_properties"].([]any)[0].(map[string]any)["asset_properties"] }
	if x, y := wear(before).([]any), wear(after).([]any); x[1].(map[string]any)["float_value"] != y[1].(map[string]any)["float_value"] {
		t.Error("the item's wear changed on its way")
	}
}

// An offer can come to be in each of Steam's eleven states.
func TestOffersComeIntoEveryState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bot := w.login(botID)
	mine, theirs := bot.inventory(botID, steam.CS2, "2"), bot.inventory(payerID, steam.CS2, "2")
	ask := func(n int) string { return bot.mustSend(payerID, "Eus3r-tk", nil, theirs[n:n+1]) }
	do := func(id, verb string) string {
		if a := w.control("/sim/offers/"+id+"/"+verb, ""); a.status != http.StatusOK {
			t.Errorf("%s: %d %s", verb, a.status, a.body)
		}
		return id
	}
	want := map[steam.OfferState]string{
		steam.OfferInvalid:  do(ask(0), "void"),
		steam.OfferAccepted: do(ask(1), "accept"), steam.OfferCountered: do(ask(2), "counter"), steam.OfferCanceled: do(ask(2), "cancel"),
		steam.OfferDeclined:               do(ask(2), "decline"),
		steam.OfferCanceledBySecondFactor: do(bot.mustSend(payerID, "Eus3r-tk", mine[:1], nil), "reject"),
		steam.OfferInvalidItems:           ask(3),
		steam.OfferExpired:                ask(4),
	}
	w.control("/sim/accounts/"+payerID.String()+"/remove", `{"assets":["`+theirs[3].AssetID+`"]}`)
	w.advance(14 * 24 * time.Hour)
	w.control("/sim/accounts/"+payerID.String(), `{"escrow_days":15}`)
	bot.renew()
	want[steam.OfferInEscrow] = do(ask(5), "accept")
	want[steam.OfferActive] = ask(6)
	want[steam.OfferNeedsConfirmation] = bot.mustSend(payerID, "Eus3r-tk", mine[1:2], nil)
	for state := steam.OfferInvalid; state <= steam.OfferInEscrow; state++ {
		bot.wantState(want[state], state)
	}
	if a := w.control("/sim/offers/"+want[steam.OfferDeclined]+"/void", ""); a.status != http.StatusConflict {
		t.Errorf("void after the end: %d", a.status)
	}
}
