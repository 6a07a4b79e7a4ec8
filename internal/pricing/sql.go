package pricing

import (
	"cmp"
	"context"
	"slices"

	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing/sqlc"
	"github.com/skinrail/skinrail/internal/steam"
)

func (s *Service) read(ctx context.Context) (*snapshot, error) {
	q := sqlc.New(s.db.Read())
	n := &snapshot{prices: map[key]money.Amount{}, coefficients: map[steam.AppID]Coefficient{}}
	prices, err := q.Prices(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range prices {
		n.prices[key{steam.AppID(p.App), p.Name}] = money.Amount(p.Amount)
	}
	if err := n.readCoefficients(ctx, q); err != nil {
		return nil, err
	}
	if err := n.readCurrencies(ctx, q); err != nil {
		return nil, err
	}
	n.rates, err = ratesText(n.currencies)
	return n, err
}

func (n *snapshot) readCoefficients(ctx context.Context, q *sqlc.Queries) error {
	rows, err := q.Coefficients(ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		c := Coefficient{App: steam.AppID(r.App), MinDeposit: money.Amount(r.MinDeposit)}
		if c.BuyIn, err = money.ParseRate(r.BuyIn); err != nil {
			return err
		}
		if c.SellOut, err = money.ParseRate(r.SellOut); err != nil {
			return err
		}
		n.coefficients[c.App] = c
	}
	return nil
}

func (n *snapshot) readCurrencies(ctx context.Context, q *sqlc.Queries) error {
	rows, err := q.Currencies(ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		rate, err := money.ParseRate(r.Rate)
		if err != nil {
			return err
		}
		n.currencies = append(n.currencies, Currency{Code: r.Code, Name: r.Name, Rate: rate, Digits: int(r.Digits)})
	}
	if !slices.ContainsFunc(n.currencies, func(c Currency) bool { return c.Code == usd.Code }) {
		n.currencies = append(n.currencies, usd)
	}
	slices.SortStableFunc(n.currencies, func(a, b Currency) int {
		return cmp.Compare(rank(a), rank(b))
	})
	return nil
}

// rank puts usd before the others, which the database has sorted.
func rank(c Currency) int {
	if c.Code == usd.Code {
		return 0
	}
	return 1
}
