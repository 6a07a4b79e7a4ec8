package client

import (
	"context"
	"iter"
	"time"
)

// Offer states of a purchase. Accepted can still become one of the rollbacks
// while Steam protects the trade.
const (
	OfferCreating        = "creating_trade"
	OfferWaiting         = "waiting_accept"
	OfferAccepted        = "accepted"
	OfferCanceled        = "canceled"
	OfferTimeout         = "timeout"
	OfferInvalidToken    = "invalid_trade_token"
	OfferNotTradable     = "user_not_tradable"
	OfferCreateError     = "trade_create_error"
	OfferRolledBack      = "rollback_user"
	OfferRolledBackByUs  = "rollback_supplier"
	defaultGame          = "cs2"
	methodPriceList      = "market_pricelist"
	methodPurchaseByList = "market_getinfo"
)

// Item is a concrete item on sale or bought.
type Item struct {
	ID         ID     `json:"id"`
	Name       string `json:"name"`
	Price      Amount `json:"price"`
	ClassID    string `json:"classid"`
	InstanceID string `json:"instanceid"`
}

// ListedItem is an item of the extended list.
type ListedItem struct {
	Item
	AssetID     string  `json:"assetid"`
	AppID       ID      `json:"appId"`
	BorderColor string  `json:"border_color"`
	Image       string  `json:"image"`
	Link        *string `json:"link"`
	SteamID     string  `json:"steamid"`
}

// Group is all items of one name on sale.
type Group struct {
	Name    string `json:"name"`
	Price   Amount `json:"price"` // the lowest
	ClassID string `json:"classid"`
	Count   int    `json:"count"`
}

// Purchase is an item bought for a Steam user.
type Purchase struct {
	Item         Item   `json:"item"`
	BuyID        ID     `json:"buy_id"`
	OfferStatus  string `json:"offer_status"`
	SteamID      string `json:"steamid"`
	Date         Time   `json:"date"`
	Debited      Amount `json:"balance_debited_sum"`
	TradeOfferID string `json:"tradeofferid"`
	CustomID     string `json:"custom_id"`
	ErrorReason  string `json:"error_reason"`
}

// PriceList returns the names on sale in a game, cs2 when empty.
func (c *Client) PriceList(ctx context.Context, game string) ([]Group, error) {
	var a struct{ Items []Group }
	return a.Items, c.call(ctx, methodPriceList, gameOf(game), &a)
}

// FullPriceList returns every item on sale. One with a phase is there twice,
// under the plain name and under the name with the phase.
func (c *Client) FullPriceList(ctx context.Context, game string) ([]Item, error) {
	var a struct{ Items []Item }
	p := gameOf(game)
	p["full"] = true
	return a.Items, c.call(ctx, methodPriceList, p, &a)
}

// ExtendedPriceList is [Client.FullPriceList] with all that is known of each item.
func (c *Client) ExtendedPriceList(ctx context.Context, game string) ([]ListedItem, error) {
	var a struct{ Items []ListedItem }
	p := gameOf(game)
	p["full"], p["extended"] = true, true
	return a.Items, c.call(ctx, methodPriceList, p, &a)
}

func gameOf(game string) params {
	if game == "" {
		game = defaultGame
	}
	return params{"game": game}
}

// Search returns the items whose name contains part, the cheapest first.
func (c *Client) Search(ctx context.Context, game, part string) ([]Item, error) {
	var a struct{ Items []Item }
	return a.Items, c.call(ctx, "market_search", gameOf(game).text("name", part), &a)
}

// SearchNames returns the items of exactly these names, the cheapest first.
func (c *Client) SearchNames(ctx context.Context, game string, names ...string) ([]Item, error) {
	var a struct{ Items []Item }
	p := gameOf(game)
	p["names"] = names
	return a.Items, c.call(ctx, "market_search", p, &a)
}

// BuyRequest buys the item with ItemID, or the cheapest of Name. CustomID makes
// it once-only: a second call with the same is [ErrCustomIDExists] and buys
// nothing.
type BuyRequest struct {
	Partner  string // account id of the receiver's trade URL
	Token    string // of the receiver's trade URL
	ItemID   ID
	Name     string
	Game     string
	MaxPrice Amount
	CustomID string
}

// Buy buys an item and has it sent. What becomes of it is told by events.
func (c *Client) Buy(ctx context.Context, r BuyRequest) (Purchase, error) {
	p := params{"partner": r.Partner, "token": r.Token}.number("id", int64(r.ItemID)).text("name", r.Name).text("game", r.Game).
		amount("max_price", r.MaxPrice).text("custom_id", r.CustomID)
	var bought Purchase
	err := c.call(ctx, "market_buy", p, &bought)
	bought.CustomID = r.CustomID
	return bought, err
}

// BatchItem is one wish of [Client.BatchBuy].
type BatchItem struct {
	ID       ID     `json:"id"`
	MaxPrice Amount `json:"max_price,omitempty"`
	CustomID string `json:"custom_id,omitempty"`
}

// Batch is what became of a bulk purchase.
type Batch struct {
	Purchased   []Purchase `json:"purchased"`
	Unavailable []Refused  `json:"unavailable"`
}

// Refused is an item of a batch that was not bought.
type Refused struct {
	ID       ID     `json:"id"`
	CustomID string `json:"custom_id"`
	Code     int    `json:"error_code"`
	Name     string `json:"error_message"`
}

// BatchBuy buys up to 100 items for one user; each stands for itself.
func (c *Client) BatchBuy(ctx context.Context, partner, token string, items ...BatchItem) (Batch, error) {
	var b Batch
	return b, c.call(ctx, "market_batch_buy", params{"partner": partner, "token": token, "items": items}, &b)
}

// Purchase returns a purchase; [ErrOfferNotFound] without one.
func (c *Client) Purchase(ctx context.Context, id ID) (Purchase, error) {
	var p Purchase
	return p, c.call(ctx, methodPurchaseByList, params{"buy_id": int64(id)}, &p)
}

// Purchases returns those of the ids that are known.
func (c *Client) Purchases(ctx context.Context, ids ...ID) ([]Purchase, error) {
	return c.purchases(ctx, params{"buy_ids": ids})
}

// PurchasesByCustomID returns those of your ids that are known: after a call
// without an answer, what was bought.
func (c *Client) PurchasesByCustomID(ctx context.Context, ids ...string) ([]Purchase, error) {
	return c.purchases(ctx, params{"custom_ids": ids})
}

func (c *Client) purchases(ctx context.Context, p params) ([]Purchase, error) {
	var a struct{ Items []Purchase }
	return a.Items, c.call(ctx, methodPurchaseByList, p, &a)
}

// History returns a page of the purchases of a time, newest first. Start 0 is
// the first page.
func (c *Client) History(ctx context.Context, from, to time.Time, start int64) (Page[Purchase], error) {
	return list[Purchase](ctx, c, "market_history", window(from, to, start))
}

// AllPurchases goes through all purchases of a time, newest first.
func (c *Client) AllPurchases(ctx context.Context, from, to time.Time) iter.Seq2[Purchase, error] {
	return all(func(start int64) (Page[Purchase], error) { return c.History(ctx, from, to, start) })
}
