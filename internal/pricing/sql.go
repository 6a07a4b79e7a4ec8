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
	if err := n.readOverrides(ctx, q); err != nil {
		return nil, err
	}
	if err := n.readBands(ctx, q); err != nil {
		return nil, err
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

func keyOf(app int64, name string) key { return key{steam.AppID(app), name} }

func (n *snapshot) readOverrides(ctx context.Context, q *sqlc.Queries) error {
	rows, err := q.Overrides(ctx)
	if err != nil {
		return err
	}
	n.overridden = map[key]string{}
	for _, r := range rows {
		k := keyOf(r.App, r.Name)
		n.prices[k], n.overridden[k] = money.Amount(r.Amount), r.SetBy
	}
	return nil
}

func (n *snapshot) readBands(ctx context.Context, q *sqlc.Queries) error {
	rows, err := q.Bands(ctx)
	if err != nil {
		return err
	}
	n.bands = map[steam.AppID][]Band{}
	for _, r := range slices.Backward(rows) {
		b := Band{App: steam.AppID(r.App), Floor: money.Amount(r.Floor)}
		if b.BuyIn, err = money.ParseRate(r.BuyIn); err != nil {
			return err
		}
		if b.SellOut, err = money.ParseRate(r.SellOut); err != nil {
			return err
		}
		n.bands[b.App] = append(n.bands[b.App], b)
	}
	return nil
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
