package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/client"
	"github.com/skinrail/skinrail/internal/apidoc"
)

// called notes which methods were called.
type called struct {
	mu      sync.Mutex
	methods map[string]bool
}

func (c *called) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var call struct {
		Method string `json:"method"`
	}
	if err := json.Unmarshal(body, &call); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.methods[call.Method] = true
	c.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r) // compared with the reference, see TestMain
}

// A call that is repeated under its key is answered as the first was.
func TestKeyMakesACallRepeatable(t *testing.T) {
	p := ready().Projects[0]
	c := client.New(ready().GatewayURL, p.ClientID, p.ClientSecret)
	ctx := client.IdempotencyKey(t.Context(), "5f0c7e52-keyed")
	first, err := c.Create(ctx, client.CreateRequest{OrderID: "keyed"})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Create(ctx, client.CreateRequest{OrderID: "keyed"}); err != nil || again != first {
		t.Errorf("%v %v, want %v", again, err, first)
	}
	if _, err := c.Create(t.Context(), client.CreateRequest{OrderID: "keyed"}); !errors.Is(err, client.ErrOrderExists) {
		t.Errorf("without the key: %v", err)
	}
}

// Every method of the reference is a method of the client and works.
func TestEveryMethodWorks(t *testing.T) {
	seen := &called{methods: map[string]bool{}}
	p := ready().Projects[0]
	c := client.New(ready().GatewayURL, p.ClientID, p.ClientSecret, client.WithHTTPClient(&http.Client{Transport: seen}))
	ctx := t.Context()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	payer := payerOf(t, "Knife Nell")
	inventory, err := c.UserInventory(ctx, client.InventoryRequest{Game: "cs2", SteamID: payer.SteamID, TradeToken: payer.Token, Currency: "eur"})
	must("user_inventory", err)
	var assets []string
	for _, it := range inventory.Items {
		if !it.Disabled {
			assets = append(assets, it.Item.AssetID)
			break
		}
	}
	direct, err := c.CreateFromUserInventory(ctx, client.DirectRequest{OrderID: "all-direct", Game: "cs2", SteamID: payer.SteamID, TradeToken: payer.Token,
		AssetIDs: assets, CustomMultiplier: "1.2"})
	must("create_from_user_inventory", err)
	if _, err := c.TransactionStatus(ctx, direct.TransactionID); err != nil {
		t.Error(err)
	}
	_, err = c.Create(ctx, client.CreateRequest{OrderID: "all-link", MinAmount: "1.50", Currency: "usd"})
	must("create", err)
	if _, err := c.Create(ctx, client.CreateRequest{OrderID: "all-link"}); !errors.Is(err, client.ErrOrderExists) {
		t.Errorf("the same order again: %v", err)
	}
	if d, err := c.OrderStatus(ctx, "all-link"); err != nil || d.Status != "pending" {
		t.Errorf("%v %v", d, err)
	}
	if err := c.OfferApprove(ctx, direct.TransactionID); !errors.Is(err, client.ErrNotHeld) {
		t.Errorf("approving what is not held: %v", err)
	}
	from, to := time.Unix(0, 0), time.Now().Add(24*365*time.Hour)
	if page, err := c.Orders(ctx, from, to, 0); err != nil || len(page.Items) < 2 {
		t.Errorf("%d orders, %v", len(page.Items), err)
	}
	_, err = c.CallbackErrors(ctx, 0)
	must("callback_error_list", err)

	groups, err := c.PriceList(ctx, "cs2")
	must("market_pricelist", err)
	_, err = c.FullPriceList(ctx, "rust")
	must("market_pricelist full", err)
	_, err = c.ExtendedPriceList(ctx, "rust")
	must("market_pricelist extended", err)
	items, err := c.SearchNames(ctx, "cs2", groups[0].Name)
	must("market_search names", err)
	found, err := c.Search(ctx, "cs2", "redline")
	must("market_search", err)
	buyer := payerOf(t, "Always Accepts")
	bought, err := c.Buy(ctx, client.BuyRequest{Partner: buyer.partner(t), Token: buyer.Token, ItemID: items[0].ID, MaxPrice: items[0].Price, CustomID: "all-one"})
	must("market_buy", err)
	batch, err := c.BatchBuy(ctx, buyer.partner(t), buyer.Token, client.BatchItem{ID: 999_999_999, CustomID: "all-none"})
	if err != nil || len(batch.Unavailable) != 1 || len(batch.Purchased) != 0 {
		t.Errorf("%v %v (%d found)", batch, err, len(found))
	}
	if one, err := c.Purchase(ctx, bought.BuyID); err != nil || one.CustomID != "all-one" {
		t.Errorf("%v %v", one, err)
	}
	if some, err := c.Purchases(ctx, bought.BuyID); err != nil || len(some) != 1 {
		t.Errorf("%v %v", some, err)
	}
	if some, err := c.PurchasesByCustomID(ctx, "all-one", "all-none"); err != nil || len(some) != 1 {
		t.Errorf("%v %v", some, err)
	}
	if page, err := c.History(ctx, from, to, 0); err != nil || len(page.Items) == 0 {
		t.Errorf("%v %v", page, err)
	}
	count := 0
	for p, err := range c.AllPurchases(ctx, from, to) {
		if count++; err != nil || p.BuyID == 0 {
			t.Errorf("%v %v", p, err)
		}
	}
	if count == 0 {
		t.Error("no purchases")
	}
	_, err = c.Balance(ctx)
	must("balance", err)
	_, err = c.MoneyHistory(ctx, from, to, 0)
	must("money_history", err)
	_, err = c.Currencies(ctx)
	must("currencies", err)
	if s, err := c.Status(ctx); err != nil || !s.Available {
		t.Errorf("%v %v", s, err)
	}
	for _, m := range apidoc.Methods() {
		if !seen.methods[m.Name] {
			t.Errorf("%s was not called", m.Name)
		}
	}
}

// steamUser is a payer of the sandbox's world.
type steamUser struct {
	Persona string `json:"persona"`
	SteamID string `json:"steam_id"`
	Token   string `json:"trade_token"`
}

func (u steamUser) partner(t *testing.T) string {
	t.Helper()
	id, err := strconv.ParseUint(u.SteamID, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatUint(id-76561197960265728, 10)
}

func payerOf(t *testing.T, persona string) steamUser {
	t.Helper()
	res, err := http.Get(ready().GatewayURL + "/sandbox/world")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var world struct {
		Accounts []steamUser `json:"accounts"`
	}
	if err := json.NewDecoder(res.Body).Decode(&world); err != nil {
		t.Fatal(err)
	}
	for _, u := range world.Accounts {
		if u.Persona == persona {
			return u
		}
	}
	t.Fatalf("no payer %q", persona)
	return steamUser{}
}
