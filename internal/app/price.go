package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
)

// Prices shows and sets the prices of an existing database, also while a
// gateway works on it.
type Prices struct {
	Store
	Game string
	JSON bool
	By   string // who sets a price
}

// open runs f on the room.
func (p Prices) open(ctx context.Context, f func(*pricing.Service, steam.AppID, time.Time) error) error {
	app, err := gameOf(p.Game)
	if err != nil {
		return fault.New(fault.InvalidRequest, "--game: %v", err)
	}
	return p.with(ctx, func(d *db.DB, now time.Time) error {
		s := pricing.New(d)
		if err := s.Load(ctx); err != nil {
			return err
		}
		return f(s, app, now)
	})
}

// Show prints why a name has its price.
func (p Prices) Show(ctx context.Context, name string, out io.Writer) error {
	return p.open(ctx, func(s *pricing.Service, app steam.AppID, _ time.Time) error {
		e, err := s.Explain(ctx, app, name)
		if err != nil {
			return err
		}
		return p.print(e, name, out)
	})
}

func (p Prices) print(e pricing.Explanation, name string, out io.Writer) error {
	if p.JSON {
		return json.NewEncoder(out).Encode(shownPrice(e, name))
	}
	if e.Price == 0 {
		fmt.Fprintf(out, "%s has no price: no fresh quote, and none set by hand\n", name)
	} else {
		fmt.Fprintf(out, "%s\n  price        %s usd\n  deposits     %s usd\n  purchases    %s usd\n", name, e.Price, e.BuyIn, e.SellOut)
	}
	if e.OverriddenBy != "" {
		fmt.Fprintf(out, "  set by hand  by %s\n", e.OverriddenBy)
	}
	for _, q := range e.Quotes {
		fmt.Fprintf(out, "  %-12s %s usd, said %s\n", q.Source, q.Amount, q.At.Format(time.RFC3339))
	}
	return nil
}

func shownPrice(e pricing.Explanation, name string) map[string]any {
	quotes := []map[string]string{}
	for _, q := range e.Quotes {
		quotes = append(quotes, map[string]string{"source": q.Source, "price": q.Amount.String(), "at": q.At.Format(time.RFC3339)})
	}
	return map[string]any{"name": name, "price": e.Price.String(), "buy_in": e.BuyIn.String(), "sell_out": e.SellOut.String(),
		"set_by": e.OverriddenBy, "quotes": quotes}
}

// Set sets a price by hand.
func (p Prices) Set(ctx context.Context, name, amount string, out io.Writer) error {
	if p.By == "" {
		return wrong("--by is missing: who sets the price?")
	}
	a, err := money.ParseAmount(amount)
	if err != nil {
		return fault.New(fault.InvalidRequest, "price %q: want dollars such as 12.34", amount)
	}
	return p.open(ctx, func(s *pricing.Service, app steam.AppID, now time.Time) error {
		if err := s.Override(ctx, pricing.Price{App: app, Name: name, Amount: a}, p.By, now); err != nil {
			return err
		}
		return p.Show(ctx, name, out)
	})
}

// Unset takes back what Set did.
func (p Prices) Unset(ctx context.Context, name string, out io.Writer) error {
	return p.open(ctx, func(s *pricing.Service, app steam.AppID, _ time.Time) error {
		if err := s.Unset(ctx, app, name); err != nil {
			return err
		}
		return p.Show(ctx, name, out)
	})
}
