package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// mutant is one small change of one source file: the text between two offsets is replaced.
type mutant struct {
	Name       string // file, function, operator and passage, without line numbers
	File       string // relative to the root of the module
	Kind       string // the operator
	Line       int
	Message    bool // it changes only the text of a message
	begin, end int
	to         string // the new text
	near       int    // the offset of the statement that contains it; 0 for none
	number     int    // selects it in the woven program, from 1
	alone      bool   // it can't be woven, and is built alone
}

// text returns the text of the file with the mutant planted.
func (m mutant) text(original string) string {
	return original[:m.begin] + m.to + original[m.end:]
}

func (m mutant) verdict(e end) verdict {
	return verdict{Name: m.Name, Kind: m.Kind, Message: m.Message, End: e}
}

// The operators, by which mutants are generated. Names of mutants contain them.
const (
	negate    = "negate condition"
	compare   = "change comparison"
	connect   = "swap && and ||"
	drop      = "drop statement"
	literal   = "change literal"
	constant  = "change constant"
	emptyCase = "empty case"
	arith     = "swap + and -"
)

// generateCode returns the mutants of one file of a package.
func generateCode(p *source, file string) []mutant {
	g := &generator{p: p, file: file, text: p.text[file], seen: map[string]int{}}
	for _, decl := range p.trees[file].Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Body != nil {
				g.function, g.last = decl.Name.Name, nil
				if n := len(decl.Body.List); n > 0 && decl.Type.Results != nil {
					g.last = decl.Body.List[n-1] // without it the function does not compile
				}
				g.walk(decl.Body)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				// A table in a variable is changed like the body of a function.
				if v, ok := spec.(*ast.ValueSpec); ok && decl.Tok == token.VAR {
					g.function, g.last = v.Names[0].Name, nil
					for _, value := range v.Values {
						g.walk(value)
					}
				}
			}
		}
	}
	return g.mutants
}

type generator struct {
	p        *source
	file     string
	text     string
	function string
	last     ast.Node
	path     []ast.Node // from the root to the node that is being visited
	seen     map[string]int
	mutants  []mutant
}

// walk visits the nodes of a tree. path is the path to the node.
func (g *generator) walk(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			g.path = g.path[:len(g.path)-1]
			return true
		}
		g.path = append(g.path, n)
		g.visit(n)
		return true
	})
}

func (g *generator) parent() ast.Node {
	if len(g.path) < 2 {
		return nil
	}
	return g.path[len(g.path)-2]
}

func (g *generator) offset(p token.Pos) int { return g.p.fset.Position(p).Offset }

func (g *generator) source(n ast.Node) string {
	return g.text[g.offset(n.Pos()):g.offset(n.End())]
}

func (g *generator) add(operator string, begin, end token.Pos, to string) {
	b, e := g.offset(begin), g.offset(end)
	short := strings.Join(strings.Fields(g.text[b:e]), " ")
	if r := []rune(short); len(r) > 60 {
		short = string(r[:60]) + "…"
	}
	name := fmt.Sprintf("%s %s: %s: %s", g.file, g.function, operator, short)
	if to != "" && operator != negate {
		name += " -> " + strings.Join(strings.Fields(to), " ")
	}
	g.seen[name]++
	if n := g.seen[name]; n > 1 {
		name += fmt.Sprintf(" (%d)", n)
	}
	g.mutants = append(g.mutants, mutant{Name: name, File: g.file, Kind: operator,
		Line: g.p.fset.Position(begin).Line, Message: g.message(), begin: b, end: e, to: to,
		near: g.near()})
}

// message reports whether the node that is being visited only makes text: it is in a function such
// as String, or in a call such as fmt.Errorf.
func (g *generator) message() bool {
	switch g.function {
	case "String", "Error", "GoString":
		return true
	}
	for _, p := range g.path[:len(g.path)-1] {
		if call, ok := p.(*ast.CallExpr); ok {
			switch name(call.Fun) {
			case "fmt.Sprintf", "fmt.Errorf", "errors.New", "refuse", "invalidArgument", "invalid",
				"slog.String", "slog.Any":
				return true
			}
		}
	}
	return false
}

func name(fun ast.Expr) string {
	switch fun := fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		if x, ok := fun.X.(*ast.Ident); ok {
			return x.Name + "." + fun.Sel.Name
		}
		return fun.Sel.Name
	}
	return ""
}

func (g *generator) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.IfStmt:
		g.negate(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			g.negate(n.Cond)
		}
	case *ast.SwitchStmt:
		for _, s := range n.Body.List {
			if c := s.(*ast.CaseClause); n.Tag == nil {
				for _, cond := range c.List {
					g.negate(cond)
				}
			}
		}
	case *ast.CaseClause:
		if len(n.Body) > 0 {
			g.add(emptyCase, n.Body[0].Pos(), n.Body[len(n.Body)-1].End(), "")
		}
	case *ast.ExprStmt, *ast.IncDecStmt, *ast.SendStmt, *ast.DeferStmt, *ast.GoStmt, *ast.AssignStmt,
		*ast.ReturnStmt, *ast.BranchStmt:
		g.drop(n)
	case *ast.BinaryExpr:
		g.binary(n)
	case *ast.BasicLit:
		if n.Kind == token.INT {
			g.add(literal, n.Pos(), n.End(), "("+n.Value+" + 1)")
		}
	case *ast.Ident, *ast.SelectorExpr:
		g.constant(n.(ast.Expr))
	}
}

func (g *generator) negate(cond ast.Expr) {
	g.add(negate, cond.Pos(), cond.End(), "!("+g.source(cond)+")")
}

func (g *generator) drop(n ast.Node) {
	if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.DEFINE || n == g.last {
		return
	}
	switch p := g.parent().(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.LabeledStmt, *ast.IfStmt, *ast.ForStmt, *ast.SwitchStmt:
	case *ast.CommClause:
		if p.Comm == n {
			return
		}
	default:
		return
	}
	g.add(drop, n.Pos(), n.End(), "")
}

// near returns the offset of the innermost statement that contains the visited node and belongs to
// a list of statements, or 0.
func (g *generator) near() int {
	for i := len(g.path) - 1; i > 0; i-- {
		list := []ast.Stmt(nil)
		switch g.path[i].(type) {
		// the list of a switch contains cases, not statements
		case *ast.CaseClause, *ast.CommClause:
			continue
		}
		switch p := g.path[i-1].(type) {
		case *ast.BlockStmt:
			list = p.List
		case *ast.CaseClause:
			list = p.Body
		case *ast.CommClause:
			list = p.Body
		}
		if s, ok := g.path[i].(ast.Stmt); ok && slices.Contains(list, s) {
			return g.offset(s.Pos())
		}
	}
	return 0
}

func (g *generator) binary(n *ast.BinaryExpr) {
	swaps := map[token.Token][]token.Token{
		token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
		token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
		token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
		token.LAND: {token.LOR}, token.LOR: {token.LAND},
		token.ADD: {token.SUB}, token.SUB: {token.ADD},
	}
	for _, op := range swaps[n.Op] {
		operator := compare
		switch n.Op {
		case token.LAND, token.LOR:
			operator = connect
		case token.ADD, token.SUB:
			operator = arith
		}
		to := g.source(n.X) + " " + op.String() + " " + g.source(n.Y)
		// the mutant gets parentheses, since && and || differ in precedence
		if operator == connect {
			to = "((" + g.source(n.X) + ") " + op.String() + " (" + g.source(n.Y) + "))"
		}
		g.add(operator, n.Pos(), n.End(), to)
	}
}

// constant replaces true and false by each other, and a constant of a type of the module by the
// next constant of that type.
func (g *generator) constant(e ast.Expr) {
	id, ok := e.(*ast.Ident)
	prefix := ""
	if s, selector := e.(*ast.SelectorExpr); selector {
		id, ok = s.Sel, true
		prefix = g.source(s.X) + "."
	} else if s, under := g.parent().(*ast.SelectorExpr); under && s.Sel == e {
		return
	}
	c, isConst := g.p.info.Uses[id].(*types.Const)
	if !ok || !isConst {
		return
	}
	if c.Pkg() == nil { // true, false and iota belong to no package
		if to := map[string]string{"true": "false", "false": "true"}[id.Name]; to != "" {
			g.add(literal, e.Pos(), e.End(), to)
		}
		return
	}
	named, isNamed := c.Type().(*types.Named)
	if !isNamed || named.Obj().Pkg() != c.Pkg() || !strings.HasPrefix(c.Pkg().Path(), g.p.module) {
		return
	}
	var all []string // the constants of the type, in the order of their declarations
	scope := c.Pkg().Scope()
	for _, n := range scope.Names() {
		other, ok := scope.Lookup(n).(*types.Const)
		if ok && types.Identical(other.Type(), c.Type()) && (other.Exported() || prefix == "") {
			all = append(all, n)
		}
	}
	place := func(name string) int { return int(scope.Lookup(name).Pos()) }
	slices.SortStableFunc(all, func(a, b string) int { return place(a) - place(b) })
	if i := slices.Index(all, id.Name); len(all) > 1 && i >= 0 {
		g.add(constant, e.Pos(), e.End(), prefix+all[(i+1)%len(all)])
	}
}
