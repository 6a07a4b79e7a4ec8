package skinsback

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// fewRows is the short list with which the long one is compared.
const fewRows = 10_000

// manyRows is how long the long list is: SKINRAIL_BENCH_ROWS, or a hundred
// thousand.
func manyRows(b *testing.B) int {
	b.Helper()
	text := os.Getenv("SKINRAIL_BENCH_ROWS")
	if text == "" {
		return 100_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < fewRows {
		b.Fatalf("SKINRAIL_BENCH_ROWS=%s: want a number from %d on", text, fewRows)
	}
	return n
}

// BenchmarkPage is one page of a thousand rows out of the middle of a list, and
// of one many times as long: what it costs must not grow with the list.
func BenchmarkPage(b *testing.B) {
	databases := map[string]*db.DB{"sqlite": dbtest.SQLite(b)}
	if d, ok := dbtest.Postgres(b); ok {
		databases["postgres"] = d
	}
	for engine, d := range databases {
		w := newWorldOn(b, d)
		rows := 0
		for _, n := range []int{fewRows, manyRows(b)} {
			w.fill(rows, n)
			rows = n
			for _, method := range []string{"orders", "market_history"} {
				b.Run(fmt.Sprintf("%s_%s/%d_rows", engine, method, n), func(b *testing.B) {
					body := fmt.Sprintf(`{"method":"%s","starting":%d,"ending":%d,"start_from":%d}`, method, start.Unix()+10, start.Unix()+int64(n), n/2)
					for b.Loop() {
						w.post(body)
					}
				})
			}
		}
	}
}

// fill inserts rows numbered from after first to last, one a second.
func (w *world) fill(first, last int) {
	w.t.Helper()
	numbers := fmt.Sprintf("with recursive n(i) as (select %d union all select i + 1 from n where i < %d) ", first+1, last)
	if w.db.Engine() == db.Postgres {
		numbers = fmt.Sprintf("with n(i) as (select generate_series(%d, %d)) ", first+1, last)
	}
	at := strconv.FormatInt(start.UnixMicro(), 10) + " + cast(i as bigint) * 1000000"
	w.ok(w.db.Write(w.t.Context(), func(tx *db.Tx) error {
		for _, q := range []string{
			"insert into bot_item (bot, app, context, asset, class_id, instance_id, name, phase, icon, kind, color, tradable, present, seen_at) " +
				"values ('" + botID.String() + "', 730, '2', 'sold', '1', '0', 'x', '', '', '', '', false, false, 1) on conflict (bot, app, context, asset) do nothing",
			numbers + "insert into deposit (project_id, order_id, hash, state, steam_id, trade_token, result_url, success_url, fail_url, currency, min_amount, " +
				"max_amount, multiplier, commission_rate, custom_currency, custom_rate, priority_game, created_at, expires_at, seq) " +
				"select 4021, 'fill-' || i, 'hash-' || i, 'open', '', '', '', '', '', '', '', '', '1', '0', '', '', '', " + at + ", " + at + ", i from n",
			numbers + "insert into purchase (project_id, partner, token, item_id, reservation, bot, app, asset, class_id, instance_id, name, price, state, " +
				"created_at, deadline, seq) select 4021, '" + payerID.String() + "', 'aB3dE5_-', (select max(id) from bot_item where asset = 'sold'), 'r-' || i, '" +
				botID.String() + "', 730, 'sold', '1', '0', 'x', 410, 'accepted', " + at + ", " + at + ", i from n",
		} {
			if _, err := tx.ExecContext(w.t.Context(), q); err != nil {
				return err
			}
		}
		return nil
	}))
	if w.db.Engine() == db.Postgres {
		w.ok(w.db.Write(w.t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(w.t.Context(), "analyze")
			return err
		}))
	}
	w.now = start.Add(time.Duration(last) * time.Second)
}
