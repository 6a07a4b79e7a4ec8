package client_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"  // #nosec G501 -- the constant token of the format
	"crypto/sha1" // #nosec G505 -- the signature of the format
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/skinrail/skinrail/client"
)

const (
	project  = "100001"
	secret   = "not-a-secret"
	standard = "whsec_bm90IGEgc2VjcmV0LCBqdXN0IGEgdGVzdA=="
)

func hexMAC(h func() hash.Hash, text string) string {
	mac := hmac.New(h, []byte(secret))
	_, _ = io.WriteString(mac, text)
	return hex.EncodeToString(mac.Sum(nil))
}

// notification is a request as the gateway makes it, but for its own signature.
func notification(form bool, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	token := md5.Sum([]byte(project + secret)) // #nosec G401 -- as above
	r.Header.Set("X-SIGN", hex.EncodeToString(token[:]))
	r.Header.Set("Content-Type", "application/json")
	if form {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	return r
}

// standardly adds the Standard Webhooks signature.
func standardly(r *http.Request, body string) *http.Request {
	at := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte("not a secret, just a test"))
	_, _ = io.WriteString(mac, "msg_1."+at+"."+body)
	r.Header.Set("webhook-id", "msg_1")
	r.Header.Set("webhook-timestamp", at)
	r.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}

// What is signed stands here in full, in the order of the names.
var (
	signedJSON = hexMAC(sha1.New, "amount:21.35;order_id:inv-1;reason:;status:success;trade_offer_id:{1;transaction_id:7;")
	goodJSON   = `{"transaction_id":7,"status":"success","order_id":"inv-1","amount":21.35,"reason":null,"trade_offer_id":"{1",` +
		`"amount_in_currencies":{"rub":1708.5},"skins":[{"name":"P250","price":"0.415"}],"sign":"` + signedJSON + `"}`
	signedForm = hexMAC(sha1.New, "amount:21.35;order_id:inv 1;status:success;transaction_id:7;")
	goodForm   = "transaction_id=7&status=success&order_id=inv+1&amount=21.35&amount_in_currencies%5Brub%5D=1708.5&" +
		"amount_in_currencies%5Beur%5D=19&skins%5B0%5D%5Bname%5D=P250&sign=" + signedForm
)

func TestSignedNotificationsAreRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		v    client.Verifier
		r    *http.Request
		want string
	}{
		"json": {client.Verifier{ID: project, Secret: secret}, notification(false, goodJSON), "7 success inv-1 21.35 map[rub:1708.5] [{P250 0.415 }]"},
		"form": {client.Verifier{ID: project, Secret: secret}, notification(true, goodForm), "7 success inv 1 21.35 map[eur:19 rub:1708.5] []"},
		"both signatures": {client.Verifier{ID: project, Secret: secret, WebhookSecret: standard},
			standardly(notification(false, goodJSON), goodJSON), "7 success inv-1 21.35 map[rub:1708.5] [{P250 0.415 }]"},
	} {
		d, err := c.v.Deposit(c.r)
		if got := fmt.Sprint(d.TransactionID, " ", d.Status, " ", d.OrderID, " ", d.Amount, " ", d.InCurrencies, " ", d.Skins); err != nil || got != c.want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, c.want)
		}
	}
}

func TestForgedNotificationsAreRefused(t *testing.T) {
	t.Parallel()
	v := client.Verifier{ID: project, Secret: secret}
	both := client.Verifier{ID: project, Secret: secret, WebhookSecret: standard}
	with := func(r *http.Request, header, value string) *http.Request {
		r.Header.Set(header, value)
		return r
	}
	for name, c := range map[string]struct {
		v client.Verifier
		r *http.Request
	}{
		"another amount":        {v, notification(false, strings.Replace(goodJSON, "21.35", "21.36", 1))},
		"another name":          {v, notification(false, strings.Replace(goodJSON, `"order_id"`, `"order_ie"`, 1))},
		"one field more":        {v, notification(false, strings.Replace(goodJSON, "{", `{"x":"",`, 1))},
		"no signature":          {v, notification(false, `{"status":"success"}`)},
		"empty signature":       {v, notification(false, strings.Replace(goodJSON, signedJSON, "", 1))},
		"signature in capitals": {v, notification(false, strings.Replace(goodJSON, signedJSON, strings.ToUpper(signedJSON), 1))},
		"no token":              {v, with(notification(false, goodJSON), "X-SIGN", "")},
		"another token":         {v, with(notification(false, goodJSON), "X-SIGN", strings.Repeat("0", 32))},
		"token of the secret":   {v, with(notification(false, goodJSON), "X-SIGN", hex.EncodeToString(sum(secret)))},
		"token of the project":  {v, with(notification(false, goodJSON), "X-SIGN", hex.EncodeToString(sum(project)))},
		"another project":       {client.Verifier{ID: "100002", Secret: secret}, notification(false, goodJSON)},
		"changed form":          {v, notification(true, strings.Replace(goodForm, "success", "fail", 1))},
		"no second signature":   {both, notification(false, goodJSON)},
		"second of another":     {both, standardly(notification(false, goodJSON), goodJSON+" ")},
	} {
		if d, err := c.v.Deposit(c.r); !errors.Is(err, client.ErrForged) || d.TransactionID != 0 {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}

func sum(text string) []byte {
	s := md5.Sum([]byte(text)) // #nosec G401 -- as above
	return s[:]
}

func TestUnreadableNotificationsAreErrors(t *testing.T) {
	t.Parallel()
	v := client.Verifier{ID: project, Secret: secret}
	broken := notification(false, "")
	broken.Body = io.NopCloser(iotest.ErrReader(errors.New("cut")))
	for name, c := range map[string]struct {
		v   client.Verifier
		r   *http.Request
		why string
	}{
		"no JSON":        {v, notification(false, "{"), "notification: unexpected end"},
		"a list":         {v, notification(false, "[]"), "notification: json"},
		"a broken text":  {v, notification(false, `{"a":"\ud800","transaction_id":"x"}`), `notification: id "x"`},
		"no form":        {v, notification(true, "%zz"), "notification: invalid URL escape"},
		"a form's id":    {v, notification(true, "transaction_id=x"), `notification: id "x"`},
		"a cut body":     {v, broken, "notification: cut"},
		"odd secret":     {client.Verifier{ID: project, Secret: secret, WebhookSecret: "whsec_!"}, notification(false, goodJSON), "webhook secret: "},
		"a megabyte cut": {v, notification(false, goodJSON+strings.Repeat(" ", 1<<20-len(goodJSON))+"x"), "none"},
		"a megabyte":     {v, notification(false, goodJSON+strings.Repeat(" ", 1<<20-len(goodJSON)-1)+"x"), "notification: invalid character"},
	} {
		d, err := c.v.Deposit(c.r)
		if c.why == "none" { // what is behind it is not read
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || errors.Is(err, client.ErrForged) || !strings.HasPrefix(err.Error(), c.why) || d.TransactionID != 0 {
			t.Errorf("%s: %+v, %v, want %s", name, d, err, c.why)
		}
	}
}

func TestEventsAreVerifiedAndRead(t *testing.T) {
	t.Parallel()
	v := client.Verifier{ID: project, Secret: secret}
	event := func(body string) *http.Request {
		r := notification(false, body)
		r.Header.Set("Signature", hexMAC(sha256.New, body))
		return r
	}
	for body, want := range map[string]string{
		`{"event":"buy_item","data":{"buy_id":"5","custom_id":"gift"},"seq":3,"epoch":"e1"}`:        "buy_item 5 gift false  3 e1",
		`{"event":"status_change","data":{"item":{"id":"9"},"buy_id":6,"offer_status":"accepted"}}`: "status_change 9 6 accepted false  0 ",
		`{"event":"balance_change","data":{"balance_value":"12.505"}}`:                              "balance_change false false 12.505 0 ",
		`{"event":"later_invention","data":[]}`:                                                     "later_invention false false  0 ",
	} {
		e, err := v.Event(event(body))
		got := e.Kind
		if e.Bought != nil {
			got += fmt.Sprintf(" %d %s", e.Bought.BuyID, e.Bought.CustomID)
		} else if e.Changed == nil {
			got += " false"
		}
		if e.Changed != nil {
			got += fmt.Sprintf(" %d %d %s", e.Changed.Item.ID, e.Changed.BuyID, e.Changed.OfferStatus)
		}
		if e.Changed == nil || e.Bought == nil {
			got += " false"
		}
		if got += fmt.Sprintf(" %s %d %s", e.Balance, e.Sequence, e.Epoch); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", body, got, err, want)
		}
	}
	good := `{"event":"balance_change","data":{"balance_value":"12.505"}}`
	unsigned, token := event(good), event(good)
	unsigned.Header.Del("Signature")
	token.Header.Set("X-SIGN", "x")
	changed := event(good)
	changed.Body = io.NopCloser(bytes.NewReader([]byte(strings.Replace(good, "12", "92", 1))))
	for name, r := range map[string]*http.Request{"unsigned": unsigned, "without the token": token, "changed": changed} {
		if e, err := v.Event(r); !errors.Is(err, client.ErrForged) || e.Kind != "" {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	for body, why := range map[string]string{
		`{`: "event: ", `{"event":"buy_item","data":[]}`: "event buy_item: ", `{"event":"status_change","data":[]}`: "event status_change: ",
		`{"event":"balance_change","data":{"balance_value":"much"}}`: "event balance_change: ",
	} {
		if e, err := v.Event(event(body)); err == nil || !strings.HasPrefix(err.Error(), why) || e.Kind != "" {
			t.Errorf("%s: %+v, %v", body, e, err)
		}
	}
}
