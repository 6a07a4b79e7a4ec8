package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/goldentest"
)

// root makes the root the working folder, as it is for the program.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// The whole way with a small package: what is made of it, what its tests kill,
// and that what was found out is kept.
func TestEachMutantGetsItsVerdict(t *testing.T) {
	fare := target{group: "test", pkg: "test/mutants/testdata/fare"}
	p, err := load(fare)
	if err != nil {
		t.Fatal(err)
	}
	kept, may := t.TempDir(), limits{workers: 4, slowest: time.Minute, patience: time.Second}
	results, err := execute(p, kept, false, may)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range p.mutants {
		r := results[m.key()]
		fmt.Fprintf(&b, "%-11s %s: %s\n", r.status, m.function, m.change)
	}
	goldentest.File(t, "test/mutants/testdata/fare.txt", b.String())
	var r report
	r.add(fare, p.mutants, results)
	if err := r.print(&b); err == nil || len(r.left) != r.rows[0].count[survived]+r.rows[0].count[uncovered] || len(r.left) == 0 {
		t.Errorf("the report is content: %v, %d left", err, len(r.left))
	}

	p.files = nil // a second run builds nothing
	again, err := execute(p, kept, false, may)
	if err != nil || len(again) != len(results) {
		t.Errorf("kept %d of %d: %v", len(again), len(results), err)
	}
}

// An entry of equivalent.txt whose line is gone excuses nothing.
func TestEquivalentsAreMutantsOfToday(t *testing.T) {
	all, err := readEquivalents("test/mutants/equivalent.txt")
	if err != nil {
		t.Fatal(err)
	}
	claimed := 0
	for _, target := range targets {
		p, err := load(target)
		if err != nil {
			t.Fatal(err)
		}
		if err := all.claim(p); err != nil {
			t.Error(err)
		}
		for _, m := range p.mutants {
			if m.equivalent != "" {
				claimed++
			}
		}
	}
	if claimed != len(all) {
		t.Errorf("%d of %d entries are mutants of a target", claimed, len(all))
	}
	p := &program{target: target{pkg: "a"}, files: map[string][]byte{"b.go": {}}, mutants: []mutant{{file: "a/b.go", function: "f", text: "x", change: "y"}}}
	if err := (equivalents{"a/b.go f | x | y": "why", "c/d.go f | x | y": "elsewhere"}).claim(p); err != nil || p.mutants[0].equivalent != "why" {
		t.Errorf("%v: %+v", err, p.mutants[0])
	}
	if err := (equivalents{"a/b.go f | gone | y": "why"}).claim(p); err == nil {
		t.Error("a line that is gone was claimed")
	}
}

func TestEachStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	err := each(3, slices.Repeat([]int{1}, 1000), func(int) error { return bad })
	if !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
}
