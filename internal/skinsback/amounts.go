package skinsback

import (
	"fmt"
	"sync/atomic"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
)

// usd is the currency of every figure that does not name another one.
const usd = "usd"

// rateBook reads the rates that a deposit keeps from its quote, and remembers
// the last ones: neighbouring deposits have the same.
type rateBook struct{ last atomic.Pointer[ratePage] }

type ratePage struct {
	text  string
	rates []pricing.Currency
}

func (b *rateBook) read(text string) ([]pricing.Currency, error) {
	if p := b.last.Load(); p != nil && p.text == text {
		return p.rates, nil
	}
	rates, err := pricing.ParseRates(text)
	if err != nil {
		return nil, err
	}
	b.last.Store(&ratePage{text, rates})
	return rates, nil
}

// amounts is what a deposit is worth, with the rates of its quote: what is told
// later is what the payer saw.
func (b *rateBook) amounts(c deposit.Changed) ([]member, error) {
	rates, err := b.read(c.Rates)
	if err != nil {
		return nil, fmt.Errorf("deposit %d: %w", c.ID, err)
	}
	amount, err := inCurrencies("amount_in_currencies", c.Amount, rates)
	if err != nil {
		return nil, fmt.Errorf("deposit %d: %w", c.ID, err)
	}
	user, err := inCurrencies("user_amount_in_currencies", c.UserAmount, rates)
	if err != nil {
		return nil, fmt.Errorf("deposit %d: %w", c.ID, err)
	}
	return []member{
		numberMember("amount", c.Amount.Text(0)),
		textMember("amount_currency", usd),
		amount,
		numberMember("user_amount", c.UserAmount.Text(0)),
		user,
	}, nil
}

// inCurrencies is a sum in every currency, as numbers without trailing zeros.
// Dollars are shown to the last of our digits.
func inCurrencies(name string, m money.Amount, rates []pricing.Currency) (member, error) {
	out := member{name: name, kind: object, below: make([]member, 0, len(rates)+1)}
	out.below = append(out.below, numberMember(usd, m.Text(0)))
	for _, cur := range rates {
		if cur.Code == usd {
			continue
		}
		figure, err := m.Convert(cur.Digits, cur.Rate)
		if err != nil {
			return member{}, err
		}
		out.below = append(out.below, numberMember(cur.Code, figure.Text(0)))
	}
	return out, nil
}
