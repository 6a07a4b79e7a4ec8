// Package planted holds bugs. Each is a small patch whose first line names the
// tests that must find it: a proof that cannot fail is none.
//
//	SKINRAIL_PLANTED=all go test ./test/planted -v     # or a number of them
package planted

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// least is how many bugs there are to be.
const least = 40

const root = "../.."

// bug is one patch. It may touch several files.
type bug struct {
	name       string
	pkg, tests string // what must find it
	patch      []byte
	files      []string // below the root
}

var (
	foundBy = regexp.MustCompile(`(?m)\AFound by: (\./\S+) (\S+)\n`)
	touched = regexp.MustCompile(`(?m)^--- a/(\S+)$`)
)

func bugs(t *testing.T) (all []bug) {
	t.Helper()
	paths, err := filepath.Glob("*.patch")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		patch, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		head := foundBy.FindSubmatch(patch)
		if head == nil {
			t.Fatalf("%s does not begin with  Found by: ./package Test|Test", p)
		}
		b := bug{name: strings.TrimSuffix(p, ".patch"), pkg: string(head[1]), tests: string(head[2]), patch: patch}
		for _, m := range touched.FindAllSubmatch(patch, -1) {
			b.files = append(b.files, string(m[1]))
		}
		all = append(all, b)
	}
	return all
}

// plant applies the patch to copies and returns the flag that makes the
// compiler read those instead.
func (b bug) plant(t *testing.T) (flag string) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for _, f := range b.files {
		source, err := os.ReadFile(filepath.Join(root, f))
		if err != nil {
			t.Fatal(err)
		}
		planted := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(planted), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(planted, source, 0o600); err != nil {
			t.Fatal(err)
		}
		real, err := filepath.Abs(filepath.Join(root, f))
		if err != nil {
			t.Fatal(err)
		}
		replace[real] = planted
	}
	apply := exec.Command("git", "apply", "-")
	apply.Dir, apply.Stdin = dir, bytes.NewReader(b.patch)
	apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+dir, "GIT_DIR="+filepath.Join(dir, "none"))
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("the patch does not apply any more: %s", out)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	return "-overlay=" + path
}

// A patch that no longer fits the code plants nothing.
func TestEachBugFitsTheCode(t *testing.T) {
	t.Parallel()
	all := bugs(t)
	if len(all) < least {
		t.Errorf("%d bugs, want at least %d", len(all), least)
	}
	for _, b := range all {
		t.Run(b.name, func(t *testing.T) { b.plant(t) })
	}
}

// Each bug is built into the tests that must find it, and they must fail. How
// many are planted is said by SKINRAIL_PLANTED; which ones, by the commit.
func TestPlantedBugsAreFound(t *testing.T) {
	t.Parallel()
	all := bugs(t)
	total := len(all)
	if n := os.Getenv("SKINRAIL_PLANTED"); n != "all" {
		all = some(all, number(n))
	}
	found := 0
	for _, b := range all {
		t.Run(b.name, func(t *testing.T) {
			if b.mustBeFound(t); !t.Failed() {
				found++
			}
		})
	}
	t.Logf("%d of %d planted bugs were found; there are %d", found, len(all), total)
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 1
	}
	return n
}

// some is n of the bugs, others at each commit.
func some(all []bug, n int) []bug {
	head, _ := exec.Command("git", "-C", root, "rev-parse", "HEAD").Output() // none: always the same
	h := fnv.New32a()
	_, _ = h.Write(head)
	first := int(h.Sum32()) % len(all)
	if first < 0 {
		first += len(all)
	}
	return slices.Concat(all[first:], all[:first])[:min(n, len(all))]
}

func (b bug) mustBeFound(t *testing.T) {
	t.Helper()
	args := []string{"test", "-count=1", "-vet=off", "-timeout=180s", "-run", "^(" + strings.ReplaceAll(b.tests, "/", ")/(") + ")", b.pkg}
	if b.rapid(t) {
		args = append(args, "-rapid.nofailfile") // what a bug breaks is no counterexample to keep
	}
	run := exec.Command("go", args...)
	run.Dir = root
	run.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOFLAGS=") })
	run.Env = append(run.Env, "GOFLAGS="+b.plant(t), // also for the program that the tests build and run
		"SKINRAIL_SIMULATION_SEEDS=400") // it stops at the first that finds something
	out, err := run.CombinedOutput()
	switch {
	case err == nil:
		t.Errorf("nothing failed:\n%s", out)
	case bytes.Contains(out, []byte("build failed")) || bytes.Contains(out, []byte("setup failed")):
		t.Errorf("the bug does not compile:\n%s", out)
	case !bytes.Contains(out, []byte("--- FAIL: Test")) && !bytes.Contains(out, []byte("panic: ")):
		t.Errorf("it failed, but no test did:\n%s", out)
	}
}

// rapid reports whether the package's tests know rapid's flags.
func (b bug) rapid(t *testing.T) bool {
	t.Helper()
	tests, err := filepath.Glob(filepath.Join(root, b.pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(tests, func(path string) bool {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(text), `"pgregory.net/rapid"`)
	})
}
