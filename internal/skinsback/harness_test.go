package skinsback

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/apidoc/apidoctest"
	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/goldentest"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/market"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/risk"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
	"github.com/skinrail/skinrail/internal/webhook"
)

// The world of the tests: one moment, one project, one bot, one payer.
var (
	start   = time.Unix(1767225600, 0).UTC()
	botID   = steam.ID64(76561198000000099)
	payerID = steam.ID64(76561198000000007)
)

const (
	shop      = 4021
	stranger  = 4022
	shopKey   = "k3yForTests"
	hookKey   = "whsec_c2tpbnJhaWwgdGVzdCBzZWNyZXQ="
	sandDune  = "P250 | Sand Dune (Field-Tested)"
	capillary = "AWP | Capillary (Field-Tested)"
	karambit  = "★ Karambit | Doppler (Factory New)"
	goodToken = "aB3dE5_-"
)

// world is the gateway as far as this door needs it, with real rooms.
type world struct {
	t         testing.TB
	db        *db.DB
	now       time.Time
	merchants *merchant.Service
	ledger    *ledger.Service
	events    *event.Service
	deposits  *deposit.Service
	purchases *purchase.Service
	webhooks  *webhook.Service
	market    *market.Service
	steam     *steamOutside
	hostile   bool // requests need not be as documented
	trades    *trade.Service
	fleet     *fleet.Service
	cash      *cash.Service
	pricing   *pricing.Service
	door      *Door
	reason    string
	offers    int
}

// steamOutside is Steam as the deposit room asks it: the payer has what the
// test says and can trade.
type steamOutside struct {
	items         []steam.Item
	cannot, reads error // what trades and inventories are refused with
}

func (s *steamOutside) PayerInventory(context.Context, steam.ID64, string, steam.AppID) ([]steam.Item, error) {
	return s.items, s.reads
}
func (s *steamOutside) Preflight(context.Context, steam.ID64, string) error { return s.cannot }

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, dbtest.SQLite(t))
}

func newWorldOn(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, now: start, offers: 7000000000}
	w.steam = &steamOutside{items: []steam.Item{asset("31000000001", capillary), asset("31000000002", sandDune)}}
	box := seal.New([32]byte{1})
	w.merchants, w.ledger, w.events, w.trades, w.fleet = merchant.New(d, box), ledger.New(d), event.New(d), trade.New(d), fleet.New(d, box)
	w.pricing = pricing.New(d)
	w.cash = cash.New(cash.Deps{DB: d, Ledger: w.ledger, Events: w.events, Merchants: w.merchants})
	goods := market.New(d, w.pricing, w.fleet)
	w.market = goods
	w.deposits = deposit.New(deposit.Deps{DB: d, Ledger: w.ledger, Events: w.events, Merchants: w.merchants, Trades: w.trades,
		Fleet: w.fleet, Pricing: w.pricing, Risk: risk.New(), Steam: w.steam})
	w.purchases = purchase.New(purchase.Deps{DB: d, Ledger: w.ledger, Events: w.events, Merchants: w.merchants, Trades: w.trades, Market: goods, Fleet: w.fleet})
	w.webhooks = webhook.New(webhook.Deps{DB: d, Events: w.events, Merchants: w.merchants, Encoder: NewEncoder(),
		Client: webhook.Guard(webhook.GuardOptions{AllowPrivate: true})})
	w.door = New(Deps{DB: d, Trades: w.trades, Fleet: w.fleet, Webhooks: w.webhooks, Merchants: w.merchants, Deposits: w.deposits, Purchases: w.purchases, Market: goods, Pricing: w.pricing,
		Ledger: w.ledger, Cash: w.cash, PublicURL: "https://pay.example/", Ready: func() string { return w.reason },
		Version: version(d), Now: func() time.Time { return w.now }, Wall: func() time.Time { return noon }, Logger: slog.New(slog.DiscardHandler)})
	w.furnish()
	return w
}

// version is the database's own count of commits, if it tells.
func version(d any) func() (int64, bool) {
	if v, ok := d.(interface{ Version() (int64, bool) }); ok {
		return v.Version
	}
	return nil
}

// furnish fills the world: prices, currencies, projects with money, a bot with
// items.
func (w *world) furnish() {
	ctx := w.t.Context()
	w.ok(w.pricing.SetPrices(ctx, []pricing.Price{{App: steam.CS2, Name: sandDune, Amount: 410}, {App: steam.CS2, Name: capillary, Amount: 21350},
		{App: steam.CS2, Name: karambit, Amount: 512400}, {App: steam.Rust, Name: "Tempered AK47", Amount: 9990}}, w.now))
	w.ok(w.pricing.SetCurrencies(ctx, []pricing.Currency{{Code: "usd", Name: "US Dollar", Rate: money.One, Digits: 2},
		{Code: "rub", Name: "Russian Ruble", Rate: money.MustRate("80"), Digits: 2},
		{Code: "eur", Name: "Euro", Rate: money.MustRate("0.8619"), Digits: 2}}, w.now))
	for id, secret := range map[int64]string{shop: shopKey, stranger: "other secret"} {
		_, _, err := w.merchants.Add(ctx, merchant.NewProject{Project: w.project(id), ClientSecret: secret, WebhookSecret: hookKey}, w.now)
		w.ok(err)
	}
	w.pay(shop, 1840250)
	w.ok(w.fleet.Add(ctx, fleet.NewBot{ID: botID, AccountName: "desk7", Persona: "Desk 7", TradeToken: "Eb0t_tok"}, w.now))
	w.ok(w.fleet.Enable(ctx, botID, true, time.Now()))
	w.ok(w.fleet.Report(ctx, botID, fleet.Ready, "", w.now))
	phased := asset("41000000004", karambit)
	phased.Phase, phased.InstanceID = "Phase 2", "188530139"
	w.ok(w.fleet.SyncItems(ctx, botID, steam.CS2, steam.ContextMain, []steam.Item{asset("41000000001", sandDune), asset("41000000002", sandDune),
		asset("41000000003", capillary), phased}, w.now))
	w.ok(w.fleet.Protect(ctx, steam.CS2))
}

func (w *world) project(id int64) merchant.Project {
	return merchant.Project{ID: id, Name: "Example shop", Active: true, Market: true, NoWait: true, Multiplier: money.MustRate("1.1"),
		Commission: money.MustRate("0.05"), ResultURL: "https://shop.example/skins/result", EventsURL: "https://shop.example/skins/events",
		SuccessURL: "https://shop.example/ok", FailURL: "https://shop.example/sorry", RateLimit: 1 << 30}
}

func asset(id, name string) steam.Item {
	return steam.Item{Asset: steam.Asset{App: steam.CS2, Context: steam.ContextMain, ID: id}, ClassID: "5100000001", InstanceID: "0",
		Name: name, Icon: "abc", Type: "Mil-Spec Grade Pistol", Tradable: true, Marketable: true}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) pay(project int64, m money.Amount) {
	w.ok(w.ledger.Post(w.t.Context(), ledger.Transaction{Ref: "opening/" + strconv.FormatInt(project, 10), Kind: "pay in", At: w.now,
		Entries: []ledger.Entry{{Account: ledger.OutsideCash, Amount: -m}, {Account: ledger.Available(project), Amount: m}}}))
}

// settings changes the project.
func (w *world) settings(change func(*merchant.Project)) {
	w.t.Helper()
	p, err := w.merchants.Project(w.t.Context(), shop)
	w.ok(err)
	change(&p)
	w.ok(w.merchants.Update(w.t.Context(), p))
}

// post sends a body with header authentication and returns the answer's bytes;
// every answer must be HTTP 200 with one JSON object and a request id.
func (w *world) post(body string) string {
	w.t.Helper()
	return w.send(body, http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}, "Content-Type": {"application/json"}})
}

func (w *world) send(body string, h http.Header) string {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api.php", strings.NewReader(body))
	r.Header = h
	return w.serve(r)
}

func (w *world) serve(r *http.Request) string {
	w.t.Helper()
	sent, err := io.ReadAll(r.Body)
	w.ok(err)
	r.Body = io.NopCloser(bytes.NewReader(sent))
	rec := httptest.NewRecorder()
	w.door.Handler().ServeHTTP(rec, r)
	res := rec.Result()
	b, err := io.ReadAll(res.Body)
	w.ok(err)
	w.documented(r, string(sent), b)
	if res.StatusCode != http.StatusOK || res.Header.Get("X-Request-Id") == "" ||
		res.Header.Get("Content-Type") != "application/json; charset=utf-8" || !json.Valid(b) || b[0] != '{' {
		w.t.Errorf("%s: HTTP %d %v %s", r.URL, res.StatusCode, res.Header, b)
	}
	return string(b)
}

// documented checks the answer by the reference, and a JSON request that was
// taken.
func (w *world) documented(r *http.Request, sent string, answer []byte) {
	w.t.Helper()
	f, err := decode(sent, r.Header.Get("Content-Type"))
	name := f.get("method").str
	if m := w.door.methods[name]; err != nil || m == nil {
		if err := apidoctest.Component("Error", answer); err != nil {
			w.t.Errorf("%.200s: %s: not as documented: %v", sent, answer, err)
		}
		return
	}
	if err := apidoctest.Answer(name, answer); err != nil {
		w.t.Errorf("%.200s: %s: not as documented: %v", sent, answer, err)
	}
	if !w.hostile && strings.HasPrefix(sent, "{") && len(sent) < 10_000 && !bytes.Contains(answer, []byte(`"error"`)) {
		if err := apidoctest.Request(name, []byte(sent)); err != nil {
			w.t.Errorf("%s: taken, but not as documented: %v", sent, err)
		}
	}
}

// signed sends a form with the old signature over text.
func (w *world) signed(body, text string) string {
	return w.send(body+"&sign="+sign(shopKey, text), http.Header{"Content-Type": {formType}})
}

// code reads the error of an answer: 0 and "" when it is none.
func code(t testing.TB, answer string) (int, string) {
	t.Helper()
	var e struct {
		Status  string `json:"status"`
		Code    int    `json:"error_code"`
		Message string `json:"error_message"`
	}
	if err := json.Unmarshal([]byte(answer), &e); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	if (e.Status == "error") != (e.Code != 0) || (e.Code != 0) != (e.Message != "") {
		t.Errorf("%s: not the documented envelope", answer)
	}
	return e.Code, e.Message
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.File(t, filepath.Join("testdata", name), got+"\n")
}

// foreign puts a deposit of another project beside ours.
func (w *world) foreign() {
	p, err := w.merchants.Project(w.t.Context(), stranger)
	w.ok(err)
	_, err = w.deposits.Open(w.t.Context(), deposit.Request{Project: p, OrderID: "theirs"}, w.now)
	w.ok(err)
}

// open makes a deposit whose payer is known.
func (w *world) open(order string) deposit.Deposit {
	w.t.Helper()
	p, err := w.merchants.Project(w.t.Context(), shop)
	w.ok(err)
	d, err := w.deposits.Open(w.t.Context(), deposit.Request{Project: p, OrderID: order, SteamID: payerID, TradeToken: goodToken}, w.now)
	w.ok(err)
	return d
}

// choose sends the payer's choice; the offer is wanted then.
func (w *world) choose(order string, assets ...string) deposit.Deposit {
	w.t.Helper()
	d := w.open(order)
	q, err := w.deposits.Inventory(w.t.Context(), d.Hash, steam.CS2, w.now)
	w.ok(err)
	d, err = w.deposits.Choose(w.t.Context(), d.Hash, q.ID, assets, w.now)
	w.ok(err)
	return d
}

// walk moves a trade through states as the bot would, one minute each.
func (w *world) walk(id int64, states ...trade.State) {
	w.t.Helper()
	for _, to := range states {
		t, err := w.trades.ByID(w.t.Context(), id)
		w.ok(err)
		w.now = w.now.Add(time.Minute)
		c := trade.Change{}
		switch to {
		case trade.Active:
			w.offers++
			c.Offer = steam.OfferID(strconv.Itoa(w.offers))
		case trade.Accepted:
			c.Receipt, c.SettleAt = w.receipt(t), w.now.Add(8*24*time.Hour)
		case trade.Settled:
			w.now = t.SettleAt.Add(time.Hour)
		}
		_, err = w.trades.Move(w.t.Context(), t, to, c, w.now)
		w.ok(err)
	}
}

func (w *world) receipt(t trade.Trade) *steam.Trade {
	r := &steam.Trade{ID: steam.TradeID(fmt.Sprint("51000000", t.ID)), Partner: t.Partner, Status: steam.TradeComplete, Init: w.now}
	for i, a := range t.Assets {
		moved := steam.TradeItem{Asset: a.Asset, ClassID: a.ClassID, InstanceID: a.InstanceID, NewContext: steam.ContextMain,
			NewID: fmt.Sprint("6100000", t.ID, i)}
		if t.Direction == trade.Give {
			r.Given = append(r.Given, moved)
		} else {
			r.Received = append(r.Received, moved)
		}
	}
	return r
}

// message encodes one event as it is sent, without what is random or timed.
func (w *world) message(e event.Event) string {
	w.t.Helper()
	ctx := w.t.Context()
	p, err := w.merchants.Project(ctx, shop)
	w.ok(err)
	s, err := w.merchants.Secrets(ctx, shop)
	w.ok(err)
	n := NewEncoder()
	m, ok, err := n.Encode(ctx, p, s, e)
	w.ok(err)
	if !ok {
		return ""
	}
	schema := map[string]string{webhook.Result: "DepositNotification", webhook.Events: "Event"}[m.Endpoint]
	if m.ContentType == jsonType {
		if err := apidoctest.Component(schema, m.Body); err != nil {
			w.t.Errorf("%s: not as documented: %v", m.Body, err)
		}
	}
	h, err := n.Headers(p, s, webhook.Delivery{EventID: e.ID, Endpoint: m.Endpoint, Body: m.Body}, noon)
	w.ok(err)
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s\nContent-Type: %s\n", m.URL, m.ContentType)
	for _, name := range []string{"X-SIGN", "Signature", "Authorization"} {
		if v := h.Get(name); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", m.Body)
	return b.String()
}
