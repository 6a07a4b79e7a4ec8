package trade_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/steam"
	"github.com/skinrail/skinrail/internal/trade"
)

// step is a move and what it changes beside state, version and problem.
type step struct {
	to      trade.State
	change  trade.Change
	changes func(*trade.Trade)
}

func minute(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

// walk takes the steps, one a minute, and compares what each returns, what is
// stored and what stands in the history with what it should be.
func walk(t *testing.T, d *db.DB, s *trade.Service, tr trade.Trade, steps ...step) trade.Trade {
	t.Helper()
	for i, st := range steps {
		now := minute(i + 1)
		before, want := fmt.Sprintf("%+v", tr), tr
		want.Assets = slices.Clone(tr.Assets)
		want.State, want.Version, want.Problem = st.to, tr.Version+1, st.change.Reason
		if st.changes != nil {
			st.changes(&want)
		}
		got, err := s.Move(t.Context(), tr, st.to, st.change, now)
		stored, err2 := s.ByID(t.Context(), tr.ID)
		if err := errors.Join(err, err2); err != nil {
			t.Fatalf("%s to %s: %v", tr.State, st.to, err)
		}
		same(t, got, want)
		same(t, stored, want)
		if after := fmt.Sprintf("%+v", tr); after != before {
			t.Errorf("the caller's own became\n%s", after)
		}
		var line string
		err = d.Read().QueryRowContext(t.Context(), `select from_state || '>' || to_state || ' ' || note || ' ' || at
			from trade_move where trade_id = $1 and version = $2`, got.ID, got.Version).Scan(&line)
		if want := fmt.Sprintf("%s>%s %s %d", tr.State, st.to, st.change.Reason, db.Micros(now)); err != nil || line != want {
			t.Errorf("the history says %q, %v, want %q", line, err, want)
		}
		tr = got
	}
	return tr
}

func same(t *testing.T, got, want trade.Trade) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("got\n%s, want\n%s", g, w)
	}
}

func TestEachMoveChangesItsFieldsOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, o := trade.New(d), &owner{}
		s.Register("test", o)
		tr, err := want(t, d, s, "test/1")
		if err != nil {
			t.Fatal(err)
		}
		tr = walk(t, d, s, tr,
			step{trade.Sending, trade.Change{}, func(w *trade.Trade) { w.Tries = 1 }},
			step{trade.Unknown, trade.Change{Reason: "timeout", DueAt: minute(7)}, func(w *trade.Trade) { w.DueAt = minute(7) }})
		for misses := range int64(2) {
			next, err := s.Missed(t.Context(), tr, minute(8))
			stored, err2 := s.ByID(t.Context(), tr.ID)
			if err := errors.Join(err, err2); err != nil {
				t.Fatal(err)
			}
			tr.Misses, tr.DueAt, tr.Version = misses+1, minute(8), tr.Version+1
			same(t, next, tr)
			same(t, stored, tr)
		}
		settle := noon.Add(192 * time.Hour)
		receipt := steam.Trade{ID: "555", Init: minute(6), Received: []steam.TradeItem{{Asset: sold, NewID: "wrong"}},
			Given: []steam.TradeItem{{Asset: steam.Asset{App: steam.CS2, Context: "2", ID: "1"}, NewID: "other"}, {Asset: sold, NewID: "32", NewContext: "16"}}}
		walk(t, d, s, tr,
			step{trade.Wanted, trade.Change{}, nil},
			step{trade.Sending, trade.Change{}, func(w *trade.Trade) { w.Tries, w.Misses = 2, 0 }},
			step{trade.Unconfirmed, trade.Change{Offer: "7001"}, func(w *trade.Trade) { w.OfferID, w.SentAt, w.DueAt = "7001", minute(3), w.Deadline }},
			step{trade.Active, trade.Change{DueAt: minute(9)}, func(w *trade.Trade) { w.DueAt = minute(9) }},
			step{trade.Accepted, trade.Change{Receipt: &receipt, SettleAt: settle}, func(w *trade.Trade) {
				w.SteamTrade, w.AcceptedAt, w.SettleAt, w.DueAt = "555", minute(6), settle, settle
				w.Assets[0].NewAsset, w.Assets[0].NewContext = "32", "16"
			}},
			step{trade.Review, trade.Change{Reason: "odd", DueAt: minute(20)}, func(w *trade.Trade) { w.DueAt = minute(20) }},
			step{trade.Settled, trade.Change{}, nil})
		if got := fmt.Sprint(o.heard); got != "[active accepted settled]" {
			t.Errorf("the owner heard %s", got)
		}
	})
}

func TestReceivedItemsAreThoseOfTheReceipt(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s := trade.New(d)
	s.Register("test", &owner{})
	other := steam.Asset{App: steam.CS2, Context: steam.ContextMain, ID: "31000000002"}
	var tr trade.Trade
	if err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
		tr, err = s.WantTx(t.Context(), tx, trade.Want{Owner: "test/1", Bot: steam.FromAccount(1), Partner: steam.FromAccount(2),
			Direction: trade.Receive, Assets: []trade.Asset{{Asset: sold}, {Asset: other}}, Deadline: minute(10), Now: noon})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	first := steam.Trade{ID: "5", Init: minute(3), Given: []steam.TradeItem{{Asset: sold, NewID: "wrong"}},
		Received: []steam.TradeItem{{Asset: sold, NewID: "32", NewContext: "16"}, {Asset: other, NewID: "33", NewContext: "16"}}}
	second := first
	second.Received = first.Received[1:] // it came back without the first
	walk(t, d, s, tr,
		step{trade.Sending, trade.Change{}, func(w *trade.Trade) { w.Tries = 1 }},
		step{trade.Active, trade.Change{Offer: "1"}, func(w *trade.Trade) { w.OfferID, w.SentAt, w.DueAt = "1", minute(2), w.Deadline }},
		step{trade.Accepted, trade.Change{Receipt: &first}, func(w *trade.Trade) { // not protected: due at once
			w.SteamTrade, w.AcceptedAt, w.DueAt = "5", minute(3), minute(3)
			w.Assets[0].NewAsset, w.Assets[0].NewContext = "32", "16"
			w.Assets[1].NewAsset, w.Assets[1].NewContext = "33", "16"
		}},
		step{trade.Reversed, trade.Change{Receipt: &second}, func(w *trade.Trade) {
			w.Assets[0].NewAsset, w.Assets[0].NewContext = "", ""
		}})
}

// angry refuses every move.
type angry struct{ with error }

func (a angry) TradeMovedTx(context.Context, *db.Tx, trade.Trade, trade.Move) error { return a.with }

func TestMoveItsOwnerRefusesHasNotHappened(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s := trade.New(d)
	for prefix, with := range map[string]error{"a": errors.New("broken"), "b": fault.New(fault.WrongState, "elsewhere")} {
		s.Register(prefix, angry{with})
		tr, err := want(t, d, s, prefix+"/1")
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Move(t.Context(), tr, trade.Failed, trade.Change{}, noon)
		stored, err2 := s.ByID(t.Context(), tr.ID)
		if !errors.Is(err, with) || err2 != nil || got.State != trade.Wanted || stored.State != trade.Wanted || stored.Version != tr.Version {
			t.Errorf("%v: returned %s, stored %s: %v %v", with, got.State, stored.State, err, err2)
		}
		if code, _ := fault.Of(err); (code == fault.WrongState) != (prefix == "b") {
			t.Errorf("the code is %s", code)
		}
		if said := strings.HasPrefix(err.Error(), "move trade "); said == (prefix == "b") { // what may be shown stays as it is
			t.Errorf("it reads %q", err)
		}
	}
	tr, err := want(t, d, s, "nobody/1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Move(t.Context(), tr, trade.Failed, trade.Change{}, noon); err == nil || got.ID != tr.ID {
		t.Errorf("without an owner: %+v, %v", got, err)
	}
}

func TestGivenUpUntilThePartnerHasIt(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s := trade.New(d)
	s.Register("test", &owner{})
	tr, err := want(t, d, s, "test/1")
	if err != nil {
		t.Fatal(err)
	}
	woken, other := d.Subscribe(trade.TopicOf(tr.Bot)), d.Subscribe(trade.TopicOf(tr.Bot+1))
	if given, err := s.GiveUp(t.Context(), tr.ID, minute(1)); err != nil || !given {
		t.Errorf("wanted: %v, %v", given, err)
	}
	<-woken
	if _, err := want(t, d, s, "test/2"); err != nil {
		t.Fatal(err)
	}
	<-woken
	select {
	case <-other:
		t.Error("a bot without work was woken")
	default:
	}
	if given, err := s.GiveUp(t.Context(), tr.ID+9, minute(1)); err != nil || given {
		t.Errorf("unknown: %v, %v", given, err)
	}
	tr.Deadline = minute(1)
	tr = walk(t, d, s, tr, step{trade.Sending, trade.Change{}, func(w *trade.Trade) { w.Tries = 1 }},
		step{trade.Active, trade.Change{}, func(w *trade.Trade) { w.SentAt, w.DueAt = minute(2), minute(1) }})
	if given, err := s.GiveUp(t.Context(), tr.ID, noon); err != nil || given {
		t.Errorf("with the partner: %v, %v", given, err)
	}
}

func TestOnlyWhatIsInReviewIsDecided(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s := trade.New(d)
	s.Register("test", &owner{})
	tr, err := want(t, d, s, "test/1")
	if err != nil {
		t.Fatal(err)
	}
	decide := func() (trade.Trade, error) {
		return s.Decide(t.Context(), tr.ID, trade.Settled, "seen there", minute(9))
	}
	if got, err := decide(); !errors.Is(err, fault.WrongState) || got.ID != tr.ID {
		t.Errorf("wanted: %+v, %v", got, err)
	}
	if _, err := s.Decide(t.Context(), tr.ID+1, trade.Settled, "", noon); !errors.Is(err, fault.NotFound) {
		t.Errorf("unknown: %v", err)
	}
	for _, to := range []trade.State{trade.Sending, trade.Active, trade.Accepted} {
		if tr, err = s.Move(t.Context(), tr, to, trade.Change{}, noon); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := decide(); !errors.Is(err, fault.WrongState) {
		t.Errorf("accepted: %v", err) // the graph would allow it
	}
	if tr, err = s.Move(t.Context(), tr, trade.Review, trade.Change{}, noon); err != nil {
		t.Fatal(err)
	}
	if got, err := decide(); err != nil || got.State != trade.Settled || got.Problem != "seen there" {
		t.Errorf("in review: %+v, %v", got, err)
	}
}

// The graph says who is told: of the end and of what the owner shows.
func TestOwnersHearWhatConcernsThem(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s := trade.New(d)
	ways := map[trade.State][]trade.State{
		trade.Sending: {trade.Sending}, trade.Unknown: {trade.Sending, trade.Unknown}, trade.Wanted: {trade.Sending, trade.Wanted},
		trade.Unconfirmed: {trade.Sending, trade.Unconfirmed}, trade.Active: {trade.Sending, trade.Active},
		trade.Escrow: {trade.Sending, trade.Active, trade.Escrow}, trade.Accepted: {trade.Sending, trade.Active, trade.Accepted},
		trade.Review:   {trade.Sending, trade.Active, trade.Accepted, trade.Review},
		trade.Settled:  {trade.Sending, trade.Active, trade.Accepted, trade.Settled},
		trade.Reversed: {trade.Sending, trade.Active, trade.Accepted, trade.Reversed},
		trade.Declined: {trade.Sending, trade.Active, trade.Declined}, trade.Expired: {trade.Sending, trade.Active, trade.Expired},
		trade.Canceled: {trade.Canceled}, trade.Failed: {trade.Failed},
	}
	silent := []trade.State{trade.Wanted, trade.Sending, trade.Unknown, trade.Unconfirmed, trade.Escrow, trade.Review}
	var live []trade.State
	for i, to := range trade.States() {
		if to.Live() {
			live = append(live, to)
		}
		o, prefix := &owner{}, fmt.Sprint("o", i)
		s.Register(prefix, o)
		tr, err := want(t, d, s, prefix+"/1")
		for _, next := range ways[to] {
			if err == nil {
				tr, err = s.Move(t.Context(), tr, next, trade.Change{}, noon)
			}
		}
		if err != nil || tr.State != to {
			t.Fatalf("%s is not reached: %s, %v", to, tr.State, err)
		}
		if told := slices.Contains(o.heard, to); told == slices.Contains(silent, to) {
			t.Errorf("%s: the owner heard %v", to, o.heard)
		}
	}
	if got := trade.LiveStates(); !slices.Equal(got, live) || len(ways) != len(trade.States()) {
		t.Errorf("live are %v, want %v", got, live)
	}
}

// A database that fails is an error, and not the end of a trade.
func TestBrokenTableIsAnErrorOfEachMove(t *testing.T) {
	t.Parallel()
	for table, calls := range map[string][]string{
		"trade":       {"move", "receipt", "missed", "doubt", "give up", "decide"},
		"trade_asset": {"receipt", "decide"},
		"trade_move":  {"move", "receipt", "doubt"},
	} {
		d := dbtest.SQLite(t)
		s := trade.New(d)
		s.Register("test", &owner{})
		tr, err := want(t, d, s, "test/1")
		if err != nil {
			t.Fatal(err)
		}
		dbtest.Break(t, d, table)
		for _, call := range calls {
			var err error
			switch call {
			case "move":
				_, err = s.Move(t.Context(), tr, trade.Sending, trade.Change{}, noon)
			case "receipt":
				active := tr
				active.State = trade.Active
				_, err = s.Move(t.Context(), active, trade.Accepted, trade.Change{Receipt: &steam.Trade{}}, noon)
			case "missed":
				_, err = s.Missed(t.Context(), tr, noon)
			case "doubt":
				err = d.Write(t.Context(), func(tx *db.Tx) error { return s.DoubtTx(t.Context(), tx, noon) })
			case "give up":
				_, err = s.GiveUp(t.Context(), tr.ID, noon)
			case "decide":
				_, err = s.Decide(t.Context(), tr.ID, trade.Settled, "", noon)
			}
			if code, _ := fault.Of(err); err == nil || code != fault.Internal {
				t.Errorf("%s without %s: %v", call, table, err)
			}
		}
	}
}
