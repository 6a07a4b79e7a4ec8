package client

import (
	"context"
	"iter"
	"time"
)

// Status is where a deposit stands.
type Status string

// The statuses. Only StatusSuccess means that the project has the money;
// StatusHoldApproved is a merchant's own decision to trust a held deposit.
const (
	StatusPending      Status = "pending"
	StatusInHold       Status = "in_hold"
	StatusHoldApproved Status = "hold_approved"
	StatusHoldReturned Status = "hold_returned"
	StatusSuccess      Status = "success"
	StatusFail         Status = "fail"
)

// Deposit is one payment. Amounts are there once the items were handed over.
type Deposit struct {
	Status        Status            `json:"status"`
	TransactionID ID                `json:"transaction_id"`
	OrderID       string            `json:"order_id"`
	SteamID       string            `json:"steam_id"`
	Created       Time              `json:"date"`
	Amount        Amount            `json:"amount"`
	Currency      string            `json:"amount_currency"`
	InCurrencies  map[string]Amount `json:"amount_in_currencies"`
	UserAmount    Amount            `json:"user_amount"` // what to credit your user
	UserIn        map[string]Amount `json:"user_amount_in_currencies"`
	Offered       Time              `json:"offer_date"`
	Sent          Time              `json:"skins_send_date"`
	Skins         []Skin            `json:"skins"`
	TradeOfferID  string            `json:"trade_offer_id"`
	Reason        string            `json:"reason"`
	Risk          *Risk             `json:"user_risk"` // in notifications of held deposits
}

// Skin is one item of a deposit.
type Skin struct {
	Name      string `json:"name"`
	Price     Amount `json:"price"`
	UserPrice Amount `json:"user_price"`
}

// Risk is what the gateway knew of a payer before a held deposit.
type Risk struct {
	Deposits     int64                    `json:"total_deposits_count"`
	DepositsSum  Amount                   `json:"total_deposits_sum"`
	Rollbacks    int64                    `json:"total_rollback_deposits_count"`
	RollbacksSum Amount                   `json:"total_rollback_deposits_sum"`
	Joined       string                   `json:"joined_at"`
	Last         string                   `json:"last_deposit_at"`
	Inventory    map[string]RiskInventory `json:"user_inventory"`
}

// RiskInventory is what a payer's items of a game were worth.
type RiskInventory struct {
	Updated time.Time `json:"last_updated_at"`
	Sum     Amount    `json:"sum"`
}

// CreateRequest opens a deposit. Only OrderID is required.
type CreateRequest struct {
	OrderID                        string // unique in the project for ever
	SteamID, TradeToken            string
	ResultURL, SuccessURL, FailURL string // instead of the project's
	MinAmount, MaxAmount           Amount // in Currency
	Currency                       string
	CustomMultiplier               Amount
	CustomCurrency                 string
	CustomCurrencyRate             Amount
	PriorityGame                   string
}

// Link is where the payer goes.
type Link struct {
	URL           string `json:"url"`
	TransactionID ID     `json:"transaction_id"`
}

// Create opens a deposit. A known order id is [ErrOrderExists].
func (c *Client) Create(ctx context.Context, r CreateRequest) (Link, error) {
	var link Link
	p := params{"order_id": r.OrderID}.text("steam_id", r.SteamID).text("trade_token", r.TradeToken).text("result_url", r.ResultURL).
		text("success_url", r.SuccessURL).text("fail_url", r.FailURL).amount("min_amount", r.MinAmount).amount("max_amount", r.MaxAmount).
		text("currency", r.Currency).amount("custom_multiplier", r.CustomMultiplier).text("custom_currency", r.CustomCurrency).
		amount("custom_currency_rate", r.CustomCurrencyRate).text("priority_game", r.PriorityGame)
	return link, c.call(ctx, "create", p, &link)
}

// InventoryRequest asks for what a user could pay with.
type InventoryRequest struct {
	Game, SteamID, TradeToken string
	Currency                  string
	CustomMultiplier          Amount
	CustomCurrency            string
	CustomCurrencyRate        Amount
}

// Inventory is a user's items of a game with prices.
type Inventory struct {
	Currency string          `json:"currency_local"`
	Items    []InventoryItem `json:"items"`
}

// InventoryItem is one item. Disabled ones are not taken.
type InventoryItem struct {
	Item struct {
		AssetID  string `json:"asset_id"`
		Tradable int    `json:"tradable"`
		AppID    string `json:"app_id"`
		Icon     string `json:"icon_url"`
		ClassID  string `json:"class_id"`
	} `json:"item"`
	Name            string `json:"name"`
	Price           Amount `json:"price"`
	PriceLocal      Amount `json:"price_local"`
	Multiplied      Amount `json:"multiplied_price"`
	MultipliedLocal Amount `json:"multiplied_price_local"` // what to credit your user
	Disabled        bool   `json:"disabled"`
}

// UserInventory reads and prices a user's items of a game.
func (c *Client) UserInventory(ctx context.Context, r InventoryRequest) (Inventory, error) {
	var answer struct{ Data Inventory }
	p := params{"game": r.Game, "steam_id": r.SteamID, "trade_token": r.TradeToken}.text("currency", r.Currency).
		amount("custom_multiplier", r.CustomMultiplier).text("custom_currency", r.CustomCurrency).
		amount("custom_currency_rate", r.CustomCurrencyRate)
	err := c.call(ctx, "user_inventory", p, &answer)
	return answer.Data, err
}

// DirectRequest opens a deposit for chosen items, without the payment page.
type DirectRequest struct {
	OrderID, Game, SteamID, TradeToken string
	AssetIDs                           []string
	Currency, ResultURL                string
	CustomMultiplier                   Amount
	CustomCurrency                     string
	CustomCurrencyRate                 Amount
}

// Direct is a deposit whose offer is with the payer.
type Direct struct {
	TransactionID  ID        `json:"transaction_id"`
	Sum            Amount    `json:"sum"`
	LocalSum       Amount    `json:"local_sum"`
	LocalSumToUser Amount    `json:"local_sum_multiplied"` // what to credit your user
	LocalCurrency  string    `json:"local_currency"`
	TradeOfferID   string    `json:"trade_offer_id"`
	Expires        time.Time `json:"trade_offer_expiry_at"`
	BotSteamID     string    `json:"bot_steam_id"`
	BotName        string    `json:"bot_name"`
}

// CreateFromUserInventory sends the payer an offer for the items at once.
func (c *Client) CreateFromUserInventory(ctx context.Context, r DirectRequest) (Direct, error) {
	var answer struct{ Data Direct }
	p := params{"order_id": r.OrderID, "game": r.Game, "steam_id": r.SteamID, "trade_token": r.TradeToken,
		"item_asset_ids": r.AssetIDs}.text("currency", r.Currency).text("result_url", r.ResultURL).
		amount("custom_multiplier", r.CustomMultiplier).text("custom_currency", r.CustomCurrency).
		amount("custom_currency_rate", r.CustomCurrencyRate)
	err := c.call(ctx, "create_from_user_inventory", p, &answer)
	return answer.Data, err
}

// OrderStatus returns a deposit by your order id; [ErrNotFound] without one.
func (c *Client) OrderStatus(ctx context.Context, orderID string) (Deposit, error) {
	var d Deposit
	return d, c.call(ctx, "orderstatus", params{"order_id": orderID}, &d)
}

// TransactionStatus returns a deposit by the gateway's id.
func (c *Client) TransactionStatus(ctx context.Context, id ID) (Deposit, error) {
	var d Deposit
	return d, c.call(ctx, "orderstatus", params{"transaction_id": int64(id)}, &d)
}

// OfferApprove ends the wait for a held deposit, in projects of the scheme
// without it. A deposit that is not held is [ErrNotHeld].
func (c *Client) OfferApprove(ctx context.Context, id ID) error {
	return c.call(ctx, "offer_approve", params{"transaction_id": int64(id)}, nil)
}

// Page is one page of a list; Start is where the next one starts.
type Page[T any] struct {
	Items []T
	Total int64
	More  bool
	Start int64
}

type page[T any] struct {
	Items []T   `json:"items"`
	Total count `json:"total_count"`
	More  bool  `json:"has_more"`
	Start count `json:"start_from"`
}

func list[T any](ctx context.Context, c *Client, method string, p params) (Page[T], error) {
	var a page[T]
	err := c.call(ctx, method, p, &a)
	return Page[T]{a.Items, int64(a.Total), a.More, int64(a.Start)}, err
}

// all goes through the pages; the last pair has the error that ended it.
func all[T any](read func(start int64) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for start := int64(0); ; {
			p, err := read(start)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, it := range p.Items {
				if !yield(it, nil) {
					return
				}
			}
			if !p.More || p.Start == start {
				return
			}
			start = p.Start
		}
	}
}

// Orders returns a page of the deposits opened in a time, newest first. Start 0
// is the first page.
func (c *Client) Orders(ctx context.Context, from, to time.Time, start int64) (Page[Deposit], error) {
	return list[Deposit](ctx, c, "orders", window(from, to, start))
}

// AllOrders goes through all deposits opened in a time, newest first.
func (c *Client) AllOrders(ctx context.Context, from, to time.Time) iter.Seq2[Deposit, error] {
	return all(func(start int64) (Page[Deposit], error) { return c.Orders(ctx, from, to, start) })
}

// Undelivered is a notification that your server has not taken.
type Undelivered struct {
	TransactionID ID     `json:"transaction_id"`
	OrderID       string `json:"order_id"`
	HTTPCode      string `json:"http_code"` // "0": no answer
}

// CallbackErrors returns a page of the notifications that failed and are still
// not delivered.
func (c *Client) CallbackErrors(ctx context.Context, start int64) (Page[Undelivered], error) {
	return list[Undelivered](ctx, c, "callback_error_list", params{}.number("start_from", start))
}
