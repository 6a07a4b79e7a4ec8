package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/skinrail/skinrail/internal/steam"
)

// errOwnRefused is a 403 on the account's own inventory. It means a dead session
// (or a context the app does not have), but is too weak a sign to throw away a
// session that was just made.
var errOwnRefused = fmt.Errorf("own inventory refused: %w", steam.ErrSession)

const maxPages = 200

type inventoryPage struct {
	Success      number
	Assets       list[assetWire]
	Descriptions list[description]
	More         number
	Last         text
}

func (i *inventoryPage) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "success":
		return &i.Success
	case "assets":
		return &i.Assets
	case "descriptions":
		return &i.Descriptions
	case "more_items":
		return &i.More
	case "last_assetid":
		return &i.Last
	}
	return nil
}

type assetWire struct {
	App      number
	Context  text
	Asset    text
	Currency text
	Class    text
	Instance text
}

func (a *assetWire) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "appid":
		return &a.App
	case "contextid":
		return &a.Context
	case "assetid":
		return &a.Asset
	case "currencyid":
		return &a.Currency
	case "classid":
		return &a.Class
	case "instanceid":
		return &a.Instance
	}
	return nil
}

type description struct {
	Class      text
	Instance   text
	Name       text
	NameColor  text
	HashName   text
	Icon       text
	Type       text
	Tradable   number
	Marketable number
	Sealed     number
	Lines      list[descriptive]
}

func (d *description) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "classid":
		return &d.Class
	case "instanceid":
		return &d.Instance
	case "name":
		return &d.Name
	case "name_color":
		return &d.NameColor
	case "market_hash_name":
		return &d.HashName
	case "icon_url":
		return &d.Icon
	case "type":
		return &d.Type
	case "tradable":
		return &d.Tradable
	case "marketable":
		return &d.Marketable
	case "sealed":
		return &d.Sealed
	case "descriptions":
		return &d.Lines
	}
	return nil
}

type descriptive struct {
	Value text
	Name  text
}

func (d *descriptive) member(name []byte) json.Unmarshaler {
	switch string(name) {
	case "value":
		return &d.Value
	case "name":
		return &d.Name
	}
	return nil
}

// Inventory reads a whole context of any account, newest first. A private
// inventory is [steam.ErrPrivate]; for one's own account the same answer can
// only mean [steam.ErrSession]. Only one's own inventory is read under the session.
func (c *Client) Inventory(ctx context.Context, owner steam.ID64, app steam.AppID, contextID string) ([]steam.Item, error) {
	if owner != c.account.ID {
		return c.inventory(ctx, "", owner, app, contextID)
	}
	var items []steam.Item
	err := c.signedIn(ctx, func(s session) (err error) {
		items, err = c.inventory(ctx, s.cookie(), owner, app, contextID)
		if errors.Is(err, steam.ErrPrivate) {
			return errOwnRefused
		}
		return err
	})
	return items, err
}

func (c *Client) inventory(ctx context.Context, cookie string, owner steam.ID64, app steam.AppID, contextID string) ([]steam.Item, error) {
	k := call{
		base: c.community, cookie: cookie, limit: inventoryLimit, pace: c.pace.inventory,
		path:    "/inventory/" + owner.String() + "/" + strconv.FormatUint(uint64(app), 10) + "/" + url.PathEscape(contextID),
		query:   url.Values{"l": {"english"}, "count": {strconv.Itoa(c.page)}, "preserve_bbcode": {"1"}},
		referer: c.community + "/profiles/" + owner.String() + "/inventory",
	}
	var items []steam.Item
	seen := map[string]bool{}
	for range maxPages {
		a, err := c.do(ctx, k)
		if err != nil {
			return nil, err
		}
		page, err := readInventory(a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
		// An item that moves while we page can show up twice.
		for _, it := range page.items(app, contextID) {
			if !seen[it.ID] {
				seen[it.ID] = true
				items = append(items, it)
			}
		}
		if page.More == 0 {
			return items, nil
		}
		if string(page.Last) == k.query.Get("start_assetid") {
			return nil, fmt.Errorf("%s: %w", k, malformed("a next page"))
		}
		k.query.Set("start_assetid", string(page.Last))
	}
	return nil, fmt.Errorf("%s: %w: more than %d pages", k, steam.ErrUnavailable, maxPages)
}

func readInventory(a answer) (inventoryPage, error) {
	if a.status == http.StatusForbidden {
		return inventoryPage{}, steam.ErrPrivate
	}
	if err := a.fault(); err != nil {
		return inventoryPage{}, err
	}
	return decodeInventory(a.body)
}

func decodeInventory(body []byte) (inventoryPage, error) {
	var page inventoryPage
	if err := decode(body, &page); err != nil {
		return page, err
	}
	if page.Success != 1 {
		return page, malformed("success")
	}
	for _, a := range page.Assets {
		if !digits(a.Asset) && a.Currency == "" {
			return page, malformed("an asset's id")
		}
	}
	if page.More != 0 && !digits(page.Last) {
		return page, malformed("a next page")
	}
	return page, nil
}

// items joins assets and descriptions. An asset whose description is missing
// has no name and does not count as tradable.
func (p inventoryPage) items(app steam.AppID, contextID string) []steam.Item {
	byClass := make(map[string]description, len(p.Descriptions))
	for _, d := range p.Descriptions {
		byClass[string(d.Class+"_"+d.Instance)] = d
	}
	items := make([]steam.Item, 0, len(p.Assets))
	for _, a := range p.Assets {
		if a.Asset == "" {
			continue // currency, not an item
		}
		asset := steam.Asset{App: app, Context: contextID, ID: string(a.Asset)}
		items = append(items, byClass[string(a.Class+"_"+a.Instance)].item(asset, a.Class, a.Instance))
	}
	return items
}

func (d description) item(asset steam.Asset, class, instance text) steam.Item {
	name := d.HashName
	if name == "" {
		name = d.Name
	}
	return steam.Item{
		Asset:      asset,
		ClassID:    string(class),
		InstanceID: string(instance),
		Name:       string(name),
		Icon:       string(d.Icon),
		Type:       string(d.Type),
		Tradable:   d.Tradable == 1,
		Marketable: d.Marketable == 1,
		Sealed:     d.Sealed != 0 || asset.Context == steam.ContextProtected,
		Phase:      d.phase(),
		Color:      color(string(d.NameColor)),
	}
}

// phase finds a line such as "Phase: Phase 2" or one named phase.
func (d description) phase() string {
	for _, l := range d.Lines {
		if strings.EqualFold(string(l.Name), "phase") {
			return strings.TrimSpace(strings.TrimPrefix(string(l.Value), "Phase:"))
		}
		if rest, ok := strings.CutPrefix(string(l.Value), "Phase: "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

func color(s string) string {
	s = strings.TrimPrefix(s, "#")
	if len(s) != 6 || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return s
}
