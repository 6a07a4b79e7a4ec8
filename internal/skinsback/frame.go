package skinsback

import (
	"encoding/json"
	"fmt"

	"github.com/skinrail/skinrail/internal/event"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/purchase"
)

// Frame returns a purchase or balance event as {"event":…,"data":…}, the same
// on webhooks and sockets; false for events that the project is not told of.
func Frame(p merchant.Project, e event.Event) ([]byte, bool, error) {
	switch e.Kind {
	case event.PurchaseBought, event.PurchaseChanged:
		var c purchase.Changed
		if err := json.Unmarshal(e.Body, &c); err != nil {
			return nil, false, fmt.Errorf("read event %s: %w", e.ID, err)
		}
		if e.Kind == event.PurchaseBought {
			return bought(c), true, nil
		}
		if silent(p, c.State) {
			return nil, false, nil
		}
		return statusChange(p, c), true, nil
	case event.BalanceChanged:
		var c purchase.BalanceChanged
		if err := json.Unmarshal(e.Body, &c); err != nil {
			return nil, false, fmt.Errorf("read event %s: %w", e.ID, err)
		}
		a := frame("balance_change")
		a.numstr("balance_value", c.Balance)
		a.close()
		return a.done(), true, nil
	}
	return nil, false, nil
}

// silent tells the changes that show the status of the one before: accepted is
// accepted, also when it is final, and to an old client when it was undone.
func silent(p merchant.Project, s purchase.State) bool {
	return s == purchase.Settled || purchaseStatus(p, s) != string(s)
}

// frame begins an event up to its open data.
func frame(name string) *answer {
	a := &answer{b: make([]byte, 0, 384)}
	a.open()
	a.text("event", name)
	a.begin("data", '{')
	return a
}

// bought writes a new purchase. All its values are text. instanceid is not in
// the newer pages, but older clients read it.
func bought(c purchase.Changed) []byte {
	a := frame("buy_item")
	a.storedItem(c)
	a.id("buy_id", c.ID)
	a.text("offer_status", string(purchase.Creating))
	a.numstr("balance_debited_sum", c.Price)
	a.text("custom_id", c.CustomID)
	a.close()
	return a.done()
}

// statusChange writes a purchase that moved. custom_id is text even when there
// is none: a client drops the frame otherwise.
func statusChange(p merchant.Project, c purchase.Changed) []byte {
	a := frame("status_change")
	a.begin("item", '{')
	a.id("id", c.ItemID)
	a.end('}')
	a.id("buy_id", c.ID)
	a.text("offer_status", purchaseStatus(p, c.State))
	a.nullable("error_reason", c.Reason)
	a.nullable("tradeofferid", c.OfferID)
	a.text("custom_id", c.CustomID)
	a.close()
	return a.done()
}

// storedItem writes the item of a stored purchase, all values text.
func (a *answer) storedItem(c purchase.Changed) {
	a.begin("item", '{')
	a.itemHead(c.ItemID, c.Name)
	a.numstr("price", c.Price)
	a.itemTail(c.ClassID, c.InstanceID)
	a.end('}')
}

// purchaseStatus is what a project sees. Old clients do not know that an
// accepted purchase can be undone.
func purchaseStatus(p merchant.Project, s purchase.State) string {
	switch s {
	case purchase.Settled:
		return string(purchase.Accepted)
	case purchase.RolledBack, purchase.SupplierBack:
		if p.LegacyStatuses {
			return string(purchase.Accepted)
		}
	}
	return string(s)
}
