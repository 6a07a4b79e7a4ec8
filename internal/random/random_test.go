package random_test

import (
	"bytes"
	"regexp"
	"testing"
	"time"

	"github.com/skinrail/skinrail/internal/random"
)

func TestTextsDifferAndAreWellFormed(t *testing.T) {
	t.Parallel()
	var s random.Source
	seen := map[string]bool{}
	for range 1000 {
		for _, text := range []string{s.Text(), s.Hex(10), s.UUID(time.Now())} {
			if seen[text] {
				t.Fatalf("%s came twice", text)
			}
			seen[text] = true
		}
	}
	if got := s.Text(); !regexp.MustCompile(`^[A-Z2-7]{26}$`).MatchString(got) {
		t.Errorf("text %q", got)
	}
}

func TestUUIDIsVersionSevenOfItsMoment(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(0x017F22E279B0) // the example of RFC 9562
	got := random.From(bytes.NewReader(make([]byte, 10))).UUID(at)
	if want := "017f22e2-79b0-7000-8000-000000000000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var s random.Source
	if a, b := s.UUID(at), s.UUID(at.Add(time.Millisecond)); a >= b {
		t.Errorf("%s does not sort before %s", a, b)
	}
}

func TestGivenSourceDecides(t *testing.T) {
	t.Parallel()
	make := func() string {
		s := random.From(bytes.NewReader([]byte("thirty-six bytes that come from seed")))
		return s.Text() + s.Hex(10)
	}
	if a, b := make(), make(); a != b {
		t.Errorf("%s and %s", a, b)
	}
}
