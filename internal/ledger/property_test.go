package ledger_test

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/money"
)

// model is the ledger as a few maps.
type model struct {
	balances map[ledger.Account]money.Amount
	refs     map[string]bool
	holds    map[string]ledger.Hold // open ones
}

// The gateway's own accounts are shared by all runs; none of these has a limit
// that could be met.
var shared = []ledger.Account{ledger.OutsideCash, ledger.OutsideSteam, ledger.Rounding, ledger.Commission}

func (m *model) post(ref string, entries ...ledger.Entry) fault.Code {
	if m.refs[ref] {
		return fault.Duplicate
	}
	after := map[ledger.Account]money.Amount{}
	for _, e := range entries {
		if _, ok := after[e.Account]; !ok {
			after[e.Account] = m.balances[e.Account]
		}
		after[e.Account] += e.Amount
	}
	for a, n := range after {
		if n < 0 && strings.HasSuffix(string(a), "/available") {
			return fault.InsufficientBalance
		}
	}
	for a, n := range after {
		m.balances[a] = n
	}
	m.refs[ref] = true
	return ""
}

// machine drives the ledger and the model with the same moves.
type machine struct {
	d    *db.DB
	l    *ledger.Service
	a, b int64 // the projects of this run, which also keep its references apart
	m    model
	now  time.Time
}

func (c *machine) same(t *rapid.T, err error, want fault.Code) {
	if want == "" && err != nil {
		t.Fatalf("refused: %v", err)
	}
	if want != "" && !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, want)
	}
}

func (c *machine) ref(t *rapid.T) string {
	return fmt.Sprintf("%d/%d", c.a, rapid.IntRange(1, 12).Draw(t, "ref"))
}

func (c *machine) post(t *rapid.T) {
	some := []ledger.Account{ledger.Available(c.a), ledger.Available(c.b),
		ledger.OutsideCash, ledger.OutsideSteam, ledger.Rounding}
	var entries []ledger.Entry
	var sum money.Amount
	for range rapid.IntRange(1, 4).Draw(t, "entries") {
		e := ledger.Entry{Account: rapid.SampledFrom(some).Draw(t, "account"),
			Amount: money.Amount(rapid.Int64Range(-500, 500).Filter(func(n int64) bool { return n != 0 }).Draw(t, "amount"))}
		entries, sum = append(entries, e), sum+e.Amount
	}
	if sum != 0 { // never so for a single entry
		entries = append(entries, ledger.Entry{Account: ledger.OutsideCash, Amount: -sum})
	}
	ref := c.ref(t)
	err := c.l.Post(t.Context(), ledger.Transaction{Ref: ref, Kind: "test", At: c.now, Entries: entries})
	c.same(t, err, c.m.post(ref, entries...))
}

func (c *machine) hold(t *rapid.T) {
	h := ledger.Hold{ID: c.ref(t), Amount: money.Amount(rapid.Int64Range(1, 300).Draw(t, "amount")),
		From: rapid.SampledFrom([]ledger.Account{ledger.Available(c.a), ledger.Available(c.b), ledger.OutsideSteam}).Draw(t, "from"),
		To:   rapid.SampledFrom([]ledger.Account{ledger.Held(c.a), ledger.InDelivery(c.b)}).Draw(t, "to"), At: c.now,
		NotBefore: c.now.Add(time.Duration(rapid.IntRange(-1, 3).Draw(t, "hours")) * time.Hour)}
	err := c.d.Write(t.Context(), func(tx *db.Tx) error { return c.l.HoldTx(t.Context(), tx, h) })
	want := c.m.post("hold/"+h.ID, ledger.Entry{Account: h.From, Amount: -h.Amount}, ledger.Entry{Account: h.To, Amount: h.Amount})
	if want == "" {
		c.m.holds[h.ID] = h
	}
	c.same(t, err, want)
}

func (c *machine) release(t *rapid.T) {
	id := c.ref(t)
	h, open := c.m.holds[id]
	if !open {
		h.Amount = 1
	}
	fee := money.Amount(rapid.Int64Range(0, int64(h.Amount)).Draw(t, "fee"))
	parts := []ledger.Entry{{ledger.Available(c.a), h.Amount - fee}, {ledger.Commission, fee}}
	err := c.d.Write(t.Context(), func(tx *db.Tx) error { return c.l.ReleaseTx(t.Context(), tx, id, parts, c.now) })
	if !open || c.now.Before(h.NotBefore) {
		c.same(t, err, fault.WrongState)
		return
	}
	delete(c.m.holds, id)
	c.same(t, err, c.m.post("release/"+id, append(parts, ledger.Entry{Account: h.To, Amount: -h.Amount})...))
}

// part releases a part; the rest goes back.
func (c *machine) part(t *rapid.T) {
	id := c.ref(t)
	h, open := c.m.holds[id]
	if !open {
		h.Amount = 1
	}
	some := money.Amount(rapid.Int64Range(0, int64(h.Amount)).Draw(t, "part"))
	parts := []ledger.Entry{{ledger.Commission, some}, {cmp.Or(h.From, ledger.Commission), h.Amount - some}}
	err := c.d.Write(t.Context(), func(tx *db.Tx) error { return c.l.ReleaseTx(t.Context(), tx, id, parts, c.now) })
	if !open || c.now.Before(h.NotBefore) {
		c.same(t, err, fault.WrongState)
		return
	}
	delete(c.m.holds, id)
	c.same(t, err, c.m.post("release/"+id, ledger.Entry{Account: ledger.Commission, Amount: some}, ledger.Entry{Account: h.From, Amount: h.Amount - some}, ledger.Entry{Account: h.To, Amount: -h.Amount}))
}

func (c *machine) void(t *rapid.T) {
	id := c.ref(t)
	h, open := c.m.holds[id]
	err := c.d.Write(t.Context(), func(tx *db.Tx) error { return c.l.VoidTx(t.Context(), tx, id, c.now) })
	if !open {
		c.same(t, err, fault.WrongState)
		return
	}
	delete(c.m.holds, id)
	c.same(t, err, c.m.post("void/"+id, ledger.Entry{Account: h.To, Amount: -h.Amount}, ledger.Entry{Account: h.From, Amount: h.Amount}))
}

// check compares the balances.
func (c *machine) check(t *rapid.T) {
	for a, want := range c.m.balances {
		if got, err := c.l.Balance(t.Context(), a); err != nil || got != want {
			t.Fatalf("%s holds %s (%v), want %s", a, got, err, want)
		}
	}
}

func TestLedgerBehavesLikeItsModel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, project := ledger.New(d), int64(0)
		rapid.Check(t, func(t *rapid.T) {
			project += 2
			c := &machine{d: d, l: l, a: project, b: project + 1, now: noon, m: model{
				balances: map[ledger.Account]money.Amount{}, refs: map[string]bool{}, holds: map[string]ledger.Hold{}}}
			for _, a := range shared {
				has, err := l.Balance(t.Context(), a)
				if err != nil {
					t.Fatal(err)
				}
				c.m.balances[a] = has
			}
			t.Repeat(map[string]func(*rapid.T){
				"post": c.post, "hold": c.hold, "release": c.release, "part": c.part, "void": c.void,
				"tick": func(*rapid.T) { c.now = c.now.Add(time.Hour) },
			})
			c.check(t)
		})
		wantClean(t, l)
	})
}
