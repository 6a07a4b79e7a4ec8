package main_test

import (
	"fmt"
	"net/http"
	"testing"
)

// More than a hundred differences of eighteen kinds, planted in the records and
// at Steam, are all found, named, counted, and shown by the doctor and the
// figures; nothing else is.
func TestPlantedDriftsAreAllShown(t *testing.T) {
	t.Parallel()
	s := start(t, "--world", world(t, openShop(t, exampleID, exampleSecret).URL, `"count": 40`, `"count": 200`, `"rate_limit_per_minute": 500`, `"rate_limit_per_minute": 100000`))
	b := s.worldBot()
	buy := func(name, partner, token, until string) {
		s.ok(answer{"method": "market_buy", "partner": partner, "token": token, "custom_id": name, "name": "P250 | Sand Dune (Field-Tested)"})
		s.waitPurchase(name, until)
	}
	for i := range 52 {
		buy(fmt.Sprintf("kept-%d", i), "39734474", "Aut0-acc", "accepted")
	}
	for i := range 6 {
		buy(fmt.Sprintf("back-%d", i), "39734476", "Rev3rses", "accepted")
	}
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "80h"})
	s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "120h"})
	for i := range 3 {
		buy(fmt.Sprintf("open-%d", i), "39734473", "Eus3r-tk", "waiting_accept")
	}
	eventually(t, "all is well", func() bool { a, code := s.diagnosis(); return code == 0 && a["well"] == true })

	at := 0
	settled := func(n int) string { // so many rows that nothing was planted in
		at += n
		return fmt.Sprintf("(select id from trade where state = 'settled' and owner like 'purchase/%%' order by id limit %d offset %d)", n, at-n)
	}
	// The choice is by state: what changes it comes last, and takes from the end.
	last := func(n int) string {
		return fmt.Sprintf("(select id from trade where state = 'settled' and owner like 'purchase/%%' order by id desc limit %d)", n)
	}
	for _, statement := range []string{
		"update trade set partner = '76561198000000999' where id in " + settled(8),
		"update trade set reference = 'X' || id where id in " + settled(8),
		"update trade_asset set new_asset = '1' where trade_id in " + settled(6),
		"insert into trade_asset (trade_id, line, app, context, asset, class_id, instance_id, name) select id, 1, 730, '2', '1', '', '', '' from trade where id in " + settled(6),
		"update trade set steam_trade = '9' || id where id in " + settled(6),
		"update trade set offer_id = '8' || id where id in " + settled(6),
		"update trade set state = 'declined' where id in " + last(6),
		"update trade set state = 'settled' where state = 'reversed'",
		"update trade set state = 'reversed' where id in (select id from trade where state = 'settled' and partner = '" + acceptingPayer + "' order by id desc limit 6)",
		"update trade set state = 'canceled', ended_at = created_at where state = 'active'",
	} {
		s.plant(statement)
	}
	offered, _ := s.ok(answer{"method": "user_inventory", "game": "cs2", "steam_id": waitingPayer, "trade_token": "Eus3r-tk", "currency": "usd"})["data"].(map[string]any)
	item := answer(answer(offered["items"].([]any)[0].(map[string]any))["item"].(map[string]any)).text("asset_id")
	for i := range 3 {
		s.steam("accounts/"+b.SteamID+"/confirmations", `{"type":9}`)
		s.steam("offers", fmt.Sprintf(`{"from":%q,"to":%q,"message":"hello %d","give":[%s],"receive":[]}`, waitingPayer, b.SteamID, i, item))
	}
	for i := range 2 {
		s.steam("offers", fmt.Sprintf(`{"from":%q,"to":%q,"message":"by hand %d","give":[],"receive":[%s]}`, b.SteamID, waitingPayer, i, item))
	}
	want := map[string]float64{"offer_partner": 8, "trade_partner": 8, "offer_message": 8, "trade_new_ids": 6, "offer_items": 6, "trade_items": 6,
		"trade_missing": 6, "trade_unknown": 6, "offer_missing": 6, "offer_twin": 6, "offer_state": 6, "trade_undone": 6, "trade_returned": 6,
		"trade_kept": 6, "offer_open": 3, "confirmation_unknown": 3, "offer_received": 3, "offer_unknown": 2}
	var got string
	for range 12 {
		s.control(http.StatusOK, http.MethodPost, "/clock", answer{"advance": "10m"})
		a, code := s.diagnosis()
		counts, _ := a["counts"].(map[string]any)
		if got = fmt.Sprint(counts); code == 1 && got == fmt.Sprint(want) {
			break
		}
	}
	if got != fmt.Sprint(want) {
		t.Errorf("the doctor counts %s\nplanted were      %v", got, want)
	}
	total := 0.0
	m := s.metrics()
	for kind, n := range want {
		total += n
		s.shows(m, `skinrail_drifts{certain="true",kind="`+kind+`"}`, n)
	}
	if total < 100 {
		t.Errorf("%v planted", total)
	}
}
