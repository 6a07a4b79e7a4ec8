package ledger

import (
	"context"
	"fmt"
	"strings"

	"github.com/skinrail/skinrail/internal/ledger/sqlc"
	"github.com/skinrail/skinrail/internal/money"
)

// Check is one question of the audit and its answer.
type Check struct {
	Promise  string // what must hold
	Examined int64  // rows looked at
	Wrong    int64  // rows that break the promise
	Example  string // one of them in words
}

// Report is what an audit found.
type Report struct{ Checks []Check }

// OK reports whether every promise holds.
func (r Report) OK() bool {
	for _, c := range r.Checks {
		if c.Wrong != 0 {
			return false
		}
	}
	return len(r.Checks) > 0
}

// Lines returns the report for people, one line per check.
func (r Report) Lines() []string {
	lines := make([]string, 0, len(r.Checks))
	for _, c := range r.Checks {
		word := "ok   "
		if c.Wrong != 0 {
			word = "WRONG"
		}
		line := fmt.Sprintf("%s  %-58s %9d examined", word, c.Promise, c.Examined)
		if c.Wrong != 0 {
			line += fmt.Sprintf(", %d wrong: %s", c.Wrong, c.Example)
		}
		lines = append(lines, line)
	}
	return lines
}

// String joins the lines.
func (r Report) String() string { return strings.Join(r.Lines(), "\n") }

// Audit recomputes the books from their entries. It may run at any time: each
// check sees one moment of its own. Only the database's errors are errors; what
// is wrong stands in the report, figures in thousandths of a dollar.
func (s *Service) Audit(ctx context.Context) (Report, error) {
	q := sqlc.New(s.db.Read())
	var r Report
	for _, c := range []struct {
		promise string
		ask     func(context.Context) (answer, error)
	}{
		{"each transaction sums to zero", asked(q.AuditTransactions)},
		{"each balance equals its entries", asked(q.AuditBalances)},
		{"no account is overdrawn that may not be", asked(q.AuditLimits)},
		{"the whole ledger sums to zero", whole(q)},
		{"what is held equals the open holds", asked(q.AuditHeld)},
		{"each hold was made by one transaction of its amount", asked(q.AuditOpenings)},
		{"each hold was resolved once, in time, or is open", asked(q.AuditResolutions)},
		{"each transaction of a hold has its hold", asked(q.AuditOrphans)},
	} {
		a, err := c.ask(ctx)
		if err != nil {
			return Report{}, fmt.Errorf("audit, %s: %w", c.promise, err)
		}
		r.Checks = append(r.Checks, Check{c.promise, a.Examined, a.Wrong, a.Example})
	}
	return r, nil
}

// answer is the shape that the rows of all checks share.
type answer struct {
	Examined int64
	Wrong    int64
	Example  string
}

type row interface {
	~struct {
		Examined int64
		Wrong    int64
		Example  string
	}
}

func asked[R row](query func(context.Context) (R, error)) func(context.Context) (answer, error) {
	return func(ctx context.Context) (answer, error) {
		r, err := query(ctx)
		return answer(r), err
	}
}

func whole(q *sqlc.Queries) func(context.Context) (answer, error) {
	return func(ctx context.Context) (answer, error) {
		r, err := q.AuditWhole(ctx)
		a := answer{Examined: r.Examined}
		if r.Entries != 0 || r.Balances != 0 {
			a.Wrong = 1
			a.Example = fmt.Sprintf("entries sum to %s, balances to %s", money.Amount(r.Entries), money.Amount(r.Balances))
		}
		return a, err
	}
}
