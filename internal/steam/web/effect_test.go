package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

func TestCancelIsDoneOnlyWhenSteamNamesTheOffer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status  int
		body    string
		verdict steam.Verdict
		refusal steam.Refusal
	}{
		"cancelled":    {200, `{"tradeofferid":"123"}`, steam.Done, ""},
		"another id":   {200, `{"tradeofferid":"124"}`, steam.Unknown, ""},
		"no id":        {200, `{}`, steam.Unknown, ""},
		"html":         {200, `<html></html>`, steam.Unknown, ""},
		"over (11)":    {500, sentence("There was an error canceling the trade offer. (11)"), steam.Refused, steam.RefusedState},
		"timeout (16)": {500, sentence("There was an error canceling the trade offer. (16)"), steam.Unknown, ""},
		"500":          {500, ``, steam.Unknown, ""},
		"429":          {429, `null`, steam.Refused, steam.RefusedRateLimit},
		"401":          {401, `null`, steam.Refused, steam.RefusedSession},
	} {
		sc := play(t, says(tc.status, tc.body))
		if got := sc.Cancel(t.Context(), "123"); got.Verdict != tc.verdict || got.Refusal != tc.refusal {
			t.Errorf("%s: Cancel = %+v", name, got)
		}
	}
}

func TestOfferIDsNeverReachAPathUnchecked(t *testing.T) {
	t.Parallel()
	sc := play(t, says(200, `{}`))
	for _, id := range []steam.OfferID{"", "0", "-1", "1/../2", "1?x=1", "１", "123456789012345678901"} {
		if got := sc.Cancel(t.Context(), id); got.Refusal != steam.RefusedMalformed {
			t.Errorf("Cancel(%q) = %+v", id, got)
		}
		if got := sc.Confirm(t.Context(), id); got.Refusal != steam.RefusedMalformed {
			t.Errorf("Confirm(%q) = %+v", id, got)
		}
	}
	if len(sc.seen) != 0 {
		t.Errorf("%d requests; want none", len(sc.seen))
	}
}

func TestAcknowledgeTakesARedirectToTheProfile(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]steam.Verdict{
		"/profiles/76561198000000101/": steam.Done, "/id/example/": steam.Done,
		"/login/home/?goto=": steam.Refused, "/market/": steam.Unknown,
	} {
		sc := play(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
		if got := sc.Acknowledge(t.Context()); got.Verdict != want {
			t.Errorf("redirect to %s: Acknowledge = %+v", to, got)
		}
	}
	if got := play(t, says(200, "")).Acknowledge(t.Context()); got.Verdict != steam.Done {
		t.Errorf("Acknowledge = %+v", got)
	}
}

// phone answers the two confirmation calls.
func phone(list, op string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/mobileconf/getlist":
			says(200, list)(w, r)
		case "/mobileconf/ajaxop":
			says(200, op)(w, r)
		default:
			says(404, "")(w, r)
		}
	}
}

const listOfTwo = `{"success":true,"conf":[
	{"id":"10000000001","creator_id":"122","nonce":"77","type":2},
	{"id":"10000000002","creator_id":"123","nonce":"88","type":3},
	{"id":"10000000003","creator_id":"123","nonce":"99","type":2}]}`

func TestConfirmAllowsExactlyTheOffersConfirmation(t *testing.T) {
	t.Parallel()
	sc := play(t, phone(listOfTwo, `{"success":true}`))
	if got := sc.Confirm(t.Context(), "123"); got.Verdict != steam.Done {
		t.Fatalf("Confirm = %+v", got)
	}
	list, op := sc.requests("/mobileconf/getlist")[0].Form, sc.requests("/mobileconf/ajaxop")[0].Form
	if op.Get("cid") != "10000000003" || op.Get("ck") != "99" || op.Get("op") != "allow" {
		t.Errorf("ajaxop = %v", op)
	}
	if list.Get("t") == op.Get("t") {
		t.Error("two keys were made for the same second")
	}
	for _, f := range []map[string][]string{list, op} {
		var at int64
		fmt.Sscan(f["t"][0], &at)
		key, err := steam.ConfirmationKey(botAccount().IdentitySecret, time.Unix(at, 0), f["tag"][0])
		if err != nil || f["k"][0] != key || f["a"][0] != botID.String() || f["p"][0] != steam.DeviceID(botID) || f["m"][0] != "react" {
			t.Errorf("signature parameters = %v", f)
		}
	}
}

func TestConfirmKnowsWhatItCannotKnow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		list, op string
		refusal  steam.Refusal
	}{
		"empty list":       {`{"success":true,"conf":[]}`, ``, ""},
		"no list":          {`{"success":true}`, ``, ""},
		"list refused":     {`{"success":false,"message":"Oh nooooooes!","detail":"It looks like your phone's clock is wrong"}`, ``, ""},
		"list is html":     {`<html></html>`, ``, ""},
		"list is null":     {`null`, ``, ""},
		"answered already": {listOfTwo, `{"success":false}`, ""},
		"answer is html":   {listOfTwo, `<html></html>`, ""},
		"no session":       {`{"success":false,"needauth":true}`, ``, steam.RefusedSession},
		"session ends":     {listOfTwo, `{"success":false,"needauth":true}`, steam.RefusedSession},
	} {
		sc := play(t, phone(tc.list, tc.op))
		got := sc.Confirm(t.Context(), "123")
		if tc.refusal == "" && got.Verdict != steam.Unknown || got.Refusal != tc.refusal {
			t.Errorf("%s: Confirm = %+v", name, got)
		}
	}
}

func TestAConfirmationIsNotRepeatedByTheTransport(t *testing.T) {
	t.Parallel()
	sc := play(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/mobileconf/ajaxop" {
			panic(http.ErrAbortHandler) // on the connection that the list was read on
		}
		phone(listOfTwo, "")(w, r)
	})
	if got := sc.Confirm(t.Context(), "123"); got.Verdict != steam.Unknown {
		t.Errorf("Confirm = %+v; want unknown", got)
	}
	asked := sc.requests("/mobileconf/ajaxop")
	if len(asked) != 1 {
		t.Fatalf("%d requests; want 1", len(asked))
	}
	if asked[0].ContentLength != 0 || len(asked[0].TransferEncoding) != 0 {
		t.Errorf("the request has a body: %d %v", asked[0].ContentLength, asked[0].TransferEncoding)
	}
}

func TestConfirmRenewsADeadSession(t *testing.T) {
	t.Parallel()
	sc := play(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Cookie"), "access1") {
			says(200, `{"success":false,"needauth":true}`)(w, r)
			return
		}
		phone(listOfTwo, `{"success":true}`)(w, r)
	})
	if got := sc.Confirm(t.Context(), "123"); got.Verdict != steam.Done {
		t.Errorf("Confirm = %+v", got)
	}
}

func TestWritesOfOneAccountNeverOverlap(t *testing.T) {
	t.Parallel()
	busy := make(chan struct{}, 1)
	sc := play(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case busy <- struct{}{}:
		default:
			t.Error("two writes at once")
		}
		says(500, sentence(sorry+" (16)"))(w, r)
		<-busy
	})
	finished := make(chan struct{})
	for range 8 {
		go func() {
			sc.Send(t.Context(), someOffer())
			sc.Cancel(t.Context(), "123")
			finished <- struct{}{}
		}()
	}
	for range 8 {
		<-finished
	}
}

func TestACallThatNeverLeftIsNotUnknown(t *testing.T) {
	t.Parallel()
	sc := play(t, says(200, `{}`))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got := sc.Send(ended, someOffer()); got.Verdict != steam.Refused || got.Refusal != steam.RefusedRateLimit {
		t.Errorf("Send with an ended context = %+v", got)
	}
	slow := play(t, says(200, `{"tradeofferid":"1"}`), func(o *Options) { o.Pace = NewPace(Gaps{Request: time.Hour}) })
	slow.Send(t.Context(), someOffer())
	short, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got := slow.Send(short, someOffer()); got.Verdict != steam.Refused || got.Refusal != steam.RefusedRateLimit {
		t.Errorf("Send beyond the pace = %+v", got)
	}
	if n := len(slow.requests(sendPath)); n != 1 {
		t.Errorf("%d requests; want 1", n)
	}
}
