package ledger_test

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
	"github.com/skinrail/skinrail/internal/db/dbtest"
	"github.com/skinrail/skinrail/internal/ledger"
)

// dose is a number from the environment, for the long runs of scripts/soak.sh.
func dose(t *testing.T, name string, short int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return short
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		t.Fatalf("%s: %q", name, text)
	}
	return n
}

// processor is the time that this process has computed: what a run costs when
// others share the machine.
func processor(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// transferAt books the i-th of many transfers: of ten, two are paid in, four set
// aside, three released and one is given back, among 500 projects.
func transferAt(t *testing.T, tx *db.Tx, l *ledger.Service, i int) error {
	project := int64(i/10%500 + 1)
	id := func(of int) string { return fmt.Sprintf("deposit/%d", i/10*10+of) }
	switch i % 10 {
	case 0, 1:
		return l.PostTx(t.Context(), tx, transfer(fmt.Sprint("cash/", i), ledger.OutsideCash, ledger.Available(project), 7))
	case 2, 3, 4, 5:
		return l.HoldTx(t.Context(), tx, ledger.Hold{ID: id(i % 10), From: ledger.OutsideSteam, To: ledger.Held(project), Amount: 100, NotBefore: noon, At: noon})
	case 9:
		return l.VoidTx(t.Context(), tx, id(5), noon)
	}
	return l.ReleaseTx(t.Context(), tx, id(i%10-4), []ledger.Entry{{ledger.Available(project), 95}, {ledger.Commission, 5}}, noon)
}

// Every transfer is read again in one pass: SKINRAIL_BOOKS sets how many.
func TestAuditReadsEachTransferOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := dose(t, "SKINRAIL_BOOKS", 1_500)
		l := ledger.New(d)
		began := time.Now()
		for at := 0; at < n; at += 500 {
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				for i := at; i < min(at+500, n); i++ {
					if err := transferAt(t, tx, l, i); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		wrote := time.Since(began)
		began = time.Now()
		sealAll(t, l, noon)
		sealed := time.Since(began)
		began = time.Now()
		used := processor(t)
		r, err := l.Audit(t.Context())
		audited := time.Since(began)
		used = processor(t) - used
		if err != nil || !r.OK() || r.Tail != 0 || r.Checks[0].Examined != int64(n) {
			t.Fatalf("audit: %v\n%s", err, r)
		}
		began = time.Now()
		if r, err := l.Check(t.Context(), noon); err != nil || !r.OK() {
			t.Fatalf("check: %v\n%s", err, r)
		}
		checked := time.Since(began)
		began = time.Now()
		if r, err := l.Check(t.Context(), noon); err != nil || !r.OK() {
			t.Fatalf("check: %v\n%s", err, r)
		}
		million := func(took time.Duration) time.Duration {
			return (took * 1_000_000 / time.Duration(n)).Round(10 * time.Millisecond)
		}
		t.Logf("%s: %d transfers (written in %v) verified in %v: 1,000,000 in %v (%v of processor time), asked 10 s; sealed at %.0f a second; the check of each minute took %v, then %v",
			d.Engine(), n, wrote.Round(time.Millisecond), audited.Round(time.Millisecond), million(audited), million(used), float64(n)/sealed.Seconds(),
			checked.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	})
}
