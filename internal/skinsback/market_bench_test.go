package skinsback

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/pricing"
	"github.com/skinrail/skinrail/internal/steam"
)

const marketNames = 25_000

// stocked is a world with SKINRAIL_BENCH_ITEMS items on sale, fifty thousand
// when that is not set, of up to 25,000 names.
func stocked(b *testing.B) *world {
	b.Helper()
	n := 50_000
	if text := os.Getenv("SKINRAIL_BENCH_ITEMS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	w := newWorld(b)
	prices := make([]pricing.Price, marketNames)
	for i := range prices {
		prices[i] = pricing.Price{App: steam.CS2, Name: fmt.Sprintf("Item %d | Sand Ak Dune (Field-Tested)", i), Amount: money.Amount(100 + i*7919%500_000)}
	}
	w.ok(w.pricing.SetPrices(b.Context(), prices, w.now))
	w.ok(w.db.Write(b.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(b.Context(), fmt.Sprintf(`with recursive n(i) as (select 1 union all select i + 1 from n where i < %d)
			insert into bot_item (bot, app, context, asset, class_id, instance_id, name, phase, icon, kind, color, tradable, present, seen_at)
			select '%s', 730, '2', 'a' || i, '5100000001', '0', 'Item ' || (i %% %d) || ' | Sand Ak Dune (Field-Tested)', '', 'abc', 'Pistol', 'd2d2d2', true, true, 1 from n`,
			n, botID, marketNames))
		return err
	}))
	return w
}

// get reads a whole answer over a kept connection.
func get(b *testing.B, h http.Handler, body, encoding string) {
	b.Helper()
	srv := httptest.NewServer(h)
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8}}
	b.SetParallelism(2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, _ := http.NewRequest(http.MethodPost, srv.URL+"/api.php", bytes.NewReader([]byte(body)))
			r.Header = http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}}
			if encoding != "" {
				r.Header.Set("Accept-Encoding", encoding)
			}
			res, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			n, err := io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if err != nil || n < 100 {
				b.Errorf("%d bytes, %v", n, err)
				return
			}
		}
	})
}

// The price list beside http.ServeContent with the same bytes from memory.
func BenchmarkPriceList(b *testing.B) {
	w := stocked(b)
	for _, list := range []struct{ name, body string }{{"grouped", `{"method":"market_pricelist"}`}, {"full", `{"method":"market_pricelist","full":1}`}} {
		began := time.Now()
		same := []byte(w.post(list.body))
		took := time.Since(began)
		b.Run(list.name+"_servecontent", func(b *testing.B) {
			b.ReportMetric(float64(len(same))/1e6, "MB")
			get(b, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				rw.Header().Set("Content-Type", "application/json")
				http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(same))
			}), list.body, "")
		})
		b.Run(list.name, func(b *testing.B) {
			get(b, w.door.Handler(), list.body, "")
			b.ReportMetric(took.Seconds(), "s-to-prepare")
		})
		b.Run(list.name+"_gzip", func(b *testing.B) { get(b, w.door.Handler(), list.body, "gzip") })
	}
	for _, list := range []struct{ name, body string }{{"grouped", `{"method":"market_pricelist"}`}, {"full", `{"method":"market_pricelist","full":1}`}} {
		b.Run(list.name+"_change", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				before := w.post(list.body)
				w.ok(w.pricing.SetPrices(b.Context(), []pricing.Price{{App: steam.CS2, Name: sandDune, Amount: money.Amount(500 + i)},
					{App: steam.CS2, Name: "Item 7 | Sand Ak Dune (Field-Tested)", Amount: money.Amount(700 + i)}}, w.now))
				w.shown(b, list.body, before)
			}
		})
	}
}

// shown looks after the lists as the gateway does until an answer differs.
func (w *world) shown(b *testing.B, body, before string) {
	for w.post(body) == before {
		time.Sleep(400 * time.Millisecond)
		w.ok(w.market.Refresh(b.Context(), w.now))
		w.ok(w.door.Prepare(b.Context()))
	}
}

// Searches at a thousand a second, broad ones and narrow ones.
func BenchmarkSearch(b *testing.B) {
	w := stocked(b)
	srv := httptest.NewServer(w.door.Handler())
	defer srv.Close()
	w.post(`{"method":"market_search","name":"warm"}`)
	bodies := []string{`"name":"Item 77"`, `"name":"sand ak"`, `"name":"nothing like it"`, `"name":"12345"`,
		`"names":["Item 5 | Sand Ak Dune (Field-Tested)","Item 7 | Sand Ak Dune (Field-Tested)"]`}
	const every = time.Millisecond
	took := make([]time.Duration, max(b.N, 2000))
	var wg sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DialContext: (&net.Dialer{}).DialContext}}
	b.ResetTimer()
	began := time.Now()
	for i := range took {
		due := began.Add(time.Duration(i) * every)
		time.Sleep(time.Until(due))
		wg.Go(func() {
			r, _ := http.NewRequest(http.MethodPost, srv.URL+"/api.php", bytes.NewReader([]byte(`{"method":"market_search",`+bodies[rand.IntN(len(bodies))]+`}`)))
			r.Header = http.Header{"X-Client-Id": {"4021"}, "X-Client-Secret": {shopKey}}
			res, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			took[i] = time.Since(due)
		})
	}
	wg.Wait()
	b.ReportMetric(float64(len(took))/time.Since(began).Seconds(), "searches/s")
	b.ReportMetric(percentile(took, 50), "p50-ms")
	b.ReportMetric(percentile(took, 99), "p99-ms")
}
