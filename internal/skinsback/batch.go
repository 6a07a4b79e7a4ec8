package skinsback

import (
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/purchase"
)

// maxBatch is how many items one call buys.
const maxBatch = 100

var (
	batchMissingItems = refusal{code: 1, name: "missing_items"}

	batchParams = []param{
		{"partner", buyInvalidPartner},
		{"token", buyMissingPartner},
		{"items", batchMissingItems},
	}
)

// wish is one element of a batch as it was sent, and why it cannot be an order.
type wish struct {
	id, custom value
	order      purchase.Buy
	refused    error
}

// marketBatchBuy buys several items for one user. Each is a purchase of its
// own; what is refused is listed with its reason.
func (d *Door) marketBatchBuy(c *call) ([]byte, error) {
	wishes, err := batchRequest(c)
	if err != nil {
		return nil, err
	}
	var orders []purchase.Buy
	for _, w := range wishes {
		if w.refused == nil {
			orders = append(orders, w.order)
		}
	}
	answer := func(bought []purchase.Bought) []byte { return batchAnswer(wishes, bought) }
	bought, err := d.deps.Purchases.BuyMany(c.ctx, orders, c.now, purchased(c, answer)...)
	if err != nil {
		return nil, err
	}
	return answer(bought), nil
}

// batchAnswer lists what was bought, and what was not with its reason.
func batchAnswer(wishes []wish, bought []purchase.Bought) []byte {
	a := success()
	a.begin("purchased", '[')
	for _, b := range bought {
		if b.Refused == nil {
			a.next()
			a.open()
			a.fresh(b.Purchase)
			a.text("custom_id", b.Purchase.CustomID)
			a.close()
		}
	}
	a.end(']')
	a.begin("unavailable", '[')
	for _, w := range wishes {
		if w.refused == nil {
			w.refused, bought = buyRefusal(bought[0].Refused), bought[1:]
		}
		if w.refused != nil {
			a.refusedWish(w)
		}
	}
	a.end(']')
	return a.done()
}

func (a *answer) refusedWish(w wish) {
	r, _ := refused(w.refused, "")
	a.next()
	a.open()
	id, _ := w.id.word()
	a.text("id", shorten(id))
	custom, _ := w.custom.word()
	a.text("custom_id", shorten(custom))
	a.integer("error_code", int64(r.code))
	a.text("error_message", r.name)
	a.close()
}

// batchRequest checks what all items share; an element that cannot be read is
// refused alone.
func batchRequest(c *call) ([]wish, error) {
	items := c.get("items")
	if !items.given() {
		return nil, batchMissingItems
	}
	if !c.get("partner").given() || !c.get("token").given() {
		return nil, buyMissingPartner
	}
	list, ok := items.elements(maxBatch)
	if !ok || len(list) == 0 {
		return nil, batchMissingItems.because("items: want a list of 1 to 100 objects")
	}
	order := purchase.Buy{Project: c.project}
	if err := buyPartner(c, &order); err != nil {
		return nil, err
	}
	wishes := make([]wish, 0, len(list))
	for _, v := range list {
		f, ok := v.members()
		if !ok {
			return nil, batchMissingItems.because("items: want a list of objects with id, and max_price and custom_id where wanted")
		}
		wishes = append(wishes, readWish(f, order))
	}
	return wishes, nil
}

func readWish(f fields, order purchase.Buy) wish {
	w := wish{id: f.get("id"), custom: f.get("custom_id"), order: order}
	var ok bool
	if w.order.ItemID, ok = positive(w.id); !ok {
		w.refused = buySkinUnavailable
		return w
	}
	w.refused = buyTerms(f, &w.order)
	return w
}

// buyRefusal is the error of a purchase in the words of the API.
func buyRefusal(err error) error {
	return as(err, map[fault.Code]refusal{
		fault.Duplicate:           buyDuplicate,
		fault.ItemUnavailable:     buySkinUnavailable,
		fault.PriceChanged:        buyNotAtPrice,
		fault.InsufficientBalance: buyInsufficientFunds,
	})
}
