package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// simulated runs the simulation in the program itself: the race detector would
// slow it down.
func simulated(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, append([]string{"simulate"}, args...)...)
	var out, rate bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &rate
	if err := cmd.Run(); err != nil {
		b := out.Bytes()
		t.Fatalf("simulate %v: %v\n%s", args, err, b[max(0, len(b)-20_000):])
	}
	t.Logf("simulate %s: %s%s", strings.Join(args, " "), rate.String(), bytes.TrimSpace(played.Find(out.Bytes())))
	return out.String()
}

// simulationSeeds is how many seeds a run of the tests plays; a soak plays more.
func simulationSeeds(t *testing.T) int {
	text := os.Getenv("SKINRAIL_SIMULATION_SEEDS")
	if text == "" {
		return 60
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// played is the line that sums a run up.
var played = regexp.MustCompile(`(?m)^\d+ seeds, .*$`)

var never = regexp.MustCompile(`(?m)^ +never  (.+)$`)

// TestSimulationHoldsAndReachesEverything plays seeds until every declared state
// change, operation and fault was there: what a dose has not reached is left to
// further doses, as often as it may take.
func TestSimulationHoldsAndReachesEverything(t *testing.T) {
	t.Parallel()
	seeds := simulationSeeds(t)
	var left map[string]bool
	for from := 1; from <= 4*seeds+1; from += seeds {
		missing := map[string]bool{}
		for _, m := range never.FindAllStringSubmatch(simulated(t, "--seeds", strconv.Itoa(seeds), "--from", strconv.Itoa(from)), -1) {
			if left == nil || left[m[1]] {
				missing[m[1]] = true
			}
		}
		if left = missing; len(left) == 0 {
			t.Logf("every state change, operation and fault was reached")
			return
		}
	}
	for name := range left {
		t.Errorf("never reached: %s", name)
	}
}

func TestSameSeedsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	seeds := max(12, simulationSeeds(t)/10)
	dose := []string{"--seeds", strconv.Itoa(seeds), "--from", "1"}
	if a, b := simulated(t, dose...), simulated(t, dose...); a != b {
		t.Errorf("the same seeds gave\n%s\nand\n%s", a, b)
	}
	t.Logf("%d seeds played twice have equal hashes", seeds)
}

func TestEachCallOfAStoryMayFail(t *testing.T) {
	t.Parallel()
	t.Logf("%s", simulated(t, "--walk"))
}
