package skinsback

import (
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/steam"
)

// marketBuy buys one item for a Steam user. The purchase is stored before the
// answer is sent, so that a caller who never got it can ask by custom_ids.
func (d *Door) marketBuy(c *call) ([]byte, error) {
	b, err := d.buyRequest(c)
	if err != nil {
		return nil, err
	}
	p, err := d.deps.Purchases.Buy(c.ctx, b, c.now, purchased(c, boughtOne)...)
	if err != nil {
		return nil, buyRefusal(err)
	}
	return boughtOne(p), nil
}

func boughtOne(p purchase.Purchase) []byte {
	a := success()
	a.fresh(p)
	a.integer("id", p.ID) // two clients read the purchase's id here
	return a.done()
}

// fresh writes a purchase that was just made: its values are numbers.
func (a *answer) fresh(p purchase.Purchase) {
	a.begin("item", '{')
	a.itemHead(p.ItemID, p.Name)
	a.amount("price", p.Price)
	a.itemTail(p.ClassID, p.InstanceID)
	a.end('}')
	a.integer("buy_id", p.ID)
	a.text("offer_status", string(purchase.Creating))
	a.amount("balance_debited_sum", p.Price)
}

// buyRequest checks presence, then form.
func (d *Door) buyRequest(c *call) (purchase.Buy, error) {
	id, name := c.get("id"), c.get("name")
	if !id.given() && !name.given() {
		return purchase.Buy{}, buyMissingNameAndID
	}
	if !c.get("partner").given() || !c.get("token").given() {
		return purchase.Buy{}, buyMissingPartner
	}
	b := purchase.Buy{Project: c.project}
	if err := d.buyItem(c, id, name, &b); err != nil {
		return purchase.Buy{}, err
	}
	err := buyPartner(c, &b)
	return b, err
}

// buyItem reads which item is wanted; id wins over name.
func (d *Door) buyItem(c *call, id, name value, b *purchase.Buy) error {
	if id.given() {
		var ok bool
		if b.ItemID, ok = positive(id); !ok {
			return buyMissingNameAndID.because("id: want a positive integer")
		}
		return nil
	}
	s, ok := name.word()
	if !ok {
		return buyMissingNameAndID.because("name: want text")
	}
	if utf8.RuneCountInString(s) < minSearchLen {
		return nameTooShort
	}
	b.Name = s
	if b.App, ok = d.game(c.get("game")); !ok || !clean(s) {
		return buySkinUnavailable.because("nothing of that name is in that game")
	}
	return nil
}

func buyPartner(c *call, b *purchase.Buy) error {
	var ok bool
	if b.Token, ok = tradeToken(c.get("token")); !ok {
		return buyMissingPartner.because("token: want the 8 characters of the trade url")
	}
	s, ok := c.get("partner").word()
	if !ok {
		return buyInvalidPartner
	}
	partner, err := steam.ParseAccount(s)
	if err != nil {
		return buyInvalidPartner
	}
	b.Partner = partner
	return buyTerms(c.fields, b)
}

// buyTerms reads the ceiling and the merchant's own id.
func buyTerms(f fields, b *purchase.Buy) error {
	var ok bool
	if v := f.get("max_price"); v.given() {
		if b.MaxPrice, ok = unsigned(v); !ok {
			return buyNotAtPrice.because("max_price: want a number that is not negative")
		}
	}
	if v := f.get("custom_id"); v.given() {
		if b.CustomID, ok = merchantID(v); !ok {
			return buyInvalidCustomID.because("custom_id: 1 to 255 characters without control characters")
		}
	}
	return nil
}

// marketGetInfo answers one purchase at the root, or several in a list: which
// depends on the parameter.
func (d *Door) marketGetInfo(c *call) ([]byte, error) {
	if v := c.get("buy_id"); v.given() {
		return d.onePurchase(c, v)
	}
	var found []purchase.Purchase
	var err error
	switch ids, customIDs := c.get("buy_ids"), c.get("custom_ids"); {
	case ids.given():
		found, err = d.purchasesByID(c, ids)
	case customIDs.given():
		found, err = d.purchasesByCustomID(c, customIDs)
	default:
		err = infoMissingBuyID
	}
	if err != nil {
		return nil, err
	}
	a := success()
	a.begin("items", '[')
	a.purchases(c, found)
	return a.done(), nil
}

func (d *Door) onePurchase(c *call, v value) ([]byte, error) {
	id, ok := positive(v)
	if !ok {
		return nil, infoNotFound.because("buy_id: want a positive integer")
	}
	p, err := d.deps.Purchases.Find(c.ctx, c.project.ID, id)
	if err != nil {
		return nil, as(err, map[fault.Code]refusal{fault.NotFound: infoNotFound})
	}
	a := success()
	a.purchase(c.project, p.Changed())
	return a.done(), nil
}

// purchasesByID leaves out what cannot be an id, like what is unknown.
func (d *Door) purchasesByID(c *call, v value) ([]purchase.Purchase, error) {
	list, ok := v.elements(maxListed)
	if !ok || len(list) == 0 {
		return nil, infoMissingBuyID.because("buy_ids: want a list of 1 to 1000 ids")
	}
	var ids []int64
	for _, v := range list {
		if id, ok := positive(v); ok {
			ids = append(ids, id)
		}
	}
	return d.deps.Purchases.FindMany(c.ctx, c.project.ID, ids)
}

func (d *Door) purchasesByCustomID(c *call, v value) ([]purchase.Purchase, error) {
	list, ok := v.elements(maxListed)
	if !ok || len(list) == 0 {
		return nil, infoMissingBuyID.because("custom_ids: want a list of 1 to 1000 ids")
	}
	var ids []string
	for _, v := range list {
		if id, ok := merchantID(v); ok {
			ids = append(ids, id)
		}
	}
	return d.deps.Purchases.FindManyByCustom(c.ctx, c.project.ID, ids)
}

// purchase writes a stored purchase: its values are text.
func (a *answer) purchase(p merchant.Project, c purchase.Changed) {
	a.storedItem(c)
	a.id("buy_id", c.ID)
	a.text("offer_status", purchaseStatus(p, c.State))
	a.text("steamid", c.Partner)
	a.id("date", c.Created)
	a.numstr("balance_debited_sum", c.Price)
	a.nullable("tradeofferid", c.OfferID)
	a.text("custom_id", c.CustomID)
	if c.Reason != "" {
		a.text("error_reason", c.Reason)
	}
}
