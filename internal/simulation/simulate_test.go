package simulation

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// few is a dose that the race detector can take.
var few = Options{Seeds: 6, From: 1, Ops: 250, Faults: 30, Workers: 2}

// TestSeedsHold plays a few seeds, or SKINRAIL_SIMULATION_SEEDS, or as many as
// there is time for.
func TestSeedsHold(t *testing.T) {
	t.Parallel()
	o := few
	if text := os.Getenv("SKINRAIL_SIMULATION_SEEDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Seeds, o.Ops, o.Faults = n, 400, 40
	}
	ctx := t.Context()
	if end, bounded := t.Deadline(); bounded {
		var stop context.CancelFunc
		ctx, stop = context.WithDeadline(ctx, end.Add(-20*time.Second))
		defer stop()
	}
	var out bytes.Buffer
	sum, err := Run(ctx, o, &out)
	if errors.Is(err, ErrViolation) {
		t.Fatal(err)
	}
	if err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	t.Logf("%d seeds", len(sum.Results))
}

func TestEqualSeedsHaveEqualTraces(t *testing.T) {
	t.Parallel()
	s, err := newStage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := newPlace()
	defer at.leave()
	play := func() Result { return s.play(t.Context(), 3, few, at) }
	if a, b := play(), play(); a.Hash != b.Hash || a.Violation != "" {
		t.Errorf("seed 3 is %s and %s %s", a.Hash, b.Hash, a.Violation)
	}
}

// deceived is a stage on which the merchants believe in another key than the
// gateway signs with.
func deceived(ctx context.Context) (*stage, error) {
	s, err := newStage(ctx)
	if err == nil {
		for i := range s.file.Projects {
			s.file.Projects[i].WebhookSecret = "whsec_YW5vdGhlciBrZXk="
		}
	}
	return s, err
}

// TestProductionDriverGivesTheSameTraces holds the driver of the simulation to
// that of production: every answer and every error is in the trace.
func TestProductionDriverGivesTheSameTraces(t *testing.T) {
	t.Parallel()
	s, err := newStage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := newPlace(), newPlace()
	theirs.driver = "sqlite"
	defer ours.leave()
	defer theirs.leave()
	for seed := range uint64(2) {
		o := Options{Ops: 250, Faults: 40}
		if a, b := s.play(t.Context(), 100+seed, o, ours), s.play(t.Context(), 100+seed, o, theirs); a.Hash != b.Hash || a.Violation != b.Violation {
			t.Errorf("seed %d: %s %s, by the production driver %s %s", a.Seed, a.Hash, a.Violation, b.Hash, b.Violation)
		}
	}
}

func TestViolationIsShown(t *testing.T) {
	t.Parallel()
	s, err := deceived(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Seeds: 2, From: 1, Ops: 60, Faults: 8, Workers: 2, Whole: true}
	said := map[string]string{}
	for where, hire := range map[string]hiring{"here": s.hire, "in processes": inProcess(playing("deceived"))} {
		var out bytes.Buffer
		_, err = report(t.Context(), hire, o, &out)
		if !errors.Is(err, ErrViolation) || !strings.Contains(err.Error(), "I18") {
			t.Errorf("%s the run ends with %v", where, err)
		}
		for _, want := range []string{"VIOLATION", "\nviolation: I18", "\nrepeat with: skinrail simulate --from 1 --seeds 1 --ops 60 --faults 8\n", "--only 0\n", "merchant creates a deposit"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s %q is not in what was printed", where, want)
			}
		}
		said[where] = out.String()
	}
	if said["here"] != said["in processes"] {
		t.Errorf("here:\n%s\nin processes:\n%s", said["here"], said["in processes"])
	}
}
