package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/steam"
)

const inventoryPath = "/inventory/76561198000000201/730/2"

func pageOf(more string, ids ...string) string {
	var assets []string
	for _, id := range ids {
		assets = append(assets, fmt.Sprintf(`{"appid":730,"contextid":"2","assetid":%q,"classid":"11","instanceid":"0","amount":"1"}`, id))
	}
	return `{"success":1,"total_inventory_count":9,"rwgrsn":-2,` + more + `"assets":[` + strings.Join(assets, ",") + `],"descriptions":[
		{"appid":730,"classid":"11","instanceid":"0","name":"Karambit","market_hash_name":"★ Karambit | Doppler (Factory New)","name_color":"8650AC",
		"icon_url":"abc","type":"Covert Knife","tradable":1,"marketable":"1","commodity":false,"sealed":0,
		"descriptions":[{"type":"html","value":"Exterior: Factory New","name":"exterior_wear"},{"type":"html","value":"Phase: Phase 2","name":"phase"}]}]}`
}

func TestPagesAreJoinedAndRepeatsDropped(t *testing.T) {
	t.Parallel()
	sc := play(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.FormValue("start_assetid") {
		case "":
			says(200, pageOf(`"more_items":1,"last_assetid":"8",`, "9", "8"))(w, r)
		case "8":
			says(200, pageOf(`"more_items":1,"last_assetid":"6",`, "8", "7", "6"))(w, r)
		default:
			says(200, pageOf("", "5"))(w, r)
		}
	}, func(o *Options) { o.InventoryPage = 3 })
	items, err := sc.Inventory(t.Context(), partnerID, steam.CS2, "2")
	if err != nil || len(items) != 5 {
		t.Fatalf("Inventory = %d items, %v; want 5", len(items), err)
	}
	want := steam.Item{
		Asset: steam.Asset{App: steam.CS2, Context: "2", ID: "9"}, ClassID: "11", InstanceID: "0", Name: "★ Karambit | Doppler (Factory New)",
		Icon: "abc", Type: "Covert Knife", Tradable: true, Marketable: true, Phase: "Phase 2", Color: "8650AC",
	}
	if items[0] != want {
		t.Errorf("item = %+v; want %+v", items[0], want)
	}
	first := sc.requests(inventoryPath)[0]
	if first.Form.Get("count") != "3" || first.Form.Get("l") != "english" || first.Header.Get("Cookie") != "" {
		t.Errorf("request = %v with cookie %q; want no cookie for a stranger's inventory", first.Form, first.Header.Get("Cookie"))
	}
}

func TestInventoriesWithoutItems(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":     `{"success":1,"total_inventory_count":0,"rwgrsn":-2}`,
		"invisible": `{"success":1,"total_inventory_count":12,"rwgrsn":-2}`,
		"boolean":   `{"success":true,"assets":null,"descriptions":""}`,
	} {
		if items, err := play(t, says(200, body)).Inventory(t.Context(), partnerID, steam.CS2, "2"); err != nil || len(items) != 0 {
			t.Errorf("%s: %d items, %v", name, len(items), err)
		}
	}
}

func TestBrokenInventoriesAreErrors(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no success":       `{"total_inventory_count":0}`,
		"success 15":       `{"success":15}`,
		"more, no last":    pageOf(`"more_items":1,`, "9"),
		"last is text":     pageOf(`"more_items":1,"last_assetid":"../x",`, "9"),
		"circle":           pageOf(`"more_items":1,"last_assetid":"9",`, "9"),
		"asset without id": pageOf("", ""),
		"asset is text":    pageOf("", "9'--"),
		"assets is text":   `{"success":1,"assets":"many"}`,
	} {
		if items, err := play(t, says(200, body)).Inventory(t.Context(), partnerID, steam.CS2, "2"); !errors.Is(err, steam.ErrUnavailable) {
			t.Errorf("%s: %d items, %v; want unavailable", name, len(items), err)
		}
	}
}

func TestAnItemWithoutADescriptionIsNotTradable(t *testing.T) {
	t.Parallel()
	body := strings.Replace(pageOf("", "9"), `{"appid":730,"classid":"11"`, `{"appid":730,"classid":"12"`, 1)
	items, err := play(t, says(200, body)).Inventory(t.Context(), partnerID, steam.CS2, "2")
	if err != nil || len(items) != 1 || items[0].Tradable || items[0].Name != "" {
		t.Errorf("Inventory = %+v, %v", items, err)
	}
}

func TestCurrenciesAreNoItems(t *testing.T) {
	t.Parallel()
	body := `{"success":1,"assets":[{"appid":730,"contextid":"2","currencyid":"1","classid":"11","instanceid":"0","amount":"100"}]}`
	if items, err := play(t, says(200, body)).Inventory(t.Context(), partnerID, steam.CS2, "2"); err != nil || len(items) != 0 {
		t.Errorf("Inventory = %+v, %v", items, err)
	}
}

func TestOnesOwnProtectedItemsAreReadUnderTheSession(t *testing.T) {
	t.Parallel()
	sc := play(t, says(200, pageOf("", "9")))
	items, err := sc.Inventory(t.Context(), botID, steam.CS2, steam.ContextProtected)
	if err != nil || len(items) != 1 || !items[0].Sealed || items[0].Context != "16" {
		t.Errorf("Inventory = %+v, %v", items, err)
	}
	if c := sc.requests("/inventory/76561198000000101/730/16")[0].Header.Get("Cookie"); !strings.Contains(c, "steamLoginSecure=76561198000000101%7C%7C") {
		t.Errorf("Cookie = %q", c)
	}
}

func TestPartnerInventoryPagesAndOrder(t *testing.T) {
	t.Parallel()
	const path = "/tradeoffer/new/partnerinventory/"
	sc := play(t, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("start") == "" {
			says(200, `{"success":true,"rgInventory":{"8":{"id":"8","classid":"11","instanceid":"0","amount":"1","pos":2},
				"9":{"id":"9","classid":"11","instanceid":"0","pos":1}},"rgDescriptions":{"11_0":{"classid":"11","instanceid":"0",
				"market_hash_name":"P250 | Sand Dune (Field-Tested)","tradable":true}},"more":true,"more_start":2}`)(w, r)
			return
		}
		says(200, `{"success":true,"rgInventory":[],"rgDescriptions":[],"more":false,"more_start":false}`)(w, r)
	})
	items, err := sc.PartnerInventory(t.Context(), partnerID, "Eus3r-tk", steam.CS2, "2")
	if err != nil || len(items) != 2 || items[0].ID != "9" || items[1].ID != "8" || !items[0].Tradable {
		t.Fatalf("PartnerInventory = %+v, %v", items, err)
	}
	r := sc.requests(path)[0]
	if want := sc.community + "/tradeoffer/new/?partner=39734473&token=Eus3r-tk"; r.Header.Get("Referer") != want {
		t.Errorf("Referer = %q; want %q", r.Header.Get("Referer"), want)
	}
	if r.Form.Get("sessionid") != "0123456789abcdef01234567" || r.Form.Get("partner") != "76561198000000201" {
		t.Errorf("request = %v", r.Form)
	}
}

func TestPartnerInventoryRefusals(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]error{
		`{"success":false}`: steam.ErrTradeURL,
		`{"success":false,"error":"This Trade URL is no longer valid"}`: steam.ErrTradeURL,
		`{"success":false,"error":"This inventory is Private."}`:        steam.ErrPrivate,
		`{"success":false,"error":"Try again later. (20)"}`:             steam.ErrUnavailable,
		`{"success":true,"rgInventory":{"8":{"id":"9"}}}`:               steam.ErrUnavailable,
		`{"success":true,"more":true,"more_start":0}`:                   steam.ErrUnavailable,
		`<html>g_steamID = false;</html>`:                               steam.ErrSession,
	} {
		if _, err := play(t, says(200, body)).PartnerInventory(t.Context(), partnerID, "Eus3r-tk", steam.CS2, "2"); !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", body, err, want)
		}
	}
}

// Steam leads from the page by number to the one under the name that the owner
// chose; a way to anywhere else is not taken.
func TestCountsFollowTheAccountsOwnName(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]int{"/id/example_bot/inventory/": 4, "/id/example_bot/inventory/?l=english": 4, "/id/example_bot/": 0, "/market/": 0,
		"/login/home/?goto=": 0} {
		sc := play(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/profiles/") {
				http.Redirect(w, r, "http://"+r.Host+to, http.StatusFound)
				return
			}
			fmt.Fprint(w, "<script>\nvar g_rgAppContextData = {\"730\":{\"rgContexts\":{\"2\":{\"asset_count\":3},\"16\":{\"asset_count\":\"1\"}}}};\n</script>")
		})
		counts, err := sc.Counts(t.Context())
		if counts[steam.CS2] != want || (err == nil) != (want > 0) {
			t.Errorf("led to %s: %v, %v; want %d items", to, counts, err, want)
		}
	}
}
