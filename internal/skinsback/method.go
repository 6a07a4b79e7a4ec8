package skinsback

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/merchant"
)

// method is one method of the API: its name, the parameters it reads with the
// error of each that is malformed, and what it does.
type method struct {
	name   string
	market bool // refused while the project may not buy
	params []param
	run    func(*Door, *call) ([]byte, error)
	effect bool // moves something: may carry an Idempotency-Key
	arrays bool // moves something by an array, which a legacy signature does not cover
	// resume answers a repeated call whose first answer is not known yet.
	resume func(*Door, *call) ([]byte, error)
}

// param is a parameter that a method reads. Without an error of its own a
// malformed value counts as not sent.
type param struct {
	name      string
	malformed refusal
}

// call is one authenticated request.
type call struct {
	ctx     context.Context
	project merchant.Project
	fields  fields
	now     time.Time
	method  *method
	header  http.Header // of the answer
	gzip    bool        // the caller takes it
	memory  *memory     // of a call with an Idempotency-Key
}

// malformed is the error of a parameter of the called method.
func (c *call) malformed(name string) refusal {
	r, _ := c.method.own(name)
	return r
}

func (c *call) get(name string) value { return c.fields.get(name) }

// methods is the whole API.
var methods = []method{
	{name: "create", params: createParams, run: (*Door).create, effect: true},
	{name: "create_from_user_inventory", params: directParams, run: (*Door).createFromUserInventory, effect: true, arrays: true,
		resume: (*Door).resumeDirect},
	{name: "user_inventory", params: inventoryParams, run: (*Door).userInventory},
	{name: "orderstatus", params: orderParams, run: (*Door).orderStatus},
	{name: "orders", params: listParams, run: (*Door).orders},
	{name: "callback_error_list", params: startParams, run: (*Door).callbackErrorList},
	{name: "offer_approve", params: orderParams, run: (*Door).offerApprove},
	{name: "balance", run: (*Door).balance},
	{name: "currencies", run: (*Door).currencies},
	{name: "status", run: (*Door).status},
	{name: "market_pricelist", market: true, params: priceListParams, run: (*Door).marketPriceList},
	{name: "market_search", market: true, params: searchParams, run: (*Door).marketSearch},
	{name: "market_buy", market: true, params: buyParams, run: (*Door).marketBuy, effect: true},
	{name: "market_batch_buy", market: true, params: batchParams, run: (*Door).marketBatchBuy, effect: true, arrays: true},
	{name: "market_getinfo", market: true, params: infoParams, run: (*Door).marketGetInfo},
	{name: "market_history", market: true, params: listParams, run: (*Door).marketHistory},
	{name: "money_history", params: listParams, run: (*Door).moneyHistory},
}

var createParams = []param{
	{"order_id", createInvalidOrderID},
	{"steam_id", createInvalidSteamID},
	{"trade_token", createInvalidToken},
	{"result_url", createInvalidURL},
	{"success_url", createInvalidURL},
	{"fail_url", createInvalidURL},
	{"min_amount", createInvalidMin},
	{"max_amount", createInvalidMax},
	{"currency", createInvalidCurrency},
	{"custom_multiplier", createInvalidMultiplier},
	{"custom_currency", createInvalidCustom},
	{"custom_currency_rate", createInvalidCustom},
	{"priority_game", refusal{}},
}

var orderParams = []param{
	{"transaction_id", orderInvalidID},
	{"order_id", orderInvalidOrderID},
}

var priceListParams = []param{
	{"game", refusal{}},
	{"full", refusal{}},
	{"extended", refusal{}},
}

var searchParams = []param{
	{"game", refusal{}},
	{"name", searchMissingName},
	{"names", searchMissingName},
}

var buyParams = []param{
	{"partner", buyInvalidPartner},
	{"token", buyMissingPartner},
	{"id", buyMissingNameAndID},
	{"name", buyMissingNameAndID},
	{"game", buySkinUnavailable},
	{"max_price", buyNotAtPrice},
	{"custom_id", buyInvalidCustomID},
}

var infoParams = []param{
	{"buy_id", infoNotFound},
	{"buy_ids", infoMissingBuyID},
	{"custom_ids", infoMissingBuyID},
}

// aliases are further names of methods.
var aliases = map[string]string{"balance_history": "money_history"}

func methodsByName() map[string]*method {
	m := make(map[string]*method, len(methods)+len(aliases))
	for i := range methods {
		m[methods[i].name] = &methods[i]
	}
	for alias, name := range aliases {
		m[alias] = m[name]
	}
	return m
}

// own returns the error of a parameter; false when the method does not read it.
func (m *method) own(name string) (refusal, bool) {
	switch name {
	case "method":
		return invalidMethod, true
	case "shopid":
		return invalidShop, true
	}
	for _, p := range m.params {
		if p.name == name {
			return p.malformed, true
		}
	}
	return refusal{}, false
}

// ambiguity refuses a signed text that can be cut in two ways: "key:value;" has
// no escaping, so a value that contains ";order_id:2" was perhaps signed as two
// parameters. Only names that this method reads can do harm.
func (m *method) ambiguity(f fields) error {
	for _, p := range f {
		if p.value.kind != text || !strings.Contains(p.value.str, ";") {
			continue
		}
		for _, part := range strings.Split(p.value.str, ";")[1:] {
			name, _, cut := strings.Cut(part, ":")
			if !cut {
				continue
			}
			hidden, harmful := m.own(name)
			if !harmful {
				continue
			}
			return m.blame(p.name, hidden).because(p.name + " contains " + name + ":, which makes its signature ambiguous")
		}
	}
	return nil
}

// blame chooses the error: that of the parameter with the text in it, else that
// of the name in the text.
func (m *method) blame(carrier string, hidden refusal) refusal {
	if own, _ := m.own(carrier); own.code != 0 {
		return own
	}
	if hidden.code != 0 {
		return hidden
	}
	return invalidMethod
}
