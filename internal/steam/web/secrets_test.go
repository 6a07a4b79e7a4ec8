package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// secretsOf lists every text of the client that must not be shown.
func secretsOf(t *testing.T, c *Client) []string {
	t.Helper()
	s, a := c.current(), botAccount()
	out := []string{a.Password, a.SharedSecret, a.IdentitySecret, "access_token=", "&k=", "Eus3r-tk"}
	for _, text := range []string{s.Access.Text, s.Refresh.Text} {
		if text != "" {
			out = append(out, text, strings.Split(text, ".")[1])
		}
	}
	return out
}

func checkSilent(t *testing.T, secrets []string, where, shown string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(shown, s) {
			t.Errorf("%s shows %q: %s", where, s, shown)
		}
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	c, err := New(Options{Endpoints: Endpoints{Community: "http://c.example", API: "http://a.example"}, Account: botAccount(), Session: stored(t)})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Account: botAccount(), Session: stored(t)}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("x", "account", o.Account, "options", o, "client", c, "in", struct{ Account Account }{o.Account})
	}
	secrets := secretsOf(t, c)
	checkSilent(t, secrets, "slog", log.String())
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, v := range []any{o.Account, &o.Account, o, c, struct{ A Account }{o.Account}} {
			checkSilent(t, secrets, format, fmt.Sprintf(format, v))
		}
	}
	b, err := json.Marshal(o.Account)
	if err != nil {
		t.Fatal(err)
	}
	checkSilent(t, secrets, "json", string(b))
}

// blame fails every request; net/http puts the URL, which has the token, into
// the error it makes of that.
type blame struct{}

func (b blame) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }

func TestNoSecretIsInErrorsOrLogs(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"broken": nil, "dropped": cuts, "500": says(500, ""), "html": says(200, "<html>"), "401": says(401, "null"),
		"sentence": says(500, sentence(sorry+" (16)")),
	} {
		var log bytes.Buffer
		sc := play(t, h, func(o *Options) {
			o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			if name == "broken" {
				o.Transport = blame{}
			}
		})
		secrets := secretsOf(t, sc.Client)
		for _, shown := range everyCall(t, sc.Client) {
			checkSilent(t, secrets, name, shown)
		}
		checkSilent(t, secrets, name+" log", log.String())
	}
}

// everyCall makes each call once and returns what it said.
func everyCall(t *testing.T, c *Client) []string {
	ctx := t.Context()
	var said []string
	say := func(v any, err error) { said = append(said, fmt.Sprintf("%v %+v %#v", v, err, err)) }
	_, err := c.Inventory(ctx, botID, steam.CS2, "2")
	say(nil, err)
	_, err = c.PartnerInventory(ctx, partnerID, "Eus3r-tk", steam.CS2, "2")
	say(nil, err)
	_, err = c.HoldDurations(ctx, partnerID, "Eus3r-tk")
	say(nil, err)
	_, err = c.Bans(ctx, partnerID)
	say(nil, err)
	_, err = c.Summary(ctx, partnerID)
	say(nil, err)
	_, err = c.Offers(ctx, time.Time{})
	say(nil, err)
	_, err = c.Offer(ctx, "123")
	say(nil, err)
	_, err = c.Trade(ctx, "123")
	say(nil, err)
	_, err = c.Trades(ctx, time.Time{}, 10)
	say(nil, err)
	say(c.Send(ctx, someOffer()), nil)
	say(c.Confirm(ctx, "123"), nil)
	say(c.Cancel(ctx, "123"), nil)
	say(c.Acknowledge(ctx), nil)
	say(nil, c.Login(ctx))
	return said
}
