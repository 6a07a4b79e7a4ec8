package db_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
)

// row is inserted into a small table of the kind that a series numbers.
func row(t *testing.T, d *db.DB, s db.Series, project int64, now time.Time, fail error) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		seq, at, err := s.NextTx(t.Context(), tx, project, now)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(t.Context(), "insert into listed (project_id, seq, created_at) values ($1, $2, $3)", project, seq, db.Micros(at))
		return errors.Join(err, fail)
	})
	if !errors.Is(err, fail) {
		t.Error(err)
	}
}

func listed(t *testing.T, d *db.DB) db.Series {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), "create table listed (project_id bigint not null, seq bigint not null, created_at bigint not null, primary key (project_id, seq))")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return db.NewSeries("listed")
}

func TestSeriesHasNoHolesAndNeverGoesBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := listed(t, d)
		noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		var wg sync.WaitGroup
		refused := errors.New("refused")
		for i := range 40 {
			wg.Go(func() {
				var fail error
				if i%5 == 0 {
					fail = refused
				}
				row(t, d, s, int64(1+i%2), noon.Add(time.Duration(i%7)*time.Second), fail)
			})
		}
		wg.Wait()
		for project := range int64(2) {
			w, err := s.Window(t.Context(), d.Read(), project+1, 0, noon.Unix()+10)
			if err != nil || w != (db.Window{First: 1, Last: 16}) {
				t.Errorf("project %d: %+v, %v", project+1, w, err)
			}
		}
		var back int
		const backwards = "select count(*) from listed a join listed b on b.project_id = a.project_id and b.seq = a.seq + 1 where b.created_at < a.created_at"
		if err := d.Read().QueryRowContext(t.Context(), backwards).Scan(&back); err != nil || back != 0 {
			t.Errorf("%d rows are older than the one before, %v", back, err)
		}
	})
}

func TestWindowIsWhatCountingWouldFind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := listed(t, d)
		for _, second := range []int64{100, 100, 103, 103, 103, 107} {
			row(t, d, s, 1, time.Unix(second, 500_000_000), nil)
		}
		for _, c := range []struct{ from, to, first, last int64 }{
			{0, 200, 1, 6}, {100, 100, 1, 2}, {101, 102, 1, 0}, {103, 107, 3, 6}, {104, 200, 6, 6}, {108, 200, 1, 0}, {0, 99, 1, 0},
			{200, 100, 1, 0}, {0, 1<<63 - 1, 1, 6}, {1<<63 - 1, 1<<63 - 1, 1, 0},
		} {
			w, err := s.Window(t.Context(), d.Read(), 1, c.from, c.to)
			if err != nil || w.Total() != max(0, c.last-c.first+1) || w.Total() > 0 && (w.First != c.first || w.Last != c.last) {
				t.Errorf("%d to %d: %+v, %v", c.from, c.to, w, err)
			}
		}
		if p := (db.Window{First: 1, Last: 6}).Below(5).Page(2); p != (db.Window{First: 3, Last: 4}) {
			t.Errorf("%+v", p)
		}
	})
}
