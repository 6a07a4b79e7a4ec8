package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// reads are all reading calls, without their results.
var reads = map[string]func(context.Context, *Client) error{
	"inventory": func(ctx context.Context, c *Client) error {
		_, err := c.Inventory(ctx, partnerID, steam.CS2, "2")
		return err
	},
	"own inventory": func(ctx context.Context, c *Client) error {
		_, err := c.Inventory(ctx, botID, steam.CS2, "16")
		return err
	},
	"partner inventory": func(ctx context.Context, c *Client) error {
		_, err := c.PartnerInventory(ctx, partnerID, "Eus3r-tk", steam.CS2, "2")
		return err
	},
	"holds": func(ctx context.Context, c *Client) error {
		_, err := c.HoldDurations(ctx, partnerID, "Eus3r-tk")
		return err
	},
	"bans":    func(ctx context.Context, c *Client) error { _, err := c.Bans(ctx, partnerID); return err },
	"summary": func(ctx context.Context, c *Client) error { _, err := c.Summary(ctx, partnerID); return err },
	"offers":  func(ctx context.Context, c *Client) error { _, err := c.Offers(ctx, time.Time{}); return err },
	"offer":   func(ctx context.Context, c *Client) error { _, err := c.Offer(ctx, "123"); return err },
	"trade":   func(ctx context.Context, c *Client) error { _, err := c.Trade(ctx, "123"); return err },
	"trades":  func(ctx context.Context, c *Client) error { _, err := c.Trades(ctx, time.Time{}, 10); return err },
}

func TestAnAnswerThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"html": says(200, "<!DOCTYPE html><title>Maintenance</title>"), "empty": says(200, ""), "null": says(200, "null"),
		"cut": cuts, "cut json": says(200, `{"response":{"trade_offers_sent":[{"tradeoff`), "array": says(200, "[]"), "text": says(200, `"x"`),
		"nothing": says(200, "{}"), "502": says(502, ""), "500": says(500, `{"error":"failed (16)"}`), "400": says(400, "null"),
		"302": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/market/", http.StatusFound) },
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			for chunk, n := []byte(strings.Repeat(" ", 1<<20)), 0; n <= 17; n++ {
				w.Write(chunk)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := play(t, h)
			for what, read := range reads {
				if err := read(t.Context(), sc.Client); !errors.Is(err, steam.ErrUnavailable) {
					t.Errorf("%s: %v; want unavailable", what, err)
				}
			}
		})
	}
}

func TestReadsTellRateLimitsAndEndedSessions(t *testing.T) {
	t.Parallel()
	limited := play(t, says(429, "null"))
	denied := play(t, says(401, "<html>Access is denied</html>"))
	for what, read := range reads {
		if err := read(t.Context(), limited.Client); !errors.Is(err, steam.ErrRateLimited) {
			t.Errorf("%s after 429: %v", what, err)
		}
		// A session that was turned down twice is thrown away: give it back.
		if err := denied.restore(stored(t)); err != nil {
			t.Fatal(err)
		}
		if err := read(t.Context(), denied.Client); !errors.Is(err, steam.ErrSession) {
			t.Errorf("%s after 401: %v", what, err)
		}
	}
}

func TestA403MeansWhatItsPlaceSays(t *testing.T) {
	t.Parallel()
	sc := play(t, says(403, "null"))
	for what, want := range map[string]error{
		"inventory": steam.ErrPrivate, "own inventory": steam.ErrSession, "partner inventory": steam.ErrPrivate, "offers": steam.ErrUnavailable,
	} {
		if err := reads[what](t.Context(), sc.Client); !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", what, err, want)
		}
	}
	if sc.current().Refresh.Text == "" {
		t.Error("a refused inventory threw the session away")
	}
	old := play(t, says(403, "<html>Access is denied</html>"))
	if err := reads["offers"](t.Context(), old.Client); !errors.Is(err, steam.ErrSession) {
		t.Errorf("offers: %v; want ErrSession", err)
	}
}

// result answers with a result header.
func result(eresult, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Eresult", eresult)
		says(200, body)(w, r)
	}
}

const oneOffer = `{"tradeofferid":"123","accountid_other":39734473,"trade_offer_state":2,"is_our_offer":true,"message":"hi",
	"time_created":1767225600,"time_updated":1767225601,"expiration_time":1768435200,"escrow_end_date":0,"confirmation_method":0,
	"items_to_receive":[{"appid":730,"contextid":"2","assetid":"31000000001","classid":"11","instanceid":"0","amount":"1","missing":false,"est_usd":"12"}]}`

func TestResultsOfTheWebAPI(t *testing.T) {
	t.Parallel()
	full := `{"response":{"offer":` + oneOffer + `}}`
	for name, tc := range map[string]struct {
		h    http.HandlerFunc
		want error
	}{
		"ok":                  {result("1", full), nil},
		"no header":           {says(200, full), nil},
		"false fail":          {result("2", full), nil},
		"fail":                {result("2", `{"response":{}}`), steam.ErrUnavailable},
		"unknown offer":       {result("42", `{"response":{}}`), steam.ErrNotFound},
		"42 beside content":   {result("42", full), steam.ErrNotFound},
		"limit":               {result("84", `{"response":{}}`), steam.ErrRateLimited},
		"timeout":             {result("16", `{"response":{}}`), steam.ErrUnavailable},
		"result is text":      {result("x", full), steam.ErrUnavailable},
		"empty":               {result("1", `{"response":{}}`), steam.ErrUnavailable},
		"another offer":       {result("1", strings.Replace(full, `"123"`, `"124"`, 1)), steam.ErrUnavailable},
		"no partner":          {result("1", strings.Replace(full, "39734473", "0", 1)), steam.ErrUnavailable},
		"partner too large":   {result("1", strings.Replace(full, "39734473", "4294967296", 1)), steam.ErrUnavailable},
		"no items":            {result("1", strings.Replace(full, "items_to_receive", "items", 1)), steam.ErrUnavailable},
		"no state":            {result("1", strings.Replace(full, `_state":2`, `_state":null`, 1)), steam.ErrUnavailable},
		"broken asset":        {result("1", strings.Replace(full, "31000000001", "x", 1)), steam.ErrUnavailable},
		"broken time":         {result("1", strings.Replace(full, "1767225600", "1e99", 1)), steam.ErrUnavailable},
		"response is a list":  {result("1", `{"response":[]}`), steam.ErrUnavailable},
		"response is nothing": {result("1", `{"response":null}`), steam.ErrUnavailable},
	} {
		if err := reads["offer"](t.Context(), play(t, tc.h).Client); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v; want %v", name, err, tc.want)
		}
	}
}

func TestOfferListsSkipWhatSteamFailedToFill(t *testing.T) {
	t.Parallel()
	sc := play(t, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("cursor") == "" {
			fmt.Fprintf(w, `{"response":{"trade_offers_sent":[%s,{"tradeofferid":"9","trade_offer_state":2}],"next_cursor":7}}`, oneOffer)
			return
		}
		fmt.Fprintf(w, `{"response":{"trade_offers_sent":[%s],"trade_offers_received":[%s],"next_cursor":7}}`,
			oneOffer, strings.Replace(oneOffer, `"123"`, `"125"`, 1))
	})
	list, err := sc.Offers(t.Context(), worldStart)
	if err != nil || len(list.Sent) != 1 || len(list.Received) != 1 {
		t.Fatalf("Offers = %+v, %v; want one each", list, err)
	}
	o := list.Sent[0]
	if o.Partner != 76561198000000201 || o.Created.Unix() != 1767225600 || !o.EscrowEnd.IsZero() || o.Receive[0].ID != "31000000001" {
		t.Errorf("offer = %+v", o)
	}
	asked := sc.requests("/IEconService/GetTradeOffers/v1/")
	if len(asked) != 2 || asked[0].Form.Get("time_historical_cutoff") != fmt.Sprint(worldStart.Unix()) || asked[0].Form.Get("active_only") != "1" {
		t.Errorf("%d requests, the first for %v", len(asked), asked[0].Form)
	}
}

func TestActiveOffersOnlyAreAskedWithACutoffInTheFuture(t *testing.T) {
	t.Parallel()
	sc := play(t, says(200, `{"response":{}}`))
	if list, err := sc.Offers(t.Context(), time.Time{}); err != nil || len(list.Sent)+len(list.Received) != 0 {
		t.Fatalf("Offers = %+v, %v", list, err)
	}
	var cutoff int64
	fmt.Sscan(sc.requests("/IEconService/GetTradeOffers/v1/")[0].Form.Get("time_historical_cutoff"), &cutoff)
	if !time.Unix(cutoff, 0).After(sc.now.Now()) {
		t.Errorf("cutoff = %d", cutoff)
	}
}

func TestHoldsMustBeSaid(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]error{
		`{"my_escrow":{"escrow_end_duration_seconds":0},"their_escrow":{"escrow_end_duration_seconds":1296000},"both_escrow":{"escrow_end_duration_seconds":1296000}}`: nil,
		`{"my_escrow":{"escrow_end_duration_seconds":0},"their_escrow":{"escrow_end_duration_seconds":1296000}}`:                                                       nil,
		`{"my_escrow":{"escrow_end_duration_seconds":0}}`:                                                                    steam.ErrUnavailable,
		`{"my_escrow":{"escrow_end_duration_seconds":0},"their_escrow":{}}`:                                                  steam.ErrUnavailable,
		`{"my_escrow":{"escrow_end_duration_seconds":0},"their_escrow":{"escrow_end_duration_seconds":-1}}`:                  steam.ErrUnavailable,
		`{"my_escrow":{"escrow_end_duration_seconds":0},"their_escrow":{"escrow_end_duration_seconds":9223372036854775807}}`: steam.ErrUnavailable,
		`{}`: steam.ErrUnavailable,
	} {
		got, err := play(t, says(200, `{"response":`+body+`}`)).HoldDurations(t.Context(), partnerID, "Eus3r-tk")
		if !errors.Is(err, want) || err == nil && (got.Theirs != 360*time.Hour || got.Both != 360*time.Hour) {
			t.Errorf("%s: %+v, %v; want error %v", body, got, err, want)
		}
	}
	if _, err := play(t, result("15", `{"response":{}}`)).HoldDurations(t.Context(), partnerID, "Eus3r-tk"); !errors.Is(err, steam.ErrTradeURL) {
		t.Errorf("result 15: %v; want ErrTradeURL", err)
	}
}

func TestBansAndSummariesMustBeAboutTheAccount(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]error{
		`{"players":[{"SteamId":"76561198000000201","CommunityBanned":false,"VACBanned":true,"EconomyBan":"probation"}]}`: nil,
		`{"players":[{"SteamId":"76561198000000202","EconomyBan":"none"}]}`:                                               steam.ErrNotFound,
		`{"players":[]}`: steam.ErrNotFound,
		`{"players":[{"SteamId":"76561198000000201"}]}`: steam.ErrUnavailable,
		`{}`: steam.ErrUnavailable,
	} {
		got, err := play(t, says(200, body)).Bans(t.Context(), partnerID)
		if !errors.Is(err, want) || err == nil && got != (steam.Bans{VAC: true, Economy: "probation"}) {
			t.Errorf("%s: %+v, %v; want error %v", body, got, err, want)
		}
	}
	body := `{"response":{"players":[{"steamid":"76561198000000201","personaname":"Casual Carl","communityvisibilitystate":3,"timecreated":1767225600}]}}`
	got, err := play(t, says(200, body)).Summary(t.Context(), partnerID)
	if err != nil || got.Name != "Casual Carl" || !got.Public || got.Created.Unix() != 1767225600 {
		t.Errorf("Summary = %+v, %v", got, err)
	}
	if _, err := play(t, says(200, `{"response":{"players":[]}}`)).Summary(t.Context(), partnerID); !errors.Is(err, steam.ErrNotFound) {
		t.Errorf("unlisted account: %v; want ErrNotFound", err)
	}
}

const oneTrade = `{"tradeid":"900000000000000001","steamid_other":"76561198000000201","time_init":1767225600,"status":12,"time_escrow_end":"1767225700",
	"rollback_trade":"0","assets_received":[{"appid":730,"contextid":"2","assetid":"31000000001","classid":"11","instanceid":"0","amount":"1",
	"new_assetid":"31000000050","new_contextid":"16"}]}`

func TestATradeMustBeWhole(t *testing.T) {
	t.Parallel()
	wrap := func(s string) string { return `{"response":{"trades":[` + s + `]}}` }
	got, err := play(t, says(200, wrap(oneTrade))).Trade(t.Context(), "900000000000000001")
	if err != nil || got.Status != steam.TradeProtectionRollback || got.Rollback != "" || got.EscrowEnd.Unix() != 1767225700 || got.Received[0].NewContext != "16" {
		t.Errorf("Trade = %+v, %v", got, err)
	}
	for name, body := range map[string]string{
		"no status": strings.Replace(oneTrade, `"status":12,`, "", 1), "no partner": strings.Replace(oneTrade, "76561198000000201", "", 1),
		"no time": strings.Replace(oneTrade, "1767225600", "0", 1), "no items": strings.Replace(oneTrade, "assets_received", "x", 1),
		"another": strings.Replace(oneTrade, "900000000000000001", "900000000000000002", 1), "two": oneTrade + "," + oneTrade,
		"negative status": strings.Replace(oneTrade, `"status":12`, `"status":-1`, 1), "broken asset": strings.Replace(oneTrade, "31000000001", "", 1),
	} {
		if got, err := play(t, says(200, wrap(body))).Trade(t.Context(), "900000000000000001"); !errors.Is(err, steam.ErrUnavailable) {
			t.Errorf("%s: %+v, %v; want unavailable", name, got, err)
		}
	}
	if _, err := play(t, says(200, wrap(oneTrade+`,{"tradeid":"5"}`))).Trades(t.Context(), time.Time{}, 10); !errors.Is(err, steam.ErrUnavailable) {
		t.Errorf("a list with an unreadable trade: %v; want unavailable", err)
	}
}

func TestHistoryThatLeadsInACircleEnds(t *testing.T) {
	t.Parallel()
	sc := play(t, says(200, `{"response":{"more":true,"trades":[`+oneTrade+`]}}`))
	got, err := sc.Trades(t.Context(), time.Time{}, 50)
	if err != nil || len(got) != 1 {
		t.Errorf("Trades = %d, %v; want the one", len(got), err)
	}
}

// A list of offers that has no end is an error: one that was cut would make
// offers look as if they were not there.
func TestEndlessListOfOffersIsAnError(t *testing.T) {
	t.Parallel()
	for pages, want := range map[int]error{maxPages: nil, maxPages + 1: steam.ErrUnavailable} {
		next := 0
		sc := play(t, func(w http.ResponseWriter, r *http.Request) {
			next++
			says(200, fmt.Sprintf(`{"response":{"trade_offers_sent":[],"next_cursor":%d}}`, next%pages))(w, r)
		})
		if _, err := sc.Offers(t.Context(), time.Time{}); !errors.Is(err, want) || (err == nil) != (want == nil) || next != min(pages, maxPages) {
			t.Errorf("%d pages: %v after %d", pages, err, next)
		}
	}
}
