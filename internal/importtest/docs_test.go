package importtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Documents name the test that holds what they say: those tests exist.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	known := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	named := regexp.MustCompile("`(Test[A-Z]\\w+)`")
	each := func(suffix string, f func(name, text string)) {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git") {
				if err == nil {
					err = filepath.SkipDir
				}
				return err
			}
			if entry.IsDir() || !strings.HasSuffix(name, suffix) {
				return nil
			}
			text, err := os.ReadFile(name)
			if err == nil {
				f(name, string(text))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	each("_test.go", func(_, text string) {
		for _, m := range declared.FindAllStringSubmatch(text, -1) {
			known[m[1]] = true
		}
	})
	count := 0
	each(".md", func(name, text string) {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if count++; !known[m[1]] {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
	})
	if count == 0 {
		t.Error("no document names a test")
	}
}
