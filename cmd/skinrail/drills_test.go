package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Each drill of docs/operations.md is exercised by its script on the real
// program.
func TestDrillsGoAsOperatorsAreTold(t *testing.T) {
	t.Parallel()
	book, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("../../scripts/drills/*.sh")
	if err != nil || len(scripts) < 9 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, script := range scripts {
		name := filepath.Base(script)
		if name == "lib.sh" {
			continue
		}
		t.Run(strings.TrimSuffix(name, ".sh"), func(t *testing.T) {
			if !strings.Contains(string(book), "scripts/drills/"+name) {
				t.Errorf("docs/operations.md does not name %s", name)
			}
			cmd := exec.CommandContext(t.Context(), script)
			cmd.Env = append(os.Environ(), "SKINRAIL="+binary)
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
