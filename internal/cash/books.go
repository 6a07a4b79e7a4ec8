package cash

import (
	"context"
	"strconv"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
)

const booksSQL = `select c.id, c.project_id, c.direction, c.amount, c.state, c.created_at, c.proposed_by, c.decided_by, c.decided_at
	from cash c order by c.id`

// booked is a booking as an audit sees it; times in µs.
type booked struct {
	id, project, createdAt, decidedAt int64
	direction                         Direction
	amount                            money.Amount
	state                             State
	by, decidedBy                     string
}

// Books tells what each booking says of the books, for an audit.
func Books(ctx context.Context, q db.Querier, c *ledger.Claims) error {
	rows, err := q.QueryContext(ctx, booksSQL)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var b booked
		if err := rows.Scan(&b.id, &b.project, &b.direction, &b.amount, &b.state, &b.createdAt, &b.by, &b.decidedBy, &b.decidedAt); err != nil {
			return err
		}
		c.Order("cash", b.id, string(b.state))
		if (b.state == Proposed) != (b.decidedAt == 0) || b.decidedAt != 0 && b.decidedAt < b.createdAt {
			c.Wrong("it was made at %d and decided at %d", b.createdAt, b.decidedAt)
		}
		b.claim(c)
		if b.direction == Out && b.state == Booked {
			c.Adds(merchant.SumWithdrawn, strconv.FormatInt(b.project, 10), b.amount)
		}
	}
	return rows.Err()
}

// claim says what was booked. A payout that waited was decided by somebody else
// than who proposed it.
func (b booked) claim(c *ledger.Claims) {
	available, waiting := ledger.Available(b.project), ledger.PayingOut(b.project)
	moved := func(from, to ledger.Account) []ledger.Entry {
		return []ledger.Entry{{Account: from, Amount: -b.amount}, {Account: to, Amount: b.amount}}
	}
	switch {
	case b.direction == In && b.state == Booked:
		c.Says("", b.decidedAt, moved(ledger.OutsideCash, available)...)
	case b.direction == In:
	case b.state == Booked && b.decidedBy == b.by:
		c.Says("", b.decidedAt, moved(available, ledger.OutsideCash)...)
	default:
		c.Holds(available, waiting, b.amount, 0)
		switch b.state {
		case Booked:
			c.Says("release", b.decidedAt, moved(waiting, ledger.OutsideCash)...)
		case Rejected:
			c.Says("void", b.decidedAt, moved(waiting, available)...)
		}
	}
}
