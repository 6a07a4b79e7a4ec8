package pricing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing/sqlc"
)

// anchorLife is how long a price's daily move is measured from one anchor.
const anchorLife = 24 * time.Hour

// batch is how many rows one write changes.
const batch = 1000

// Use sets where prices come from, and how they are fetched. It stores the
// bands over those that were there. Call it before the first
// [Service.Refresh].
func (s *Service) Use(ctx context.Context, r Rules, client *http.Client) error {
	s.rules, s.client, s.readAt = r, client, map[string]time.Time{}
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		q := sqlc.New(tx)
		if err := q.DropBands(ctx); err != nil {
			return err
		}
		for _, b := range r.Bands {
			err := q.AddBand(ctx, sqlc.AddBandParams{App: int64(b.App), Floor: int64(b.Floor), BuyIn: b.BuyIn.String(), SellOut: b.SellOut.String()})
			if err != nil {
				return err
			}
		}
		return q.Bump(ctx)
	})
	if err != nil {
		return fmt.Errorf("store price bands: %w", err)
	}
	return s.Load(ctx)
}

// Refresh reads the sources whose time has come and makes prices and rates of
// what they say. A source that
// cannot be read keeps what it said until that is too old; the error names it,
// after everything else was done. It reports whether prices changed.
func (s *Service) Refresh(ctx context.Context, now time.Time) (bool, error) {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	var errs []error
	for _, src := range s.rules.Prices {
		if s.due(src, now) {
			errs = append(errs, s.readPrices(ctx, src, now))
		}
	}
	for _, src := range s.rules.Rates {
		if s.due(src, now) {
			errs = append(errs, s.readRates(ctx, src, now))
		}
	}
	changed, err := s.derive(ctx, now)
	errs = append(errs, err)
	if err == nil {
		errs = append(errs, s.follow(ctx, changed))
	}
	return changed, errors.Join(errs...)
}

// Follow loads what other processes have changed since the last look.
func (s *Service) Follow(ctx context.Context) error {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	return s.follow(ctx, false)
}

func (s *Service) due(src Source, now time.Time) bool {
	last, read := s.readAt[src.Name]
	if read && now.Sub(last) < src.Every {
		return false
	}
	s.readAt[src.Name] = now
	return true
}

// follow loads what has changed since the last time, here or elsewhere.
func (s *Service) follow(ctx context.Context, changed bool) error {
	number, err := sqlc.New(s.db.Read()).Changed(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if number == s.seen && !changed {
		return nil
	}
	if err := s.Load(ctx); err != nil {
		return err
	}
	s.seen = number
	return nil
}

func (s *Service) readPrices(ctx context.Context, src Source, now time.Time) error {
	var f priceFeed
	if err := s.fetch(ctx, src, &f); err != nil {
		return err
	}
	quotes, err := f.quotes(now)
	if err != nil {
		return fmt.Errorf("source %s: %w", src.Name, err)
	}
	first := true
	for part := range slices.Chunk(quotes, batch) {
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			q := sqlc.New(tx)
			if first { // what it does not say any more does not count any more
				if err := q.DropQuotes(ctx, src.Name); err != nil {
					return err
				}
			}
			for _, p := range part {
				err := q.SetQuote(ctx, sqlc.SetQuoteParams{Source: src.Name, App: int64(p.app), Name: p.name, Amount: int64(p.amount),
					Volume: p.volume, At: db.Micros(p.at)})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("source %s: %w", src.Name, err)
		}
		first = false
	}
	return nil
}

func (s *Service) readRates(ctx context.Context, src Source, now time.Time) error {
	var f rateFeed
	if err := s.fetch(ctx, src, &f); err != nil {
		return err
	}
	at := said(now, f.At)
	if now.Sub(at) > src.MaxAge {
		return fmt.Errorf("source %s: its rates are of %s", src.Name, at.Format(time.RFC3339))
	}
	var cs []Currency
	for code, text := range f.Rates {
		rate, err := money.ParseRate(string(text))
		code = strings.ToLower(code)
		if err != nil || rate.IsZero() || len(code) != 3 {
			return fmt.Errorf("source %s: %q at %q", src.Name, code, text)
		}
		if code == usd.Code {
			continue
		}
		c := Currency{Code: code, Name: strings.ToUpper(code), Rate: rate, Digits: 2}
		if known, ok := s.Currency(code); ok {
			c.Name, c.Digits = known.Name, known.Digits
		}
		cs = append(cs, c)
	}
	return s.storeCurrencies(ctx, cs, at, true)
}

// derive makes prices of the fresh quotes and stores what has changed. What
// quotes do not cover any more has no price; what a person has set stands.
func (s *Service) derive(ctx context.Context, now time.Time) (changed bool, err error) {
	if len(s.rules.Prices) == 0 && len(s.rules.Rates) == 0 {
		return false, nil
	}
	fresh, err := s.fresh(ctx, now)
	if err != nil {
		return false, err
	}
	old, err := s.sourced(ctx)
	if err != nil {
		return false, err
	}
	var next []sqlc.SetSourcedParams
	for k, quotes := range fresh {
		if len(quotes) < max(1, s.rules.MinSources) {
			continue
		}
		p := s.price(old[k], median(quotes), now)
		if was, had := old[k]; !had || was.Amount != p.Amount || was.AnchorAt != p.AnchorAt {
			p.App, p.Name = int64(k.app), k.name
			next = append(next, p)
		}
		delete(old, k)
	}
	if err := s.storeSourced(ctx, next, old); err != nil {
		return false, err
	}
	stale, err := s.dropStaleRates(ctx, now)
	return len(next)+len(old)+int(stale) > 0, err
}

// price is what a name is worth after the cap, with the anchor of its day.
func (s *Service) price(was sqlc.SourcedRow, middle money.Amount, now time.Time) sqlc.SetSourcedParams {
	anchor, at := money.Amount(was.Anchor), db.Time(was.AnchorAt)
	if anchor == 0 {
		anchor, at = middle, now
	}
	if now.Sub(at) >= anchorLife {
		anchor, at = money.Amount(was.Amount), now
	}
	return sqlc.SetSourcedParams{Amount: int64(capped(middle, anchor, s.rules.MoveCap)), At: db.Micros(now), Anchor: int64(anchor), AnchorAt: db.Micros(at)}
}

// fresh are the quotes that count now.
func (s *Service) fresh(ctx context.Context, now time.Time) (map[key][]money.Amount, error) {
	rows, err := sqlc.New(s.db.Read()).Quotes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read quotes: %w", err)
	}
	sources := map[string]Source{}
	for _, src := range s.rules.Prices {
		sources[src.Name] = src
	}
	fresh := map[key][]money.Amount{}
	for _, r := range rows {
		src, enabled := sources[r.Source]
		if !enabled || now.Sub(db.Time(r.At)) > src.MaxAge || r.Volume < src.MinVolume {
			continue
		}
		k := keyOf(r.App, r.Name)
		fresh[k] = append(fresh[k], money.Amount(r.Amount))
	}
	return fresh, nil
}

func (s *Service) sourced(ctx context.Context) (map[key]sqlc.SourcedRow, error) {
	rows, err := sqlc.New(s.db.Read()).Sourced(ctx)
	if err != nil {
		return nil, fmt.Errorf("read prices: %w", err)
	}
	all := make(map[key]sqlc.SourcedRow, len(rows))
	for _, r := range rows {
		all[keyOf(r.App, r.Name)] = r
	}
	return all, nil
}

func (s *Service) storeSourced(ctx context.Context, next []sqlc.SetSourcedParams, gone map[key]sqlc.SourcedRow) error {
	for part := range slices.Chunk(next, batch) {
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			q := sqlc.New(tx)
			for _, p := range part {
				if err := q.SetSourced(ctx, p); err != nil {
					return err
				}
			}
			return q.Bump(ctx)
		})
		if err != nil {
			return fmt.Errorf("store prices: %w", err)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		q := sqlc.New(tx)
		for k := range gone {
			if err := q.DropSourced(ctx, sqlc.DropSourcedParams{App: int64(k.app), Name: k.name}); err != nil {
				return err
			}
		}
		return q.Bump(ctx)
	})
}

// dropStaleRates ends currencies whose rates nobody has confirmed for too long.
// Orders keep the rates of their quote.
func (s *Service) dropStaleRates(ctx context.Context, now time.Time) (n int64, err error) {
	if len(s.rules.Rates) == 0 {
		return 0, nil
	}
	var longest time.Duration
	for _, src := range s.rules.Rates {
		longest = max(longest, src.MaxAge)
	}
	err = s.db.Write(ctx, func(tx *db.Tx) (err error) {
		q := sqlc.New(tx)
		if n, err = q.StaleRates(ctx, db.Micros(now.Add(-longest))); err != nil || n == 0 {
			return err
		}
		return q.Bump(ctx)
	})
	if err != nil {
		return 0, fmt.Errorf("end stale rates: %w", err)
	}
	return n, nil
}
