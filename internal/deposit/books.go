package deposit

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
	"github.com/skinrail/skinrail/internal/risk"
)

// Written for one pass over millions of rows: what is mostly nothing is null.
const (
	booksSQL = `select d.id, d.project_id, d.state, d.steam_id, d.multiplier, d.commission_rate, d.amount, d.user_amount, d.commission,
			case when d.reason = 'trade_rollback' then 1 else 0 end, d.skins_at, d.hold_until, d.ended_at,
			(select cast(coalesce(sum(i.price), 0) as bigint) from deposit_item i where i.deposit_id = d.id),
			nullif(coalesce((select m.to_state from deposit_move m where m.deposit_id = d.id order by m.version desc limit 1), 'open'), d.state)
		from deposit d order by d.id`
	undoneSQL = `select deposit_id, at, owed from deposit_taken_back`
)

// booked is a deposit as an audit sees it; times in µs.
type booked struct {
	id, project                    int64
	state                          State
	payer, multiplier, rate        string
	amount, userAmount, commission money.Amount
	price                          money.Amount // of its items
	reversed                       bool
	skinsAt, holdUntil, endedAt    int64
	last                           sql.NullString // where its history ends, if elsewhere
}

// undone is what is known of a credited deposit that was taken back.
type undone struct {
	at   int64
	owed money.Amount
}

// Books tells what each deposit says of the books, for an audit.
func Books(ctx context.Context, q db.Querier, c *ledger.Claims) error {
	back, err := allUndone(ctx, q)
	if err != nil {
		return err
	}
	rows, err := q.QueryContext(ctx, booksSQL)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	rates := map[string]money.Rate{}
	var b booked
	for rows.Next() {
		if err := rows.Scan(&b.id, &b.project, &b.state, &b.payer, &b.multiplier, &b.rate, &b.amount, &b.userAmount, &b.commission,
			&b.reversed, &b.skinsAt, &b.holdUntil, &b.endedAt, &b.price, &b.last); err != nil {
			return err
		}
		c.Order("deposit", b.id, string(b.state))
		u, wasUndone := back[b.id]
		b.whole(c, rates)
		b.claim(c)
		if wasUndone {
			b.undone(c, u)
		}
		b.sums(c, wasUndone)
	}
	return rows.Err()
}

func allUndone(ctx context.Context, q db.Querier) (map[int64]undone, error) {
	rows, err := q.QueryContext(ctx, undoneSQL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	all := map[int64]undone{}
	for rows.Next() {
		var id int64
		var u undone
		if err := rows.Scan(&id, &u.at, &u.owed); err != nil {
			return nil, err
		}
		all[id] = u
	}
	return all, rows.Err()
}

// whole says what the row alone shows not to be right. A deposit that was given
// back to its payer to choose again has no amount, and may have items still.
func (b booked) whole(c *ledger.Claims, rates map[string]money.Rate) {
	waits := b.state == Open || b.state == Failed
	switch {
	case b.amount == 0 && !waits, b.amount != 0 && b.state == Open:
		c.Wrong("its amount is %d", b.amount)
	case b.amount != 0 && b.amount != b.price:
		c.Wrong("its amount is %d, its items are worth %d", b.amount, b.price)
	}
	if (b.skinsAt != 0 || b.holdUntil != 0) && (b.state == Open || b.state == Trading) || b.skinsAt == 0 && !waits && b.state != Trading {
		c.Wrong("its items came at %d and may be taken back until %d", b.skinsAt, b.holdUntil)
	}
	if b.last.Valid {
		c.Wrong("its history ends with %s", b.last.String)
	}
	if ended := b.state.Ended(); ended != (b.endedAt != 0) {
		c.Wrong("it ended at %d", b.endedAt)
	}
	share(c, rates, "commission", b.commission, b.amount, b.rate)
	share(c, rates, "amount for the payer", b.userAmount, b.amount, b.multiplier)
}

// share compares a part of an amount with its rate.
func share(c *ledger.Claims, rates map[string]money.Rate, name string, is, of money.Amount, text string) {
	rate, known := rates[text]
	if !known {
		var err error
		if rate, err = money.ParseRate(text); err != nil {
			c.Wrong("its %s has no rate: %v", name, err)
			return
		}
		rates[text] = rate
	}
	if want, err := of.Mul(rate); err != nil || want != is {
		c.Wrong("its %s is %d, %s of %d are %d", name, is, text, of, want)
	}
}

// claim says what was booked: nothing before items were here, and nothing when
// none came.
func (b booked) claim(c *ledger.Claims) {
	if b.skinsAt == 0 || b.amount == 0 || b.state == Open || b.state == Trading {
		return
	}
	held := ledger.Held(b.project)
	d := Deposit{Project: b.project, Amount: b.amount, Commission: b.commission}
	if b.holdUntil != 0 {
		c.Holds(ledger.OutsideSteam, held, b.amount, b.holdUntil)
	}
	switch {
	case b.state == Credited && b.holdUntil == 0:
		c.Says("credit", b.endedAt, append(d.parts(), ledger.Entry{Account: ledger.OutsideSteam, Amount: -b.amount})...)
	case b.state == Credited:
		c.Says("release", b.endedAt, append(d.parts(), ledger.Entry{Account: held, Amount: -b.amount})...)
	case b.state == Failed && b.holdUntil != 0, b.state == Returned:
		c.Says("void", b.endedAt, ledger.Entry{Account: held, Amount: -b.amount}, ledger.Entry{Account: ledger.OutsideSteam, Amount: b.amount})
	}
}

// undone says that everybody has given back what he got, and the project owes
// what it had not any more.
func (b booked) undone(c *ledger.Claims, u undone) {
	verb := "back/release"
	if b.holdUntil == 0 {
		verb = "back/credit"
	}
	c.Says(verb, u.at, ledger.Entry{Account: ledger.OutsideSteam, Amount: b.amount}, ledger.Entry{Account: ledger.Commission, Amount: -b.commission},
		ledger.Entry{Account: ledger.Available(b.project), Amount: -(b.amount - b.commission - u.owed)},
		ledger.Entry{Account: ledger.Receivable(b.project), Amount: -u.owed})
}

// sums counts the deposit into what is kept of its project and its payer.
func (b booked) sums(c *ledger.Claims, undone bool) {
	if b.state == Credited && !undone {
		c.Adds(merchant.SumDeals, strconv.FormatInt(b.project, 10), b.amount)
	}
	if b.skinsAt == 0 || b.amount == 0 {
		return
	}
	c.Adds(risk.SumPaid, b.payer, b.amount)
	c.Adds(risk.SumPayments, b.payer, 1)
	if b.reversed || undone {
		c.Adds(risk.SumTakenBack, b.payer, b.amount)
		c.Adds(risk.SumReversals, b.payer, 1)
	}
}
