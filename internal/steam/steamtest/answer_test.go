package steamtest

import (
	"net/http"
	"strings"
	"testing"
)

func TestAnswersThatAreNotSteamsAreNoticed(t *testing.T) {
	t.Parallel()
	good := `{"success":1,"rwgrsn":-2,"total_inventory_count":1,"assets":[{"appid":730,"contextid":"2","assetid":"9","classid":"11","instanceid":"0",
		"amount":"1"}],"descriptions":[{"appid":730,"classid":"11","instanceid":"0","background_color":"","icon_url":"x","descriptions":[],
		"name":"x","name_color":"d2d2d2","type":"x","market_name":"x","market_hash_name":"x","market_tradable_restriction":7,
		"market_marketable_restriction":7,"currency":0,"tradable":1,"marketable":1,"commodity":0,"sealed":0}]}`
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	if wrong := CheckAnswer("inventory", 200, header, []byte(good)); wrong != nil {
		t.Fatalf("a good answer: %v", wrong)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"id as a number", `"assetid":"9"`, `"assetid":9`, "assets[0].assetid: want a string of digits"},
		{"number as text", `"appid":730,"contextid"`, `"appid":"730","contextid"`, "assets[0].appid: want an integer"},
		{"boolean for a bit", `"tradable":1`, `"tradable":true`, "descriptions[0].tradable: want 0 or 1"},
		{"an empty list", `"descriptions":[],`, `"descriptions":[],"tags":[],`, "tags: want an array of at least 1"},
		{"a member left out", `"rwgrsn":-2,`, ``, "no rwgrsn"},
		{"a member of our own", `"rwgrsn":-2,`, `"rwgrsn":-2,"more":1,`, `member "more" is not Steam's`},
		{"another value", `"success":1`, `"success":2`, "success: want 1"},
		{"half an answer", `"sealed":0}]}`, ``, "body: "},
		{"two documents", `"sealed":0}]}`, `"sealed":0}]}{}`, "body: "},
	} {
		body := strings.Replace(good, c.old, c.new, 1)
		if body == good {
			t.Fatalf("%s: nothing changed", c.name)
		}
		if wrong := CheckAnswer("inventory", 200, header, []byte(body)); len(wrong) != 1 || !strings.Contains(wrong[0], c.want) {
			t.Errorf("%s: %q, want %q", c.name, wrong, c.want)
		}
	}
	for want, wrong := range map[string][]string{
		"status 201":   CheckAnswer("inventory", 201, header, []byte(good)),
		"content type": CheckAnswer("inventory", 200, http.Header{"Content-Type": {"text/html"}}, []byte(good)),
		"x-eresult":    CheckAnswer("unknown", 200, header, []byte(`{"response":{}}`)),
		"no such kind": CheckAnswer("weather", 200, header, []byte(good)),
	} {
		if len(wrong) != 1 || !strings.HasPrefix(wrong[0], want) {
			t.Errorf("want %q: %q", want, wrong)
		}
	}
}
