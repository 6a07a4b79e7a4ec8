package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

type partnerPage struct {
	Success      number
	Error        text
	Items        object[partnerAsset]
	Descriptions object[description]
	More         number
	Start        number
}

func (p *partnerPage) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "success":
		return &p.Success
	case "error":
		return &p.Error
	case "rginventory":
		return &p.Items
	case "rgdescriptions":
		return &p.Descriptions
	case "more":
		return &p.More
	case "more_start":
		return &p.Start
	}
	return nil
}

type partnerAsset struct {
	ID       text
	Class    text
	Instance text
	Pos      number
}

func (p *partnerAsset) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "id":
		return &p.ID
	case "classid":
		return &p.Class
	case "instanceid":
		return &p.Instance
	case "pos":
		return &p.Pos
	}
	return nil
}

// PartnerInventory reads tradable items through a trade URL, newest first. With
// the right token Steam shows private inventories too, so a refusal without a
// reason is a wrong token: [steam.ErrTradeURL]. A refusal for privacy is
// [steam.ErrPrivate].
func (c *Client) PartnerInventory(ctx context.Context, partner steam.ID64, token string, app steam.AppID, contextID string) ([]steam.Item, error) {
	var items []steam.Item
	err := c.signedIn(ctx, func(s session) (err error) {
		items, err = c.partnerInventory(ctx, s, partner, token, app, contextID)
		return err
	})
	return items, err
}

func (c *Client) partnerInventory(ctx context.Context, s session, partner steam.ID64, token string, app steam.AppID, contextID string) ([]steam.Item, error) {
	k := call{
		base: c.community, path: "/tradeoffer/new/partnerinventory/", cookie: s.cookie(),
		limit: inventoryLimit, pace: c.pace.inventory, referer: c.offerPage(partner, token),
		query: url.Values{
			"sessionid": {s.ID}, "partner": {partner.String()}, "appid": {strconv.FormatUint(uint64(app), 10)},
			"contextid": {contextID}, "l": {"english"},
		},
	}
	var items []steam.Item
	var start number
	for range maxPages {
		a, err := c.do(ctx, k)
		if err != nil {
			return nil, err
		}
		page, err := readPartner(a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
		items = append(items, page.items(app, contextID)...)
		if page.More == 0 {
			return items, nil
		}
		if page.Start <= start {
			return nil, fmt.Errorf("%s: %w", k, malformed("a next page"))
		}
		start = page.Start
		k.query.Set("start", strconv.FormatInt(int64(start), 10))
	}
	return nil, fmt.Errorf("%s: %w: more than %d pages", k, steam.ErrUnavailable, maxPages)
}

// offerPage is the page an offer to the partner is made from.
func (c *Client) offerPage(partner steam.ID64, token string) string {
	page := c.community + "/tradeoffer/new/?partner=" + strconv.FormatUint(uint64(partner.Account()), 10)
	if token != "" {
		page += "&token=" + url.QueryEscape(token)
	}
	return page
}

func readPartner(a answer) (partnerPage, error) {
	if a.status == http.StatusForbidden {
		return partnerPage{}, steam.ErrPrivate
	}
	if err := a.fault(); err != nil {
		return partnerPage{}, err
	}
	return decodePartner(a.body)
}

func decodePartner(body []byte) (partnerPage, error) {
	var page partnerPage
	if err := decode(body, &page); err != nil {
		return page, err
	}
	if page.Success == 1 {
		for key, it := range page.Items {
			if !digits(it.ID) || string(it.ID) != key {
				return page, malformed("an asset's id")
			}
		}
		return page, nil
	}
	// The decoder also ends here for JSON that says nothing at all.
	if !strings.Contains(string(body), `"success"`) {
		return page, malformed("success")
	}
	return page, partnerRefusal(string(page.Error))
}

func partnerRefusal(sentence string) error {
	switch {
	case strings.Contains(strings.ToLower(sentence), "private"):
		return steam.ErrPrivate
	case sentence == "", strings.Contains(sentence, "Trade URL is no longer valid"), resultAtEnd(sentence) == steam.ResultAccessDenied:
		return steam.ErrTradeURL
	default:
		return fmt.Errorf("%w: %s", steam.ErrUnavailable, plain(sentence))
	}
}

func (p partnerPage) items(app steam.AppID, contextID string) []steam.Item {
	assets := make([]partnerAsset, 0, len(p.Items))
	for _, a := range p.Items {
		assets = append(assets, a)
	}
	slices.SortFunc(assets, func(a, b partnerAsset) int {
		return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.ID, b.ID))
	})
	items := make([]steam.Item, 0, len(assets))
	for _, a := range assets {
		asset := steam.Asset{App: app, Context: contextID, ID: string(a.ID)}
		items = append(items, p.Descriptions[string(a.Class+"_"+a.Instance)].item(asset, a.Class, a.Instance))
	}
	return items
}
