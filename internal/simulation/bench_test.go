package simulation

import (
	"testing"
)

// BenchmarkSeed plays one seed of the usual size.
func BenchmarkSeed(b *testing.B) {
	s, err := newStage(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	at := newPlace()
	defer at.leave()
	seed := uint64(1)
	for b.Loop() {
		if res := s.play(b.Context(), seed, Options{Ops: 400, Faults: 40}, at); res.Violation != "" {
			b.Fatal(res.Violation)
		}
		seed++
	}
}
