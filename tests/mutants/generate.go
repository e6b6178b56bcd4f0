package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is one small change of one source file: the bytes from begin to end are replaced.
type mutant struct {
	Name        string // file, function, operator, the passage, and which one of the same kind it is; without line numbers, so that it lasts
	File        string // from the root of the module
	Line        int
	Old, New    string
	begin, end  int
	replacement string
}

// operators, by name: what each changes.
const (
	negate    = "negate condition"
	compare   = "change comparison"
	connect   = "swap && and ||"
	drop      = "drop statement"
	literal   = "change literal"
	emptyCase = "empty case"
	arith     = "swap + and -"
)

// generate makes the mutants of one file.
func generate(root, file string) ([]mutant, error) {
	source, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, source, 0)
	if err != nil {
		return nil, err
	}
	g := &generator{fset: fset, source: source, file: file, seen: map[string]int{}}
	for _, decl := range tree.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil || printing(fn.Name.Name) {
			continue
		}
		g.function = fn.Name.Name
		ast.Inspect(fn.Body, g.visit)
	}
	return g.mutants, nil
}

// printing tells functions that only print: their mutants are changes of words.
func printing(name string) bool {
	return name == "String" || name == "Error" || name == "GoString" || strings.HasPrefix(name, "Mermaid") || name == "Graphviz"
}

type generator struct {
	fset     *token.FileSet
	source   []byte
	file     string
	function string
	seen     map[string]int
	mutants  []mutant
}

func (g *generator) add(operator string, begin, end token.Pos, replacement string) {
	b, e := g.fset.Position(begin), g.fset.Position(end)
	old := string(g.source[b.Offset:e.Offset])
	short := strings.Join(strings.Fields(old), " ")
	if len(short) > 60 {
		short = short[:60] + "…"
	}
	name := fmt.Sprintf("%s %s: %s: %s", g.file, g.function, operator, short)
	if replacement != "" && operator != negate {
		name += " -> " + replacement
	}
	g.seen[name]++
	if n := g.seen[name]; n > 1 {
		name += fmt.Sprintf(" (%d)", n)
	}
	g.mutants = append(g.mutants, mutant{Name: name, File: g.file, Line: b.Line, Old: old, New: replacement, begin: b.Offset, end: e.Offset,
		replacement: replacement})
}

func (g *generator) text(n ast.Node) string {
	return string(g.source[g.fset.Position(n.Pos()).Offset:g.fset.Position(n.End()).Offset])
}

func (g *generator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		g.add(negate, n.Cond.Pos(), n.Cond.End(), "!("+g.text(n.Cond)+")")
	case *ast.ForStmt:
		if n.Cond != nil {
			g.add(negate, n.Cond.Pos(), n.Cond.End(), "!("+g.text(n.Cond)+")")
		}
	case *ast.BinaryExpr:
		g.binary(n)
	case *ast.CaseClause:
		if len(n.Body) > 0 {
			g.add(emptyCase, n.Body[0].Pos(), n.Body[len(n.Body)-1].End(), "")
		}
	case *ast.ExprStmt, *ast.IncDecStmt, *ast.SendStmt, *ast.DeferStmt, *ast.GoStmt:
		g.add(drop, n.Pos(), n.End(), "")
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			g.add(drop, n.Pos(), n.End(), "")
		}
	case *ast.BasicLit:
		if n.Kind == token.INT {
			g.add(literal, n.Pos(), n.End(), n.Value+" + 1")
		}
	case *ast.Ident:
		if n.Name == "true" || n.Name == "false" {
			g.add(literal, n.Pos(), n.End(), map[string]string{"true": "false", "false": "true"}[n.Name])
		}
	}
	return true
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
		g.add(operator, n.Pos(), n.End(), g.text(n.X)+" "+op.String()+" "+g.text(n.Y))
	}
}

// sources lists the source files, tests aside, of folders below the root.
func sources(root string, folders []string) ([]string, error) {
	var files []string
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if base := filepath.Base(f); !strings.HasSuffix(base, "_test.go") && base != "doc.go" {
				files = append(files, filepath.ToSlash(filepath.Join(folder, base)))
			}
		}
	}
	slices.Sort(files)
	return files, nil
}
