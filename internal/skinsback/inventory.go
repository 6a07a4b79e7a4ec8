package skinsback

import (
	"net/url"
	"strconv"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
)

var (
	inventoryInvalidGame       = refusal{code: 1, name: "invalid_game"}
	inventoryInvalidSteamID    = refusal{code: 2, name: "invalid_steam_id"}
	inventoryInvalidToken      = refusal{code: 3, name: "invalid_trade_token"}
	inventoryInvalidCurrency   = refusal{code: 4, name: "invalid_currency"}
	inventoryInvalidMultiplier = refusal{code: 5, name: "invalid_custom_multiplier"}
	inventoryInvalidCustom     = refusal{code: 6, name: "invalid_custom_currency"}
	inventoryPrivate           = refusal{code: 7, name: "private_inventory"}
	inventoryEmpty             = refusal{code: 8, name: "empty_inventory"}
	inventoryUnavailable       = refusal{code: 9, name: "inventory_unavailable"}
	inventoryNoTrade           = refusal{code: 10, name: "trade_unavailable"}

	inventoryParams = []param{
		{"game", inventoryInvalidGame},
		{"steam_id", inventoryInvalidSteamID},
		{"trade_token", inventoryInvalidToken},
		{"currency", inventoryInvalidCurrency},
		{"custom_multiplier", inventoryInvalidMultiplier},
		{"custom_currency", inventoryInvalidCustom},
		{"custom_currency_rate", inventoryInvalidCustom},
	}
)

// userInventory answers what a user could pay with, priced.
func (d *Door) userInventory(c *call) ([]byte, error) {
	for _, p := range inventoryParams[:3] {
		if !c.get(p.name).given() {
			return nil, p.malformed.because(p.name + " is missing")
		}
	}
	app, ok := d.game(c.get("game"))
	if !ok {
		return nil, inventoryInvalidGame
	}
	var payer deposit.Payer
	if payer.ID, ok = steamID(c.get("steam_id")); !ok {
		return nil, inventoryInvalidSteamID
	}
	if payer.Token, ok = tradeToken(c.get("trade_token")); !ok {
		return nil, inventoryInvalidToken
	}
	l, err := d.localTerms(c)
	if err != nil {
		return nil, err
	}
	multiplier := c.project.Multiplier
	if l.multiplier != "" {
		multiplier = money.MustRate(l.multiplier) // read before
	}
	q, err := d.deps.Deposits.Prices(c.ctx, payer, app, multiplier, c.now)
	if err != nil {
		return nil, inventoryRefusal(err)
	}
	if len(q.Items) == 0 {
		return nil, inventoryEmpty
	}
	return d.inventoryAnswer(q, d.shown(l)), nil
}

func inventoryRefusal(err error) error {
	if code, reason := fault.Of(err); code == fault.PayerNotReady {
		return notReady(reason, inventoryInvalidToken, inventoryPrivate, inventoryNoTrade)
	}
	return as(err, map[fault.Code]refusal{fault.SteamUnavailable: inventoryUnavailable})
}

func (d *Door) inventoryAnswer(q deposit.Quote, shown pricing.Currency) []byte {
	a := success()
	a.begin("data", '{')
	a.text("currency_local", shown.Code)
	a.begin("items", '[')
	for _, it := range q.Items {
		a.next()
		a.open()
		a.begin("item", '{')
		a.text("asset_id", it.ID)
		tradable := int64(1)
		if it.Disabled == deposit.DisabledUntradable {
			tradable = 0
		}
		a.integer("tradable", tradable)
		a.id("app_id", int64(it.App))
		a.text("icon_url", d.pictureOf(it.App, it.Name, it.Icon))
		a.text("class_id", it.ClassID)
		a.close()
		a.text("name", it.Name)
		a.amount("price", it.Price)
		a.raw("price_local", d.deps.Pricing.Convert(it.Price, shown).Text(0))
		a.amount("multiplied_price", it.UserPrice)
		a.raw("multiplied_price_local", d.deps.Pricing.Convert(it.UserPrice, shown).Text(0))
		a.boolean("disabled", it.Disabled != "")
		a.close()
	}
	a.end(']')
	a.close()
	return a.done()
}

// pictureOf is where the gateway serves an item's picture.
func (d *Door) pictureOf(app steam.AppID, name, icon string) string {
	return d.deps.PublicURL + "/img/" + url.PathEscape(or(icon, "item")) + "?" + url.Values{"app": {strconv.Itoa(int(app))}, "name": {name}}.Encode()
}
