package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// memory bounds a mutant that gathers without end, in KiB.
const memory = 12 << 20

// test is one of a package, with what it reaches.
type test struct {
	name    string
	takes   time.Duration
	reaches map[int]bool
}

// limits are what a run may use.
type limits struct {
	workers  int
	slowest  time.Duration // tests that take longer alone are left out
	patience time.Duration // what tests get beyond a multiple of their time before they count as caught in a loop
}

// runner runs the tests of one package.
type runner struct {
	*program
	limits
	binary string
	flags  []string
	tests  []test

	mu     sync.Mutex
	killed map[string]string // function -> the test that killed there last
}

// execute finds out what becomes of each mutant.
func execute(p *program, kept string, anew bool, may limits) (map[string]result, error) {
	store, err := openStore(kept, p, anew)
	if err != nil {
		return nil, err
	}
	defer store.close()
	r := &runner{program: p, limits: may, killed: map[string]string{}}
	work, err := os.MkdirTemp("", "skinrail-mutants-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	var left []mutant
	for _, m := range p.mutants {
		if _, known := store.results[m.key()]; !known && m.equivalent == "" {
			left = append(left, m)
		}
	}
	if len(left) == 0 {
		return store.results, nil
	}
	if err := r.build(work); err != nil {
		return nil, err
	}
	if err := r.measure(work); err != nil {
		return nil, err
	}
	began, done := time.Now(), 0
	err = each(r.workers, left, func(m mutant) error {
		res, err := r.try(work, m)
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if done++; done%100 == 0 {
			fmt.Fprintf(os.Stderr, "%s: %d of %d after %s\n", p.pkg, done, len(left), time.Since(began).Round(time.Second))
		}
		return store.put(m.key(), res)
	})
	return store.results, err
}

// each calls f for all, several at once, until one fails.
func each[T any](workers int, all []T, f func(T) error) error {
	var wg sync.WaitGroup
	next := make(chan T)
	failed := make(chan error, workers)
	for range workers {
		wg.Go(func() {
			for x := range next {
				if err := f(x); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	var err error
	for _, x := range all {
		select {
		case next <- x:
			continue
		case err = <-failed:
		}
		break
	}
	close(next)
	wg.Wait()
	select {
	case e := <-failed:
		err = cmp.Or(err, e)
	default:
	}
	return err
}

// build compiles the tests with all mutants in them.
func (r *runner) build(work string) error {
	replace := map[string]string{}
	for name, text := range r.files {
		path := filepath.Join(work, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
		replace[filepath.Join(r.dir, name)] = path
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	path := filepath.Join(work, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o600); err != nil {
		return err
	}
	r.binary = filepath.Join(work, "tests")
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", path, "-o", r.binary, "./"+r.pkg).CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// measure runs each test alone, without a mutant.
func (r *runner) measure(work string) error {
	out, err := r.command(context.Background(), work, "-test.list=.").Output()
	if err != nil {
		return fmt.Errorf("list the tests: %w", err)
	}
	// Found counterexamples would be kept in the tree, and help with other mutants.
	if none := "-rapid.nofailfile"; r.command(context.Background(), work, "-test.list=^$", none).Run() == nil {
		r.flags = append(r.flags, none)
	}
	names := slices.DeleteFunc(strings.Fields(string(out)), func(n string) bool { return strings.HasPrefix(n, "Benchmark") })
	err = each(r.workers, names, func(name string) error {
		reached := filepath.Join(work, "reached-"+name)
		began := time.Now()
		cmd := r.command(context.Background(), work, "-test.timeout=10m", "-test.run="+pattern(name))
		cmd.Env = append(cmd.Env, "SKINRAIL_MUTANTS_REACHED="+reached)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s fails without any mutant: %w\n%s", name, err, out)
		}
		t := test{name: name, takes: time.Since(began), reaches: map[int]bool{}}
		text, err := os.ReadFile(reached)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		for _, line := range strings.Fields(string(text)) {
			if id, err := strconv.Atoi(line); err == nil {
				t.reaches[id] = true
			}
		}
		r.mu.Lock()
		r.tests = append(r.tests, t)
		r.mu.Unlock()
		return nil
	})
	slices.SortFunc(r.tests, func(a, b test) int { return cmp.Compare(a.takes, b.takes) })
	r.tests = slices.DeleteFunc(r.tests, func(t test) bool {
		slow := t.takes > r.slowest
		if slow {
			fmt.Fprintf(os.Stderr, "%s: without %s, which takes %s\n", r.pkg, t.name, t.takes.Round(time.Second))
		}
		return slow
	})
	return err
}

func pattern(names ...string) string { return "^(" + strings.Join(names, "|") + ")$" }

// command runs the tests' binary as `go test` would, with a bound on memory and
// a folder for what they leave behind.
func (r *runner) command(ctx context.Context, temporary string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", fmt.Sprintf(`ulimit -v %d; exec "$@"`, memory), "sh", r.binary}, append(args, r.flags...)...)...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "PWD="+r.dir, "TMPDIR="+temporary)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// try wakes one mutant and runs the tests that reach it, few at first.
func (r *runner) try(work string, m mutant) (result, error) {
	tests := r.reaching(m)
	if len(tests) == 0 {
		return result{status: uncovered}, nil
	}
	for batch := time.Duration(0); len(tests) > 0; batch = 4 * max(batch, 250*time.Millisecond) {
		n, takes := 1, tests[0].takes
		for n < len(tests) && takes+tests[n].takes <= batch {
			takes += tests[n].takes
			n++
		}
		res, err := r.kill(work, m, tests[:n], takes)
		if err != nil || res.status != survived {
			return res, err
		}
		tests = tests[n:]
	}
	return result{status: survived}, nil
}

// reaching are the tests that reach a mutant, the most promising first.
func (r *runner) reaching(m mutant) (tests []test) {
	r.mu.Lock()
	likely := r.killed[m.file+m.function]
	r.mu.Unlock()
	for _, t := range r.tests {
		if t.reaches[m.id] {
			if t.name == likely {
				tests = slices.Insert(tests, 0, t)
			} else {
				tests = append(tests, t)
			}
		}
	}
	return tests
}

func (r *runner) kill(work string, m mutant, tests []test, takes time.Duration) (result, error) {
	dir, err := os.MkdirTemp(work, "run-*")
	if err != nil {
		return result{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	names := make([]string, len(tests))
	for i, t := range tests {
		names[i] = t.name
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.patience+8*takes)
	defer cancel()
	cmd := r.command(ctx, dir, "-test.failfast", "-test.timeout=1h", "-test.run="+pattern(names...))
	cmd.Env = append(cmd.Env, "SKINRAIL_MUTANT="+strconv.Itoa(m.id))
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return result{status: survived}, nil
	case ctx.Err() != nil:
		return result{timedOut, names[0]}, nil
	case cmd.ProcessState == nil:
		return result{}, err
	}
	by := failing(string(out), names)
	r.mu.Lock()
	r.killed[m.file+m.function] = by
	r.mu.Unlock()
	return result{killed, by}, nil
}

// failing is the first test that says it failed, or was running in a crash.
func failing(out string, names []string) string {
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) > 2 && f[0] == "---" && f[1] == "FAIL:" && slices.Contains(names, f[2]) {
			return f[2]
		}
	}
	return names[0]
}
