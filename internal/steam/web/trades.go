package web

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

// tradesAPage is what GetTradeHistory gives at most to an access token.
const tradesAPage = 100

type tradeWire struct {
	ID         text
	Partner    text
	Init       moment
	EscrowEnd  moment
	Settlement moment
	Status     *number
	Rollback   text
	Received   list[tradeItem]
	Given      list[tradeItem]
}

func (t *tradeWire) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "tradeid":
		return &t.ID
	case "steamid_other":
		return &t.Partner
	case "time_init":
		return &t.Init
	case "time_escrow_end":
		return &t.EscrowEnd
	case "time_settlement":
		return &t.Settlement
	case "status":
		t.Status = new(number)
		return t.Status
	case "rollback_trade":
		return &t.Rollback
	case "assets_received":
		return &t.Received
	case "assets_given":
		return &t.Given
	}
	return nil
}

type tradeItem struct {
	assetWire
	NewID           text
	NewContext      text
	RollbackID      text
	RollbackContext text
}

func (t *tradeItem) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "new_assetid":
		return &t.NewID
	case "new_contextid":
		return &t.NewContext
	case "rollback_new_assetid":
		return &t.RollbackID
	case "rollback_new_contextid":
		return &t.RollbackContext
	}
	return t.assetWire.member(name)
}

type tradesPage struct {
	Trades list[tradeWire]
	More   number
}

func (t *tradesPage) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "trades":
		return &t.Trades
	case "more":
		return &t.More
	}
	return nil
}

// Trade reads a trade's record; unknown is [steam.ErrNotFound].
func (c *Client) Trade(ctx context.Context, id steam.TradeID) (steam.Trade, error) {
	var page tradesPage
	query := url.Values{"tradeid": {string(id)}, "get_descriptions": {"0"}, "language": {"english"}}
	if err := c.econ(ctx, "GetTradeStatus", query, &page); err != nil {
		return steam.Trade{}, err
	}
	if len(page.Trades) != 1 || string(page.Trades[0].ID) != string(id) {
		return steam.Trade{}, malformed("the trade asked for")
	}
	return page.Trades[0].trade()
}

// Trades lists up to max trades, failed ones too, newest first and older than
// before (zero: from now).
func (c *Client) Trades(ctx context.Context, before time.Time, max int) ([]steam.Trade, error) {
	query := url.Values{}
	if !before.IsZero() {
		// Steam counts in whole seconds: round up and drop what is not older.
		query.Set("start_after_time", strconv.FormatInt(before.Add(time.Second-time.Nanosecond).Unix(), 10))
	}
	var out []steam.Trade
	err := c.history(ctx, query, min(max, tradesAPage), func(page []steam.Trade) bool {
		for _, t := range page {
			if len(out) < max && (before.IsZero() || t.Init.Before(before)) {
				out = append(out, t)
			}
		}
		return len(out) < max
	})
	return out, err
}

// History gives the trades page by page, failed ones too, newest first and older
// than the given one (zero: all), for as long as more returns true.
func (c *Client) History(ctx context.Context, than steam.Trade, more func(page []steam.Trade) bool) error {
	query := url.Values{}
	if than.ID != "" {
		goOn(query, than.Init, than.ID)
	}
	return c.history(ctx, query, tradesAPage, more)
}

// goOn lets a page of the history begin after a trade.
func goOn(query url.Values, init time.Time, id steam.TradeID) {
	query.Set("start_after_time", strconv.FormatInt(init.Unix(), 10))
	query.Set("start_after_tradeid", string(id))
}

// history reads pages from where query says. One unreadable record makes a page
// an error: a trade must not go unseen. A trade is given once.
func (c *Client) history(ctx context.Context, query url.Values, size int, more func([]steam.Trade) bool) error {
	query.Set("include_failed", "1")
	query.Set("get_descriptions", "0")
	query.Set("language", "english")
	query.Set("max_trades", strconv.Itoa(size))
	seen := map[steam.TradeID]bool{}
	for {
		var wires tradesPage
		if err := c.econ(ctx, "GetTradeHistory", query, &wires); err != nil {
			return err
		}
		var page []steam.Trade
		for _, w := range wires.Trades {
			t, err := w.trade()
			if err != nil {
				return err
			}
			if !seen[t.ID] {
				page = append(page, t)
			}
			seen[t.ID] = true
		}
		if len(page) == 0 || !more(page) || wires.More == 0 {
			return nil
		}
		last := wires.Trades[len(wires.Trades)-1]
		goOn(query, last.Init.Time, steam.TradeID(last.ID))
	}
}

func (w tradeWire) trade() (steam.Trade, error) {
	partner, err := steam.ParseID64(string(w.Partner))
	if err != nil || !digits(w.ID) || w.Status == nil || *w.Status < 0 || w.Init.IsZero() {
		return steam.Trade{}, malformed("the trade's partner, status or time")
	}
	given, err := tradeItems(w.Given)
	if err != nil {
		return steam.Trade{}, err
	}
	received, err := tradeItems(w.Received)
	if err != nil {
		return steam.Trade{}, err
	}
	if len(given)+len(received) == 0 {
		return steam.Trade{}, malformed("the trade's items")
	}
	return steam.Trade{
		ID:         steam.TradeID(w.ID),
		Partner:    partner,
		Status:     steam.TradeStatus(*w.Status),
		Init:       w.Init.Time,
		Settlement: w.Settlement.Time,
		EscrowEnd:  w.EscrowEnd.Time,
		Rollback:   tradeID(w.Rollback),
		Given:      given,
		Received:   received,
	}, nil
}

func tradeItems(wires list[tradeItem]) ([]steam.TradeItem, error) {
	var items []steam.TradeItem
	for _, w := range wires {
		asset, err := w.asset()
		if err != nil {
			return nil, err
		}
		items = append(items, steam.TradeItem{
			Asset: asset, ClassID: string(w.Class), InstanceID: string(w.Instance),
			NewID: string(w.NewID), NewContext: string(w.NewContext),
			RollbackID: string(w.RollbackID), RollbackContext: string(w.RollbackContext),
		})
	}
	return items, nil
}
