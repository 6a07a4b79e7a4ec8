package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/webhook"
)

// sourceFile is the file of --prices.
type sourceFile struct {
	MoveCap    string `toml:"move_cap"`
	MinSources int    `toml:"min_sources"`
	Source     []sourceEntry
	Rates      []sourceEntry
	Band       []struct {
		Game, From string
		BuyIn      string `toml:"buy_in"`
		SellOut    string `toml:"sell_out"`
	}
}

type sourceEntry struct {
	Name, File, URL string
	MaxAge          string `toml:"max_age"`
	Every           string
	MinVolume       int64 `toml:"min_volume"`
}

const (
	defaultMaxAge = 24 * time.Hour
	defaultEvery  = 10 * time.Minute
)

// sources gives the room pricing its sources.
func (g *Gateway) sources(ctx context.Context) error {
	if g.Sources == "" {
		return nil
	}
	rules, err := readSources(g.Sources)
	if err != nil {
		return err
	}
	return g.Pricing.Use(ctx, rules, webhook.Guard(g.Guard))
}

func readSources(path string) (r pricing.Rules, err error) {
	var f sourceFile
	meta, err := toml.DecodeFile(path, &f)
	if err != nil {
		return r, fmt.Errorf("--prices: %w", err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return r, fmt.Errorf("--prices: %s: unknown key %q", path, unknown[0].String())
	}
	r.MinSources = f.MinSources
	if f.MoveCap != "" {
		if r.MoveCap, err = money.ParseRate(f.MoveCap); err != nil {
			return r, fmt.Errorf("--prices: move_cap: want a part such as 0.2: %w", err)
		}
	}
	if r.Prices, err = f.entries(f.Source, filepath.Dir(path)); err != nil {
		return r, err
	}
	if r.Rates, err = f.entries(f.Rates, filepath.Dir(path)); err != nil {
		return r, err
	}
	return r, f.bands(&r)
}

// entries reads sources; file names are beside the file that names them.
func (f sourceFile) entries(list []sourceEntry, dir string) (all []pricing.Source, err error) {
	for _, e := range list {
		s := pricing.Source{Name: e.Name, Path: e.File, URL: e.URL, MinVolume: e.MinVolume}
		if e.Name == "" || (e.File == "") == (e.URL == "") {
			return nil, fmt.Errorf("--prices: source %q: want a name, and either file or url", e.Name)
		}
		if slices.ContainsFunc(all, func(o pricing.Source) bool { return o.Name == s.Name }) {
			return nil, fmt.Errorf("--prices: source %q is there twice", e.Name)
		}
		if s.Path != "" && !filepath.IsAbs(s.Path) {
			s.Path = filepath.Join(dir, s.Path)
		}
		if s.MaxAge, err = span(e.MaxAge, defaultMaxAge); err == nil {
			s.Every, err = span(e.Every, defaultEvery)
		}
		if err != nil {
			return nil, fmt.Errorf("--prices: source %q: %w", e.Name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func span(text string, otherwise time.Duration) (time.Duration, error) {
	if text == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(text)
	if err == nil && d <= 0 {
		err = fmt.Errorf("%q: want a time such as 6h or 10m", text)
	}
	return d, err
}

func (f sourceFile) bands(r *pricing.Rules) error {
	for _, b := range f.Band {
		app, err := gameOf(b.Game)
		if err != nil {
			return fmt.Errorf("--prices: band: %w", err)
		}
		out := pricing.Band{App: app}
		if out.Floor, err = money.ParseAmount(b.From); err != nil {
			return fmt.Errorf("--prices: band of %s: from: %w", b.Game, err)
		}
		if out.BuyIn, err = money.ParseRate(b.BuyIn); err != nil {
			return fmt.Errorf("--prices: band of %s: buy_in: %w", b.Game, err)
		}
		if out.SellOut, err = money.ParseRate(b.SellOut); err != nil {
			return fmt.Errorf("--prices: band of %s: sell_out: %w", b.Game, err)
		}
		r.Bands = append(r.Bands, out)
	}
	return nil
}

// gameOf is a game by its name.
func gameOf(name string) (steam.AppID, error) {
	var g Games
	if err := g.Set(name); err != nil {
		return 0, err
	}
	return g.apps[0], nil
}
