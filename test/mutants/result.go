package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// status is what became of a mutant.
type status string

const (
	killed    status = "killed"      // a test failed
	timedOut  status = "timed out"   // killed too: the tests never ended
	survived  status = "survived"    // all tests that reach it passed
	uncovered status = "not covered" // no test reaches it
)

type result struct {
	status status
	by     string // the test that killed it
}

// store keeps results in a file, one line each.
type store struct {
	file    *os.File
	results map[string]result
}

// openStore reads what is known of a package. What was killed stays killed as
// long as the package's sources are the same; what was not is tried again when
// its tests have changed.
func openStore(dir string, p *program, anew bool) (*store, error) {
	tests, err := testSources(p.dir)
	if err != nil {
		return nil, err
	}
	now := digest(p.sources) + " " + digest(tests)
	s := &store{results: map[string]result{}}
	path := filepath.Join(dir, "results")
	if !anew {
		s.read(path, now)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if s.file, err = os.Create(path); err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintln(s.file, now); err != nil {
		return nil, err
	}
	for key, r := range s.results {
		if err := s.write(key, r); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *store) read(path, now string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Scan()
	then := lines.Text()
	if source, _, _ := strings.Cut(then, " "); !strings.HasPrefix(now, source+" ") {
		return
	}
	for lines.Scan() {
		part := strings.Split(lines.Text(), "\t")
		if len(part) != 3 {
			continue
		}
		if r := (result{status(part[0]), part[1]}); then == now || r.status == killed || r.status == timedOut {
			s.results[part[2]] = r
		}
	}
}

func (s *store) put(key string, r result) error {
	s.results[key] = r
	return s.write(key, r)
}

func (s *store) write(key string, r result) error {
	_, err := fmt.Fprintf(s.file, "%s\t%s\t%s\n", r.status, r.by, key)
	return err
}

func (s *store) close() { _ = s.file.Close() }

func testSources(dir string) (all []byte, err error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		all = append(all, text...)
	}
	return all, nil
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

// report is what is printed at the end.
type report struct {
	rows []row
	left []string // what nobody noticed
}

type row struct {
	group, pkg string
	count      map[status]int
	equivalent int
}

func (r *report) add(t target, mutants []mutant, results map[string]result) {
	line := row{group: t.group, pkg: t.pkg, count: map[status]int{}}
	for _, m := range mutants {
		if m.equivalent != "" {
			line.equivalent++
			continue
		}
		res := results[m.key()]
		line.count[res.status]++
		if res.status == survived || res.status == uncovered {
			r.left = append(r.left, fmt.Sprintf("%s:%d: %s: %s: %s\n    %s", m.file, m.line, res.status, m.function, m.change, m.key()))
		}
	}
	r.rows = append(r.rows, line)
}

// share is how many of a hundred were killed of those that can be.
func (r row) share() float64 {
	dead, all := r.count[killed]+r.count[timedOut], 0
	for _, n := range r.count {
		all += n
	}
	if all == 0 {
		return 100
	}
	return 100 * float64(dead) / float64(all)
}

// print writes the survivors and the figures; an error when a group is below
// the goal.
func (r *report) print(out io.Writer) error {
	for _, l := range r.left {
		fmt.Fprintln(out, l)
	}
	var groups []row
	for _, line := range r.rows {
		fmt.Fprintln(out, line)
		if n := len(groups); n == 0 || groups[n-1].group != line.group {
			groups = append(groups, row{group: line.group, pkg: "all of " + line.group, count: map[status]int{}})
		}
		g := &groups[len(groups)-1]
		g.equivalent += line.equivalent
		for s, n := range line.count {
			g.count[s] += n
		}
	}
	var low []string
	for _, g := range groups {
		fmt.Fprintln(out, g)
		if g.share() < goal {
			low = append(low, g.group)
		}
	}
	if low != nil {
		return fmt.Errorf("below %d %%: %s", goal, strings.Join(low, ", "))
	}
	return nil
}

func (r row) String() string {
	return fmt.Sprintf("figure: %-20s %5.1f %%  %4d killed %3d timed out %3d survived %3d not covered %3d equivalent",
		r.pkg, r.share(), r.count[killed], r.count[timedOut], r.count[survived], r.count[uncovered], r.equivalent)
}
