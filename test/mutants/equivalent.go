package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// equivalents are mutants that nobody can notice, by their keys, with the
// reasons.
type equivalents map[string]string

// readEquivalents reads entries of two lines: the key as a run prints it, and
// the reason, indented. Lines that begin with # say something to the reader.
func readEquivalents(path string) (equivalents, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	all := equivalents{}
	key := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		switch line := lines.Text(); {
		case line == "" || strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, " "):
			if key = line; all[key] != "" {
				return nil, fmt.Errorf("%s: twice: %s", path, key)
			}
			all[key] = "?"
		default:
			all[key] = strings.TrimSpace(line)
		}
	}
	for key, reason := range all {
		if key == "" || reason == "?" {
			return nil, fmt.Errorf("%s: no reason for %s", path, key)
		}
	}
	return all, nil
}

// claim marks the mutants of a package that are equivalent. An entry for a file
// of the package that names no mutant is an error: the line has changed.
func (e equivalents) claim(p *program) error {
	found := map[string]bool{}
	for i := range p.mutants {
		m := &p.mutants[i]
		if m.equivalent = e[m.key()]; m.equivalent != "" {
			found[m.key()] = true
		}
	}
	for key := range e {
		file, _, _ := strings.Cut(key, " ")
		if p.has(file) && !found[key] {
			return fmt.Errorf("equivalent.txt: there is no such mutant any more: %s", key)
		}
	}
	return nil
}

// has reports whether a file, named below the root, is one that is mutated.
func (p *program) has(file string) bool {
	name, ok := strings.CutPrefix(file, p.pkg+"/")
	return ok && p.files[name] != nil
}
