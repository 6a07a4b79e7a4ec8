package purchase

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
)

const booksSQL = `select p.id, p.project_id, p.state, p.price, p.accepted_at, p.settled_at, p.ended_at,
		nullif(coalesce((select m.to_state from purchase_move m where m.purchase_id = p.id order by m.version desc limit 1), 'creating_trade'), p.state)
	from purchase p order by p.id`

// booked is a purchase as an audit sees it; times in µs.
type booked struct {
	id, project                    int64
	state                          State
	last                           sql.NullString // where its history ends, if elsewhere
	price                          money.Amount
	acceptedAt, settledAt, endedAt int64
}

// Books tells what each purchase says of the books, for an audit.
func Books(ctx context.Context, q db.Querier, c *ledger.Claims) error {
	rows, err := q.QueryContext(ctx, booksSQL)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var b booked
	for rows.Next() {
		if err := rows.Scan(&b.id, &b.project, &b.state, &b.price, &b.acceptedAt, &b.settledAt, &b.endedAt, &b.last); err != nil {
			return err
		}
		c.Order("purchase", b.id, string(b.state))
		b.whole(c)
		b.claim(c)
		if b.state == Accepted || b.state == Settled {
			c.Adds(merchant.SumWithdrawn, strconv.FormatInt(b.project, 10), b.price)
		}
	}
	return rows.Err()
}

// whole says what the row alone shows not to be right.
func (b booked) whole(c *ledger.Claims) {
	if b.last.Valid {
		c.Wrong("its history ends with %s", b.last.String)
	}
	out := b.state == Accepted || b.state == Settled || b.state == RolledBack || b.state == SupplierBack
	if out != (b.acceptedAt != 0) || (b.state == Settled) != (b.settledAt != 0) || b.settledAt != 0 && b.settledAt != b.endedAt || b.state.Ended() != (b.endedAt != 0) {
		c.Wrong("it was accepted at %d, settled at %d and ended at %d", b.acceptedAt, b.settledAt, b.endedAt)
	}
}

// claim says what was booked: the price is set aside, and goes or comes back.
func (b booked) claim(c *ledger.Claims) {
	available, delivery := ledger.Available(b.project), ledger.InDelivery(b.project)
	c.Holds(available, delivery, b.price, 0)
	switch {
	case b.state == Settled:
		c.Says("release", b.settledAt, ledger.Entry{Account: delivery, Amount: -b.price}, ledger.Entry{Account: ledger.Sales, Amount: b.price})
	case b.state.Refunded():
		c.Says("void", b.endedAt, ledger.Entry{Account: delivery, Amount: -b.price}, ledger.Entry{Account: available, Amount: b.price})
	}
}
