package app

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/sandbox"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/steam/sim"
)

// What a world file says of Steam reaches the simulated one, member by member.
func TestAWorldFileSetsAllRulesOfSteam(t *testing.T) {
	t.Parallel()
	f, err := sandbox.Parse([]byte(`{"steam":{"protected_games":{"rust":"24h"},"require_acknowledge":false,"rate_limits":true,"accept_delay":"2s",
		"settle_new_ids":true,"trade_steps":"1m","invalid_after":"1h","hide_traded":"240h","day_month_dates":true,"reuse_codes":true,"keys_once":true,
		"limits":{"logins":3,"web":-1}},
		"accounts":[{"role":"payer","steam_id":"76561198000000201","probation":true,"community_ban":true,"vac_bans":2,"new_device":true,
		"email_domain":"example.org","friends":["76561198000000202"],"family_view":true,
		"items":[{"game":"cs2","name":"a","locked_for":"168h"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	w := SimWorld(f)
	want := sim.Settings{Protected: map[steam.AppID]sim.Duration{steam.Rust: sim.Duration(24 * time.Hour)}, RateLimits: true,
		AcceptDelay: sim.Duration(2 * time.Second), TradeSteps: sim.Duration(time.Minute), InvalidAfter: sim.Duration(time.Hour), DayMonthDates: true,
		SettleNewIDs: true, HideTraded: sim.Duration(240 * time.Hour), ReuseCodes: true, KeysOnce: true, Limits: map[string]int{"logins": 3, "web": -1}}
	if !reflect.DeepEqual(w.Settings, want) {
		t.Errorf("settings %+v, want %+v", w.Settings, want)
	}
	a := w.Accounts[0]
	if !a.Probation || !a.CommunityBan || a.VACBans != 2 || !a.NewDevice || a.EmailDomain != "example.org" || !a.FamilyView ||
		!reflect.DeepEqual(a.Friends, []steam.ID64{76561198000000202}) || a.Items[0].LockedFor != sim.Duration(168*time.Hour) {
		t.Errorf("account %+v", a)
	}
	if f, err = sandbox.Parse([]byte(`{"steam":{"limits":{"logins_a_day":1}}}`)); err != nil {
		t.Fatal(err)
	}
	w = SimWorld(f)
	if err := w.Check(); err == nil || !strings.Contains(err.Error(), "logins_a_day") || !w.Settings.RequireAcknowledge {
		t.Errorf("an unknown limit: %v; acknowledgement wanted by itself: %v", err, w.Settings.RequireAcknowledge)
	}
}
