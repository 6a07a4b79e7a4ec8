package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// rewriter puts the mutants of one file into its text. Nothing is printed anew:
// text is inserted around what is there, so lines keep their numbers.
type rewriter struct {
	*program
	fset *token.FileSet
	info *types.Info
	pkg  *types.Package
	file *ast.File
	text []byte
	path string // below the root

	stack    []ast.Node
	skip     map[ast.Node]bool
	around   map[ast.Node]wrap // what a parent wants around it
	function string
	edits    []edit
	imports  map[string]string // path -> name that only mutants use
}

// edit replaces length bytes at an offset. Of those at one offset the ends of
// what is wrapped come first, then the beginnings, each in order of making.
type edit struct {
	offset, length int
	begins         bool
	text           string
}

// wrap is what is put around one node.
type wrap struct{ before, after string }

func (w *rewriter) rewrite() []byte {
	w.skip, w.around, w.imports = map[ast.Node]bool{}, map[ast.Node]wrap{}, map[string]string{}
	for _, d := range w.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if w.function = d.Name.Name; d.Recv != nil {
				w.function = receiver(d.Recv.List[0].Type) + "." + w.function
			}
			if d.Body != nil {
				w.stack = append(w.stack[:0], d)
				w.walk(d.Body)
			}
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				for _, s := range d.Specs {
					v := s.(*ast.ValueSpec)
					w.function, w.stack = "var "+v.Names[0].Name, append(w.stack[:0], d, s)
					for _, e := range v.Values {
						w.walk(e)
					}
				}
			}
		}
	}
	return w.apply()
}

func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return "?"
}

// walk mutates a node and what is in it, outermost first.
func (w *rewriter) walk(n ast.Node) {
	if n == nil || w.skip[n] {
		return
	}
	wraps, deeper := w.mutate(n)
	if x, ok := w.around[n]; ok {
		wraps = append([]wrap{x}, wraps...)
	}
	for _, x := range wraps {
		w.edits = append(w.edits, edit{offset: w.offset(n.Pos()), begins: true, text: x.before})
	}
	if deeper {
		w.stack = append(w.stack, n)
		ast.Inspect(n, func(child ast.Node) bool {
			if child == nil || child == n {
				return child != nil
			}
			w.walk(child)
			return false
		})
		w.stack = w.stack[:len(w.stack)-1]
	}
	slices.Reverse(wraps)
	for _, x := range wraps {
		w.edits = append(w.edits, edit{offset: w.offset(n.End()), text: x.after})
	}
}

func (w *rewriter) offset(p token.Pos) int { return w.fset.Position(p).Offset }

// apply returns the text with all edits in it.
func (w *rewriter) apply() []byte {
	head := w.offset(w.file.Name.End())
	for from, name := range w.imports {
		w.edits = append(w.edits, edit{offset: head, text: fmt.Sprintf("; import %s %q", name, from)})
	}
	slices.SortStableFunc(w.edits, func(a, b edit) int {
		if a.offset != b.offset {
			return a.offset - b.offset
		}
		return order(a) - order(b)
	})
	var out []byte
	at := 0
	for _, e := range w.edits {
		out = append(append(out, w.text[at:e.offset]...), e.text...)
		at = e.offset + e.length
	}
	return append(out, w.text[at:]...)
}

func order(e edit) int {
	if e.begins {
		return 1
	}
	return 0
}

// made enters changes at a place and returns the number of the first.
func (w *rewriter) made(at token.Pos, changes ...string) int {
	first := len(w.mutants) + 1
	pos := w.fset.Position(at)
	for i, c := range changes {
		w.mutants = append(w.mutants, mutant{id: first + i, file: w.path, line: pos.Line, function: w.function,
			text: w.lineText(pos), change: c})
	}
	return first
}

func (w *rewriter) lineText(pos token.Position) string {
	start := pos.Offset - pos.Column + 1
	line, _, _ := strings.Cut(string(w.text[start:]), "\n")
	return strings.Join(strings.Fields(line), " ")
}

// source is the text of a node, on one line and not too long.
func (w *rewriter) source(n ast.Node) string {
	s := strings.Join(strings.Fields(string(w.text[w.offset(n.Pos()):w.offset(n.End())])), " ")
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return s
}

func (w *rewriter) parent() ast.Node { return w.stack[len(w.stack)-1] }

// plainBool reports whether an expression is a bool, and of no type of its own.
func (w *rewriter) plainBool(e ast.Expr) bool {
	t := w.info.Types[e].Type
	b, ok := t.(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

// typeName writes a sayable type so that it means the same anywhere in the file.
func (w *rewriter) typeName(t types.Type) string {
	s := types.TypeString(types.Default(t), func(p *types.Package) string {
		if p == w.pkg {
			return "mutantT"
		}
		if w.imports[p.Path()] == "" {
			w.imports[p.Path()] = fmt.Sprintf("mutantI%d", len(w.imports))
		}
		return w.imports[p.Path()]
	})
	return strings.ReplaceAll(s, "mutantT.", "mutantT_")
}

// sayable reports whether a type can be written down in the file.
func (w *rewriter) sayable(t types.Type) bool {
	switch t := t.(type) {
	case *types.Basic, *types.TypeParam:
		return true
	case *types.Alias:
		return w.sayable(types.Unalias(t))
	case *types.Pointer:
		return w.sayable(t.Elem())
	case *types.Slice:
		return w.sayable(t.Elem())
	case *types.Array:
		return w.sayable(t.Elem())
	case *types.Map:
		return w.sayable(t.Key()) && w.sayable(t.Elem())
	case *types.Interface:
		return t.NumMethods() == 0
	case *types.Signature:
		return w.sayable(t.Params()) && w.sayable(t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if !w.sayable(v.Type()) {
				return false
			}
		}
		return true
	case *types.Named:
		o := t.Obj()
		if o.Pkg() == nil { // error
			return true
		}
		for a := range t.TypeArgs().Types() {
			if !w.sayable(a) {
				return false
			}
		}
		own := o.Pkg() == w.pkg && o.Parent() == w.pkg.Scope() && t.TypeArgs().Len() == 0
		return own || o.Pkg() != w.pkg && o.Exported()
	}
	return false
}

// constantOf returns the kind of a constant that may be changed.
func (w *rewriter) constantOf(e ast.Expr) constant.Kind {
	tv, ok := w.info.Types[e]
	if !ok || tv.Value == nil {
		return constant.Unknown
	}
	b, ok := tv.Type.Underlying().(*types.Basic)
	switch {
	case !ok:
	case b.Info()&types.IsInteger != 0:
		return constant.Int
	case b.Info()&types.IsString != 0:
		return constant.String
	case b.Info()&types.IsBoolean != 0:
		return constant.Bool
	}
	return constant.Unknown
}
