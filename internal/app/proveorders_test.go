package app

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/ledger"
)

// unpaid are the tables in which no money is, so that a new one has to be
// entered here or there.
var unpaid = strings.Fields(`attempt bot bot_item bot_load bot_look call_budget cash_head coefficient currency debt_limit delivery deposit_move drift drift_settled
	event failing_count feed feed_cursor feed_epoch gateway_setting goose_db_version id_floor idempotency idempotency_clock lane lane_turn late_offer lease
	ledger_stop node price price_band price_override price_quote project project_secret protected_app purchase_move quote request_nonce restoration
	restoration_look risk_inventory series signin signin_nonce trade trade_asset trade_move unsettled_guard world`)

var errUndone = errors.New("undone")

func TestEachTableIsKnownToTheAuditOrHasNoMoney(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	rows, err := d.Read().QueryContext(t.Context(), "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	n := 0
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if _, money := moneyTables[name]; money == slices.Contains(unpaid, name) {
			t.Errorf("%s: is money in it?", name)
		}
		n++
	}
	if err := rows.Err(); err != nil || n != len(moneyTables)+len(unpaid) {
		t.Errorf("%d tables, %d are named here: %v", n, len(moneyTables)+len(unpaid), err)
	}
}

// What one changed value does not show: whole rows that come, go, or say together
// what never was. The books are right by themselves each time.
func TestAuditNamesOrdersThatTheBooksDoNotKnow(t *testing.T) {
	t.Parallel()
	const (
		cashAccount = "(select id from account where path = 'outside/cash')"
		available   = "(select id from account where path = 'project/770001/available')"
		at          = " 1779291000000001"
	)
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		a := playAll(t, target)
		a.unlocked()
		held, wanted, paid := a.depositOf("4/0"), a.purchase(4), a.depositOf("0/1")
		of := func(id int64, text string) string { return strings.ReplaceAll(text, "ID", fmt.Sprint(id)) }
		for name, c := range map[string]struct {
			plant []string
			first string // in the name of the first wrong row
		}{
			"a gift": {[]string{"insert into ledger_transaction (id, ref, kind, at) values (900, 'gift', 'pay-in'," + at + ")",
				"insert into entry (transaction_id, line, account_id, amount) values (900, 1, " + cashAccount + ", -5), (900, 2, " + available + ", 5)",
				"update account set balance = balance - 5 where path = 'outside/cash'", "update account set balance = balance + 5 where path = 'project/770001/available'"},
				"^transaction 900 \\(gift\\) outside/cash -5, project/770001/available 5 at 1779291000000001 is not expected, and there is no such order$"},
			"a gift called a debt": {[]string{"insert into ledger_transaction (id, ref, kind, at) values (900, 'repay/gift', 'repay'," + at + ")",
				"insert into entry (transaction_id, line, account_id, amount) values (900, 1, " + cashAccount + ", -5), (900, 2, " + available + ", 5)",
				"update account set balance = balance - 5 where path = 'outside/cash'", "update account set balance = balance + 5 where path = 'project/770001/available'"},
				"^transaction 900 \\(repay/gift\\) .* is not expected"},
			"credited with history": {[]string{of(held.ID, "update deposit set state = 'credited', ended_at ="+at+" where id = ID"),
				of(held.ID, "insert into deposit_move (deposit_id, version, from_state, to_state, at, note) values (ID, 90, 'held', 'credited', 1, '')")},
				of(held.ID, "^deposit/ID is credited: release/deposit/ID is not in the books, expected gateway/commission 50, project/770001/available 950, project/770001/held -1000 at 1779291000000001$")},
			"another amount in all places": {[]string{of(held.ID, "update deposit set amount = 2000, user_amount = 2000, commission = 100 where id = ID"),
				of(held.ID, "update deposit_item set price = 2000 where deposit_id = ID"), "update risk_user set deposits_sum = deposits_sum + 1000 where steam_id = '" + held.SteamID.String() + "'"},
				of(held.ID, "^deposit/ID is held: transaction \\d+ \\(hold/deposit/ID\\) outside/steam -1000, project/770001/held 1000, expected outside/steam -2000, project/770001/held 2000$")},
			"may be taken back for longer": {[]string{of(held.ID, "update deposit set hold_until = hold_until + 1 where id = ID")},
				of(held.ID, fmt.Sprintf("^deposit/ID is held: hold deposit/ID not before %d, expected %d$", db.Micros(held.HoldUntil), db.Micros(held.HoldUntil)+1))},
			"commission": {[]string{of(held.ID, "update deposit set commission = 49 where id = ID")},
				of(held.ID, "^deposit/ID is held: its commission is 49, 0.05 of 1000 are 50$")},
			"of another project": {[]string{"insert into project (id, name, active, market, no_wait, legacy_statuses, multiplier, commission, result_url, events_url, success_url, fail_url, " +
				"webhook_encoding, rate_limit, allowed_ips, origins, created_at) select 5, name, active, market, no_wait, legacy_statuses, multiplier, commission, result_url, events_url, success_url, " +
				"fail_url, webhook_encoding, rate_limit, allowed_ips, origins, created_at from project", of(wanted.ID, "update purchase set project_id = 5 where id = ID")},
				of(wanted.ID, "^purchase/ID is creating_trade: transaction \\d+ \\(hold/purchase/ID\\) project/770001/available -1000, project/770001/in_delivery 1000, expected project/5/available -1000, project/5/in_delivery 1000$")},
			"purchase gone": {[]string{of(wanted.ID, "delete from purchase where id = ID")},
				of(wanted.ID, "^transaction \\d+ \\(hold/purchase/ID\\) project/770001/available -1000, project/770001/in_delivery 1000 is not expected, and there is no such order$")},
			"pay-in that was not": {[]string{"insert into cash (id, project_id, seq, direction, amount, ref, note, state, proposed_by, created_at, decided_by, decided_at) " +
				"values (90, 770001, 90, 'in', 5, 'x', '', 'booked', 'eve', 7, 'eve', 7)"},
				"^cash/90 is booked: cash/90 is not in the books, expected outside/cash -5, project/770001/available 5 at 7$"},
			"undone on paper": {[]string{of(paid.ID, "insert into deposit_taken_back (deposit_id, at, by_name, reason, owed) values (ID, 7, 'eve', 'x', 0)")},
				of(paid.ID, "^deposit/ID is credited: back/release/deposit/ID is not in the books, expected ")},
			"withdrawn": {[]string{"update project_total set withdrawn = withdrawn + 5"}, "^withdrawn of project 770001 is \\d+, its orders sum to \\d+$"},
			"no total":  {[]string{"delete from project_total"}, "^deals of project 770001 is 0, its orders sum to \\d+$"},
		} {
			err := a.db.Write(t.Context(), func(tx *db.Tx) error {
				for _, s := range c.plant {
					if _, err := tx.ExecContext(t.Context(), s); err != nil {
						return fmt.Errorf("%s: %w", s, err)
					}
				}
				r, err := ledger.AuditIn(t.Context(), tx, orders(true), nil)
				if err != nil {
					return err
				}
				if !regexp.MustCompile(c.first).MatchString(r.First()) {
					t.Errorf("%s: first wrong is %q, want %q\n%s", name, r.First(), c.first, r)
				}
				return errUndone
			})
			if !errors.Is(err, errUndone) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}
