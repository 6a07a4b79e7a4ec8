package simulation

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// shrink looks for few faults of a seed that still break the same invariant: it
// leaves out half of them, then quarters, down to single ones. What it returns is
// the last run that broke it.
func shrink(ctx context.Context, hire hiring, res Result, o Options) (Result, []int, error) {
	only := o.Only
	if only == nil {
		for n := range o.Faults {
			only = append(only, n+1)
		}
	}
	p, err := hire(ctx)
	if err != nil {
		return res, only, err
	}
	defer p.leave()
	for size := (len(only) + 1) / 2; size > 0; size /= 2 {
		for i := 0; i < len(only); {
			o.Only = slices.Delete(slices.Clone(only), i, min(i+size, len(only)))
			less, err := p.play(res.Seed, o)
			if ctx.Err() != nil {
				return res, only, nil // few enough for who does not wait
			}
			if err != nil {
				return res, only, err
			}
			if class(less.Violation) == class(res.Violation) {
				res, only = less, o.Only
			} else {
				i += size
			}
		}
	}
	return res, only, nil
}

// class is which invariant a violation is about.
func class(violation string) string {
	name, _, _ := strings.Cut(violation, ":")
	return name
}

// shown is how many lines of a trace are printed unless all are asked for.
const shown = 60

// explain prints what there is to know of a seed with a violation: how it came to
// it with few faults, and how to see it again.
func explain(ctx context.Context, hire hiring, res Result, o Options, out io.Writer) {
	few, only, err := shrink(ctx, hire, res, o)
	if err != nil {
		fmt.Fprintf(out, "\nit could not be played with fewer faults: %v\n", err)
	}
	lines := strings.Split(strings.TrimSuffix(few.Trace, "\n"), "\n")
	if left := len(lines) - shown; left > 0 && !o.Whole {
		fmt.Fprintf(out, "\n… %d lines before these: --trace prints them\n", left)
		lines = lines[left:]
	}
	fmt.Fprintf(out, "%s\nviolation: %s\n", strings.Join(lines, "\n"), few.Violation)
	again := fmt.Sprintf("skinrail simulate --from %d --seeds 1 --ops %d --faults %d", res.Seed, o.Ops, o.Faults)
	fmt.Fprintf(out, "\nrepeat with: %s\nof its faults these are enough: %s%s\n", again, again, flag(only))
}

// flag is how the program is told which faults to lay.
func flag(only []int) string {
	if len(only) == 0 {
		return " --only 0"
	}
	return " --only " + strings.Trim(strings.ReplaceAll(fmt.Sprint(only), " ", ","), "[]")
}
