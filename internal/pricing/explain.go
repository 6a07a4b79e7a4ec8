package pricing

import (
	"context"
	"fmt"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing/sqlc"
	"github.com/skinrail/skinrail/internal/steam"
)

// Quote is what a source last said of a name.
type Quote struct {
	Source string
	Amount money.Amount
	At     time.Time
}

// Explanation is why a name has its price.
type Explanation struct {
	Price        money.Amount // 0: it has none
	BuyIn        money.Amount // what a deposited item counts for
	SellOut      money.Amount // what an item costs a merchant
	OverriddenBy string       // who set the price; empty: nobody
	Quotes       []Quote
}

// Override sets a price by hand: it stands, whatever sources say, until
// [Service.Unset]. A price that is not above zero is [fault.InvalidRequest].
func (s *Service) Override(ctx context.Context, p Price, by string, now time.Time) error {
	if p.Amount <= 0 || p.Amount > money.Max || p.Name == "" || by == "" {
		return fault.New(fault.InvalidRequest, "price of %q: %s, set by %q", p.Name, p.Amount, by)
	}
	return s.change(ctx, func(q *sqlc.Queries) error {
		return q.SetOverride(ctx, sqlc.SetOverrideParams{App: int64(p.App), Name: p.Name, Amount: int64(p.Amount), SetBy: by, At: db.Micros(now)})
	})
}

// Unset takes back what [Service.Override] set; [fault.NotFound] when nothing
// was.
func (s *Service) Unset(ctx context.Context, app steam.AppID, name string) error {
	return s.change(ctx, func(q *sqlc.Queries) error {
		n, err := q.DropOverride(ctx, sqlc.DropOverrideParams{App: int64(app), Name: name})
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "no price of %q was set by hand", name)
		}
		return err
	})
}

// change writes and loads; other processes notice.
func (s *Service) change(ctx context.Context, f func(q *sqlc.Queries) error) error {
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		q := sqlc.New(tx)
		if err := f(q); err != nil {
			return err
		}
		return q.Bump(ctx)
	})
	if err != nil {
		return fmt.Errorf("change prices: %w", err)
	}
	return s.Load(ctx)
}

// Explain says why a name has its price, as of the last load.
func (s *Service) Explain(ctx context.Context, app steam.AppID, name string) (Explanation, error) {
	n := s.now.Load()
	e := Explanation{Price: n.prices[key{app, name}], OverriddenBy: n.overridden[key{app, name}]}
	e.BuyIn, _ = s.BuyIn(app, name)
	e.SellOut, _ = s.SellOut(app, name)
	rows, err := sqlc.New(s.db.Read()).QuotesOf(ctx, sqlc.QuotesOfParams{App: int64(app), Name: name})
	if err != nil {
		return Explanation{}, fmt.Errorf("quotes of %q: %w", name, err)
	}
	for _, r := range rows {
		e.Quotes = append(e.Quotes, Quote{r.Source, money.Amount(r.Amount), db.Time(r.At)})
	}
	return e, nil
}
