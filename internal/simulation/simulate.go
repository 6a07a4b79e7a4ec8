package simulation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
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

	// Player starts a process that calls [Play], one for each worker: processes
	// share nothing that they would wait for. Nil: all is played in this one.
	Player func(context.Context) *exec.Cmd
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
// to it, prints the trace of that and returns [ErrViolation]. When it returns, no
// process that it started is left.
func Run(ctx context.Context, o Options, out io.Writer) (Summary, error) {
	if o.Player != nil {
		return report(ctx, inProcess(o.Player), o, out)
	}
	stage, err := newStage(ctx)
	if err != nil {
		return Summary{}, err
	}
	return report(ctx, stage.hire, o, out)
}

// report plays the seeds and prints what came of them.
func report(ctx context.Context, hire hiring, o Options, out io.Writer) (Summary, error) {
	began, all := time.Now(), cover{}
	var sum Summary
	for res, err := range playAll(ctx, hire, o) {
		if err != nil {
			return sum, err
		}
		sum.Results = append(sum.Results, res)
		all.merge(res.Reached)
		word := "ok"
		if res.Violation != "" {
			word = "VIOLATION"
		}
		fmt.Fprintf(out, "seed %d ops %d faults %d hash %s %s\n", res.Seed, res.Ops, res.Faults, res.Hash, word)
		if res.Violation != "" {
			explain(ctx, hire, res, o, out)
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

// outcome is what became of a seed; an error when it could not be played.
type outcome struct {
	res Result
	err error
}

// playAll plays seeds with several players and hands the results out in order.
// It ends with the caller's loop, with ctx, with the last seed or after an error.
func playAll(ctx context.Context, hire hiring, o Options) func(func(Result, error) bool) {
	return func(yield func(Result, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer stop()
		seeds, slots := make(chan int), make([]chan outcome, o.Seeds)
		for i := range slots {
			slots[i] = make(chan outcome, 1)
		}
		for range min(o.Workers, o.Seeds) {
			wg.Go(func() { work(ctx, hire, o, seeds, slots) })
		}
		wg.Go(func() {
			defer close(seeds)
			for i := range slots {
				select {
				case seeds <- i:
				case <-ctx.Done():
					return
				}
			}
		})
		for _, slot := range slots {
			select {
			case <-ctx.Done():
				return
			case done := <-slot:
				if ctx.Err() != nil || !yield(done.res, done.err) || done.err != nil {
					return
				}
			}
		}
	}
}

// work has one player play seeds until there are no more, or one fails.
func work(ctx context.Context, hire hiring, o Options, seeds <-chan int, slots []chan outcome) {
	p, err := hire(ctx)
	if err == nil {
		defer p.leave()
	}
	for i := range seeds {
		var done outcome
		if done.err = err; err == nil {
			done.res, done.err = p.play(o.From+uint64(i), o)
		}
		slots[i] <- done
		if done.err != nil {
			return
		}
	}
}
