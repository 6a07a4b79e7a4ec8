package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	guarantee = regexp.MustCompile(`(?m)^\| (\w+) \| .* \| ([^|]*(?:\\\|[^|]*)*) \|$`)
	quoted    = regexp.MustCompile("`([^`]+)`")
	goTest    = regexp.MustCompile(`^go test ((?:\./\S+ ?)+)(?:-run '?([^']+?)'?)?$`)
	soakPart  = regexp.MustCompile(`^make soak PART="?([a-z ]+)"?$`)
	partName  = regexp.MustCompile(`(?m)^part (\w+) `)
	tested    = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// What docs/guarantees.md names as the proof of a promise is there: each name of
// a test matches one in its package, each part is one of the soak, each command
// one of the program.
func TestEachGuaranteeNamesACommandThatExists(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	soak, err := os.ReadFile("../../scripts/soak.sh")
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]bool{}
	for _, m := range partName.FindAllStringSubmatch(string(soak), -1) {
		parts[m[1]] = true
	}
	rows := guarantee.FindAllStringSubmatch(string(page), -1)
	if lines := strings.Count(string(page), "\n| ") - 1; len(rows) != lines || lines < 25 { // less the heading
		t.Fatalf("%d of %d guarantees were read", len(rows), lines)
	}
	tests := map[string][]string{}
	for _, row := range rows {
		commands := quoted.FindAllStringSubmatch(row[2], -1)
		if len(commands) == 0 {
			t.Errorf("%s: nothing shows it", row[1])
		}
		for _, c := range commands {
			command := strings.ReplaceAll(c[1], `\|`, "|")
			switch {
			case goTest.MatchString(command):
				m := goTest.FindStringSubmatch(command)
				hasTests(t, row[1], strings.Fields(m[1]), m[2], tests)
			case soakPart.MatchString(command):
				for _, p := range strings.Fields(soakPart.FindStringSubmatch(command)[1]) {
					if !parts[p] {
						t.Errorf("%s: no part %s in scripts/soak.sh", row[1], p)
					}
				}
			case strings.HasPrefix(command, "skinrail "):
				if out, _, code := commandOf(t, command); code != 0 {
					t.Errorf("%s: %s: exit %d %s", row[1], command, code, out)
				}
			default:
				t.Errorf("%s: %q is no command that this test knows", row[1], command)
			}
		}
	}
}

// commandOf asks for the help of a command with its flags.
func commandOf(t *testing.T, text string) (out, errors string, code int) {
	return command(t, "", append(strings.Fields(text)[1:], "--help")...)
}

// hasTests wants each alternative of a pattern to name a test of the packages.
func hasTests(t *testing.T, row string, packages []string, pattern string, known map[string][]string) {
	t.Helper()
	var names []string
	for _, p := range packages {
		if known[p] == nil {
			known[p] = testsIn(t, p)
		}
		names = append(names, known[p]...)
	}
	for _, word := range strings.Split(pattern, "|") {
		matches, err := regexp.Compile(word)
		if err != nil || !matches.MatchString(strings.Join(names, "\n")) {
			t.Errorf("%s: no test of %v is called %s (%v)", row, packages, word, err)
		}
	}
}

func testsIn(t *testing.T, pkg string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", pkg, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Errorf("no tests in %s: %v", pkg, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range tested.FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[1])
		}
	}
	return names
}
