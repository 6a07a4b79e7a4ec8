package skinsback

import (
	"context"
	"time"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// offerTime is how long a caller waits for his offer; clients give up after
// five seconds.
const offerTime = 4 * time.Second

// glance is how often the offer is looked for.
const glance = 20 * time.Millisecond

var (
	directInvalidGame     = refusal{code: 1, name: "invalid_game"}
	directInvalidSteamID  = refusal{code: 2, name: "invalid_steam_id"}
	directInvalidToken    = refusal{code: 3, name: "invalid_trade_token"}
	directInvalidAssets   = refusal{code: 4, name: "invalid_item_asset_ids"}
	directInvalidOrderID  = refusal{code: 5, name: "invalid_order_id"}
	directInvalidCurrency = refusal{code: 6, name: "invalid_currency"}
	directDuplicate       = refusal{code: 7, name: "order_id_already_exists"}
	directTooLittle       = refusal{code: 8, name: "deposit_amount_less_minimum"}
	directUnavailable     = refusal{code: 9, name: "items_unavailable"}
	directNoTrade         = refusal{code: 10, name: "trade_unavailable"}
	directSteamError      = refusal{code: 11, name: "steam_error"}
	directInvalidURL      = refusal{code: 12, name: "invalid_url"}

	directParams = []param{
		{"game", directInvalidGame},
		{"steam_id", directInvalidSteamID},
		{"trade_token", directInvalidToken},
		{"item_asset_ids", directInvalidAssets},
		{"order_id", directInvalidOrderID},
		{"currency", directInvalidCurrency},
		{"result_url", directInvalidURL},
		{"custom_multiplier", directInvalidCurrency},
		{"custom_currency", directInvalidCurrency},
		{"custom_currency_rate", directInvalidCurrency},
	}
)

// direct is one call of create_from_user_inventory.
type direct struct {
	deposit.Request
	app    steam.AppID
	assets []string
}

// createFromUserInventory sends the payer an offer for chosen items at once and
// answers when it is with him.
func (d *Door) createFromUserInventory(c *call) ([]byte, error) {
	r, err := d.directRequest(c)
	if err != nil {
		return nil, err
	}
	unknown := func(deposit.Deposit) []byte { return nil } // before the offer is there
	dep, err := d.deps.Deposits.OpenChosen(c.ctx, r.Request, r.app, r.assets, c.now, c.deposited(unknown)...)
	if err != nil {
		return nil, directRefusal(err)
	}
	return d.awaitOffer(c, dep)
}

// resumeDirect answers a repeated call while, or after, the first one waited.
func (d *Door) resumeDirect(c *call) ([]byte, error) {
	order, _ := merchantID(c.get("order_id"))
	dep, err := d.deps.Deposits.FindByOrder(c.ctx, c.project.ID, order)
	if err != nil {
		return nil, err
	}
	return d.awaitOffer(c, dep)
}

func (d *Door) awaitOffer(c *call, dep deposit.Deposit) ([]byte, error) {
	dep, err := d.offered(c, dep)
	if err != nil {
		return nil, err
	}
	body, err := d.directAnswer(c, dep)
	if err != nil {
		return nil, err
	}
	return body, c.complete(body)
}

// directRequest checks presence, then form, in the order of the error numbers.
func (d *Door) directRequest(c *call) (r direct, err error) {
	for _, p := range directParams[:5] {
		if !c.get(p.name).given() {
			return r, p.malformed.because(p.name + " is missing")
		}
	}
	r.Project = c.project
	var ok bool
	if r.app, ok = d.game(c.get("game")); !ok {
		return r, directInvalidGame
	}
	if r.SteamID, ok = steamID(c.get("steam_id")); !ok {
		return r, directInvalidSteamID
	}
	if r.TradeToken, ok = tradeToken(c.get("trade_token")); !ok {
		return r, directInvalidToken
	}
	if r.assets, ok = assetIDs(c.get("item_asset_ids")); !ok {
		return r, directInvalidAssets.because("item_asset_ids: a list of 1 to 100 different asset ids")
	}
	if r.OrderID, ok = merchantID(c.get("order_id")); !ok {
		return r, directInvalidOrderID.because("order_id: 1 to 255 characters without control characters")
	}
	l, err := d.localTerms(c)
	if err != nil {
		return r, err
	}
	r.Currency, r.CustomCurrency, r.CustomRate, r.CustomMultiplier = l.currency, l.custom, l.rate, l.multiplier
	r.ResultURL, err = d.resultURL(c)
	return r, err
}

// assetIDs reads a list of Steam's ids, each once.
func assetIDs(v value) (ids []string, ok bool) {
	list, ok := v.elements(deposit.MaxItems)
	if !ok || len(list) == 0 {
		return nil, false
	}
	seen := map[string]bool{}
	for _, v := range list {
		id, ok := v.word()
		if !ok || !allDigits(id) || len(id) > 20 || seen[id] {
			return nil, false
		}
		seen[id] = true
		ids = append(ids, id)
	}
	return ids, true
}

// directRefusal is why no offer was even tried.
func directRefusal(err error) error {
	if code, reason := fault.Of(err); code == fault.PayerNotReady {
		return notReady(reason, directInvalidToken, directUnavailable, directNoTrade)
	}
	return as(err, map[fault.Code]refusal{
		fault.Duplicate:        directDuplicate,
		fault.ItemUnavailable:  directUnavailable,
		fault.InvalidRequest:   directTooLittle,
		fault.SteamUnavailable: directSteamError,
		fault.LimitReached:     directNoTrade,
	})
}

// notReady picks the error for what is in a payer's way.
func notReady(reason string, token, private, other refusal) refusal {
	switch reason {
	case "trade_url":
		return token.because("the token is not that of the user's trade url")
	case "private":
		return private.because("the inventory is private")
	}
	return other.because(reason)
}

// offered waits until the offer is with the payer. When that takes too long the
// deposit is given up: the merchant has heard an error, so an offer that is
// made later is withdrawn.
func (d *Door) offered(c *call, dep deposit.Deposit) (deposit.Deposit, error) {
	var now deposit.Deposit
	var seen int64 // commits when it was read
	for waited := time.Duration(0); ; waited += glance {
		commits, known := d.deps.Version()
		if waited == 0 || !known || commits != seen {
			var err error
			if now, err = d.deps.Deposits.Find(c.ctx, c.project.ID, dep.ID); err != nil {
				return dep, err
			}
			seen = commits
		}
		switch {
		case now.State == deposit.Failed:
			return now, failedOffer(now.Reason)
		case now.OfferID != "":
			return now, nil
		case waited > d.offerTime:
			return d.giveUp(c.ctx, now)
		}
		d.deps.Wait(glance)
	}
}

func (d *Door) giveUp(ctx context.Context, dep deposit.Deposit) (deposit.Deposit, error) {
	withdrawn, err := d.deps.Deposits.GiveUp(ctx, dep, d.deps.Now())
	if err != nil {
		return dep, err
	}
	late := directSteamError.because("Steam has not answered yet; the order stays visible, a late offer is withdrawn")
	if withdrawn {
		if t, err := d.deps.Trades.ByID(ctx, dep.TradeID); err == nil && steam.Refusal(t.Problem).Known() {
			return dep, failedOffer(t.Problem) // Steam's word, which the bot still looks into
		}
		return dep, late
	}
	if dep, err = d.deps.Deposits.Find(ctx, dep.Project, dep.ID); err == nil && dep.OfferID == "" {
		err = late
	}
	return dep, err
}

// failedOffer puts the reason for which an offer was not made into an error.
func failedOffer(reason string) refusal {
	switch steam.Refusal(reason) {
	case steam.RefusedTradeURL:
		return directInvalidToken
	case steam.RefusedPartnerTrade:
		return directNoTrade
	case steam.RefusedPrivate:
		return directUnavailable.because("the inventory is private")
	}
	if reason == trade.ReasonItemsGone || reason == trade.ReasonMoved {
		return directUnavailable
	}
	return directSteamError.because(reason)
}

func (d *Door) directAnswer(c *call, dep deposit.Deposit) ([]byte, error) {
	t, err := d.deps.Trades.ByID(c.ctx, dep.TradeID)
	if err != nil {
		return nil, err
	}
	name, err := d.botName(c.ctx, t.Bot)
	if err != nil {
		return nil, err
	}
	local := d.deps.Deposits.Display(dep)
	a := success()
	a.begin("data", '{')
	a.integer("transaction_id", dep.ID)
	a.amount("sum", dep.Amount)
	a.raw("local_sum", d.deps.Pricing.Convert(dep.Amount, local).Text(0))
	a.raw("local_sum_multiplied", d.deps.Pricing.Convert(dep.UserAmount, local).Text(0))
	a.text("local_currency", local.Code)
	a.text("trade_offer_id", string(t.OfferID))
	a.text("trade_offer_expiry_at", t.Deadline.UTC().Format(microTime))
	a.text("bot_steam_id", t.Bot.String())
	a.text("bot_name", name)
	a.close()
	return a.done(), nil
}

func (d *Door) botName(ctx context.Context, id steam.ID64) (string, error) {
	bots, err := d.deps.Fleet.Bots(ctx)
	if err != nil {
		return "", err
	}
	for _, b := range bots {
		if b.ID == id {
			return or(b.Persona, id.String()), nil
		}
	}
	return id.String(), nil
}
