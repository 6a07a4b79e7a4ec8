package bot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/trade"
)

// Of one trade Steam says what cannot be: it is told, and all others go on.
func TestOneOddTradeHoldsNoOtherUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		ids := st.buy(d, 3)
		_, err := st.agent.Step(t.Context(), st.ours())
		st.must(err)
		st.must(d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), "update trade set offer_id = '99999' where id = $1", ids[0])
			return err
		}))
		st.turns(3)
		if n := st.states(ids[1:]); n[trade.Accepted] != 2 {
			t.Errorf("beside one whose offer Steam does not know: %v", n)
		}
		st.pass(bot192, 0)
		st.turns(3)
		if n := st.states(ids[1:]); n[trade.Settled] != 2 {
			t.Errorf("after the hold: %v", n)
		}
		_, err = st.agent.Step(t.Context(), st.ours())
		if want := fmt.Sprintf("trade %d: read offer 99999", ids[0]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the step says %v, want %q", err, want)
		}
		open, err := st.drifts.Open(t.Context())
		if st.must(err); len(open) == 0 {
			t.Error("no difference is told")
		}
	})
}

// turns are steps that may fail, the simulated Steam's first.
func (st *stage) turns(n int) {
	st.t.Helper()
	for range n {
		st.pass(time.Minute, 0)
		st.steam.Step(st.steams())
		_, _ = st.agent.Step(st.t.Context(), st.ours())
	}
}

// refuser is an owner who cannot take that one trade is settled.
type refuser struct{ id *int64 }

func (r refuser) TradeMovedTx(_ context.Context, _ *db.Tx, t trade.Trade, m trade.Move) error {
	if m.To == trade.Settled && t.ID == *r.id {
		return errors.New("the order cannot be read")
	}
	return nil
}

func TestOneOrderThatCannotBeSettledHoldsNoOtherUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		st := newStage(t, d, 1)
		ids := st.buy(d, 3)
		st.trades.Register("test", refuser{&ids[0]})
		st.run()
		st.pass(bot192, 0)
		_, err := st.agent.Step(t.Context(), st.ours())
		if n := st.states(ids[1:]); n[trade.Settled] != 2 {
			t.Errorf("in the same step: %v", n)
		}
		if want := fmt.Sprintf("trade %d: ", ids[0]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the step says %v, want %q", err, want)
		}
	})
}
