package purchase_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/db"
)

// usage is the processor time used since a moment: here, with what was started
// here and has ended, and by the database's server if it runs on this machine.
// Other than the clock it does not show what else the machine does.
type usage struct {
	server       int // the process of PostgreSQL's that starts all others; 0: none here
	here, beside time.Duration
}

// measure begins to count.
func measure(b *testing.B, d *db.DB) usage {
	b.Helper()
	var u usage
	if d.Engine() == db.Postgres {
		var backend int
		if err := d.Read().QueryRowContext(b.Context(), "select pg_backend_pid()").Scan(&backend); err != nil {
			b.Fatal(err)
		}
		u.server = parent(stat(backend))
	}
	u.here, u.beside = processorTime(b), family(u.server)
	return u
}

// report says what was used for each of n operations.
func (u usage) report(b *testing.B, n int) {
	b.Helper()
	each := func(d time.Duration) float64 { return float64(d) / 1e3 / float64(n) }
	here, beside := processorTime(b)-u.here, family(u.server)-u.beside
	b.ReportMetric(each(here+beside), "cpu-µs/op")
	if u.server != 0 {
		b.ReportMetric(each(beside), "server-µs/op")
	}
}

// processorTime is what this process and those that it has waited for used.
func processorTime(b *testing.B) (sum time.Duration) {
	b.Helper()
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}

// stat is the fields of /proc/pid/stat from the state on; nil for a process that
// is not there.
func stat(pid int) []string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil
	}
	_, fields, _ := strings.Cut(string(text), ") ")
	return strings.Fields(fields)
}

func parent(stat []string) int {
	if len(stat) < 2 {
		return 0
	}
	pid, _ := strconv.Atoi(stat[1])
	return pid
}

// family is what a process has used, and its children, also those that it has
// waited for. Linux counts in hundredths of a second.
func family(pid int) (sum time.Duration) {
	if pid == 0 {
		return 0
	}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range all {
		id, _ := strconv.Atoi(filepath.Base(path))
		fields := stat(id)
		if len(fields) < 15 || id != pid && parent(fields) != pid {
			continue
		}
		last := 13 // user and system time
		if id == pid {
			last = 15 // and of those waited for
		}
		for _, f := range fields[11:last] {
			ticks, _ := strconv.ParseInt(f, 10, 64)
			sum += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return sum
}
