package reconcile_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/fleet"
	"github.com/skinrail/skinrail/internal/reconcile"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

var (
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	bot   = steam.FromAccount(1)
	other = steam.FromAccount(9)
)

// pair is one order as it is kept and as Steam shows it.
type pair struct {
	t      trade.Trade
	offer  steam.Offer
	record steam.Trade
}

var states = map[trade.State]steam.OfferState{
	trade.Unconfirmed: steam.OfferNeedsConfirmation, trade.Active: steam.OfferActive, trade.Accepted: steam.OfferAccepted,
	trade.Settled: steam.OfferAccepted, trade.Declined: steam.OfferDeclined, trade.Canceled: steam.OfferCanceled,
	trade.Expired: steam.OfferExpired, trade.Failed: steam.OfferInvalidItems, trade.Reversed: steam.OfferAccepted,
}

func newPair(n int, state trade.State, direction string) *pair {
	at := noon.Add(-time.Duration(n) * 10 * time.Second)
	asset := steam.Asset{App: steam.CS2, Context: steam.ContextMain, ID: strconv.Itoa(1000 + n)}
	t := trade.Trade{ID: int64(n), Reference: fmt.Sprintf("REF%05d", n), Owner: fmt.Sprintf("deposit/%d", n), Bot: bot,
		Partner: steam.FromAccount(uint32(100 + n)), Direction: direction, State: state, CreatedAt: at,
		OfferID: steam.OfferID(strconv.Itoa(5000 + n)), Assets: []trade.Asset{{Asset: asset, Name: "P250"}}}
	p := &pair{t: t, offer: steam.Offer{ID: t.OfferID, Partner: t.Partner, Message: t.Message(), State: states[state], Created: at}}
	item := []steam.OfferItem{{Asset: asset}}
	moved := []steam.TradeItem{{Asset: asset, NewID: strconv.Itoa(9000 + n), NewContext: steam.ContextMain}}
	if direction == trade.Give {
		p.offer.Give, p.record.Given = item, moved
	} else {
		p.offer.Receive, p.record.Received = item, moved
	}
	if states[state] == steam.OfferAccepted {
		p.t.SteamTrade, p.t.AcceptedAt = steam.TradeID(strconv.Itoa(7000+n)), at
		p.t.Assets[0].NewAsset, p.t.Assets[0].NewContext = moved[0].NewID, moved[0].NewContext
		p.record.ID, p.record.Partner, p.record.Init, p.record.Status = p.t.SteamTrade, t.Partner, at, steam.TradeComplete
		if state == trade.Reversed {
			p.record.Status = steam.TradeProtectionRollback
		}
	}
	return p
}

// views are many orders of every state, that agree.
func views(r *rand.Rand, n int) []*pair {
	var all []*pair
	for i := range n {
		for s := range states {
			all = append(all, newPair(i*len(states)+len(all), s, []string{trade.Give, trade.Receive}[r.IntN(2)]))
		}
	}
	return all
}

func compare(all []*pair, more func(*reconcile.Kept, *reconcile.Shown)) []reconcile.Drift {
	k := reconcile.Kept{}
	for _, p := range all {
		if p.t.ID >= 0 {
			k.Trades = append(k.Trades, p.t)
		}
	}
	return compareKept(k, all, more)
}

func compareKept(k reconcile.Kept, all []*pair, more func(*reconcile.Kept, *reconcile.Shown)) []reconcile.Drift {
	k.Items = map[steam.AppID][]fleet.Held{}
	s := reconcile.Shown{From: noon.Add(-reconcile.Span), Items: map[steam.AppID][]steam.Item{steam.CS2: {}}}
	for _, p := range all {
		if p.offer.ID != "" {
			s.Offers = append(s.Offers, p.offer)
		}
		if p.record.ID != "" {
			s.Trades = append(s.Trades, p.record)
		}
	}
	for i := range 200 {
		a := steam.Asset{App: steam.CS2, Context: steam.ContextMain, ID: strconv.Itoa(100 + i)}
		k.Items[steam.CS2] = append(k.Items[steam.CS2], fleet.Held{Asset: a, Item: int64(i), Name: "P250", ClassID: "5", Tradable: true})
		s.Items[steam.CS2] = append(s.Items[steam.CS2], steam.Item{Asset: a, Name: "P250", ClassID: "5", Tradable: true})
	}
	if more != nil {
		more(&k, &s)
	}
	return reconcile.Compare(k, s)
}

// plants are ways in which an order comes apart, and in which states it can.
var plants = []struct {
	kind  reconcile.Kind
	in    []trade.State
	plant func(*pair) (subject string)
}{
	{reconcile.OfferUnknown, []trade.State{trade.Active, trade.Unconfirmed}, func(p *pair) string { p.t.ID = -1; return string(p.offer.ID) }},
	{reconcile.OfferMissing, []trade.State{trade.Active, trade.Unconfirmed}, func(p *pair) string { id := p.offer.ID; p.offer.ID = ""; return string(id) }},
	{reconcile.OfferState, []trade.State{trade.Active}, func(p *pair) string { p.offer.State = steam.OfferDeclined; return string(p.offer.ID) }},
	{reconcile.OfferState, []trade.State{trade.Declined}, func(p *pair) string { p.offer.State = steam.OfferAccepted; return string(p.offer.ID) }},
	{reconcile.OfferOpen, []trade.State{trade.Canceled, trade.Expired, trade.Failed}, func(p *pair) string { p.offer.State = steam.OfferActive; return string(p.offer.ID) }},
	{reconcile.OfferPartner, []trade.State{trade.Active, trade.Declined}, func(p *pair) string { p.offer.Partner = other; return string(p.offer.ID) }},
	{reconcile.OfferItems, []trade.State{trade.Active, trade.Unconfirmed}, func(p *pair) string {
		p.offer.Give, p.offer.Receive = p.offer.Receive, p.offer.Give
		return string(p.offer.ID)
	}},
	{reconcile.OfferMessage, []trade.State{trade.Active, trade.Settled}, func(p *pair) string { p.offer.Message = "hello"; return string(p.offer.ID) }},
	{reconcile.TradeMissing, []trade.State{trade.Accepted, trade.Settled}, func(p *pair) string { id := p.record.ID; p.record.ID = ""; return string(id) }},
	{reconcile.TradePartner, []trade.State{trade.Accepted, trade.Settled}, func(p *pair) string { p.record.Partner = other; return string(p.record.ID) }},
	{reconcile.TradeUndone, []trade.State{trade.Accepted, trade.Settled}, func(p *pair) string { p.record.Status = steam.TradeProtectionRollback; return string(p.record.ID) }},
	{reconcile.TradeKept, []trade.State{trade.Reversed}, func(p *pair) string { p.record.Status = steam.TradeComplete; return string(p.record.ID) }},
	{reconcile.TradeItems, []trade.State{trade.Settled}, func(p *pair) string {
		p.record.Given, p.record.Received = p.record.Received, p.record.Given
		return string(p.record.ID)
	}},
	{reconcile.TradeNewIDs, []trade.State{trade.Settled, trade.Accepted}, func(p *pair) string { p.t.Assets[0].NewAsset = "1"; return string(p.record.ID) }},
}

// inventory are ways in which lists and the world come apart beside orders.
var inventory = []struct {
	kind  reconcile.Kind
	plant func(i int, k *reconcile.Kept, s *reconcile.Shown) (subject string)
}{
	{reconcile.ItemMissing, func(i int, _ *reconcile.Kept, s *reconcile.Shown) string {
		at := len(s.Items[steam.CS2]) - 1
		gone := s.Items[steam.CS2][at]
		s.Items[steam.CS2] = s.Items[steam.CS2][:at]
		return "730/2/" + gone.ID
	}},
	{reconcile.ItemUnlisted, func(i int, k *reconcile.Kept, _ *reconcile.Shown) string {
		gone := k.Items[steam.CS2][0]
		k.Items[steam.CS2] = k.Items[steam.CS2][1:]
		return "730/2/" + gone.ID
	}},
	{reconcile.ItemChanged, func(i int, k *reconcile.Kept, _ *reconcile.Shown) string {
		h := &k.Items[steam.CS2][60+i]
		h.Tradable = false
		return "730/2/" + h.ID
	}},
	{reconcile.TradeUnknown, func(i int, _ *reconcile.Kept, s *reconcile.Shown) string {
		id := strconv.Itoa(8_000_000 + i)
		s.Trades = append(s.Trades, steam.Trade{ID: steam.TradeID(id), Partner: other, Status: steam.TradeComplete, Init: noon, Given: make([]steam.TradeItem, 1)})
		return id
	}},
	{reconcile.TradeReturned, func(i int, k *reconcile.Kept, s *reconcile.Shown) string {
		n := 0
		for _, t := range k.Trades {
			if t.State == trade.Settled {
				if n == i+100 {
					s.Trades = append(s.Trades, steam.Trade{ID: steam.TradeID(strconv.Itoa(9_000_000 + i)), Rollback: t.SteamTrade, Init: noon})
					return string(t.SteamTrade)
				}
				n++
			}
		}
		panic("too few settled trades")
	}},
	{reconcile.OfferTwin, func(i int, k *reconcile.Kept, s *reconcile.Shown) string {
		id := strconv.Itoa(6_000_000 + i)
		t := k.Trades[len(k.Trades)-1-i]
		s.Offers = append(s.Offers, steam.Offer{ID: steam.OfferID(id), Partner: t.Partner, Message: t.Message(), State: steam.OfferActive})
		return id
	}},
}

func TestEveryPlantedDriftIsNamedAndNothingElse(t *testing.T) {
	t.Parallel()
	seed := time.Now().UnixNano()
	if text := os.Getenv("SKINRAIL_TEST_SEED"); text != "" {
		seed, _ = strconv.ParseInt(text, 10, 64)
	}
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(uint64(seed), 2))
	if found := compare(views(r, 200), nil); len(found) != 0 {
		t.Fatalf("of views that agree: %v", found)
	}
	for range 20 {
		all := views(r, 200)
		want, more := plant(t, r, all)
		check(t, want, compare(all, more))
	}
}

// plant brings 76 orders apart and returns what is to be found, with 24 more
// plants beside orders.
func plant(t *testing.T, r *rand.Rand, all []*pair) (map[reconcile.Drift]bool, func(*reconcile.Kept, *reconcile.Shown)) {
	t.Helper()
	want, planted := map[reconcile.Drift]bool{}, 0
	kinds := map[reconcile.Kind]bool{}
	for i, at := range r.Perm(len(all) * 4 / 10) { // the rest is for what is planted beside
		p := plants[i%len(plants)]
		if !slices.Contains(p.in, all[at].t.State) || planted == 76 {
			continue
		}
		want[reconcile.Drift{Kind: p.kind, Subject: p.plant(all[at])}] = true
		kinds[p.kind] = true
		planted++
	}
	for _, p := range inventory {
		kinds[p.kind] = true
	}
	if planted != 76 || len(kinds) < 12 {
		t.Fatalf("%d planted of %d kinds", planted+24, len(kinds))
	}
	return want, func(k *reconcile.Kept, s *reconcile.Shown) {
		for i := range 24 {
			p := inventory[i%len(inventory)]
			want[reconcile.Drift{Kind: p.kind, Subject: p.plant(i/len(inventory), k, s)}] = true
		}
	}
}

// check wants exactly what was planted.
func check(t *testing.T, want map[reconcile.Drift]bool, found []reconcile.Drift) {
	t.Helper()
	if len(want) != 100 {
		t.Errorf("%d planted", len(want))
	}
	for _, f := range found {
		f.Detail = ""
		if !want[f] {
			t.Errorf("not planted: %v", f)
		}
		delete(want, f)
	}
	if len(want) != 0 {
		t.Errorf("not found: %v", want)
	}
}

func TestEveryKindHasAdvice(t *testing.T) {
	t.Parallel()
	if n := len(reconcile.Kinds()); n != 22 {
		t.Errorf("%d kinds", n)
	}
	for _, k := range reconcile.Kinds() {
		if k.Advice() == "" {
			t.Errorf("%s", k)
		}
	}
}

// A second accepted offer of an order is late when the order ended without one,
// and a twin when it has had its own.
func TestAcceptedOfferIsLateOnlyForAnOrderThatEndedWithoutOne(t *testing.T) {
	t.Parallel()
	for state, want := range map[trade.State]reconcile.Kind{trade.Failed: reconcile.OfferLate, trade.Canceled: reconcile.OfferLate,
		trade.Settled: reconcile.OfferTwin, trade.Reversed: reconcile.OfferTwin} {
		p := newPair(1, state, trade.Give)
		s := reconcile.Shown{From: noon.Add(-time.Hour), Offers: []steam.Offer{p.offer,
			{ID: "6000001", Partner: p.t.Partner, Message: p.t.Message(), State: steam.OfferAccepted, Trade: "8000001"}}}
		found := reconcile.Compare(reconcile.Kept{Trades: []trade.Trade{p.t}}, s)
		if !slices.ContainsFunc(found, func(d reconcile.Drift) bool { return d.Kind == want && d.Subject == "6000001" }) {
			t.Errorf("%s: %v", state, found)
		}
	}
}
