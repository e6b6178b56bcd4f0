package proof

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// looks returns the places where the core does something with names, options or numbers that
// depends on their values, as "function: what". It leaves out comparing for equality, copying, and
// looking up by a name or a number: a renaming doesn't change their effect.
//
// It checks the types of the files without their imports, so an imported value has no type. This
// does no harm, since names, options and numbers have types that the core declares.
func looks(files map[string]string) (all []string, err error) {
	fset := token.NewFileSet()
	var parsed []*ast.File
	for name, text := range files {
		f, err := parser.ParseFile(fset, name, text, 0)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	config := types.Config{Error: func(error) {}, Importer: noImports{}}
	config.Check("fsm", fset, parsed, info) // the errors are about imports
	for _, f := range parsed {
		if name := fset.File(f.Pos()).Name(); !strings.HasPrefix(name, "rooms") {
			continue // the lifecycle machine has no names
		}
		for _, d := range f.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				v := looker{info: info, name: f.Name.Name}
				ast.Inspect(f.Body, v.visit)
				all = append(all, v.found...)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not needed") }

type looker struct {
	info  *types.Info
	name  string // the name of the function
	found []string
}

// kind says whether an expression is a name, options, or the number of a call or of an incarnation.
func (l *looker) kind(e ast.Expr) string {
	t := l.info.Types[e].Type
	if t == nil {
		return ""
	}
	if p, ok := t.(*types.TypeParam); ok {
		return "options of " + p.Obj().Name()
	}
	switch t := t.(type) {
	case *types.Named:
		if n := t.Obj().Name(); n == "Call" || n == "Incarnation" {
			return n
		}
	case *types.Basic:
		if t.Info()&types.IsString == 0 || l.info.Types[e].Value != nil {
			return ""
		}
		text := types.ExprString(e)
		if strings.HasSuffix(strings.ToLower(text), "name") {
			return "name"
		}
	}
	return ""
}

func (l *looker) add(format string, args ...any) {
	l.found = append(l.found, l.name+": "+fmt.Sprintf(format, args...))
}

func (l *looker) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if kind := l.kind(n.X); kind != "" && n.Op != token.EQL && n.Op != token.NEQ {
			l.add("%s %s", kind, n.Op)
		}
	case *ast.IncDecStmt:
		if kind := l.kind(n.X); kind != "" {
			l.add("%s %s", kind, n.Tok)
		}
	case *ast.UnaryExpr:
		if kind := l.kind(n.X); kind != "" && n.Op != token.AND {
			l.add("%s of a %s", n.Op, kind)
		}
	case *ast.AssignStmt:
		if kind := l.kind(n.Lhs[0]); kind != "" && n.Tok != token.ASSIGN && n.Tok != token.DEFINE {
			l.add("%s %s", kind, n.Tok)
		}
	case *ast.RangeStmt:
		if kind := l.kind(n.X); kind != "" {
			l.add("range over a %s", kind)
		}
	case *ast.IndexExpr:
		if kind := l.kind(n.X); kind != "" {
			l.add("index of a %s", kind)
		}
	case *ast.SliceExpr:
		if kind := l.kind(n.X); kind != "" {
			l.add("part of a %s", kind)
		}
	case *ast.CallExpr:
		called := types.ExprString(n.Fun)
		for _, a := range n.Args {
			if kind := l.kind(a); kind != "" && !strings.HasPrefix(called, "r.") && called != "append" && called != "delete" && called != "settle" {
				l.add("%s given to %s", kind, called)
			}
		}
	}
	return true
}

// allowed has all places that looks may find. Numbers are counted, compared with counts, and
// ordered in outputs. Errors print all values.
var allowed = []string{
	"NextCall: Call +",                                 // the next number
	"String: Call given to fmt.Sprintf",                // the number or name in a text
	"String: Incarnation given to fmt.Sprintf",         // the number or name in a text
	"String: name given to fmt.Sprintf",                // the number or name in a text
	"String: options of O given to fmt.Sprintf",        // the number or name in a text
	"closed: Incarnation given to slices.BinarySearch", // the order of failed releases
	"closed: Incarnation given to slices.Insert",       // the order of failed releases
	"get: Incarnation ++",                              // the next number
	"giveUp: Call given to remove",                     // compared for equality
	"move: Incarnation given to fmt.Sprintf",           // a panic's text
	"refusal: Call +",                                  // whether it is the next number
	"refusal: Call given to slices.Contains",           // compared for equality
	"refusal: Incarnation <",                           // whether it was created
	"refusal: Incarnation >",                           // whether it was created
	"remove: Call given to slices.Index",               // compared for equality
	"sortOutputs: Call given to int64",                 // the order of outputs
	"sortOutputs: Incarnation given to int64",          // the order of outputs
}

func coreText(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range []string{"rooms.go", "rooms_io.go", "life.go", "machine.go"} {
		text, err := os.ReadFile(filepath.Join(root, "fsm", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}

// TestTheCoreComparesNamesForEqualityAlone checks that the core's steps depend on names and options
// only by whether two are equal, and on numbers only by equality, by their count, and by their
// order in outputs. So small states show what the core does in all states: see docs/proof.md.
func TestTheCoreComparesNamesForEqualityAlone(t *testing.T) {
	t.Parallel()
	found, err := looks(coreText(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(allowed, found); diff != "" {
		t.Errorf("(-allowed +found)\n%s", diff)
	}
}

// TestALookAtNamesIsSeen checks that looks finds each way of depending on the value of a name,
// options or a number.
func TestALookAtNamesIsSeen(t *testing.T) {
	t.Parallel()
	for what, change := range map[string][2]string{
		"get: name <":                      {"if use := s.use; use != nil {", `if use := s.use; use != nil && in.Name < "m" {`},
		"get: name given to len":           {"if use := s.use; use != nil {", "if use := s.use; use != nil && len(in.Name) < 9 {"},
		"get: index of a name":             {"if use := s.use; use != nil {", "if use := s.use; use != nil && in.Name[0] != 0 {"},
		"get: options of O given to any":   {"case use.options != in.Options: // R2", `case any(use.options) != "x" && use.options != in.Options:`},
		"get: range over a name":           {"r.lastInc++", "for range in.Name {\nr.lastInc++\n}"},
		"get: Incarnation %":               {"if use := s.use; use != nil {", "if use := s.use; use != nil && use.id%2 == 0 {"},
		"release: Call >":                  {"if s.use != nil { // R9, R10, R11", "if s.use != nil && in.Call > 7 {"},
		"leave: Call given to uint64":      {"inc.waiters = nil\n\tif s.rel != nil { // R9", "inc.waiters = nil\n\tif s.rel != nil && uint64(inc.first[0]) != 3 { // R9"},
		"release: part of a name":          {"r.wait(in.Call, s.rel) // R8 too", "_ = in.Name[1:]\n"},
		"release: name +":                  {"r.wait(in.Call, s.rel) // R8 too", `_ = in.Name + "!"`},
		"ended: name given to strings.Cut": {"r.releasing--", "strings.Cut(inc.name, \"/\")"},
		"release: Call +=":                 {"r.wait(in.Call, s.rel) // R8 too", "in.Call += 2"},
	} {
		files := coreText(t)
		if strings.Count(files["rooms.go"], change[0]) != 1 {
			t.Fatalf("%q is in the core %d times", change[0], strings.Count(files["rooms.go"], change[0]))
		}
		files["rooms.go"] = strings.Replace(files["rooms.go"], change[0], change[1], 1)
		if found, err := looks(files); err != nil || !slices.Contains(found, what) {
			t.Errorf("not seen: %s (%v) in %v", what, err, found)
			continue
		}
		t.Logf("CAUGHT look: %s", what)
	}
}
