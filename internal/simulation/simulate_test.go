package simulation

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// few is a dose that the race detector can take.
var few = Options{Seeds: 6, From: 1, Ops: 250, Faults: 30, Workers: 2}

func TestSeedsHoldAndRepeat(t *testing.T) {
	t.Parallel()
	var first, second bytes.Buffer
	if _, err := Run(t.Context(), few, &first); err != nil {
		t.Fatalf("%v\n%s", err, first.String())
	}
	if _, err := Run(t.Context(), few, &second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Errorf("the same seeds gave\n%s\nand\n%s", first.String(), second.String())
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
	defer s.remove()
	for i := range s.file.Projects {
		s.file.Projects[i].WebhookSecret = "whsec_YW5vdGhlciBrZXk="
	}
	var out bytes.Buffer
	_, err = s.report(t.Context(), few, &out)
	if !errors.Is(err, ErrViolation) || !strings.Contains(err.Error(), "I18") {
		t.Errorf("the run ends with %v", err)
	}
	for _, want := range []string{"VIOLATION", "\nviolation: I18", "repeat with: skinrail simulate --from ", "merchant creates a deposit"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in what was printed", want)
		}
	}
}
