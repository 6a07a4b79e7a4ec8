package importtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	floatName = regexp.MustCompile(`^(float(32|64)|complex(64|128)|(Parse|Format|Append)Float|(Set)?Float64|BigFloat)$`)
	// column is a type of SQL that rounds; the schema has bigint.
	column = regexp.MustCompile(`(?i)\b(real|float[0-9]*|double|numeric|decimal|money)\b`)
	remark = regexp.MustCompile(`--.*`)
)

// spelling is no money: how PHP writes the number that a caller has signed.
const spelling = "internal/skinsback/numbertext.go"

// I7: where money is read, counted, kept or shown to merchants and payers, no
// number is a float, in Go or in the schema.
func TestNoFloatIsNearMoney(t *testing.T) {
	t.Parallel()
	files := 0
	for _, place := range slices.Concat(keys(rooms), keys(doors), []string{"money", "seal"}) {
		visit(t, filepath.Join("internal", place), ".go", func(name, text string) {
			if strings.HasSuffix(name, "_test.go") || name == spelling {
				return
			}
			files++
			for _, at := range floats(t, name, text) {
				t.Errorf("%s: a float", at)
			}
		})
	}
	schemas := 0
	visit(t, "internal/db/migrations", ".sql", func(name, text string) {
		schemas++
		if kind := column.FindString(remark.ReplaceAllString(text, "")); kind != "" {
			t.Errorf("%s: a column that is %s", name, kind)
		}
	})
	if files < 100 || schemas < 50 {
		t.Errorf("only %d files and %d migrations were seen", files, schemas)
	}
}

func TestFloatsAreSeen(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"var x float64", "var x = 0.5", "var x = 1e3", "var x, _ = strconv.ParseFloat(s, 64)", "var x = []float32{1}"} {
		if len(floats(t, "x.go", "package x\n"+line)) == 0 {
			t.Errorf("%s: not seen", line)
		}
	}
	if at := floats(t, "x.go", "package x\nvar x = 1 // not float64, nor \"0.5\"\nvar y = \"0.5\""); at != nil {
		t.Errorf("seen in %v", at)
	}
}

// floats returns where a file has one.
func floats(t *testing.T, name, text string) (at []string) {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if floatName.MatchString(n.Name) {
				at = append(at, set.Position(n.Pos()).String())
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT {
				at = append(at, set.Position(n.Pos()).String())
			}
		}
		return true
	})
	return at
}

// visit calls f with the text of each file below a folder; a place without one
// is no error.
func visit(t *testing.T, dir, suffix string, f func(name, text string)) {
	t.Helper()
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(filepath.Join(top, dir), func(name string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, suffix) {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		short, err := filepath.Rel(top, name)
		f(filepath.ToSlash(short), string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
