package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// unclearFaults are answers after which nobody can know what happened.
var unclearFaults = []struct{ kind, value string }{
	{"drop", ""}, {"html", ""},
	{"status", "500"}, {"status", "502"}, {"status", "503"}, {"status", "504"}, {"status", "404"}, {"status", "200"},
	{"eresult", "2"}, {"eresult", "10"}, {"eresult", "16"}, {"eresult", "20"}, {"eresult", "52"}, {"eresult", "55"},
}

func TestUnclearAnswersAreUnknownWhateverHappened(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"before", "after"} {
		for _, f := range unclearFaults {
			t.Run(when+" "+f.kind+f.value, func(t *testing.T) {
				t.Parallel()
				st := newStage(t)
				fault := func(call string) {
					st.control("POST", "/sim/faults", fmt.Sprintf(`{"endpoint":%q,"when":%q,"kind":%q,"value":%q}`, call, when, f.kind, f.value))
				}
				st.walkUnclear(t, fault, when == "after")
			})
		}
	}
}

// walkUnclear sends, confirms and cancels with an unclear answer each time and
// compares the verdict with what reading back shows.
func (st *stage) walkUnclear(t *testing.T, fault func(string), happened bool) {
	ctx, c := t.Context(), st.client(t, nil)
	items, err := c.Inventory(ctx, bot, steam.CS2, steam.ContextMain)
	if err != nil {
		t.Fatal(err)
	}
	offer := steam.NewOffer{Partner: partner, Token: "Eus3r-tk", Message: "reference F-1", Give: []steam.Asset{items[0].Asset}}

	fault("send")
	if out := c.Send(ctx, offer); out.Verdict != steam.Unknown {
		t.Errorf("send = %+v; want unknown", out)
	}
	list, err := c.Offers(ctx, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if (len(list.Sent) == 1) != happened {
		t.Fatalf("%d offers after an unclear send", len(list.Sent))
	}
	if !happened {
		if out := c.Send(ctx, offer); out.Verdict != steam.Done {
			t.Fatalf("send = %+v", out)
		}
		if list, err = c.Offers(ctx, time.Time{}); err != nil || len(list.Sent) != 1 {
			t.Fatalf("%d offers, %v", len(list.Sent), err)
		}
	}
	id := list.Sent[0].ID

	fault("confirm")
	if out := c.Confirm(ctx, id); out.Verdict != steam.Unknown {
		t.Errorf("confirm = %+v; want unknown", out)
	}
	wantOffer(t, c, id, map[bool]steam.OfferState{true: steam.OfferActive, false: steam.OfferNeedsConfirmation}[happened])

	fault("cancel")
	if out := c.Cancel(ctx, id); out.Verdict != steam.Unknown {
		t.Errorf("cancel = %+v; want unknown", out)
	}
	want := steam.OfferCanceled
	if !happened {
		want = steam.OfferNeedsConfirmation
	}
	wantOffer(t, c, id, want)
}

func wantOffer(t *testing.T, c steam.Client, id steam.OfferID, want steam.OfferState) {
	t.Helper()
	if o, err := c.Offer(t.Context(), id); err != nil || o.State != want {
		t.Errorf("offer is %s, %v; want %s", o.State, err, want)
	}
}

func TestASessionThatEndsInTheMiddleChangesNothing(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"send", "confirm", "cancel"} {
		st := newStage(t)
		ctx, c := t.Context(), st.client(t, nil)
		items, err := c.Inventory(ctx, bot, steam.CS2, steam.ContextMain)
		if err != nil {
			t.Fatal(err)
		}
		st.control("POST", "/sim/faults", fmt.Sprintf(`{"endpoint":%q,"kind":"session"}`, call))
		o := steam.NewOffer{Partner: partner, Token: "Eus3r-tk", Message: "reference F-2", Give: []steam.Asset{items[0].Asset}}
		sent := c.Send(ctx, o)
		if call == "send" && sent.Refusal == steam.RefusedSession && sent.Unsure { // it is for the caller to look
			sent = c.Send(ctx, o)
		}
		if sent.Verdict != steam.Done {
			t.Fatalf("%s: send = %+v", call, sent)
		}
		if out := c.Confirm(ctx, sent.Offer); out.Verdict != steam.Done {
			t.Errorf("%s: confirm = %+v", call, out)
		}
		if out := c.Cancel(ctx, sent.Offer); out.Verdict != steam.Done {
			t.Errorf("%s: cancel = %+v", call, out)
		}
		if list, err := c.Offers(ctx, st.clock().Add(-time.Hour)); err != nil || len(list.Sent) != 1 {
			t.Errorf("%s: %d offers, %v; want one", call, len(list.Sent), err)
		}
	}
}
