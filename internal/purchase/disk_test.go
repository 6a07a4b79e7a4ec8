package purchase_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/disktest"
)

// dose is how much of a test is run: the number in the environment, or what
// fits every run.
func dose(t *testing.T, variable string, usual int) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return n
	}
	return usual
}

// seeded is a database file with a world of many items in it.
var seeded = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "skinrail-disk-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "test.db")
	d, err := db.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	ctx, w := context.Background(), roomsOn(d)
	if err := errors.Join(seedWorld(ctx, w, items(800, sand)), w.post(ctx, shop, 10*start)); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if err := d.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// machine buys on a disk that fails, and remembers what was acknowledged.
type machine struct {
	t     *testing.T
	r     *rand.Rand
	dir   string
	disk  *disktest.Disk
	tried atomic.Int64

	mu    sync.Mutex
	acked []string // custom ids of purchases that were answered

	cuts, opens, bought, found int
}

func newMachine(t *testing.T, seed uint64) *machine {
	m := &machine{t: t, r: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir()}
	m.fresh()
	return m
}

// fresh puts the seeded database on a new disk.
func (m *machine) fresh() {
	file, err := seeded()
	if err != nil {
		m.t.Fatal(err)
	}
	m.disk, m.acked = disktest.New(), nil
	m.disk.Put("test.db", file)
}

// session starts on the disk, looks at what is there, and buys with several
// buyers until something fails or each has bought its share.
func (m *machine) session(share int) {
	defer m.disk.Mount(m.dir)()
	d, err := db.OpenOn(m.t.Context(), filepath.Join(m.dir, "test.db"), disktest.VFS)
	if err != nil {
		m.excused("open", err)
		return
	}
	m.opens++
	w := roomsOn(d)
	if err := m.check(w); err != nil {
		m.excused("check", err)
	} else {
		m.buy(w, share)
	}
	if err := d.Close(); err != nil {
		m.excused("close", err)
	}
}

// excused fails the test when nothing was wrong with the disk.
func (m *machine) excused(what string, err error) {
	if m.disk.Faulty() {
		return
	}
	m.t.Errorf("%s on a sound disk: %v", what, err)
}

var errLost = errors.New("acknowledged and lost")

// check finds what was acknowledged and proves the books.
func (m *machine) check(w *world) error {
	if err := w.prices.Load(context.Background()); err != nil {
		return err
	}
	found, err := w.purchases.FindManyByCustom(context.Background(), shop, m.acked)
	if err != nil {
		return err
	}
	if len(found) != len(m.acked) {
		return fmt.Errorf("%w: %d of %d purchases", errLost, len(m.acked)-len(found), len(m.acked))
	}
	m.found += len(found)
	report, err := w.ledger.Audit(context.Background())
	if err == nil && !report.OK() {
		err = fmt.Errorf("audit: %s", report)
	}
	return err
}

func (m *machine) buy(w *world, share int) {
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range share {
				id := "c" + strconv.FormatInt(m.tried.Add(1), 10)
				if _, err := w.purchases.Buy(context.Background(), w.order(sand, id), noon); err != nil {
					return
				}
				m.mu.Lock()
				m.acked = append(m.acked, id)
				m.bought++
				m.mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// verify starts once more on a sound disk, where nothing is excused.
func (m *machine) verify() error {
	m.disk.Fail(nil)
	defer m.disk.Mount(m.dir)()
	d, err := db.OpenOn(context.Background(), filepath.Join(m.dir, "test.db"), disktest.VFS)
	if err != nil {
		return fmt.Errorf("open after the fault: %w", err)
	}
	m.opens++
	return errors.Join(m.check(roomsOn(d)), d.Close())
}

// at is the plan that spoils the n-th call, and with lasting all after it.
func at(n int, f disktest.Fault, lasting bool) disktest.Plan {
	return func(k int, _ disktest.Call) disktest.Fault {
		if k == n || lasting && k > n {
			return f
		}
		return disktest.None
	}
}

// powerless is the plan that cuts the power at the n-th call that changes
// anything.
func powerless(n int) disktest.Plan {
	return func(_ int, c disktest.Call) disktest.Fault {
		if c != disktest.Read {
			n--
		}
		if n <= 0 {
			return disktest.Cut
		}
		return disktest.None
	}
}

// cut runs a session that ends with a loss of power, somewhere or at its end.
func (m *machine) cut() {
	m.disk.Fail(powerless(1 + m.r.IntN([]int{10, 60, 300}[m.r.IntN(3)])))
	m.session(8)
	m.disk = m.disk.PowerCut(m.r)
	m.cuts++
}

// The power goes at any moment: while the database is opened and recovered,
// while purchases are written, while the log is copied into the file. What was
// acknowledged is there afterwards, and the books are right. Every cut goes on
// with what the last one left.
func TestPowerCutsLoseNothingAcknowledged(t *testing.T) {
	t.Parallel()
	want := dose(t, "SKINRAIL_POWER_CUTS", 60)
	seed := uint64(time.Now().UnixNano())
	var cuts, bought, found int
	t.Run("machines", func(t *testing.T) {
		for i := range uint64(2) {
			t.Run(strconv.FormatUint(i, 10), func(t *testing.T) {
				t.Parallel()
				m := newMachine(t, seed+i)
				for m.cuts < want/2 && !t.Failed() {
					m.fresh()
					for range 30 {
						m.cut()
					}
					if err := m.verify(); err != nil {
						t.Fatalf("seed %d, after %d cuts: %v", seed+i, m.cuts, err)
					}
				}
				cuts, bought, found = cuts+m.cuts, bought+m.bought, found+m.found
			})
		}
	})
	t.Logf("%d power cuts from seed %d: %d purchases acknowledged, looked up %d times", cuts, seed, bought, found)
	if found == 0 {
		t.Errorf("none of %d purchases in %d cuts was looked up afterwards: nothing was at stake", bought, cuts)
	}
}

// A disk that only says it has synced loses purchases, and the test sees it.
func TestPowerCutsShowALyingDisk(t *testing.T) {
	t.Parallel()
	m := newMachine(t, 1)
	for range 200 {
		m.fresh()
		n := 40 + m.r.IntN(200)
		m.disk.Fail(func(k int, c disktest.Call) disktest.Fault {
			switch {
			case k >= n:
				return disktest.Cut
			case c == disktest.Sync:
				return disktest.Ignored
			}
			return disktest.None
		})
		m.session(20)
		m.disk = m.disk.PowerCut(m.r)
		if err := m.verify(); err != nil {
			t.Logf("seen: %v", err)
			return
		}
	}
	t.Error("200 power cuts on a disk that syncs nothing were survived: the test is blind")
}

// Each call of a run fails, one after the other, in each way, once and from then
// on; then the process dies or the power goes. Nothing acknowledged is lost,
// nothing is there in part, and a sound disk is enough to go on.
func TestEachDiskErrorLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	stride := dose(t, "SKINRAIL_DISK_STRIDE", 150)
	kinds := []disktest.Fault{disktest.IOError, disktest.NoSpace, disktest.Short, disktest.ReadOnly}
	var faults atomic.Int64
	t.Run("kinds", func(t *testing.T) {
		for _, kind := range kinds {
			t.Run(kind.String(), func(t *testing.T) {
				t.Parallel()
				m := newMachine(t, 7)
				for n := 1 + m.r.IntN(min(stride, 50)); !t.Failed(); n += stride {
					if !m.fault(n, kind) {
						return // the whole run has fewer calls
					}
					faults.Add(4)
				}
			})
		}
	})
	t.Logf("%d disk errors", faults.Load())
	if faults.Load() < int64(4*len(kinds)) {
		t.Error("too few calls were reached to show anything")
	}
}

// fault spoils the n-th call of a run in four ways; false when there is none.
func (m *machine) fault(n int, kind disktest.Fault) bool {
	for _, lasting := range []bool{false, true} {
		for _, power := range []bool{false, true} {
			m.fresh()
			m.disk.Fail(at(n, kind, lasting))
			m.session(6)
			if m.disk.Calls() < n {
				return false
			}
			if power {
				m.disk = m.disk.PowerCut(m.r)
			} else {
				m.disk = m.disk.Crashed()
			}
			if err := m.verify(); err != nil {
				m.t.Errorf("%v at call %d, lasting %v, power %v: %v", kind, n, lasting, power, err)
			}
		}
	}
	return true
}
