package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// covered reports whether a test has all it needs beside Go. What is missing is
// an error in CI, and is said elsewhere.
func covered(t testing.TB, what, missing string) bool {
	t.Helper()
	switch {
	case missing == "":
		return true
	case os.Getenv("CI") == "true":
		t.Fatalf("%s, and CI must cover %s", missing, what)
	}
	t.Logf("%s: this does not cover %s", missing, what)
	return false
}

// withoutNode says what is missing to run the scripts of a folder of test/, which
// need a package.
func withoutNode(folder, name string) string {
	if _, err := exec.LookPath("node"); err != nil {
		return "node is not installed"
	}
	if _, err := os.Stat(filepath.Join("../../test", folder, "node_modules", name)); err != nil {
		return "npm ci was not run in test/" + folder
	}
	return ""
}
