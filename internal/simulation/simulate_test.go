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
	play := func() Result { return s.play(t.Context(), 3, few, at, newCover()) }
	if a, b := play(), play(); a.Hash != b.Hash || a.Violation != "" {
		t.Errorf("seed 3 is %s and %s %s", a.Hash, b.Hash, a.Violation)
	}
}

// TestViolationIsShown lets the merchants believe in another key than the
// gateway signs with.
func TestViolationIsShown(t *testing.T) {
	t.Parallel()
	s, err := newStage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.file.Projects {
		s.file.Projects[i].WebhookSecret = "whsec_YW5vdGhlciBrZXk="
	}
	var out bytes.Buffer
	o := few
	o.Whole = true
	_, err = s.report(t.Context(), o, &out)
	if !errors.Is(err, ErrViolation) || !strings.Contains(err.Error(), "I18") {
		t.Errorf("the run ends with %v", err)
	}
	for _, want := range []string{"VIOLATION", "\nviolation: I18", "\nrepeat with: skinrail simulate --from 1 --seeds 1 --ops 250 --faults 30\n", "--only 0\n", "merchant creates a deposit"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in what was printed", want)
		}
	}
}
