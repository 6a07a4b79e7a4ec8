package pricing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/steam"
)

// Source is where prices or rates come from: a file, or a JSON feed over HTTP.
// MaxAge is how long what it said counts; Every how often it is read.
type Source struct {
	Name      string
	Path, URL string // one of them
	MaxAge    time.Duration
	Every     time.Duration
	MinVolume int64 // prices that were traded less often do not count
}

// Rules are how sources become prices.
type Rules struct {
	Prices     []Source
	Rates      []Source
	MoveCap    money.Rate // most that a price moves in a day, as a part of it; 0: no cap
	MinSources int        // fresh quotes that a price needs at least
	Bands      []Band
}

// Band is how prices of a game from Floor on become ours.
type Band struct {
	App            steam.AppID
	Floor          money.Amount
	BuyIn, SellOut money.Rate
}

const (
	maxFeed  = 64 << 20
	feedTime = 30 * time.Second
)

// priceFeed is what a source of prices says. Amounts are dollars, as numbers or
// text; at is Unix seconds, of the whole or of one price.
type priceFeed struct {
	At     int64 `json:"at"`
	Prices []struct {
		Game   string `json:"game"`
		Name   string `json:"name"`
		Price  figure `json:"price"`
		Volume *int64 `json:"volume"`
		At     int64  `json:"at"`
	} `json:"prices"`
}

// rateFeed is what a source of rates says: units for one US dollar.
type rateFeed struct {
	At    int64             `json:"at"`
	Rates map[string]figure `json:"rates"`
}

// figure is the text of a JSON number or string.
type figure string

func (f *figure) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, (*string)(f))
	}
	*f = figure(raw)
	return nil
}

var feedGames = map[string]steam.AppID{"cs2": steam.CS2, "csgo": steam.CS2, "dota2": steam.Dota2, "rust": steam.Rust, "tf2": steam.TF2}

// fetch reads a source. What is too long, slow or not as it must be is an
// error, and then nothing of it counts.
func (s *Service) fetch(ctx context.Context, src Source, into any) error {
	body, err := s.body(ctx, src)
	if err != nil {
		return fmt.Errorf("source %s: %w", src.Name, err)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("source %s: %w", src.Name, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("source %s: there is text after the document", src.Name)
	}
	return nil
}

func (s *Service) body(ctx context.Context, src Source) ([]byte, error) {
	if src.Path != "" {
		f, err := os.Open(src.Path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		return limited(f)
	}
	ctx, cancel := context.WithTimeout(ctx, feedTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, src.URL, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d", answer.StatusCode)
	}
	return limited(answer.Body)
}

func limited(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxFeed+1))
	if err == nil && len(body) > maxFeed {
		err = fmt.Errorf("longer than %d bytes", maxFeed)
	}
	return body, err
}

// quote is what one source says of one name.
type quote struct {
	key
	amount money.Amount
	volume int64
	at     time.Time
}

// quotes checks a feed. A time in the future counts as now: it must not keep a
// price fresh for ever.
func (f priceFeed) quotes(now time.Time) ([]quote, error) {
	if len(f.Prices) == 0 {
		return nil, errors.New("there are no prices in it")
	}
	out := make([]quote, 0, len(f.Prices))
	seen := make(map[key]bool, len(f.Prices))
	for i, p := range f.Prices {
		app, known := feedGames[p.Game]
		if !known || p.Name == "" || len(p.Name) > 400 {
			return nil, fmt.Errorf("price %d: game %q, name %q", i+1, p.Game, p.Name)
		}
		amount, err := dollars(string(p.Price))
		if err != nil {
			return nil, fmt.Errorf("price of %q: %w", p.Name, err)
		}
		q := quote{key: key{app, p.Name}, amount: amount, volume: math.MaxInt64, at: said(now, p.At, f.At)}
		if p.Volume != nil {
			q.volume = *p.Volume
		}
		if seen[q.key] {
			return nil, fmt.Errorf("%q is there twice", p.Name)
		}
		seen[q.key] = true
		out = append(out, q)
	}
	return out, nil
}

func said(now time.Time, at ...int64) time.Time {
	for _, s := range at {
		if s > 0 && time.Unix(s, 0).Before(now) {
			return time.Unix(s, 0).UTC()
		}
	}
	return now
}

// dollars reads a decimal of any length up to ours exactly, rounded half up to
// thousandths; at least one of them.
func dollars(text string) (money.Amount, error) {
	rate, err := money.ParseRate(text)
	if err != nil {
		return 0, err
	}
	a, err := money.Amount(1000).Mul(rate)
	if err == nil && (a <= 0 || a > money.Max) {
		err = fault.New(fault.InvalidRequest, "%s is no price", strconv.Quote(text))
	}
	return a, err
}
