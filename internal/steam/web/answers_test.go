package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/steam"
)

// An answer class and what it lets us know of each call with an effect: done,
// unknown, or the refusal, with ? where a look at Steam must come first.
var answerClasses = []struct {
	name                            string
	status                          int
	location, body                  string
	send, cancel, list, answer, ack string
}{
	{"an offer's id", 200, "", `{"tradeofferid":"123"}`, "done", "done", "unknown", "unknown", "done"},
	{"an offer's id as a number", 200, "", `{"tradeofferid":123}`, "done", "done", "unknown", "unknown", "done"},
	{"success", 200, "", `{"success":true}`, "unknown", "unknown", "unknown", "done", "done"},
	{"success as text", 200, "", `{"success":"1"}`, "unknown", "unknown", "unknown", "done", "done"},
	{"no success", 200, "", `{"success":false}`, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"no success, in words", 200, "", `{"success":false,"message":"Oh nein!","detail":"Die Uhr geht falsch."}`, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"a result that is no success", 200, "", `{"success":15}`, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"no session on the phone", 200, "", `{"success":false,"needauth":true}`, "unknown", "unknown", "session", "session", "unknown"},
	{"an empty object", 200, "", `{}`, "unknown", "unknown", "unknown", "unknown", "done"},
	{"null", 200, "", `null`, "unknown", "unknown", "unknown", "unknown", "done"},
	{"nothing", 200, "", ``, "unknown", "unknown", "unknown", "unknown", "done"},
	{"cut json", 200, "", `{"tradeofferid":"12`, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"ids of another kind", 200, "", `{"tradeofferid":{},"success":[1]}`, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"an error", 200, "", `{"error":"Etwas ist schiefgelaufen."}`, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"a page", 200, "", `<html><title>Steam Community</title></html>`, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"an error page in other words", 200, "", strange["localised error"], "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"maintenance", 200, "", strange["maintenance"], "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"the account's own page", 200, "", `<html>` + botID.String() + `</html>`, "unknown", "unknown", "unknown", "unknown", "done"},
	{"the sign-in page", 200, "", strange["sign-in page"], "unknown", "unknown", "session", "session", "session"},
	{"the sign-in page in other words", 200, "", strange["sign-in, other words"], "unknown", "unknown", "session", "session", "session"},
	{"sent to the profile", 302, "/profiles/" + botID.String() + "/", "", "unknown", "unknown", "unknown", "unknown", "done"},
	{"sent to the sign-in", 302, "/login/home/?goto=", "", "unknown", "unknown", "session", "session", "session"},
	{"sent to a new cookie", 302, "/jwt/refresh?redir=x", "", "unknown", "unknown", "session", "session", "session"},
	{"sent elsewhere", 302, "/market/", "", "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"a sentence with its number", 500, "", sentence(sorry + " (8)"), "malformed?", "malformed?", "unknown", "unknown", "unknown"},
	{"the same with success", 200, "", sentence(sorry + " (8)"), "malformed?", "malformed?", "unknown", "unknown", "unknown"},
	{"a sentence that is unclear", 500, "", sentence(sorry + " (16)"), "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"in other words, with a number", 500, "", sentence("Beim Senden ist ein Fehler aufgetreten. (15)"), "trade_url?", "trade_url?", "unknown", "unknown", "unknown"},
	{"in other words, unclear", 500, "", sentence("Beim Senden ist ein Fehler aufgetreten. (20)"), "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"in other words, without", 500, "", sentence("Sie haben zu viele Angebote offen."), "other?", "other?", "unknown", "unknown", "unknown"},
	{"a sentence that is no text", 500, "", `{"strError":{}}`, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"400", 400, "", `null`, "malformed", "malformed", "malformed", "malformed", "malformed"},
	{"401", 401, "", `null`, "session?", "session", "session", "session", "session"},
	{"403", 403, "", `null`, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"404", 404, "", ``, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"413", 413, "", ``, "malformed", "malformed", "malformed", "malformed", "malformed"},
	{"429", 429, "", `<html>`, "rate_limit", "rate_limit", "rate_limit", "rate_limit", "rate_limit"},
	{"500", 500, "", `null`, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"502", 502, "", `<html>Bad gateway</html>`, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"503", 503, "", ``, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"504", 504, "", ``, "unknown", "unknown", "unknown", "unknown", "unknown"},
}

// known is an outcome in one word.
func known(o steam.Outcome) string {
	switch {
	case o.Verdict == steam.Done:
		return "done"
	case o.Verdict == steam.Unknown:
		return "unknown"
	case o.Unsure:
		return string(o.Refusal) + "?"
	}
	return string(o.Refusal)
}

func TestEachAnswerTellsWhatBecameOfEachCall(t *testing.T) {
	t.Parallel()
	for _, c := range answerClasses {
		says := func(w http.ResponseWriter, _ *http.Request) {
			if c.location != "" {
				w.Header().Set("Location", c.location)
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}
		answered := func(w http.ResponseWriter, r *http.Request) { // the list is fine, the answer to it is not
			if strings.HasSuffix(r.URL.Path, "/getlist") {
				phone(listOfTwo, "")(w, r)
				return
			}
			says(w, r)
		}
		for _, call := range []struct {
			name, want string
			made       steam.Outcome
		}{
			{"send", c.send, play(t, says).Send(t.Context(), someOffer()).Outcome},
			{"cancel", c.cancel, play(t, says).Cancel(t.Context(), "123")},
			{"list", c.list, play(t, says).Confirm(t.Context(), "123")},
			{"answer", c.answer, play(t, answered).Confirm(t.Context(), "123")},
			{"acknowledge", c.ack, play(t, says).Acknowledge(t.Context())},
		} {
			if got := known(call.made); got != call.want {
				t.Errorf("%s: %s is %s, want %s: %s", c.name, call.name, got, call.want, call.made.Detail)
			}
			if call.made.Verdict != steam.Done && call.made.Detail == "" {
				t.Errorf("%s: %s does not say why", c.name, call.name)
			}
		}
	}
}
