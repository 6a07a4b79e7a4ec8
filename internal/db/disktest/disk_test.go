package disktest_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/skinrail/skinrail/internal/db/disktest"
)

// lost counts, over many power cuts, the rows that were committed and are gone.
func lost(t *testing.T, synchronous string, cuts int) (gone int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	for range cuts {
		disk := disktest.New()
		committed := 0
		use(t, disk, dir, synchronous, func(d *sql.DB) {
			if _, err := d.Exec("create table kept (n integer primary key) strict"); err != nil {
				t.Fatal(err)
			}
			at := 1 + r.IntN(60)
			disk.Fail(func(n int, _ disktest.Call) disktest.Fault {
				if n == at {
					return disktest.Cut
				}
				return disktest.None
			})
			for ; ; committed++ {
				if _, err := d.Exec("insert into kept default values"); err != nil {
					return
				}
			}
		})
		use(t, disk.PowerCut(r), dir, synchronous, func(d *sql.DB) {
			var n int
			var verdict string
			if err := d.QueryRow("select count(*) from kept").Scan(&n); err != nil {
				n = 0 // the table itself is gone
			}
			if err := d.QueryRow("pragma integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
				t.Fatalf("integrity: %s %v", verdict, err)
			}
			gone += max(0, committed-n)
		})
	}
	return gone
}

func use(t *testing.T, disk *disktest.Disk, dir, synchronous string, f func(*sql.DB)) {
	t.Helper()
	defer disk.Mount(dir)()
	q := url.Values{"vfs": {disktest.VFS}, "_pragma": {"journal_mode(wal)", fmt.Sprintf("synchronous(%s)", synchronous)}}
	d, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "test.db")+"?"+q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	d.SetMaxOpenConns(1)
	f(d)
	_ = d.Close() // without power it cannot
}

// The disk must be able to lose what was not synced, else it proves nothing.
func TestOnlySyncedWritesAreSureToSurvive(t *testing.T) {
	t.Parallel()
	if n := lost(t, "full", 200); n != 0 {
		t.Errorf("synchronous=FULL lost %d committed rows", n)
	}
	if n := lost(t, "normal", 200); n == 0 {
		t.Error("synchronous=NORMAL lost nothing in 200 power cuts: the disk is blind")
	} else {
		t.Logf("synchronous=NORMAL lost %d committed rows in 200 power cuts", n)
	}
}
