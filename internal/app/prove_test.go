package app

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/steam"
)

// playAll leaves a database with orders in every state that money is in: TF2 is
// not under protection.
func playAll(t *testing.T, target string) *arena {
	t.Helper()
	world := bytes.Replace(arenaWorld(2, []int{4, 1, 1, 3, 4}), []byte(`,"tf2":"168h"`), nil, 1)
	a := openArena(t, target, bytes.Replace(world, []byte(`"name":"Shop"`), []byte(`"name":"Shop","no_wait":true`), 1))
	ctx := t.Context()
	a.ok(a.g.Cash.SetLimit(ctx, 5_000))
	a.deposit(4)
	a.ok(a.g.Deposits.Approve(ctx, arenaProject, a.depositOf("2/0").ID, a.clock()))
	for _, payer := range []int{1, 2} {
		a.reverse(payer, a.depositOf(fmt.Sprintf("%d/0", payer)).TradeID)
	}
	a.pass(195 * time.Hour)
	out := a.available() - 500
	a.ok(a.g.Cash.SetLimit(ctx, 1_000_000))
	a.cash(cash.Out, out, "most")
	_, _, err := a.g.Deposits.Undo(ctx, a.depositOf("0/0").ID, "ann", "support", a.clock())
	a.ok(err)
	a.cash(cash.In, 9_000, "more")
	a.ok(a.g.Cash.SetLimit(ctx, 100))
	a.cash(cash.Out, 200, "waits")
	a.cash(cash.In, 300, "waits in")
	for _, word := range []string{"approved", "rejected"} {
		b := a.cash(cash.Out, 400, word)
		decide := a.g.Cash.Approve
		if word == "rejected" {
			decide = a.g.Cash.Reject
		}
		_, err := decide(ctx, b.ID, "bob", "why", a.clock())
		a.ok(err)
	}
	settled := a.buy(0, "settled")
	a.pass(195 * time.Hour)
	back, accepted := a.buy(0, "back"), a.buy(3, "accepted")
	a.reverse(0, a.purchase(back).TradeID)
	p, err := a.g.Merchants.Project(ctx, arenaProject)
	a.ok(err)
	a.depositAll(p, 4)
	a.settle(a.first())
	_, err = a.g.Purchases.Buy(ctx, purchase.Buy{Project: p, Partner: arenaPayer(0), Token: "pay00000", App: steam.CS2, Name: "Thing", CustomID: "wanted"}, a.clock())
	a.ok(err)
	_, err = a.g.Deposits.Open(ctx, deposit.Request{Project: p, OrderID: "open"}, a.clock())
	a.ok(err)
	for id, want := range map[int64]purchase.State{settled: purchase.Settled, back: purchase.RolledBack, accepted: purchase.Accepted} {
		if got := a.purchase(id).State; got != want {
			t.Fatalf("purchase %d is %s, want %s", id, got, want)
		}
	}
	for more := true; more; {
		more, err = a.g.Ledger.Seal(ctx, a.clock())
		a.ok(err)
	}
	return a
}

func (a *arena) pass(d time.Duration) {
	a.t.Helper()
	a.to(a.clock().Add(d))
	a.settle(a.first())
}

func (a *arena) depositOf(order string) deposit.Deposit {
	a.t.Helper()
	d, err := a.g.Deposits.FindByOrder(a.t.Context(), arenaProject, order)
	a.ok(err)
	return d
}

func (a *arena) purchase(id int64) purchase.Purchase {
	a.t.Helper()
	p, err := a.g.Purchases.ByID(a.t.Context(), id)
	a.ok(err)
	return p
}

func (a *arena) reverse(payer int, tradeID int64) {
	a.t.Helper()
	tr, err := a.g.Trades.ByID(a.t.Context(), tradeID)
	a.ok(err)
	if !a.click(arenaPayer(payer), tr.SteamTrade) {
		a.t.Fatalf("payer %d cannot reverse", payer)
	}
	a.settle(a.first())
}

func (a *arena) available() money.Amount {
	a.t.Helper()
	m, err := a.g.Ledger.Balance(a.t.Context(), ledger.Available(arenaProject))
	a.ok(err)
	return m
}

func (a *arena) cash(way cash.Direction, m money.Amount, ref string) cash.Booking {
	a.t.Helper()
	b, _, err := a.g.Cash.Propose(a.t.Context(), cash.Proposal{Project: arenaProject, Direction: way, Amount: m, Ref: ref, By: "ann"}, a.clock())
	a.ok(err)
	return b
}

func (a *arena) buy(payer int, custom string) int64 {
	a.t.Helper()
	p, err := a.g.Merchants.Project(a.t.Context(), arenaProject)
	a.ok(err)
	made, err := a.g.Purchases.Buy(a.t.Context(), purchase.Buy{Project: p, Partner: arenaPayer(payer), Token: fmt.Sprintf("pay%05d", payer), App: steam.CS2, Name: "Thing", CustomID: custom}, a.clock())
	a.ok(err)
	a.settle(a.first())
	return made.ID
}

// moneyTables is every table that money is in: what its rows are ordered by and told
// apart by, and how an audit calls one.
var moneyTables = map[string]struct{ key, name string }{
	"account": {"id", "account %d ("}, "ledger_transaction": {"id", "transaction %d"}, "entry": {"transaction_id, line", "transaction %d"},
	"hold": {"id", "%s"}, "ledger_seal": {"n", "seal"}, "ledger_head": {"id", "head"}, "ledger_sum": {"account_id", "account %d ("},
	"deposit": {"id", "deposit/%d"}, "deposit_item": {"deposit_id, line", "deposit/%d"}, "deposit_taken_back": {"deposit_id", "deposit/%d"},
	"purchase": {"id", "purchase/%d"}, "cash": {"id", "cash/%d"}, "project_total": {"project_id", "project %d"}, "risk_user": {"steam_id", "payer %s"},
}

// undecided are columns that an audit says nothing of, and why.
var undecided = map[string]string{
	"ledger_seal.at":       "told to people; a hash over it would be another one than the version before makes",
	"ledger_head.verified": "where the check of each minute goes on; an audit reads every seal",

	"deposit.order_id": given, "deposit.currency": given, "deposit.min_amount": given, "deposit.max_amount": given, "deposit.priority_game": given,
	"deposit.custom_currency": given, "deposit.custom_rate": given, "deposit.trade_token": given, "deposit.result_url": given,
	"deposit.success_url": given, "deposit.fail_url": given, "purchase.custom_id": given, "purchase.partner": given, "purchase.token": given,
	"cash.ref": given, "cash.note": given, "cash.reason": given, "cash.proposed_by": given, "cash.decided_by": given,
	"deposit_taken_back.by_name": given, "deposit_taken_back.reason": given,

	"deposit.seq": shown, "deposit.created_at": shown, "deposit.expires_at": shown, "deposit.offer_at": shown, "deposit.skins_at": shown,
	"purchase.seq": shown, "purchase.created_at": shown, "purchase.deadline": shown, "purchase.accepted_at": shown, "cash.seq": shown, "cash.created_at": shown,
	"deposit.signed_in": shown, "deposit.rates": shown, "deposit_item.icon": shown, "deposit_item.user_price": shown, "deposit_item.line": shown,
	"purchase.reason": shown, "risk_user.joined_at": shown, "risk_user.last_at": shown,

	"deposit.steam_id": "the payer is named, whose sums are not his deposits' any more",
	"deposit.reason":   "the same, when it says that the payer took it back; else it is shown",
	"deposit.hash":     "names the page; drawn at random",

	"deposit.version": other, "deposit.trade_id": other, "deposit.offer_id": other, "purchase.version": other, "purchase.trade_id": other,
	"purchase.offer_id": other, "purchase.item_id": other, "purchase.reservation": other, "purchase.bot": other, "purchase.app": other,
	"purchase.asset": other, "purchase.class_id": other, "purchase.instance_id": other, "purchase.name": other,
	"deposit_item.app": other, "deposit_item.context": other, "deposit_item.asset": other, "deposit_item.class_id": other,
	"deposit_item.instance_id": other, "deposit_item.name": other,
}

const (
	given = "the word of a merchant, a payer or an operator; no money follows from it"
	shown = "shown, counted or listed by; whether it is there at all is compared"
	other = "not about money: what moves at Steam, which reconciliation compares"
)

// early are the columns of a deposit that waits for its payer which are
// compared: nothing has come of the others yet.
var early = []string{"state", "amount", "user_amount", "commission", "hold_until", "ended_at"}

// states are what texts of a closed list are changed to.
var states = map[string][]string{"deposit.state": texts(deposit.States()), "purchase.state": texts(purchase.States()), "cash.state": texts(cash.States()),
	"cash.direction": {"in", "out"}, "hold.state": {"open", "released", "voided"}}

func texts[T ~string](all []T) (out []string) {
	for _, s := range all {
		out = append(out, string(s))
	}
	return out
}

// unlocked removes the triggers that make the books append only.
func (a *arena) unlocked() {
	a.t.Helper()
	drop := []string{"entry_no_update on entry", "ledger_transaction_no_update on ledger_transaction", "ledger_seal_no_update on ledger_seal", "hold_no_change on hold"}
	if a.db.Engine() == db.Postgres {
		drop = []string{"entry_append_only on entry", "ledger_transaction_append_only on ledger_transaction", "ledger_seal_append_only on ledger_seal", "hold_no_change on hold"}
	}
	for _, d := range drop {
		if a.db.Engine() != db.Postgres {
			d, _, _ = strings.Cut(d, " on ")
		}
		a.ok(a.do("drop trigger " + d))
	}
}

func (a *arena) do(query string, args ...any) error {
	return a.db.Write(a.t.Context(), func(tx *db.Tx) error {
		res, err := tx.ExecContext(a.t.Context(), query, args...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); strings.HasPrefix(query, "update") && n != 1 && err == nil {
			return fmt.Errorf("%d rows: %s", n, query)
		}
		return nil
	})
}

// rows are those of a table: the first, the last, and one for each state.
func (a *arena) rows(table, key string) (columns []string, some [][]any) {
	a.t.Helper()
	rows, err := a.db.Read().QueryContext(a.t.Context(), "select * from "+table+" order by "+key)
	a.ok(err)
	defer func() { _ = rows.Close() }()
	columns, err = rows.Columns()
	a.ok(err)
	var all [][]any
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		a.ok(rows.Scan(into...))
		all = append(all, row)
	}
	a.ok(rows.Err())
	seen := map[any]bool{}
	state := slices.Index(columns, "state")
	for i, row := range all {
		if i == 0 || i == len(all)-1 || state >= 0 && !seen[row[state]] {
			some = append(some, row)
		}
		if state >= 0 {
			seen[row[state]] = true
		}
	}
	return columns, some
}

// others are values that a column could have instead.
func others(column string, v any) []any {
	switch v := v.(type) {
	case nil:
		return []any{1}
	case bool:
		return []any{!v}
	case int64:
		if column == "account.overdraft" || column == "hold.timed" { // SQLite has no other form for it
			return []any{1 - v}
		}
		return []any{v + 1}
	case []byte:
		changed := slices.Clone(v)
		changed[len(changed)-1] ^= 1
		return []any{changed}
	case string:
		list, closed := states[column]
		if !closed {
			return []any{v + "1"}
		}
		var all []any
		for _, s := range list {
			if s != v {
				all = append(all, s)
			}
		}
		return all
	}
	panic(fmt.Sprintf("%s holds %T", column, v))
}

// Whoever changes one value of a row that money is in is found, and the row is
// named: each column of each such table, but for those that decide nothing.
func TestAuditNamesEachValueThatWasChanged(t *testing.T) {
	t.Parallel()
	dbtest.EachTarget(t, func(t *testing.T, target string) {
		a := playAll(t, target)
		if r, err := Prove(t.Context(), a.db, true, nil); err != nil || !r.OK() {
			t.Fatalf("before: %v\n%s", err, r)
		}
		a.unlocked()
		n := 0
		for _, table := range slices.Sorted(maps.Keys(moneyTables)) {
			m := moneyTables[table]
			columns, rows := a.rows(table, m.key)
			if len(rows) == 0 {
				t.Errorf("%s is empty", table)
			}
			for i, column := range columns {
				column = table + "." + column
				if undecided[column] != "" {
					continue
				}
				for _, row := range rows {
					if table == "deposit" && row[slices.Index(columns, "state")] == "open" && !slices.Contains(early, columns[i]) {
						continue
					}
					for _, to := range others(column, row[i]) {
						n++
						a.changes(table, columns, row, i, to)
					}
				}
			}
		}
		if r, err := Prove(t.Context(), a.db, true, nil); err != nil || !r.OK() {
			t.Fatalf("after: %v\n%s", err, r)
		}
		t.Logf("%d changes", n)
	})
}

// changes changes one value, wants it to be named, and puts it back. What the
// schema refuses is found too.
func (a *arena) changes(table string, columns []string, row []any, i int, to any) {
	a.t.Helper()
	m := moneyTables[table]
	var where []string
	var old, now []any
	keys := strings.Split(m.key, ", ")
	for n, k := range keys {
		at := slices.Index(columns, k)
		where = append(where, fmt.Sprintf("%s = $%d", k, n+2))
		old, now = append(old, row[at]), append(now, row[at])
		if at == i {
			now[n] = to
		}
	}
	update := fmt.Sprintf("update %s set %s = $1 where %s", table, columns[i], strings.Join(where, " and "))
	if a.do(update, append([]any{to}, old...)...) != nil {
		return
	}
	r, err := Prove(context.WithoutCancel(a.t.Context()), a.db, true, nil)
	a.ok(a.do(update, append([]any{row[i]}, now...)...))
	a.ok(err)
	var examples []string
	for _, c := range r.Checks {
		if c.Wrong > 0 {
			examples = append(examples, c.Example)
		}
	}
	key := row[slices.Index(columns, keys[0])]
	name, newName := m.name, m.name
	if strings.Contains(name, "%") { // a row that is called otherwise now may be named by either
		name, newName = fmt.Sprintf(m.name, key), fmt.Sprintf(m.name, now[0])
	}
	if found := strings.Join(examples, "\n"); !strings.Contains(found, name) && !strings.Contains(found, newName) {
		a.t.Errorf("%s.%s of %v (%v → %v): found %q, want %s", table, columns[i], key, row[i], to, examples, name)
	}
}
