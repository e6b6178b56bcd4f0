// Package layers checks that the packages import only what the table of the project's layout lets them.
package layers

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "ablyrooms.example"

// allowed says, for a package and those below it, what its code (tests aside) may import beside the standard library. The longest
// prefix counts. "*" stands for everything.
var allowed = map[string][]string{
	"fsm":                   {"github.com/looplab/fsm"},
	"lifecycle":             {module + "/fsm"},
	"lifecycle/listen":      {},
	"chat":                  {module + "/lifecycle"},
	"adapter/ably":          {module + "/lifecycle", module + "/fsm", module + "/chat", "github.com/ably/ably-go", "github.com/coder/websocket", "github.com/ugorji/go/codec"},
	"adapter/ably/ablytest": {"github.com/ably/ably-go/ably", "github.com/coder/websocket", "github.com/ugorji/go/codec"},
	"model":                 {},
	"internal":              {"golang.org/x/term"},
	"spec/TLA":              {module + "/internal", module + "/tests/report/golden"},
	"tests":                 {"*"},
	"tests/conformance":     {module + "/model", module + "/internal", module + "/tests/report/golden", "pgregory.net/rapid"},
	// The harness itself needs no Ably; what drives other processes has them connect to the embedded server.
	"tests/conformance/subject": {module + "/model", module + "/internal", module + "/tests/conformance", module + "/adapter/ably/ablytest"},
	"tests/conformance/js":      {module + "/internal", module + "/tests/conformance"},
	"examples":                  {"*"},
	"cmd":                       {"*"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImportsFollowTheLayout(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		seen++
		for _, bad := range broken(p) {
			t.Error(bad)
		}
	}
	if seen < 5 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

// broken lists the imports of a package that its row does not allow.
func broken(p pkg) []string {
	path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
	row, rule := "", []string(nil)
	for prefix, r := range allowed {
		if (path == prefix || strings.HasPrefix(path, prefix+"/")) && len(prefix) > len(row) {
			row, rule = prefix, r
		}
	}
	if row == "" {
		return []string{p.ImportPath + " stands in no row of the table"}
	}
	var bad []string
	for _, imp := range p.Imports {
		standard := !strings.Contains(strings.SplitN(imp, "/", 2)[0], ".")
		own := strings.HasPrefix(imp+"/", module+"/"+row+"/")
		if !standard && !own && !slices.Contains(rule, "*") && !slices.ContainsFunc(rule, func(a string) bool { return imp == a || strings.HasPrefix(imp, a+"/") }) {
			bad = append(bad, p.ImportPath+" imports "+imp+", which its row of the table does not allow")
		}
	}
	return bad
}

// TestABrokenRowIsSeen shows that the check can fail.
func TestABrokenRowIsSeen(t *testing.T) {
	for _, p := range []pkg{
		{module + "/fsm", []string{"sync", module + "/model"}},
		{module + "/model", []string{module + "/fsm"}},
		{module + "/lifecycle", []string{"github.com/ably/ably-go/ably"}},
		{module + "/adapter/ably/ablytest", []string{module + "/lifecycle"}},
		{module + "/elsewhere", nil},
	} {
		if len(broken(p)) != 1 {
			t.Errorf("%v: %q, expected one finding", p, broken(p))
		}
	}
}

// The core knows no clock, goroutine, lock, context, network or random source. The compiled tables are the exception: they are made
// once (sync.OnceValue), and a looplab machine wants a context to be asked.
func TestTheCoreIsPure(t *testing.T) {
	files, err := filepath.Glob("../../fsm/*.go")
	if err != nil || len(files) < 5 {
		t.Fatalf("found %d files: %v", len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range impure(t, source) {
			exempt := map[string]string{"machine.go": "context", "life.go": "sync", "status.go": "sync"}
			if exempt[filepath.Base(file)] != what {
				t.Errorf("%s uses %s, which the core must not know", file, what)
			}
		}
	}
	if got := impure(t, []byte("package x\nimport \"time\"\nfunc f(c chan int) { go f(<-c); _ = time.Now }")); len(got) < 3 {
		t.Errorf("the check saw only %q", got)
	}
}

// What the features are made of is pure too: it has times for values, and no clock.
func TestTheFeaturesValuesArePure(t *testing.T) {
	clock := regexp.MustCompile(`time\.(Now|Since|Until|After|AfterFunc|Sleep|Tick|NewTimer|NewTicker)\b`)
	files, err := filepath.Glob("../../chat/*.go")
	if err != nil || len(files) < 5 {
		t.Fatalf("found %d files: %v", len(files), err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range impure(t, source) {
			if what != "time" {
				t.Errorf("%s uses %s, which it must not know", file, what)
			}
		}
		if found := clock.FindString(string(source)); found != "" {
			t.Errorf("%s uses %s: the time is an argument", file, found)
		}
	}
	if clock.FindString("x := time.Now()") == "" {
		t.Error("a clock is not found")
	}
}

// impure lists what a source file uses of concurrency and of the world outside.
func impure(t *testing.T, source []byte) []string {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, imp := range file.Imports {
		path := strings.Trim(imp.Path.Value, `"`)
		for _, no := range []string{"time", "sync", "context", "net", "os", "math/rand", "crypto/rand", "runtime"} {
			if path == no || strings.HasPrefix(path, no+"/") {
				found = append(found, path)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, "a goroutine")
		case *ast.ChanType, *ast.SendStmt, *ast.SelectStmt:
			found = append(found, "a channel")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				found = append(found, "a channel")
			}
		}
		return true
	})
	return found
}
