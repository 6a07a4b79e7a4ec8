package app

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// barAfter is how long work may take before its progress is shown; lineEvery is
// how often a line tells of it where there is no terminal.
const (
	barAfter  = 2 * time.Second
	lineEvery = 5 * time.Second
)

// progress shows how far long work is: a bar on a terminal, plain lines
// elsewhere, nothing when it is quick. end must be called.
func progress(out io.Writer, what string) (tell func(done, total int64), end func()) {
	began, last := time.Now(), time.Now().Add(barAfter-lineEvery)
	if f, ok := out.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) { // #nosec G115 -- a descriptor
		return func(done, total int64) {
			if time.Since(last) >= lineEvery {
				last = time.Now()
				fmt.Fprintf(out, "%d of %d %s\n", done, total, what)
			}
		}, func() {}
	}
	var bar *progressbar.ProgressBar
	tell = func(done, total int64) {
		if time.Since(began) < barAfter {
			return
		}
		if bar == nil {
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what),
				progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
		}
		_ = bar.Set64(done)
	}
	return tell, func() {
		if bar != nil {
			_ = bar.Finish()
		}
	}
}
