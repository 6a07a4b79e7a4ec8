package app

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// meter shows how far something is that may take long: a bar on a terminal
// after two seconds, a line now and then anywhere else.
type meter struct {
	out   io.Writer
	what  string
	began time.Time
	told  time.Time
	bar   *progressbar.ProgressBar
}

const (
	meterAfter = 2 * time.Second
	meterEvery = 5 * time.Second
)

func newMeter(out io.Writer, what string) *meter {
	now := time.Now()
	return &meter{out: out, what: what, began: now, told: now}
}

// at says that so much of so much is done.
func (m *meter) at(done, total int) {
	switch now := time.Now(); {
	case m.bar != nil:
		_ = m.bar.Set(done)
	case now.Sub(m.began) < meterAfter:
	case terminal(m.out):
		m.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(m.out), progressbar.OptionSetDescription(m.what),
			progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
		_ = m.bar.Set(done)
	case now.Sub(m.told) >= meterEvery:
		m.told = now
		fmt.Fprintf(m.out, "%s: %d %%\n", m.what, done*100/max(1, total))
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
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
