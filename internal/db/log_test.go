package db_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
)

// SQLite begins its log anew when nobody reads from it. Where somebody always
// does, it would grow until the disk is full.
func TestLogStaysShortWhileSomebodyAlwaysReads(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()
	read := func() (end func()) {
		begun, over := make(chan struct{}), make(chan struct{})
		readers.Go(func() {
			once := sync.OnceFunc(func() { close(begun) })
			defer once()
			err := d.Snapshot(context.Background(), func(q db.Querier) error {
				var n int
				err := q.QueryRowContext(context.Background(), "select count(*) from drift").Scan(&n)
				once()
				<-over
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-begun
		return func() { close(over) }
	}
	readers.Go(func() { // four read at any time, and one of them is gone in 20 ms
		var ends []func()
		for ctx.Err() == nil {
			ends = append(ends, read())
			time.Sleep(5 * time.Millisecond)
			if len(ends) > 3 {
				ends[0]()
				ends = ends[1:]
			}
		}
		for _, end := range ends {
			end()
		}
	})
	const row, soon, most = 1 << 18, 100 << 20, 1 << 30
	for written := int64(0); ; written += row {
		log, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		if written >= soon && log.Size() < written*3/4 {
			break
		}
		if written >= most {
			t.Fatalf("%d MB were written, and the log has %d", written>>20, log.Size()>>20)
		}
		text := bytes.Repeat([]byte{byte(written / row)}, row)
		err = d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.ExecContext(t.Context(), `insert into idempotency (project_id, key, method, digest, answer, at) values (1, '', '', $1, $2, 0)
				on conflict (project_id, key) do update set answer = excluded.answer`, text[:32], text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
