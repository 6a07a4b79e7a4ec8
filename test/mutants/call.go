package main

import (
	"go/ast"
	"strings"
)

// arguments skips those that nobody decides by: the words of errors and logs,
// the sizes of what is made.
func (w *rewriter) arguments(n *ast.CallExpr) {
	from := len(n.Args)
	switch pkg, name := w.callee(n); {
	case w.worthless(n):
		from = 0
	case pkg == "fmt" && name == "Errorf", pkg == "errors" && name == "New":
		from = 0
	case strings.HasSuffix(pkg, "internal/fault") && name == "New":
		from = 1
	}
	for _, a := range n.Args[from:] {
		w.skip[a] = true
	}
}

// worthless reports whether a call changes nothing that a caller can see.
func (w *rewriter) worthless(n *ast.CallExpr) bool {
	pkg, name := w.callee(n)
	return pkg == "log/slog" || pkg == "log" || pkg == "" && (name == "panic" || name == "make") || name == "Grow" && pkg != w.pkg.Path()
}

// callee returns the package and the name of what is called.
func (w *rewriter) callee(n *ast.CallExpr) (pkg, name string) {
	var id *ast.Ident
	switch f := ast.Unparen(n.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	default:
		return "?", ""
	}
	o := w.info.Uses[id]
	if o == nil {
		return "?", id.Name
	}
	if o.Pkg() != nil {
		pkg = o.Pkg().Path()
	}
	return pkg, id.Name
}

// closes reports whether a call is of a function that only does one thing and
// drops its error, which is closing or removing.
func closes(n *ast.CallExpr) bool {
	f, ok := n.Fun.(*ast.FuncLit)
	if !ok || len(f.Body.List) != 1 {
		return false
	}
	a, ok := f.Body.List[0].(*ast.AssignStmt)
	return ok && isBlank(a.Lhs[0])
}

func calleeName(n *ast.CallExpr) string {
	switch f := ast.Unparen(n.Fun).(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}
