package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

const sendPath = "/tradeoffer/new/send"

const sorry = "There was an error sending your trade offer.  Please try again later."

// sendAnswers is the table of Steam's answers to a sent offer and what each
// lets us know.
var sendAnswers = []struct {
	name    string
	status  int
	body    string
	verdict steam.Verdict
	refusal steam.Refusal
}{
	{"active", 200, `{"tradeofferid":"6000000001"}`, steam.Done, ""},
	{"id as a number", 200, `{"tradeofferid":6000000001}`, steam.Done, ""},
	{"malformed (8)", 500, sentence(sorry + " (8)"), steam.Refused, steam.RefusedMalformed},
	{"gone (26)", 500, sentence(sorry + " (26)"), steam.Refused, steam.RefusedItemsGone},
	{"gone with status 200", 200, sentence(sorry + " (26)"), steam.Refused, steam.RefusedItemsGone},
	{"token (15)", 500, sentence(sorry + " (15)"), steam.Refused, steam.RefusedTradeURL},
	{"state (11)", 500, sentence(sorry + " (11)"), steam.Refused, steam.RefusedState},
	{"limit (25)", 500, sentence(sorry + " (25)"), steam.Refused, steam.RefusedTooManyOffers},
	{"limit (50)", 500, sentence(sorry + " (50)"), steam.Refused, steam.RefusedTooManyOffers},
	{"unknown number", 500, sentence(sorry + " (112)"), steam.Refused, steam.RefusedOther},
	{"timeout (16)", 500, sentence(sorry + " (16)"), steam.Unknown, ""},
	{"fail (2)", 500, sentence(sorry + " (2)"), steam.Unknown, ""},
	{"busy (10)", 500, sentence(sorry + " (10)"), steam.Unknown, ""},
	{"unavailable (20)", 500, sentence(sorry + " (20)"), steam.Unknown, ""},
	{"cancelled (52)", 500, sentence(sorry + " (52)"), steam.Unknown, ""},
	{"remote call (55)", 500, sentence(sorry + " (55)"), steam.Unknown, ""},
	{"duplicate (29)", 500, sentence(sorry + " (29)"), steam.Unknown, ""},
	{"number with blanks after it", 500, sentence(sorry + " (16) \n"), steam.Unknown, ""},
	{"too many", 500, sentence("You have sent too many trade offers, or have too many outstanding trade offers with Casual Carl."), steam.Refused, steam.RefusedTooManyOffers},
	{"new device", 500, sentence("You have logged in from a new device. In order to protect the items..."), steam.Refused, steam.RefusedNewDevice},
	{"receiver cannot", 500, sentence("Casual Carl is not available to trade. More information will be shown to Casual Carl if they invite you to trade."), steam.Refused, steam.RefusedPartnerTrade},
	{"trade ban", 500, sentence("You cannot trade with Casual Carl because they have a trade ban."), steam.Refused, steam.RefusedPartnerTrade},
	{"trade lock (34)", 500, sentence("You cannot trade with Casual Carl. (34)"), steam.Refused, steam.RefusedPartnerTrade},
	{"(34) alone", 500, sentence(sorry + " (34)"), steam.Refused, steam.RefusedPartnerTrade},
	{"private", 500, sentence(`Casual Carl's inventory privacy is set to "Private".`), steam.Refused, steam.RefusedPrivate},
	{"url replaced", 500, sentence("This Trade URL is no longer valid for sending a trade offer to Casual Carl."), steam.Refused, steam.RefusedTradeURL},
	{"item server", 500, sentence("We were unable to contact the game's item server. The game's item server may be down."), steam.Unknown, ""},
	{"a name with a number", 500, sentence("You cannot trade with Bob (16) because they have a trade ban."), steam.Refused, steam.RefusedPartnerTrade},
	{"a name with a text", 500, sentence("You cannot trade with sent too many trade offers because they have a trade ban."), steam.Refused, steam.RefusedPartnerTrade},
	{"unknown sentence", 500, sentence("The stars are not right."), steam.Refused, steam.RefusedOther},
	{"number elsewhere", 500, sentence("Error (16) in a sentence we do not know."), steam.Refused, steam.RefusedOther},
	{"empty sentence", 500, `{"strError":""}`, steam.Unknown, ""},
	{"500 without a sentence", 500, `{}`, steam.Unknown, ""},
	{"500 null", 500, `null`, steam.Unknown, ""},
	{"500 html", 500, `<html>Sorry!</html>`, steam.Unknown, ""},
	{"502", 502, `<html>Bad gateway</html>`, steam.Unknown, ""},
	{"503", 503, ``, steam.Unknown, ""},
	{"504", 504, ``, steam.Unknown, ""},
	{"500 with an id", 500, `{"tradeofferid":"6000000001"}`, steam.Unknown, ""},
	{"200 null", 200, `null`, steam.Unknown, ""},
	{"200 empty", 200, ``, steam.Unknown, ""},
	{"200 without id", 200, `{}`, steam.Unknown, ""},
	{"200 id zero", 200, `{"tradeofferid":"0"}`, steam.Unknown, ""},
	{"200 id null", 200, `{"tradeofferid":null}`, steam.Unknown, ""},
	{"200 id is text", 200, `{"tradeofferid":"12; drop"}`, steam.Unknown, ""},
	{"200 id is an object", 200, `{"tradeofferid":{}}`, steam.Unknown, ""},
	{"200 html", 200, `<!DOCTYPE html><title>Maintenance</title>`, steam.Unknown, ""},
	{"200 cut json", 200, `{"tradeofferid":"60000`, steam.Unknown, ""},
	{"200 array", 200, `[]`, steam.Unknown, ""},
	{"302", 302, ``, steam.Unknown, ""},
	{"403", 403, `null`, steam.Unknown, ""},
	{"404", 404, ``, steam.Unknown, ""},
	{"400 null", 400, `null`, steam.Refused, steam.RefusedMalformed},
	{"413", 413, ``, steam.Refused, steam.RefusedMalformed},
	{"429 null", 429, `null`, steam.Refused, steam.RefusedRateLimit},
	{"429 with a sentence", 429, sentence(sorry + " (16)"), steam.Refused, steam.RefusedRateLimit},
}

func TestSendTellsDoneFromRefusedFromUnknown(t *testing.T) {
	t.Parallel()
	for _, tc := range sendAnswers {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sc := play(t, says(tc.status, tc.body))
			got := sc.Send(t.Context(), someOffer())
			if got.Verdict != tc.verdict || got.Refusal != tc.refusal {
				t.Errorf("Send = %+v; want verdict %d, refusal %q", got, tc.verdict, tc.refusal)
			}
			if (got.Offer == "6000000001") != (tc.verdict == steam.Done) {
				t.Errorf("offer id = %q with verdict %d", got.Offer, got.Verdict)
			}
			if n := len(sc.requests(sendPath)); n != 1 {
				t.Errorf("%d requests; an offer must be sent once", n)
			}
		})
	}
}

func TestLostAnswersAreUnknownAndNeverRepeated(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"connection dropped": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"answer cut":         cuts,
		"no answer":          func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"endless answer":     func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, bodyLimit+1)) },
		"broken http":        brokenHTTP,
		"redirect elsewhere": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := play(t, h, func(o *Options) {
				if o.Timeout = time.Minute; name == "no answer" {
					o.Timeout = 2 * time.Second
				}
			})
			for what, out := range map[string]steam.Outcome{
				sendPath:                 sc.Send(t.Context(), someOffer()).Outcome,
				"/tradeoffer/123/cancel": sc.Cancel(t.Context(), "123"),
				"/mobileconf/getlist":    sc.Confirm(t.Context(), "123"),
				"/trade/new/acknowledge": sc.Acknowledge(t.Context()),
			} {
				if out.Verdict != steam.Unknown || out.Detail == "" {
					t.Errorf("%s = %+v; want unknown with a detail", what, out)
				}
				if n := len(sc.requests(what)); n != 1 {
					t.Errorf("%s: %d requests; want 1", what, n)
				}
			}
		})
	}
}

func brokenHTTP(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	conn.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n"))
	conn.Close()
}

// Steam may have made an offer and say that there is no session: it is not sent
// again by itself, and the next one goes under a renewed session.
func TestSendIsNotRepeatedAfterADeadSession(t *testing.T) {
	t.Parallel()
	sc := play(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Cookie"), "access1") {
			says(401, "null")(w, r)
			return
		}
		says(200, `{"tradeofferid":"6000000001","needs_mobile_confirmation":true,"email_domain":""}`)(w, r)
	})
	got := sc.Send(t.Context(), someOffer())
	if got.Verdict != steam.Refused || got.Refusal != steam.RefusedSession || !got.Unsure {
		t.Errorf("Send = %+v; want refused for the session, not sure", got)
	}
	if n := len(sc.requests(sendPath)); n != 1 {
		t.Errorf("%d requests; want 1", n)
	}
	if got := sc.Send(t.Context(), someOffer()); got.Verdict != steam.Done || !got.NeedConfirmation {
		t.Errorf("Send = %+v; want done, to be confirmed", got)
	}
}

func TestSendGivesUpWhenTheRenewedSessionIsDeadToo(t *testing.T) {
	t.Parallel()
	sc := play(t, says(401, "null"))
	for i := range 2 {
		if got := sc.Send(t.Context(), someOffer()); got.Verdict != steam.Refused || got.Refusal != steam.RefusedSession {
			t.Errorf("Send = %+v; want refused for the session", got)
		}
		if n := len(sc.requests(sendPath)); n != i+1 {
			t.Errorf("%d requests; want %d", n, i+1)
		}
	}
	if s := sc.current(); s.Access.Text != "" || s.Refresh.Text != "" {
		t.Error("a session that Steam turned down twice is kept")
	}
}

func TestSendWritesSteamsForm(t *testing.T) {
	t.Parallel()
	sc := play(t, says(200, `{"tradeofferid":"6000000001"}`))
	o := someOffer()
	o.Give = []steam.Asset{{App: steam.Rust, Context: "2", ID: "31000000009"}}
	sc.Send(t.Context(), o)
	r := sc.requests(sendPath)[0]
	for header, want := range map[string]string{
		"Origin":       sc.community,
		"Referer":      sc.community + "/tradeoffer/new/?partner=39734473&token=Eus3r-tk",
		"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
	} {
		if got := r.Header.Get(header); got != want {
			t.Errorf("%s = %q; want %q", header, got, want)
		}
	}
	cookie := "steamLoginSecure=76561198000000101%7C%7C" + sc.current().Access.Text + "; sessionid=0123456789abcdef01234567; Steam_Language=english"
	if got := r.Header.Get("Cookie"); got != cookie {
		t.Errorf("Cookie = %q; want %q", got, cookie)
	}
	for field, want := range map[string]string{
		"sessionid": "0123456789abcdef01234567", "serverid": "1", "partner": "76561198000000201",
		"tradeoffermessage": "Example shop, code A1B2", "captcha": "", "tradeofferid_countered": "",
		"trade_offer_create_params": `{"trade_offer_access_token":"Eus3r-tk"}`,
		"json_tradeoffer": `{"newversion":true,"version":3,` +
			`"me":{"assets":[{"appid":252490,"contextid":"2","amount":1,"assetid":"31000000009"}],"currency":[],"ready":false},` +
			`"them":{"assets":[{"appid":730,"contextid":"2","amount":1,"assetid":"31000000001"}],"currency":[],"ready":false}}`,
	} {
		if got := r.PostForm; len(got[field]) != 1 || got.Get(field) != want {
			t.Errorf("%s = %q; want %q", field, got[field], want)
		}
	}
	if !json.Valid([]byte(r.PostForm.Get("json_tradeoffer"))) {
		t.Error("json_tradeoffer is not JSON")
	}
}

func TestOffersThatSteamCannotTakeAreNotSent(t *testing.T) {
	t.Parallel()
	sc := play(t, says(200, `{"tradeofferid":"6000000001"}`))
	for name, change := range map[string]func(*steam.NewOffer){
		"no items":        func(o *steam.NewOffer) { o.Receive = nil },
		"too many items":  func(o *steam.NewOffer) { o.Receive = make([]steam.Asset, 256) },
		"ourselves":       func(o *steam.NewOffer) { o.Partner = botID },
		"no partner":      func(o *steam.NewOffer) { o.Partner = 0 },
		"a long message":  func(o *steam.NewOffer) { o.Message = strings.Repeat("ж", 129) },
		"a broken text":   func(o *steam.NewOffer) { o.Message = "\xff" },
		"a broken token":  func(o *steam.NewOffer) { o.Token = "short" },
		"an empty asset":  func(o *steam.NewOffer) { o.Receive[0].ID = "" },
		"a foreign asset": func(o *steam.NewOffer) { o.Receive[0].ID = "12a" },
		"no context":      func(o *steam.NewOffer) { o.Receive[0].Context = "" },
		"no app":          func(o *steam.NewOffer) { o.Receive[0].App = 0 },
	} {
		o := someOffer()
		change(&o)
		if got := sc.Send(t.Context(), o); got.Verdict != steam.Refused || got.Refusal != steam.RefusedMalformed {
			t.Errorf("%s: Send = %+v; want refused as malformed", name, got)
		}
	}
	if n := len(sc.requests(sendPath)); n != 0 {
		t.Errorf("%d requests; want none", n)
	}
}
