package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	guarantee = regexp.MustCompile(`(?m)^\| (\w+) \| .* \| ([^|]*(?:\\\|[^|]*)*) \|$`)
	proof     = regexp.MustCompile(`^(go test|make soak|skinrail) `)
)

// Each promise of docs/guarantees.md names the commands that show it. That they
// exist is checked with those of all documents.
func TestEachGuaranteeNamesItsProof(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(top, "docs/guarantees.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := guarantee.FindAllStringSubmatch(string(page), -1)
	if lines := strings.Count(string(page), "\n| ") - 1; len(rows) != lines || lines < 25 { // less the heading
		t.Fatalf("%d of %d guarantees were read", len(rows), lines)
	}
	for _, row := range rows {
		commands := span.FindAllStringSubmatch(row[2], -1)
		if len(commands) == 0 {
			t.Errorf("%s: nothing shows it", row[1])
		}
		for _, c := range commands {
			if !proof.MatchString(c[1]) {
				t.Errorf("%s: %q is no command that shows anything", row[1], c[1])
			}
		}
	}
}
