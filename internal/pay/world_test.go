package pay_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pay"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/risk"
	"github.com/skinrail/skinrail/internal/seal"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

const (
	payer     = steam.ID64(76561198000000201)
	stranger  = steam.ID64(76561198000000777)
	bot       = steam.ID64(76561198000000101)
	token     = "Eus3r-tk"
	community = "https://steamcommunity.example"
	redline   = "AK-47 | Redline (Field-Tested)"
	dune      = "P250 | Sand Dune (Field-Tested)"
	hostile   = "\u202e<script>alert(1)</script> \"'&{{.}} (Field-Tested)"
)

// valve is Steam as the door and the deposit room see it.
type valve struct {
	mu        sync.Mutex
	preflight error
	inventory error
	profile   error
	items     map[steam.AppID][]steam.Item
	asked     []steam.AppID
}

func (s *valve) set(f func(*valve)) { s.mu.Lock(); defer s.mu.Unlock(); f(s) }

func (s *valve) PayerInventory(_ context.Context, _ steam.ID64, _ string, app steam.AppID) ([]steam.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, app)
	return s.items[app], s.inventory
}

func (s *valve) Preflight(context.Context, steam.ID64, string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.preflight
}

func (s *valve) Profile(_ context.Context, id steam.ID64) (pay.Profile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch id {
	case payer:
		return pay.Profile{Name: "Casual <b>Carl</b>"}, s.profile
	case bot:
		return pay.Profile{Name: "Dragonfly", Level: 14, Joined: time.Date(2019, 3, 3, 0, 0, 0, 0, time.UTC)}, s.profile
	}
	return pay.Profile{}, errors.New("no such account")
}

// openID stands for the check with Steam: what claimed says is who it is.
type openID struct{ err error }

func (o *openID) RedirectURL(realm, returnTo string) string {
	return community + "/openid/login?" + url.Values{"realm": {realm}, "return_to": {returnTo}}.Encode()
}

func (o *openID) Verify(_ context.Context, q url.Values, returnTo string, _ time.Time) (steam.ID64, string, error) {
	if o.err != nil {
		return 0, "", o.err
	}
	if q.Get("openid.return_to") != returnTo {
		return 0, "", errors.New("another return address")
	}
	id, err := steam.ParseID64(q.Get("claimed"))
	return id, q.Get("nonce"), err
}

// world is the rooms, Steam, and the door before them.
type world struct {
	t        *testing.T
	deposits *deposit.Service
	trades   *trade.Service
	shops    *merchant.Service
	shop     merchant.Project
	prices   *pricing.Service
	valve    *valve
	openID   *openID
	server   *httptest.Server
	door     *pay.Door
	mu       sync.Mutex
	at       time.Time
}

func (w *world) now() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.at }

func (w *world) advance(d time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.at = w.at.Add(d) }

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, nil)
}

// newWorldOf is newWorld with other settings of the door.
func newWorldOf(t *testing.T, change func(*pay.Deps)) *world {
	t.Helper()
	d := dbtest.SQLite(t)
	ctx := t.Context()
	w := &world{t: t, at: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), valve: newValve(), openID: &openID{}}
	box := seal.New([32]byte{1})
	w.shops, w.trades, w.prices = merchant.New(d, box), trade.New(d), pricing.New(d)
	bots := fleet.New(d, box)
	var err error
	w.shop, _, err = w.shops.Add(ctx, merchant.NewProject{Project: merchant.Project{ID: 7, Name: "Example <i>shop</i>", Active: true,
		Multiplier: money.MustRate("1.1"), Commission: money.MustRate("0.05"),
		SuccessURL: "https://shop.example/ok", FailURL: "https://shop.example/sorry"}}, w.at)
	w.must(err)
	w.must(bots.Add(ctx, fleet.NewBot{ID: bot, AccountName: "example_bot", Persona: "Dragonfly (ours)", TradeToken: "Eb0t_tok"}, w.at))
	w.must(bots.Enable(ctx, bot, true, time.Now()))
	w.must(bots.Report(ctx, bot, fleet.Ready, "", w.at))
	w.must(w.prices.SetCurrencies(ctx, []pricing.Currency{{Code: "usd", Name: "US Dollar", Rate: money.One, Digits: 2},
		{Code: "rub", Name: "Rouble", Rate: money.MustRate("80"), Digits: 2}}, w.at))
	w.must(w.prices.SetPrices(ctx, []pricing.Price{{App: steam.CS2, Name: redline, Amount: 21350}, {App: steam.CS2, Name: dune, Amount: 410},
		{App: steam.CS2, Name: hostile, Amount: 5000}, {App: steam.Rust, Name: "Tempered AK47", Amount: 9990}}, w.at))
	w.deposits = deposit.New(deposit.Deps{DB: d, Ledger: ledger.New(d), Events: event.New(d), Merchants: w.shops, Trades: w.trades,
		Fleet: bots, Pricing: w.prices, Risk: risk.New(), Steam: w.valve})
	w.server = httptest.NewUnstartedServer(nil)
	deps := pay.Deps{Deposits: w.deposits, Merchants: w.shops, Pricing: w.prices, Trades: w.trades, Fleet: bots, Steam: w.valve,
		OpenID: w.openID, PublicURL: "http://" + w.server.Listener.Addr().String(), CommunityURL: community, Now: w.now}
	if change != nil {
		change(&deps)
	}
	w.door = pay.New(deps)
	w.server.Config.Handler = w.door.Handler()
	w.server.Start()
	t.Cleanup(w.server.Close)
	return w
}

func newValve() *valve {
	item := func(app steam.AppID, id, name string, tradable bool) steam.Item {
		return steam.Item{Asset: steam.Asset{App: app, Context: steam.ContextMain, ID: id}, ClassID: "51" + id, InstanceID: "0", Name: name, Tradable: tradable}
	}
	return &valve{items: map[steam.AppID][]steam.Item{
		steam.CS2: {item(730, "1001", redline, true), item(730, "1002", redline, true), item(730, "1003", dune, true),
			item(730, "1004", hostile, true), item(730, "1005", redline, false), item(730, "1006", "Unpriced Thing", true)},
		steam.Rust: {item(252490, "2001", "Tempered AK47", true)},
	}}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// open makes a deposit; change may fill the request in.
func (w *world) open(change func(*deposit.Request)) deposit.Deposit {
	w.t.Helper()
	r := deposit.Request{Project: w.shop, OrderID: "inv-1"}
	if change != nil {
		change(&r)
	}
	d, err := w.deposits.Open(w.t.Context(), r, w.now())
	w.must(err)
	return d
}

// prefilled opens a deposit whose payer can choose at once.
func (w *world) prefilled() deposit.Deposit {
	return w.open(func(r *deposit.Request) {
		r.SteamID, r.TradeToken, r.Currency, r.MinAmount, r.MaxAmount = payer, token, "usd", "12.5", "60"
	})
}

func (w *world) find(hash string) deposit.Deposit {
	w.t.Helper()
	d, err := w.deposits.ByHash(w.t.Context(), hash)
	w.must(err)
	return d
}

// traded moves the deposit's trade through states, as the bot door does.
func (w *world) traded(hash string, c trade.Change, states ...trade.State) trade.Trade {
	w.t.Helper()
	t, err := w.trades.ByID(w.t.Context(), w.find(hash).TradeID)
	w.must(err)
	for _, s := range states {
		change := trade.Change{}
		switch s {
		case trade.Active:
			change.Offer = "6100000001"
		case states[len(states)-1]:
			change = c
		}
		t, err = w.trades.Move(w.t.Context(), t, s, change, w.now())
		w.must(err)
	}
	return t
}

// received is the receipt of a trade, protected for a week.
func (w *world) received(t trade.Trade) trade.Change {
	r := &steam.Trade{ID: "4200000001", Partner: payer, Init: w.now(), Settlement: w.now().Add(168 * time.Hour)}
	for _, a := range t.Assets {
		r.Received = append(r.Received, steam.TradeItem{Asset: a.Asset, NewID: "9" + a.ID, NewContext: steam.ContextProtected})
	}
	return trade.Change{Receipt: r, SettleAt: w.now().Add(192 * time.Hour)}
}

var (
	_ deposit.Steam = (*valve)(nil)
	_ pay.Steam     = (*valve)(nil)
)
