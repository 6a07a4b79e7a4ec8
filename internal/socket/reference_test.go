package socket_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/skinrail/skinrail/internal/apidoc/apidoctest"
)

func TestFramesAreDocumented(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		frame, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := apidoctest.Component("Frame", frame); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}
