package fault_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/skinrail/skinrail/internal/fault"
	"github.com/skinrail/skinrail/internal/goldentest"
)

const document = "../../docs/errors.md"

// declared reads the constants of type Code from the source.
func declared(t *testing.T) []fault.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "fault.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []fault.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); ok && id.Name == "Code" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, fault.Code(text))
		}
		return true
	})
	return codes
}

func TestEveryCodeHasOneCompleteRow(t *testing.T) {
	t.Parallel()
	codes := declared(t)
	if len(codes) < 10 || len(codes) != len(fault.Table) {
		t.Errorf("%d codes, %d rows", len(codes), len(fault.Table))
	}
	for i, c := range codes {
		r := fault.Status(c)
		if r.Code != c {
			t.Errorf("%s has no row", c)
			continue
		}
		if fault.Table[i].Code != c {
			t.Errorf("%s stands in another order in the table", c)
		}
		if http.StatusText(r.HTTP) == "" || r.HTTP < 400 || r.Meaning == "" {
			t.Errorf("%s: the row is not complete: %+v", c, r)
		}
		if r.Retry != "no" && r.Retry != "after" && r.Retry != "same key" {
			t.Errorf("%s: retry %q", c, r.Retry)
		}
		if !regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`).MatchString(string(c)) {
			t.Errorf("%q is no code", c)
		}
	}
}

func TestDocumentEqualsTheTable(t *testing.T) {
	t.Parallel()
	goldentest.File(t, document, markdown())
}

func markdown() string {
	var b strings.Builder
	b.WriteString(`# Errors

Every failure has one of these codes. The classic merchant API answers HTTP 200
with the numbers and names of its own format; everything else answers with the
HTTP status and the code. Codes are never renamed or reused.

Retry: *no*, the same request fails again; *after*, wait as long as
` + "`Retry-After`" + ` says; *same key*, repeat it with the same id, and it takes effect
at most once. In one line: 400 you wrote it wrong, 401 and 403 you may not, 404
not there, 409 not now, 429 slower, 5xx not you.

This file is written from the table in internal/fault by its test.

| Code | HTTP | Retry | Meaning |
|---|---|---|---|
`)
	for _, r := range fault.Table {
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", r.Code, r.HTTP, r.Retry, r.Meaning)
	}
	return b.String()
}

func TestCodeIsFoundThroughWrapping(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("buy: %w", fmt.Errorf("reserve: %w", fault.New(fault.PriceChanged, "now %s", "1.20")))
	if !errors.Is(err, fault.PriceChanged) || errors.Is(err, fault.NotFound) {
		t.Errorf("%v is not what it is", err)
	}
	if code, detail := fault.Of(err); code != fault.PriceChanged || detail != "now 1.20" {
		t.Errorf("%s, %q", code, detail)
	}
	if code, detail := fault.Of(fmt.Errorf("x: %w", fault.NotFound)); code != fault.NotFound || detail != "" {
		t.Errorf("bare code: %s, %q", code, detail)
	}
	if code, detail := fault.Of(errors.Join(errors.New("disk"), fault.New(fault.Duplicate, "d"))); code != fault.Duplicate || detail != "d" {
		t.Errorf("joined: %s, %q", code, detail)
	}
}

func TestWhatHasNoCodeShowsNothing(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errors.New("password=hunter2"), fmt.Errorf("x: %w", os.ErrNotExist)} {
		if code, detail := fault.Of(err); code != fault.Internal || detail != "" {
			t.Errorf("%v: %s, %q", err, code, detail)
		}
	}
	if r := fault.Status("nonsense"); r.Code != fault.Internal || r.HTTP != 500 {
		t.Errorf("an unknown code is %+v", r)
	}
}
