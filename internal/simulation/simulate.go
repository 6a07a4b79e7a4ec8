package simulation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"
)

// Options say what to run.
type Options struct {
	Seeds   int
	From    uint64 // the first seed
	Ops     int    // operations of a seed
	Faults  int    // laid into a seed
	Workers int    // seeds at the same time
	Only    []int  // which of the faults are laid, counted from 1; nil: all
	Whole   bool   // print all of the trace of a violation
}

// ErrViolation says that something was not as it must be.
var ErrViolation = errors.New("an invariant does not hold")

// Summary is what a whole run came to.
type Summary struct {
	Results []Result // in the order of the seeds
	Missing []string // declared and never reached
	Took    time.Duration
}

// Run plays seeds and prints a line for each, in their order, and at the end
// what was reached. The lines are the same for the same seeds and build. It
// stops at the first seed with a violation, looks for few faults that still lead
// to it, prints the trace of that and returns [ErrViolation].
func Run(ctx context.Context, o Options, out io.Writer) (Summary, error) {
	stage, err := newStage(ctx)
	if err != nil {
		return Summary{}, err
	}
	return stage.report(ctx, o, out)
}

// report plays the seeds and prints what came of them.
func (s *stage) report(ctx context.Context, o Options, out io.Writer) (Summary, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(1600)) // much is made and little kept
	began, all := time.Now(), newCover()
	var sum Summary
	for res := range s.playAll(ctx, o, all) {
		sum.Results = append(sum.Results, res)
		word := "ok"
		if res.Violation != "" {
			word = "VIOLATION"
		}
		fmt.Fprintf(out, "seed %d ops %d faults %d hash %s %s\n", res.Seed, res.Ops, res.Faults, res.Hash, word)
		if res.Violation != "" {
			s.explain(ctx, res, o, out)
			return sum, fmt.Errorf("seed %d: %w: %s", res.Seed, ErrViolation, res.Violation)
		}
	}
	if err := ctx.Err(); err != nil {
		return sum, err
	}
	sum.Took, sum.Missing = time.Since(began), all.missing()
	met := 0
	for _, res := range sum.Results {
		met += res.Faults
	}
	fmt.Fprintf(out, "\n%d seeds, %d operations, %d faults met, 0 violations\n", len(sum.Results), len(sum.Results)*o.Ops, met)
	all.print(out)
	return sum, nil
}

// playAll plays seeds with several workers and hands the results out in order.
// It ends with the caller's loop, with ctx or with the last seed.
func (s *stage) playAll(ctx context.Context, o Options, all *cover) func(func(Result) bool) {
	return func(yield func(Result) bool) {
		ctx, stop := context.WithCancel(ctx)
		var wg sync.WaitGroup
		seeds := make(chan uint64)
		slots := make([]chan Result, o.Seeds)
		for i := range slots {
			slots[i] = make(chan Result, 1)
		}
		covers := make([]*cover, o.Workers)
		for w := range o.Workers {
			covers[w] = newCover()
			wg.Go(func() {
				at := newPlace()
				defer at.leave()
				for seed := range seeds {
					slots[seed-o.From] <- s.play(context.WithoutCancel(ctx), seed, o, at, covers[w])
				}
			})
		}
		wg.Go(func() {
			defer close(seeds)
			for i := range o.Seeds {
				select {
				case seeds <- o.From + uint64(i):
				case <-ctx.Done():
					return
				}
			}
		})
		defer func() {
			stop()
			wg.Wait()
			for _, c := range covers {
				all.merge(c)
			}
		}()
		for i := range slots {
			select {
			case res := <-slots[i]:
				if !yield(res) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}
