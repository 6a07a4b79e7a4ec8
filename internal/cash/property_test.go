package cash_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/skinrail/skinrail/internal/cash"
	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/ledger"
	"github.com/skinrail/skinrail/internal/merchant"
	"github.com/skinrail/skinrail/internal/money"
)

// model is what the room should hold of one project.
type model struct {
	available, aside, withdrawn money.Amount
	bookings                    []cash.Booking // by number
}

func (m *model) byRef(ref string) *cash.Booking {
	for i := range m.bookings {
		if m.bookings[i].Ref == ref {
			return &m.bookings[i]
		}
	}
	return nil
}

// propose says what a proposal must lead to; an empty code books it.
func (m *model) propose(p cash.Proposal, limit money.Amount) (fault.Code, bool) {
	if b := m.byRef(p.Ref); b != nil {
		switch {
		case b.Direction != p.Direction || b.Amount != p.Amount:
			return fault.IdempotencyMismatch, false
		case b.State == cash.Rejected:
			return fault.Duplicate, false
		}
		return "", true
	}
	if p.Direction == cash.Out && p.Amount > m.available {
		return fault.InsufficientBalance, false
	}
	m.move(p.Direction, p.Amount, "", cash.Begin(p.Amount, limit))
	return "", false
}

func (m *model) move(d cash.Direction, a money.Amount, from, to cash.State) {
	switch {
	case d == cash.In && to == cash.Booked:
		m.available += a
	case d == cash.Out && to == cash.Proposed:
		m.available, m.aside = m.available-a, m.aside+a
	case d == cash.Out && to == cash.Rejected:
		m.available, m.aside = m.available+a, m.aside-a
	case d == cash.Out && from == cash.Proposed:
		m.aside, m.withdrawn = m.aside-a, m.withdrawn+a
	case d == cash.Out:
		m.available, m.withdrawn = m.available-a, m.withdrawn+a
	}
}

func TestRandomOperatorsKeepTheBooksRight(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		run := int64(5000)
		rapid.Check(t, func(r *rapid.T) {
			run++
			_, _, err := w.merchants.Add(t.Context(), merchant.NewProject{Project: merchant.Project{ID: run, Name: "Example", Active: true}}, noon)
			w.ok(err)
			m := &model{}
			for range rapid.IntRange(1, 12).Draw(r, "moves") {
				at := noon.Add(time.Duration(rapid.IntRange(-5, 5).Draw(r, "clock")) * time.Minute)
				if len(m.bookings) > 0 && rapid.Bool().Draw(r, "decide") {
					w.decideOne(r, m)
				} else {
					w.proposeOne(r, m, run, at)
				}
			}
			w.agrees(r, m, run)
		})
	})
}

func (w *world) proposeOne(r *rapid.T, m *model, project int64, at time.Time) {
	p := cash.Proposal{Project: project, Direction: rapid.SampledFrom([]cash.Direction{cash.In, cash.In, cash.Out}).Draw(r, "direction"),
		Amount: rapid.SampledFrom([]money.Amount{1, 700_000, 1_000_000, 1_000_001}).Draw(r, "amount"),
		Ref:    fmt.Sprint("r", rapid.IntRange(1, 9).Draw(r, "ref")), By: rapid.SampledFrom([]string{"ann", "bob"}).Draw(r, "by")}
	want, replay := m.propose(p, cash.DefaultLimit)
	b, replayed, err := w.cash.Propose(w.t.Context(), p, at)
	switch {
	case want != "":
		if !errors.Is(err, want) {
			r.Fatalf("%+v: %v, want %s", p, err, want)
		}
	case err != nil || replayed != replay:
		r.Fatalf("%+v: %v, replayed %v", p, err, replayed)
	case replay:
		if b != *m.byRef(p.Ref) {
			r.Fatalf("replayed %+v, booked %+v", b, *m.byRef(p.Ref))
		}
	default:
		m.bookings = append(m.bookings, b)
	}
}

func (w *world) decideOne(r *rapid.T, m *model) {
	b := &m.bookings[rapid.IntRange(0, len(m.bookings)-1).Draw(r, "booking")]
	step := rapid.SampledFrom(cash.Steps()).Draw(r, "step")
	by := rapid.SampledFrom([]string{"ann", "bob", "cleo"}).Draw(r, "by")
	got, err := w.take(b.ID, step, by)
	to, may := cash.Next(b.State, step)
	led, _ := cash.Next(cash.Proposed, step)
	switch {
	case !may && b.State == led && b.DecidedBy == by:
		if err != nil || got != *b {
			r.Fatalf("repeated: %+v %v", got, err)
		}
	case !may:
		if !errors.Is(err, fault.WrongState) {
			r.Fatalf("%s of %+v: %v", step, *b, err)
		}
	case step == cash.Approved && by == b.ProposedBy:
		if !errors.Is(err, fault.Forbidden) {
			r.Fatalf("%s approves his own: %v", by, err)
		}
	default:
		if err != nil || got.State != to || got.DecidedBy != by || got.DecidedAt.Before(got.CreatedAt) {
			r.Fatalf("%s of %+v: %+v %v", step, *b, got, err)
		}
		m.move(b.Direction, b.Amount, b.State, to)
		*b = got
	}
}

// agrees compares room and model; the newest comes first in the history.
func (w *world) agrees(r *rapid.T, m *model, project int64) {
	totals, err := w.merchants.Totals(w.t.Context(), project)
	w.ok(err)
	got := [3]money.Amount{w.balance(ledger.Available(project)), w.balance(ledger.PayingOut(project)), totals.Withdrawn}
	if want := [3]money.Amount{m.available, m.aside, m.withdrawn}; got != want {
		r.Fatalf("available, set aside, withdrawn: %v, want %v", got, want)
	}
	p, err := w.cash.History(w.t.Context(), project, time.Time{}, noon.Add(time.Hour), 0, 100)
	w.ok(err)
	if p.Total != int64(len(m.bookings)) || len(p.Bookings) != len(m.bookings) {
		r.Fatalf("history of %d, want %d", p.Total, len(m.bookings))
	}
	for i, b := range p.Bookings {
		n := len(m.bookings) - i
		if b != m.bookings[n-1] || b.Seq != int64(n) || i > 0 && b.CreatedAt.After(p.Bookings[i-1].CreatedAt) {
			r.Fatalf("booking %d: %+v, want %+v", n, b, m.bookings[n-1])
		}
	}
}
