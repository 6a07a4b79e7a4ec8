package app

import (
	"context"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/deposit"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/purchase"
	"github.com/skinrail/skinrail/internal/risk"
	"github.com/skinrail/skinrail/internal/sandbox"
)

// Prove audits the books of a database and compares them with the orders of all
// rooms, of one moment. In a sandbox projects begin with money that no order has
// moved.
func Prove(ctx context.Context, d *db.DB, sandboxed bool, tell ledger.Progress) (ledger.Report, error) {
	return ledger.New(d).AuditOrders(ctx, orders(sandboxed), tell)
}

// orders are those of all rooms.
func orders(sandboxed bool) ledger.Orders {
	o := ledger.Orders{Books: []func(context.Context, db.Querier, *ledger.Claims) error{deposit.Books, purchase.Books, cash.Books,
		func(ctx context.Context, q db.Querier, c *ledger.Claims) error { return merchant.Sums(ctx, q, c.Kept) },
		func(ctx context.Context, q db.Querier, c *ledger.Claims) error { return risk.Sums(ctx, q, c.Kept) }}}
	if sandboxed {
		o.Given = []string{sandbox.Opening}
	}
	return o
}

// proof is [Prove] for a database that may be a sandbox's.
func proof(ctx context.Context, d *db.DB, tell ledger.Progress) (ledger.Report, error) {
	_, sandboxed, err := clockOf(ctx, d)
	if err != nil {
		return ledger.Report{}, err
	}
	return Prove(ctx, d, sandboxed, tell)
}
