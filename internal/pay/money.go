package pay

import (
	"strings"

	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pay/page"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
)

// shown is the currency of the page: for a fixed deposit at the rate that was
// kept with its quote.
func (v *visit) shown() pricing.Currency {
	c := v.door.Deposits.Display(v.deposit)
	if v.deposit.CustomCurrency != "" {
		return c
	}
	kept, err := pricing.ParseRates(v.deposit.Rates)
	if err != nil {
		v.door.Logger.ErrorContext(v.ctx(), "payment page", "deposit", v.deposit.ID, "error", err)
	}
	for _, k := range kept {
		if k.Code == c.Code {
			return k
		}
	}
	return c
}

// limited is the currency that the deposit's limits are in.
func (v *visit) limited() pricing.Currency {
	if c, ok := v.door.Pricing.Currency(v.deposit.Currency); ok {
		return c
	}
	return pricing.Currency{Code: "usd", Name: "US Dollar", Rate: money.One, Digits: 2}
}

// text shows an amount in a currency.
func (v *visit) text(a money.Amount, c pricing.Currency) string {
	return page.InCurrency(v.door.Pricing.Convert(a, c).String(), c.Code)
}

// limitText shows a limit as the merchant gave it, with the currency's digits.
func limitText(limit string, c pricing.Currency) string {
	if limit == "" {
		return ""
	}
	whole, part, _ := strings.Cut(limit, ".")
	part = strings.TrimRight(part, "0")
	if n := c.Digits - len(part); n > 0 {
		part += strings.Repeat("0", n)
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if part != "" {
		whole += "." + part
	}
	return page.InCurrency(whole, c.Code)
}

// limitsText says what the items may be worth. The game's own minimum counts
// where it is above the merchant's.
func (v *visit) limitsText(app steam.AppID) string {
	c := v.limited()
	low := limitText(v.deposit.MinAmount, c)
	if app != 0 {
		if least := v.door.Pricing.MinDeposit(app); v.above(least, c) {
			low = v.text(least, c)
		}
	}
	return page.Between(low, limitText(v.deposit.MaxAmount, c))
}

// above reports whether the game's minimum is the one that counts.
func (v *visit) above(least money.Amount, c pricing.Currency) bool {
	if least <= 0 || v.deposit.MinAmount == "" {
		return least > 0
	}
	n, err := v.door.Pricing.Convert(least, c).CmpLimit(v.deposit.MinAmount)
	return err == nil && n > 0
}

// arithmetic tells the script how the server makes and compares sums.
func (v *visit) arithmetic(app steam.AppID) page.Money {
	c, limit := v.shown(), v.limited()
	least := v.door.Pricing.MinDeposit(app)
	m := page.Money{Rate: c.Rate.String(), Digits: c.Digits, LimitRate: limit.Rate.String(), LimitDigits: limit.Digits,
		Min: v.deposit.MinAmount, Max: v.deposit.MaxAmount, MinText: limitText(v.deposit.MinAmount, limit),
		MaxText: limitText(v.deposit.MaxAmount, limit), Least: int64(least), LeastText: v.text(least, limit)}
	m.Prefix, m.Suffix = page.Symbol(c.Code)
	if v.deposit.Multiplier.Cmp(money.One) != 0 {
		m.Multiplier = v.deposit.Multiplier.String()
	}
	return m
}

// credit is what the payer gets, where it differs from what the items are worth.
func (v *visit) credit(total money.Amount, c pricing.Currency) string {
	if v.deposit.Multiplier.Cmp(money.One) == 0 {
		return ""
	}
	user, err := total.Mul(v.deposit.Multiplier)
	if err != nil {
		return ""
	}
	return v.text(user, c)
}

// objection says what speaks against a choice, empty when nothing does. The
// room decides; this finds the payer's words for it.
func (v *visit) objection(items []deposit.Item, app steam.AppID) (string, money.Amount) {
	var total money.Amount
	for _, it := range items {
		sum, err := total.Add(it.Price)
		if err != nil {
			return page.ErrTooMuch, total
		}
		total = sum
	}
	c := v.limited()
	figure := v.door.Pricing.Convert(total, c)
	least := v.door.Pricing.MinDeposit(app)
	switch {
	case len(items) == 0:
		return page.ErrNothing, total
	case len(items) > deposit.MaxItems:
		return page.TooMany(deposit.MaxItems), total
	case crosses(figure, v.deposit.MaxAmount, 1):
		return page.TooMuch(v.text(total, c), limitText(v.deposit.MaxAmount, c)), total
	case crosses(figure, v.deposit.MinAmount, -1):
		return page.TooLittle(v.text(total, c), limitText(v.deposit.MinAmount, c)), total
	case total < least:
		return page.TooLittle(v.text(total, c), v.text(least, c)), total
	}
	return "", total
}

// crosses reports whether a figure is on the wrong side of a limit.
func crosses(figure money.Decimal, limit string, side int) bool {
	if limit == "" {
		return false
	}
	n, err := figure.CmpLimit(limit)
	return err != nil || n == side
}
