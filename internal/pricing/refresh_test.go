package pricing_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
)

const dune = "P250 | Sand Dune (Field-Tested)"

// desk is the room with feeds that tests change.
type desk struct {
	t     *testing.T
	s     *pricing.Service
	feeds []atomic.Pointer[string]
	rules pricing.Rules
	now   time.Time
}

func newDesk(t *testing.T, d *db.DB, feeds int, change func(*pricing.Rules)) *desk {
	t.Helper()
	w := &desk{t: t, s: pricing.New(d), feeds: make([]atomic.Pointer[string], feeds), now: noon}
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var i int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &i)
		body := w.feeds[i].Load()
		if body == nil {
			http.Error(rw, "gone", http.StatusBadGateway)
			return
		}
		_, _ = rw.Write([]byte(*body))
	}))
	t.Cleanup(srv.Close)
	for i := range feeds {
		w.rules.Prices = append(w.rules.Prices, pricing.Source{Name: fmt.Sprint("feed", i), URL: fmt.Sprintf("%s/%d", srv.URL, i), MaxAge: 6 * time.Hour})
	}
	if change != nil {
		change(&w.rules)
	}
	if err := w.s.Use(t.Context(), w.rules, srv.Client()); err != nil {
		t.Fatal(err)
	}
	return w
}

// say sets what a feed answers: a price of the dune, or a whole body.
func (w *desk) say(feed int, text string) {
	if !strings.HasPrefix(text, "{") && text != "" {
		text = fmt.Sprintf(`{"prices":[{"game":"cs2","name":%q,"price":%s}]}`, dune, text)
	}
	w.feeds[feed].Store(&text)
}

func (w *desk) refresh() error {
	_, err := w.s.Refresh(w.t.Context(), w.now)
	return err
}

func (w *desk) price() string {
	a, ok := w.s.BuyIn(steam.CS2, dune)
	if !ok {
		return "none"
	}
	return a.String()
}

func TestPriceIsTheTrimmedMedianOfFreshQuotes(t *testing.T) {
	t.Parallel()
	for quotes, want := range map[string]string{
		"1.5": "1.500", "1 2": "1.500", `"1.001" 1.002`: "1.002", "3 1 2": "2.000", "1 2 4 100": "3.000",
		"0.01 1 2 3 1000": "2.000", "1 1 1 9 9 9": "5.000", "1.0004": "1.000", "1.0005": "1.001",
	} {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			said := strings.Fields(quotes)
			w := newDesk(t, d, len(said), nil)
			for i, q := range said {
				w.say(i, q)
			}
			if err := w.refresh(); err != nil || w.price() != want {
				t.Errorf("%s: %s, %v, want %s", quotes, w.price(), err, want)
			}
		})
	}
}

func TestStaleQuotesAreNoPrice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newDesk(t, d, 2, nil)
		w.say(0, "1")
		w.say(1, "3")
		if err := w.refresh(); err != nil || w.price() != "2.000" {
			t.Fatalf("%s, %v", w.price(), err)
		}
		w.feeds[1].Store(nil) // keeps what it said, for six hours
		w.now = noon.Add(6 * time.Hour)
		if err := w.refresh(); err == nil || w.price() != "2.000" {
			t.Errorf("%s, %v", w.price(), err)
		}
		w.now = w.now.Add(time.Second)
		if err := w.refresh(); err == nil || w.price() != "1.000" {
			t.Errorf("%s, %v", w.price(), err)
		}
		old := fmt.Sprintf(`{"at":%d,"prices":[{"game":"cs2","name":%q,"price":1}]}`, noon.Unix(), dune)
		w.say(0, old)
		if err := w.refresh(); err == nil || w.price() != "none" {
			t.Errorf("what a feed says is old: %s, %v", w.price(), err)
		}
	})
}

func TestPriceMovesAtMostTheCapInADay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newDesk(t, d, 1, func(r *pricing.Rules) { r.MoveCap = money.MustRate("0.2") })
		for i, step := range []struct{ after, said, want string }{
			{"0s", "10", "10.000"}, {"1h", "100", "12.000"}, {"22h", "1", "8.000"}, {"1h", "100", "9.600"}, {"24h", "9", "9.000"}, {"24h", "9", "9.000"},
		} {
			after, err := time.ParseDuration(step.after)
			if err != nil {
				t.Fatal(err)
			}
			w.now = w.now.Add(after)
			w.say(0, step.said)
			if err := w.refresh(); err != nil || w.price() != step.want {
				t.Errorf("step %d: %s, %v, want %s", i, w.price(), err, step.want)
			}
		}
		if err := w.s.Override(t.Context(), pricing.Price{App: steam.CS2, Name: dune, Amount: 77}, "ann", w.now); err != nil || w.price() != "0.077" {
			t.Errorf("set by hand: %s, %v", w.price(), err)
		}
		if err := w.s.Unset(t.Context(), steam.CS2, dune); err != nil || w.price() != "9.000" {
			t.Errorf("taken back: %s, %v", w.price(), err)
		}
	})
}

func TestBandsChooseTheCoefficient(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newDesk(t, d, 1, func(r *pricing.Rules) {
			r.Bands = []pricing.Band{{App: steam.CS2, Floor: 1000, BuyIn: money.MustRate("0.8"), SellOut: money.MustRate("1.1")},
				{App: steam.CS2, Floor: 10000, BuyIn: money.MustRate("0.9"), SellOut: money.MustRate("1.05")}}
		})
		for said, want := range map[string]string{"0.999": "0.999 0.999", "1": "0.800 1.100", "9.999": "7.999 10.999", "10": "9.000 10.500"} {
			w.say(0, said)
			err := w.refresh()
			out, _ := w.s.SellOut(steam.CS2, dune)
			if got := w.price() + " " + out.String(); err != nil || got != want {
				t.Errorf("%s: %s, %v, want %s", said, got, err, want)
			}
		}
	})
}

// A feed that is not as it must be changes nothing, and is named.
func TestHostileFeedsChangeNothing(t *testing.T) {
	t.Parallel()
	w := newDesk(t, dbtest.SQLite(t), 1, nil)
	w.say(0, "2")
	if err := w.refresh(); err != nil {
		t.Fatal(err)
	}
	one := func(price string) string { return `{"prices":[{"game":"cs2","name":"x","price":` + price + `}]}` }
	for _, body := range []string{"", "<html>", "{}", `{"prices":[]}`, one("-1"), one("0"), one("1e999"), one(`"NaN"`), one("null"), one("[]"), one(`"1,5"`),
		one("99999999999999999999"), one("0.0001"), `{"prices":[{"game":"chess","name":"x","price":1}]}`, `{"prices":[{"game":"cs2","name":"","price":1}]}`,
		`{"prices":[{"game":"cs2","name":"x","price":1},{"game":"csgo","name":"x","price":2}]}`, one("1") + one("2"), one("1")[:20],
		`{"prices":[{"game":"cs2","name":"x","price":1,"more":2}]}`, strings.Repeat("[", 100_000)} {
		if body == "" {
			body = " "
		}
		w.feeds[0].Store(&body)
		if err := w.refresh(); err == nil || !strings.Contains(err.Error(), "feed0") || w.price() != "2.000" {
			t.Errorf("%.60q: %v, price %s", body, err, w.price())
		}
	}
}

func TestRatesComeFromASourceAndEndWhenItIsOld(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		path := filepath.Join(t.TempDir(), "rates.json")
		write := func(body string) {
			if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		w := newDesk(t, d, 0, func(r *pricing.Rules) {
			r.Rates = []pricing.Source{{Name: "bank", Path: path, MaxAge: 48 * time.Hour}}
		})
		write(fmt.Sprintf(`{"at":%d,"rates":{"EUR":0.8619,"rub":"80.10","usd":1}}`, noon.Unix()))
		if err := w.refresh(); err != nil {
			t.Fatal(err)
		}
		if c, ok := w.s.Currency("rub"); !ok || c.Rate.String() != "80.1" || len(w.s.Currencies()) != 3 {
			t.Errorf("%+v", w.s.Currencies())
		}
		write(`{"rates":{"rub":"0"}}`)
		if err := w.refresh(); err == nil {
			t.Error("a rate of 0 was taken")
		}
		w.now = noon.Add(48*time.Hour + time.Second)
		if err := w.refresh(); err == nil || len(w.s.Currencies()) != 1 {
			t.Errorf("old rates: %+v, %v", w.s.Currencies(), err)
		}
	})
}

// What another process changes is seen at the next look.
func TestChangesElsewhereAreNoticed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newDesk(t, d, 0, nil)
		other := pricing.New(d)
		if err := other.Override(t.Context(), pricing.Price{App: steam.CS2, Name: dune, Amount: 1230}, "ann", noon); err != nil {
			t.Fatal(err)
		}
		before := w.s.Version()
		if err := w.refresh(); err != nil || w.price() != "1.230" {
			t.Errorf("%s, %v", w.price(), err)
		}
		if err := w.refresh(); err != nil || w.s.Version() != before+1 {
			t.Errorf("loaded without a change: version %d after %d, %v", w.s.Version(), before, err)
		}
	})
}

// Whatever sources say, the price lies between the lowest and the highest fresh
// quote, and their order does not matter.
func TestPriceLiesAmongItsQuotes(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	w := newDesk(t, dbtest.SQLite(t), 6, nil)
	for range 60 {
		low, high := money.Max, money.Amount(0)
		order := r.Perm(6)
		said := make([]money.Amount, 6)
		for i := range said {
			said[i] = money.Amount(1 + r.IntN(100000))
			low, high = min(low, said[i]), max(high, said[i])
			w.say(order[i], said[i].String())
		}
		if err := w.refresh(); err != nil {
			t.Fatal(err)
		}
		first := w.price()
		if got, err := money.ParseAmount(first); err != nil || got < low || got > high {
			t.Fatalf("seed %d: %v is worth %s", seed, said, first)
		}
		for i := range said {
			w.say(i, said[i].String())
		}
		if err := w.refresh(); err != nil || w.price() != first {
			t.Fatalf("seed %d: %v in another order is worth %s, was %s", seed, said, w.price(), first)
		}
	}
}
