package app

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// meterAfter is how long work may take before its progress is shown; meterEvery
// is how often a line tells of it where there is no terminal.
const (
	meterAfter = 2 * time.Second
	meterEvery = 5 * time.Second
)

// meter shows how far something is that may take long: a bar on a terminal, a
// line now and then anywhere else, nothing when it is quick.
type meter struct {
	out         io.Writer
	what        string
	now         func() time.Time
	began, told time.Time
	bar         *progressbar.ProgressBar
}

func newMeter(out io.Writer, what string) *meter { return newMeterAt(out, what, time.Now) }

func newMeterAt(out io.Writer, what string, clock func() time.Time) *meter {
	now := clock()
	return &meter{out: out, what: what, now: clock, began: now, told: now.Add(meterAfter - meterEvery)}
}

// at says that so much of so much is done.
func (m *meter) at(done, total int64) {
	switch now := m.now(); {
	case m.bar != nil:
		_ = m.bar.Set64(done)
	case now.Sub(m.began) < meterAfter:
	case terminal(m.out):
		m.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(m.out), progressbar.OptionSetDescription(m.what),
			progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
		_ = m.bar.Set64(done)
	case now.Sub(m.told) >= meterEvery:
		m.told = now
		fmt.Fprintf(m.out, "%s: %d of %d (%d %%)\n", m.what, done, total, done*100/max(1, total))
	}
}

// end takes the bar away.
func (m *meter) end() {
	if m.bar != nil {
		_ = m.bar.Finish()
	}
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) // #nosec G115 -- a descriptor
}
