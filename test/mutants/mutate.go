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

// mutate returns what is to be put around a node, and whether there may be more
// inside it.
func (w *rewriter) mutate(n ast.Node) (wraps []wrap, deeper bool) {
	switch n := n.(type) {
	case *ast.GenDecl:
		return nil, n.Tok == token.VAR
	case *ast.FuncType, *ast.FieldList:
		return nil, false
	case *ast.CompositeLit:
		w.fields(n)
		return nil, true
	case ast.Stmt:
		return w.statement(n)
	case ast.Expr:
		return w.expression(n)
	}
	return nil, true
}

// fields keeps names of fields and numbers of elements as they are.
func (w *rewriter) fields(n *ast.CompositeLit) {
	if n.Type != nil {
		w.skip[n.Type] = true
	}
	_, isMap := w.info.Types[n].Type.Underlying().(*types.Map)
	for _, e := range n.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && !isMap {
			w.skip[kv.Key] = true
		}
	}
}

// removed makes a mutant without the statement.
func (w *rewriter) removed(n ast.Stmt) []wrap {
	switch p := w.parent().(type) {
	case *ast.BlockStmt:
	case *ast.CaseClause:
	case *ast.CommClause:
		if p.Comm == n {
			return nil
		}
	default:
		return nil
	}
	id := w.made(n.Pos(), "without `"+w.source(n)+"`")
	return []wrap{{fmt.Sprintf("if !mutantOn(%d) { ", id), " }"}}
}

func (w *rewriter) statement(n ast.Stmt) ([]wrap, bool) {
	switch n := n.(type) {
	case *ast.ExprStmt:
		call, ok := n.X.(*ast.CallExpr)
		if ok && w.worthless(call) {
			return nil, false
		}
		return w.removed(n), true
	case *ast.DeferStmt:
		if slices.Contains([]string{"Close", "Unlock", "RUnlock", "Stop", "cancel", "stop", "Done"}, calleeName(n.Call)) || closes(n.Call) {
			return nil, true
		}
		return w.removed(n), true
	case *ast.GoStmt, *ast.SendStmt, *ast.IncDecStmt:
		return w.removed(n), true
	case *ast.BranchStmt:
		if n.Tok == token.BREAK || n.Tok == token.CONTINUE {
			return w.removed(n), false
		}
		return nil, false
	case *ast.AssignStmt:
		return w.assignment(n), true
	case *ast.ReturnStmt:
		return w.returned(n), true
	}
	return nil, true
}

func (w *rewriter) assignment(n *ast.AssignStmt) []wrap {
	if n.Tok == token.DEFINE || !slices.ContainsFunc(n.Lhs, func(e ast.Expr) bool { return !isBlank(e) }) {
		return nil
	}
	wraps := w.removed(n)
	if t := w.info.Types[n.Rhs[0]].Type; (n.Tok == token.ADD_ASSIGN || n.Tok == token.SUB_ASSIGN) && numeric(t) {
		other := map[token.Token]string{token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+="}[n.Tok]
		id := w.made(n.TokPos, "`"+n.Tok.String()+"` → `"+other+"`")
		w.around[n.Rhs[0]] = wrap{fmt.Sprintf("mutantSign(%d, ", id), ")"}
	}
	return wraps
}

func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}

func numeric(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsInteger|types.IsFloat) != 0
}

// returned makes a mutant that returns zero values: what was computed is
// forgotten, an error swallowed.
func (w *rewriter) returned(n *ast.ReturnStmt) []wrap {
	results := w.results()
	w.besideError(n, results)
	if results == nil || results.Len() == 0 || len(n.Results) == 0 || !slices.ContainsFunc(n.Results, w.worth) {
		return nil
	}
	if len(n.Results) == 1 && results.Len() == 1 && w.plainBool(n.Results[0]) {
		return nil // it is negated
	}
	if !w.sayable(results) {
		return nil
	}
	var declared, names []string
	for i := range results.Len() {
		t := w.typeName(results.At(i).Type())
		name := fmt.Sprintf("mutant%d", i)
		declared, names = append(declared, fmt.Sprintf("var %s %s; ", name, t)), append(names, name)
	}
	id := w.made(n.Pos(), "`"+w.source(n)+"` → zero values")
	return []wrap{{fmt.Sprintf("if mutantOn(%d) { %sreturn %s }; ", id, strings.Join(declared, ""), strings.Join(names, ", ")), ""}}
}

// besideError skips constants that are returned beside an error: nobody reads
// them.
func (w *rewriter) besideError(n *ast.ReturnStmt, results *types.Tuple) {
	last := len(n.Results) - 1
	if last < 1 || types.TypeString(results.At(last).Type(), nil) != "error" || w.info.Types[n.Results[last]].IsNil() {
		return
	}
	for _, e := range n.Results[:last] {
		if w.info.Types[e].Value != nil {
			w.skip[e] = true
		}
	}
}

// worth reports whether a result is more than a constant or a zero value.
func (w *rewriter) worth(e ast.Expr) bool {
	tv := w.info.Types[e]
	lit, isLit := e.(*ast.CompositeLit)
	return tv.Value == nil && !tv.IsNil() && !(isLit && len(lit.Elts) == 0)
}

// results are those of the function around.
func (w *rewriter) results() *types.Tuple {
	for _, n := range slices.Backward(w.stack) {
		switch n := n.(type) {
		case *ast.FuncLit:
			return w.info.Types[n].Type.(*types.Signature).Results()
		case *ast.FuncDecl:
			return w.info.Defs[n.Name].Type().(*types.Signature).Results()
		}
	}
	return nil
}

func (w *rewriter) expression(n ast.Expr) ([]wrap, bool) {
	tv, typed := w.info.Types[n]
	if typed && tv.IsType() {
		return nil, false
	}
	if typed && tv.Value != nil {
		return w.constants(n, tv.Type), false
	}
	field := w.field(n)
	switch n := n.(type) {
	case *ast.CallExpr:
		w.arguments(n)
	case *ast.BinaryExpr:
		return append(field, w.binary(n)...), true
	case *ast.UnaryExpr:
		if n.Op == token.SUB && numeric(tv.Type) {
			id := w.made(n.Pos(), "`"+w.source(n)+"` → without `-`")
			return append(field, wrap{fmt.Sprintf("mutantSign(%d, ", id), ")"}), true
		}
		return field, true
	case *ast.SelectorExpr:
		w.skip[n.Sel] = true
	case *ast.ParenExpr, *ast.FuncLit:
		return nil, true
	}
	if typed && w.plainBool(n) && w.decides(n) {
		return append(field, w.negated(n)), true
	}
	return field, true
}

func (w *rewriter) negated(n ast.Expr) wrap {
	id := w.made(n.Pos(), "`"+w.source(n)+"` → not")
	return wrap{"((", fmt.Sprintf(") != mutantOn(%d))", id)}
}

// decides reports whether the bool in hand decides alone: what is one side of
// && or || is dropped there instead.
func (w *rewriter) decides(child ast.Node) bool {
	for i, n := range slices.Backward(w.stack) {
		switch n := n.(type) {
		case *ast.ParenExpr:
			child = n
			continue
		case *ast.UnaryExpr:
			if child = n; n.Op == token.NOT {
				continue
			}
		case *ast.AssignStmt:
			return slices.ContainsFunc(n.Rhs, func(e ast.Expr) bool { return e == child })
		case *ast.IfStmt, *ast.ForStmt, *ast.ReturnStmt:
			return true
		case *ast.CaseClause:
			s, ok := w.stack[i-2].(*ast.SwitchStmt)
			return ok && s.Tag == nil
		case *ast.KeyValueExpr, *ast.CompositeLit:
			return true
		}
		return false
	}
	return false
}

// field makes a mutant of a struct whose field is left out.
func (w *rewriter) field(n ast.Expr) []wrap {
	i := len(w.stack) - 1
	if kv, ok := w.stack[i].(*ast.KeyValueExpr); ok && kv.Value == n {
		i--
	}
	lit, ok := w.stack[i].(*ast.CompositeLit)
	if !ok || w.plainBool(n) || w.info.Types[n].IsNil() {
		return nil
	}
	if _, isStruct := w.info.Types[lit].Type.Underlying().(*types.Struct); !isStruct {
		return nil
	}
	switch n := n.(type) {
	case *ast.FuncLit, *ast.CompositeLit, *ast.KeyValueExpr:
		return nil
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return nil
		}
	}
	id := w.made(n.Pos(), "`"+w.source(n)+"` → zero value")
	return []wrap{{fmt.Sprintf("mutantZero(%d, ", id), ")"}}
}

// constants changes a constant: one more and one less, twice and half of a time,
// the other bool, another text.
func (w *rewriter) constants(n ast.Expr, t types.Type) []wrap {
	kind := w.constantOf(n)
	if kind == constant.Unknown || !w.sayable(t) {
		return nil
	}
	name := w.typeName(t)
	switch text := w.source(n); kind {
	case constant.Int:
		f, changes := "mutantInt", []string{"`" + text + "` + 1", "`" + text + "` - 1"}
		if types.TypeString(t, nil) == "time.Duration" && constant.Sign(w.info.Types[n].Value) != 0 {
			f, changes = "mutantSpan", []string{"`" + text + "` * 2", "`" + text + "` / 2"}
		}
		return []wrap{{fmt.Sprintf("%s[%s](%d, ", f, name, w.made(n.Pos(), changes...)), ")"}}
	case constant.String:
		to := "empty"
		if constant.StringVal(w.info.Types[n].Value) == "" {
			to = "some text"
		}
		return []wrap{{fmt.Sprintf("mutantText[%s](%d, ", name, w.made(n.Pos(), "`"+text+"` → "+to)), ")"}}
	case constant.Bool:
		if w.plainBool(n) {
			return []wrap{w.negated(n)}
		}
	}
	return nil
}

var arithmetic = map[token.Token][2]string{
	token.SUB: {"mutantSub", "+"}, token.MUL: {"mutantMul", "/"}, token.QUO: {"mutantQuo", "*"}, token.REM: {"mutantRem", "*"},
	token.AND: {"mutantBits", "|"}, token.OR: {"mutantBitsOr", "&"}, token.XOR: {"mutantXor", "&"},
	token.SHL: {"mutantLeft", ">>"}, token.SHR: {"mutantRight", "<<"},
}

var boundary = map[token.Token][2]string{
	token.LSS: {"mutantLess", "<="}, token.LEQ: {"mutantLessOrEqual", "<"},
	token.GTR: {"mutantMore", ">="}, token.GEQ: {"mutantMoreOrEqual", ">"},
}

func (w *rewriter) binary(n *ast.BinaryExpr) []wrap {
	t := w.info.Types[n].Type
	swap := "`" + w.source(n) + "`: `" + n.Op.String() + "` → "
	call := func(f string, id int) wrap {
		w.edits = append(w.edits, edit{offset: w.offset(n.OpPos), length: len(n.Op.String()), text: ",", begins: true})
		return wrap{fmt.Sprintf("%s(%d, ", f, id), ")"}
	}
	switch n.Op {
	case token.LAND, token.LOR:
		if !w.plainBool(n) || !w.plainBool(n.X) || !w.plainBool(n.Y) {
			return nil
		}
		f, other := "mutantAnd", "`||`"
		if n.Op == token.LOR {
			f, other = "mutantOr", "`&&`"
		}
		id := w.made(n.OpPos, swap+other, "only `"+w.source(n.X)+"`", "only `"+w.source(n.Y)+"`")
		w.edits = append(w.edits, edit{offset: w.offset(n.OpPos), length: 2, text: ", func() bool { return (", begins: true}) // the rest may begin on the next line
		return []wrap{{fmt.Sprintf("%s(%d, ", f, id), ") })"}}
	case token.EQL, token.NEQ:
		if w.decides(n) {
			return []wrap{w.negated(n)}
		}
		return nil
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		var wraps []wrap
		if w.decides(n) {
			wraps = append(wraps, w.negated(n))
		}
		if w.constantOf(n.X) == constant.Int || w.constantOf(n.Y) == constant.Int {
			return wraps // one more or less of the constant is the same
		}
		b := boundary[n.Op]
		return append(wraps, call(b[0], w.made(n.OpPos, swap+"`"+b[1]+"`")))
	case token.ADD:
		if !numeric(t) {
			return []wrap{call("mutantJoin", w.made(n.OpPos, "only `"+w.source(n.X)+"`"))}
		}
		return []wrap{call("mutantAdd", w.made(n.OpPos, swap+"`-`"))}
	}
	a, ok := arithmetic[n.Op]
	if !ok || (n.Op == token.SHL || n.Op == token.SHR) && w.info.Types[n.X].Value != nil {
		return nil
	}
	return []wrap{call(a[0], w.made(n.OpPos, swap+"`"+a[1]+"`"))}
}
