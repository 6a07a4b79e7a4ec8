package client

import (
	"context"
	"time"
)

// Balance is what the project has, in USD and in every currency.
type Balance struct {
	Available   Amount            `json:"balance"`
	AvailableIn map[string]Amount `json:"balance_in_currencies"`
	Deals       Amount            `json:"deals_sum"` // of all settled deposits
	DealsIn     map[string]Amount `json:"deals_sum_in_currencies"`
	Withdrawn   Amount            `json:"withdraw_sum"` // spent on items and paid out
	WithdrawnIn map[string]Amount `json:"withdraw_sum_in_currencies"`
}

// Balance returns what the project has now.
func (c *Client) Balance(ctx context.Context) (Balance, error) {
	var b Balance
	return b, c.call(ctx, "balance", nil, &b)
}

// Currency is one that amounts are shown in: Rate of it for one US dollar.
type Currency struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Rate Amount `json:"rate"`
}

// Currencies returns all currencies.
func (c *Client) Currencies(ctx context.Context) ([]Currency, error) {
	var a struct{ Items []Currency }
	return a.Items, c.call(ctx, "currencies", nil, &a)
}

// Availability tells whether trades are possible now; Reason is site_off or
// no_bots when they are not.
type Availability struct {
	Available bool   `json:"available"`
	Reason    string `json:"reason"`
}

// Status returns whether trades are possible now.
func (c *Client) Status(ctx context.Context) (Availability, error) {
	var a Availability
	return a, c.call(ctx, "status", nil, &a)
}

// Booking is money paid in or out outside of deposits and purchases.
type Booking struct {
	ID       ID     `json:"id"`
	Type     string `json:"type"` // deposit or withdraw
	Amount   Amount `json:"amount"`
	Currency string `json:"currency"`
	Status   string `json:"status"`
	Date     Time   `json:"date"`
}

// MoneyHistory returns a page of the money paid in and out, newest first.
func (c *Client) MoneyHistory(ctx context.Context, from, to time.Time, start int64) (Page[Booking], error) {
	return list[Booking](ctx, c, "money_history", window(from, to, start))
}
