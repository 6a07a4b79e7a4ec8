package skinsback

import (
	"strings"

	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
)

// balance answers what is available, and the running totals, in all currencies.
func (d *Door) balance(c *call) ([]byte, error) {
	return d.answered(answerKey{project: c.project.ID, method: "balance"}, func() ([]byte, error) { return d.readBalance(c) })
}

func (d *Door) readBalance(c *call) ([]byte, error) {
	available, err := d.deps.Ledger.Balance(c.ctx, ledger.Available(c.project.ID))
	if err != nil {
		return nil, err
	}
	totals, err := d.deps.Merchants.Totals(c.ctx, c.project.ID)
	if err != nil {
		return nil, err
	}
	a := success()
	a.sums("balance", available, d.deps.Pricing)
	a.sums("deals_sum", totals.Deals, d.deps.Pricing)
	a.sums("withdraw_sum", totals.Withdrawn, d.deps.Pricing)
	return a.done(), nil
}

// sums writes a sum in dollars, and in every currency with the currency's own
// digits, all as text.
func (a *answer) sums(name string, m money.Amount, p *pricing.Service) {
	a.numstr(name, m)
	a.begin(name+"_in_currencies", '{')
	for _, cur := range p.Currencies() {
		if cur.Code == usd {
			a.numstr(usd, m)
			continue
		}
		a.text(cur.Code, p.Convert(m, cur).String())
	}
	a.end('}')
}

// rateDigits is how many digits after the point a rate is shown with at least.
const rateDigits = 4

// currencies answers what one dollar is in each currency.
func (d *Door) currencies(*call) ([]byte, error) {
	a := success()
	a.begin("items", '[')
	for _, cur := range d.deps.Pricing.Currencies() {
		a.next()
		a.open()
		a.text("code", cur.Code)
		a.text("name", cur.Name)
		a.text("rate", rateText(cur))
		a.close()
	}
	a.end(']')
	return a.done(), nil
}

func rateText(cur pricing.Currency) string {
	s := cur.Rate.String()
	if cur.Code == usd {
		return s
	}
	whole, frac, _ := strings.Cut(s, ".")
	if missing := rateDigits - len(frac); missing > 0 {
		frac += strings.Repeat("0", missing)
	}
	return whole + "." + frac
}

// status answers whether anything can be traded now.
func (d *Door) status(*call) ([]byte, error) {
	reason := d.deps.Ready()
	a := success()
	a.boolean("available", reason == "")
	if reason != "" {
		a.text("reason", reason)
	}
	return a.done(), nil
}
