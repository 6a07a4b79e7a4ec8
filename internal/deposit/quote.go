package deposit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit/sqlc"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/risk"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// QuoteLife is how long quoted prices stand.
const QuoteLife = 15 * time.Minute

// MaxItems is how many items one offer takes; bigger ones time out on Steam.
const MaxItems = 100

// Why an item cannot be chosen.
const (
	DisabledUntradable = "not_tradable"
	DisabledUnpriced   = "not_priced"
)

// Quote is a payer's inventory of one game with prices that stand for a while.
type Quote struct {
	ID      string
	App     steam.AppID
	Expires time.Time
	Rates   string
	Items   []QuoteItem
}

// QuoteItem is one thing as the payer sees it. Disabled is empty when it can be
// chosen.
type QuoteItem struct {
	Item
	Kind     string
	Color    string
	Disabled string
}

// Inventory reads the payer's items of a game and fixes their prices for
// fifteen minutes. Without a payer it is [fault.WrongState].
func (s *Service) Inventory(ctx context.Context, hash string, app steam.AppID, now time.Time) (Quote, error) {
	d, err := s.ByHash(ctx, hash)
	if err != nil {
		return Quote{}, err
	}
	if err := d.choosable(now); err != nil {
		return Quote{}, err
	}
	if d.SteamID == 0 {
		return Quote{}, fault.New(fault.WrongState, "the payer is not known")
	}
	q, err := s.look(ctx, Payer{d.SteamID, d.TradeToken}, app, d.Multiplier, now)
	if err != nil {
		return Quote{}, err
	}
	q.ID = s.Random.UUID(now)
	seen := risk.Inventory{App: app, Worth: q.worth(), Seen: now}
	body, err := json.Marshal(q)
	if err != nil {
		return Quote{}, fmt.Errorf("quote: %w", err)
	}
	return q, s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.Risk.SeenTx(ctx, tx, d.SteamID, seen); err != nil {
			return err
		}
		w := sqlc.New(tx)
		if err := w.Crowded(ctx, sqlc.CrowdedParams{DepositID: d.ID, ExpiresAt: db.Micros(now)}); err != nil {
			return err
		}
		return w.InsertQuote(ctx, sqlc.InsertQuoteParams{ID: q.ID, DepositID: d.ID, ExpiresAt: db.Micros(q.Expires), Body: body})
	})
}

// Payer is whose items are asked for, and the token of his trade URL.
type Payer struct {
	ID    steam.ID64
	Token string
}

// look reads and prices a payer's items of a game.
func (s *Service) look(ctx context.Context, p Payer, app steam.AppID, multiplier money.Rate, now time.Time) (Quote, error) {
	held, err := s.Steam.PayerInventory(ctx, p.ID, p.Token, app)
	if err != nil {
		return Quote{}, err
	}
	q := Quote{App: app, Expires: now.Add(QuoteLife), Rates: s.Pricing.Rates()}
	for _, it := range held {
		item, err := s.price(it, multiplier)
		if err != nil {
			return Quote{}, err
		}
		q.Items = append(q.Items, item)
	}
	return q, nil
}

// worth is what can be chosen, as far as a sum can be told.
func (q Quote) worth() (sum money.Amount) {
	for _, it := range q.Items {
		if it.Disabled != "" {
			continue
		}
		if next, err := sum.Add(it.Price); err == nil {
			sum = next
		}
	}
	return sum
}

func (s *Service) price(it steam.Item, multiplier money.Rate) (QuoteItem, error) {
	out := QuoteItem{Item: Item{Asset: it.Asset, ClassID: it.ClassID, InstanceID: it.InstanceID, Name: it.Name, Icon: it.Icon},
		Kind: it.Type, Color: it.Color}
	price, ok := s.Pricing.BuyIn(it.App, it.Name)
	user, err := price.Mul(multiplier)
	if err != nil {
		return out, fmt.Errorf("price of %q: %w", it.Name, err)
	}
	out.Price, out.UserPrice = price, user
	switch {
	case !it.Tradable:
		out.Disabled = DisabledUntradable
	case !ok || price <= 0:
		out.Disabled = DisabledUnpriced
	}
	return out, nil
}

// Choose fixes the deposit's items and amount by a quote, and wants the trade,
// in one commit. The payer must be ready for trades ([fault.PayerNotReady]); a
// quote that is over is [fault.PriceChanged]; a sum outside the limits or items
// that cannot be chosen are [fault.InvalidRequest]; too much that is not settled
// is [fault.LimitReached].
func (s *Service) Choose(ctx context.Context, hash, quoteID string, assetIDs []string, now time.Time) (Deposit, error) {
	d, err := s.ByHash(ctx, hash)
	if err != nil {
		return Deposit{}, err
	}
	if err := d.choosable(now); err != nil {
		return d, err
	}
	if d.SteamID == 0 || d.TradeToken == "" {
		return d, fault.New(fault.PayerNotReady, "trade_url")
	}
	q, err := s.quote(ctx, d, quoteID, now)
	if err != nil {
		return d, err
	}
	next, err := s.chosen(d, q, assetIDs)
	if err != nil {
		return d, err
	}
	if err := s.Steam.Preflight(ctx, d.SteamID, d.TradeToken); err != nil {
		return d, err
	}
	p, err := s.Merchants.Project(ctx, d.Project)
	if err != nil {
		return d, err
	}
	bot, err := s.Fleet.ChooseReceiver(ctx, q.App, len(next.Items), next.Amount)
	if err != nil {
		return d, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := withinUnsettled(ctx, tx, p, next); err != nil {
			return err
		}
		return s.want(ctx, tx, d, &next, bot.ID, now)
	})
	if err != nil {
		return d, err
	}
	return next, nil
}

// chosen is the deposit with items of a quote and what they are worth.
func (s *Service) chosen(d Deposit, q Quote, assetIDs []string) (next Deposit, err error) {
	next = d
	next.Rates, next.Reason, next.Version = q.Rates, "", d.Version+1
	next.State, _ = Next(d.State, Chosen)
	if next.Items, err = pick(q, assetIDs); err != nil {
		return d, err
	}
	if err := next.total(); err != nil {
		return d, err
	}
	return next, s.withinLimits(next, q.App)
}

// choosable is [fault.WrongState] unless the payer can still choose.
func (d Deposit) choosable(now time.Time) error {
	if d.State == Open && d.ExpiresAt.After(now) {
		return nil
	}
	if d.State == Open {
		return fault.New(fault.WrongState, "the link is over")
	}
	return fault.New(fault.WrongState, "the deposit is %s", d.State)
}

// want writes the choice and the intent of its trade.
func (s *Service) want(ctx context.Context, tx *db.Tx, d Deposit, next *Deposit, bot steam.ID64, now time.Time) error {
	deadline := d.ExpiresAt
	if least := now.Add(leastOffer); deadline.Before(least) {
		deadline = least
	}
	w := trade.Want{Owner: d.Owner(), Bot: bot, Partner: d.SteamID, Token: d.TradeToken, Direction: trade.Receive,
		Deadline: deadline, Now: now}
	for _, it := range next.Items {
		w.Assets = append(w.Assets, trade.Asset{Asset: it.Asset, ClassID: it.ClassID, InstanceID: it.InstanceID, Name: it.Name})
	}
	t, err := s.Trades.WantTx(ctx, tx, w)
	if err != nil {
		return err
	}
	next.TradeID, next.OfferID = t.ID, ""
	done, err := change(ctx, tx, d, *next, step{by: Chosen}, now)
	if err != nil {
		return err
	}
	if !done {
		return fault.New(fault.WrongState, "the deposit was changed meanwhile")
	}
	sq := sqlc.New(tx)
	if err := sq.DeleteItems(ctx, d.ID); err != nil { // of a choice that Steam refused
		return err
	}
	for i, it := range next.Items {
		err := sq.InsertItem(ctx, sqlc.InsertItemParams{DepositID: d.ID, Line: int64(i), App: int64(it.App), Context: it.Context,
			Asset: it.ID, ClassID: it.ClassID, InstanceID: it.InstanceID, Name: it.Name, Icon: it.Icon,
			Price: int64(it.Price), UserPrice: int64(it.UserPrice)})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) quote(ctx context.Context, d Deposit, id string, now time.Time) (Quote, error) {
	row, err := sqlc.New(s.DB.Read()).Quote(ctx, sqlc.QuoteParams{ID: id, DepositID: d.ID})
	if errors.Is(err, sql.ErrNoRows) || (err == nil && !db.Time(row.ExpiresAt).After(now)) {
		return Quote{}, fault.New(fault.PriceChanged, "the quoted prices are over: look again")
	}
	if err != nil {
		return Quote{}, fmt.Errorf("read quote: %w", err)
	}
	var q Quote
	if err := json.Unmarshal(row.Body, &q); err != nil {
		return Quote{}, fmt.Errorf("read quote %s: %w", id, err)
	}
	return q, nil
}

// pick takes the chosen things out of a quote, each once.
func pick(q Quote, assetIDs []string) ([]Item, error) {
	if len(assetIDs) == 0 {
		return nil, fault.New(fault.InvalidRequest, "no items chosen")
	}
	if len(assetIDs) > MaxItems {
		return nil, fault.New(fault.InvalidRequest, "at most %d items fit in one offer", MaxItems)
	}
	known := make(map[string]QuoteItem, len(q.Items))
	for _, it := range q.Items {
		known[it.ID] = it
	}
	var items []Item
	for _, id := range assetIDs {
		it, ok := known[id]
		if !ok || it.Disabled != "" {
			return nil, fault.New(fault.InvalidRequest, "an item cannot be chosen")
		}
		delete(known, id)
		items = append(items, it.Item)
	}
	return items, nil
}

// total sets amount, user amount and commission by the deposit's items; each is
// rounded once.
func (d *Deposit) total() (err error) {
	d.Amount = 0
	for _, it := range d.Items {
		if d.Amount, err = d.Amount.Add(it.Price); err != nil {
			return errTooMuch
		}
	}
	if d.Amount > money.Max {
		return errTooMuch
	}
	if d.UserAmount, err = d.Amount.Mul(d.Multiplier); err != nil {
		return errTooMuch
	}
	d.Commission, err = d.Amount.Mul(d.CommissionRate)
	return err
}

var errTooMuch = fault.New(fault.InvalidRequest, "the items are worth too much")

// exactDigits is what an amount in a currency is compared with: more digits
// than products of amounts and rates have, so that nothing is rounded away that
// a merchant can see.
const exactDigits = 9

// withinLimits compares the amount with the game's least and with the order's
// limits in the order's currency.
func (s *Service) withinLimits(d Deposit, app steam.AppID) error {
	if least := s.Pricing.MinDeposit(app); d.Amount < least {
		return fault.New(fault.InvalidRequest, "the least for this game is %s usd", least.Text(2))
	}
	if d.MinAmount == "" && d.MaxAmount == "" {
		return nil
	}
	c, ok := s.Pricing.Currency(d.Currency)
	if !ok {
		return fault.New(fault.InvalidRequest, "currency %q is not known any more", d.Currency)
	}
	sum, err := d.Amount.Convert(exactDigits, c.Rate)
	if err != nil {
		return errTooMuch
	}
	if d.MinAmount != "" {
		if n, err := sum.CmpLimit(d.MinAmount); err != nil || n < 0 {
			return fault.New(fault.InvalidRequest, "choose items for at least %s %s", d.MinAmount, d.Currency)
		}
	}
	if d.MaxAmount != "" {
		if n, err := sum.CmpLimit(d.MaxAmount); err != nil || n > 0 {
			return fault.New(fault.InvalidRequest, "choose items for at most %s %s", d.MaxAmount, d.Currency)
		}
	}
	return nil
}
