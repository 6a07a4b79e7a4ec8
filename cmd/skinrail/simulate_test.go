package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// simulated runs the simulation in the program itself: the race detector would
// slow it down.
func simulated(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"simulate"}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("simulate %v: %v\n%s", args, err, tail(out.Bytes()))
	}
	return out.String()
}

// tail is the end of a long output.
func tail(b []byte) []byte { return b[max(0, len(b)-20_000):] }

func TestSimulationHoldsAndRepeats(t *testing.T) {
	t.Parallel()
	dose := []string{"--seeds", "30", "--from", "1"}
	if a, b := simulated(t, dose...), simulated(t, dose...); a != b {
		t.Errorf("the same seeds gave\n%s\nand\n%s", a, b)
	}
}

func TestEachCallMayFail(t *testing.T) {
	t.Parallel()
	t.Logf("%s", simulated(t, "--walk"))
}
