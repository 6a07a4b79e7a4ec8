package skinsback

import (
	"strings"
	"unicode/utf8"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/webhook"
)

// local is how a payer's figures are shown, as decimal text; empty: the
// project's own way.
type local struct{ currency, custom, rate, multiplier string }

// localTerms reads the currency, multiplier and custom currency of a call; the
// errors are those of the method.
func (d *Door) localTerms(c *call) (l local, err error) {
	if l.currency, err = d.currency(c); err != nil {
		return l, err
	}
	if v := c.get("custom_multiplier"); v.given() {
		s, rate, ok := rateOf(v)
		if !ok || rate.Cmp(leastMultiplier) < 0 || rate.Cmp(mostMultiplier) > 0 {
			return l, c.malformed("custom_multiplier").because("custom_multiplier: 0.5 to 2")
		}
		l.multiplier = s
	}
	v, r := c.get("custom_currency"), c.get("custom_currency_rate")
	if v.given() != r.given() {
		return l, c.malformed("custom_currency").because("custom_currency and custom_currency_rate need each other")
	}
	if !v.given() {
		return l, nil
	}
	name, ok := v.word()
	if !ok || utf8.RuneCountInString(name) > maxCustomCurrency || strings.ContainsFunc(name, notPrinted) {
		return l, c.malformed("custom_currency").because("custom_currency: up to 4 characters")
	}
	s, rate, ok := rateOf(r)
	if !ok || rate.Cmp(leastRate) < 0 {
		return l, c.malformed("custom_currency_rate").because("custom_currency_rate: at least 0.1")
	}
	l.custom, l.rate = name, s
	return l, nil
}

// currency reads the code of a currency that is known, in any case.
func (d *Door) currency(c *call) (string, error) {
	v := c.get("currency")
	if !v.given() {
		return "", nil
	}
	cur, known := d.deps.Pricing.Currency(strings.ToLower(v.str))
	if v.kind != text || !known {
		return "", c.malformed("currency")
	}
	return cur.Code, nil
}

// resultURL reads where the deposit's notifications go instead.
func (d *Door) resultURL(c *call) (string, error) {
	v := c.get("result_url")
	if !v.given() {
		return "", nil
	}
	u, ok := pageURL(v, nil)
	if !ok || webhook.CheckURL(u, d.deps.Guard) != nil {
		return "", c.malformed("result_url").because("result_url: an http or https address that may be called from here")
	}
	return u, nil
}

// shown is the currency of local figures.
func (d *Door) shown(l local) pricing.Currency {
	return d.deps.Deposits.Display(deposit.Deposit{Currency: l.currency, CustomCurrency: l.custom, CustomRate: l.rate})
}
