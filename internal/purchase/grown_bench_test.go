package purchase_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/ledger"
)

// fewTransfers is in the short books with which the long ones are compared.
const fewTransfers = 10_000

// BenchmarkBuyInLongBooks is purchases with few transfers in the books, and
// with SKINRAIL_BENCH_ROWS of them, or a hundred thousand: what a purchase costs
// must not grow with the books. Each transfer is a purchase of the past with all
// its rows, the trades' references in no order.
func BenchmarkBuyInLongBooks(b *testing.B) {
	many := 10 * fewTransfers
	if text := os.Getenv("SKINRAIL_BENCH_ROWS"); text != "" {
		var err error
		if many, err = strconv.Atoi(text); err != nil || many < fewTransfers {
			b.Fatalf("SKINRAIL_BENCH_ROWS=%s: want a number from %d on", text, fewTransfers)
		}
	}
	databases := map[string]*db.DB{"sqlite": dbtest.SQLite(b)}
	if d, ok := dbtest.Postgres(b); ok {
		databases["postgres"] = d
	}
	for engine, d := range databases {
		b.Run(engine, func(b *testing.B) { // so that -bench chooses one without filling the other
			w := roomsOn(d)
			w.t = b
			w.ok(seedWorld(b.Context(), w, nil))
			s := newShops(b, w, 1)
			filled := 0
			for _, n := range []int{fewTransfers, many} {
				for filled < n {
					next, began := min(n, filled+1_000_000), time.Now()
					s.fill(filled+1, next)
					b.Logf("transfers %d to %d took %s", filled+1, next, time.Since(began).Round(time.Second))
					filled = next
				}
				s.tidy()
				b.Run(fmt.Sprintf("%d_transfers", n), func(b *testing.B) { s.run(b, buyers) })
			}
		})
	}
}

// tidy has PostgreSQL do now what it does by itself some time after a filling.
func (s *shops) tidy() {
	s.t.Helper()
	if s.db.Engine() == db.Postgres {
		rows, err := s.db.Read().QueryContext(s.t.Context(), "vacuum analyze")
		s.ok(err)
		s.ok(errors.Join(rows.Err(), rows.Close()))
	}
}

// fill writes old transfers numbered from first to last.
func (s *shops) fill(first, last int) {
	s.t.Helper()
	bytes := "blob"
	numbers := fmt.Sprintf("with recursive n(i) as (select %d union all select i + 1 from n where i < %d) ", first, last)
	if s.db.Engine() == db.Postgres {
		numbers = fmt.Sprintf("with n(i) as (select generate_series(%d, %d)) ", first, last)
		bytes = "bytea"
	}
	const base = "1000000000" // below the ids of the purchases
	const of = "(select id from account where path = '%s')"
	payer, taker := fmt.Sprintf(of, ledger.OutsideCash), fmt.Sprintf(of, ledger.Available(other))
	const text, number = "cast(i as text)", "cast(i as bigint)"
	seller, buyer := "'"+bot.String()+"'", "'"+partner.String()+"'"
	s.ok(s.db.Write(s.t.Context(), func(tx *db.Tx) error {
		if s.db.Engine() == db.Postgres { // no question to a foreign key for each row
			if _, err := tx.ExecContext(s.t.Context(), "set local session_replication_role = replica"); err != nil {
				return err
			}
		}
		for _, q := range []string{
			"insert into bot_item (bot, app, context, asset, class_id, instance_id, name, phase, icon, kind, color, tradable, present, seen_at) select " +
				seller + ", 730, '2', 'old/' || " + text + ", '1', '0', 'old', '', '', '', '', false, false, 1 from n",
			"insert into purchase (id, project_id, custom_id, partner, token, item_id, reservation, bot, app, asset, class_id, instance_id, name, price, state, " +
				"created_at, deadline, ended_at, seq) select i - " + base + ", " + strconv.Itoa(other) + ", 'old/' || " + text + ", " + buyer +
				", 'aB3dE5_-', (select min(id) from bot_item), 'purchase/ABCDEFGHIJKLMNOPQRSTUVWXYZ', " + seller + ", 730, 'old', '1', '0', 'old', 1, 'settled', 1, 1, 1, i - " + base + " from n",
			"insert into trade (id, reference, owner, bot, partner, token, direction, state, offer_id, steam_trade, due_at, deadline, created_at, ended_at) select i - " + base +
				", 'R' || cast((" + number + " * 2654435761) % 4294967296 as text), 'purchase/old/' || " + text + ", " + seller + ", " + buyer +
				", 'aB3dE5_-', 'give', 'settled', " + text + ", " + text + ", 1, 1, 1, 1 from n",
			"insert into trade_asset (trade_id, line, app, context, asset, class_id, instance_id, name) select i - " + base + ", 0, 730, '2', 'old', '1', '0', 'old' from n",
			"insert into event (project_id, seq, id, kind, subject, version, at, body) select " + strconv.Itoa(other) + ", i - " + base +
				", 'evt_old/' || " + text + ", 'purchase.bought', 'purchase/old/' || " + text + ", 1, 1, cast('{}' as " + bytes + ") from n",
			"insert into ledger_transaction (id, ref, kind, at) select i - " + base + ", 'hold/old/' || i, 'hold', 1 from n",
			"insert into entry (transaction_id, line, account_id, amount) select i - " + base + ", 1, " + payer + ", -1 from n",
			"insert into entry (transaction_id, line, account_id, amount) select i - " + base + ", 2, " + taker + ", 1 from n",
			"insert into hold (id, from_account, to_account, amount, not_before, state, opened_at, resolved_at) select 'old/' || i, " +
				payer + ", " + taker + ", 1, 0, 'released', 1, 1 from n",
		} {
			if _, err := tx.ExecContext(s.t.Context(), numbers+q); err != nil {
				return err
			}
		}
		return nil
	}))
}
