package ledger

import (
	"fmt"
	"strings"
)

// Check is one question of the audit and its answer.
type Check struct {
	Promise  string // what must hold
	Examined int64  // rows looked at
	Wrong    int64  // rows that break the promise
	Example  string // the first of them in words
}

// Report is what an audit found.
type Report struct {
	Checks []Check
	Seal   int64  // the newest seal
	Hash   []byte // of it: who keeps it elsewhere can prove later that nothing before it was changed
	Tail   int64  // transactions that are not sealed yet
}

// OK reports whether every promise holds.
func (r Report) OK() bool {
	for _, c := range r.Checks {
		if c.Wrong != 0 {
			return false
		}
	}
	return len(r.Checks) > 0
}

// First returns the first wrong row in words, by the order of the questions and
// then of the books; empty when nothing is wrong.
func (r Report) First() string {
	for _, c := range r.Checks {
		if c.Wrong != 0 {
			return c.Example
		}
	}
	return ""
}

// Lines returns the report for people, one line per check.
func (r Report) Lines() []string {
	lines := make([]string, 0, len(r.Checks)+2)
	for _, c := range r.Checks {
		word := "ok   "
		if c.Wrong != 0 {
			word = "WRONG"
		}
		line := fmt.Sprintf("%s  %-60s %9d examined", word, c.Promise, c.Examined)
		if c.Wrong != 0 {
			line += fmt.Sprintf(", %d wrong: %s", c.Wrong, c.Example)
		}
		lines = append(lines, line)
	}
	lines = append(lines, fmt.Sprintf("seal %d:%x, %d transactions after it", r.Seal, r.Hash, r.Tail))
	if first := r.First(); first != "" {
		lines = append(lines, "first wrong: "+first)
	}
	return lines
}

// String joins the lines.
func (r Report) String() string { return strings.Join(r.Lines(), "\n") }

// promise is a question that the audit asks, an index of promises.
type promise int

const (
	sealedAsIs promise = iota
	oneChain
	allSealed
	zeroEach
	balances
	limits
	wholeZero
	sealedSums
	holdMade
	holdResolved
	holdKnown
	heldOpen
	owing
	ordersBooked // from here on only when orders are asked
	ordersOwn
	ordersWhole
	ordersSums
)

var promises = [...]string{
	sealedAsIs:   "each sealed transaction is what was sealed",
	oneChain:     "the seals are one chain to its head",
	allSealed:    "no transaction was put in between",
	zeroEach:     "each transaction sums to zero",
	balances:     "each balance equals its entries",
	limits:       "no account is overdrawn that may not be",
	wholeZero:    "the whole ledger sums to zero",
	sealedSums:   "what was added up while sealing equals its entries",
	holdMade:     "each hold was made by one transaction of its amount and times",
	holdResolved: "each hold was resolved once, in time, or is open",
	holdKnown:    "each transaction of a hold has its hold",
	heldOpen:     "what is held equals the open holds",
	owing:        "who owes has nothing available, and nobody owes less than nothing",
	ordersBooked: "each order is in the books as its row says",
	ordersOwn:    "each transaction is of an order",
	ordersWhole:  "each order's amounts fit each other",
	ordersSums:   "each running sum equals its orders",
}

func (r *Report) examined(p promise, n int64) {
	most := int(ordersBooked)
	if p >= ordersBooked {
		most = len(promises)
	}
	for len(r.Checks) < most {
		r.Checks = append(r.Checks, Check{Promise: promises[len(r.Checks)]})
	}
	r.Checks[p].Examined += n
}

func (r *Report) wrong(p promise, n int64, format string, args ...any) {
	r.examined(p, 0)
	c := &r.Checks[p]
	if c.Wrong == 0 {
		c.Example = fmt.Sprintf(format, args...)
	}
	c.Wrong += n
}
