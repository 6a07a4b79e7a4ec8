package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const top = "../.."

// document is one Markdown file, and what in it is code.
type document struct {
	name, text string
	code       []string // spans, and lines of blocks
}

var (
	block = regexp.MustCompile("(?s)```[a-z]*\n(.*?)```")
	lined = regexp.MustCompile(`(?m)^    (.*)$`)
	span  = regexp.MustCompile("`([^`\n]+)`")
)

func newDocument(name, text string) document {
	d := document{name: name, text: text}
	for _, m := range block.FindAllStringSubmatch(text, -1) {
		d.code = append(d.code, strings.Split(m[1], "\n")...)
	}
	prose := block.ReplaceAllString(text, "")
	for _, m := range slices.Concat(lined.FindAllStringSubmatch(prose, -1), span.FindAllStringSubmatch(prose, -1)) {
		d.code = append(d.code, strings.ReplaceAll(m[1], `\|`, "|")) // as it is written in tables
	}
	return d
}

// files calls f with every file of the tree whose name matches.
func files(t *testing.T, match string, f func(name, text string)) {
	t.Helper()
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); name == "node_modules" || path != top && strings.HasPrefix(name, ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if fits, err := filepath.Match(match, entry.Name()); err != nil || !fits {
			return err
		}
		text, err := os.ReadFile(path)
		f(strings.TrimPrefix(path, top+"/"), string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func documents(t *testing.T) (all []document) {
	t.Helper()
	files(t, "*.md", func(name, text string) { all = append(all, newDocument(name, text)) })
	if len(all) < 30 {
		t.Fatalf("only %d documents were read", len(all))
	}
	return all
}

func exists(path string) bool {
	_, err := os.Stat(filepath.Join(top, path))
	return err == nil
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// anchors are the names that a page's headings get.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(block.ReplaceAllString(text, ""), -1) {
		names[strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return names
}

func TestLinksOfDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	headings := map[string]map[string]bool{}
	all := documents(t)
	for _, d := range all {
		headings[d.name] = anchors(d.text)
	}
	for _, d := range all {
		for _, m := range link.FindAllStringSubmatch(d.text, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") {
				continue // elsewhere
			}
			page := d.name
			if target != "" {
				page = filepath.Join(filepath.Dir(d.name), target)
			}
			if !exists(page) || anchor != "" && !headings[page][anchor] {
				t.Errorf("%s: nothing is at %s", d.name, m[1])
			}
		}
	}
}

var path = regexp.MustCompile(`(?:^|[\s(])(?:\./)?((?:client|cmd|docs|internal|scripts|test|tools)/[\w./*-]*[\w*])`)

func TestPathsInDocumentsExist(t *testing.T) {
	t.Parallel()
	for _, d := range documents(t) {
		for _, code := range d.code {
			for _, m := range path.FindAllStringSubmatch(code, -1) {
				name := strings.TrimSuffix(m[1], "/...")
				if found, err := filepath.Glob(filepath.Join(top, name)); (err != nil || len(found) == 0) && !strings.Contains(name, "NAME") {
					t.Errorf("%s: there is no %s", d.name, m[1])
				}
			}
		}
	}
}

var (
	declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	named    = regexp.MustCompile(`^Test[A-Z]\w+$`)
	goTest   = regexp.MustCompile(`go test (?:-\w+ )*((?:\./\S+ ?)+)(.*)`)
	chosen   = regexp.MustCompile(`-(?:run|bench) '?([^'\s]+)'?`)
)

func TestTestsInDocumentsExist(t *testing.T) {
	t.Parallel()
	everywhere, in := map[string]bool{}, map[string][]string{}
	files(t, "*_test.go", func(name, text string) {
		for _, m := range declared.FindAllStringSubmatch(text, -1) {
			everywhere[m[1]] = true
			in[filepath.Dir(name)] = append(in[filepath.Dir(name)], m[1])
		}
	})
	for _, d := range documents(t) {
		for _, code := range d.code {
			if named.MatchString(code) && !everywhere[code] {
				t.Errorf("%s: no test is called %s", d.name, code)
			}
			for _, m := range goTest.FindAllStringSubmatch(code, -1) {
				var names []string
				for _, pkg := range strings.Fields(m[1]) {
					names = append(names, in[filepath.Clean(pkg)]...)
				}
				if missing := unmatched(m[2], names); len(names) == 0 || len(missing) > 0 {
					t.Errorf("%s: %s: of %d tests none is called %q", d.name, code, len(names), missing)
				}
			}
		}
	}
}

// unmatched are the words of -run and -bench that are in no name; ^$ chooses none.
func unmatched(flags string, names []string) (missing []string) {
	for _, m := range chosen.FindAllStringSubmatch(flags, -1) {
		for _, word := range strings.Split(strings.TrimSuffix(m[1], "^$"), "|") {
			name, _, _ := strings.Cut(word, "/")
			if !strings.Contains(strings.Join(names, " "), name) {
				missing = append(missing, name)
			}
		}
	}
	return missing
}

var (
	makes    = regexp.MustCompile(`(?:^|\s)make ([a-z-]+)`)
	variable = regexp.MustCompile(`SKINRAIL_[A-Z_]+`)
	soaks    = regexp.MustCompile(`make soak .*PART=(?:"([^"]+)"|(\w+))`)
)

func TestTargetsAndVariablesInDocumentsExist(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(top, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	makefile, soak := read("Makefile"), read("scripts/soak.sh")
	var sources bytes.Buffer
	for _, kind := range []string{"*.go", "*.sh", "*.ts", "*.mjs"} {
		files(t, kind, func(_, text string) { sources.WriteString(text) })
	}
	flags := variablesOf(command())
	for _, d := range documents(t) {
		for _, code := range d.code {
			for _, m := range makes.FindAllStringSubmatch(code, -1) {
				if !strings.Contains(makefile, "\n"+m[1]+":") {
					t.Errorf("%s: there is no target %s", d.name, m[1])
				}
			}
			for _, m := range soaks.FindAllStringSubmatch(code, -1) {
				for _, part := range strings.Fields(m[1] + m[2]) {
					if !strings.Contains(soak, "\npart "+part+" ") && !strings.Contains(soak, " || part "+part+" ") {
						t.Errorf("%s: the soak has no part %s", d.name, part)
					}
				}
			}
		}
		for _, name := range variable.FindAllString(d.text, -1) {
			if !flags[name] && !bytes.Contains(sources.Bytes(), []byte(name)) {
				t.Errorf("%s: nothing reads %s", d.name, name)
			}
		}
	}
}

// variablesOf are the names by which flags are set in the environment.
func variablesOf(c *cobra.Command) map[string]bool {
	names := map[string]bool{}
	each(c, func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			names["SKINRAIL_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))] = true
		})
	})
	return names
}

func each(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		each(sub, f)
	}
}

var called = regexp.MustCompile(`(?:^|go run \./cmd/|[\s(])skinrail ([^#;&|]+)`)

func TestCommandsInDocumentsExist(t *testing.T) {
	t.Parallel()
	root, count := command(), 0
	for _, d := range documents(t) {
		for _, code := range d.code {
			for _, m := range called.FindAllStringSubmatch(code, -1) {
				if count++; !known(root, strings.Fields(m[1])) {
					t.Errorf("%s: the program does not know: skinrail %s", d.name, m[1])
				}
			}
		}
	}
	if count < 40 {
		t.Errorf("only %d commands were read", count)
	}
}

var (
	lower   = regexp.MustCompile(`^[a-z]`)
	flagged = regexp.MustCompile(`^\[?--([a-z-]+)`)
)

// known reports whether there is such a command with such flags.
func known(root *cobra.Command, words []string) bool {
	c, rest, err := root.Find(words)
	if err != nil || c.HasSubCommands() && len(rest) > 0 && lower.MatchString(rest[0]) {
		return false
	}
	c.InitDefaultHelpFlag()
	for _, word := range words {
		if m := flagged.FindStringSubmatch(word); m != nil && c.Flag(m[1]) == nil {
			return false
		}
	}
	return true
}
