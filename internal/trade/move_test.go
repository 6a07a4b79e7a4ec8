package trade_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/goldentest"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

var (
	noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	sold = steam.Asset{App: steam.CS2, Context: steam.ContextMain, ID: "31000000001"}
)

// owner remembers what it heard.
type owner struct {
	mu    sync.Mutex
	heard []trade.State
}

func (o *owner) TradeMovedTx(_ context.Context, _ *db.Tx, _ trade.Trade, m trade.Move) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.heard = append(o.heard, m.To)
	return nil
}

func want(t *testing.T, d *db.DB, s *trade.Service, name string) (trade.Trade, error) {
	t.Helper()
	var got trade.Trade
	err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
		got, err = s.WantTx(t.Context(), tx, trade.Want{Owner: name, Bot: steam.FromAccount(1), Partner: steam.FromAccount(2),
			Token: "abcdefgh", Direction: trade.Give, Assets: []trade.Asset{{Asset: sold, Name: "P250"}},
			Deadline: noon.Add(10 * time.Minute), Now: noon})
		return err
	})
	return got, err
}

func TestOneOrderHasOneLiveTrade(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := trade.New(d)
		s.Register("test", &owner{})
		first, err := want(t, d, s, "test/1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := want(t, d, s, "test/1"); !errors.Is(err, fault.WrongState) {
			t.Errorf("a second live trade: %v", err)
		}
		if first, err = s.Move(t.Context(), first, trade.Failed, trade.Change{Reason: "items_gone"}, noon); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Move(t.Context(), first, trade.Accepted, trade.Change{}, noon); !errors.Is(err, fault.WrongState) {
			t.Errorf("a failed trade goes on by itself: %v", err)
		}
		if _, err := want(t, d, s, "test/1"); err != nil {
			t.Errorf("after the first has ended: %v", err)
		}
	})
}

func TestOfTwoMoversOneWins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, o := trade.New(d), &owner{}
		s.Register("test", o)
		tr, err := want(t, d, s, "test/2")
		if err != nil {
			t.Fatal(err)
		}
		if tr, err = s.Move(t.Context(), tr, trade.Sending, trade.Change{}, noon); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		won := make(chan trade.State, 16)
		for i := range 16 {
			to := []trade.State{trade.Active, trade.Unknown, trade.Failed}[i%3]
			wg.Go(func() {
				_, err := s.Move(t.Context(), tr, to, trade.Change{Offer: steam.OfferID(fmt.Sprint(7000 + i)), Reason: "x"}, noon)
				if err == nil {
					won <- to
				} else if !errors.Is(err, fault.WrongState) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			t.Fatalf("%d movers won", len(won))
		}
		now, err := s.ByID(t.Context(), tr.ID)
		if to := <-won; err != nil || now.State != to || now.Version != tr.Version+1 {
			t.Errorf("stored %s version %d, %v; won by %s", now.State, now.Version, err, to)
		}
	})
}

func TestReceiptNamesWhatItemsBecame(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, o := trade.New(d), &owner{}
		s.Register("test", o)
		tr, err := want(t, d, s, "test/3")
		for _, to := range []trade.State{trade.Sending, trade.Unconfirmed, trade.Active} {
			if err == nil {
				tr, err = s.Move(t.Context(), tr, to, trade.Change{Offer: "7001"}, noon)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if due, any, err := s.NextDue(t.Context()); err != nil || !any || !due.Equal(tr.Deadline) {
			t.Errorf("due %v %v %v, want the deadline", due, any, err)
		}
		r := steam.Trade{ID: "555", Status: steam.TradeComplete, Init: noon, Given: []steam.TradeItem{{Asset: sold, NewID: "32", NewContext: "16"}}}
		settle := noon.Add(192 * time.Hour)
		if tr, err = s.Move(t.Context(), tr, trade.Accepted, trade.Change{Receipt: &r, SettleAt: settle}, noon); err != nil {
			t.Fatal(err)
		}
		now, err := s.BySteamTrade(t.Context(), "555")
		if err != nil || now.Assets[0].NewAsset != "32" || now.Assets[0].NewContext != "16" || !now.SettleAt.Equal(settle) {
			t.Errorf("stored %+v, %v", now, err)
		}
		if due, _, err := s.NextDue(t.Context()); err != nil || !due.Equal(settle) {
			t.Errorf("due %v %v, want the settlement", due, err)
		}
		if got := fmt.Sprint(o.heard); got != "[active accepted]" {
			t.Errorf("the owner heard %s", got)
		}
		if _, err := s.Move(t.Context(), tr, trade.Declined, trade.Change{}, noon); !errors.Is(err, fault.WrongState) {
			t.Errorf("accepted to declined: %v", err)
		}
	})
}

// docs/states/trade.md is drawn from the table.
func TestDiagramIsTheTable(t *testing.T) {
	t.Parallel()
	states := trade.States()
	var b strings.Builder
	b.WriteString("# States of a trade\n\nGenerated from `internal/trade/state.go` by its test; who moves next in each state, and what happens if nobody does, stands there.\n\n```mermaid\nstateDiagram-v2\n  [*] --> wanted\n")
	for _, from := range states {
		for _, to := range states {
			if trade.May(from, to) {
				fmt.Fprintf(&b, "  %s --> %s\n", from, to)
			}
		}
		if !from.Live() {
			fmt.Fprintf(&b, "  %s --> [*]\n", from)
		}
	}
	b.WriteString("```\n")
	goldentest.File(t, "../../docs/states/trade.md", b.String())
}
