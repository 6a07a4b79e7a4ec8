package app

import (
	"fmt"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

// Orders are compared with the books in the pass that reads these once:
// SKINRAIL_BOOKS is how many transfers. As the command does, the audit opens the
// database anew.
func TestAuditComparesAllOrdersInOnePass(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		n := int64(dose("SKINRAIL_BOOKS", 1_500))
		d := opened(t, target)
		l := ledger.New(d)
		began := time.Now()
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			for p := range int64(500) {
				if _, err := tx.ExecContext(t.Context(), projectSQL, p+1); err != nil {
					return err
				}
			}
			return nil
		})
		for at := int64(0); at < n && err == nil; at += 500 {
			err = d.Write(t.Context(), func(tx *db.Tx) error {
				for i := at; i < min(at+500, n); i++ {
					if err := orderAt(t, tx, l, i); err != nil {
						return fmt.Errorf("transfer %d: %w", i, err)
					}
				}
				return nil
			})
		}
		for more := true; more && err == nil; {
			more, err = l.Seal(t.Context(), orderTime)
		}
		if err == nil {
			err = d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.ExecContext(t.Context(), totalsSQL)
				if err == nil {
					_, err = tx.ExecContext(t.Context(), risksSQL)
				}
				return err
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		wrote := time.Since(began)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d = opened(t, target)
		defer func() { _ = d.Close() }()
		l = ledger.New(d)
		took := [2]time.Duration{}
		for i, audit := range []func() (ledger.Report, error){func() (ledger.Report, error) { return l.Audit(t.Context()) },
			func() (ledger.Report, error) { return Prove(t.Context(), d, false, nil) }} {
			began = time.Now()
			if r, err := audit(); err != nil || !r.OK() {
				t.Fatalf("audit: %v\n%s", err, r)
			}
			took[i] = time.Since(began)
		}
		million := func(took time.Duration) time.Duration {
			return (took * 1_000_000 / time.Duration(n)).Round(10 * time.Millisecond)
		}
		t.Logf("%s: %d transfers of orders (written in %v): 1,000,000 in %v, without their orders in %v, asked 10 s",
			d.Engine(), n, wrote.Round(time.Millisecond), million(took[1]), million(took[0]))
	})
}

func opened(t *testing.T, target string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var orderTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	projectSQL = `insert into project (id, name, active, market, no_wait, legacy_statuses, multiplier, commission, result_url, events_url, success_url,
		fail_url, webhook_encoding, rate_limit, allowed_ips, origins, created_at) values ($1, 'x', true, true, true, false, '1', '0.05', '', '', '', '', 'json', 1, '', '', 1)`
	depositSQL = `insert into deposit (id, project_id, order_id, hash, state, version, steam_id, trade_token, result_url, success_url, fail_url, currency, min_amount, max_amount,
		multiplier, commission_rate, custom_currency, custom_rate, priority_game, amount, user_amount, commission, skins_at, hold_until, created_at, expires_at, seq, reason)
		values ($1, $2, $3, $3, 'held', 1, '76561198000000201', '', '', '', '', '', '', '', '1', '0.05', '', '', '', 100, 100, 5, 1, $4, 1, 1, $1, '')`
	itemSQL = `insert into deposit_item (deposit_id, line, app, context, asset, class_id, instance_id, name, icon, price, user_price)
		values ($1, $2, 730, '2', 'a', 'b', 'c', 'Thing', '', 50, 50)`
	historySQL = `insert into deposit_move (deposit_id, version, from_state, to_state, at, note) values ($1, $2, 'a', $3, 1, '')`
	endSQL     = `update deposit set state = $2, ended_at = $3, reason = $4 where id = $1`
	cashSQL    = `insert into cash (id, project_id, seq, direction, amount, ref, note, state, proposed_by, created_at, decided_by, decided_at)
		values ($1, $2, $1, 'in', 7, $3, '', 'booked', 'ann', $4, 'ann', $4)`
	totalsSQL = `insert into project_total (project_id, deals, withdrawn) select project_id, sum(amount), 0 from deposit where state = 'credited' group by project_id`
	risksSQL  = `insert into risk_user (steam_id, joined_at, deposits, deposits_sum, rollbacks, rollbacks_sum) select steam_id, 1, count(*), sum(amount),
		sum(case when reason = 'trade_rollback' then 1 else 0 end), sum(case when reason = 'trade_rollback' then amount else 0 end) from deposit group by steam_id`
)

// orderAt books the i-th of many transfers, and writes whose it is: of ten, two
// are paid in, four deposits are held, three credited and one is taken back.
func orderAt(t *testing.T, tx *db.Tx, l *ledger.Service, i int64) error {
	ctx, us, project := t.Context(), db.Micros(orderTime), i/10%500+1
	run := func(query string, args ...any) error { _, err := tx.ExecContext(ctx, query, args...); return err }
	available, held := ledger.Available(project), ledger.Held(project)
	of := i/10*10 + i%10 - 4
	switch i % 10 {
	case 0, 1:
		id := fmt.Sprint("cash/", i+1)
		if err := run(cashSQL, i+1, project, id, us); err != nil {
			return err
		}
		return l.PostTx(ctx, tx, ledger.Transaction{Ref: id, Kind: "pay-in", At: orderTime, Entries: []ledger.Entry{{Account: ledger.OutsideCash, Amount: -7}, {Account: available, Amount: 7}}})
	case 2, 3, 4, 5:
		if err := run(depositSQL, i, project, fmt.Sprint(i), us); err != nil {
			return err
		}
		for n := range 2 {
			if err := run(itemSQL, i, n); err != nil {
				return err
			}
		}
		for n, state := range []string{"trading", "trading", "held"} {
			if err := run(historySQL, i, n+2, state); err != nil {
				return err
			}
		}
		return l.HoldTx(ctx, tx, ledger.Hold{ID: fmt.Sprint("deposit/", i), From: ledger.OutsideSteam, To: held, Amount: 100, NotBefore: orderTime, At: orderTime})
	case 9:
		if err := run(endSQL, of, "failed", us, "trade_rollback"); err != nil {
			return err
		}
		if err := run(historySQL, of, 9, "failed"); err != nil {
			return err
		}
		return l.VoidTx(ctx, tx, fmt.Sprint("deposit/", of), orderTime)
	}
	if err := run(endSQL, of, "credited", us, ""); err != nil {
		return err
	}
	if err := run(historySQL, of, 9, "credited"); err != nil {
		return err
	}
	return l.ReleaseTx(ctx, tx, fmt.Sprint("deposit/", of), []ledger.Entry{{Account: available, Amount: money.Amount(95)}, {Account: ledger.Commission, Amount: 5}}, orderTime)
}
