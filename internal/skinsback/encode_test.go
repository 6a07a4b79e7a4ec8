package skinsback

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/skinrail/skinrail/internal/apidoc/apidoctest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/webhook"
)

var vectorSecrets = merchant.Secrets{Client: vectorSecret, Webhook: hookKey}

// vectorDeposit is the deposit of the published notification.
var vectorDeposit = deposit.Changed{ID: 90817, OrderID: "inv-1001", State: deposit.Credited, SteamID: "76561198000000007", Created: 1767225600,
	Offered: 1767225660, Skins: 1767225720, OfferID: "7000000044", Amount: 21350, UserAmount: 23485, Multiplier: "1.1",
	Rates: `[{"code":"usd","rate":"1","digits":2},{"code":"rub","rate":"80","digits":2}]`,
	Items: []deposit.ChangedItem{{Name: capillary, Price: 21350, UserPrice: 23485}}}

func encoded(t *testing.T, p merchant.Project, kind event.Kind, body any) webhook.Message {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	m, ok, err := NewEncoder().Encode(t.Context(), p, vectorSecrets, event.Event{ID: "evt_1", Kind: kind, At: start, Body: raw})
	if err != nil || !ok {
		t.Fatalf("not encoded: %v", err)
	}
	return m
}

func vectorProject() merchant.Project {
	return merchant.Project{ID: vectorID, ResultURL: "https://shop.example/result", EventsURL: "https://shop.example/events", WebhookEncoding: "json"}
}

// The notification of the published example, byte for byte.
func TestNotificationIsThePublishedOne(t *testing.T) {
	t.Parallel()
	m := encoded(t, vectorProject(), event.DepositChanged, vectorDeposit)
	const want = `{"sign":"e03f7c641defeb018155139879ae2ad88ded5301","status":"success","transaction_id":"90817","order_id":"inv-1001",` +
		`"steam_id":"76561198000000007","date":1767225600,"amount":21.35,"amount_currency":"usd","amount_in_currencies":{"usd":21.35,"rub":1708},` +
		`"user_amount":23.485,"user_amount_in_currencies":{"usd":23.485,"rub":1878.8},"offer_date":1767225660,"skins_send_date":1767225720,` +
		`"skins":[{"name":"AWP | Capillary (Field-Tested)","price":21.35,"user_price":23.485}]}`
	if string(m.Body) != want || m.Endpoint != webhook.Result || m.URL != "https://shop.example/result" || m.ContentType != "application/json" {
		t.Errorf("%s %s %s\n got %s\nwant %s", m.Endpoint, m.URL, m.ContentType, m.Body, want)
	}
	again := encoded(t, vectorProject(), event.DepositChanged, vectorDeposit)
	if !bytes.Equal(m.Body, again.Body) {
		t.Error("the same event has two bodies")
	}
}

func TestStatusChangeIsThePublishedOne(t *testing.T) {
	t.Parallel()
	m := encoded(t, vectorProject(), event.PurchaseChanged, purchase.Changed{ID: 510, CustomID: "wd-77", State: purchase.Waiting, ItemID: 9001,
		OfferID: "7000000001"})
	const want = `{"event":"status_change","data":{"item":{"id":"9001"},"buy_id":"510","offer_status":"waiting_accept","error_reason":null,` +
		`"tradeofferid":"7000000001","custom_id":"wd-77"}}`
	if string(m.Body) != want {
		t.Errorf("got %s", m.Body)
	}
	h, err := NewEncoder().Headers(vectorProject(), vectorSecrets, webhook.Delivery{EventID: "evt_1", Endpoint: m.Endpoint, Body: m.Body}, noon)
	if err != nil {
		t.Fatal(err)
	}
	const signature = "9a2d6eaf7ef9b6c7793bd8f9e2ba15de341d6e4ae32f27a35827980bcea5420b"
	if h.Get("Signature") != signature || h.Get("Authorization") != signature || h.Get("X-SIGN") != "ffb0dd4daafc9b15be9769f51650afee" {
		t.Errorf("%v", h)
	}
	hook, err := standardwebhooks.NewWebhook(hookKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := hook.VerifyIgnoringTimestamp(m.Body, h); err != nil || h.Get("webhook-id") != "evt_1" || h.Get("webhook-timestamp") != "1767268830" {
		t.Errorf("%v: %v", h, err)
	}
}

// During a rotation old receivers verify the legacy signatures, and both the
// old and the new key the standard one.
func TestRotationKeepsReceiversVerifying(t *testing.T) {
	t.Parallel()
	s := merchant.Secrets{Client: "new", ClientOld: vectorSecret, Webhook: "plain text key", WebhookOld: hookKey}
	body := []byte(`{"event":"balance_change","data":{"balance_value":"1.00"}}`)
	h, err := NewEncoder().Headers(vectorProject(), s, webhook.Delivery{EventID: "evt_2", Endpoint: webhook.Events, Body: body}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if h.Get("X-SIGN") != StaticToken(vectorID, vectorSecret) {
		t.Error("X-SIGN is not of the old secret")
	}
	for _, secret := range []seal.Secret{s.Webhook, s.WebhookOld} {
		hook, err := standardwebhooks.NewWebhookRaw(webhookKey(secret))
		if err != nil {
			t.Fatal(err)
		}
		if err := hook.VerifyIgnoringTimestamp(body, h); err != nil {
			t.Error(err)
		}
	}
	h, err = NewEncoder().Headers(vectorProject(), merchant.Secrets{Client: "x"}, webhook.Delivery{Endpoint: webhook.Result}, noon)
	if err != nil || h.Get("webhook-signature") != "" || h.Get("Signature") != "" || h.Get("X-SIGN") == "" {
		t.Errorf("%v %v", h, err)
	}
}

// A form says the same as JSON, in PHP's bracket names, with the same sign.
func TestFormNotificationSaysTheSame(t *testing.T) {
	t.Parallel()
	p := vectorProject()
	p.WebhookEncoding = "form"
	m := encoded(t, p, event.DepositChanged, vectorDeposit)
	golden(t, "notification_form.txt", string(m.Body))
	if m.ContentType != "application/x-www-form-urlencoded" {
		t.Error(m.ContentType)
	}
	got, err := url.ParseQuery(string(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"sign": "e03f7c641defeb018155139879ae2ad88ded5301", "amount": "21.35",
		"amount_in_currencies[rub]": "1708", "skins[0][name]": capillary, "skins[0][user_price]": "23.485"} {
		if got.Get(name) != want {
			t.Errorf("%s: %q", name, got.Get(name))
		}
	}
	f, err := decodeForm(string(m.Body))
	if err != nil || !slices.Contains(f.signedTexts(), vectors[len(vectors)-2].text) {
		t.Errorf("a receiver would not verify it: %v", err)
	}
}

// What may stand in a notification, whatever the deposit: text and numbers of
// at most 14 digits without exponent, or objects and lists of them.
func TestNotificationsHaveNoNullNoBooleanNoLongNumber(t *testing.T) {
	t.Parallel()
	c := vectorDeposit
	c.Amount, c.UserAmount, c.Reason = 99_999_999_999, 99_999_999_999, "trade_rollback"
	for _, state := range []deposit.State{deposit.Held, deposit.Approved, deposit.Credited, deposit.Failed, deposit.Returned, deposit.Trading} {
		c.State = state
		m := encoded(t, vectorProject(), event.DepositChanged, c)
		f, err := decodeJSON(string(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range f {
			v := p.value
			if v.kind == null || v.kind == boolean || v.kind == number && (strings.ContainsAny(v.str, "eE") || len(strings.Trim(v.str, ".")) > 15) {
				t.Errorf("%s: %s is %v", state, p.name, v)
			}
		}
		texts := f.signedTexts()
		if len(texts) != 1 || f.get("sign").str != sign(vectorSecret, texts[0]) {
			t.Errorf("%s: languages would sign different texts: %q", state, texts)
		}
	}
}

func TestNoAddressNoMessage(t *testing.T) {
	t.Parallel()
	p := merchant.Project{ID: vectorID}
	for kind, body := range map[event.Kind]any{event.DepositChanged: vectorDeposit, event.PurchaseBought: purchase.Changed{},
		event.PurchaseChanged: purchase.Changed{}, event.BalanceChanged: purchase.BalanceChanged{}} {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := NewEncoder().Encode(t.Context(), p, vectorSecrets, event.Event{Kind: kind, Body: raw}); ok || err != nil {
			t.Errorf("%s: %v %v", kind, ok, err)
		}
		p2 := vectorProject()
		if _, _, err := NewEncoder().Encode(t.Context(), p2, vectorSecrets, event.Event{Kind: kind, Body: []byte("{")}); err == nil {
			t.Errorf("%s: a broken event was encoded", kind)
		}
	}
	own := vectorDeposit
	own.ResultURL = "https://other.example/hook"
	if m := encoded(t, p, event.DepositChanged, own); m.URL != own.ResultURL {
		t.Errorf("sent to %q", m.URL)
	}
}

// Every status of a purchase as it is told, to the byte: to projects that know
// them all, and to old clients.
func TestEveryPurchaseStatusIsTold(t *testing.T) {
	t.Parallel()
	told := map[string]string{}
	for _, s := range purchase.States() {
		c := purchase.Changed{ID: 510, ItemID: 9001, State: s, OfferID: "7000000001", CustomID: "wd-77"}
		if s == purchase.BadTradeURL || s == purchase.CannotTrade || s == purchase.NotMade {
			c.OfferID, c.Reason = "", "invalid_trade_url"
		}
		body, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		for client, legacy := range map[string]bool{"": false, "to an old client": true} {
			frame, heard, err := Frame(merchant.Project{LegacyStatuses: legacy}, event.Event{Kind: event.PurchaseChanged, Body: body})
			if err != nil {
				t.Fatal(err)
			}
			if !heard {
				frame = []byte("not told")
			} else if err := apidoctest.Component("Event", frame); err != nil {
				t.Errorf("%s: %v", frame, err)
			}
			told[strings.TrimSpace(string(s)+" "+client)] = string(frame)
		}
	}
	golden(t, "status_changes.txt", lines(told))
}
