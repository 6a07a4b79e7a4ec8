// Mutants changes the program in thousands of small ways and asks the tests of
// the changed package whether they notice. What they do not notice is a test
// that is missing, a line that is not needed, or a change without effect; the
// last kind is listed with its reason in equivalent.txt.
//
//	go run ./test/mutants [flags] [group | package | package/file.go ...]
//
// All mutants of a package are built into one test binary, each behind a number
// that the environment chooses; the tree is not touched. A test is run against
// a mutant only when it reaches the changed place, quick ones first. Results
// are kept, so that a run that was interrupted goes on where it stopped.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// goal is the share of mutants, in percent, that the tests of a group kill.
const goal = 95

func main() {
	kept := flag.String("kept", filepath.Join(".cache", "mutants"), "`folder` of the results")
	anew := flag.Bool("anew", false, "forget the results that were kept")
	var may limits
	flag.IntVar(&may.workers, "workers", runtime.GOMAXPROCS(0), "how many mutants at once")
	flag.DurationVar(&may.slowest, "slowest", 20*time.Second, "leave out tests that take longer alone")
	flag.DurationVar(&may.patience, "patience", 12*time.Second, "what tests get beyond a multiple of their usual time")
	count := flag.Bool("count", false, "only count the mutants")
	flag.Parse()
	if err := run(*kept, *anew, *count, may, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(kept string, anew, count bool, may limits, wanted []string) error {
	equivalent, err := readEquivalents(filepath.Join("test", "mutants", "equivalent.txt"))
	if err != nil {
		return err
	}
	var all report
	for _, t := range chosen(wanted) {
		p, err := load(t)
		if err != nil {
			return err
		}
		if err := equivalent.claim(p); err != nil {
			return err
		}
		if count {
			fmt.Printf("%-28s %5d\n", t.pkg, len(p.mutants))
			continue
		}
		results, err := execute(p, filepath.Join(kept, filepath.FromSlash(t.pkg)), anew, may)
		if err != nil {
			return fmt.Errorf("%s: %w", t.pkg, err)
		}
		all.add(t, p.mutants, results)
	}
	return all.print(os.Stdout)
}
