package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// previous is the program of the version before: a file that SKINRAIL_PREVIOUS
// names, else the newest release that can serve, else the state before the
// newest change of the schema. A copy without history has none of them: then it
// is this program, and false.
func previous(t *testing.T) (program string, older bool) {
	t.Helper()
	if p := os.Getenv("SKINRAIL_PREVIOUS"); p != "" {
		return p, true
	}
	commit := previousCommit()
	if commit == "" {
		t.Log("no version before this one is in the history: it is its own predecessor")
		return binary, false
	}
	dir := t.TempDir()
	tree := exec.Command("sh", "-c", "git archive "+commit+" | tar x -C "+dir)
	tree.Dir = git("rev-parse", "--show-toplevel")
	if out, err := tree.CombinedOutput(); err != nil {
		t.Fatalf("git archive %s: %v\n%s", commit, err, out)
	}
	program = filepath.Join(dir, "skinrail-previous")
	build := exec.Command("go", "build", "-o", program, "./cmd/skinrail")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", commit, err, out)
	}
	t.Logf("the version before is %s", git("log", "-1", "--format=%h %s", commit))
	return program, true
}

func previousCommit() string {
	tags := strings.Fields(git("tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname"))
	newest := git("log", "-1", "--diff-filter=A", "--format=%H", "--", ":/internal/db/migrations/postgres")
	for _, commit := range append(tags, newest+"~1") {
		if canServe(commit) && git("rev-parse", commit) != git("rev-parse", "HEAD") {
			return commit
		}
	}
	return ""
}

// canServe reports whether a commit has what several nodes need.
func canServe(commit string) bool {
	return git("ls-tree", "--full-tree", "--name-only", commit, "internal/app/leases.go") != ""
}

// git is what a command of git prints; nothing when it fails.
func git(args ...string) string {
	out, err := exec.Command("git", args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
