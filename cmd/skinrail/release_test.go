package main_test

import (
	"debug/buildinfo"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// What a release says of its parts is what is in the program, and there are not
// more than thirty that we have chosen ourselves.
func TestReleaseNamesEachOfItsParts(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("../../scripts/release.sh", "--sbom", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Format     string `json:"bomFormat"`
		Components []struct{ Name, Version, Purl string }
	}
	if err := json.Unmarshal(out, &said); err != nil || said.Format != "CycloneDX" {
		t.Fatalf("%q, %v", said.Format, err)
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{"std": info.GoVersion}
	for _, d := range info.Deps {
		parts[d.Path] = d.Version
	}
	if len(said.Components) != len(parts) || len(parts) < 10 {
		t.Errorf("%d parts are named, the program has %d", len(said.Components), len(parts))
	}
	for _, c := range said.Components {
		if parts[c.Name] != c.Version || c.Purl != "pkg:golang/"+c.Name+"@"+strings.TrimPrefix(c.Version, "go") {
			t.Errorf("%s %s (%s): the program has %q", c.Name, c.Version, c.Purl, parts[c.Name])
		}
	}
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	chosen := 0
	for line := range strings.Lines(string(mod)) {
		if f := strings.Fields(line); len(f) == 2 && parts[f[0]] != "" { // no "// indirect"
			chosen++
		}
	}
	t.Logf("%d parts, %d of them chosen", len(parts)-1, chosen)
	if chosen == 0 || chosen > 30 {
		t.Errorf("%d direct dependencies in the program, want at most 30", chosen)
	}
}

// A release of a tree that is not committed could not be made again.
func TestReleaseRefusesWhatNobodyCouldRepeat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range [][]string{{"init", "-q"}, {"add", "-A"}} {
		cmd := exec.Command("git", c...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", c, err, out)
		}
	}
	script, err := os.ReadFile("../../scripts/release.sh")
	if err == nil {
		err = os.Mkdir(dir+"/scripts", 0o700)
	}
	if err == nil {
		err = os.WriteFile(dir+"/scripts/release.sh", script, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		says string
	}{{nil, "usage"}, {[]string{"--sign", "x"}, "usage"}, {[]string{"v1", "--sign"}, "--sign?"}, {[]string{"v1"}, "not committed"}} {
		out, err := exec.Command("bash", append([]string{dir + "/scripts/release.sh"}, c.args...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c.says) {
			t.Errorf("%v: %v, want %q:\n%s", c.args, err, c.says, out)
		}
	}
}
