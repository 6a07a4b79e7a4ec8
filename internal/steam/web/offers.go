package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/steam"
)

type offerWire struct {
	ID           text
	Account      number
	Message      text
	Expires      moment
	State        number
	Give         list[offerItem]
	Receive      list[offerItem]
	Ours         number
	Created      moment
	Updated      moment
	Trade        text
	EscrowEnd    moment
	Confirmation number
}

func (o *offerWire) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "tradeofferid":
		return &o.ID
	case "accountid_other":
		return &o.Account
	case "message":
		return &o.Message
	case "expiration_time":
		return &o.Expires
	case "trade_offer_state":
		return &o.State
	case "items_to_give":
		return &o.Give
	case "items_to_receive":
		return &o.Receive
	case "is_our_offer":
		return &o.Ours
	case "time_created":
		return &o.Created
	case "time_updated":
		return &o.Updated
	case "tradeid":
		return &o.Trade
	case "escrow_end_date":
		return &o.EscrowEnd
	case "confirmation_method":
		return &o.Confirmation
	}
	return nil
}

type offerItem struct {
	assetWire
	Missing number
}

func (o *offerItem) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "missing":
		return &o.Missing
	}
	return o.assetWire.member(name)
}

type offersPage struct {
	Sent     list[offerWire]
	Received list[offerWire]
	Next     number
}

func (o *offersPage) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "trade_offers_sent":
		return &o.Sent
	case "trade_offers_received":
		return &o.Received
	case "next_cursor":
		return &o.Next
	}
	return nil
}

// singleOffer is the answer about one.
type singleOffer struct{ Offer offerWire }

func (o *singleOffer) member(name []byte) json.Unmarshaler {
	if string(name) == "offer" {
		return filled{&o.Offer}
	}
	return nil
}

// Offers lists active offers and those updated since the cutoff (zero: active
// only). Offers that Steam hands out without a partner or items, its way of
// failing quietly, are left out: absence from the list proves nothing. More pages
// than Steam ever has are an error, not a short list.
func (c *Client) Offers(ctx context.Context, since time.Time) (steam.OfferList, error) {
	// Steam adds everything updated after the cutoff: one in the future leaves
	// the active ones.
	cutoff := c.now().Add(365 * 24 * time.Hour)
	if !since.IsZero() {
		cutoff = since
	}
	query := url.Values{
		"get_sent_offers": {"1"}, "get_received_offers": {"1"}, "active_only": {"1"},
		"time_historical_cutoff": {strconv.FormatInt(max(cutoff.Unix(), 0), 10)},
		"get_descriptions":       {"0"}, "language": {"english"},
	}
	var out steam.OfferList
	seen := map[steam.OfferID]bool{}
	cursors := map[number]bool{0: true}
	for {
		var page offersPage
		if err := c.econ(ctx, "GetTradeOffers", query, &page); err != nil {
			return steam.OfferList{}, err
		}
		out.Sent = appendNew(out.Sent, page.Sent, seen)
		out.Received = appendNew(out.Received, page.Received, seen)
		if cursors[page.Next] {
			return out, nil // the last page, or a cursor that leads in a circle
		}
		if len(cursors) == maxPages {
			return steam.OfferList{}, fmt.Errorf("%w: more than %d pages of offers", steam.ErrUnavailable, maxPages)
		}
		cursors[page.Next] = true
		query.Set("cursor", strconv.FormatInt(int64(page.Next), 10))
	}
}

// appendNew skips repeats: offers move between pages while we read.
func appendNew(to []steam.Offer, wires list[offerWire], seen map[steam.OfferID]bool) []steam.Offer {
	for _, w := range wires {
		if o, err := w.offer(); err == nil && !seen[o.ID] {
			seen[o.ID] = true
			to = append(to, o)
		}
	}
	return to
}

// Offer reads one offer; an id that is unknown or foreign is [steam.ErrNotFound].
func (c *Client) Offer(ctx context.Context, id steam.OfferID) (steam.Offer, error) {
	var out singleOffer
	query := url.Values{"tradeofferid": {string(id)}, "language": {"english"}, "get_descriptions": {"0"}}
	if err := c.econ(ctx, "GetTradeOffer", query, &out); err != nil {
		return steam.Offer{}, err
	}
	if string(out.Offer.ID) != string(id) {
		return steam.Offer{}, malformed("the offer asked for")
	}
	return out.Offer.offer()
}

func (w offerWire) offer() (steam.Offer, error) {
	if !digits(w.ID) || w.State <= 0 || w.Account <= 0 || w.Account > 1<<32-1 || len(w.Give)+len(w.Receive) == 0 {
		return steam.Offer{}, malformed("the offer's partner, state or items")
	}
	give, err := offerItems(w.Give)
	if err != nil {
		return steam.Offer{}, err
	}
	receive, err := offerItems(w.Receive)
	if err != nil {
		return steam.Offer{}, err
	}
	return steam.Offer{
		ID:                 steam.OfferID(w.ID),
		Partner:            steam.FromAccount(uint32(w.Account)),
		Message:            string(w.Message),
		State:              steam.OfferState(w.State),
		Ours:               w.Ours != 0,
		Give:               give,
		Receive:            receive,
		Created:            w.Created.Time,
		Updated:            w.Updated.Time,
		Expires:            w.Expires.Time,
		EscrowEnd:          w.EscrowEnd.Time,
		Trade:              tradeID(w.Trade),
		ConfirmationMethod: int(w.Confirmation),
	}, nil
}

func offerItems(wires list[offerItem]) ([]steam.OfferItem, error) {
	var items []steam.OfferItem
	for _, w := range wires {
		asset, err := w.asset()
		if err != nil {
			return nil, err
		}
		items = append(items, steam.OfferItem{
			Asset: asset, ClassID: string(w.Class), InstanceID: string(w.Instance), Missing: w.Missing != 0,
		})
	}
	return items, nil
}

func (w assetWire) asset() (steam.Asset, error) {
	a := steam.Asset{App: appID(w.App), Context: string(w.Context), ID: string(w.Asset)}
	if a.App == 0 || !digits(w.Context) || !digits(w.Asset) {
		return steam.Asset{}, malformed("an asset's id")
	}
	return a, nil
}

// tradeID is the id of a trade; Steam also says 0 or nothing for none.
func tradeID(t text) steam.TradeID {
	if !digits(t) {
		return ""
	}
	return steam.TradeID(t)
}
