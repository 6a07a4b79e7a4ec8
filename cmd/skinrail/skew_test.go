package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// skew gives nodes machines whose clocks are wrong (F8), by what SKINRAIL_CLOCKS
// lists, such as 5m,-5m,8784h: this version of the program is built with a
// standard library whose time.Now is off by that. Monotonic time is as it is.
func skew(t *testing.T, all []*sandbox) {
	t.Helper()
	clocks := os.Getenv("SKINRAIL_CLOCKS")
	if clocks == "" {
		return
	}
	for i, c := range strings.Split(clocks, ",") {
		by, err := time.ParseDuration(c)
		if err != nil || i >= len(all) {
			t.Fatalf("SKINRAIL_CLOCKS: %q, %v", clocks, err)
		}
		all[i].env = append(os.Environ(), fmt.Sprintf("SKINRAIL_SKEW=%d", int64(by.Seconds())))
		t.Logf("the clock of node %d is off by %v", i, by)
	}
	dir := t.TempDir()
	real := filepath.Join(runtime.GOROOT(), "src", "time", "time.go")
	source, err := os.ReadFile(real)
	if err != nil {
		t.Fatal(err)
	}
	const begin, clock = "import (\n", "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {"
	text := strings.Replace(string(source), begin, begin+"\t\"syscall\"\n", 1)
	text = strings.Replace(text, clock, strings.Replace(clock, "\n", "\n\tsec += skewed\n", 1), 1) + `
var skewed = func() (by int64) {
	text, _ := syscall.Getenv("SKINRAIL_SKEW")
	sign := int64(1)
	for _, c := range []byte(text) {
		if c == '-' {
			sign = -1
		} else {
			by = by*10 + int64(c-'0')
		}
	}
	return sign * by
}()
`
	if strings.Count(text, "skewed") != 2 {
		t.Fatal("time.Now of this Go is written in another way")
	}
	replaced, overlay := filepath.Join(dir, "time.go"), filepath.Join(dir, "overlay.json")
	lay, err := json.Marshal(map[string]any{"Replace": map[string]string{real: replaced}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{replaced: []byte(text), overlay: lay} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "skinrail-skewed")
	if out, err := exec.Command("go", "build", "-overlay", overlay, "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, s := range all {
		s.by = program
	}
}
