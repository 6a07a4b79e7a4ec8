// Package goldentest compares what a test makes with a file that people review.
// With -update the test writes the file instead:
//
//	go test ./internal/deposit -update
package goldentest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the files that tests compare with")

// File fails the test unless the file holds the text. With -update it does
// afterwards.
func File(t testing.TB, file, text string) {
	t.Helper()
	if *update {
		if err := write(file, text); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s is not what the test makes; look at the difference and run it with -update\n got %s\nwant %s", file, text, want)
	}
}

func write(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// Diagram draws a room's table of states in docs/states: of what they are,
// where the table stands, how the first state is reached, and where each step
// leads. A state without steps is an end.
func Diagram[S, By ~string](of, source string, begin []string, states []S, steps []By, next func(S, By) (S, bool)) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# States of %s\n\nGenerated from `%s` by its test; "+
		"who moves next in each state, and what happens if nobody does, stands there.\n\n```mermaid\nstateDiagram-v2\n", of, source)
	for _, arrow := range begin {
		fmt.Fprintf(&b, "  [*] --> %s\n", arrow)
	}
	for _, s := range states {
		ended := true
		for _, by := range steps {
			if to, ok := next(s, by); ok {
				fmt.Fprintf(&b, "  %s --> %s: %s\n", s, to, by)
				ended = false
			}
		}
		if ended {
			fmt.Fprintf(&b, "  %s --> [*]\n", s)
		}
	}
	return b.String() + "```\n"
}
