package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is one change of the program.
type mutant struct {
	id         int    // in the binary of its package
	file       string // below the root
	line       int
	function   string
	text       string // of the line, as it is
	change     string // what of it is changed, and to what
	nth        int    // of those with the same function, text and change
	equivalent string // why nobody can notice
}

// key names a mutant without a line number, so that it stays while other lines
// move.
func (m mutant) key() string {
	k := m.file + " " + m.function + " | " + m.text + " | " + m.change
	if m.nth > 1 {
		k += fmt.Sprintf(" #%d", m.nth)
	}
	return k
}

// program is a package with all its mutants in it.
type program struct {
	target
	name    string // of the package
	dir     string // absolute
	files   map[string][]byte
	sources []byte // what the results depend on, beside the tests
	mutants []mutant
}

// load reads, type-checks and mutates a package. The working folder is the root.
func load(t target) (*program, error) {
	exports, own, err := list("./" + t.pkg)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var files []*ast.File
	texts := map[*ast.File][]byte{}
	p := &program{target: t, dir: own.Dir, name: own.Name, files: map[string][]byte{}}
	for _, f := range own.GoFiles {
		text, err := os.ReadFile(filepath.Join(own.Dir, f))
		if err != nil {
			return nil, err
		}
		parsed, err := parser.ParseFile(fset, filepath.Join(own.Dir, f), text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files, texts[parsed] = append(files, parsed), text
		p.sources = append(p.sources, text...)
	}
	open := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", open)}
	pkg, err := conf.Check(own.ImportPath, fset, files, info)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		name := filepath.Base(fset.File(f.Package).Name())
		if ast.IsGenerated(f) || len(t.files) > 0 && !slices.Contains(t.files, name) {
			continue
		}
		w := &rewriter{program: p, fset: fset, info: info, pkg: pkg, file: f, text: texts[f], path: t.pkg + "/" + name}
		p.files[name] = w.rewrite()
	}
	for _, name := range t.files {
		if p.files[name] == nil {
			return nil, fmt.Errorf("%s has no file %s", t.pkg, name)
		}
	}
	seen := map[string]int{}
	for i := range p.mutants {
		k := p.mutants[i].key()
		seen[k]++
		p.mutants[i].nth = seen[k]
	}
	p.files["mutants_schema.go"] = schema(p.name, pkg, len(p.mutants))
	return p, nil
}

type listed struct {
	ImportPath, Name, Dir, Export string
	GoFiles                       []string
	DepOnly                       bool
}

// list returns a package and where the compiled form of all it imports is.
func list(pkg string) (exports map[string]string, own listed, err error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Name,Dir,Export,GoFiles,DepOnly", pkg)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, own, fmt.Errorf("go list %s: %w: %s", pkg, err, strings.TrimSpace(stderr.String()))
	}
	exports = map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return exports, own, nil
		} else if err != nil {
			return nil, own, err
		}
		if exports[l.ImportPath] = l.Export; !l.DepOnly {
			own = l
		}
	}
}
