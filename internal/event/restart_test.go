package event_test

import (
	"testing"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/event"
)

func TestRestartedLogRepeatsNoNumberAndNoVersion(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const jump = 7 * db.Stride
		s := event.New(d)
		before, err := s.Epoch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		add(t, d, 1, "deposit/1", "x")
		last := add(t, d, 1, "deposit/1", "y")
		add(t, d, 2, "deposit/2", "x")
		advance := func(c event.Cursor, to int64) {
			t.Helper()
			if err := d.Write(t.Context(), func(tx *db.Tx) error { return s.AdvanceTx(t.Context(), tx, "reader", c, to) }); err != nil {
				t.Fatal(err)
			}
		}
		advance(event.Cursor{Project: 1}, 2) // has read all; of project 2 nothing
		if at, err := s.Newest(t.Context()); err != nil || !at.Equal(noon) {
			t.Errorf("newest %v %v", at, err)
		}
		if err := d.Write(t.Context(), func(tx *db.Tx) error { return s.RestartTx(t.Context(), tx, jump) }); err != nil {
			t.Fatal(err)
		}
		after, err := s.Epoch(t.Context())
		if err != nil || after == before || after == "" {
			t.Errorf("epoch %q, then %q, %v", before, after, err)
		}
		behind, err := s.Behind(t.Context(), "reader")
		if err != nil || len(behind) != 1 || behind[0].Project != 2 || behind[0].Seq != 0 {
			t.Errorf("behind: %v %v", behind, err)
		}
		if events, err := s.Since(t.Context(), 2, 0, 10); err != nil || len(events) != 1 {
			t.Errorf("unread before the restart: %v %v", events, err)
		}
		next := add(t, d, 1, "deposit/1", "z")
		if next.Seq != last.Seq+jump+1 || next.Version <= last.Version+jump {
			t.Errorf("event %d version %d after %d version %d", next.Seq, next.Version, last.Seq, last.Version)
		}
		span, err := s.Span(t.Context(), 1)
		if err != nil || span.Base != last.Seq+jump || span.Head != next.Seq {
			t.Errorf("span %+v %v", span, err)
		}
		behind, err = s.Behind(t.Context(), "reader")
		if err != nil || len(behind) != 2 || behind[0].Seq != span.Base {
			t.Errorf("behind: %v %v", behind, err)
		}
	})
}

// A project may have had its first event after the backup: its balance has been
// told of under versions that the log has never seen. So may one that was added
// after it, and that is added once more.
func TestRestartedLogRepeatsNoVersionOfWhoHadNoEvents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := event.New(d)
		for range 2 { // restored twice without an event between
			if err := d.Write(t.Context(), func(tx *db.Tx) error { return s.RestartTx(t.Context(), tx, db.Stride) }); err != nil {
				t.Fatal(err)
			}
		}
		first := add(t, d, 1, event.BalanceSubject(1), "x")
		if first.Seq <= db.Stride || first.Version <= db.Stride {
			t.Errorf("the first event is number %d, version %d", first.Seq, first.Version)
		}
		if next := add(t, d, 1, event.BalanceSubject(1), "y"); next.Seq != first.Seq+1 || next.Version != first.Version+1 {
			t.Errorf("number %d version %d, then %d and %d", first.Seq, first.Version, next.Seq, next.Version)
		}
		if span, err := s.Span(t.Context(), 1); err != nil || span.Base != first.Seq-1 || span.First != first.Seq {
			t.Errorf("span %+v, %v", span, err)
		}
	})
}

// The newest event is told also where the numbers have jumped since.
func TestNewestEventIsKnownAfterARestart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := event.New(d)
		add(t, d, 1, "deposit/1", "x")
		if err := d.Write(t.Context(), func(tx *db.Tx) error { return s.RestartTx(t.Context(), tx, db.Stride) }); err != nil {
			t.Fatal(err)
		}
		if at, err := s.Newest(t.Context()); err != nil || !at.Equal(noon) {
			t.Errorf("newest %v, %v", at, err)
		}
	})
}
